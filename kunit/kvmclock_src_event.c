// SPDX-License-Identifier: GPL-2.0-only
#include "kvmclock_src.h"
#include "../drivers/kvmclock/event.c"
