// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the fuzzer fuzzes: the driver's areas, line and reads, on the host in software.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "kvmclock_src.h"

#include "../drivers/kvmclock/shared.c"
#include "../drivers/kvmclock/area.c"
#include "../drivers/kvmclock/line.c"
#include "../drivers/kvmclock/clocksource.c"

/* main.c defines them in the driver. */
struct kvmclock_info kvmclock_info;
enum kvmclock_mode kvmclock_mode;
