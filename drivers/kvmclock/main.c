// SPDX-License-Identifier: GPL-2.0-only
/*
 * kvm-clock as a module: the clock itself where the kernel's own is absent or
 * switched off, else a companion that only looks. See Documentation/kvmclock.md.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/printk.h>

#include "kvmclock.h"

struct kvmclock_info kvmclock_info;
enum kvmclock_mode kvmclock_mode;

/* The clock could not be stopped when the driver was unbound: nothing was freed. */
static bool clock_left_running;

/* What became of the last probe. */
static int probe_error;

static int clock_start(void)
{
	int err;

	if (clock_left_running) {
		clock_left_running = false;
		return 0;
	}
	err = kvmclock_areas_start();
	if (err)
		return err == -EIO ? -ENODEV : err;
	err = kvmclock_pm_start();
	if (err)
		goto stop_areas;
	err = kvmclock_clocksource_start();
	if (err)
		goto stop_pm;
	return 0;

stop_pm:
	kvmclock_pm_stop();
stop_areas:
	kvmclock_areas_stop();
	return err;
}

static void clock_stop(void *unused)
{
	clock_left_running = kvmclock_clocksource_stop();
	if (clock_left_running) {
		pr_warn("the kernel has no other clocksource: ours stays, bind to get hold of it again\n");
		return;
	}
	kvmclock_pm_stop();
	kvmclock_areas_stop();
}

static void wallclock_stop(void *unused)
{
	kvmclock_wallclock_stop();
}

static void sampler_stop(void *unused)
{
	kvmclock_debugfs_stop();
	kvmclock_sampler_stop();
}

static void rtc_stop(void *unused)
{
	kvmclock_rtc_stop();
}

static void ptp_stop(void *unused)
{
	kvmclock_ptp_stop();
}

static void say_what_runs(void)
{
	struct timespec64 ts;

	if (kvmclock_mode == KVMCLOCK_OWNER)
		pr_info("owner of MSR 0x%x: clocksource kvm-clock%s\n",
			kvmclock_info.msr_time,
			kvmclock_info.flags & PVCLOCK_TSC_STABLE_BIT ?
			"" : ", the host does not say whether TSCs agree");
	else
		pr_info("the built-in kvm-clock owns MSR 0x%x: reading along, host_wall_time in sysfs%s\n",
			kvmclock_info.msr_time, kvmclock_has_clocksource() ?
			", clocksource kvm-clock-companion" : "");
	if (kvmclock_mode == KVMCLOCK_OWNER && !kvmclock_wall_time(&ts))
		pr_info("host wall time %lld.%09ld\n", ts.tv_sec, ts.tv_nsec);
}

/*
 * In a confidential guest neither. The kernel sets the system's time by a real-time
 * clock that is the first one.
 */
static int give_time(struct device *dev)
{
	int err;

	if (!kvmclock_host_trusted()) {
		pr_info("a confidential guest: no real-time and no PTP clock of the host; trust_host=1 forces them\n");
		return 0;
	}
	err = kvmclock_rtc_start(dev);
	if (!err)
		err = devm_add_action_or_reset(dev, rtc_stop, NULL);
	if (!err)
		err = kvmclock_ptp_start(dev);
	if (!err)
		err = devm_add_action_or_reset(dev, ptp_stop, NULL);
	return err;
}

static int start(struct device *dev)
{
	int err = 0;

	if (!clock_left_running)
		err = kvmclock_choose_mode(&kvmclock_mode);
	if (err)
		return err;
	err = kvmclock_wallclock_start();
	if (err)
		return err;
	err = devm_add_action_or_reset(dev, wallclock_stop, NULL);
	if (err)
		return err;
	if (kvmclock_has_clocksource()) {
		err = clock_start();
		if (!err)
			err = devm_add_action_or_reset(dev, clock_stop, NULL);
		if (err)
			return err;
	}
	err = kvmclock_sampler_start(dev);
	if (err)
		return err;
	kvmclock_debugfs_start();
	err = devm_add_action_or_reset(dev, sampler_stop, NULL);
	if (err)
		return err;
	kvmclock_step(dev, NULL);
	return give_time(dev);
}

static int kvmclock_probe(struct platform_device *pdev)
{
	probe_error = start(&pdev->dev);
	if (!probe_error)
		say_what_runs();
	return probe_error;
}

static struct platform_driver kvmclock_driver = {
	.probe = kvmclock_probe,
	.driver = {
		.name = KBUILD_MODNAME,
		.dev_groups = kvmclock_groups,
		.probe_type = PROBE_FORCE_SYNCHRONOUS,
	},
};

static struct platform_device *kvmclock_device;

/*
 * Undo everything, with what an unbind has left. Return: whether that was possible.
 * As long as the clock is current it is not.
 */
static bool take_down(void)
{
	if (kvmclock_device) {
		platform_device_unregister(kvmclock_device);
		platform_driver_unregister(&kvmclock_driver);
		kvmclock_device = NULL;
	}
	/* Nobody can bind any more, and so nobody else can get hold of it. */
	if (clock_left_running)
		clock_stop(NULL);
	return !clock_left_running;
}

static int __init kvmclock_init(void)
{
	int err;

	err = kvmclock_find_host(&kvmclock_info);
	if (err)
		return err;
	err = platform_driver_register(&kvmclock_driver);
	if (err)
		goto out;
	kvmclock_device = platform_device_register_simple(KBUILD_MODNAME,
							  PLATFORM_DEVID_NONE, NULL, 0);
	err = PTR_ERR_OR_ZERO(kvmclock_device);
	if (err)
		goto unregister_driver;
	/*
	 * A module that loads does what it says. But if it was bound in between, and the
	 * kernel has no other clock by now, the code of this one cannot go away.
	 */
	err = probe_error;
	if (err && take_down())
		goto out;
	return 0;

unregister_driver:
	platform_driver_unregister(&kvmclock_driver);
out:
	/* modprobe takes that one for "is loaded already". */
	return err == -EEXIST ? -EBUSY : err;
}
module_init(kvmclock_init);

/* The clock is not current, else the module would be in use: it can be stopped. */
static void __exit kvmclock_exit(void)
{
	take_down();
}
module_exit(kvmclock_exit);

MODULE_DESCRIPTION("KVM paravirtual clock");
MODULE_AUTHOR("kvm-guest-drivers-linux authors");
MODULE_VERSION(KGD_VERSION);
MODULE_LICENSE("GPL");
