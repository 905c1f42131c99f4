// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sets CLOCK_REALTIME from the host's wall clock, if asked to: when the module begins, after
 * an event, after a sleep.
 * CLOCK_MONOTONIC goes on as it did.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cc_platform.h>
#include <linux/compiler.h>
#include <linux/device.h>
#include <linux/kernel.h>
#include <linux/kobject.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/printk.h>
#include <linux/string.h>
#include <linux/time64.h>
#include <linux/timekeeping.h>

#include "event.h"
#include "kvmclock.h"

enum { STEP_OFF, STEP_RESTORE, STEP_ALWAYS };

static const char *const step_names[] = { "off", "restore", "always" };

/* One of the above. A person may change it at any time. */
static int wall_step = STEP_OFF;

static int wall_step_set(const char *text, const struct kernel_param *kp)
{
	int which = sysfs_match_string(step_names, text);

	if (which < 0) {
		pr_err("wall_step '%s' is not one of off, restore, always\n", text);
		return -EINVAL;
	}
	WRITE_ONCE(*(int *)kp->arg, which);
	return 0;
}

static int wall_step_get(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%s\n", step_names[READ_ONCE(*(int *)kp->arg)]);
}

static const struct kernel_param_ops wall_step_ops = {
	.set = wall_step_set,
	.get = wall_step_get,
};
module_param_cb(wall_step, &wall_step_ops, &wall_step, 0644);
MODULE_PARM_DESC(wall_step,
		 "set the time from the host: off, restore (after one, or a long pause), always (at load, after any event and any sleep) (off)");

static unsigned int long_pause = 1000;
module_param(long_pause, uint, 0644);
MODULE_PARM_DESC(long_pause, "wall_step=restore: a pause is long beyond so many milliseconds (1000)");

static bool trust_host;
module_param(trust_host, bool, 0444);
MODULE_PARM_DESC(trust_host, "in a confidential guest, believe the host's wall clock (N)");

/**
 * kvmclock_host_trusted() - may what the host's wall clock shows become our time?
 *
 * Context: any.
 * Return: false in a confidential guest, unless it was forced.
 */
bool kvmclock_host_trusted(void)
{
	return trust_host || !cc_platform_has(CC_ATTR_GUEST_MEM_ENCRYPT);
}

static bool wanted(const struct kvmclock_event *event)
{
	switch (READ_ONCE(wall_step)) {
	case STEP_ALWAYS:
		return true;
	case STEP_RESTORE:
		return event && (event->kind == KVMCLOCK_RESTORE ||
				 (event->kind == KVMCLOCK_PAUSE && event->epoch_jump >
				  (s64)READ_ONCE(long_pause) * NSEC_PER_MSEC));
	}
	return false;
}

/**
 * kvmclock_step() - set CLOCK_REALTIME from the host, if that is wanted
 * @dev: the device that it is told of
 * @event: why, or NULL when the module begins and after a sleep
 *
 * Once: if the host does not answer, the time stays what it is.
 *
 * Context: process, may sleep.
 */
void kvmclock_step(struct device *dev, const struct kvmclock_event *event)
{
	char of_kind[] = "KVMCLOCK_EVENT=wall-step", by[48];
	char *env[3];
	struct timespec64 host, ours;
	s64 ns;
	int err;

	if (!wanted(event))
		return;
	if (!kvmclock_host_trusted()) {
		pr_warn("a confidential guest does not take its time from the host; trust_host=1 has it do so\n");
		return;
	}
	err = kvmclock_wall_time(&host);
	ktime_get_real_ts64(&ours);
	if (!err)
		err = do_settimeofday64(&host);
	if (err) {
		pr_warn("CLOCK_REALTIME cannot be set from the host: error %d\n", err);
		return;
	}
	ns = timespec64_to_ns(&host) - timespec64_to_ns(&ours);
	pr_info("CLOCK_REALTIME set from the host's wall clock, by %lld ns\n", ns);
	snprintf(by, sizeof(by), "KVMCLOCK_STEP=%lld", ns);
	env[0] = of_kind;
	env[1] = by;
	env[2] = NULL;
	kobject_uevent_env(&dev->kobj, KOBJ_CHANGE, env);
}
