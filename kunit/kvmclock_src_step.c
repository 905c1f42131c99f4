// SPDX-License-Identifier: GPL-2.0-only
/*
 * step.c, which does not set the time of the guest that the test runs in.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "kvmclock_src.h"
#include "kvmclock_src_views.h"

#include <linux/cc_platform.h>
#include <linux/kobject.h>
#include <linux/timekeeping.h>

static int src_settime(const struct timespec64 *ts)
{
	pvclock_hooks.stepped = *ts;
	return 0;
}

static bool src_confidential(enum cc_attr attribute)
{
	return attribute == CC_ATTR_GUEST_MEM_ENCRYPT && pvclock_hooks.confidential;
}

#define do_settimeofday64		src_settime
#define cc_platform_has			src_confidential
#define kobject_uevent_env		pvclock_src_uevent

#include "../drivers/kvmclock/step.c"

/**
 * src_step_set() - write to the parameter wall_step
 * @text: what is written
 *
 * Context: process.
 * Return: 0 or a negative errno.
 */
int src_step_set(const char *text)
{
	struct kernel_param kp = { .arg = &wall_step };

	return wall_step_ops.set(text, &kp);
}

/**
 * src_step_trust() - what the parameter trust_host is
 * @trust: the value
 *
 * Context: process.
 */
void src_step_trust(bool trust)
{
	trust_host = trust;
}
