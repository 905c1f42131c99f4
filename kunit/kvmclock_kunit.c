// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module of the suites, and what they share.
 */
#include <kunit/test.h>
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/smp.h>

#include "kvmclock_kunit.h"

/**
 * clock_suite_init() - a sound host, and a driver that has found it
 * @test: the test
 *
 * Context: process.
 * Return: 0 or what the driver says.
 */
int clock_suite_init(struct kunit *test)
{
	pvclock_host_reset();
	kvmclock_line_reset();
	kvmclock_mode = KVMCLOCK_OWNER;
	return kvmclock_find_host(&kvmclock_info);
}

/**
 * clock_suite_exit() - nothing may be left
 * @test: the test
 *
 * Context: process.
 */
void clock_suite_exit(struct kunit *test)
{
	unsigned int cpu;

	pvclock_hooks.tsc = NULL;
	for_each_possible_cpu(cpu)
		KUNIT_EXPECT_EQ_MSG(test, pvclock_host.msr[cpu] & 1, 0ULL,
				    "CPU %u: the host still has the area", cpu);
	KUNIT_EXPECT_EQ(test, atomic_read(&pvclock_hooks.pages), 0);
	KUNIT_EXPECT_EQ(test, pvclock_hooks.pm_active, 0);
	KUNIT_EXPECT_FALSE(test, pvclock_hooks.clock_registered);
	KUNIT_EXPECT_EQ(test, atomic_read(&pvclock_host.foreign), 0);
	atomic_set(&pvclock_hooks.pages, 0);
}

/**
 * clock_started_init() - clock_suite_init(), and the areas are registered
 * @test: the test
 *
 * Context: process.
 * Return: 0 or a negative errno.
 */
int clock_started_init(struct kunit *test)
{
	int err = clock_suite_init(test);

	return err ? err : kvmclock_areas_start();
}

/**
 * clock_started_exit() - undo clock_started_init()
 * @test: the test
 *
 * Context: process.
 */
void clock_started_exit(struct kunit *test)
{
	unsigned int cpu;

	pvclock_hooks.tsc = NULL;
	cpumask_clear(&pvclock_host.fail_read);
	cpumask_clear(&pvclock_host.fail_write);
	cpumask_clear(&pvclock_host.clings);
	pvclock_host.fill = PVCLOCK_FILL_GOOD;
	for_each_present_cpu(cpu)
		if (!cpu_online(cpu))
			KUNIT_EXPECT_EQ(test, add_cpu(cpu), 0);
	kvmclock_areas_stop();
	clock_suite_exit(test);
}

static void read_here(void *ns)
{
	*(u64 *)ns = kvmclock_read();
}

/**
 * clock_read_on() - read the clock on a CPU, in an interrupt
 * @cpu: an online CPU
 *
 * Context: process, interrupts enabled.
 * Return: the time.
 */
u64 clock_read_on(unsigned int cpu)
{
	u64 ns = 0;

	smp_call_function_single(cpu, read_here, &ns, 1);
	return ns;
}

/**
 * clock_reads_on() - read the clock on a CPU: it does not go back
 * @test: fails if it does
 * @cpu: an online CPU
 * @before: what was read before
 *
 * Context: process, interrupts enabled.
 * Return: the time.
 */
u64 clock_reads_on(struct kunit *test, unsigned int cpu, u64 before)
{
	u64 now = clock_read_on(cpu);

	KUNIT_EXPECT_GE_MSG(test, now, before, "CPU %u: time goes back", cpu);
	return now;
}

static void look_here(void *flags)
{
	u64 ns;

	if (kvmclock_look(&ns, flags))
		*(u8 *)flags = U8_MAX;
}

/**
 * clock_flags_on() - the flags that a CPU finds in its area
 * @cpu: an online CPU
 *
 * Context: process, interrupts enabled.
 * Return: the flags that mean something, or 255 if the area cannot be used.
 */
u8 clock_flags_on(unsigned int cpu)
{
	u8 flags = U8_MAX;

	smp_call_function_single(cpu, look_here, &flags, 1);
	return flags;
}

static void register_here(void *err)
{
	*(int *)err = kvmclock_area_register();
}

/**
 * clock_register_on() - register a CPU's area
 * @cpu: an online CPU
 *
 * Context: process, interrupts enabled.
 * Return: what the driver says.
 */
int clock_register_on(unsigned int cpu)
{
	int err = -ENXIO;

	smp_call_function_single(cpu, register_here, &err, 1);
	return err;
}

static void unregister_here(void *unused)
{
	kvmclock_area_unregister();
}

/**
 * clock_unregister_on() - unregister a CPU's area
 * @cpu: an online CPU
 *
 * Context: process, interrupts enabled.
 */
void clock_unregister_on(unsigned int cpu)
{
	smp_call_function_single(cpu, unregister_here, NULL, 1);
}

/**
 * clock_other_cpu() - a CPU besides CPU 0
 * @test: skipped if there is none
 *
 * Context: process.
 * Return: its number.
 */
unsigned int clock_other_cpu(struct kunit *test)
{
	unsigned int cpu = cpumask_any_but(cpu_online_mask, 0);

	if (cpu >= nr_cpu_ids)
		kunit_skip(test, "needs two CPUs");
	return cpu;
}

/**
 * clock_joined() - does a CPU follow the line?
 * @cpu: the CPU
 *
 * Context: any.
 * Return: whether it does, which makes its next read a short one.
 */
bool clock_joined(unsigned int cpu)
{
	return clock_mode() == KVMCLOCK_STABLE &&
	       per_cpu(kvmclock_cpu, cpu).joined == atomic64_read(&kvmclock_line.state);
}

/**
 * clock_mode() - whether there is a line
 *
 * Context: any.
 * Return: the mode of the line.
 */
enum kvmclock_line_mode clock_mode(void)
{
	return kvmclock_line_mode(atomic64_read(&kvmclock_line.state));
}

static unsigned long long fixed_seed;
module_param_named(seed, fixed_seed, ullong, 0444);
MODULE_PARM_DESC(seed, "of all random samples, to repeat a failure (0: a new one each time)");

/**
 * clock_seed() - a seed for a test's random numbers, which is printed
 * @test: the test
 * @seed: set to it
 *
 * Context: process.
 */
void clock_seed(struct kunit *test, u64 *seed)
{
	*seed = fixed_seed ? fixed_seed : get_random_u64();
	kunit_info(test, "seed=%llu\n", *seed);
}

kunit_test_suites(&kvmclock_arith_suite, &kvmclock_version_suite, &kvmclock_stable_suite,
		  &kvmclock_apart_suite, &kvmclock_area_suite, &kvmclock_refusal_suite,
		  &kvmclock_wall_suite, &kvmclock_find_suite, &kvmclock_life_suite,
		  &kvmclock_hostile_suite, &kvmclock_event_suite, &kvmclock_sampler_suite,
		  &kvmclock_given_suite, &kvmclock_companion_suite);

MODULE_DESCRIPTION("KUnit suites of kvmclock, with a host in software");
MODULE_AUTHOR("kvm-guest-drivers-linux authors");
MODULE_LICENSE("GPL");
