// SPDX-License-Identifier: GPL-2.0-only
/*
 * sampler.c without its timer: a test says when it looks.
 */
#include "kvmclock_src.h"
#include "kvmclock_src_views.h"

#include <linux/random.h>
#include <linux/suspend.h>
#include <linux/workqueue.h>

static bool src_schedule(struct delayed_work *work, unsigned long delay)
{
	pvclock_hooks.sampler_delay = delay;
	return true;
}

static bool src_expedite(struct workqueue_struct *queue, struct delayed_work *work,
			 unsigned long delay)
{
	return src_schedule(work, delay);
}

static int src_pm_register(struct notifier_block *nb)
{
	if (pvclock_fails(&pvclock_hooks.fail_notifier))
		return -ENOMEM;
	pvclock_hooks.pm_active += 2;
	return register_pm_notifier(nb);
}

static int src_pm_unregister(struct notifier_block *nb)
{
	pvclock_hooks.pm_active -= 2;
	return unregister_pm_notifier(nb);
}

static int src_vmfork_register(struct notifier_block *nb)
{
	if (pvclock_fails(&pvclock_hooks.fail_notifier))
		return -EEXIST;
	pvclock_hooks.pm_active += 2;
	return register_random_vmfork_notifier(nb);
}

static int src_vmfork_unregister(struct notifier_block *nb)
{
	pvclock_hooks.pm_active -= 2;
	return unregister_random_vmfork_notifier(nb);
}

#define schedule_delayed_work			src_schedule
#define mod_delayed_work			src_expedite
#define register_pm_notifier			src_pm_register
#define unregister_pm_notifier			src_pm_unregister
#define register_random_vmfork_notifier		src_vmfork_register
#define unregister_random_vmfork_notifier	src_vmfork_unregister

#include "../drivers/kvmclock/sampler.c"

/**
 * src_sampler_look() - the timer of the sampler has expired
 *
 * Context: process.
 */
void src_sampler_look(void)
{
	sampler_work(NULL);
}

/**
 * src_sampler_vmfork() - the virtual machine's generation id has changed
 *
 * Context: process.
 */
void src_sampler_vmfork(void)
{
	vmfork_nb.notifier_call(&vmfork_nb, 0, NULL);
}

/**
 * src_sampler_sleep() - the system goes to sleep, or has woken
 * @action: PM_SUSPEND_PREPARE and the like
 *
 * Context: process.
 */
void src_sampler_sleep(unsigned long action)
{
	pm_nb.notifier_call(&pm_nb, action, NULL);
}

/**
 * src_sampler_forget() - nothing has happened so far
 *
 * Context: process. The sampler does not run.
 */
void src_sampler_forget(void)
{
	memset(&watch, 0, sizeof(watch));
	pending_fork = 0;
}
