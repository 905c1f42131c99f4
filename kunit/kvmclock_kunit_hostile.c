// SPDX-License-Identifier: GPL-2.0-only
/*
 * CPUs that read at the same time while the host writes: time never goes back, and
 * every read ends.
 */
#include <kunit/test.h>
#include <linux/irqflags.h>

#include "kvmclock_kunit.h"
#include "kvmclock_mutate.h"
#include "kvmclock_race.h"

#define STEPS	20000

static void race(struct kunit *test, void (*step)(struct race_reader *reader))
{
	struct kvmclock_race *race = kunit_kzalloc(test, sizeof(*race), GFP_KERNEL);
	u64 seed;

	KUNIT_ASSERT_NOT_NULL(test, race);
	clock_other_cpu(test);
	clock_seed(test, &seed);
	race->step = step;
	race->steps = STEPS;
	KUNIT_ASSERT_EQ(test, race_run(race, seed), 0);
	KUNIT_EXPECT_GE(test, atomic64_read(&race->reads), (s64)STEPS * RACE_READERS);
	KUNIT_EXPECT_EQ_MSG(test, atomic_read(&race->violations), 0,
			    "back by up to %llu ns", race->worst);
}

/* A sound host: a CPU's area changes while that CPU does not read. */
static void own_area(struct race_reader *reader, const struct pvclock_vcpu_time_info *line)
{
	unsigned long flags;

	local_irq_save(flags);
	pvclock_host_update(reader->cpu, line);
	local_irq_restore(flags);
}

static unsigned int other_cpu(struct race_reader *reader)
{
	return reader->race->reader[!reader->index].cpu;
}

static void step_sound(struct race_reader *reader)
{
	struct pvclock_vcpu_time_info line = pvclock_host.line;

	if (kgd_rng_chance(&reader->rng, 20)) {
		line.system_time += US_TO_NS(kgd_rng_below(&reader->rng, 3));
		own_area(reader, &line);
	}
	race_read(reader->race);
}

static void host_is_sound(struct kunit *test)
{
	u64 bad = kvmclock_bad_reads();

	race(test, step_sound);
	KUNIT_EXPECT_EQ(test, kvmclock_bad_reads(), bad);
}

/* Another CPU's area is written in the middle of its reads. */
static void step_other(struct race_reader *reader)
{
	struct pvclock_vcpu_time_info line = pvclock_host.line;

	if (kgd_rng_chance(&reader->rng, 50)) {
		line.system_time += kgd_rng_below(&reader->rng, 5200000) - 2600000;
		pvclock_host_update(other_cpu(reader), &line);
	}
	race_read(reader->race);
}

static void areas_change_in_reads(struct kunit *test)
{
	race(test, step_other);
}

/* The flag differs between CPUs, and so does the time, by 2.6 ms. */
static void step_flag(struct race_reader *reader)
{
	struct pvclock_vcpu_time_info line = pvclock_host.line;

	if (kgd_rng_chance(&reader->rng, 200)) {
		if (kgd_rng_chance(&reader->rng, 500)) {
			line.flags = 0;
			line.system_time -= US_TO_NS(2600);
		}
		pvclock_host_update(other_cpu(reader), &line);
	}
	race_read(reader->race);
}

static void flag_differs(struct kunit *test)
{
	race(test, step_flag);
}

/* TSCs do not agree at all, and no CPU knows any other's. */
static void step_apart(struct race_reader *reader)
{
	struct pvclock_vcpu_time_info line = pvclock_host.line;

	if (kgd_rng_chance(&reader->rng, 20)) {
		line.flags = 0;
		line.system_time += kgd_rng_below(&reader->rng, 2000000);
		own_area(reader, &line);
	}
	race_read(reader->race);
}

static void tscs_differ(struct kunit *test)
{
	pvclock_host.line.flags = 0;
	pvclock_host_update_all(&pvclock_host.line);
	race(test, step_apart);
	KUNIT_EXPECT_EQ(test, clock_mode(), KVMCLOCK_APART);
}

/* Scale and time stamp change everywhere, as after a migration. */
static void step_migrate(struct race_reader *reader)
{
	struct pvclock_vcpu_time_info line = pvclock_host.line;

	if (kgd_rng_chance(&reader->rng, 10)) {
		line.tsc_timestamp = rdtsc_ordered();
		line.system_time = kvmclock_time_at(&pvclock_host.line, line.tsc_timestamp);
		line.tsc_shift += (int)kgd_rng_below(&reader->rng, 3) - 1;
		pvclock_host_update(reader->cpu, &line);
		pvclock_host_update(other_cpu(reader), &line);
	}
	race_read(reader->race);
}

static void guest_migrates(struct kunit *test)
{
	race(test, step_migrate);
}

static void step_any(struct race_reader *reader)
{
	unsigned int cpu = kgd_rng_chance(&reader->rng, 500) ? reader->cpu :
			   other_cpu(reader);

	clock_mutate(&reader->rng, cpu, clock_mutation_any(&reader->rng),
		     &pvclock_host.line);
	race_read(reader->race);
}

static void anything(struct kunit *test)
{
	race(test, step_any);
}

static struct kunit_case hostile_cases[] = {
	KUNIT_CASE(host_is_sound),
	KUNIT_CASE(areas_change_in_reads),
	KUNIT_CASE(flag_differs),
	KUNIT_CASE(tscs_differ),
	KUNIT_CASE(guest_migrates),
	KUNIT_CASE(anything),
	{}
};

struct kunit_suite kvmclock_hostile_suite = {
	.name = "kvmclock_hostile",
	.init = clock_started_init,
	.exit = clock_started_exit,
	.test_cases = hostile_cases,
};
