// SPDX-License-Identifier: GPL-2.0-only
/*
 * The clocksource, and everything that may happen while it is read: in any context,
 * on any CPU, whatever the host has written.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/cache.h>
#include <linux/clocksource.h>
#include <linux/irq_work.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/printk.h>
#include <linux/ratelimit.h>
#include <linux/rcupdate.h>

#include "area.h"
#include "kvmclock.h"
#include "read.h"

#define RATING_MIN	1
#define RATING_MAX	499

static int rating = 400;

static int rating_set(const char *text, const struct kernel_param *kp)
{
	int value;

	if (kstrtoint(text, 0, &value) || value < RATING_MIN || value > RATING_MAX) {
		pr_err("rating '%s' is not a number from %d to %d\n", text, RATING_MIN,
		       RATING_MAX);
		return -EINVAL;
	}
	*(int *)kp->arg = value;
	return 0;
}

static const struct kernel_param_ops rating_ops = {
	.set = rating_set,
	.get = param_get_int,
};
module_param_cb(rating, &rating_ops, &rating, 0444);
MODULE_PARM_DESC(rating,
		 "of the clocksource, 1 to 499: the tsc has 300, the best one becomes current (400)");

/* The latest time given out while TSCs disagreed: a line that all CPUs fight for. */
static atomic64_t latest ____cacheline_aligned_in_smp;

static atomic64_t bad_reads;

static void say_bad_reads(struct irq_work *work)
{
	static DEFINE_RATELIMIT_STATE(minute, 60 * HZ, 1);

	if (__ratelimit(&minute))
		pr_warn("the host left an area unusable, %llu reads so far; time goes on by the TSC\n",
			kvmclock_bad_reads());
}

/* printk() would read the clock, and whoever reads it may hold its locks. */
static DEFINE_IRQ_WORK(bad_reads_work, say_bad_reads);

/* Never less than any CPU was given before. */
static u64 notrace not_before(u64 ns)
{
	s64 last = atomic64_read(&latest);

	do {
		if (ns <= (u64)last)
			return last;
	} while (!atomic64_try_cmpxchg(&latest, &last, ns));
	return ns;
}

/*
 * The host has left this CPU's area half-written, or with a scale that cannot be.
 * Time neither stops nor waits for it: what the host said first is still true but
 * for corrections it made since.
 */
static u64 notrace read_without_host(const struct kvmclock_cpu *mine)
{
	atomic64_inc(&bad_reads);
	irq_work_queue(&bad_reads_work);
	return not_before(kvmclock_time_at(&mine->good, rdtsc_ordered()));
}

/*
 * This CPU has come online, but its area is not registered yet. If TSCs agree, any
 * CPU's area will do. If not, nothing this CPU has tells the time, so it stands
 * still here, for the moment it takes, at the latest time another CPU was given.
 */
static u64 notrace read_without_area(void)
{
	const struct kvmclock_cpu *any = READ_ONCE(kvmclock_any_cpu);
	const struct pvclock_vcpu_time_info *area;
	u8 flags;
	u64 ns;

	area = any ? READ_ONCE(any->area) : NULL;
	if (area && kvmclock_read_area(area, &ns, &flags) &&
	    (flags & kvmclock_info.flags & PVCLOCK_TSC_STABLE_BIT))
		return ns;
	return not_before(0);
}

static noinline u64 notrace read_slowly(void)
{
	const struct kvmclock_cpu *mine = this_cpu_ptr(&kvmclock_cpu);
	const struct pvclock_vcpu_time_info *area = READ_ONCE(mine->area);
	u8 flags;
	u64 ns;

	if (!area)
		return read_without_area();
	if (!kvmclock_read_area(area, &ns, &flags))
		return read_without_host(mine);
	return not_before(ns);
}

/**
 * kvmclock_read() - the time of the host's clock, as an owner
 *
 * Context: any, NMI included.
 * Return: nanoseconds since the host's epoch.
 */
u64 notrace kvmclock_read(void)
{
	const struct pvclock_vcpu_time_info *area;
	u8 flags;
	u64 ns;

	/* The TSC and the area must be of the same CPU. */
	preempt_disable_notrace();
	area = this_cpu_read(kvmclock_cpu.area);
	if (unlikely(!area) || unlikely(!kvmclock_read_area(area, &ns, &flags)) ||
	    unlikely(!(flags & kvmclock_info.flags & PVCLOCK_TSC_STABLE_BIT)))
		ns = read_slowly();
	preempt_enable_notrace();
	return ns;
}

static u64 notrace clocksource_read(struct clocksource *cs)
{
	return kvmclock_read();
}

/**
 * kvmclock_bad_reads() - how often the host had left an area unusable
 *
 * Context: any.
 * Return: the number of reads that did without the host.
 */
u64 kvmclock_bad_reads(void)
{
	return atomic64_read(&bad_reads);
}

/*
 * The first thing that happens to time on the way up, on the CPU that wakes the
 * others: before it is read, and so before syscore operations come to it. A
 * hibernated guest may wake on a host whose clock started later.
 */
static void clocksource_resume_cpu(struct clocksource *cs)
{
	atomic64_set(&latest, 0);
	if (kvmclock_area_register())
		pr_warn("the host refuses the area after resume\n");
}

static struct clocksource clock = {
	.name = "kvm-clock",
	.read = clocksource_read,
	.resume = clocksource_resume_cpu,
	.mask = CLOCKSOURCE_MASK(64),
	.flags = CLOCK_SOURCE_IS_CONTINUOUS,
	/* Nobody but the built-in clock can be read by the vDSO. */
	.vdso_clock_mode = VDSO_CLOCKMODE_NONE,
	/* While it is current, it cannot be unloaded. */
	.owner = THIS_MODULE,
};

/**
 * kvmclock_clocksource_start() - register the clocksource
 *
 * Context: process, may sleep. The areas are registered.
 * Return: 0 or a negative errno.
 */
int kvmclock_clocksource_start(void)
{
	clock.rating = rating;
	return clocksource_register_hz(&clock, NSEC_PER_SEC);
}

/**
 * kvmclock_clocksource_stop() - unregister the clocksource; another becomes current
 *
 * Context: process, may sleep.
 * Return: 0, after which nobody reads the clock; -EBUSY if the kernel has no other
 * clocksource to go on with, after which it is still registered.
 */
int kvmclock_clocksource_stop(void)
{
	int err = clocksource_unregister(&clock);

	if (err)
		return err;
	/* A task may have been preempted in the middle of a read. */
	synchronize_rcu_tasks();
	irq_work_sync(&bad_reads_work);
	return 0;
}
