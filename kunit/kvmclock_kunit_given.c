// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is given to others: the real-time clock, the PTP clock, and CLOCK_REALTIME.
 */
#include <kunit/test.h>
#include <linux/limits.h>
#include <linux/ptp_clock_kernel.h>
#include <linux/rtc.h>
#include <linux/string.h>
#include <linux/time64.h>

#include <uapi/asm/kvm_para.h>

#include "../drivers/kvmclock/event.h"
#include "kvmclock_kunit.h"

#define WALL_SEC	1700000000LL

static int given_init(struct kunit *test)
{
	int err = clock_suite_init(test);

	src_sampler_forget();
	return err ? err : src_kvmclock_init();
}

static void given_exit(struct kunit *test)
{
	src_kvmclock_exit();
	src_step_set("off");
	clock_suite_exit(test);
}

static bool is_now(s64 sec)
{
	/* Its clock was at 1000 s when the test began. */
	return sec >= WALL_SEC + 1000 && sec < WALL_SEC + 1100;
}

static void rtc_is_the_hosts(struct kunit *test)
{
	struct rtc_time tm;

	KUNIT_ASSERT_EQ(test, src_rtc_ops()->read_time(NULL, &tm), 0);
	KUNIT_EXPECT_TRUE(test, is_now(rtc_tm_to_time64(&tm)));
	KUNIT_EXPECT_EQ(test, src_rtc_ops()->set_time(NULL, &tm), -EOPNOTSUPP);
	pvclock_host.wall_refused = true;
	KUNIT_EXPECT_EQ(test, src_rtc_ops()->read_time(NULL, &tm), -EIO);
}

static void ptp_without_pairing(struct kunit *test)
{
	struct ptp_system_timestamp sts = { };
	struct timespec64 ts;

	KUNIT_ASSERT_EQ(test, src_ptp_info()->gettimex64(src_ptp_info(), &ts, &sts), 0);
	KUNIT_EXPECT_TRUE(test, is_now(ts.tv_sec));
	KUNIT_EXPECT_LE(test, timespec64_compare(&sts.pre_ts, &sts.post_ts), 0);
	pvclock_host.wall_refused = true;
	KUNIT_EXPECT_EQ(test, src_ptp_info()->gettimex64(src_ptp_info(), &ts, NULL), -EIO);
}

static void ptp_with_pairing(struct kunit *test)
{
	u64 paired = kvmclock_ptp_moments(true), unpaired = kvmclock_ptp_moments(false);
	unsigned int asked = pvclock_host.wall_asked;
	struct timespec64 ts;

	pvclock_host.pairs = true;
	pvclock_host.pairing = (struct kvm_clock_pairing){ .sec = 1800000000, .nsec = 7 };
	KUNIT_ASSERT_EQ(test, src_ptp_info()->gettimex64(src_ptp_info(), &ts, NULL), 0);
	KUNIT_EXPECT_EQ(test, ts.tv_sec, 1800000000LL);
	KUNIT_EXPECT_EQ(test, ts.tv_nsec, 7L);
	KUNIT_EXPECT_EQ(test, pvclock_host.wall_asked, asked);
	KUNIT_EXPECT_EQ(test, kvmclock_ptp_moments(true), paired + 1);
	KUNIT_EXPECT_EQ(test, kvmclock_ptp_moments(false), unpaired);
}

/* What cannot be a time is none: the other way is taken. */
static void ptp_with_a_bad_pairing(struct kunit *test)
{
	static const struct kvm_clock_pairing bad[] = {
		{ .sec = 1, .nsec = NSEC_PER_SEC }, { .sec = 1, .nsec = -1 },
		{ .sec = -1, .nsec = 0 }, { .sec = S64_MAX, .nsec = 0 },
		{ .sec = KTIME_SEC_MAX, .nsec = 0 }, { .sec = 0, .nsec = 0 },
	};
	u64 paired = kvmclock_ptp_moments(true), unpaired = kvmclock_ptp_moments(false);
	struct timespec64 ts;
	unsigned int i;

	pvclock_host.pairs = true;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		pvclock_host.pairing = bad[i];
		KUNIT_ASSERT_EQ(test, src_ptp_info()->gettimex64(src_ptp_info(), &ts, NULL), 0);
		KUNIT_EXPECT_TRUE(test, is_now(ts.tv_sec));
	}
	KUNIT_EXPECT_EQ(test, kvmclock_ptp_moments(true), paired);
	KUNIT_EXPECT_EQ(test, kvmclock_ptp_moments(false), unpaired + ARRAY_SIZE(bad));
}

/* In this guest the clock is current as soon as the kernel has chosen it. */
static void ptp_cross_time_stamps(struct kunit *test)
{
	struct system_device_crosststamp stamp = { };
	int err = src_ptp_info()->getcrosststamp(src_ptp_info(), &stamp);

	if (err == -EOPNOTSUPP)
		kunit_skip(test, "another clocksource is current, or has no id on this kernel");
	KUNIT_ASSERT_EQ(test, err, 0);
	KUNIT_EXPECT_TRUE(test, is_now(ktime_divns(stamp.device, NSEC_PER_SEC)));
}

static void ptp_cannot_be_set(struct kunit *test)
{
	struct ptp_clock_info *info = src_ptp_info();
	struct timespec64 ts = { };

	KUNIT_EXPECT_EQ(test, info->settime64(info, &ts), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, info->adjtime(info, 1), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, info->adjfine(info, 1), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, info->enable(info, NULL, 1), -EOPNOTSUPP);
}

static void happens(enum kvmclock_event_kind kind, s64 jump)
{
	struct kvmclock_event event = { .kind = kind, .epoch_jump = jump };

	pvclock_hooks.stepped.tv_sec = 0;
	kvmclock_step(src_kvmclock_device(), &event);
}

static bool stepped(void)
{
	return is_now(pvclock_hooks.stepped.tv_sec);
}

static void steps_when_asked(struct kunit *test)
{
	happens(KVMCLOCK_RESTORE, 0);
	KUNIT_EXPECT_FALSE(test, stepped());
	KUNIT_EXPECT_EQ(test, src_step_set("restore"), 0);
	happens(KVMCLOCK_RESTORE, 0);
	KUNIT_EXPECT_TRUE(test, stepped());
	KUNIT_EXPECT_EQ(test, pvclock_hooks.uevents, 1U);
	KUNIT_EXPECT_NOT_NULL(test, strstr(pvclock_hooks.uevent, "KVMCLOCK_EVENT=wall-step\n"));
	happens(KVMCLOCK_PAUSE, NSEC_PER_SEC);
	KUNIT_EXPECT_FALSE(test, stepped());
	happens(KVMCLOCK_PAUSE, NSEC_PER_SEC + 1);
	KUNIT_EXPECT_TRUE(test, stepped());
	happens(KVMCLOCK_HOST_STEP, 100LL * NSEC_PER_SEC);
	KUNIT_EXPECT_FALSE(test, stepped());
	KUNIT_EXPECT_EQ(test, src_step_set("always"), 0);
	happens(KVMCLOCK_HOST_STEP, 0);
	KUNIT_EXPECT_TRUE(test, stepped());
	pvclock_host.wall_refused = true;
	happens(KVMCLOCK_RESTORE, 0);
	KUNIT_EXPECT_FALSE(test, stepped());
	KUNIT_EXPECT_EQ(test, src_step_set("sometimes"), -EINVAL);
	KUNIT_EXPECT_EQ(test, src_step_set(""), -EINVAL);
}

/* Encrypted memory: the host is not believed, unless forced. */
static void confidential(struct kunit *test)
{
	src_kvmclock_unbind();
	pvclock_hooks.confidential = true;
	KUNIT_EXPECT_EQ(test, src_step_set("always"), 0);
	KUNIT_EXPECT_FALSE(test, kvmclock_host_trusted());
	pvclock_hooks.stepped.tv_sec = 0;
	KUNIT_EXPECT_EQ(test, src_kvmclock_bind(), 0);
	KUNIT_EXPECT_FALSE(test, stepped());
	KUNIT_EXPECT_FALSE(test, src_ptp_registered());
	KUNIT_EXPECT_FALSE(test, src_rtc_registered());
	happens(KVMCLOCK_RESTORE, 0);
	KUNIT_EXPECT_FALSE(test, stepped());
	src_kvmclock_unbind();
	src_step_trust(true);
	KUNIT_EXPECT_EQ(test, src_kvmclock_bind(), 0);
	KUNIT_EXPECT_TRUE(test, stepped());
	KUNIT_EXPECT_TRUE(test, src_ptp_registered());
	KUNIT_EXPECT_TRUE(test, src_rtc_registered());
	src_step_trust(false);
	src_kvmclock_unbind();
	pvclock_hooks.confidential = false;
	KUNIT_EXPECT_EQ(test, src_kvmclock_bind(), 0);
}

static struct kunit_case given_cases[] = {
	KUNIT_CASE(rtc_is_the_hosts),
	KUNIT_CASE(ptp_without_pairing),
	KUNIT_CASE(ptp_with_pairing),
	KUNIT_CASE(ptp_with_a_bad_pairing),
	KUNIT_CASE(ptp_cross_time_stamps),
	KUNIT_CASE(ptp_cannot_be_set),
	KUNIT_CASE(steps_when_asked),
	KUNIT_CASE(confidential),
	{}
};

struct kunit_suite kvmclock_given_suite = {
	.name = "kvmclock_given",
	.init = given_init,
	.exit = given_exit,
	.test_cases = given_cases,
};
