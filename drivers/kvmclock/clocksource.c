// SPDX-License-Identifier: GPL-2.0-only
/*
 * The clocksource, and everything that may happen while it is read: in any context,
 * on any CPU, whatever the host has written.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/clocksource.h>
#include <linux/clocksource_ids.h>
#include <linux/irq_work.h>
#include <linux/kernel.h>
#include <linux/log2.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/printk.h>
#include <linux/ratelimit.h>
#include <linux/rcupdate.h>

#include "area.h"
#include "kvmclock.h"
#include "line.h"
#include "read.h"

#define RATING_MIN	1
#define RATING_MAX	499

/* The TSC has 300. */
#define RATING_BEHIND_TSC	299
#define RATING_BEFORE_TSC	400

/* 0: nobody has chosen one. */
static int rating;

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
		 "of the clocksource kvm-clock, 1 to 499: the tsc has 300, the best one becomes current (default: 299 if the tsc is invariant and stable, else 400)");

static bool companion_clocksource;
module_param(companion_clocksource, bool, 0444);
MODULE_PARM_DESC(companion_clocksource,
		 "beside the built-in kvm-clock, offer kvm-clock-companion, which reads the same areas: to compare (default: N)");

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

/* Ever more rarely: a host must not keep a CPU in interrupts by what it writes. */
static void notrace count_bad_read(void)
{
	unsigned long count = atomic64_inc_return(&bad_reads);

	if (is_power_of_2(count))
		irq_work_queue(&bad_reads_work);
}

static __always_inline bool tscs_agree(const struct pvclock_vcpu_time_info *copy)
{
	return copy->flags & kvmclock_info.flags & PVCLOCK_TSC_STABLE_BIT;
}

/* Is @copy of an area that agrees with the line that was found in @state? */
static bool notrace is_of_line(s64 state, const struct pvclock_vcpu_time_info *copy)
{
	return kvmclock_line_mode(state) == KVMCLOCK_STABLE && tscs_agree(copy) &&
	       kvmclock_line_agrees(copy);
}

/*
 * The host has left this CPU's area half-written, or with values that cannot be.
 * Time neither stops nor waits for it: what the host said before is still true but
 * for corrections it made since.
 */
static u64 notrace read_without_host(const struct kvmclock_cpu *mine, s64 state)
{
	u64 tsc = rdtsc_ordered();
	u64 ns;

	count_bad_read();
	if (kvmclock_line_mode(state) == KVMCLOCK_STABLE &&
	    kvmclock_line_at(state, tsc, &ns))
		return ns;
	kvmclock_line_leave(state);
	return kvmclock_not_before(kvmclock_time_at(&mine->good, tsc));
}

/*
 * This CPU has come online, but its area is not registered yet. If TSCs agree, any
 * CPU's area will do. If not, nothing this CPU has tells the time, so it stands
 * still here, for the moment it takes, at the latest time another CPU was given.
 */
static u64 notrace read_without_area(s64 state)
{
	const struct kvmclock_cpu *any = READ_ONCE(kvmclock_any_cpu);
	const struct pvclock_vcpu_time_info *area;
	struct pvclock_vcpu_time_info copy;
	bool same = false;
	u64 ns = 0;
	u64 tsc;

	area = any ? READ_ONCE(any->area) : NULL;
	if (area && kvmclock_copy_area(area, &copy, &tsc) && tscs_agree(&copy)) {
		same = is_of_line(state, &copy);
		if (same && kvmclock_line_at(state, tsc, &ns))
			return ns;
		ns = kvmclock_time_at(&copy, tsc);
	}
	kvmclock_line_leave(state);
	ns = kvmclock_not_before(ns);
	/* For the others: this CPU has nothing to join with. */
	if (same)
		kvmclock_line_draw(&copy, tsc);
	return ns;
}

/* From now on this CPU follows the line, until either of the two changes. */
static void notrace join_line(struct kvmclock_cpu *mine, s64 state, u32 version)
{
	const struct pvclock_vcpu_time_info *area = READ_ONCE(mine->area);

	/* An NMI in between finds that it has not joined. */
	WRITE_ONCE(mine->joined, 0);
	barrier();
	WRITE_ONCE(mine->version, version);
	WRITE_ONCE(mine->seen, &area->version);
	barrier();
	WRITE_ONCE(mine->joined, state);
}

static u64 notrace read_slowly(void)
{
	struct kvmclock_cpu *mine = this_cpu_ptr(&kvmclock_cpu);
	const struct pvclock_vcpu_time_info *area = READ_ONCE(mine->area);
	/* Before anything else: what other reads gave until here is a lower bound. */
	s64 state = atomic64_read_acquire(&kvmclock_line.state);
	struct pvclock_vcpu_time_info copy;
	u64 tsc, ns;
	bool same;

	if (!area)
		return read_without_area(state);
	if (!kvmclock_copy_area(area, &copy, &tsc))
		return read_without_host(mine, state);
	same = is_of_line(state, &copy);
	if (same && kvmclock_line_at(state, tsc, &ns)) {
		join_line(mine, state, copy.version);
		return ns;
	}
	kvmclock_line_leave(state);
	ns = kvmclock_not_before(kvmclock_time_at(&copy, tsc));
	/*
	 * Once for each time the host writes, and when a line has come to its end: CPUs that
	 * do not agree take no turns.
	 */
	if (tscs_agree(&copy) && (same || copy.version != READ_ONCE(mine->version))) {
		state = kvmclock_line_draw(&copy, tsc);
		if (state)
			join_line(mine, state, copy.version);
	}
	return ns;
}

/* What the fast way ends with if it leads nowhere: so it calls nothing, and needs no frame. */
static noinline u64 notrace give_slowly(void)
{
	u64 ns = read_slowly();

	preempt_enable_notrace();
	return ns;
}

/*
 * The fast way: by the line, if it is still the one that this CPU has joined, and what the host
 * wrote to its area is still the same. Both are looked at when all else was read, and once: a
 * state does not come back, and the area's version says no more than whether to look again.
 */
static u64 notrace clocksource_read(struct clocksource *cs)
{
	const u32 *seen;
	u32 version;
	s64 joined;
	bool good;
	u64 ns;

	/* The TSC and the area must be of the same CPU. */
	preempt_disable_notrace();
	joined = this_cpu_read(kvmclock_cpu.joined);
	version = this_cpu_read(kvmclock_cpu.version);
	seen = this_cpu_read(kvmclock_cpu.seen);
	good = kvmclock_line_now(rdtsc_ordered(), &ns) && kvmclock_line_is(joined);
	/* The version is read after the line. */
	virt_rmb();
	if (unlikely(!good) || unlikely(READ_ONCE(*seen) != version))
		return give_slowly();
	preempt_enable_notrace();
	return ns;
}

/**
 * kvmclock_read() - the time of the host's clock
 *
 * As an owner, and for the clocksource of a companion.
 *
 * Context: any, NMI included.
 * Return: nanoseconds since the host's epoch.
 */
u64 notrace kvmclock_read(void)
{
	return clocksource_read(NULL);
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
	kvmclock_line_reset();
	if (kvmclock_area_register())
		pr_warn("the host refuses the area after resume\n");
}

static struct clocksource clock = {
	.name = "kvm-clock",
	.read = clocksource_read,
	.resume = clocksource_resume_cpu,
	.mask = CLOCKSOURCE_MASK(64),
	.flags = CLOCK_SOURCE_IS_CONTINUOUS,
	/* Its cycles are those of the built-in clock: for cross time stamps. */
	CLOCKSOURCE_SET_ID(CSID_X86_KVM_CLK)
	/* Nobody but the built-in clock can be read by the vDSO. */
	.vdso_clock_mode = VDSO_CLOCKMODE_NONE,
	/* While it is current, it cannot be unloaded. */
	.owner = THIS_MODULE,
};

/* Whatever else the kernel has goes first: only a person makes this one current. */
static struct clocksource companion_clock = {
	.name = "kvm-clock-companion",
	.rating = RATING_MIN,
	.read = clocksource_read,
	.resume = clocksource_resume_cpu,
	.mask = CLOCKSOURCE_MASK(64),
	.flags = CLOCK_SOURCE_IS_CONTINUOUS,
	.vdso_clock_mode = VDSO_CLOCKMODE_NONE,
	.owner = THIS_MODULE,
};

static struct clocksource *const clocks[] = {
	[KVMCLOCK_OWNER] = &clock,
	[KVMCLOCK_COMPANION] = &companion_clock,
};

/**
 * kvmclock_has_clocksource() - is there to be a clocksource?
 *
 * Context: process, after kvmclock_choose_mode().
 * Return: true for an owner, and for a companion that a person wants one of.
 */
bool kvmclock_has_clocksource(void)
{
	return kvmclock_mode == KVMCLOCK_OWNER || companion_clocksource;
}

/**
 * kvmclock_rating() - the rating of the clocksource
 *
 * A TSC that the hypervisor calls invariant, and of which the kernel has seen nothing else,
 * tells the same time and can be read by the vDSO: it goes first.
 *
 * Context: process, after kvmclock_find_host().
 * Return: what a person has chosen, or else one before or behind the TSC's.
 */
int kvmclock_rating(void)
{
	if (rating)
		return rating;
	return kvmclock_info.tsc_invariant && !kvmclock_host->tsc_unstable() ?
	       RATING_BEHIND_TSC : RATING_BEFORE_TSC;
}

/**
 * kvmclock_clocksource_start() - register the clocksource
 *
 * Context: process, may sleep. The areas are registered.
 * Return: 0 or a negative errno.
 */
int kvmclock_clocksource_start(void)
{
	/* Nobody reads it yet; what another host gave, long ago, is no lower bound. */
	kvmclock_line_reset();
	clock.rating = kvmclock_rating();
	return clocksource_register_hz(clocks[kvmclock_mode], NSEC_PER_SEC);
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
	int err = clocksource_unregister(clocks[kvmclock_mode]);

	if (err)
		return err;
	/* A task may have been preempted in the middle of a read. */
	synchronize_rcu_tasks();
	irq_work_sync(&bad_reads_work);
	return 0;
}
