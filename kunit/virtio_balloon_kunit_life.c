// SPDX-License-Identifier: GPL-2.0-only
/*
 * The end of a balloon, at any level: suite virtio_balloon_life. Every page comes back
 * exactly once.
 */
#include <linux/device.h>
#include <linux/mm.h>
#include <linux/random.h>

#include "virtio_balloon_kunit.h"

static const u32 vbt_levels[] = { 0, 1, 300, 5000 };

/* The levels of each case, and one that is on its way. */
static struct vbt *vbt_filled(struct kunit *test, unsigned int level)
{
	struct vbt *t = vbt_new_ring(test, FV_RUN);

	if (level < ARRAY_SIZE(vbt_levels)) {
		vbt_reach(t, vbt_levels[level]);
	} else {
		mb_set_target(t->mb, 6000);
		mb_wait_held(t->mb, 1000, VBT_MS);
	}
	return t;
}

static void balloon_unplug(struct kunit *test)
{
	unsigned int level;

	for (level = 0; level <= ARRAY_SIZE(vbt_levels); level++)
		vbt_unplug(vbt_filled(test, level));
}

static void balloon_surprise_unplug(struct kunit *test)
{
	unsigned int level;
	struct vbt *t;

	for (level = 0; level <= ARRAY_SIZE(vbt_levels); level++) {
		t = vbt_filled(test, level);
		fv_surprise_unplug(t->fv);
		vbt_expect_gone(t);
	}
}

/* The device is told about each page, for it may go on without the driver. */
static void balloon_unbind(struct kunit *test)
{
	struct vbt *t = vbt_filled(test, 0);
	unsigned int i;

	for (i = 1; i < ARRAY_SIZE(vbt_levels); i++) {
		vbt_reach(t, vbt_levels[i]);
		device_release_driver(&t->fv->vdev.dev);
		KUNIT_EXPECT_EQ(test, mb_actual(t->mb), 0U);
		KUNIT_EXPECT_EQ(test, t->mb->inflated, t->mb->deflated);
		vbt_expect_gone(t);
		KUNIT_EXPECT_EQ(test, device_attach(&t->fv->vdev.dev), 1);
		vbt_expect(t, vbt_levels[i]);
	}
	vbt_unplug(t);
}

static void balloon_freeze(struct kunit *test)
{
	unsigned int level;
	struct vbt *t;

	for (level = 0; level <= ARRAY_SIZE(vbt_levels); level++) {
		t = vbt_filled(test, level);
		KUNIT_ASSERT_EQ(test, fv_freeze(t->fv), 0);
		vbt_expect_gone(t);
		mb_set_target_silently(t->mb, 321);
		KUNIT_ASSERT_EQ(test, fv_restore(t->fv), 0);
		vbt_expect(t, 321);
		vbt_reach(t, 40);
		vbt_unplug(t);
	}
}

/* Nothing is taken from the guest while it sleeps. */
static void balloon_frozen_is_quiet(struct kunit *test)
{
	struct vbt *t = vbt_filled(test, 2);

	KUNIT_ASSERT_EQ(test, fv_freeze(t->fv), 0);
	mb_set_target(t->mb, 1000);
	msleep(50);
	vbt_expect_gone(t);
	KUNIT_ASSERT_EQ(test, fv_restore(t->fv), 0);
	vbt_expect(t, 1000);
	vbt_unplug(t);
}

/* The queues cannot be made again: there is no balloon, and no harm. */
static void balloon_restore_fails(struct kunit *test)
{
	struct vbt *t = vbt_filled(test, 2);

	KUNIT_ASSERT_EQ(test, fv_freeze(t->fv), 0);
	fv_fail(t->fv, FV_FAIL_FIND_VQS, 1);
	KUNIT_EXPECT_NE(test, fv_restore(t->fv), 0);
	vbt_expect_gone(t);
	mb_set_target(t->mb, 1000);
	msleep(20);
	vbt_unplug(t);
}

/* After a restore that failed the machine may sleep again, and wake up well. */
static void balloon_restore_fails_once(struct kunit *test)
{
	struct vbt *t = vbt_filled(test, 2);

	KUNIT_ASSERT_EQ(test, fv_freeze(t->fv), 0);
	fv_fail(t->fv, FV_FAIL_FIND_VQS, 1);
	KUNIT_EXPECT_NE(test, fv_restore(t->fv), 0);
	KUNIT_EXPECT_EQ(test, fv_freeze(t->fv), 0);
	KUNIT_EXPECT_EQ(test, fv_restore(t->fv), 0);
	/* The core of virtio has kept FAILED in the status, over the reset. */
	atomic_set(&t->fv->violations, 0);
	vbt_expect(t, 300);
	vbt_unplug(t);
}

/* Plugged and unplugged while the target moves. */
static void balloon_replug(struct kunit *test)
{
	unsigned int i;
	struct vbt *t;

	for (i = 0; i < 12; i++) {
		t = vbt_new_ring(test, FV_RUN);
		mb_set_target(t->mb, get_random_u32() % 5000);
		if (i % 4)
			usleep_range(i * 300, i * 500);
		if (i % 3)
			mb_set_target(t->mb, get_random_u32() % 500);
		if (i % 2) {
			vbt_unplug(t);
		} else {
			fv_surprise_unplug(t->fv);
			vbt_expect_gone(t);
		}
	}
}

/* The device resets on unbind even if it stopped listening long ago. */
static void balloon_unplug_with_requests(struct kunit *test)
{
	struct vbt *t = vbt_new_ring(test, FV_MANUAL);

	mb_set_target(t->mb, 5000);
	KUNIT_EXPECT_EQ(test, vbt_step(t, MB_INFLATE, 4), 4U);
	mb_set_target(t->mb, 0);
	KUNIT_EXPECT_EQ(test, vbt_step(t, MB_DEFLATE, 1), 1U);
	fv_surprise_unplug(t->fv);
	vbt_expect_gone(t);
}

static struct kunit_case vbt_life_cases[] = {
	KUNIT_CASE_PARAM(balloon_unplug, vbt_few_params),
	KUNIT_CASE_PARAM(balloon_surprise_unplug, vbt_few_params),
	KUNIT_CASE_PARAM(balloon_unbind, vbt_few_params),
	KUNIT_CASE_PARAM(balloon_freeze, vbt_few_params),
	KUNIT_CASE_PARAM(balloon_frozen_is_quiet, vbt_few_params),
	KUNIT_CASE_PARAM(balloon_restore_fails, vbt_few_params),
	KUNIT_CASE_PARAM(balloon_restore_fails_once, vbt_few_params),
	KUNIT_CASE_PARAM(balloon_replug, vbt_few_params),
	KUNIT_CASE_PARAM(balloon_unplug_with_requests, vbt_ring_params),
	{ }
};

struct kunit_suite vbt_life_suite = {
	.name = "virtio_balloon_life",
	.suite_init = vbt_suite_init,
	.suite_exit = vbt_suite_exit,
	.test_cases = vbt_life_cases,
};
