// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of virtio_blk: requests that are late, and resets under load. Whatever is done
 * about them, no request ends while the device may still write to its pages.
 */
#include <kunit/test.h>
#include <linux/blkdev.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/sched.h>
#include <linux/virtio_ring.h>
#include <linux/workqueue.h>

#include "virtio_blk_kunit.h"

static const struct vb_ring vb_few_rings[] = {
	{ "split,indirect,event_idx", BIT_ULL(VIRTIO_F_VERSION_1) |
	  BIT_ULL(VIRTIO_RING_F_INDIRECT_DESC) | BIT_ULL(VIRTIO_RING_F_EVENT_IDX) },
	{ "packed", BIT_ULL(VIRTIO_F_VERSION_1) | BIT_ULL(VIRTIO_F_RING_PACKED) },
	{ "legacy", 0 },
};

FV_ARRAY_PARAM(vb_ring, vb_few_rings, vb_ring_desc);

/* For what takes long and has nothing to do with the kind of rings. */
static const struct vb_ring vb_one_ring[] = {
	{ "packed", BIT_ULL(VIRTIO_F_VERSION_1) | BIT_ULL(VIRTIO_F_RING_PACKED) },
};

FV_ARRAY_PARAM(vb_one_ring, vb_one_ring, vb_ring_desc);

#define VB_SOME		12

static void vb_expect_attr(struct vb *vb, const char *name, const char *value)
{
	char *buf = kunit_kzalloc(vb->test, PAGE_SIZE, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(vb->test, buf);
	KUNIT_EXPECT_GT(vb->test, vb_attr_show(vb, name, buf), 0);
	KUNIT_EXPECT_STREQ_MSG(vb->test, buf, value, "%s", name);
}

static void vb_wait_attr(struct vb *vb, const char *name, const char *value)
{
	char *buf = kunit_kzalloc(vb->test, PAGE_SIZE, GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(vb->test, buf);
	for (i = 0; i < 1000; i++) {
		KUNIT_ASSERT_GT(vb->test, vb_attr_show(vb, name, buf), 0);
		if (!strcmp(buf, value))
			return;
		msleep(20);
	}
	KUNIT_FAIL(vb->test, "%s is %s", name, buf);
}

/* A disk whose requests are late after a second. */
static struct vb *vb_start_timed(struct kunit *test, const char *action)
{
	struct vb *vb = vb_start_ring(test);

	KUNIT_ASSERT_GT(test, vb_attr_store(vb, "io_timeout", "1\n"), 0);
	KUNIT_ASSERT_GT(test, vb_attr_store(vb, "timeout_action", action), 0);
	return vb;
}

/* In which requests of such a disk become late, whenever the block layer has looked last. */
#define VB_CORE_MS	6000

/* The device takes the next requests, sent again or not, and keeps them. */
static void vb_hold_next(struct vb *vb)
{
	struct bm_rule hold = { VB_SOME, BM_ANY_TYPE, BM_ANY_SECTOR, BM_HOLD, 0 };

	bm_add_rule(vb->bm, &hold);
}

/*
 * Requests that the device has taken and keeps: reads, and writes of which the later
 * one of each two overwrites the earlier one.
 */
static void vb_hold_some(struct vb *vb, struct vb_io **ios)
{
	unsigned int i;

	for (i = 0; i < VB_SOME; i++)
		vb_write(vb, i * 64, 8192, 1);
	KUNIT_EXPECT_TRUE(vb->test, fv_wait_idle(vb->fv, VB_WAIT_MS));
	vb_hold_next(vb);
	/* All in one queue, so that there is an order. */
	KUNIT_ASSERT_EQ(vb->test, set_cpus_allowed_ptr(current, cpumask_of(0)), 0);
	for (i = 0; i < VB_SOME; i++) {
		ios[i] = vb_io(vb, i % 2 ? REQ_OP_WRITE : REQ_OP_READ,
			       i % 2 ? (i / 4 * 4 + 1) * 64 : i * 64, 6144,
			       i % 3 ? 512 : 4096);
		if (i % 2)
			vb_io_fill(ios[i], i);
		vb_submit(ios[i]);
	}
	set_cpus_allowed_ptr(current, cpu_possible_mask);
	KUNIT_ASSERT_TRUE(vb->test, bm_wait_held(vb->bm, VB_SOME, VB_WAIT_MS));
}

static void vb_expect_done(struct vb *vb, struct vb_io **ios)
{
	unsigned int i;

	for (i = 0; i < VB_SOME; i++) {
		KUNIT_ASSERT_TRUE_MSG(vb->test, vb_wait(ios[i], VB_WAIT_MS), "request %u", i);
		KUNIT_EXPECT_EQ(vb->test, (__force u8)ios[i]->status, 0);
		if (i % 2 == 0)
			KUNIT_EXPECT_TRUE(vb->test, vb_io_matches(ios[i], 1));
		else if (i % 4 == 3)
			vb_on_disk(vb, ios[i]->sector, 6144, i);
	}
	vb_ended_once(vb);
}

/* All of them with an error, and none before the reset number @resets. */
static void vb_expect_failed(struct vb *vb, struct vb_io **ios, blk_status_t sts,
			     unsigned int resets)
{
	unsigned int i;

	for (i = 0; i < VB_SOME; i++) {
		KUNIT_ASSERT_TRUE_MSG(vb->test, vb_wait(ios[i], VB_WAIT_MS), "request %u", i);
		KUNIT_EXPECT_EQ(vb->test, (__force u8)ios[i]->status, (__force u8)sts);
		KUNIT_EXPECT_GE_MSG(vb->test, ios[i]->resets, resets,
				    "request %u ended while the device had it", i);
	}
	vb_ended_once(vb);
}

static void vb_wait_resets(struct vb *vb, unsigned int resets)
{
	unsigned int i;

	for (i = 0; i < VB_WAIT_MS && READ_ONCE(vb->fv->resets) < resets; i++)
		usleep_range(1000, 2000);
	KUNIT_ASSERT_GE(vb->test, vb->fv->resets, resets);
}

/* Reset and sent again, in the order in which it was sent. */
static void vb_test_reset(struct kunit *test)
{
	struct vb *vb = vb_start_timed(test, "reset");
	unsigned int resets = vb->fv->resets;
	struct vb_io *ios[VB_SOME];

	vb_hold_some(vb, ios);
	vb_expect_done(vb, ios);
	KUNIT_EXPECT_EQ(test, vb->fv->resets, resets + 1);
	vb_expect_attr(vb, "resets", "1\n");
	vb_expect_attr(vb, "replayed", "12\n");
	vb_expect_attr(vb, "recovery_state", "running\n");
	vb_write(vb, 0, 4096, 7);
	vb_read(vb, 0, 4096, 7);
}

/* Reset and failed, and then the disk works. */
static void vb_test_fail(struct kunit *test)
{
	struct vb *vb = vb_start_timed(test, "fail");
	unsigned int resets = vb->fv->resets;
	struct vb_io *ios[VB_SOME];

	vb_hold_some(vb, ios);
	vb_expect_failed(vb, ios, BLK_STS_TIMEOUT, resets + 1);
	vb_write(vb, 0, 4096, 7);
	vb_read(vb, 0, 4096, 7);
	vb_expect_attr(vb, "replayed", "0\n");
}

/* A notification and an interrupt that are lost are found without a reset. */
static void vb_test_kick(struct kunit *test)
{
	struct vb *vb = vb_start_timed(test, "kick");
	unsigned int i, resets = vb->fv->resets;

	for (i = 0; i < 2; i++) {
		struct vb_io *io = vb_io(vb, REQ_OP_WRITE, i * 8, 4096, 0);

		vb_io_fill(io, i);
		KUNIT_EXPECT_TRUE(test, fv_wait_idle(vb->fv, VB_WAIT_MS));
		if (i)
			WRITE_ONCE(vb->fv->irq, FV_IRQ_NEVER);
		else
			fv_misbehave(vb->fv, FV_EVIL_LOST_KICK, FV_ALL_QUEUES, 1);
		vb_submit(io);
		KUNIT_EXPECT_FALSE(test, vb_wait(io, VB_CALM_MS));
		KUNIT_EXPECT_TRUE(test, vb_wait(io, VB_WAIT_MS));
		WRITE_ONCE(vb->fv->irq, FV_IRQ_NOW);
		/* Or the driver that is still looking would find the next one too. */
		vb_wait_attr(vb, "timeouts_healed", i ? "2\n" : "1\n");
		KUNIT_EXPECT_EQ(test, (__force u8)io->status, 0);
		vb_read(vb, i * 8, 4096, i);
	}
	KUNIT_EXPECT_EQ(test, vb->fv->resets, resets);
}

/* What the device is slow with stays with it. */
static void vb_test_wait(struct kunit *test)
{
	struct vb *vb = vb_start_timed(test, "wait");
	unsigned int i, resets = vb->fv->resets;
	struct vb_io *ios[VB_SOME];
	char *buf = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, buf);
	vb_hold_some(vb, ios);
	for (i = 0; i < 1000; i++) {
		KUNIT_ASSERT_GT(test, vb_attr_show(vb, "timeouts", buf), 0);
		if (strcmp(buf, "0\n"))
			break;
		msleep(20);
	}
	KUNIT_EXPECT_STRNEQ(test, buf, "0\n");
	KUNIT_EXPECT_EQ(test, vb_nr_ended(vb), VB_SOME);
	KUNIT_EXPECT_EQ(test, vb->fv->resets, resets);
	bm_release(vb->bm, FV_FIFO, UINT_MAX);
	vb_expect_done(vb, ios);
}

/* The device wants to be reset, again and again, with requests under way. */
static void vb_test_needs_reset(struct kunit *test)
{
	struct vb *vb = vb_start_ring(test);
	struct vb_io *ios[VB_SOME];
	unsigned int i, resets;

	for (i = 0; i < 5; i++) {
		resets = vb->fv->resets;
		vb_hold_some(vb, ios);
		fv_set_needs_reset(vb->fv);
		vb_expect_done(vb, ios);
		KUNIT_EXPECT_EQ(test, vb->fv->resets, resets + 1);
	}

	/* One that does nothing else is given up. */
	bm_clear_rules(vb->bm);
	for (i = 0; i < 4; i++) {
		resets = vb->fv->resets;
		fv_set_needs_reset(vb->fv);
		vb_wait_resets(vb, resets + 1);
		msleep(50);
	}
	vb_wait_attr(vb, "recovery_state", "failed\n");
	KUNIT_EXPECT_NE(test, (__force u8)vb_do(vb_io(vb, REQ_OP_READ, 0, 512, 0)), 0);
}

/*
 * The reset is not confirmed: what the device has stays with it, everything else fails at
 * once, and sleep is refused. When it is confirmed after all, the rest fails.
 */
static void vb_test_dead(struct kunit *test)
{
	struct vb *vb = vb_start_timed(test, "reset");
	struct vb_io *ios[VB_SOME], *io;
	unsigned int i, resets;

	KUNIT_ASSERT_GT(test, vb_attr_store(vb, "reset_timeout", "1"), 0);
	vb_hold_some(vb, ios);
	resets = vb->fv->resets;
	fv_misbehave(vb->fv, FV_EVIL_RESET_STUCK, FV_ALL_QUEUES, 1);
	vb_wait_attr(vb, "recovery_state", "dead\n");
	vb_expect_attr(vb, "stuck", "12\n");
	for (i = 0; i < 4; i++) {
		io = vb_io(vb, i % 2 ? REQ_OP_WRITE : REQ_OP_READ, i * 64, 4096, 0);
		vb_submit(io);
		KUNIT_ASSERT_TRUE(test, vb_wait(io, VB_WAIT_MS));
		KUNIT_EXPECT_NE(test, (__force u8)io->status, 0);
	}
	KUNIT_EXPECT_NE(test, fv_freeze(vb->fv), 0);
	for (i = 0; i < VB_SOME; i++)
		KUNIT_EXPECT_EQ(test, atomic_read(&ios[i]->ended), 0);
	fv_release_reset(vb->fv);
	vb_expect_failed(vb, ios, BLK_STS_IOERR, resets + 1);
	vb_expect_attr(vb, "stuck", "0\n");
}

struct vb_unplug {
	struct work_struct work;
	struct vb *vb;
};

static void vb_unplug_work(struct work_struct *work)
{
	fv_unplug(container_of(work, struct vb_unplug, work)->vb->fv);
}

/* Removed in the middle of a reset that does not end: the device is waited for. */
static void vb_test_dead_unplug(struct kunit *test)
{
	struct vb *vb = vb_start_timed(test, "fail");
	struct vb_unplug u = { .vb = vb };
	struct vb_io *ios[VB_SOME];
	unsigned int i, resets;

	KUNIT_ASSERT_GT(test, vb_attr_store(vb, "reset_timeout", "1"), 0);
	vb_hold_some(vb, ios);
	resets = vb->fv->resets;
	fv_misbehave(vb->fv, FV_EVIL_RESET_STUCK, FV_ALL_QUEUES, 1);
	INIT_WORK_ONSTACK(&u.work, vb_unplug_work);
	vb_wait_attr(vb, "recovery_state", "dead\n");
	schedule_work(&u.work);
	msleep(200);
	for (i = 0; i < VB_SOME; i++)
		KUNIT_EXPECT_EQ(test, atomic_read(&ios[i]->ended), 0);
	fv_release_reset(vb->fv);
	flush_work(&u.work);
	destroy_work_on_stack(&u.work);
	vb_expect_failed(vb, ios, BLK_STS_IOERR, resets + 1);
}

/* Asleep, and unplugged, while requests are late. */
static void vb_test_sleep_late(struct kunit *test)
{
	struct vb *vb = vb_start_timed(test, "reset");
	struct vb_io *ios[VB_SOME];

	vb_hold_some(vb, ios);
	KUNIT_ASSERT_EQ(test, fv_freeze(vb->fv), 0);
	/* Longer than the time that the requests have. */
	msleep(2500);
	KUNIT_EXPECT_EQ(test, vb_nr_ended(vb), VB_SOME);
	KUNIT_ASSERT_EQ(test, fv_restore(vb->fv), 0);
	vb_expect_done(vb, ios);
	KUNIT_ASSERT_EQ(test, fv_freeze(vb->fv), 0);
	KUNIT_ASSERT_EQ(test, fv_restore(vb->fv), 0);
	vb_write(vb, 0, 4096, 7);
}

static void vb_expect_late(struct vb *vb)
{
	char *buf = kunit_kzalloc(vb->test, PAGE_SIZE, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(vb->test, buf);
	KUNIT_ASSERT_GT(vb->test, vb_attr_show(vb, "timeouts", buf), 0);
	KUNIT_EXPECT_STRNEQ(vb->test, buf, "0\n");
}

/*
 * Requests are late between the end of the driver's resume and that of the core's, which
 * starts a device that it finds reset.
 */
static void vb_test_core_resume(struct kunit *test)
{
	struct vb *vb = vb_start_timed(test, "reset");
	struct vb_io *ios[VB_SOME];
	unsigned int resets;

	vb_hold_some(vb, ios);
	KUNIT_ASSERT_EQ(test, fv_freeze(vb->fv), 0);
	vb_hold_next(vb);
	resets = vb->fv->resets;
	WRITE_ONCE(vb->fv->core_msecs, VB_CORE_MS);
	KUNIT_ASSERT_EQ(test, fv_restore(vb->fv), 0);
	vb_expect_late(vb);
	vb_expect_done(vb, ios);
	/* The core's before it resumes, and ours. */
	KUNIT_EXPECT_EQ(test, vb->fv->resets, resets + 2);
}

/* And the same between the ends of the two probes: the disk is in use already. */
static void vb_test_core_probe(struct kunit *test)
{
	struct vb_io *ios[VB_SOME];
	struct bm_params params;
	unsigned int i, resets;
	struct vb *vb;

	vb_params(&params, test->param_value);
	params.queue_num = 1024;
	vb = vb_create(test, &params);
	KUNIT_EXPECT_EQ(test, fv_param_write("virtio_blk", "io_timeout", "1"), 0);
	WRITE_ONCE(vb->fv->core_msecs, VB_CORE_MS);
	schedule_work(&vb->plug);
	for (i = 0; i < VB_WAIT_MS && !READ_ONCE(vb->fv->core_looks); i++)
		usleep_range(1000, 2000);
	fv_param_write("virtio_blk", "io_timeout", "0");

	if (READ_ONCE(vb->fv->core_looks)) {
		vb_open(vb);
		resets = vb->fv->resets;
		vb_hold_some(vb, ios);
		flush_work(&vb->plug);
		vb_expect_late(vb);
		vb_expect_done(vb, ios);
		KUNIT_EXPECT_EQ(test, vb->fv->resets, resets + 1);
	} else {
		KUNIT_FAIL(test, "the core has not looked");
		flush_work(&vb->plug);
	}
}

/* A device that does not start again. */
static void vb_test_no_restart(struct kunit *test)
{
	struct vb *vb = vb_start_timed(test, "reset");
	struct vb_io *ios[VB_SOME];
	unsigned int resets = vb->fv->resets;

	vb_hold_some(vb, ios);
	fv_fail(vb->fv, FV_FAIL_FIND_VQS, 1);
	vb_expect_failed(vb, ios, BLK_STS_IOERR, resets + 1);
	vb_expect_attr(vb, "recovery_state", "failed\n");
	KUNIT_EXPECT_NE(test, (__force u8)vb_do(vb_io(vb, REQ_OP_READ, 0, 512, 0)), 0);
}

static void vb_test_refused(struct kunit *test)
{
	struct bm_params params;
	struct vb *vb;

	vb_params(&params, &vb_few_rings[0]);
	vb = vb_start(test, &params);
	KUNIT_EXPECT_LT(test, vb_attr_store(vb, "io_timeout", "86401"), 0);
	KUNIT_EXPECT_LT(test, vb_attr_store(vb, "io_timeout", "-1"), 0);
	KUNIT_EXPECT_LT(test, vb_attr_store(vb, "reset_timeout", "0"), 0);
	KUNIT_EXPECT_LT(test, vb_attr_store(vb, "timeout_action", "panic"), 0);
	vb_expect_attr(vb, "io_timeout", "0\n");
	vb_expect_attr(vb, "reset_timeout", "30\n");
	vb_expect_attr(vb, "timeout_action", "reset\n");
}

static struct kunit_case vb_cases[] = {
	KUNIT_CASE_PARAM(vb_test_reset, vb_ring_gen_params),
	KUNIT_CASE_PARAM(vb_test_fail, vb_ring_gen_params),
	KUNIT_CASE_PARAM(vb_test_kick, vb_ring_gen_params),
	KUNIT_CASE_PARAM(vb_test_wait, vb_ring_gen_params),
	KUNIT_CASE_PARAM(vb_test_needs_reset, vb_ring_gen_params),
	KUNIT_CASE_PARAM(vb_test_dead, vb_ring_gen_params),
	KUNIT_CASE_PARAM(vb_test_dead_unplug, vb_ring_gen_params),
	KUNIT_CASE_PARAM(vb_test_sleep_late, vb_ring_gen_params),
	KUNIT_CASE_PARAM(vb_test_core_resume, vb_one_ring_gen_params),
	KUNIT_CASE_PARAM(vb_test_core_probe, vb_one_ring_gen_params),
	KUNIT_CASE_PARAM(vb_test_no_restart, vb_ring_gen_params),
	KUNIT_CASE(vb_test_refused),
	{ }
};

static struct kunit_suite vb_timeout_suite = {
	.name = "virtio_blk_timeout",
	.exit = vb_exit,
	.test_cases = vb_cases,
};

kunit_test_suite(vb_timeout_suite);
