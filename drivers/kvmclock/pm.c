// SPDX-License-Identifier: GPL-2.0-only
/*
 * Before this kernel's memory gets another meaning, in another kernel or in an image
 * of an earlier one, the host must stop writing to it.
 *
 * CPUs that go offline on the way are taken care of by the hotplug callbacks. The
 * way up, for the CPU that wakes first, is the clocksource's: it comes earlier than
 * syscore operations.
 */
#include <linux/limits.h>
#include <linux/notifier.h>
#include <linux/reboot.h>
#include <linux/syscore_ops.h>

#include "kvmclock.h"

/* The last CPU before sleep. What its area holds is read on until time stops. */
static int pm_suspend(void *data)
{
	kvmclock_area_unregister();
	return 0;
}

/* Once more, for a sleep that failed before time was stopped. */
static void pm_resume(void *data)
{
	kvmclock_area_register();
}

static void pm_shutdown(void *data)
{
	kvmclock_areas_close();
}

static const struct syscore_ops pm_ops = {
	.suspend = pm_suspend,
	.resume = pm_resume,
	.shutdown = pm_shutdown,
};

static struct syscore pm_syscore = {
	.ops = &pm_ops,
};

/* Not every kernel calls syscore operations before kexec; all call notifiers. */
static int pm_reboot(struct notifier_block *nb, unsigned long action, void *data)
{
	kvmclock_areas_close();
	return NOTIFY_DONE;
}

static struct notifier_block pm_reboot_nb = {
	.notifier_call = pm_reboot,
	/* After all others: the clock is in use until then. */
	.priority = INT_MIN,
};

/**
 * kvmclock_pm_start() - follow suspend, reboot and kexec
 *
 * Not as a companion: the built-in clock sees to its areas itself.
 *
 * Context: process, may sleep. The mode is chosen.
 * Return: 0 or a negative errno.
 */
int kvmclock_pm_start(void)
{
	int err;

	if (kvmclock_mode == KVMCLOCK_COMPANION)
		return 0;
	err = register_reboot_notifier(&pm_reboot_nb);
	if (!err)
		register_syscore(&pm_syscore);
	return err;
}

/**
 * kvmclock_pm_stop() - undo kvmclock_pm_start()
 *
 * Context: process, may sleep.
 */
void kvmclock_pm_stop(void)
{
	if (kvmclock_mode == KVMCLOCK_COMPANION)
		return;
	unregister_syscore(&pm_syscore);
	unregister_reboot_notifier(&pm_reboot_nb);
}
