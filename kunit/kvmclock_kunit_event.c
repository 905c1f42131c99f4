// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the changes of the host's clocks are taken for: arithmetic, without a host.
 */
#include <kunit/test.h>
#include <linux/limits.h>
#include <linux/string.h>
#include <linux/time64.h>

#include "../drivers/kvmclock/event.h"
#include "kvmclock_kunit.h"

#define MS		((s64)NSEC_PER_MSEC)
#define SEC		((s64)NSEC_PER_SEC)
#define EPOCH		(1700000000LL * SEC)

/* The guest of these tests: a TSC of 1 GHz, in step with all clocks of the host. */
static struct kvmclock_watch watch;
static struct kvmclock_sample now;

static int event_init(struct kunit *test)
{
	memset(&watch, 0, sizeof(watch));
	memset(&now, 0, sizeof(now));
	now.area.tsc_to_system_mul = 1U << 31;
	now.area.tsc_shift = 1;
	now.area.flags = PVCLOCK_TSC_STABLE_BIT;
	now.tsc = 100 * SEC;
	now.area.tsc_timestamp = now.tsc - 50 * SEC;
	now.area.system_time = 1000 * SEC;
	now.ns = 1050 * SEC;
	now.epoch = EPOCH;
	KUNIT_EXPECT_FALSE(test, kvmclock_watch_feed(&watch, &now));
	return 0;
}

static bool after(s64 ns)
{
	bool told;

	now.tsc += ns;
	now.ns += ns;
	told = kvmclock_watch_feed(&watch, &now);
	now.stopped = false;
	now.forked = false;
	return told;
}

/* The area's clock jumps against the TSC, which the host writes down. */
static void area_jumps(s64 ns)
{
	now.ns += ns;
	now.area.tsc_timestamp = now.tsc;
	now.area.system_time = now.ns;
}

/* QEMU stops the guest and lets it go on: its clock stands still, the TSC does not. */
static void stop_for(s64 ns)
{
	now.tsc += ns;
	now.epoch += ns;
	area_jumps(0);
}

static void is_told(struct kunit *test, enum kvmclock_event_kind kind, s64 epoch_jump)
{
	u64 before = watch.count[kind];

	KUNIT_EXPECT_FALSE(test, after(750 * MS));
	KUNIT_EXPECT_TRUE(test, watch.open);
	KUNIT_EXPECT_TRUE(test, after(200 * MS));
	KUNIT_EXPECT_STREQ(test, kvmclock_event_name(watch.latest.kind), kvmclock_event_name(kind));
	KUNIT_EXPECT_EQ(test, watch.count[kind], before + 1);
	KUNIT_EXPECT_EQ(test, watch.latest.epoch_jump, epoch_jump);
}

static void pause_with_flag(struct kunit *test)
{
	stop_for(30 * SEC);
	now.stopped = true;
	is_told(test, KVMCLOCK_PAUSE, 30 * SEC);
	KUNIT_EXPECT_EQ(test, watch.latest.area_jump, -30 * SEC);
	KUNIT_EXPECT_EQ(test, watch.latest.sources,
			(unsigned int)(KVMCLOCK_FROM_FLAG | KVMCLOCK_FROM_EPOCH |
				       KVMCLOCK_FROM_AREA));
}

/* The built-in clock has cleared the flag before anybody could see it. */
static void pause_without_flag(struct kunit *test)
{
	stop_for(3 * SEC);
	is_told(test, KVMCLOCK_PAUSE, 3 * SEC);
}

/* A host that lets the clock run on while the guest is stopped. */
static void pause_by_flag_only(struct kunit *test)
{
	now.stopped = true;
	is_told(test, KVMCLOCK_PAUSE, 0);
}

/* The host's frequency is a little wrong: a pause does not become a restore. */
static void long_pause_with_slew(struct kunit *test)
{
	stop_for(3600 * SEC);
	now.epoch += SEC;
	now.stopped = true;
	is_told(test, KVMCLOCK_PAUSE, 3601 * SEC);
}

static void restore_with_flag(struct kunit *test)
{
	now.epoch += 40 * MS;
	now.stopped = true;
	area_jumps(MS);
	is_told(test, KVMCLOCK_RESTORE, 40 * MS);
}

/* Days later, and the flag was cleared before it was seen. */
static void restore_without_flag(struct kunit *test)
{
	now.epoch += 86400 * SEC;
	area_jumps(3 * MS);
	is_told(test, KVMCLOCK_RESTORE, 86400 * SEC);
}

/* On a host with another clock, whose TSC begins elsewhere. */
static void restore_with_another_tsc(struct kunit *test)
{
	now.epoch -= 5 * SEC;
	now.tsc -= 90 * SEC;
	area_jumps(0);
	is_told(test, KVMCLOCK_RESTORE, -5 * SEC);
	KUNIT_EXPECT_EQ(test, watch.latest.area_jump, 90 * SEC);
}

/* The clock was set ahead by what it had missed: the epoch is the same. */
static void restore_by_area_only(struct kunit *test)
{
	area_jumps(20 * SEC);
	is_told(test, KVMCLOCK_RESTORE, 0);
}

static void restore_by_vmfork_only(struct kunit *test)
{
	now.forked = true;
	is_told(test, KVMCLOCK_RESTORE, 0);
	KUNIT_EXPECT_EQ(test, watch.latest.sources, (unsigned int)KVMCLOCK_FROM_VMFORK);
}

/* The wall clock's answer was still the old host's when the area was the new one's. */
static void restore_in_two_steps(struct kunit *test)
{
	now.stopped = true;
	KUNIT_EXPECT_FALSE(test, after(750 * MS));
	now.epoch += 600 * SEC;
	KUNIT_EXPECT_TRUE(test, after(200 * MS));
	KUNIT_EXPECT_EQ(test, watch.latest.kind, KVMCLOCK_RESTORE);
	KUNIT_EXPECT_EQ(test, watch.count[KVMCLOCK_PAUSE], 0ULL);
}

static void host_sets_its_clock(struct kunit *test)
{
	now.epoch -= 3600 * SEC;
	is_told(test, KVMCLOCK_HOST_STEP, -3600 * SEC);
	KUNIT_EXPECT_FALSE(test, after(10 * SEC));
	now.epoch += 150 * MS;
	is_told(test, KVMCLOCK_HOST_STEP, 150 * MS);
	KUNIT_EXPECT_EQ(test, watch.largest, (u64)(3600 * SEC));
}

/* Where TSCs do not agree, areas are written all the time, and the TSC loses some. */
static void apart(struct kunit *test)
{
	unsigned int i;

	now.area.flags = 0;
	KUNIT_EXPECT_FALSE(test, after(SEC));
	for (i = 0; i < 20; i++) {
		area_jumps((i % 7) * 100 * MS);
		KUNIT_EXPECT_FALSE(test, after(750 * MS));
		KUNIT_EXPECT_FALSE(test, watch.open);
	}
	now.epoch += SEC;
	area_jumps(0);
	is_told(test, KVMCLOCK_HOST_STEP, SEC);
	KUNIT_EXPECT_FALSE(test, after(10 * SEC));
	stop_for(8 * SEC);
	now.stopped = true;
	is_told(test, KVMCLOCK_PAUSE, 8 * SEC);
	KUNIT_EXPECT_EQ(test, watch.latest.area_jump, 0LL);
	KUNIT_EXPECT_FALSE(test, after(10 * SEC));
	now.epoch += 8 * SEC;
	now.stopped = true;
	is_told(test, KVMCLOCK_RESTORE, 8 * SEC);
}

/* Ten minutes of a host that is disciplined by 500 ppm and writes its areas anew. */
static void nothing_happens(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < 800; i++) {
		now.epoch += 375000;
		if (i % 100 == 99)
			area_jumps(2 * MS);
		if (i == 400)
			now.epoch += 99 * MS;
		KUNIT_EXPECT_FALSE(test, after(750 * MS));
		KUNIT_EXPECT_FALSE(test, watch.open);
	}
	/* The timer was late, by an hour. */
	now.epoch += 1800 * MS;
	KUNIT_EXPECT_FALSE(test, after(3600 * SEC));
	KUNIT_EXPECT_FALSE(test, watch.open);
	KUNIT_EXPECT_FALSE(test, watch.told);
}

/* An area that was not written for ten days is corrected by what the two scales differ. */
static void old_area_is_written(struct kunit *test)
{
	KUNIT_EXPECT_FALSE(test, after(864000 * SEC));
	area_jumps(SEC);
	now.epoch -= SEC;
	KUNIT_EXPECT_FALSE(test, after(750 * MS));
	KUNIT_EXPECT_FALSE(test, watch.open);
}

/* There was nothing: it was one wrong answer. */
static void there_and_back(struct kunit *test)
{
	now.epoch += SEC;
	KUNIT_EXPECT_FALSE(test, after(750 * MS));
	KUNIT_EXPECT_TRUE(test, watch.open);
	now.epoch -= SEC;
	KUNIT_EXPECT_FALSE(test, after(200 * MS));
	KUNIT_EXPECT_FALSE(test, watch.told);
}

static void sources_within_five_seconds(struct kunit *test)
{
	now.forked = true;
	is_told(test, KVMCLOCK_RESTORE, 0);
	now.epoch += 4 * SEC;
	KUNIT_EXPECT_FALSE(test, after(750 * MS));
	now.stopped = true;
	KUNIT_EXPECT_FALSE(test, after(200 * MS));
	KUNIT_EXPECT_EQ(test, watch.absorbed, 2ULL);
	KUNIT_EXPECT_FALSE(test, after(SEC));
	now.stopped = true;
	is_told(test, KVMCLOCK_PAUSE, 0);
	KUNIT_EXPECT_EQ(test, watch.count[KVMCLOCK_RESTORE], 1ULL);
}

/* A snapshot that was taken just after an event is restored a day later. */
static void restored_within_five_seconds(struct kunit *test)
{
	now.stopped = true;
	is_told(test, KVMCLOCK_PAUSE, 0);
	now.epoch += 86400 * SEC;
	now.stopped = true;
	is_told(test, KVMCLOCK_RESTORE, 86400 * SEC);
}

/* Whatever it is: nothing overflows, every kind has a name. */
static void extremes(struct kunit *test)
{
	static const s64 values[] = { 0, 1, -1, SEC, S64_MAX, S64_MIN, S64_MIN + 1 };
	unsigned int e, a, t;

	for (e = 0; e < ARRAY_SIZE(values); e++)
		for (a = 0; a < ARRAY_SIZE(values); a++)
			for (t = 0; t < ARRAY_SIZE(values); t++) {
				now.epoch = values[e];
				now.ns = values[a];
				now.tsc = values[t];
				now.stopped = t & 1;
				kvmclock_watch_feed(&watch, &now);
				KUNIT_EXPECT_NOT_NULL(test, kvmclock_event_name(watch.latest.kind));
			}
	KUNIT_EXPECT_LE(test, watch.largest, (u64)S64_MAX);
}

static struct kunit_case event_cases[] = {
	KUNIT_CASE(pause_with_flag),
	KUNIT_CASE(pause_without_flag),
	KUNIT_CASE(pause_by_flag_only),
	KUNIT_CASE(long_pause_with_slew),
	KUNIT_CASE(restore_with_flag),
	KUNIT_CASE(restore_without_flag),
	KUNIT_CASE(restore_with_another_tsc),
	KUNIT_CASE(restore_by_area_only),
	KUNIT_CASE(restore_by_vmfork_only),
	KUNIT_CASE(restore_in_two_steps),
	KUNIT_CASE(host_sets_its_clock),
	KUNIT_CASE(apart),
	KUNIT_CASE(nothing_happens),
	KUNIT_CASE(old_area_is_written),
	KUNIT_CASE(there_and_back),
	KUNIT_CASE(sources_within_five_seconds),
	KUNIT_CASE(restored_within_five_seconds),
	KUNIT_CASE(extremes),
	{}
};

struct kunit_suite kvmclock_event_suite = {
	.name = "kvmclock_event",
	.init = event_init,
	.test_cases = event_cases,
};
