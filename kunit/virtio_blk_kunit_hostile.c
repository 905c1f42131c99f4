// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of virtio_blk: a device that lies. A request may fail, a queue may be given up,
 * but nothing crashes, no request ends twice, and none loses its memory to a device that
 * may still write to it: what was not completed goes on after a reset, or fails then.
 */
#include <kunit/test.h>
#include <linux/blkdev.h>
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/random.h>

#include "virtio_blk_kunit.h"

#define VB_SOME		12

/**
 * enum vb_harm - what may become of requests
 * @VB_NONE: they are done
 * @VB_ENDS: they end, maybe with an error
 * @VB_HANGS: some may not end before a reset
 */
enum vb_harm {
	VB_NONE,
	VB_ENDS,
	VB_HANGS,
};

struct vb_evil {
	enum fv_evil kind;
	enum vb_harm harm;
	unsigned int times;
	unsigned int ring;
};

static const struct vb_evil vb_evils[] = {
	{ FV_EVIL_ID_RANGE, VB_HANGS, 1, 3 }, { FV_EVIL_ID_RANGE, VB_HANGS, 1, 6 },
	{ FV_EVIL_ID_RANGE, VB_HANGS, 1, 11 },
	{ FV_EVIL_ID_IDLE, VB_HANGS, 1, 3 }, { FV_EVIL_ID_IDLE, VB_HANGS, 1, 6 },
	{ FV_EVIL_ID_IDLE, VB_HANGS, 1, 11 },
	{ FV_EVIL_TWICE, VB_HANGS, 1, 3 }, { FV_EVIL_TWICE, VB_HANGS, 1, 6 },
	{ FV_EVIL_TWICE, VB_HANGS, 1, 11 },
	{ FV_EVIL_LEN_HUGE, VB_ENDS, 3, 3 }, { FV_EVIL_LEN_HUGE, VB_ENDS, 3, 6 },
	{ FV_EVIL_LEN_HUGE, VB_ENDS, 3, 11 },
	{ FV_EVIL_LEN_OVER, VB_ENDS, 3, 3 }, { FV_EVIL_LEN_OVER, VB_ENDS, 3, 6 },
	{ FV_EVIL_LEN_OVER, VB_ENDS, 3, 11 },
	{ FV_EVIL_LEN_ZERO, VB_ENDS, 3, 3 }, { FV_EVIL_LEN_ZERO, VB_ENDS, 3, 6 },
	{ FV_EVIL_LEN_ZERO, VB_ENDS, 3, 11 },
	{ FV_EVIL_HALF, VB_ENDS, 3, 3 }, { FV_EVIL_HALF, VB_ENDS, 3, 6 },
	{ FV_EVIL_HALF, VB_ENDS, 3, 11 },
	{ FV_EVIL_INDEX_JUMP, VB_HANGS, 1, 3 }, { FV_EVIL_INDEX_JUMP, VB_HANGS, 1, 6 },
	{ FV_EVIL_INDEX_JUMP, VB_HANGS, 1, 11 },
	{ FV_EVIL_GARBAGE, VB_ENDS, 3, 3 }, { FV_EVIL_GARBAGE, VB_ENDS, 3, 6 },
	{ FV_EVIL_GARBAGE, VB_ENDS, 3, 11 },
	{ FV_EVIL_SILENT, VB_HANGS, 3, 3 }, { FV_EVIL_SILENT, VB_HANGS, 3, 6 },
	{ FV_EVIL_SILENT, VB_HANGS, 3, 11 },
	{ FV_EVIL_LOST_KICK, VB_HANGS, 1, 3 }, { FV_EVIL_LOST_KICK, VB_HANGS, 1, 6 },
	{ FV_EVIL_LOST_KICK, VB_HANGS, 1, 11 },
	{ FV_EVIL_LOST_IRQ, VB_HANGS, 1, 3 }, { FV_EVIL_LOST_IRQ, VB_HANGS, 1, 6 },
	{ FV_EVIL_LOST_IRQ, VB_HANGS, 1, 11 },
	{ FV_EVIL_EMPTY_IRQ, VB_NONE, 3, 3 }, { FV_EVIL_EMPTY_IRQ, VB_NONE, 3, 6 },
	{ FV_EVIL_EMPTY_IRQ, VB_NONE, 3, 11 },
	{ FV_EVIL_CONFIG_IRQ, VB_NONE, 3, 3 }, { FV_EVIL_CONFIG_IRQ, VB_NONE, 3, 6 },
	{ FV_EVIL_CONFIG_IRQ, VB_NONE, 3, 11 },
	{ FV_EVIL_NEEDS_RESET, VB_ENDS, 1, 3 }, { FV_EVIL_NEEDS_RESET, VB_ENDS, 1, 6 },
	{ FV_EVIL_NEEDS_RESET, VB_ENDS, 1, 11 },
	{ FV_EVIL_GONE, VB_HANGS, 1, 3 }, { FV_EVIL_GONE, VB_HANGS, 1, 6 },
	{ FV_EVIL_GONE, VB_HANGS, 1, 11 },
};

static void vb_evil_desc(const struct vb_evil *evil, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s,%s", fv_evil_name(evil->kind),
		 vb_rings[evil->ring].name);
}

FV_ARRAY_PARAM(vb_ring, vb_rings, vb_ring_desc);
FV_ARRAY_PARAM(vb_evil, vb_evils, vb_evil_desc);

static void vb_submit_some(struct vb *vb, struct vb_io **ios)
{
	unsigned int i;

	for (i = 0; i < VB_SOME; i++) {
		ios[i] = vb_io(vb, i % 2 ? REQ_OP_WRITE : REQ_OP_READ, i * 64, 6144,
			       i % 3 ? 512 : 4096);
		if (i % 2)
			vb_io_fill(ios[i], 2);
		vb_submit(ios[i]);
	}
}

/* A device that lies, with requests under way, from now on. */
static struct vb *vb_lie(struct kunit *test, struct vb_io **ios)
{
	const struct vb_evil *evil = test->param_value;
	struct bm_params params;
	unsigned int i;
	struct vb *vb;

	vb_params(&params, &vb_rings[evil->ring]);
	vb = vb_start(test, &params);
	for (i = 0; i < VB_SOME; i++)
		vb_write(vb, i * 64, 8192, 1);
	/* A device that is still at work wants no kick, so that none can be lost. */
	KUNIT_EXPECT_TRUE(test, fv_wait_idle(vb->fv, VB_WAIT_MS));
	fv_misbehave(vb->fv, evil->kind, FV_ALL_QUEUES, evil->times);
	vb_submit_some(vb, ios);
	for (i = 0; i < 100 && vb_nr_ended(vb) < 2 * VB_SOME; i++)
		usleep_range(1000, 2000);
	return vb;
}

/* What is said to be read was read. */
static void vb_expect_truth(struct vb *vb, struct vb_io **ios)
{
	unsigned int i;

	vb_ended_once(vb);
	for (i = 0; i < VB_SOME; i += 2) {
		if (atomic_read(&ios[i]->ended) && !ios[i]->status)
			KUNIT_EXPECT_TRUE_MSG(vb->test, vb_io_matches(ios[i], 1), "request %u", i);
	}
}

static void vb_test_evil(struct kunit *test)
{
	const struct vb_evil *evil = test->param_value;
	struct vb_io *ios[VB_SOME];
	struct vb *vb = vb_lie(test, ios);
	unsigned int i;

	KUNIT_EXPECT_GE(test, atomic_read(&vb->fv->evil_done[evil->kind]), 1);
	if (evil->harm != VB_HANGS)
		KUNIT_EXPECT_TRUE(test, vb_wait_all(vb, VB_WAIT_MS));
	for (i = 0; evil->harm == VB_NONE && i < VB_SOME; i++)
		KUNIT_EXPECT_EQ(test, (__force u8)ios[i]->status, 0);

	/* A reset heals everything. */
	fv_behave(vb->fv);
	KUNIT_ASSERT_EQ(test, fv_freeze(vb->fv), 0);
	KUNIT_ASSERT_EQ(test, fv_restore(vb->fv), 0);
	KUNIT_ASSERT_TRUE(test, vb_wait_all(vb, VB_WAIT_MS));
	if (evil->kind != FV_EVIL_GARBAGE)
		vb_expect_truth(vb, ios);
	vb_write(vb, 8, 8192, 3);
	vb_read(vb, 8, 8192, 3);
}

/* The liar is torn out while it lies. */
static void vb_test_evil_unplug(struct kunit *test)
{
	const struct vb_evil *evil = test->param_value;
	struct vb_io *ios[VB_SOME];
	struct vb *vb = vb_lie(test, ios);

	fv_surprise_unplug(vb->fv);
	KUNIT_EXPECT_TRUE(test, vb_wait_all(vb, VB_WAIT_MS));
	vb_ended_once(vb);
	if (evil->kind != FV_EVIL_GARBAGE)
		vb_expect_truth(vb, ios);
	KUNIT_EXPECT_NE(test, (__force u8)vb_do(vb_io(vb, REQ_OP_READ, 0, 512, 0)), 0);
}

/* The lie takes its time on a machine that is busy. */
static bool vb_wait_broken(struct vb *vb)
{
	unsigned long end = jiffies + msecs_to_jiffies(VB_WAIT_MS);

	while (!virtqueue_is_broken(vb->fv->queues[0].vq) && time_before(jiffies, end))
		usleep_range(100, 1000);
	return virtqueue_is_broken(vb->fv->queues[0].vq);
}

/* A queue that makes no sense is given up: what comes next fails, at once. */
static void vb_test_broken(struct kunit *test)
{
	static const enum fv_evil kinds[] = { FV_EVIL_ID_RANGE, FV_EVIL_ID_IDLE };
	struct bm_params params;
	unsigned int i, k, stuck;
	unsigned long start;
	struct vb_io *io;
	struct vb *vb;

	for (k = 0; k < ARRAY_SIZE(kinds) * VB_NR_RINGS; k++) {
		vb_params(&params, &vb_rings[k % VB_NR_RINGS]);
		params.conf.num_queues = 1;
		vb = vb_start(test, &params);
		fv_misbehave(vb->fv, kinds[k / VB_NR_RINGS], FV_ALL_QUEUES, 1);
		io = vb_io(vb, REQ_OP_READ, 0, 4096, 0);
		vb_submit(io);
		stuck = !vb_wait(io, VB_CALM_MS);
		KUNIT_EXPECT_TRUE(test, vb_wait_broken(vb));
		for (i = 0; i < 4; i++)
			KUNIT_EXPECT_EQ(test, (__force u8)vb_do(vb_io(vb, REQ_OP_READ, 0, 512, 0)),
					(__force u8)BLK_STS_IOERR);
		/* Not even an orderly removal waits for it. */
		start = jiffies;
		fv_unplug(vb->fv);
		KUNIT_EXPECT_TRUE(test, time_before(jiffies, start + 30 * HZ));
		KUNIT_EXPECT_TRUE(test, vb_wait(io, VB_WAIT_MS));
		if (stuck)
			KUNIT_EXPECT_EQ(test, (__force u8)io->status, (__force u8)BLK_STS_IOERR);
		vb_exit(test);
	}
}

/* A device that is given up is reset; whoever reads its configuration ends before. */
static void vb_test_config_slow(struct kunit *test)
{
	struct vb *vb = vb_start_ring(test);
	unsigned long end = jiffies + msecs_to_jiffies(VB_WAIT_MS);
	int reads = atomic_read(&vb->fv->config_reads);
	struct vb_io *io;

	fv_misbehave(vb->fv, FV_EVIL_ID_RANGE, FV_ALL_QUEUES, 1);
	io = vb_io(vb, REQ_OP_READ, 0, 4096, 0);
	vb_submit(io);
	vb_wait(io, VB_CALM_MS);
	WRITE_ONCE(vb->fv->config_msecs, 5 * VB_CALM_MS);
	fv_config_changed(vb->fv);
	while (atomic_read(&vb->fv->config_reads) == reads && time_before(jiffies, end))
		usleep_range(100, 200);
	KUNIT_EXPECT_NE(test, atomic_read(&vb->fv->config_reads), reads);
	fv_unplug(vb->fv);
	KUNIT_EXPECT_TRUE(test, vb_wait(io, VB_WAIT_MS));
}

static const struct vb_evil vb_config_evils[] = {
	{ FV_EVIL_CONFIG_FLIP, VB_ENDS, 1000, 3 }, { FV_EVIL_CONFIG_FLIP, VB_ENDS, 1000, 6 },
	{ FV_EVIL_CONFIG_FLIP, VB_ENDS, 1000, 11 },
	{ FV_EVIL_CONFIG_ZERO, VB_ENDS, 1000, 3 }, { FV_EVIL_CONFIG_ZERO, VB_ENDS, 1000, 6 },
	{ FV_EVIL_CONFIG_ZERO, VB_ENDS, 1000, 11 },
	{ FV_EVIL_CONFIG_ONES, VB_ENDS, 1000, 3 }, { FV_EVIL_CONFIG_ONES, VB_ENDS, 1000, 6 },
	{ FV_EVIL_CONFIG_ONES, VB_ENDS, 1000, 11 },
};

FV_ARRAY_PARAM(vb_config_evil, vb_config_evils, vb_evil_desc);

/* The configuration is nonsense while the driver looks at it. */
static void vb_test_config_probe(struct kunit *test)
{
	const struct vb_evil *evil = test->param_value;
	struct bm_params params;
	unsigned int i;
	struct vb *vb;

	vb_params(&params, &vb_rings[evil->ring]);
	vb = vb_create(test, &params);
	bm_set_loose(vb->bm, true);
	for (i = 0; i < 8; i++) {
		get_random_bytes(vb->fv->flip, sizeof(vb->fv->flip));
		fv_misbehave(vb->fv, evil->kind, FV_ALL_QUEUES, i < 4 ? evil->times : 1 + i);
		fv_plug(vb->fv);
		fv_behave(vb->fv);
		if (fv_bound(vb->fv)) {
			vb_open(vb);
			vb_do(vb_io(vb, REQ_OP_READ, 0, 4096, 0));
			vb_do(vb_io(vb, REQ_OP_WRITE, 8, 4096, 0));
			vb_close(vb);
		}
		fv_unplug(vb->fv);
	}
	bm_set_loose(vb->bm, false);
	bm_settle(vb->bm);
	KUNIT_ASSERT_EQ(test, fv_plug(vb->fv), 0);
	vb_open(vb);
	vb_write(vb, 8, 8192, 1);
	vb_read(vb, 8, 8192, 1);
}

/* And while the disk is in use. */
static void vb_test_config_run(struct kunit *test)
{
	const struct vb_evil *evil = test->param_value;
	struct bm_params params;
	unsigned int i;
	struct vb *vb;

	vb_params(&params, &vb_rings[evil->ring]);
	vb = vb_start(test, &params);
	bm_set_loose(vb->bm, true);
	for (i = 0; i < 4; i++) {
		get_random_bytes(vb->fv->flip, sizeof(vb->fv->flip));
		fv_misbehave(vb->fv, evil->kind, FV_ALL_QUEUES, 100);
		fv_config_changed(vb->fv);
		vb_do(vb_io(vb, REQ_OP_READ, 0, 4096, 0));
		vb_do(vb_io(vb, REQ_OP_WRITE, 8, 4096, 0));
		vb_attr_store(vb, "cache_type", i % 2 ? "write back" : "write through");
		usleep_range(1000, 2000);
	}
	fv_behave(vb->fv);
	fv_config_changed(vb->fv);
	for (i = 0; i < VB_WAIT_MS && bdev_nr_sectors(vb->bdev) != 32768; i++)
		usleep_range(1000, 2000);
	KUNIT_EXPECT_EQ(test, (u64)bdev_nr_sectors(vb->bdev), 32768);
	vb_write(vb, 8, 8192, 1);
	vb_read(vb, 8, 8192, 1);
}

static struct kunit_case vb_cases[] = {
	KUNIT_CASE_PARAM(vb_test_evil, vb_evil_gen_params),
	KUNIT_CASE_PARAM(vb_test_evil_unplug, vb_evil_gen_params),
	KUNIT_CASE_PARAM(vb_test_config_slow, vb_ring_gen_params),
	KUNIT_CASE(vb_test_broken),
	KUNIT_CASE_PARAM(vb_test_config_probe, vb_config_evil_gen_params),
	KUNIT_CASE_PARAM(vb_test_config_run, vb_config_evil_gen_params),
	{ }
};

static struct kunit_suite vb_hostile_suite = {
	.name = "virtio_blk_hostile",
	.exit = vb_exit,
	.test_cases = vb_cases,
};

kunit_test_suite(vb_hostile_suite);
