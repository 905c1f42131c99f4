// SPDX-License-Identifier: GPL-2.0-only
/*
 * The sampler on a host in software: what it reads, writes and tells.
 */
#include <kunit/test.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/seq_file.h>
#include <linux/string.h>
#include <linux/suspend.h>
#include <linux/time64.h>

#include "../drivers/kvmclock/event.h"
#include "kvmclock_kunit.h"

static int sampler_init(struct kunit *test)
{
	int err = clock_suite_init(test);

	src_sampler_forget();
	return err;
}

/* As owner; two samples, so that there is one to compare with. */
static void load(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, src_kvmclock_init(), 0);
	KUNIT_EXPECT_EQ(test, pvclock_hooks.sampler_delay, 0UL);
	src_sampler_look();
	src_sampler_look();
	KUNIT_EXPECT_EQ(test, pvclock_hooks.uevents, 0U);
	KUNIT_EXPECT_GT(test, pvclock_hooks.sampler_delay, 0UL);
	KUNIT_EXPECT_LT(test, pvclock_hooks.sampler_delay, (unsigned long)HZ);
}

static void counts_are(struct kunit *test, u64 pauses, u64 restores, u64 steps)
{
	struct kvmclock_watch watch;

	kvmclock_sampler_get(&watch);
	KUNIT_EXPECT_EQ(test, watch.count[KVMCLOCK_PAUSE], pauses);
	KUNIT_EXPECT_EQ(test, watch.count[KVMCLOCK_RESTORE], restores);
	KUNIT_EXPECT_EQ(test, watch.count[KVMCLOCK_HOST_STEP], steps);
}

/* All CPUs are told; it is one pause, and the flags are cleared. */
static void owner_sees_the_flag(struct kunit *test)
{
	unsigned int cpu;

	load(test);
	for_each_online_cpu(cpu)
		pvclock_host_area(cpu)->flags |= PVCLOCK_GUEST_STOPPED;
	src_sampler_look();
	KUNIT_EXPECT_LE(test, pvclock_hooks.sampler_delay, (unsigned long)HZ / 5);
	for_each_online_cpu(cpu)
		KUNIT_EXPECT_EQ(test, pvclock_host_area(cpu)->flags, (u8)PVCLOCK_TSC_STABLE_BIT);
	src_sampler_look();
	src_sampler_look();
	counts_are(test, 1, 0, 0);
	KUNIT_EXPECT_EQ(test, pvclock_hooks.uevents, 1U);
	KUNIT_EXPECT_PTR_EQ(test, strstr(pvclock_hooks.uevent,
					 "KVMCLOCK_EVENT=pause\nKVMCLOCK_SOURCES=flag\n"
					 "KVMCLOCK_EPOCH_JUMP=0\nKVMCLOCK_AREA_JUMP="),
			    (char *)pvclock_hooks.uevent);
	KUNIT_EXPECT_NOT_NULL(test, strstr(pvclock_hooks.uevent, "\nKVMCLOCK_COUNT=1\n"));
	src_kvmclock_exit();
}

/* The flag of the built-in clock's areas is not ours to clear, and stays. */
static void companion_only_looks(struct kunit *test)
{
	struct pvclock_vcpu_time_info area = pvclock_host.line;
	struct kvmclock_watch watch;
	unsigned int i;

	area.version = 8;
	pvclock_host.builtin = &area;
	load(test);
	area.flags |= PVCLOCK_GUEST_STOPPED;
	for (i = 0; i < 5; i++)
		src_sampler_look();
	counts_are(test, 1, 0, 0);
	kvmclock_sampler_get(&watch);
	KUNIT_EXPECT_EQ(test, watch.absorbed, 0ULL);
	KUNIT_EXPECT_TRUE(test, area.flags & PVCLOCK_GUEST_STOPPED);
	KUNIT_EXPECT_EQ(test, pvclock_host.writes[0], 0U);
	src_kvmclock_exit();
	pvclock_host.builtin = NULL;
}

static void host_steps(struct kunit *test)
{
	load(test);
	pvclock_host.wall.sec += 77;
	src_sampler_look();
	src_sampler_look();
	counts_are(test, 0, 0, 1);
	KUNIT_EXPECT_NOT_NULL(test, strstr(pvclock_hooks.uevent, "EPOCH_JUMP=77000000000\n"));
	src_kvmclock_exit();
}

static void generation_changes(struct kunit *test)
{
	load(test);
	src_sampler_vmfork();
	KUNIT_EXPECT_EQ(test, pvclock_hooks.sampler_delay, 0UL);
	/* A host that is not there yet: it is not forgotten. */
	pvclock_host.wall_refused = true;
	src_sampler_look();
	pvclock_host.wall_refused = false;
	src_sampler_look();
	src_sampler_look();
	counts_are(test, 0, 1, 0);
	src_kvmclock_exit();
}

/* Asleep, the host may change its mind about anything. */
static void sleep_is_no_event(struct kunit *test)
{
	load(test);
	src_sampler_sleep(PM_SUSPEND_PREPARE);
	pvclock_host.wall.sec += 5000;
	pvclock_host_area(0)->flags |= PVCLOCK_GUEST_STOPPED;
	src_sampler_sleep(PM_POST_SUSPEND);
	src_sampler_look();
	src_sampler_look();
	src_sampler_look();
	counts_are(test, 0, 0, 0);
	src_kvmclock_exit();
}

/* After a sleep the kernel has the time from an RTC that knows no more than seconds. */
static void sleep_steps_when_asked(struct kunit *test)
{
	static const char *const steps[] = { "off", "restore", "always" };
	int i;

	load(test);
	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		KUNIT_EXPECT_EQ(test, src_step_set(steps[i]), 0);
		pvclock_hooks.stepped.tv_sec = 0;
		src_sampler_sleep(PM_SUSPEND_PREPARE);
		KUNIT_EXPECT_EQ(test, pvclock_hooks.stepped.tv_sec, (time64_t)0);
		src_sampler_sleep(PM_POST_SUSPEND);
		KUNIT_EXPECT_EQ(test, !!pvclock_hooks.stepped.tv_sec, i == 2);
	}
	src_step_set("off");
	src_kvmclock_exit();
}

static void table_of_cpus(struct kunit *test)
{
	struct seq_file file = { .size = PAGE_SIZE };
	unsigned int cpu = clock_other_cpu(test);
	struct pvclock_vcpu_time_info line;
	long long age, skew, error;
	char *row;
	int found;

	file.buf = (char *)__get_free_page(GFP_KERNEL | __GFP_ZERO);
	KUNIT_ASSERT_NOT_NULL(test, file.buf);
	load(test);
	/* This CPU's clock is ahead of the others' by 7 ms. */
	line = pvclock_host.line;
	line.system_time += 7ULL * NSEC_PER_MSEC;
	pvclock_host_update(cpu, &line);
	KUNIT_EXPECT_EQ(test, src_cpus_show(&file), 0);
	row = strnstr(file.buf, "\n1 ", PAGE_SIZE);
	KUNIT_ASSERT_NOT_NULL(test, row);
	found = sscanf(row, "\n1 %*u %*d %*x %lld %lld %lld", &age, &skew, &error);
	KUNIT_EXPECT_EQ(test, found, 3);
	KUNIT_EXPECT_GT(test, age, 0LL);
	KUNIT_EXPECT_GE(test, skew, 7LL * NSEC_PER_MSEC - error);
	KUNIT_EXPECT_LE(test, skew, 7LL * NSEC_PER_MSEC + error);
	src_sampler_look();
	KUNIT_EXPECT_EQ(test, kvmclock_version_changes(cpu) - kvmclock_version_changes(0), 1ULL);
	src_kvmclock_exit();
	free_pages((unsigned long)file.buf, 0);
}

static struct kunit_case sampler_cases[] = {
	KUNIT_CASE(owner_sees_the_flag),
	KUNIT_CASE(companion_only_looks),
	KUNIT_CASE(host_steps),
	KUNIT_CASE(generation_changes),
	KUNIT_CASE(sleep_is_no_event),
	KUNIT_CASE(sleep_steps_when_asked),
	KUNIT_CASE(table_of_cpus),
	{}
};

struct kunit_suite kvmclock_sampler_suite = {
	.name = "kvmclock_sampler",
	.init = sampler_init,
	.exit = clock_suite_exit,
	.test_cases = sampler_cases,
};
