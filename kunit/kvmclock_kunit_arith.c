// SPDX-License-Identifier: GPL-2.0-only
/*
 * The arithmetic of the clock against integers of 128 bits.
 */
#include <kunit/test.h>
#include <linux/sched.h>

#include "fuzz_rng.h"
#include "kvmclock_kunit.h"

#define SAMPLES		1200000

/* The formula of msr.rst without an overflow, but for what the driver bounds. */
static unsigned __int128 wide_time(const struct pvclock_vcpu_time_info *area, u64 tsc)
{
	u64 delta = tsc - area->tsc_timestamp;
	unsigned __int128 time;

	if (delta > S64_MAX)
		delta = 0;
	time = delta;
	if (area->tsc_shift >= 0)
		time <<= area->tsc_shift;
	else
		time >>= -area->tsc_shift;
	if (time > S64_MAX)
		time = (S64_MAX >> area->tsc_shift) << area->tsc_shift;
	return ((time * area->tsc_to_system_mul) >> 32) + area->system_time;
}

/* Numbers of any length, and often next to a power of two. */
static u64 any_u64(struct kgd_rng *rng)
{
	u64 value = kgd_rng_u64(rng) >> kgd_rng_below(rng, 64);

	switch (kgd_rng_below(rng, 8)) {
	case 0:
		return BIT_ULL(kgd_rng_below(rng, 64)) - kgd_rng_below(rng, 3);
	case 1:
		return U64_MAX - value;
	default:
		return value;
	}
}

static void any_valid(struct kgd_rng *rng, struct pvclock_vcpu_time_info *area)
{
	*area = (struct pvclock_vcpu_time_info){
		.version = 2,
		.tsc_timestamp = any_u64(rng),
		.system_time = any_u64(rng) & S64_MAX,
		.tsc_to_system_mul = any_u64(rng),
		.tsc_shift = (int)kgd_rng_below(rng, 2 * KVMCLOCK_SHIFT_MAX + 1) -
			     KVMCLOCK_SHIFT_MAX,
	};
	if (!area->tsc_to_system_mul)
		area->tsc_to_system_mul = U32_MAX;
}

static void fail_sample(struct kunit *test, const struct pvclock_vcpu_time_info *area,
			u64 tsc, u64 got)
{
	KUNIT_FAIL(test, "tsc=%llu stamp=%llu system_time=%llu mul=%u shift=%d: %llu",
		   tsc, area->tsc_timestamp, area->system_time, area->tsc_to_system_mul,
		   area->tsc_shift, got);
}

static void random_samples(struct kunit *test)
{
	struct pvclock_vcpu_time_info area;
	unsigned int failed = 0;
	struct kgd_rng rng;
	u64 seed, tsc, got;
	unsigned int i;

	clock_seed(test, &seed);
	kgd_rng_seed(&rng, seed);
	for (i = 0; i < SAMPLES && failed < 5; i++) {
		any_valid(&rng, &area);
		tsc = kgd_rng_chance(&rng, 500) ? any_u64(&rng) :
		      area.tsc_timestamp + any_u64(&rng);
		got = kvmclock_time_at(&area, tsc);
		if (got != wide_time(&area, tsc)) {
			fail_sample(test, &area, tsc, got);
			failed++;
		}
		if (!(i & 1023))
			cond_resched();
	}
	kunit_info(test, "samples=%u\n", i);
}

/* A line never falls while the TSC is within 2^63 of the time stamp. */
static void a_line_rises(struct kunit *test)
{
	struct pvclock_vcpu_time_info area;
	unsigned int failed = 0;
	u64 seed, tsc, now, then;
	struct kgd_rng rng;
	unsigned int i, j;

	clock_seed(test, &seed);
	kgd_rng_seed(&rng, seed);
	for (i = 0; i < 20000 && failed < 5; i++) {
		any_valid(&rng, &area);
		then = 0;
		tsc = area.tsc_timestamp - (any_u64(&rng) >> 2);
		for (j = 0; j < 16; j++) {
			now = kvmclock_time_at(&area, tsc);
			if (now < then) {
				fail_sample(test, &area, tsc, now);
				failed++;
			}
			then = now;
			tsc += any_u64(&rng) >> 5;
		}
		cond_resched();
	}
}

static void shifts_that_can_be(struct kunit *test)
{
	struct pvclock_vcpu_time_info area = { .version = 2, .tsc_to_system_mul = 1 };
	int shift;

	for (shift = S8_MIN; shift <= S8_MAX; shift++) {
		area.tsc_shift = shift;
		KUNIT_EXPECT_EQ_MSG(test, kvmclock_valid(&area),
				    shift >= -31 && shift <= 31, "shift %d", shift);
	}
}

static void values_that_can_be(struct kunit *test)
{
	struct pvclock_vcpu_time_info area = { .tsc_to_system_mul = U32_MAX };

	KUNIT_EXPECT_TRUE(test, kvmclock_valid(&area));
	area.system_time = S64_MAX;
	KUNIT_EXPECT_TRUE(test, kvmclock_valid(&area));
	/* It could overflow, and with it time would go back. */
	area.system_time = BIT_ULL(63);
	KUNIT_EXPECT_FALSE(test, kvmclock_valid(&area));
	area.system_time = U64_MAX;
	KUNIT_EXPECT_FALSE(test, kvmclock_valid(&area));
	area.system_time = 0;
	area.tsc_to_system_mul = 0;
	KUNIT_EXPECT_FALSE(test, kvmclock_valid(&area));
	area.tsc_to_system_mul = 1;
	KUNIT_EXPECT_TRUE(test, kvmclock_valid(&area));
}

static void future_is_now(struct kunit *test)
{
	struct pvclock_vcpu_time_info area = {
		.tsc_timestamp = 5000,
		.system_time = 70,
		.tsc_to_system_mul = BIT(31),
		.tsc_shift = 1,
	};

	KUNIT_EXPECT_EQ(test, kvmclock_time_at(&area, 4999), 70ULL);
	KUNIT_EXPECT_EQ(test, kvmclock_time_at(&area, 0), 70ULL);
	KUNIT_EXPECT_EQ(test, kvmclock_time_at(&area, 5000), 70ULL);
	KUNIT_EXPECT_EQ(test, kvmclock_time_at(&area, 5001), 71ULL);
}

static void tsc_wraps(struct kunit *test)
{
	struct pvclock_vcpu_time_info area = {
		.tsc_timestamp = U64_MAX - 9,
		.system_time = 70,
		.tsc_to_system_mul = BIT(31),
		.tsc_shift = 1,
	};

	KUNIT_EXPECT_EQ(test, kvmclock_time_at(&area, U64_MAX), 79ULL);
	KUNIT_EXPECT_EQ(test, kvmclock_time_at(&area, 0), 80ULL);
	KUNIT_EXPECT_EQ(test, kvmclock_time_at(&area, 90), 170ULL);
}

static void largest_of_all(struct kunit *test)
{
	struct pvclock_vcpu_time_info area = {
		.system_time = S64_MAX,
		.tsc_to_system_mul = U32_MAX,
		.tsc_shift = KVMCLOCK_SHIFT_MAX,
	};
	u64 most = kvmclock_time_at(&area, S64_MAX);

	/* The sum of two times below 2^63; the shift pushes nothing out. */
	KUNIT_EXPECT_GT(test, most, (u64)S64_MAX + S64_MAX / 2);
	KUNIT_EXPECT_EQ(test, kvmclock_time_at(&area, BIT_ULL(40)), most);
	KUNIT_EXPECT_EQ(test, kvmclock_time_at(&area, BIT_ULL(32)), most);
	KUNIT_EXPECT_LT(test, kvmclock_time_at(&area, BIT_ULL(31)), most);
}

static struct kunit_case arith_cases[] = {
	KUNIT_CASE(random_samples),
	KUNIT_CASE(a_line_rises),
	KUNIT_CASE(shifts_that_can_be),
	KUNIT_CASE(values_that_can_be),
	KUNIT_CASE(future_is_now),
	KUNIT_CASE(tsc_wraps),
	KUNIT_CASE(largest_of_all),
	{}
};

struct kunit_suite kvmclock_arith_suite = {
	.name = "kvmclock_arith",
	.test_cases = arith_cases,
};
