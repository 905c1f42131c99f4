// SPDX-License-Identifier: GPL-2.0-only
/*
 * The readers that kvmclock_race.h describes.
 */
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/minmax.h>
#include <linux/sched.h>

#include "kvmclock_race.h"
#include "../drivers/kvmclock/kvmclock.h"

/* Longer than the host can reasonably keep one of our threads from running. */
#define RACE_END	(120 * HZ)

/**
 * race_read() - read the clock, and compare with what other CPUs have read
 * @race: where this is counted
 *
 * Context: any.
 * Return: the time.
 */
u64 race_read(struct kvmclock_race *race)
{
	s64 before = atomic64_read(&race->seen);
	u64 now;

	/* What was complete by then is a lower bound. */
	smp_mb();
	now = kvmclock_read();
	if (now < (u64)before) {
		atomic_inc(&race->violations);
		WRITE_ONCE(race->worst, max_t(u64, race->worst, (u64)before - now));
	}
	while ((u64)before < now && !atomic64_try_cmpxchg(&race->seen, &before, now))
		;
	atomic64_inc(&race->reads);
	return now;
}

static int reader_thread(void *data)
{
	struct race_reader *reader = data;
	struct kvmclock_race *race = reader->race;
	unsigned int i;

	for (i = 0; i < race->steps && !READ_ONCE(race->stop); i++) {
		race->step(reader);
		if (!(i & 31))
			cond_resched();
	}
	complete(&reader->done);
	while (!kthread_should_stop())
		schedule_timeout_interruptible(HZ);
	return 0;
}

/**
 * race_run() - let the readers run, and wait for their end
 * @race: what to do
 * @seed: of the readers' generators
 *
 * Context: process, may sleep.
 * Return: 0, or a negative errno if a thread cannot be made. A reader that does not
 * come to its end counts as a violation.
 */
int race_run(struct kvmclock_race *race, u64 seed)
{
	unsigned int i, cpu = cpumask_first(cpu_online_mask);
	struct race_reader *reader;
	int err = 0;

	race->stop = false;
	for (i = 0; i < RACE_READERS; i++)
		race->reader[i].task = ERR_PTR(-ENOENT);
	for (i = 0; i < RACE_READERS; i++) {
		reader = &race->reader[i];
		reader->race = race;
		reader->index = i;
		reader->cpu = cpu;
		kgd_rng_seed(&reader->rng, seed + i);
		init_completion(&reader->done);
		reader->task = kthread_create_on_cpu(reader_thread, reader, cpu,
						     "clock_race/%u");
		if (IS_ERR(reader->task)) {
			err = PTR_ERR(reader->task);
			break;
		}
		cpu = cpumask_next(cpu, cpu_online_mask);
		if (cpu >= nr_cpu_ids)
			cpu = cpumask_first(cpu_online_mask);
	}
	race->stop = err;
	while (i--)
		wake_up_process(race->reader[i].task);
	for (i = 0; i < RACE_READERS && !IS_ERR(race->reader[i].task); i++) {
		reader = &race->reader[i];
		if (!wait_for_completion_timeout(&reader->done, RACE_END)) {
			atomic_inc(&race->violations);
			WRITE_ONCE(race->stop, true);
		}
		kthread_stop(reader->task);
	}
	return err;
}
