// SPDX-License-Identifier: GPL-2.0-only
/*
 * The version protocol: what the host does in the middle of a copy is seen.
 */
#include <kunit/test.h>
#include <linux/string.h>

#include "kvmclock_kunit.h"

static struct pvclock_vcpu_time_info area;
static unsigned int copies, updates;

static u64 count_only(void)
{
	copies++;
	return 1000 + copies;
}

/* As if the host had interrupted the copy, for the first so many times. */
static u64 update_meanwhile(void)
{
	if (copies < updates) {
		area.version += 2;
		area.system_time++;
		area.tsc_timestamp++;
	}
	return count_only();
}

static u64 begin_update(void)
{
	if (!copies)
		area.version |= 1;
	area.system_time++;
	return count_only();
}

static u64 finish_update(void)
{
	if (!copies) {
		area.version++;
		area.system_time = 77;
	}
	return count_only();
}

static int version_init(struct kunit *test)
{
	pvclock_host_reset();
	area = (struct pvclock_vcpu_time_info){
		.version = 2,
		.tsc_timestamp = 10,
		.system_time = 20,
		.tsc_to_system_mul = 30,
		.tsc_shift = -4,
		.flags = PVCLOCK_TSC_STABLE_BIT,
	};
	copies = 0;
	updates = 0;
	pvclock_hooks.tsc = count_only;
	return 0;
}

static void version_exit(struct kunit *test)
{
	pvclock_hooks.tsc = NULL;
}

static void one_copy_is_the_rule(struct kunit *test)
{
	struct pvclock_vcpu_time_info copy;
	u64 tsc;

	KUNIT_EXPECT_TRUE(test, kvmclock_copy_area(&area, &copy, &tsc));
	KUNIT_EXPECT_EQ(test, memcmp(&copy, &area, sizeof(area)), 0);
	KUNIT_EXPECT_EQ(test, tsc, 1001ULL);
	KUNIT_EXPECT_EQ(test, copies, 1U);
	KUNIT_EXPECT_EQ(test, atomic_read(&pvclock_hooks.relax), 0);
}

static void half_written_for_ever(struct kunit *test)
{
	struct pvclock_vcpu_time_info copy;
	u64 tsc;

	area.version = 3;
	KUNIT_EXPECT_FALSE(test, kvmclock_copy_area(&area, &copy, &tsc));
	KUNIT_EXPECT_EQ(test, copies, (unsigned int)KVMCLOCK_TRIES);
	KUNIT_EXPECT_EQ(test, atomic_read(&pvclock_hooks.relax), KVMCLOCK_TRIES);
}

static void updated_meanwhile(struct kunit *test)
{
	struct pvclock_vcpu_time_info copy;
	u64 tsc;

	updates = 3;
	pvclock_hooks.tsc = update_meanwhile;
	KUNIT_EXPECT_TRUE(test, kvmclock_copy_area(&area, &copy, &tsc));
	/* Three updates, and the copy of after the last one. */
	KUNIT_EXPECT_EQ(test, copies, 4U);
	KUNIT_EXPECT_EQ(test, memcmp(&copy, &area, sizeof(area)), 0);
	KUNIT_EXPECT_EQ(test, copy.system_time, 23ULL);
	KUNIT_EXPECT_EQ(test, tsc, 1004ULL);
}

static void updated_for_ever(struct kunit *test)
{
	struct pvclock_vcpu_time_info copy;
	u64 tsc;

	updates = UINT_MAX;
	pvclock_hooks.tsc = update_meanwhile;
	KUNIT_EXPECT_FALSE(test, kvmclock_copy_area(&area, &copy, &tsc));
	KUNIT_EXPECT_EQ(test, copies, (unsigned int)KVMCLOCK_TRIES);
}

static void update_begins(struct kunit *test)
{
	struct pvclock_vcpu_time_info copy;
	u64 tsc;

	pvclock_hooks.tsc = begin_update;
	KUNIT_EXPECT_FALSE(test, kvmclock_copy_area(&area, &copy, &tsc));
	KUNIT_EXPECT_EQ(test, copies, (unsigned int)KVMCLOCK_TRIES);
}

static void update_ends(struct kunit *test)
{
	struct pvclock_vcpu_time_info copy;
	u64 tsc;

	area.version = 3;
	pvclock_hooks.tsc = finish_update;
	KUNIT_EXPECT_TRUE(test, kvmclock_copy_area(&area, &copy, &tsc));
	KUNIT_EXPECT_EQ(test, copy.system_time, 77ULL);
	KUNIT_EXPECT_EQ(test, copy.version, 4U);
	KUNIT_EXPECT_EQ(test, copies, 2U);
}

static void version_wraps(struct kunit *test)
{
	struct pvclock_vcpu_time_info copy;
	u64 tsc;

	area.version = U32_MAX - 1;
	updates = 1;
	pvclock_hooks.tsc = update_meanwhile;
	KUNIT_EXPECT_TRUE(test, kvmclock_copy_area(&area, &copy, &tsc));
	KUNIT_EXPECT_EQ(test, copy.version, 0U);
	KUNIT_EXPECT_EQ(test, copies, 2U);
}

static void values_that_cannot_be(struct kunit *test)
{
	struct pvclock_vcpu_time_info copy;
	int shift;
	u64 tsc;

	for (shift = S8_MIN; shift <= S8_MAX; shift++) {
		area.tsc_shift = shift;
		KUNIT_EXPECT_EQ_MSG(test, kvmclock_copy_area(&area, &copy, &tsc),
				    shift >= -31 && shift <= 31, "shift %d", shift);
	}
	area.tsc_shift = 0;
	area.tsc_to_system_mul = 0;
	KUNIT_EXPECT_FALSE(test, kvmclock_copy_area(&area, &copy, &tsc));
	area.tsc_to_system_mul = 1;
	area.system_time = BIT_ULL(63);
	KUNIT_EXPECT_FALSE(test, kvmclock_copy_area(&area, &copy, &tsc));
}

static struct kunit_case version_cases[] = {
	KUNIT_CASE(one_copy_is_the_rule),
	KUNIT_CASE(half_written_for_ever),
	KUNIT_CASE(updated_meanwhile),
	KUNIT_CASE(updated_for_ever),
	KUNIT_CASE(update_begins),
	KUNIT_CASE(update_ends),
	KUNIT_CASE(version_wraps),
	KUNIT_CASE(values_that_cannot_be),
	{}
};

struct kunit_suite kvmclock_version_suite = {
	.name = "kvmclock_version",
	.init = version_init,
	.exit = version_exit,
	.test_cases = version_cases,
};
