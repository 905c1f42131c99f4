// SPDX-License-Identifier: GPL-2.0-only
/*
 * The host's wall clock, and finding the host.
 */
#include <kunit/test.h>
#include <linux/time64.h>

#include <uapi/asm/kvm_para.h>

#include "kvmclock_kunit.h"

static int wall_init(struct kunit *test)
{
	int err = clock_started_init(test);

	return err ? err : kvmclock_wallclock_start();
}

static void wall_exit(struct kunit *test)
{
	pvclock_host.builtin = NULL;
	kvmclock_mode = KVMCLOCK_OWNER;
	kvmclock_wallclock_stop();
	clock_started_exit(test);
}

static void is_the_sum(struct kunit *test)
{
	struct timespec64 ts;

	KUNIT_ASSERT_EQ(test, kvmclock_wall_time(&ts), 0);
	KUNIT_EXPECT_GE(test, ts.tv_sec, 1700000000LL + 1000);
	KUNIT_EXPECT_LT(test, ts.tv_sec, 1700000000LL + 1100);
	KUNIT_EXPECT_GE(test, ts.tv_nsec, 0L);
	KUNIT_EXPECT_LT(test, ts.tv_nsec, (long)NSEC_PER_SEC);
	KUNIT_EXPECT_EQ(test, pvclock_host.wall_asked, 1U);
}

/* Beyond 2106 in seconds of 32 bits, and a carry. */
static void largest_of_all(struct kunit *test)
{
	struct timespec64 ts;

	pvclock_host.wall = (struct pvclock_wall_clock){ 2, U32_MAX, NSEC_PER_SEC - 1 };
	pvclock_host.line.system_time = S64_MAX;
	pvclock_host_update_all(&pvclock_host.line);
	KUNIT_ASSERT_EQ(test, kvmclock_wall_time(&ts), 0);
	KUNIT_EXPECT_GE(test, ts.tv_sec, (s64)U32_MAX + S64_MAX / NSEC_PER_SEC);
	KUNIT_EXPECT_LT(test, ts.tv_nsec, (long)NSEC_PER_SEC);
}

static void refused(struct kunit *test)
{
	struct timespec64 ts;

	pvclock_host.wall_refused = true;
	KUNIT_EXPECT_EQ(test, kvmclock_wall_time(&ts), -EIO);
	pvclock_host.wall_refused = false;
	KUNIT_EXPECT_EQ(test, kvmclock_wall_time(&ts), 0);
}

/* Waiting for the host to complete its update has an end. */
static void half_written_for_ever(struct kunit *test)
{
	struct timespec64 ts;

	atomic_set(&pvclock_hooks.relax, 0);
	pvclock_host.wall.version = 3;
	KUNIT_EXPECT_EQ(test, kvmclock_wall_time(&ts), -EIO);
	KUNIT_EXPECT_EQ(test, atomic_read(&pvclock_hooks.relax), KVMCLOCK_TRIES);
}

static void not_filled_in(struct kunit *test)
{
	struct timespec64 ts;

	pvclock_host.wall.version = 0;
	KUNIT_EXPECT_EQ(test, kvmclock_wall_time(&ts), -EIO);
}

static void more_than_a_second(struct kunit *test)
{
	struct timespec64 ts;

	pvclock_host.wall.nsec = NSEC_PER_SEC;
	KUNIT_EXPECT_EQ(test, kvmclock_wall_time(&ts), -EIO);
	pvclock_host.wall.nsec = U32_MAX;
	KUNIT_EXPECT_EQ(test, kvmclock_wall_time(&ts), -EIO);
	pvclock_host.wall.nsec = NSEC_PER_SEC - 1;
	KUNIT_EXPECT_EQ(test, kvmclock_wall_time(&ts), 0);
}

/* The companion reads the area of the built-in clock, and says if it cannot. */
static void as_companion(struct kunit *test)
{
	struct pvclock_vcpu_time_info area = pvclock_host.line;
	struct timespec64 ts;

	area.version = 8;
	area.system_time = 5000ULL * NSEC_PER_SEC;
	pvclock_host.builtin = &area;
	kvmclock_mode = KVMCLOCK_COMPANION;
	KUNIT_ASSERT_EQ(test, kvmclock_wall_time(&ts), 0);
	KUNIT_EXPECT_GE(test, ts.tv_sec, 1700000000LL + 5000);
	KUNIT_EXPECT_LT(test, ts.tv_sec, 1700000000LL + 5100);
	area.version = 9;
	KUNIT_EXPECT_EQ(test, kvmclock_wall_time(&ts), -EIO);
	pvclock_host.builtin = NULL;
	KUNIT_EXPECT_EQ(test, kvmclock_wall_time(&ts), -EIO);
}

static struct kunit_case wall_cases[] = {
	KUNIT_CASE(is_the_sum),
	KUNIT_CASE(largest_of_all),
	KUNIT_CASE(refused),
	KUNIT_CASE(half_written_for_ever),
	KUNIT_CASE(not_filled_in),
	KUNIT_CASE(more_than_a_second),
	KUNIT_CASE(as_companion),
	{}
};

struct kunit_suite kvmclock_wall_suite = {
	.name = "kvmclock_wall",
	.init = wall_init,
	.exit = wall_exit,
	.test_cases = wall_cases,
};

static void new_msrs(struct kunit *test)
{
	struct kvmclock_info info;

	KUNIT_ASSERT_EQ(test, kvmclock_find_host(&info), 0);
	KUNIT_EXPECT_EQ(test, info.msr_time, (u32)MSR_KVM_SYSTEM_TIME_NEW);
	KUNIT_EXPECT_EQ(test, info.msr_wall, (u32)MSR_KVM_WALL_CLOCK_NEW);
	KUNIT_EXPECT_EQ(test, info.flags, (u8)PVCLOCK_TSC_STABLE_BIT);
	KUNIT_EXPECT_EQ(test, info.features, pvclock_host.features);
}

static void old_msrs(struct kunit *test)
{
	struct kvmclock_info info;

	pvclock_host.features = BIT(KVM_FEATURE_CLOCKSOURCE);
	KUNIT_ASSERT_EQ(test, kvmclock_find_host(&info), 0);
	KUNIT_EXPECT_EQ(test, info.msr_time, (u32)MSR_KVM_SYSTEM_TIME);
	KUNIT_EXPECT_EQ(test, info.msr_wall, (u32)MSR_KVM_WALL_CLOCK);
	KUNIT_EXPECT_EQ(test, info.flags, (u8)0);
}

static void no_clock(struct kunit *test)
{
	struct kvmclock_info info;

	pvclock_host.features &= ~(BIT(KVM_FEATURE_CLOCKSOURCE) |
				   BIT(KVM_FEATURE_CLOCKSOURCE2));
	KUNIT_EXPECT_EQ(test, kvmclock_find_host(&info), -ENODEV);
}

static void no_hypervisor(struct kunit *test)
{
	struct kvmclock_info info;

	pvclock_host.base = 0;
	KUNIT_EXPECT_EQ(test, kvmclock_find_host(&info), -ENODEV);
}

/* Another hypervisor's leaves come first; each block starts at a multiple of 0x100. */
static void other_leaves_first(struct kunit *test)
{
	static const u32 bases[] = { 0x40000000, 0x40000100, 0x40001200, 0x4000ff00 };
	struct kvmclock_info info;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bases); i++) {
		pvclock_host.base = bases[i];
		pvclock_host.max_leaf = i & 1 ? 0 : bases[i] + 1;
		KUNIT_EXPECT_EQ(test, kvmclock_find_host(&info), 0);
	}
	pvclock_host.base = 0x40010000;
	pvclock_host.max_leaf = 0x40010001;
	KUNIT_EXPECT_EQ(test, kvmclock_find_host(&info), -ENODEV);
}

/* The features leaf is beyond the last one. */
static void no_features_leaf(struct kunit *test)
{
	struct kvmclock_info info;

	pvclock_host.max_leaf = pvclock_host.base;
	KUNIT_EXPECT_EQ(test, kvmclock_find_host(&info), -ENODEV);
}

static void areas_are_free(struct kunit *test)
{
	enum kvmclock_mode mode = KVMCLOCK_COMPANION;

	KUNIT_EXPECT_EQ(test, kvmclock_choose_mode(&mode), 0);
	KUNIT_EXPECT_EQ(test, mode, KVMCLOCK_OWNER);
	/* Registered once, and given up. */
	pvclock_host.msr[0] = virt_to_phys(&mode) & ~1ULL;
	KUNIT_EXPECT_EQ(test, kvmclock_choose_mode(&mode), 0);
	/* By firmware, in memory that the kernel does not use. */
	pvclock_host.msr[0] = BIT_ULL(45) | KVM_MSR_ENABLED;
	KUNIT_EXPECT_EQ(test, kvmclock_choose_mode(&mode), 0);
	pvclock_host.msr[0] = 0;
}

static void areas_have_an_owner(struct kunit *test)
{
	enum kvmclock_mode mode = KVMCLOCK_OWNER;
	unsigned int cpu;
	void *page = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, page);
	for_each_online_cpu(cpu) {
		pvclock_host.msr[cpu] = virt_to_phys(page) | KVM_MSR_ENABLED;
		KUNIT_EXPECT_EQ(test, kvmclock_choose_mode(&mode), -EBUSY);
		pvclock_host.msr[cpu] = 0;
		cpumask_set_cpu(cpu, &pvclock_host.fail_read);
		KUNIT_EXPECT_EQ(test, kvmclock_choose_mode(&mode), -ENODEV);
		cpumask_clear_cpu(cpu, &pvclock_host.fail_read);
		KUNIT_EXPECT_EQ(test, pvclock_host.writes[cpu], 0U);
	}
	pvclock_host.builtin = &pvclock_host.line;
	KUNIT_EXPECT_EQ(test, kvmclock_choose_mode(&mode), 0);
	KUNIT_EXPECT_EQ(test, mode, KVMCLOCK_COMPANION);
}

/* Only a TSC that is good for everything goes before the host's clock. */
static void rating_by_tsc(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, kvmclock_find_host(&kvmclock_info), 0);
	KUNIT_EXPECT_EQ(test, kvmclock_rating(), 400);

	pvclock_host.max_extended = 0x80000006;
	pvclock_host.apm = ~0U;
	KUNIT_ASSERT_EQ(test, kvmclock_find_host(&kvmclock_info), 0);
	KUNIT_EXPECT_EQ(test, kvmclock_rating(), 400);

	pvclock_host.max_extended = 0x80000008;
	KUNIT_ASSERT_EQ(test, kvmclock_find_host(&kvmclock_info), 0);
	KUNIT_EXPECT_EQ(test, kvmclock_rating(), 299);
	pvclock_host.tsc_unstable = true;
	KUNIT_EXPECT_EQ(test, kvmclock_rating(), 400);
	pvclock_host.tsc_unstable = false;

	pvclock_host.apm = ~BIT(8);
	KUNIT_ASSERT_EQ(test, kvmclock_find_host(&kvmclock_info), 0);
	KUNIT_EXPECT_EQ(test, kvmclock_rating(), 400);
}

static struct kunit_case find_cases[] = {
	KUNIT_CASE(new_msrs),
	KUNIT_CASE(old_msrs),
	KUNIT_CASE(no_clock),
	KUNIT_CASE(no_hypervisor),
	KUNIT_CASE(other_leaves_first),
	KUNIT_CASE(no_features_leaf),
	KUNIT_CASE(areas_are_free),
	KUNIT_CASE(areas_have_an_owner),
	KUNIT_CASE(rating_by_tsc),
	{}
};

struct kunit_suite kvmclock_find_suite = {
	.name = "kvmclock_find",
	.init = clock_suite_init,
	.exit = clock_suite_exit,
	.test_cases = find_cases,
};
