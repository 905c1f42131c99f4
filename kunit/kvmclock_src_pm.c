// SPDX-License-Identifier: GPL-2.0-only
#include "kvmclock_src.h"
#include "kvmclock_src_views.h"
#include "../drivers/kvmclock/pm.c"

/**
 * src_pm_suspend() - the last that is called on the last CPU before sleep
 *
 * Context: preemption is disabled.
 */
void src_pm_suspend(void)
{
	pm_ops.suspend(NULL);
}

/**
 * src_pm_resume() - what is called on the CPU that wakes first
 *
 * Context: preemption is disabled.
 */
void src_pm_resume(void)
{
	pm_ops.resume(NULL);
}

/**
 * src_pm_reboot() - all that is called before reboot
 *
 * Context: process.
 */
void src_pm_reboot(void)
{
	pm_reboot_nb.notifier_call(&pm_reboot_nb, SYS_RESTART, NULL);
	pm_ops.shutdown(NULL);
}
