// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of virtio_blk: binding that fails, sleep, and removal, with requests under way.
 * Whatever happens, each request ends once, and not before the device has let go of it.
 */
#include <kunit/test.h>
#include <linux/blkdev.h>
#include <linux/delay.h>
#include <linux/workqueue.h>

#include "fail_nth.h"
#include "virtio_blk_kunit.h"

FV_ARRAY_PARAM(vb_ring, vb_rings, vb_ring_desc);

#define VB_SOME		12

/* Requests that the device has taken and keeps, and as many that wait behind them. */
static void vb_hold_some(struct vb *vb, struct vb_io **ios)
{
	struct bm_rule hold = { VB_SOME, BM_ANY_TYPE, BM_ANY_SECTOR, BM_HOLD, 0 };
	unsigned int i;

	for (i = 0; i < VB_SOME; i++)
		vb_write(vb, i * 64, 8192, 1);
	bm_add_rule(vb->bm, &hold);
	for (i = 0; i < VB_SOME; i++) {
		ios[i] = vb_io(vb, i % 2 ? REQ_OP_WRITE : REQ_OP_READ, i * 64, 6144,
			       i % 3 ? 512 : 4096);
		if (i % 2)
			vb_io_fill(ios[i], 2);
		vb_submit(ios[i]);
	}
	KUNIT_ASSERT_TRUE(vb->test, bm_wait_held(vb->bm, VB_SOME, VB_WAIT_MS));
	KUNIT_EXPECT_FALSE(vb->test, vb_wait(ios[0], VB_CALM_MS));
}

static void vb_expect_done(struct vb *vb, struct vb_io **ios)
{
	unsigned int i;

	for (i = 0; i < VB_SOME; i++) {
		KUNIT_ASSERT_TRUE_MSG(vb->test, vb_wait(ios[i], VB_WAIT_MS), "request %u", i);
		KUNIT_EXPECT_EQ(vb->test, (__force u8)ios[i]->status, 0);
		if (i % 2)
			vb_on_disk(vb, i * 64, 6144, 2);
		else
			KUNIT_EXPECT_TRUE(vb->test, vb_io_matches(ios[i], 1));
	}
	vb_ended_once(vb);
}

/* All of them with an error, and none before the reset number @resets. */
static void vb_expect_failed(struct vb *vb, struct vb_io **ios, unsigned int resets)
{
	unsigned int i;

	for (i = 0; i < VB_SOME; i++) {
		KUNIT_ASSERT_TRUE_MSG(vb->test, vb_wait(ios[i], VB_WAIT_MS), "request %u", i);
		KUNIT_EXPECT_EQ(vb->test, (__force u8)ios[i]->status, (__force u8)BLK_STS_IOERR);
		KUNIT_EXPECT_GE_MSG(vb->test, ios[i]->resets, resets,
				    "request %u ended while the device had it", i);
	}
	vb_ended_once(vb);
}

static void vb_test_sleep(struct kunit *test)
{
	struct vb *vb = vb_start_ring(test);
	struct vb_io *ios[VB_SOME];
	unsigned int i;

	for (i = 0; i < 3; i++) {
		vb_hold_some(vb, ios);
		KUNIT_ASSERT_EQ(test, fv_freeze(vb->fv), 0);
		KUNIT_EXPECT_EQ(test, atomic_read(&ios[0]->ended), 0);
		KUNIT_EXPECT_EQ(test, atomic_read(&ios[VB_SOME - 1]->ended), 0);
		bm_clear_rules(vb->bm);
		KUNIT_ASSERT_EQ(test, fv_restore(vb->fv), 0);
		vb_expect_done(vb, ios);
	}
}

/* Sent while the device is away: they wait for it. */
static void vb_test_sleep_queue(struct kunit *test)
{
	struct vb *vb = vb_start_ring(test);
	struct vb_io *ios[VB_SOME];
	unsigned int i;

	for (i = 0; i < VB_SOME; i++)
		vb_write(vb, i * 64, 8192, 1);
	KUNIT_ASSERT_EQ(test, fv_freeze(vb->fv), 0);
	for (i = 0; i < VB_SOME; i++) {
		ios[i] = vb_io(vb, i % 2 ? REQ_OP_WRITE : REQ_OP_READ, i * 64, 6144, 512);
		if (i % 2)
			vb_io_fill(ios[i], 2);
		vb_submit(ios[i]);
	}
	KUNIT_EXPECT_FALSE(test, vb_wait(ios[0], VB_CALM_MS));
	KUNIT_ASSERT_EQ(test, fv_restore(vb->fv), 0);
	vb_expect_done(vb, ios);
}

/* The cache and the size may be others after sleep. */
static void vb_test_sleep_change(struct kunit *test)
{
	struct vb *vb = vb_start_ring(test);
	struct bm_conf conf;
	unsigned int i;

	KUNIT_EXPECT_GT(test, vb_attr_store(vb, "cache_type", "write through"), 0);
	KUNIT_ASSERT_EQ(test, fv_freeze(vb->fv), 0);
	conf = vb->bm->conf;
	conf.writeback = 1;
	conf.capacity = 65536;
	bm_set_conf(vb->bm, &conf);
	KUNIT_ASSERT_EQ(test, fv_restore(vb->fv), 0);
	KUNIT_EXPECT_EQ(test, vb->bm->conf.writeback, 0);
	for (i = 0; i < VB_WAIT_MS && bdev_nr_sectors(vb->bdev) != 65536; i++)
		usleep_range(1000, 2000);
	KUNIT_EXPECT_EQ(test, (u64)bdev_nr_sectors(vb->bdev), 65536);
	vb_write(vb, 65528, 4096, 1);
	bm_power_cut(vb->bm);
	vb_on_disk(vb, 65528, 4096, 1);

	/* And a device that comes back with a cache that cannot be switched off. */
	KUNIT_ASSERT_EQ(test, fv_freeze(vb->fv), 0);
	conf.writeback = 1;
	bm_set_conf(vb->bm, &conf);
	vb->bm->cache_stuck = true;
	KUNIT_ASSERT_EQ(test, fv_restore(vb->fv), 0);
	for (i = 0; i < VB_WAIT_MS && !bdev_write_cache(vb->bdev); i++)
		usleep_range(1000, 2000);
	KUNIT_EXPECT_TRUE(test, bdev_write_cache(vb->bdev));
}

/* The device does not come back: what waits for it fails, and removal works. */
static void vb_test_sleep_dead(struct kunit *test)
{
	struct vb *vb = vb_start_ring(test);
	struct vb_io *ios[VB_SOME];

	vb_hold_some(vb, ios);
	KUNIT_ASSERT_EQ(test, fv_freeze(vb->fv), 0);
	bm_clear_rules(vb->bm);
	fv_fail(vb->fv, FV_FAIL_FIND_VQS, 1);
	KUNIT_EXPECT_NE(test, fv_restore(vb->fv), 0);
	vb_expect_failed(vb, ios, vb->fv->resets ? 1 : 0);
	KUNIT_EXPECT_NE(test, (__force u8)vb_do(vb_io(vb, REQ_OP_READ, 0, 512, 0)), 0);
}

/* The device claims to be in use before it is started (virtio 1.3, 3.1.1), or is gone. */
static void vb_test_sleep_ready(struct kunit *test)
{
	struct vb *vb = vb_start_ring(test);
	struct vb_io *ios[VB_SOME];

	vb_hold_some(vb, ios);
	KUNIT_ASSERT_EQ(test, fv_freeze(vb->fv), 0);
	bm_clear_rules(vb->bm);
	WRITE_ONCE(vb->fv->status_lie, VIRTIO_CONFIG_S_DRIVER_OK);
	KUNIT_EXPECT_NE(test, fv_restore(vb->fv), 0);
	vb_expect_failed(vb, ios, vb->fv->resets ? 1 : 0);
	KUNIT_EXPECT_NE(test, (__force u8)vb_do(vb_io(vb, REQ_OP_READ, 0, 512, 0)), 0);
	WRITE_ONCE(vb->fv->status_lie, 0);
}

/* Frozen, and never thawed again. */
static void vb_test_sleep_remove(struct kunit *test)
{
	struct vb *vb = vb_start_ring(test);
	struct vb_io *ios[VB_SOME];
	unsigned int resets;

	vb_hold_some(vb, ios);
	resets = vb->fv->resets;
	KUNIT_ASSERT_EQ(test, fv_freeze(vb->fv), 0);
	fv_unplug(vb->fv);
	vb_expect_failed(vb, ios, resets + 1);
}

struct vb_release {
	struct delayed_work work;
	struct vb *vb;
};

static void vb_release_work(struct work_struct *work)
{
	struct vb_release *r = container_of(to_delayed_work(work), struct vb_release, work);

	bm_clear_rules(r->vb->bm);
	bm_release(r->vb->bm, FV_RANDOM, UINT_MAX);
}

/* An orderly removal waits for a device that is only slow. */
static void vb_test_unplug_busy(struct kunit *test)
{
	struct vb *vb = vb_start_ring(test);
	struct vb_io *ios[VB_SOME];
	struct vb_release r = { .vb = vb };

	vb_hold_some(vb, ios);
	INIT_DELAYED_WORK_ONSTACK(&r.work, vb_release_work);
	schedule_delayed_work(&r.work, msecs_to_jiffies(100));
	fv_unplug(vb->fv);
	cancel_delayed_work_sync(&r.work);
	destroy_delayed_work_on_stack(&r.work);
	vb_expect_done(vb, ios);
	KUNIT_EXPECT_NE(test, (__force u8)vb_do(vb_io(vb, REQ_OP_READ, 0, 512, 0)), 0);
}

static void vb_test_unplug_idle(struct kunit *test)
{
	struct vb *vb = vb_start_ring(test);
	unsigned int i;

	for (i = 0; i < 4; i++) {
		vb_write(vb, 0, 4096, i);
		vb_close(vb);
		fv_unplug(vb->fv);
		KUNIT_ASSERT_FALSE(test, fv_bound(vb->fv));
		KUNIT_ASSERT_EQ(test, fv_plug(vb->fv), 0);
		vb_open(vb);
		vb_read(vb, 0, 4096, i);
	}
}

/* Torn out: everything fails at once, but not before the reset. */
static void vb_test_surprise(struct kunit *test)
{
	struct vb *vb = vb_start_ring(test);
	struct vb_io *ios[VB_SOME];
	unsigned long start;
	unsigned int resets;

	vb_hold_some(vb, ios);
	resets = vb->fv->resets;
	start = jiffies;
	fv_surprise_unplug(vb->fv);
	KUNIT_EXPECT_TRUE(test, time_before(jiffies, start + 50 * HZ));
	vb_expect_failed(vb, ios, resets + 1);
	KUNIT_EXPECT_NE(test, (__force u8)vb_do(vb_io(vb, REQ_OP_READ, 0, 512, 0)), 0);
	vb_close(vb);
}

/* A stuck reset keeps the memory of the requests: the device may still write to it. */
static void vb_unplug_work(struct work_struct *work)
{
	struct vb_release *r = container_of(to_delayed_work(work), struct vb_release, work);

	fv_unplug(r->vb->fv);
}

static void vb_test_reset_stuck(struct kunit *test)
{
	struct vb *vb = vb_start_ring(test);
	struct vb_release r = { .vb = vb };
	struct vb_io *ios[VB_SOME];
	unsigned int i;

	vb_hold_some(vb, ios);
	fv_misbehave(vb->fv, FV_EVIL_RESET_STUCK, FV_ALL_QUEUES, 1);
	/* Nobody waits for the requests then. */
	virtio_break_device(&vb->fv->vdev);
	INIT_DELAYED_WORK_ONSTACK(&r.work, vb_unplug_work);
	schedule_delayed_work(&r.work, 0);
	msleep(300);
	for (i = 0; i < VB_SOME; i++)
		KUNIT_EXPECT_EQ(test, atomic_read(&ios[i]->ended), 0);
	fv_release_reset(vb->fv);
	flush_delayed_work(&r.work);
	destroy_delayed_work_on_stack(&r.work);
	vb_expect_failed(vb, ios, 1);
}

/* Each thing that can fail while the driver binds; afterwards it binds. */
static void vb_test_probe_fails(struct kunit *test)
{
	static const struct {
		enum fv_failure what;
		unsigned int nth;
	} fails[] = {
		{ FV_FAIL_FIND_VQS, 1 }, { FV_FAIL_VQ, 1 }, { FV_FAIL_VQ, 2 },
	};
	struct bm_params params;
	unsigned int i;
	struct vb *vb;

	vb_params(&params, test->param_value);
	vb = vb_create(test, &params);
	for (i = 0; i < ARRAY_SIZE(fails); i++) {
		if (fails[i].what == FV_FAIL_VQ && fails[i].nth > nr_cpu_ids)
			continue;
		fv_fail(vb->fv, fails[i].what, fails[i].nth);
		fv_plug(vb->fv);
		KUNIT_EXPECT_FALSE_MSG(test, fv_bound(vb->fv), "failure %u", i);
		fv_unplug(vb->fv);
	}
	if (params.features & BIT_ULL(VIRTIO_F_VERSION_1)) {
		fv_misbehave(vb->fv, FV_EVIL_FEATURES_REFUSED, FV_ALL_QUEUES, 1);
		fv_plug(vb->fv);
		KUNIT_EXPECT_FALSE(test, fv_bound(vb->fv));
		fv_unplug(vb->fv);
	}
	WRITE_ONCE(vb->fv->status_lie, VIRTIO_CONFIG_S_DRIVER_OK);
	fv_plug(vb->fv);
	KUNIT_EXPECT_FALSE(test, fv_bound(vb->fv));
	fv_unplug(vb->fv);
	WRITE_ONCE(vb->fv->status_lie, 0);
	KUNIT_ASSERT_EQ(test, fv_plug(vb->fv), 0);
	vb_open(vb);
	vb_write(vb, 0, 4096, 1);
	vb_read(vb, 0, 4096, 1);
}

/* Each allocation that binding makes fails once in turn. */
static void vb_nth_plug(void *ctx)
{
	struct vb *vb = ctx;

	fv_plug(vb->fv);
}

static void vb_nth_look(struct kunit *test, void *ctx, bool failed)
{
	struct vb *vb = ctx;

	/* A disk without some attribute is still a disk. */
	if (!failed)
		KUNIT_EXPECT_TRUE(test, fv_bound(vb->fv));
	if (!failed) {
		vb_open(vb);
		vb_write(vb, 0, 4096, 1);
		vb_read(vb, 0, 4096, 1);
		vb_close(vb);
	}
	fv_unplug(vb->fv);
}

static void vb_test_probe_nth(struct kunit *test)
{
	struct bm_params params;
	struct bm *other;
	struct vb *vb;

	vb_params(&params, &vb_rings[3]);
	/*
	 * The first disk of all makes the block layer create a cache for its bios, and
	 * SLUB loses the name of one that it cannot show in sysfs.
	 */
	other = bm_create(test, &params);
	KUNIT_ASSERT_NOT_NULL(test, other);
	KUNIT_EXPECT_EQ(test, fv_plug(other->fv), 0);
	vb = vb_create(test, &params);
	KUNIT_EXPECT_GE(test, fail_nth_loop(test, vb_nth_plug, vb_nth_look, vb, 2000), 10);
	bm_destroy(other);
}

static struct kunit_case vb_cases[] = {
	KUNIT_CASE_PARAM(vb_test_sleep, vb_ring_gen_params),
	KUNIT_CASE_PARAM(vb_test_sleep_queue, vb_ring_gen_params),
	KUNIT_CASE_PARAM(vb_test_sleep_change, vb_ring_gen_params),
	KUNIT_CASE_PARAM(vb_test_sleep_dead, vb_ring_gen_params),
	KUNIT_CASE_PARAM(vb_test_sleep_ready, vb_ring_gen_params),
	KUNIT_CASE_PARAM(vb_test_sleep_remove, vb_ring_gen_params),
	KUNIT_CASE_PARAM(vb_test_unplug_busy, vb_ring_gen_params),
	KUNIT_CASE_PARAM(vb_test_unplug_idle, vb_ring_gen_params),
	KUNIT_CASE_PARAM(vb_test_surprise, vb_ring_gen_params),
	KUNIT_CASE_PARAM(vb_test_reset_stuck, vb_ring_gen_params),
	KUNIT_CASE_PARAM(vb_test_probe_fails, vb_ring_gen_params),
	KUNIT_CASE(vb_test_probe_nth),
	{ }
};

static struct kunit_suite vb_life_suite = {
	.name = "virtio_blk_life",
	.exit = vb_exit,
	.test_cases = vb_cases,
};

kunit_test_suite(vb_life_suite);
