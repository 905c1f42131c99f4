/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * CPUs that read the clock at the same time: none is given less than another one
 * was given before.
 */
#ifndef KGD_KVMCLOCK_RACE_H
#define KGD_KVMCLOCK_RACE_H

#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/types.h>

#include "fuzz_rng.h"

struct task_struct;

#define RACE_READERS	2

struct kvmclock_race;

/**
 * struct race_reader - one of the threads
 * @race: what it belongs to
 * @rng: its own generator
 * @index: its number
 * @cpu: where it runs
 * @task: the thread
 * @done: its steps are done
 */
struct race_reader {
	struct kvmclock_race *race;
	struct kgd_rng rng;
	unsigned int index;
	unsigned int cpu;
	struct task_struct *task;
	struct completion done;
};

/**
 * struct kvmclock_race - readers on several CPUs
 * @step: what each does again and again; reads with race_read()
 * @steps: how often
 * @data: of whoever set @step
 * @seen: the latest time of all reads that are complete
 * @reads: how many they are
 * @violations: reads that gave less, and reads that did not end
 * @worst: by how many nanoseconds at most
 * @stop: all readers shall stop
 * @reader: the readers
 */
struct kvmclock_race {
	void (*step)(struct race_reader *reader);
	unsigned int steps;
	void *data;
	atomic64_t seen;
	atomic64_t reads;
	atomic_t violations;
	u64 worst;
	bool stop;
	struct race_reader reader[RACE_READERS];
};

u64 race_read(struct kvmclock_race *race);
int race_run(struct kvmclock_race *race, u64 seed);

#endif /* KGD_KVMCLOCK_RACE_H */
