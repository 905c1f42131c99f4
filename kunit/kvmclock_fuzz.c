// SPDX-License-Identifier: GPL-2.0-only
/*
 * A seeded hostile host for kvmclock: while two CPUs read the clock, both write any
 * nonsense to each other's areas and to their own. Time never goes back, and every
 * read ends. One of them also looks for events, in samples that make as little sense.
 * The result is in /sys/kernel/debug/kgd_fuzz/kvmclock.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/random.h>
#include <linux/seq_file.h>
#include <linux/stringify.h>

#include <asm/msr.h>
#include <asm/tsc.h>

#include <uapi/asm/kvm_para.h>

#include "../drivers/kvmclock/kvmclock.h"
#include "../drivers/kvmclock/line.h"
#include "kvmclock_fuzz_watch.h"
#include "kvmclock_mutate.h"
#include "kvmclock_race.h"
#include "pvclock_host.h"

#define ROUND_STEPS	20000
/* Further ahead than this of the truth, nothing more can be learned in a round. */
#define FAR_AHEAD_NS	(50 * NSEC_PER_MSEC)
/* After so many steps a sound host would write a new time stamp. */
#define STAMP_STEPS	64
/* No read takes longer but if the host runs other guests meanwhile. */
#define READ_END_MS	5000
/* One step of so many looks at a sample, too. */
#define WATCH_STEPS	4

static unsigned int seconds = 10;
module_param(seconds, uint, 0444);
MODULE_PARM_DESC(seconds, "how long (10)");

static unsigned int least;
module_param(least, uint, 0444);
MODULE_PARM_DESC(least, "go on until there are so many mutations, up to " __stringify(FUZZ_SLOW)
		 " times as long");

static unsigned long long seed;
module_param(seed, ullong, 0444);
MODULE_PARM_DESC(seed, "of everything random (0: a new one)");

/* What was done last to the area of each reader's CPU. */
static struct {
	atomic_t nr;
	unsigned int kind;
	unsigned int met;
} done_to[RACE_READERS];

static atomic64_t mutated, completions, kind_count[CLOCK_MUTATIONS];
static unsigned long long violations;
static unsigned int watch_violations;	/* of a round; by reader 0 */
static unsigned int rounds;
static unsigned long end_jiffies;

static struct kvmclock_race race;

/* What is true: one of the two, the other one is the next. Written by reader 0. */
static struct pvclock_vcpu_time_info truth[2];
static unsigned int truth_steps;

static struct pvclock_vcpu_time_info *true_line(unsigned int steps)
{
	return &truth[steps / STAMP_STEPS % 2];
}

static void next_stamp(void)
{
	unsigned int steps = truth_steps + 1;
	struct pvclock_vcpu_time_info *old = true_line(truth_steps);
	struct pvclock_vcpu_time_info *new = true_line(steps);

	if (new != old) {
		*new = *old;
		new->tsc_timestamp = rdtsc_ordered();
		new->system_time = kvmclock_time_at(old, new->tsc_timestamp);
	}
	/* It is complete before it is used. */
	smp_store_release(&truth_steps, steps);
}

static void do_something(struct race_reader *reader)
{
	unsigned int victim = kgd_rng_below(&reader->rng, RACE_READERS);
	enum clock_mutation kind = clock_mutation_any(&reader->rng);
	/* Pairs with the release in next_stamp(). */
	unsigned int steps = smp_load_acquire(&truth_steps);
	struct pvclock_vcpu_time_info sound = *true_line(steps);

	if (!reader->index) {
		next_stamp();
		if (steps % WATCH_STEPS == 0)
			watch_violations += clock_watch_step(&reader->rng);
	}
	clock_mutate(&reader->rng, race.reader[victim].cpu, kind, &sound);
	WRITE_ONCE(done_to[victim].kind, kind);
	atomic_inc(&done_to[victim].nr);
}

/* A slow machine gets more time. */
static bool time_is_up(void)
{
	unsigned long end = end_jiffies;

	if (atomic64_read(&mutated) < least)
		end += 2 * seconds * HZ;
	return !time_before(jiffies, end);
}

static void step(struct race_reader *reader)
{
	unsigned int nr = atomic_read(&done_to[reader->index].nr);
	unsigned int kind = READ_ONCE(done_to[reader->index].kind);
	u64 begin = rdtsc_ordered();
	u64 now;

	now = race_read(&race);
	if (rdtsc_ordered() - begin > (u64)READ_END_MS * (tsc_khz ? tsc_khz : 1000000))
		atomic_inc(&race.violations);
	if (nr != done_to[reader->index].met) {
		done_to[reader->index].met = nr;
		atomic64_inc(&mutated);
		atomic64_inc(&kind_count[kind]);
	}
	if ((s64)(now - kvmclock_time_at(&pvclock_host.line, rdtsc_ordered())) > FAR_AHEAD_NS ||
	    time_is_up())
		WRITE_ONCE(race.stop, true);
	do_something(reader);
}

/* Everybody begins anew, with a clock that has given out no time yet. */
static int run_round(u64 round_seed)
{
	int err;

	/* The same line as at first: the driver keeps that for when it has nothing else. */
	truth[0] = pvclock_host.line;
	truth_steps = 0;
	pvclock_host_update_all(&truth[0]);
	kvmclock_line_reset();
	clock_watch_reset();
	atomic64_set(&race.seen, 0);
	err = race_run(&race, round_seed);
	if (watch_violations) {
		WARN(1, "kvmclock_fuzz: seed %llu, round %u: %u samples were judged wrongly\n",
		     seed, rounds, watch_violations);
		violations += watch_violations;
		watch_violations = 0;
	}
	if (atomic_read(&race.violations)) {
		WARN(1, "kvmclock_fuzz: seed %llu, round %u: %d reads violate, by up to %llu ns\n",
		     seed, rounds, atomic_read(&race.violations), race.worst);
		violations += atomic_read(&race.violations);
		atomic_set(&race.violations, 0);
	}
	rounds++;
	return err;
}

static int result_show(struct seq_file *file, void *unused)
{
	unsigned int kind;

	seq_printf(file, "seed %llu\n", seed);
	seq_printf(file, "completions %lld\n", atomic64_read(&completions));
	seq_printf(file, "mutated %lld\n", atomic64_read(&mutated) + clock_watch_mutated());
	seq_printf(file, "violations %llu\n", violations);
	seq_printf(file, "rounds %u\n", rounds);
	seq_printf(file, "bad_reads %llu\n", kvmclock_bad_reads());
	for (kind = 0; kind < CLOCK_MUTATIONS; kind++)
		seq_printf(file, "kind.%s %lld\n", clock_mutation_name(kind),
			   atomic64_read(&kind_count[kind]));
	clock_watch_show(file);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(result);

static struct dentry *result_file;

/* All fuzzers have a file in one directory, which the first one makes. */
static void publish(void)
{
	struct dentry *dir = debugfs_lookup("kgd_fuzz", NULL);
	bool found = !IS_ERR_OR_NULL(dir);

	if (!found)
		dir = debugfs_create_dir("kgd_fuzz", NULL);
	result_file = debugfs_create_file("kvmclock", 0444, dir, NULL, &result_fops);
	if (found)
		dput(dir);
}

static int __init fuzz_init(void)
{
	struct kgd_rng rng;
	int err;

	if (!seconds) {
		pr_err("seconds '0' is not a number from 1\n");
		return -EINVAL;
	}
	if (!seed)
		seed = get_random_u64();
	pr_info("seed %llu, %u s\n", seed, seconds);
	kgd_rng_seed(&rng, seed);
	pvclock_host_reset();
	kvmclock_mode = KVMCLOCK_OWNER;
	kvmclock_info = (struct kvmclock_info){
		.msr_time = MSR_KVM_SYSTEM_TIME_NEW,
		.flags = PVCLOCK_TSC_STABLE_BIT,
	};
	err = kvmclock_areas_start();
	if (err)
		return err;
	race.step = step;
	race.steps = ROUND_STEPS;
	end_jiffies = jiffies + seconds * HZ;
	do {
		err = run_round(kgd_rng_u64(&rng));
	} while (!err && !time_is_up());
	kvmclock_areas_stop();
	atomic64_set(&completions, atomic64_read(&race.reads));
	pr_info("%lld reads, %lld after a mutation, %llu violations, %u rounds\n",
		atomic64_read(&completions), atomic64_read(&mutated), violations, rounds);
	if (err)
		return err;
	publish();
	return 0;
}
module_init(fuzz_init);

static void __exit fuzz_exit(void)
{
	debugfs_remove(result_file);
}
module_exit(fuzz_exit);

MODULE_DESCRIPTION("Fuzzer of kvmclock, with a host in software");
MODULE_AUTHOR("kvm-guest-drivers-linux authors");
MODULE_LICENSE("GPL");
