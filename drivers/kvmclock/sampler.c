// SPDX-License-Identifier: GPL-2.0-only
/*
 * Looks at the host's clocks more than once a second, and has what happened told.
 *
 * The timer is not deferrable: a guest that is idle is woken for it. A look costs one
 * exit, for the host's wall clock.
 */
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/errno.h>
#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/random.h>
#include <linux/smp.h>
#include <linux/suspend.h>
#include <linux/workqueue.h>

#include "event.h"
#include "kvmclock.h"
#include "read.h"

#define PERIOD		(HZ * 3 / 4)
/* When something was noticed, the rest of it is waited for. */
#define SETTLE		(HZ / 5)

/**
 * struct area_track - what was seen of a CPU's area
 * @changes: how often the host has written it
 * @version: its version at the last look
 * @stopped: it said, at the last look, that the host stopped the guest
 */
struct area_track {
	u64 changes;
	u32 version;
	bool stopped;
};

/* Written by the sampler only. */
static DEFINE_PER_CPU(struct area_track, track);

/* Protects @watch. */
static DEFINE_MUTEX(watch_lock);
static struct kvmclock_watch watch;

/* Whom events are told of. Set while the sampler does not run. */
static struct device *watch_dev;

/* An area said so, and no sample was complete since. Sampler only. */
static bool pending_stop;

/* The generation id changed, and no sample has told. 0 or 1, exchanged. */
static int pending_fork;

static void sampler_work(struct work_struct *work);
static DECLARE_DELAYED_WORK(work, sampler_work);

static void look_at_areas(void)
{
	const struct pvclock_vcpu_time_info *area;
	struct area_track *seen;
	unsigned int cpu;
	bool stopped;
	u32 version;
	u8 flags;

	cpus_read_lock();
	for_each_online_cpu(cpu) {
		seen = per_cpu_ptr(&track, cpu);
		area = kvmclock_area(cpu);
		version = area ? READ_ONCE(area->version) : 0;
		/* It begins anew when the area is registered anew. */
		if (version != seen->version)
			seen->changes += max_t(s32, (s32)(version - seen->version) / 2, 1);
		seen->version = version;
		stopped = kvmclock_area_was_stopped(cpu, &flags);
		/* Where it is not ours to clear, it says nothing new while it stays. */
		if (stopped && !seen->stopped)
			pending_stop = true;
		seen->stopped = flags & PVCLOCK_GUEST_STOPPED;
	}
	cpus_read_unlock();
}

static s64 middle(s64 a, s64 b, s64 c)
{
	return max(min(a, b), min(max(a, b), c));
}

/* A host that is interrupted between its two clocks gives one answer that is wrong. */
static int ask_epoch(s64 *epoch)
{
	s64 again[2];
	int err = kvmclock_wall_epoch(epoch);

	if (err || !kvmclock_epoch_moved(&watch, *epoch))
		return err;
	err = kvmclock_wall_epoch(&again[0]);
	if (!err)
		err = kvmclock_wall_epoch(&again[1]);
	if (!err)
		*epoch = middle(*epoch, again[0], again[1]);
	return err;
}

static int take_sample(struct kvmclock_sample *sample)
{
	const struct pvclock_vcpu_time_info *area;
	bool good;
	int err;

	look_at_areas();
	err = ask_epoch(&sample->epoch);
	if (err)
		return err;
	preempt_disable();
	area = kvmclock_area(smp_processor_id());
	good = area && kvmclock_copy_area(area, &sample->area, &sample->tsc);
	preempt_enable();
	if (!good)
		return -EIO;
	sample->area.flags &= kvmclock_info.flags;
	sample->ns = kvmclock_time_at(&sample->area, sample->tsc);
	sample->stopped = pending_stop;
	sample->forked = xchg(&pending_fork, 0);
	pending_stop = false;
	return 0;
}

/* The sampler is the only one who writes to @watch, so it may read without the lock. */
static bool look_once(void)
{
	struct kvmclock_sample sample;
	struct kvmclock_event event;
	bool told;
	u64 count;

	/* A host that does not answer now may do so later. */
	if (take_sample(&sample))
		return false;
	mutex_lock(&watch_lock);
	told = kvmclock_watch_feed(&watch, &sample);
	event = watch.latest;
	count = watch.count[event.kind];
	mutex_unlock(&watch_lock);
	if (told) {
		kvmclock_report(watch_dev, &event, count);
		kvmclock_step(watch_dev, &event);
	}
	return watch.open;
}

static void sampler_work(struct work_struct *unused)
{
	schedule_delayed_work(&work, look_once() ? SETTLE : PERIOD);
}

/* The host gave this machine another generation id: it is not the only one of its kind. */
static int sampler_vmfork(struct notifier_block *nb, unsigned long action, void *data)
{
	xchg(&pending_fork, 1);
	mod_delayed_work(system_wq, &work, 0);
	return NOTIFY_DONE;
}

static struct notifier_block vmfork_nb = {
	.notifier_call = sampler_vmfork,
};

/* What a sleep of our own does to the clocks is no event. */
static void begin_anew(void)
{
	mutex_lock(&watch_lock);
	watch.has_last = false;
	watch.open = false;
	mutex_unlock(&watch_lock);
	look_at_areas();
	pending_stop = false;
	schedule_delayed_work(&work, 0);
}

static int sampler_pm(struct notifier_block *nb, unsigned long action, void *data)
{
	switch (action) {
	case PM_SUSPEND_PREPARE:
	case PM_HIBERNATION_PREPARE:
	case PM_RESTORE_PREPARE:
		cancel_delayed_work_sync(&work);
		break;
	case PM_POST_SUSPEND:
	case PM_POST_HIBERNATION:
	case PM_POST_RESTORE:
		begin_anew();
		/* The kernel of an owner has it from the RTC, late by a second. */
		kvmclock_step(watch_dev, NULL);
		break;
	}
	return NOTIFY_DONE;
}

static struct notifier_block pm_nb = {
	.notifier_call = sampler_pm,
};

/**
 * kvmclock_sampler_get() - what has happened so far
 * @copy: set to what those who watch know
 *
 * Context: process, may sleep.
 */
void kvmclock_sampler_get(struct kvmclock_watch *copy)
{
	mutex_lock(&watch_lock);
	*copy = watch;
	mutex_unlock(&watch_lock);
}

/**
 * kvmclock_version_changes() - how often the host has written to a CPU's area
 * @cpu: the CPU
 *
 * Context: any.
 * Return: how often, as of the last sample.
 */
u64 kvmclock_version_changes(unsigned int cpu)
{
	return READ_ONCE(per_cpu(track, cpu).changes);
}

/**
 * kvmclock_sampler_start() - watch the host's clocks from now on
 * @dev: the device that events are told of
 *
 * Context: process, may sleep. The clocks can be read.
 * Return: 0 or a negative errno.
 */
int kvmclock_sampler_start(struct device *dev)
{
	int err;

	watch_dev = dev;
	err = register_pm_notifier(&pm_nb);
	if (err)
		return err;
	/* Without a device for generation ids there is nothing to register with. */
	err = register_random_vmfork_notifier(&vmfork_nb);
	if (err) {
		unregister_pm_notifier(&pm_nb);
		return err;
	}
	begin_anew();
	return 0;
}

/**
 * kvmclock_sampler_stop() - undo kvmclock_sampler_start()
 *
 * Context: process, may sleep.
 */
void kvmclock_sampler_stop(void)
{
	unregister_random_vmfork_notifier(&vmfork_nb);
	unregister_pm_notifier(&pm_nb);
	cancel_delayed_work_sync(&work);
}
