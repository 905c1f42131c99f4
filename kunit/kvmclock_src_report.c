// SPDX-License-Identifier: GPL-2.0-only
/*
 * report.c, whose uevents a test can read.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "kvmclock_src.h"

#include <linux/kobject.h>

#define kobject_uevent_env	pvclock_src_uevent

#include "../drivers/kvmclock/report.c"
