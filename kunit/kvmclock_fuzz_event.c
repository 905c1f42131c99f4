// SPDX-License-Identifier: GPL-2.0-only
#include "kvmclock_src_event.c"
