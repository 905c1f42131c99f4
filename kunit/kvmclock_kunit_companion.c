// SPDX-License-Identifier: GPL-2.0-only
/*
 * The clocksource of a companion: it reads the areas of the built-in clock, and changes
 * nothing about them.
 */
#include <kunit/test.h>
#include <linux/clocksource.h>
#include <linux/cpu.h>
#include <linux/smp.h>

#include "../drivers/kvmclock/read.h"
#include "kvmclock_kunit.h"

static struct pvclock_vcpu_time_info builtin;

static int companion_init(struct kunit *test)
{
	int err = clock_suite_init(test);

	pvclock_host_true_line(&builtin, PVCLOCK_TSC_STABLE_BIT);
	builtin.version = 2;
	pvclock_host.builtin = &builtin;
	src_companion_clocksource(true);
	return err;
}

static void companion_exit(struct kunit *test)
{
	src_companion_clocksource(false);
	pvclock_host.builtin = NULL;
	kvmclock_mode = KVMCLOCK_OWNER;
	clock_suite_exit(test);
}

static void load(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, src_kvmclock_init(), 0);
	KUNIT_EXPECT_EQ(test, kvmclock_mode, KVMCLOCK_COMPANION);
	KUNIT_EXPECT_TRUE(test, pvclock_hooks.clock_registered);
	/* A reboot and a sleep are the built-in clock's to prepare for. */
	KUNIT_EXPECT_EQ(test, pvclock_hooks.pm_active & 1, 0);
}

static void unload(struct kunit *test)
{
	unsigned int cpu;

	src_kvmclock_exit();
	KUNIT_EXPECT_FALSE(test, pvclock_hooks.clock_registered);
	for_each_possible_cpu(cpu)
		KUNIT_EXPECT_EQ(test, pvclock_host.writes[cpu], 0U);
	KUNIT_EXPECT_EQ(test, atomic_read(&pvclock_hooks.pages), 0);
}

static void take_offline(struct kunit *test, unsigned int cpu)
{
	if (!remove_cpu(cpu))
		return;
	unload(test);
	kunit_skip(test, "CPU %u cannot go offline", cpu);
}

/* What it reads lies between what the area says before and after. */
static void is_right_on(struct kunit *test, unsigned int cpu)
{
	u64 from = kvmclock_time_at(&builtin, rdtsc_ordered());
	u64 ns = clock_read_on(cpu);

	KUNIT_EXPECT_GE_MSG(test, ns, from, "CPU %u", cpu);
	KUNIT_EXPECT_LE_MSG(test, ns, kvmclock_time_at(&builtin, rdtsc_ordered()), "CPU %u", cpu);
}

static void reads_along(struct kunit *test)
{
	struct pvclock_vcpu_time_info apart;
	unsigned int cpu, i;

	load(test);
	for (i = 0; i < 3; i++)
		for_each_online_cpu(cpu)
			is_right_on(test, cpu);
	KUNIT_EXPECT_EQ(test, clock_mode(), KVMCLOCK_STABLE);
	apart = builtin;
	apart.flags = 0;
	pvclock_host_write(&builtin, &apart);
	for (i = 0; i < 3; i++)
		for_each_online_cpu(cpu)
			is_right_on(test, cpu);
	KUNIT_EXPECT_EQ(test, clock_mode(), KVMCLOCK_APART);
	unload(test);
}

/* Nobody gets this clock who has not asked for it by its name. */
static void displaces_nobody(struct kunit *test)
{
	const struct clocksource *clock = src_companion_clock();

	load(test);
	KUNIT_EXPECT_STREQ(test, clock->name, "kvm-clock-companion");
	/* "Unfit for real usage" is what the kernel calls those below 100. */
	KUNIT_EXPECT_LT(test, clock->rating, 100);
	KUNIT_EXPECT_EQ(test, clock->vdso_clock_mode, VDSO_CLOCKMODE_NONE);
	KUNIT_EXPECT_PTR_EQ(test, clock->owner, THIS_MODULE);
	unload(test);

	src_companion_clocksource(false);
	KUNIT_ASSERT_EQ(test, src_kvmclock_init(), 0);
	KUNIT_EXPECT_FALSE(test, pvclock_hooks.clock_registered);
	unload(test);
}

/* A CPU is not kept offline, nor a sleep spoilt, by an area that is of no use. */
static void area_of_no_use(struct kunit *test)
{
	unsigned int other = clock_other_cpu(test);
	unsigned int cpu;
	u64 ns;

	load(test);
	is_right_on(test, other);
	ns = clock_read_on(0);
	builtin.version |= 1;
	take_offline(test, other);
	KUNIT_EXPECT_EQ(test, add_cpu(other), 0);
	ns = clock_reads_on(test, 0, ns);
	ns = clock_reads_on(test, other, ns);
	builtin.version++;
	ns = clock_reads_on(test, other, ns);
	is_right_on(test, 0);
	unload(test);

	builtin.version |= 1;
	load(test);
	clock_reads_on(test, 0, clock_read_on(other));
	builtin.version++;
	cpu = get_cpu();
	src_clocksource_resume();
	put_cpu();
	is_right_on(test, cpu);
	unload(test);
}

static void cpu_comes_back(struct kunit *test)
{
	unsigned int other = clock_other_cpu(test);
	struct pvclock_vcpu_time_info later;

	load(test);
	is_right_on(test, other);
	take_offline(test, other);
	later = builtin;
	later.tsc_timestamp = rdtsc_ordered();
	later.system_time = kvmclock_time_at(&builtin, later.tsc_timestamp);
	pvclock_host_write(&builtin, &later);
	is_right_on(test, 0);
	KUNIT_EXPECT_EQ(test, add_cpu(other), 0);
	is_right_on(test, other);
	unload(test);
}

static void unbind_is_refused(struct kunit *test)
{
	load(test);
	pvclock_hooks.keep_clock = true;
	src_kvmclock_unbind();
	KUNIT_EXPECT_TRUE(test, src_kvmclock_left_running());
	is_right_on(test, 0);
	KUNIT_EXPECT_EQ(test, src_kvmclock_bind(), 0);
	KUNIT_EXPECT_FALSE(test, src_kvmclock_left_running());
	pvclock_hooks.keep_clock = false;
	unload(test);
}

static void probe_fails(struct kunit *test)
{
	unsigned int nth;

	for (nth = 1; nth <= 2; nth++) {
		pvclock_hooks.fail_cpuhp = nth;
		KUNIT_EXPECT_EQ(test, src_kvmclock_init(), -ENOSPC);
		unload(test);
	}
	pvclock_hooks.fail_cpuhp = 0;
	for (nth = 1; nth <= 4; nth++) {
		pvclock_hooks.fail_action = nth;
		KUNIT_EXPECT_EQ(test, src_kvmclock_init(), -ENOMEM);
		unload(test);
	}
	pvclock_hooks.fail_action = 0;
}

static struct kunit_case companion_cases[] = {
	KUNIT_CASE(reads_along),
	KUNIT_CASE(displaces_nobody),
	KUNIT_CASE(area_of_no_use),
	KUNIT_CASE(cpu_comes_back),
	KUNIT_CASE(unbind_is_refused),
	KUNIT_CASE(probe_fails),
	{}
};

struct kunit_suite kvmclock_companion_suite = {
	.name = "kvmclock_companion",
	.init = companion_init,
	.exit = companion_exit,
	.test_cases = companion_cases,
};
