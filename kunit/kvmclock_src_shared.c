// SPDX-License-Identifier: GPL-2.0-only
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "kvmclock_src.h"
#include "../drivers/kvmclock/shared.c"
