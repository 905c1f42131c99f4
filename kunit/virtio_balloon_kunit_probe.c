// SPDX-License-Identifier: GPL-2.0-only
/*
 * A probe that fails: suite virtio_balloon_probe. The driver lets go of the device, and
 * takes it the next time.
 */
#include <linux/mm.h>

#include "fail_nth.h"
#include "virtio_balloon_kunit.h"

static const u64 vbt_probe_features[] = {
	0, VBT_F_MODERN | VBT_F_EVENT | VBT_F_TELL, VBT_F_PACKED | VBT_F_INDIRECT,
};

/* Plugs in a device that is not taken, and then one that is. */
static void vbt_plug_twice(struct vbt *t)
{
	KUNIT_EXPECT_EQ(t->test, fv_plug(t->fv), 0);
	KUNIT_EXPECT_FALSE(t->test, fv_bound(t->fv));
	fv_unplug(t->fv);
	vbt_expect_gone(t);
	fv_behave(t->fv);
	vbt_plug(t);
	vbt_reach(t, 300);
	vbt_unplug(t);
}

static struct vbt *vbt_probe_new(struct kunit *test, u64 features)
{
	struct mb_params params = { .features = features, .mode = FV_RUN, .num_pages = 300 };

	return vbt_new(test, &params);
}

static void balloon_no_queues(struct kunit *test)
{
	unsigned int i;
	struct vbt *t;

	for (i = 0; i < ARRAY_SIZE(vbt_probe_features); i++) {
		t = vbt_probe_new(test, vbt_probe_features[i]);
		fv_fail(t->fv, FV_FAIL_FIND_VQS, 1);
		vbt_plug_twice(t);
	}
}

static void balloon_one_queue_missing(struct kunit *test)
{
	unsigned int i, nth;
	struct vbt *t;

	for (i = 0; i < ARRAY_SIZE(vbt_probe_features); i++) {
		for (nth = 1; nth <= 2; nth++) {
			t = vbt_probe_new(test, vbt_probe_features[i]);
			fv_fail(t->fv, FV_FAIL_VQ, nth);
			vbt_plug_twice(t);
		}
	}
}

static void balloon_features_refused(struct kunit *test)
{
	unsigned int i;
	struct vbt *t;

	for (i = 0; i < ARRAY_SIZE(vbt_probe_features); i++) {
		if (!(vbt_probe_features[i] & VBT_F_MODERN))
			continue;
		t = vbt_probe_new(test, vbt_probe_features[i]);
		fv_misbehave(t->fv, FV_EVIL_FEATURES_REFUSED, FV_ALL_QUEUES, 1);
		vbt_plug_twice(t);
	}
}

/* A device that claims to be in use, or is gone, is not started: virtio 1.3, 3.1.1. */
static void balloon_ready_already(struct kunit *test)
{
	unsigned int i;
	struct vbt *t;

	for (i = 0; i < ARRAY_SIZE(vbt_probe_features); i++) {
		t = vbt_probe_new(test, vbt_probe_features[i]);
		WRITE_ONCE(t->fv->status_lie, VIRTIO_CONFIG_S_DRIVER_OK);
		KUNIT_EXPECT_EQ(test, fv_plug(t->fv), 0);
		KUNIT_EXPECT_FALSE(test, fv_bound(t->fv));
		fv_unplug(t->fv);
		vbt_expect_gone(t);
		WRITE_ONCE(t->fv->status_lie, 0);
		vbt_plug(t);
		vbt_reach(t, 300);
		KUNIT_ASSERT_EQ(test, fv_freeze(t->fv), 0);
		WRITE_ONCE(t->fv->status_lie, VIRTIO_CONFIG_S_DRIVER_OK);
		KUNIT_EXPECT_NE(test, fv_restore(t->fv), 0);
		vbt_expect_gone(t);
		WRITE_ONCE(t->fv->status_lie, 0);
		vbt_unplug(t);
	}
}

/* Nothing is negotiated that the driver does not implement. */
static void balloon_features(struct kunit *test)
{
	struct mb_params params = {
		.features = VBT_F_MODERN | GENMASK_ULL(5, 0) | BIT_ULL(VIRTIO_F_ACCESS_PLATFORM),
		.mode = FV_RUN,
	};
	struct vbt *t = vbt_new(test, &params);

	unsigned int bit;

	vbt_plug(t);
	/* Free pages hold nothing that matters in this kernel. */
	for (bit = 0; bit <= VIRTIO_BALLOON_F_REPORTING; bit++)
		KUNIT_EXPECT_EQ_MSG(test, fv_negotiated(t->fv, bit),
				    bit != VIRTIO_BALLOON_F_PAGE_POISON, "bit %u", bit);
	/* What is in the buffers are physical addresses. */
	KUNIT_EXPECT_FALSE(test, fv_negotiated(t->fv, VIRTIO_F_ACCESS_PLATFORM));
	/* With DEFLATE_ON_OOM the guest keeps its size. */
	mb_set_target(t->mb, 600);
	KUNIT_EXPECT_TRUE(test, mb_wait_actual(t->mb, 600, VBT_MS));
	KUNIT_EXPECT_EQ(test, totalram_pages(), t->ram);
	mb_set_target(t->mb, 0);
	KUNIT_EXPECT_TRUE(test, mb_wait_actual(t->mb, 0, VBT_MS));
	vbt_unplug(t);
}

/* Statistics and events on memory shortage are not wanted. */
static void balloon_disabled(struct kunit *test)
{
	struct vbt *t = vbt_probe_new(test, VBT_F_MODERN | GENMASK_ULL(5, 0));

	KUNIT_EXPECT_EQ(test, fv_param_write("virtio_balloon", "disable_features", "0x200000006"),
			-EINVAL);
	KUNIT_ASSERT_EQ(test, fv_param_write("virtio_balloon", "disable_features", "6"), 0);
	vbt_plug(t);
	KUNIT_EXPECT_EQ(test, fv_param_write("virtio_balloon", "disable_features", "0"), 0);
	KUNIT_EXPECT_FALSE(test, fv_negotiated(t->fv, VIRTIO_BALLOON_F_STATS_VQ));
	KUNIT_EXPECT_FALSE(test, fv_negotiated(t->fv, VIRTIO_BALLOON_F_DEFLATE_ON_OOM));
	KUNIT_EXPECT_TRUE(test, fv_negotiated(t->fv, VIRTIO_BALLOON_F_REPORTING));
	vbt_reach(t, 300);
	vbt_unplug(t);
}

/* The configuration reads as ones at first: a target that is out of reach. */
static void balloon_ones_at_probe(struct kunit *test)
{
	struct vbt *t = vbt_probe_new(test, VBT_F_MODERN);

	fv_misbehave(t->fv, FV_EVIL_CONFIG_ONES, FV_ALL_QUEUES, 2);
	vbt_plug(t);
	KUNIT_EXPECT_TRUE(test, mb_wait_held(t->mb, 1, VBT_MS));
	vbt_reach(t, 300);
	vbt_unplug(t);
}

/* Each allocation of a probe fails once. */
static void vbt_probe_once(void *ctx)
{
	struct vbt *t = ctx;

	t->err = fv_plug(t->fv);
}

static void vbt_probed(struct kunit *test, void *ctx, bool failed)
{
	struct vbt *t = ctx;
	bool bound = fv_bound(t->fv);

	if (!failed) {
		KUNIT_EXPECT_EQ(test, t->err, 0);
		KUNIT_EXPECT_TRUE(test, bound);
	}
	if (bound)
		vbt_expect(t, 300);
	fv_unplug(t->fv);
	vbt_expect_gone(t);
}

static void balloon_probe_without_memory(struct kunit *test)
{
	struct vbt *t = vbt_probe_new(test, VBT_F_MODERN | VBT_F_TELL);
	unsigned int nr = fail_nth_loop(test, vbt_probe_once, vbt_probed, t, 2000);

	/* The balloon, its work queue, its chunks. */
	KUNIT_EXPECT_GE(test, nr, 64U);
}

static void vbt_restore_once(void *ctx)
{
	struct vbt *t = ctx;

	t->err = fv_restore(t->fv);
}

static void vbt_restored(struct kunit *test, void *ctx, bool failed)
{
	struct vbt *t = ctx;

	if (!failed)
		KUNIT_EXPECT_EQ(test, t->err, 0);
	if (!t->err)
		vbt_expect(t, 300);
	KUNIT_EXPECT_EQ(test, fv_freeze(t->fv), 0);
	vbt_expect_gone(t);
	/* After a failure the core of virtio keeps FAILED in the status, over the reset. */
	atomic_set(&t->fv->violations, 0);
}

/* Each allocation of a restore fails once, the next one works. */
static void balloon_restore_without_memory(struct kunit *test)
{
	struct vbt *t = vbt_probe_new(test, VBT_F_MODERN | VBT_F_TELL);

	vbt_plug(t);
	vbt_expect(t, 300);
	KUNIT_ASSERT_EQ(test, fv_freeze(t->fv), 0);
	KUNIT_EXPECT_GE(test, fail_nth_loop(test, vbt_restore_once, vbt_restored, t, 2000), 64U);
	vbt_unplug(t);
}

static struct kunit_case vbt_probe_cases[] = {
	KUNIT_CASE(balloon_no_queues),
	KUNIT_CASE(balloon_one_queue_missing),
	KUNIT_CASE(balloon_features_refused),
	KUNIT_CASE(balloon_ready_already),
	KUNIT_CASE(balloon_features),
	KUNIT_CASE(balloon_disabled),
	KUNIT_CASE(balloon_ones_at_probe),
	KUNIT_CASE(balloon_probe_without_memory),
	KUNIT_CASE(balloon_restore_without_memory),
	{ }
};

struct kunit_suite vbt_probe_suite = {
	.name = "virtio_balloon_probe",
	.suite_init = vbt_suite_init,
	.suite_exit = vbt_suite_exit,
	.test_cases = vbt_probe_cases,
};
