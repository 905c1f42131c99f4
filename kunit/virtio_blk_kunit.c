// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of virtio_blk: reading and writing, with all kinds of rings.
 */
#include <kunit/test.h>
#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/module.h>

#include "virtio_blk_kunit.h"

FV_ARRAY_PARAM(vb_ring, vb_rings, vb_ring_desc);

/* Sector, bytes, and bytes in each page. */
static const struct {
	sector_t sector;
	unsigned int len;
	unsigned int piece;
} vb_sizes[] = {
	{ 0, 512, 512 },
	{ 1, 512, 4096 },
	{ 7, 1536, 512 },
	{ 9, 4096, 4096 },
	{ 13, 4096, 1024 },
	{ 21, 4608, 512 },
	{ 64, 16384, 4096 },
	{ 131, 20480, 2048 },
	{ 257, 65536, 65536 },
	{ 511, 62 * 512, 512 },
	{ 1023, 80 * 512, 512 },
	{ 2049, 131072, 1536 },
	{ 4095, 262144, 65536 },
	{ 32767, 512, 512 },
	{ 32760, 4096, 4096 },
};

static void vb_test_sizes(struct kunit *test)
{
	struct vb *vb = vb_start_ring(test);
	struct vb_io *io;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(vb_sizes); i++) {
		sector_t at = vb_sizes[i].sector;
		unsigned int len = vb_sizes[i].len;

		io = vb_io(vb, REQ_OP_WRITE, at, len, vb_sizes[i].piece);
		vb_io_fill(io, i);
		KUNIT_EXPECT_EQ(test, (__force u8)vb_do(io), 0);
		vb_on_disk(vb, at, len, i);

		io = vb_io(vb, REQ_OP_READ, at, len, vb_sizes[i].piece);
		KUNIT_EXPECT_EQ(test, (__force u8)vb_do(io), 0);
		KUNIT_EXPECT_TRUE_MSG(test, vb_io_matches(io, i), "%u bytes at %llu", len,
				      (u64)at);
	}
}

/* What the device sees is what was asked for, piece by piece. */
static void vb_test_segments(struct kunit *test)
{
	static const unsigned int pieces[] = { 1, 2, 3, 4, 5, 8, 61, 62 };
	struct vb *vb = vb_start_ring(test);
	struct bm_entry e = { };
	unsigned int i, dir;

	for (i = 0; i < ARRAY_SIZE(pieces); i++) {
		for (dir = 0; dir < 2; dir++) {
			struct vb_io *io = vb_io(vb, dir ? REQ_OP_WRITE : REQ_OP_READ, 100,
						 pieces[i] * 1024, 1024);

			vb_io_fill(io, i);
			KUNIT_EXPECT_EQ(test, (__force u8)vb_do(io), 0);
			KUNIT_ASSERT_TRUE(test, bm_logged(vb->bm, 0, &e));
			KUNIT_EXPECT_EQ(test, e.type, dir ? BM_T_OUT : BM_T_IN);
			KUNIT_EXPECT_EQ(test, e.sector, 100);
			KUNIT_EXPECT_EQ(test, e.len, pieces[i] * 1024);
			KUNIT_EXPECT_EQ(test, e.segs, pieces[i]);
		}
	}
}

/* A request with more pieces than the device takes is sent in parts. */
static void vb_test_split(struct kunit *test)
{
	struct vb *vb = vb_start_ring(test);
	struct vb_io *io = vb_io(vb, REQ_OP_WRITE, 8, 200 * 512, 512);

	vb_io_fill(io, 1);
	KUNIT_EXPECT_EQ(test, (__force u8)vb_do(io), 0);
	vb_on_disk(vb, 8, 200 * 512, 1);
	KUNIT_EXPECT_GE(test, bm_count(vb->bm, BM_T_OUT), 4);
}

static void vb_test_flush(struct kunit *test)
{
	struct vb *vb = vb_start_ring(test);
	struct bm_entry e = { };
	struct vb_io *io;

	KUNIT_EXPECT_EQ(test, blkdev_issue_flush(vb->bdev), 0);
	KUNIT_EXPECT_EQ(test, bm_count(vb->bm, BM_T_FLUSH), 1);

	/* The device has no such flag: a write, and then a flush. */
	io = vb_io(vb, REQ_OP_WRITE | REQ_FUA, 8, 4096, 4096);
	vb_io_fill(io, 1);
	KUNIT_EXPECT_EQ(test, (__force u8)vb_do(io), 0);
	KUNIT_EXPECT_EQ(test, bm_count(vb->bm, BM_T_FLUSH), 2);
	KUNIT_ASSERT_TRUE(test, bm_logged(vb->bm, 0, &e));
	KUNIT_EXPECT_EQ(test, e.type, BM_T_FLUSH);
	KUNIT_ASSERT_TRUE(test, bm_logged(vb->bm, 1, &e));
	KUNIT_EXPECT_EQ(test, e.type, BM_T_OUT);

	io = vb_io(vb, REQ_OP_WRITE | REQ_PREFLUSH, 16, 4096, 4096);
	vb_io_fill(io, 2);
	KUNIT_EXPECT_EQ(test, (__force u8)vb_do(io), 0);
	KUNIT_EXPECT_EQ(test, bm_count(vb->bm, BM_T_FLUSH), 3);
	KUNIT_ASSERT_TRUE(test, bm_logged(vb->bm, 0, &e));
	KUNIT_EXPECT_EQ(test, e.type, BM_T_OUT);
	KUNIT_ASSERT_TRUE(test, bm_logged(vb->bm, 1, &e));
	KUNIT_EXPECT_EQ(test, e.type, BM_T_FLUSH);
}

/* Of the last @nr requests, find the one at @sector. */
static bool vb_logged_at(struct vb *vb, unsigned int nr, sector_t sector, struct bm_entry *e)
{
	while (nr--) {
		if (bm_logged(vb->bm, nr, e) && e->sector == sector)
			return true;
	}
	return false;
}

/*
 * The sum of the last @nr requests, all of them of one type and side by side on the disk. They
 * are under way together: the device may have had them in any order.
 */
static u64 vb_sum(struct vb *vb, u32 type, unsigned int nr, sector_t sector, u32 flags)
{
	struct bm_entry e = { };
	unsigned int i;
	u64 sum = 0;

	for (i = 0; i < nr; i++) {
		KUNIT_ASSERT_TRUE(vb->test,
				  vb_logged_at(vb, nr, sector + (sum >> SECTOR_SHIFT), &e));
		KUNIT_EXPECT_EQ(vb->test, e.type, type);
		KUNIT_EXPECT_EQ(vb->test, e.flags, flags);
		KUNIT_EXPECT_EQ(vb->test, e.status, BM_S_OK);
		sum += e.len;
	}
	return sum;
}

static void vb_test_discard(struct kunit *test)
{
	struct vb *vb = vb_start_ring(test);

	KUNIT_EXPECT_EQ(test, blkdev_issue_discard(vb->bdev, 64, 128, GFP_KERNEL), 0);
	KUNIT_EXPECT_EQ(test, bm_count(vb->bm, BM_T_DISCARD), 1);
	KUNIT_EXPECT_EQ(test, vb_sum(vb, BM_T_DISCARD, 1, 64, 0), 128 * 512);

	/* More than one command may have. */
	KUNIT_EXPECT_EQ(test, blkdev_issue_discard(vb->bdev, 0, 32768, GFP_KERNEL), 0);
	KUNIT_EXPECT_EQ(test, bm_count(vb->bm, BM_T_DISCARD), 3);
	KUNIT_EXPECT_EQ(test, vb_sum(vb, BM_T_DISCARD, 2, 0, 0), 32768 * 512);
}

static void vb_test_secure_erase(struct kunit *test)
{
	struct bm_params params;
	struct vb *vb;

	vb_params(&params, test->param_value);
	params.conf.max_secure_erase_sectors = 4096;
	vb = vb_start(test, &params);
	vb_write(vb, 64, 4096, 1);
	vb_write(vb, 72, 4096, 1);
	KUNIT_EXPECT_EQ(test, blkdev_issue_secure_erase(vb->bdev, 64, 8, GFP_KERNEL), 0);
	KUNIT_EXPECT_EQ(test, bm_count(vb->bm, BM_T_SECURE_ERASE), 1);
	KUNIT_EXPECT_EQ(test, vb_sum(vb, BM_T_SECURE_ERASE, 1, 64, 0), 8 * 512);
	KUNIT_EXPECT_FALSE(test, vb_is_on_disk(vb, 64, 4096, 1));
	vb_on_disk(vb, 72, 4096, 1);

	/* More than one command may have: the block layer must not put them together again. */
	KUNIT_EXPECT_EQ(test, blkdev_issue_secure_erase(vb->bdev, 0, 12288, GFP_KERNEL), 0);
	KUNIT_EXPECT_EQ(test, bm_count(vb->bm, BM_T_SECURE_ERASE), 4);
	KUNIT_EXPECT_EQ(test, vb_sum(vb, BM_T_SECURE_ERASE, 3, 0, 0), 12288 * 512);
	KUNIT_EXPECT_EQ(test, bm_count(vb->bm, BM_T_DISCARD), 0);
}

static void vb_test_zeroes(struct kunit *test)
{
	struct vb *vb = vb_start_ring(test);
	u64 n;

	vb_write(vb, 8, 8192, 1);
	KUNIT_EXPECT_EQ(test, blkdev_issue_zeroout(vb->bdev, 9, 7, GFP_KERNEL,
						   BLKDEV_ZERO_NOFALLBACK), 0);
	KUNIT_EXPECT_EQ(test, bm_count(vb->bm, BM_T_WRITE_ZEROES), 1);
	KUNIT_EXPECT_EQ(test, vb_sum(vb, BM_T_WRITE_ZEROES, 1, 9, BM_FLAG_UNMAP), 7 * 512);
	vb_on_disk(vb, 8, 512, 1);
	vb_on_disk(vb, 16, 4096, 1);
	KUNIT_EXPECT_FALSE(test, vb_is_on_disk(vb, 9, 512, 1));

	KUNIT_EXPECT_EQ(test, blkdev_issue_zeroout(vb->bdev, 16, 4, GFP_KERNEL,
						   BLKDEV_ZERO_NOUNMAP |
						   BLKDEV_ZERO_NOFALLBACK), 0);
	KUNIT_EXPECT_EQ(test, vb_sum(vb, BM_T_WRITE_ZEROES, 1, 16, 0), 4 * 512);

	n = bm_count(vb->bm, BM_T_WRITE_ZEROES);
	KUNIT_EXPECT_EQ(test, blkdev_issue_zeroout(vb->bdev, 0, 32768, GFP_KERNEL,
						   BLKDEV_ZERO_NOFALLBACK), 0);
	n = bm_count(vb->bm, BM_T_WRITE_ZEROES) - n;
	KUNIT_EXPECT_GE(test, n, 4);
	KUNIT_EXPECT_EQ(test, vb_sum(vb, BM_T_WRITE_ZEROES, n, 0, BM_FLAG_UNMAP),
			32768 * 512);
	KUNIT_EXPECT_EQ(test, bm_count(vb->bm, BM_T_OUT), 1);
}

/* What the device says of a request, and what its sender hears. */
static const struct {
	enum bm_action action;
	u8 status;
	u8 blk;
} vb_statuses[] = {
	{ BM_FAIL, BM_S_IOERR, (__force u8)BLK_STS_IOERR },
	{ BM_FAIL, BM_S_UNSUPP, (__force u8)BLK_STS_NOTSUPP },
	{ BM_STATUS, BM_S_IOERR, (__force u8)BLK_STS_IOERR },
	{ BM_STATUS, BM_S_UNSUPP, (__force u8)BLK_STS_NOTSUPP },
	{ BM_STATUS, 3, (__force u8)BLK_STS_IOERR },
	{ BM_STATUS, 7, (__force u8)BLK_STS_IOERR },
	{ BM_STATUS, 0x80, (__force u8)BLK_STS_IOERR },
	{ BM_STATUS, 0xfe, (__force u8)BLK_STS_IOERR },
	{ BM_STATUS, 0xff, (__force u8)BLK_STS_IOERR },
	{ BM_NO_STATUS, 0, (__force u8)BLK_STS_IOERR },
};

static void vb_test_status(struct kunit *test)
{
	struct vb *vb = vb_start_ring(test);
	struct bm_rule rule = { .type = BM_ANY_TYPE, .sector = 17 };
	unsigned int i, dir;

	for (i = 0; i < ARRAY_SIZE(vb_statuses); i++) {
		rule.action = vb_statuses[i].action;
		rule.status = vb_statuses[i].status;
		for (dir = 0; dir < 2; dir++) {
			blk_opf_t op = dir ? REQ_OP_WRITE : REQ_OP_READ;

			rule.left = 1;
			bm_add_rule(vb->bm, &rule);
			KUNIT_EXPECT_EQ(test, (__force u8)vb_do(vb_io(vb, op, 0, 4096, 0)), 0);
			KUNIT_EXPECT_EQ_MSG(test,
					    (__force u8)vb_do(vb_io(vb, op, 16, 4096, 0)),
					    vb_statuses[i].blk, "status %u of %s",
					    vb_statuses[i].status, dir ? "write" : "read");
			KUNIT_EXPECT_EQ(test, (__force u8)vb_do(vb_io(vb, op, 16, 4096, 0)), 0);
		}
	}

	/* Of requests without data, too. */
	rule = (struct bm_rule) { 1, BM_T_FLUSH, BM_ANY_SECTOR, BM_FAIL, BM_S_IOERR };
	bm_add_rule(vb->bm, &rule);
	KUNIT_EXPECT_EQ(test, blkdev_issue_flush(vb->bdev), -EIO);
	KUNIT_EXPECT_EQ(test, blkdev_issue_flush(vb->bdev), 0);
}

/* A read that fails leaves no part of its data out of what it says. */
static void vb_test_used_len(struct kunit *test)
{
	struct vb *vb = vb_start_ring(test);
	bool modern = fv_negotiated(vb->fv, VIRTIO_F_VERSION_1);
	u8 shorter = modern ? (__force u8)BLK_STS_IOERR : 0;

	vb->bm->len_mode = BM_LEN_TOTAL;
	vb_write(vb, 0, 8192, 1);
	vb_read(vb, 0, 8192, 1);
	KUNIT_EXPECT_EQ(test, blkdev_issue_flush(vb->bdev), 0);

	/* Nobody is to believe that these were read (5.2.6.3 on old devices). */
	vb->bm->len_mode = BM_LEN_ONE;
	KUNIT_EXPECT_EQ(test, (__force u8)vb_do(vb_io(vb, REQ_OP_READ, 0, 4096, 0)), shorter);
	vb->bm->len_mode = BM_LEN_ZERO;
	KUNIT_EXPECT_EQ(test, (__force u8)vb_do(vb_io(vb, REQ_OP_READ, 0, 512, 0)), shorter);
	KUNIT_EXPECT_EQ(test, (__force u8)vb_do(vb_io(vb, REQ_OP_WRITE, 64, 512, 0)), 0);
	vb->bm->len_mode = BM_LEN_RIGHT;
	vb_read(vb, 0, 8192, 1);
}

static void vb_test_features(struct kunit *test)
{
	static const unsigned int yes[] = {
		BM_F_SIZE_MAX, BM_F_SEG_MAX, BM_F_GEOMETRY, BM_F_BLK_SIZE, BM_F_FLUSH,
		BM_F_TOPOLOGY, BM_F_CONFIG_WCE, BM_F_MQ, BM_F_DISCARD, BM_F_WRITE_ZEROES,
		BM_F_LIFETIME, BM_F_SECURE_ERASE,
	};
	const struct vb_ring *ring = test->param_value;
	struct vb *vb = vb_start_ring(test);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(yes); i++)
		KUNIT_EXPECT_TRUE_MSG(test, fv_negotiated(vb->fv, yes[i]), "bit %u", yes[i]);
	for (i = 28; i < 64; i++) {
		if (ring->features & BIT_ULL(i))
			KUNIT_EXPECT_TRUE_MSG(test, fv_negotiated(vb->fv, i), "bit %u", i);
	}
	KUNIT_EXPECT_FALSE(test, fv_negotiated(vb->fv, BM_F_ZONED));
	KUNIT_EXPECT_EQ(test, vb->fv->status & 0xc7, VIRTIO_CONFIG_S_ACKNOWLEDGE |
			VIRTIO_CONFIG_S_DRIVER | VIRTIO_CONFIG_S_DRIVER_OK);
}

/* Flushes and discards are not wanted. */
static void vb_test_disabled(struct kunit *test)
{
	struct bm_params params;
	struct vb *vb;

	vb_params(&params, &vb_rings[3]);
	KUNIT_EXPECT_EQ(test, fv_param_write("virtio_blk", "disable_features", "0x100002200"),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, fv_param_write("virtio_blk", "disable_features", "flush"), -EINVAL);
	KUNIT_ASSERT_EQ(test, fv_param_write("virtio_blk", "disable_features", "0x2200"), 0);
	vb = vb_start(test, &params);
	KUNIT_EXPECT_EQ(test, fv_param_write("virtio_blk", "disable_features", "0"), 0);
	KUNIT_EXPECT_FALSE(test, fv_negotiated(vb->fv, BM_F_FLUSH));
	KUNIT_EXPECT_FALSE(test, fv_negotiated(vb->fv, BM_F_DISCARD));
	KUNIT_EXPECT_TRUE(test, fv_negotiated(vb->fv, BM_F_WRITE_ZEROES));
	KUNIT_EXPECT_EQ(test, bdev_max_discard_sectors(vb->bdev), 0);
	vb_write(vb, 0, 8192, 1);
	vb_read(vb, 0, 8192, 1);
}

static void vb_test_lifetime(struct kunit *test)
{
	struct bm_rule refuse = { 1, BM_T_GET_LIFETIME, BM_ANY_SECTOR, BM_FAIL, BM_S_UNSUPP };
	char *buf = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);
	struct bm_params params;
	struct vb *vb;

	KUNIT_ASSERT_NOT_NULL(test, buf);
	vb_params(&params, test->param_value);
	vb = vb_start(test, &params);
	KUNIT_EXPECT_EQ(test, vb_attr_mode(vb, "life_time"), 0444);
	vb->bm->lifetime.pre_eol_info = cpu_to_le16(3);
	vb->bm->lifetime.est_typ_a = cpu_to_le16(11);
	vb->bm->lifetime.est_typ_b = cpu_to_le16(0xffff);
	KUNIT_EXPECT_EQ(test, vb_attr_show(vb, "pre_eol_info", buf), 5);
	KUNIT_EXPECT_STREQ(test, buf, "0x03\n");
	KUNIT_EXPECT_EQ(test, vb_attr_show(vb, "serial", buf), 9);
	KUNIT_EXPECT_EQ(test, vb_attr_show(vb, "life_time", buf), 12);
	KUNIT_EXPECT_STREQ(test, buf, "0x0b 0xffff\n");
	bm_add_rule(vb->bm, &refuse);
	KUNIT_EXPECT_EQ(test, vb_attr_show(vb, "life_time", buf), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, bm_count(vb->bm, BM_T_GET_LIFETIME), 3);
}

static void vb_test_no_lifetime(struct kunit *test)
{
	struct bm_params params;
	struct vb *vb;

	vb_params(&params, &vb_rings[3]);
	params.features &= ~BIT_ULL(BM_F_LIFETIME);
	vb = vb_start(test, &params);
	KUNIT_EXPECT_EQ(test, vb_attr_mode(vb, "pre_eol_info"), 0);
	KUNIT_EXPECT_EQ(test, vb_attr_mode(vb, "life_time"), 0);
	KUNIT_EXPECT_EQ(test, vb_attr_mode(vb, "serial"), 0444);
}

static void vb_test_serial(struct kunit *test)
{
	char *buf = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);
	struct vb *vb = vb_start_ring(test);
	struct bm_rule rule = { 1, BM_T_GET_ID, BM_ANY_SECTOR, BM_FAIL, BM_S_UNSUPP };
	unsigned int i, bad = 0;

	KUNIT_ASSERT_NOT_NULL(test, buf);
	KUNIT_EXPECT_EQ(test, vb_attr_show(vb, "serial", buf), 9);
	KUNIT_EXPECT_STREQ(test, buf, "fake disk");

	/* 20 characters have no zero byte behind them (5.2.6). */
	memcpy(vb->bm->id, "ABCDEFGHIJKLMNOPQRST", BM_ID_BYTES);
	KUNIT_EXPECT_EQ(test, vb_attr_show(vb, "serial", buf), BM_ID_BYTES);
	KUNIT_EXPECT_STREQ(test, buf, "ABCDEFGHIJKLMNOPQRST");

	memset(vb->bm->id, 0, BM_ID_BYTES);
	KUNIT_EXPECT_EQ(test, vb_attr_show(vb, "serial", buf), 0);
	memset(vb->bm->id, 'x', BM_ID_BYTES);
	bm_add_rule(vb->bm, &rule);
	KUNIT_EXPECT_EQ(test, vb_attr_show(vb, "serial", buf), 0);
	KUNIT_EXPECT_EQ(test, vb_attr_show(vb, "serial", buf), BM_ID_BYTES);

	/* The next one comes while the last one is not quite through. */
	for (i = 0; i < 200; i++)
		bad += vb_attr_show(vb, "serial", buf) != BM_ID_BYTES;
	KUNIT_EXPECT_EQ(test, bad, 0);
}

static struct kunit_case vb_cases[] = {
	KUNIT_CASE_PARAM(vb_test_sizes, vb_ring_gen_params),
	KUNIT_CASE_PARAM(vb_test_segments, vb_ring_gen_params),
	KUNIT_CASE_PARAM(vb_test_split, vb_ring_gen_params),
	KUNIT_CASE_PARAM(vb_test_flush, vb_ring_gen_params),
	KUNIT_CASE_PARAM(vb_test_discard, vb_ring_gen_params),
	KUNIT_CASE_PARAM(vb_test_secure_erase, vb_ring_gen_params),
	KUNIT_CASE_PARAM(vb_test_zeroes, vb_ring_gen_params),
	KUNIT_CASE_PARAM(vb_test_status, vb_ring_gen_params),
	KUNIT_CASE_PARAM(vb_test_used_len, vb_ring_gen_params),
	KUNIT_CASE_PARAM(vb_test_features, vb_ring_gen_params),
	KUNIT_CASE_PARAM(vb_test_serial, vb_ring_gen_params),
	KUNIT_CASE_PARAM(vb_test_lifetime, vb_ring_gen_params),
	KUNIT_CASE(vb_test_no_lifetime),
	KUNIT_CASE(vb_test_disabled),
	{ }
};

static struct kunit_suite vb_suite = {
	.name = "virtio_blk",
	.exit = vb_exit,
	.test_cases = vb_cases,
};

kunit_test_suite(vb_suite);

MODULE_DESCRIPTION("Tests of virtio_blk");
MODULE_AUTHOR("kvm-guest-drivers-linux authors");
MODULE_VERSION(KGD_VERSION);
MODULE_LICENSE("GPL");
