// SPDX-License-Identifier: GPL-2.0-only
/* The model of the suites; an object can be part of one module only. */
#include "model_balloon.c"
#include "model_balloon_fill.c"
#include "model_balloon_free.c"
#include "model_balloon_pages.c"
#include "model_balloon_stats.c"
