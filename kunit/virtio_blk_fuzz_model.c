// SPDX-License-Identifier: GPL-2.0-only
/* The model of the suites; an object can be part of one module only. */
#include "model_blk.c"
#include "model_blk_check.c"
#include "model_blk_range.c"
#include "model_blk_req.c"
#include "model_blk_store.c"
#include "model_blk_zone.c"
