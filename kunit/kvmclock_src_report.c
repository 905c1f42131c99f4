// SPDX-License-Identifier: GPL-2.0-only
/*
 * report.c, whose uevents a test can read.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "kvmclock_src.h"

#include <linux/kernel.h>
#include <linux/kobject.h>
#include <linux/string.h>

static int src_uevent(struct kobject *kobj, enum kobject_action action, char *env[])
{
	size_t used = 0;

	pvclock_hooks.uevents++;
	for (; *env; env++)
		used += scnprintf(pvclock_hooks.uevent + used,
				  sizeof(pvclock_hooks.uevent) - used, "%s\n", *env);
	return 0;
}

#define kobject_uevent_env	src_uevent

#include "../drivers/kvmclock/report.c"
