// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of virtio_blk: what the device says about itself, at its extremes (virtio 1.3,
 * 5.2.4 and 5.2.5).
 */
#include <kunit/test.h>
#include <linux/blkdev.h>
#include <linux/hdreg.h>
#include <linux/limits.h>
#include <linux/log2.h>
#include <linux/sizes.h>

#include "virtio_blk_kunit.h"

#define VB_MODERN	4
#define VB_MAX_CAPACITY	(LLONG_MAX >> SECTOR_SHIFT)

static void vb_usual(struct bm_params *params)
{
	vb_params(params, &vb_rings[VB_MODERN - 1]);
}

/* Two numbers, one that goes in and one that comes out. */
struct vb_value {
	u64 in;
	u64 out;
};

static void vb_value_desc(const struct vb_value *value, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%llu", value->in);
}

/* What comes out is whether the disk is taken. */
static const struct vb_value vb_capacities[] = {
	{ 0, 1 }, { 1, 1 }, { 7, 1 }, { 32768, 1 }, { 1ULL << 32, 1 },
	{ VB_MAX_CAPACITY - 7, 1 }, { VB_MAX_CAPACITY, 1 }, { VB_MAX_CAPACITY + 1, 0 },
	{ 1ULL << 63, 0 }, { U64_MAX, 0 },
};

FV_ARRAY_PARAM(vb_capacity, vb_capacities, vb_value_desc);

static void vb_test_capacity(struct kunit *test)
{
	const struct vb_value *value = test->param_value;
	struct bm_params params;
	struct vb *vb;

	vb_usual(&params);
	params.conf.capacity = value->in;
	vb = vb_create(test, &params);
	fv_plug(vb->fv);
	KUNIT_ASSERT_EQ(test, (u64)fv_bound(vb->fv), value->out);
	if (!value->out)
		return;
	vb_open(vb);
	KUNIT_EXPECT_EQ(test, (u64)bdev_nr_sectors(vb->bdev), value->in);
	if (!value->in) {
		KUNIT_EXPECT_NE(test, (__force u8)vb_do(vb_io(vb, REQ_OP_READ, 0, 512, 0)), 0);
		return;
	}
	vb_write(vb, value->in - 1, 512, 1);
	vb_on_disk(vb, value->in - 1, 512, 1);
	vb_read(vb, value->in - 1, 512, 1);
	KUNIT_EXPECT_NE(test, (__force u8)vb_do(vb_io(vb, REQ_OP_READ, value->in, 512, 0)), 0);
}

static const struct vb_value vb_blk_sizes[] = {
	{ 0, 512 }, { 1, 512 }, { 511, 512 }, { 513, 512 }, { 512, 512 }, { 1024, 1024 },
	{ 2048, 2048 }, { 4096, 4096 }, { 6144, 512 }, { 0x80000000, 512 },
	{ U32_MAX, 512 },
};

FV_ARRAY_PARAM(vb_blk_size, vb_blk_sizes, vb_value_desc);

static void vb_test_blk_size(struct kunit *test)
{
	const struct vb_value *value = test->param_value;
	struct bm_params params;
	struct vb *vb;

	vb_usual(&params);
	params.conf.blk_size = value->in;
	params.conf.physical_block_exp = 0;
	params.conf.discard_sector_alignment = 8;
	vb = vb_start(test, &params);
	KUNIT_EXPECT_EQ(test, (u64)bdev_logical_block_size(vb->bdev), value->out);
	vb_write(vb, 64, 16384, 1);
	vb_read(vb, 64, 16384, 1);
	vb_write(vb, 8, value->out, 2);
	vb_on_disk(vb, 8, value->out, 2);
	/*
	 * What is not a multiple the block layer refuses since 6.11. Before, it gets to the
	 * device, whose units are sectors: a wise driver, not a lawful one, asks for blocks.
	 */
	bm_set_loose(vb->bm, true);
	vb_do(vb_io(vb, REQ_OP_READ, 1, 512, 0));
	bm_set_loose(vb->bm, false);
}

/* Segments that the block layer may use: with a ring of 128. */
static const struct vb_value vb_seg_maxs[] = {
	{ 0, 1 }, { 1, 1 }, { 2, 2 }, { 62, 62 }, { 126, 126 }, { 127, 126 },
	{ 65536, 126 }, { U32_MAX, 126 },
};

FV_ARRAY_PARAM(vb_seg_max, vb_seg_maxs, vb_value_desc);

static void vb_test_seg_max(struct kunit *test)
{
	const struct vb_value *value = test->param_value;
	struct bm_params params;
	struct vb *vb;

	vb_usual(&params);
	params.conf.seg_max = value->in;
	vb = vb_start(test, &params);
	KUNIT_EXPECT_EQ(test, (u64)queue_max_segments(bdev_get_queue(vb->bdev)), value->out);
	/* In pieces of a block the block layer can cut anything. */
	KUNIT_EXPECT_EQ(test, (__force u8)vb_do(vb_io(vb, REQ_OP_READ, 8, 200 * 512, 512)), 0);
	vb_write(vb, 64, 32768, 1);
	vb_read(vb, 64, 32768, 1);
}

/* 0: such a disk is not taken; but a device that says 0 has no limit. */
static const struct vb_value vb_size_maxs[] = {
	{ 0, U32_MAX }, { 1, 0 }, { 512, 0 }, { 4095, 0 }, { 4096, 4096 }, { 4097, 4097 },
	{ 65536, 65536 }, { U32_MAX, U32_MAX },
};

FV_ARRAY_PARAM(vb_size_max, vb_size_maxs, vb_value_desc);

static void vb_test_size_max(struct kunit *test)
{
	const struct vb_value *value = test->param_value;
	struct bm_params params;
	struct vb_io *io;
	struct vb *vb;

	vb_usual(&params);
	params.conf.size_max = value->in;
	vb = vb_create(test, &params);
	fv_plug(vb->fv);
	KUNIT_ASSERT_EQ(test, fv_bound(vb->fv), value->out != 0);
	if (!value->out)
		return;
	vb_open(vb);
	KUNIT_EXPECT_EQ(test, (u64)queue_max_segment_size(bdev_get_queue(vb->bdev)), value->out);
	io = vb_io(vb, REQ_OP_WRITE, 16, 262144, 131072);
	vb_io_fill(io, 1);
	KUNIT_EXPECT_EQ(test, (__force u8)vb_do(io), 0);
	vb_on_disk(vb, 16, 262144, 1);
}

/* Queues, as the configuration has them. */
static const struct vb_value vb_nr_queues[] = {
	{ 0, 1 }, { 1, 1 }, { 2, 2 }, { 3, 3 }, { FV_MAX_QUEUES, FV_MAX_QUEUES },
	{ U16_MAX, FV_MAX_QUEUES },
};

FV_ARRAY_PARAM(vb_queues, vb_nr_queues, vb_value_desc);

static void vb_test_num_queues(struct kunit *test)
{
	const struct vb_value *value = test->param_value;
	unsigned int i, nr = 0;
	struct bm_params params;
	struct vb *vb;

	vb_usual(&params);
	params.conf.num_queues = value->in;
	vb = vb_start(test, &params);
	for (i = 0; i < vb->fv->nr_queues; i++)
		nr += !!fv_queue(vb->fv, i)->vq;
	KUNIT_EXPECT_EQ(test, (u64)nr, min_t(u64, value->out, nr_cpu_ids));
	vb_write(vb, 0, 4096, 1);
	vb_read(vb, 0, 4096, 1);
}

static void vb_test_no_mq(struct kunit *test)
{
	struct bm_params params;
	struct vb *vb;

	/* The field is not there (5.2.4), whatever is found in its place. */
	vb_usual(&params);
	params.features &= ~BIT_ULL(BM_F_MQ);
	params.conf.num_queues = 2;
	params.nr_queues = 2;
	vb = vb_start(test, &params);
	KUNIT_EXPECT_NOT_NULL(test, fv_queue(vb->fv, 0)->vq);
	KUNIT_EXPECT_NULL(test, fv_queue(vb->fv, 1)->vq);
	vb_write(vb, 0, 4096, 1);
}

struct vb_topology {
	u8 exp;
	u8 align;
	u16 min;
	u32 opt;
	u32 physical;
	u32 offset;
	u32 io_min;
	u32 io_opt;
};

static void vb_topology_desc(const struct vb_topology *t, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%u,%u,%u,%u", t->exp, t->align, t->min, t->opt);
}

static const struct vb_topology vb_topologies[] = {
	{ 0, 0, 0, 0, 512, 0, 512, 0 },
	{ 3, 0, 8, 256, 4096, 0, 4096, 131072 },
	{ 3, 7, 8, 256, 4096, 3584, 4096, 131072 },
	{ 3, 8, 0, 0, 4096, 0, 4096, 0 },
	{ 12, 0, 0, 0, SZ_2M, 0, SZ_2M, 0 },
	{ 13, 0, 0, 0, 512, 0, 512, 0 },
	{ 31, 0, 0, 0, 512, 0, 512, 0 },
	{ 32, 255, 0, 0, 512, 0, 512, 0 },
	{ 255, 255, U16_MAX, U32_MAX, 512, 0, 65535 * 512, 0 },
	{ 0, 0, U16_MAX, 65536, 512, 0, 65535 * 512, SZ_32M },
	{ 0, 0, 0, 65537, 512, 0, 512, 0 },
};

FV_ARRAY_PARAM(vb_topology, vb_topologies, vb_topology_desc);

static void vb_test_topology(struct kunit *test)
{
	const struct vb_topology *t = test->param_value;
	struct bm_params params;
	struct vb *vb;

	vb_usual(&params);
	params.conf.physical_block_exp = t->exp;
	params.conf.alignment_offset = t->align;
	params.conf.min_io_size = t->min;
	params.conf.opt_io_size = t->opt;
	vb = vb_start(test, &params);
	KUNIT_EXPECT_EQ(test, bdev_physical_block_size(vb->bdev), t->physical);
	KUNIT_EXPECT_EQ(test, (u32)bdev_alignment_offset(vb->bdev), t->offset);
	KUNIT_EXPECT_EQ(test, (u32)bdev_io_min(vb->bdev), t->io_min);
	KUNIT_EXPECT_EQ(test, (u32)bdev_io_opt(vb->bdev), t->io_opt);
	vb_write(vb, 1, 8192, 1);
	vb_read(vb, 1, 8192, 1);
}

/* Largest discard and write zeroes: 0 is no limit, and 4 GiB are one. */
static const struct vb_value vb_range_maxs[] = {
	{ 0, UINT_MAX >> SECTOR_SHIFT }, { 1, 1 }, { 8, 8 }, { 16384, 16384 },
	{ UINT_MAX >> SECTOR_SHIFT, UINT_MAX >> SECTOR_SHIFT },
	{ U32_MAX, UINT_MAX >> SECTOR_SHIFT },
};

FV_ARRAY_PARAM(vb_range_max, vb_range_maxs, vb_value_desc);

static void vb_test_range_max(struct kunit *test)
{
	const struct vb_value *value = test->param_value;
	struct bm_params params;
	struct vb *vb;

	vb_usual(&params);
	params.conf.max_discard_sectors = value->in;
	params.conf.max_discard_seg = value->in;
	params.conf.max_write_zeroes_sectors = value->in;
	params.conf.max_write_zeroes_seg = value->in;
	params.conf.max_secure_erase_sectors = value->in;
	params.conf.max_secure_erase_seg = value->in;
	params.conf.discard_sector_alignment = 0;
	params.conf.physical_block_exp = 0;
	vb = vb_start(test, &params);
	KUNIT_EXPECT_EQ(test, (u64)bdev_max_discard_sectors(vb->bdev), value->out);
	KUNIT_EXPECT_EQ(test, (u64)bdev_write_zeroes_sectors(vb->bdev), value->out);
	KUNIT_EXPECT_EQ(test, (u64)bdev_max_secure_erase_sectors(vb->bdev), value->out);
	KUNIT_EXPECT_EQ(test, blkdev_issue_discard(vb->bdev, 8, 64, GFP_KERNEL), 0);
	KUNIT_EXPECT_EQ(test, blkdev_issue_zeroout(vb->bdev, 8, 64, GFP_KERNEL,
						   BLKDEV_ZERO_NOFALLBACK), 0);
	KUNIT_EXPECT_EQ(test, bm_count(vb->bm, BM_T_DISCARD),
			(u64)DIV_ROUND_UP(64, min_t(u64, value->out, 64)));
}

static const struct vb_value vb_aligns[] = {
	{ 0, 512 }, { 1, 512 }, { 8, 4096 }, { 4096, SZ_2M }, { 0x800000, 512 }, { U32_MAX, 512 },
};

FV_ARRAY_PARAM(vb_align, vb_aligns, vb_value_desc);

static void vb_test_discard_align(struct kunit *test)
{
	const struct vb_value *value = test->param_value;
	struct bm_params params;
	struct vb *vb;

	vb_usual(&params);
	params.conf.discard_sector_alignment = value->in;
	params.conf.physical_block_exp = 0;
	vb = vb_start(test, &params);
	KUNIT_EXPECT_EQ(test, (u64)bdev_discard_granularity(vb->bdev), value->out);
	KUNIT_EXPECT_EQ(test, blkdev_issue_discard(vb->bdev, 0, 8192, GFP_KERNEL), 0);
}

static void vb_test_no_discard(struct kunit *test)
{
	struct bm_params params;
	struct vb *vb;

	vb_usual(&params);
	params.features &= ~(BIT_ULL(BM_F_DISCARD) | BIT_ULL(BM_F_WRITE_ZEROES));
	vb = vb_start(test, &params);
	KUNIT_EXPECT_EQ(test, bdev_max_discard_sectors(vb->bdev), 0);
	KUNIT_EXPECT_EQ(test, bdev_write_zeroes_sectors(vb->bdev), 0);
	blkdev_issue_discard(vb->bdev, 0, 64, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, bm_count(vb->bm, BM_T_DISCARD), 0);
	/* A secure erase does not need them. */
	KUNIT_EXPECT_EQ(test, blkdev_issue_secure_erase(vb->bdev, 0, 64, GFP_KERNEL), 0);
	KUNIT_EXPECT_EQ(test, bm_count(vb->bm, BM_T_SECURE_ERASE), 1);
	vb_write(vb, 0, 4096, 1);
	KUNIT_EXPECT_EQ(test, blkdev_issue_zeroout(vb->bdev, 0, 64, GFP_KERNEL, 0), 0);
	KUNIT_EXPECT_FALSE(test, vb_is_on_disk(vb, 0, 4096, 1));
}

static void vb_test_read_only(struct kunit *test)
{
	struct bm_params params;
	struct vb *vb;

	vb_usual(&params);
	params.features |= BIT_ULL(BM_F_RO);
	vb = vb_start(test, &params);
	KUNIT_EXPECT_TRUE(test, bdev_read_only(vb->bdev));
	KUNIT_EXPECT_EQ(test, (__force u8)vb_do(vb_io(vb, REQ_OP_READ, 0, 4096, 0)), 0);
}

static void vb_test_geometry(struct kunit *test)
{
	struct bm_params params;
	struct hd_geometry geo = { };
	struct vb *vb;

	vb_usual(&params);
	params.conf.cylinders = 1234;
	params.conf.heads = 5;
	params.conf.sectors = 6;
	vb = vb_start(test, &params);
	KUNIT_EXPECT_EQ(test, blkdev_call_getgeo(vb->bdev, &geo), 0);
	KUNIT_EXPECT_EQ(test, geo.cylinders, 1234);
	KUNIT_EXPECT_EQ(test, geo.heads, 5);
	KUNIT_EXPECT_EQ(test, geo.sectors, 6);
	vb_exit(test);

	params.features &= ~BIT_ULL(BM_F_GEOMETRY);
	vb = vb_start(test, &params);
	KUNIT_EXPECT_EQ(test, blkdev_call_getgeo(vb->bdev, &geo), 0);
	KUNIT_EXPECT_EQ(test, geo.cylinders * geo.heads * geo.sectors, 32768);
}

/* Rings that no request fits into are refused; the smallest other one works. */
static void vb_test_ring_size(struct kunit *test)
{
	static const struct {
		unsigned int ring;
		unsigned int num;
		bool taken;
	} sizes[] = {
		{ 3, 1, false }, { 3, 2, false }, { 3, 4, true }, { 2, 4, true },
		{ 7, 1, false }, { 7, 2, false }, { 7, 3, true }, { 6, 3, true },
		{ 7, 5, true }, { 4, 7, true }, { 3, 1024, true },
	};
	struct bm_params params;
	struct vb *vb;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		vb_params(&params, &vb_rings[sizes[i].ring]);
		params.queue_num = sizes[i].num;
		vb = vb_create(test, &params);
		fv_plug(vb->fv);
		KUNIT_EXPECT_EQ_MSG(test, fv_bound(vb->fv), sizes[i].taken, "ring of %u",
				    sizes[i].num);
		if (fv_bound(vb->fv)) {
			vb_open(vb);
			vb_write(vb, 0, 32768, i);
			vb_read(vb, 0, 32768, i);
		}
		vb_exit(test);
	}
}

static struct kunit_case vb_cases[] = {
	KUNIT_CASE_PARAM(vb_test_capacity, vb_capacity_gen_params),
	KUNIT_CASE_PARAM(vb_test_blk_size, vb_blk_size_gen_params),
	KUNIT_CASE_PARAM(vb_test_seg_max, vb_seg_max_gen_params),
	KUNIT_CASE_PARAM(vb_test_size_max, vb_size_max_gen_params),
	KUNIT_CASE_PARAM(vb_test_num_queues, vb_queues_gen_params),
	KUNIT_CASE(vb_test_no_mq),
	KUNIT_CASE_PARAM(vb_test_topology, vb_topology_gen_params),
	KUNIT_CASE_PARAM(vb_test_range_max, vb_range_max_gen_params),
	KUNIT_CASE_PARAM(vb_test_discard_align, vb_align_gen_params),
	KUNIT_CASE(vb_test_no_discard),
	KUNIT_CASE(vb_test_read_only),
	KUNIT_CASE(vb_test_geometry),
	KUNIT_CASE(vb_test_ring_size),
	{ }
};

static struct kunit_suite vb_config_suite = {
	.name = "virtio_blk_config",
	.exit = vb_exit,
	.test_cases = vb_cases,
};

kunit_test_suite(vb_config_suite);
