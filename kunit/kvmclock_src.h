/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Comes before a source file of the driver, and replaces some of the kernel's
 * functions in it by ones that a test can make fail, count or look into.
 */
#ifndef KGD_KVMCLOCK_SRC_H
#define KGD_KVMCLOCK_SRC_H

#include <linux/clocksource.h>
#include <linux/cpuhotplug.h>
#include <linux/device.h>
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/irq_work.h>
#include <linux/kconfig.h>
#include <linux/kernel.h>
#include <linux/kobject.h>
#include <linux/module.h>
#include <linux/reboot.h>
#include <linux/syscore_ops.h>

#include <asm/msr.h>
#include <asm/processor.h>
#include <asm/tsc.h>

#include "pvclock_host.h"

/* The nth call from now on fails, once. */
static __always_inline bool pvclock_fails(unsigned int *nth)
{
	return *nth && !--*nth;
}

static __always_inline u64 pvclock_src_tsc(void)
{
	typeof(pvclock_hooks.tsc) tsc = READ_ONCE(pvclock_hooks.tsc);

	return unlikely(tsc) ? tsc() : rdtsc_ordered();
}

static __always_inline void pvclock_src_relax(void)
{
	atomic_inc(&pvclock_hooks.relax);
	cpu_relax();
}

static inline bool pvclock_src_irq_work(struct irq_work *work)
{
	atomic_inc(&pvclock_hooks.said);
	return irq_work_queue(work);
}

static inline unsigned long pvclock_src_get_page(gfp_t gfp)
{
	unsigned long page = pvclock_fails(&pvclock_hooks.fail_page) ? 0 :
			     get_zeroed_page(gfp);

	if (page)
		atomic_inc(&pvclock_hooks.pages);
	return page;
}

static inline void pvclock_src_free_page(unsigned long page)
{
	if (page)
		atomic_dec(&pvclock_hooks.pages);
	free_pages(page, 0);
}

static inline int pvclock_src_cpuhp(enum cpuhp_state state, const char *name,
				    int (*startup)(unsigned int cpu),
				    int (*teardown)(unsigned int cpu))
{
	return pvclock_fails(&pvclock_hooks.fail_cpuhp) ? -ENOSPC :
	       cpuhp_setup_state(state, name, startup, teardown);
}

static inline int pvclock_src_clock_register(struct clocksource *cs, u32 hz)
{
	int err = clocksource_register_hz(cs, hz);

	pvclock_hooks.clock_registered = !err;
	return err;
}

static inline int pvclock_src_clock_unregister(struct clocksource *cs)
{
	int err = pvclock_hooks.keep_clock ? -EBUSY : clocksource_unregister(cs);

	if (!err)
		pvclock_hooks.clock_registered = false;
	return err;
}

static inline int pvclock_src_reboot_register(struct notifier_block *nb)
{
	pvclock_hooks.pm_active++;
	return register_reboot_notifier(nb);
}

static inline int pvclock_src_reboot_unregister(struct notifier_block *nb)
{
	pvclock_hooks.pm_active--;
	return unregister_reboot_notifier(nb);
}

static inline int pvclock_src_action(struct device *dev, void (*action)(void *), void *data)
{
	if (!pvclock_fails(&pvclock_hooks.fail_action))
		return devm_add_action_or_reset(dev, action, data);
	action(data);
	return -ENOMEM;
}

static inline int pvclock_src_uevent(struct kobject *kobj, enum kobject_action action, char *env[])
{
	size_t used = 0;

	pvclock_hooks.uevents++;
	for (; *env; env++)
		used += scnprintf(pvclock_hooks.uevent + used,
				  sizeof(pvclock_hooks.uevent) - used, "%s\n", *env);
	return 0;
}

#undef cpu_relax
#undef free_page
#undef get_zeroed_page
#undef devm_add_action_or_reset
#define rdtsc_ordered			pvclock_src_tsc
#define cpu_relax			pvclock_src_relax
#define irq_work_queue			pvclock_src_irq_work
#define get_zeroed_page			pvclock_src_get_page
#define free_page			pvclock_src_free_page
#define cpuhp_setup_state		pvclock_src_cpuhp
#define clocksource_register_hz		pvclock_src_clock_register
#define clocksource_unregister		pvclock_src_clock_unregister
#define register_reboot_notifier	pvclock_src_reboot_register
#define unregister_reboot_notifier	pvclock_src_reboot_unregister
#define devm_add_action_or_reset	pvclock_src_action

#endif /* KGD_KVMCLOCK_SRC_H */
