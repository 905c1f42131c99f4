// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of virtio_blk: zoned disks (virtio 1.3, 5.2.6), and what a device may say of its
 * zones that is not so.
 */
#include <kunit/test.h>
#include <linux/bits.h>
#include <linux/blkdev.h>
#include <linux/delay.h>
#include <linux/limits.h>
#include <linux/string.h>
#include <linux/virtio_byteorder.h>
#include <linux/virtio_ring.h>

#include "virtio_blk_kunit.h"

#define VZ_ZONE		128
#define VZ_NR		16
#define VZ_CONV		2
#define VZ_APPEND	32

static const struct vb_ring vz_rings[] = {
	{ "split", BIT_ULL(VIRTIO_F_VERSION_1) },
	{ "packed,indirect", BIT_ULL(VIRTIO_F_VERSION_1) | BIT_ULL(VIRTIO_F_RING_PACKED) |
			     BIT_ULL(VIRTIO_RING_F_INDIRECT_DESC) },
};

FV_ARRAY_PARAM(vz_ring, vz_rings, vb_ring_desc);

/**
 * struct vz_lie - what is written over the answer to a command
 * @name: of what is wrong
 * @type: of the command
 * @at: where in what the device writes
 * @size: bytes, 0 for nothing
 * @value: what
 * @len: used length if not 0
 */
struct vz_lie {
	const char *name;
	u32 type;
	size_t at;
	size_t size;
	u64 value;
	int len;
};

/* That of the test that runs; NULL if the device is honest. */
static const struct vz_lie *vz_lie;

static int vz_handle(struct fv_queue *q, struct fv_chain *chain)
{
	const struct vz_lie *lie = READ_ONCE(vz_lie);
	struct bm_hdr hdr = { };
	__le64 value;
	int len;

	fv_read(chain, 0, &hdr, sizeof(hdr));
	len = bm_handle(q, chain);
	if (!lie || len < 0 || __virtio32_to_cpu(true, hdr.type) != lie->type)
		return len;
	value = cpu_to_le64(lie->value);
	fv_write(chain, lie->at, &value, lie->size);
	return lie->len ?: len;
}

static struct fv_model vz_model;

static void vz_params(struct bm_params *params, const struct vb_ring *ring)
{
	vb_params(params, ring);
	params->features |= BIT_ULL(BM_F_ZONED);
	params->model = &vz_model;
	params->conf.capacity = VZ_NR * VZ_ZONE;
	params->conf.zone_model = BM_Z_HM;
	params->conf.zone_sectors = VZ_ZONE;
	params->conf.max_open_zones = 4;
	params->conf.max_active_zones = 6;
	params->conf.max_append_sectors = VZ_APPEND;
	params->conf.write_granularity = 1024;
}

static struct vb *vz_create(struct kunit *test, const struct vb_ring *ring)
{
	struct bm_params params;
	struct vb *vb;

	WRITE_ONCE(vz_lie, NULL);
	vz_model = bm_model;
	vz_model.handle = vz_handle;
	vz_params(&params, ring);
	vb = vb_create(test, &params);
	KUNIT_ASSERT_EQ(test, bm_zones_init(vb->bm, VZ_CONV), 0);
	return vb;
}

static struct vb *vz_start(struct kunit *test, const struct vb_ring *ring)
{
	struct vb *vb = vz_create(test, ring);

	KUNIT_ASSERT_EQ(test, fv_plug(vb->fv), 0);
	vb_open(vb);
	return vb;
}

static void vz_exit(struct kunit *test)
{
	WRITE_ONCE(vz_lie, NULL);
	vb_exit(test);
}

static u8 vz_do(struct vb *vb, blk_opf_t op, unsigned int zone)
{
	return (__force u8)vb_do(vb_io(vb, op, zone * VZ_ZONE, 0, 0));
}

/* Append 2 KiB; where they went is in the request. */
static struct vb_io *vz_append(struct vb *vb, unsigned int zone, sector_t expected)
{
	struct vb_io *io = vb_io(vb, REQ_OP_ZONE_APPEND, zone * VZ_ZONE, 2048, 1024);

	/* The pattern is that of the place. */
	io->sector = expected;
	vb_io_fill(io, 3);
	return io;
}

static void vz_append_ok(struct vb *vb, unsigned int zone, sector_t expected)
{
	struct vb_io *io = vz_append(vb, zone, expected);

	KUNIT_EXPECT_EQ(vb->test, (__force u8)vb_do(io), 0);
	KUNIT_EXPECT_EQ(vb->test, (u64)io->place, (u64)expected);
	vb_on_disk(vb, expected, 2048, 3);
}

/* What a report is compared with. */
struct vz_seen {
	struct vb *vb;
	unsigned int first;
	unsigned int nr;
};

static int vz_see(struct blk_zone *zone, unsigned int idx, void *data)
{
	struct vz_seen *seen = data;
	struct kunit *test = seen->vb->test;
	const struct bm_zone *z = &seen->vb->bm->zones[seen->first + idx];

	KUNIT_EXPECT_EQ(test, idx, seen->nr++);
	KUNIT_EXPECT_EQ(test, (u64)zone->start, z->start);
	KUNIT_EXPECT_EQ(test, (u64)zone->len, VZ_ZONE);
	KUNIT_EXPECT_EQ(test, (u64)zone->capacity, z->cap);
	KUNIT_EXPECT_EQ(test, zone->type, z->type);
	KUNIT_EXPECT_EQ(test, zone->cond, z->state);
	if (z->type == BM_ZT_SWR && z->state < BM_ZS_RDONLY)
		KUNIT_EXPECT_EQ(test, (u64)zone->wp, z->wp);
	return 0;
}

static int vz_report(struct vb *vb, sector_t sector, struct vz_seen *seen)
{
	*seen = (struct vz_seen) { .vb = vb, .first = sector / VZ_ZONE };
	return blkdev_report_zones(vb->bdev, sector, BLK_ALL_ZONES, vz_see, seen);
}

static void vz_test_limits(struct kunit *test)
{
	struct vb *vb = vz_start(test, test->param_value);

	KUNIT_EXPECT_TRUE(test, fv_negotiated(vb->fv, BM_F_ZONED));
	KUNIT_EXPECT_FALSE(test, fv_negotiated(vb->fv, BM_F_DISCARD));
	KUNIT_EXPECT_FALSE(test, fv_negotiated(vb->fv, BM_F_WRITE_ZEROES));
	KUNIT_EXPECT_FALSE(test, fv_negotiated(vb->fv, BM_F_SECURE_ERASE));
	KUNIT_EXPECT_TRUE(test, bdev_is_zoned(vb->bdev));
	KUNIT_EXPECT_EQ(test, (u64)bdev_zone_sectors(vb->bdev), VZ_ZONE);
	KUNIT_EXPECT_EQ(test, bdev_nr_zones(vb->bdev), VZ_NR);
	KUNIT_EXPECT_EQ(test, bdev_max_open_zones(vb->bdev), 4);
	KUNIT_EXPECT_EQ(test, bdev_max_active_zones(vb->bdev), 6);
	KUNIT_EXPECT_EQ(test, bdev_max_zone_append_sectors(vb->bdev), VZ_APPEND);
	KUNIT_EXPECT_EQ(test, bdev_zone_write_granularity(vb->bdev), 1024);

	/* The tables of zones do not grow; so the disk does not. */
	bm_resize(vb->bm, 2 * VZ_NR * VZ_ZONE);
	msleep(VB_CALM_MS);
	KUNIT_EXPECT_EQ(test, (u64)bdev_nr_sectors(vb->bdev), VZ_NR * VZ_ZONE);
}

static void vz_test_commands(struct kunit *test)
{
	struct vb *vb = vz_start(test, test->param_value);
	struct bm_zone *z = vb->bm->zones;
	struct vz_seen seen;
	struct bm_entry e = { };

	/* Anywhere in a conventional zone, at the write pointer in others. */
	vb_write(vb, 8, 4096, 1);
	vb_write(vb, 3 * VZ_ZONE, 4096, 1);
	vb_read(vb, 3 * VZ_ZONE, 4096, 1);
	KUNIT_EXPECT_EQ(test, z[3].wp, 3 * VZ_ZONE + 8);
	vz_append_ok(vb, 4, 4 * VZ_ZONE);
	vz_append_ok(vb, 4, 4 * VZ_ZONE + 4);

	KUNIT_EXPECT_EQ(test, vz_do(vb, REQ_OP_ZONE_OPEN, 4), 0);
	KUNIT_EXPECT_EQ(test, z[4].state, BM_ZS_EOPEN);
	KUNIT_EXPECT_EQ(test, vz_do(vb, REQ_OP_ZONE_CLOSE, 4), 0);
	KUNIT_EXPECT_EQ(test, z[4].state, BM_ZS_CLOSED);
	KUNIT_EXPECT_EQ(test, vz_do(vb, REQ_OP_ZONE_FINISH, 5), 0);
	KUNIT_EXPECT_EQ(test, z[5].state, BM_ZS_FULL);
	z[6].state = BM_ZS_RDONLY;
	z[7].state = BM_ZS_OFFLINE;
	KUNIT_EXPECT_EQ(test, vz_report(vb, VZ_ZONE + 2, &seen), VZ_NR - 1);
	KUNIT_EXPECT_EQ(test, seen.nr, VZ_NR - 1);

	KUNIT_EXPECT_EQ(test, vz_do(vb, REQ_OP_ZONE_RESET, 4), 0);
	KUNIT_EXPECT_EQ(test, z[4].state, BM_ZS_EMPTY);
	KUNIT_EXPECT_EQ(test, z[5].state, BM_ZS_FULL);
	KUNIT_EXPECT_EQ(test, vz_do(vb, REQ_OP_ZONE_RESET_ALL, 0), 0);
	KUNIT_ASSERT_TRUE(test, bm_logged(vb->bm, 0, &e));
	KUNIT_EXPECT_EQ(test, e.type, BM_T_ZONE_RESET_ALL);
	KUNIT_EXPECT_EQ(test, z[3].state, BM_ZS_EMPTY);
	KUNIT_EXPECT_EQ(test, z[5].state, BM_ZS_EMPTY);
	vz_append_ok(vb, 4, 4 * VZ_ZONE);
}

static const struct {
	u8 status;
	u8 blk;
} vz_statuses[] = {
	{ BM_S_UNSUPP, (__force u8)BLK_STS_NOTSUPP },
	{ BM_S_ZONE_INVALID_CMD, (__force u8)BLK_STS_IOERR },
	{ BM_S_ZONE_UNALIGNED_WP, (__force u8)BLK_STS_IOERR },
	{ BM_S_ZONE_OPEN_RESOURCE, (__force u8)BLK_STS_ZONE_OPEN_RESOURCE },
	{ BM_S_ZONE_ACTIVE_RESOURCE, (__force u8)BLK_STS_ZONE_ACTIVE_RESOURCE },
	{ 7, (__force u8)BLK_STS_IOERR },
};

static void vz_test_status(struct kunit *test)
{
	struct vb *vb = vz_start(test, test->param_value);
	struct bm_rule open = { .type = BM_T_ZONE_OPEN, .sector = BM_ANY_SECTOR };
	struct bm_rule append = { .type = BM_T_ZONE_APPEND, .sector = BM_ANY_SECTOR };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(vz_statuses); i++) {
		open.left = 1;
		open.status = vz_statuses[i].status;
		bm_add_rule(vb->bm, &open);
		KUNIT_EXPECT_EQ_MSG(test, vz_do(vb, REQ_OP_ZONE_OPEN, 5), vz_statuses[i].blk,
				    "status %u of open", open.status);
		append.left = 1;
		append.status = vz_statuses[i].status;
		bm_add_rule(vb->bm, &append);
		KUNIT_EXPECT_EQ_MSG(test, (__force u8)vb_do(vz_append(vb, 4, 4 * VZ_ZONE)),
				    vz_statuses[i].blk, "status %u of append", append.status);
	}
	append.left = 1;
	append.action = BM_NO_STATUS;
	bm_add_rule(vb->bm, &append);
	KUNIT_EXPECT_EQ(test, (__force u8)vb_do(vz_append(vb, 4, 4 * VZ_ZONE)),
			(__force u8)BLK_STS_IOERR);
	/* That one was done, all the same; and none of these spoils an ordinary write. */
	vz_append_ok(vb, 4, 4 * VZ_ZONE + 4);
	vb_write(vb, 0, 4096, 1);
}

#define VZ_CONF(_field)		offsetof(struct bm_conf, _field)

/* Each of them alone. */
static const struct vz_lie vz_confs[] = {
	{ "zones of 96 sectors", 0, VZ_CONF(zone_sectors), 4, 96 },
	{ "a zone smaller than a block", 0, VZ_CONF(blk_size), 4, 0 },
	{ "no write granularity", 0, VZ_CONF(write_granularity), 4, 0 },
	{ "half of a block", 0, VZ_CONF(write_granularity), 4, 256 },
	{ "three sectors", 0, VZ_CONF(write_granularity), 4, 1536 },
	{ "more than a zone", 0, VZ_CONF(write_granularity), 4, 1 << 20 },
	{ "append of half a unit", 0, VZ_CONF(max_append_sectors), 4, 33 },
	{ "more open than active zones", 0, VZ_CONF(max_open_zones), 4, 7 },
	{ "no such model", 0, VZ_CONF(zone_model), 1, 3 },
	{ "no capacity", 0, VZ_CONF(capacity), 8, 0 },
	{ "too many zones", 0, VZ_CONF(capacity), 8, 1ULL << 40 },
};

static void vz_test_refused(struct kunit *test)
{
	struct bm_conf conf;
	unsigned int i;
	struct vb *vb;

	for (i = 0; i < ARRAY_SIZE(vz_confs); i++) {
		vb = vz_create(test, &vz_rings[0]);
		conf = vb->bm->conf;
		memcpy((void *)&conf + vz_confs[i].at, &vz_confs[i].value, vz_confs[i].size);
		/* A zone of one sector, and a block of two. */
		if (!conf.blk_size) {
			conf.blk_size = 1024;
			conf.zone_sectors = 1;
		}
		bm_set_conf(vb->bm, &conf);
		bm_set_loose(vb->bm, true);
		fv_plug(vb->fv);
		KUNIT_EXPECT_FALSE_MSG(test, fv_bound(vb->fv), "%s", vz_confs[i].name);
		KUNIT_EXPECT_EQ(test, bm_count(vb->bm, BM_T_ZONE_REPORT), 0);
		vz_exit(test);
	}
}

/* Of a zone in a report. */
#define VZ_DESC(_nr, _field)								\
	(sizeof(struct bm_zone_report) + (_nr) * sizeof(struct bm_zone_desc) +		\
	 offsetof(struct bm_zone_desc, _field))

static const struct vz_lie vz_reports[] = {
	{ "no zones", BM_T_ZONE_REPORT, 0, 8, 0 },
	{ "more than there was room for", BM_T_ZONE_REPORT, 0, 8, 64 },
	{ "2^64 - 1 zones", BM_T_ZONE_REPORT, 0, 8, U64_MAX },
	{ "not even a header", BM_T_ZONE_REPORT, .len = 63 },
	{ "the last was not written", BM_T_ZONE_REPORT, VZ_DESC(15, z_type), 1, 0 },
	{ "start", BM_T_ZONE_REPORT, VZ_DESC(3, z_start), 8, 4 * VZ_ZONE },
	{ "no capacity", BM_T_ZONE_REPORT, VZ_DESC(3, z_cap), 8, 0 },
	{ "capacity", BM_T_ZONE_REPORT, VZ_DESC(3, z_cap), 8, VZ_ZONE + 1 },
	{ "type", BM_T_ZONE_REPORT, VZ_DESC(3, z_type), 1, BM_ZT_SWP },
	{ "state", BM_T_ZONE_REPORT, VZ_DESC(3, z_state), 1, 5 },
	{ "state of a conventional zone", BM_T_ZONE_REPORT, VZ_DESC(1, z_state), 1, BM_ZS_EMPTY },
	{ "conventional and empty", BM_T_ZONE_REPORT, VZ_DESC(3, z_type), 1, BM_ZT_CONV },
	{ "pointer of an empty zone", BM_T_ZONE_REPORT, VZ_DESC(3, z_wp), 8, 3 * VZ_ZONE + 1 },
	{ "pointer behind its zone", BM_T_ZONE_REPORT, VZ_DESC(4, z_wp), 8, 4 * VZ_ZONE + 97 },
	{ "pointer before its zone", BM_T_ZONE_REPORT, VZ_DESC(4, z_wp), 8, 4 * VZ_ZONE - 1 },
};

static void vz_test_report_lies(struct kunit *test)
{
	struct vz_seen seen;
	unsigned int i;
	struct vb *vb;

	/* Such a disk is not bound, */
	for (i = 0; i < ARRAY_SIZE(vz_reports); i++) {
		vb = vz_create(test, &vz_rings[0]);
		vb->bm->zones[4].state = BM_ZS_CLOSED;
		WRITE_ONCE(vz_lie, &vz_reports[i]);
		fv_plug(vb->fv);
		KUNIT_EXPECT_FALSE_MSG(test, fv_bound(vb->fv), "%s", vz_reports[i].name);
		KUNIT_EXPECT_EQ(test, bm_count(vb->bm, BM_T_ZONE_REPORT), 1);
		vz_exit(test);
	}

	/* and one that was goes on. */
	vb = vz_start(test, &vz_rings[1]);
	WRITE_ONCE(vz_lie, &vz_reports[1]);
	KUNIT_EXPECT_EQ(test, vz_report(vb, 0, &seen), -EIO);
	WRITE_ONCE(vz_lie, NULL);
	KUNIT_EXPECT_EQ(test, vz_report(vb, 0, &seen), VZ_NR);
}

static const struct vz_lie vz_appends[] = {
	{ "first sector of the disk", BM_T_ZONE_APPEND, 0, 8, 0 },
	{ "before the zone", BM_T_ZONE_APPEND, 0, 8, 4 * VZ_ZONE - 1 },
	{ "over its end", BM_T_ZONE_APPEND, 0, 8, 5 * VZ_ZONE - 3 },
	{ "behind it", BM_T_ZONE_APPEND, 0, 8, 5 * VZ_ZONE },
	{ "nowhere", BM_T_ZONE_APPEND, 0, 8, U64_MAX },
	{ "not written", BM_T_ZONE_APPEND, .len = 7 },
};

static void vz_test_append_lies(struct kunit *test)
{
	struct vb *vb = vz_start(test, test->param_value);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(vz_appends); i++) {
		WRITE_ONCE(vz_lie, &vz_appends[i]);
		KUNIT_EXPECT_EQ_MSG(test, (__force u8)vb_do(vz_append(vb, 4, 4 * VZ_ZONE)),
				    (__force u8)BLK_STS_IOERR, "%s", vz_appends[i].name);
	}
	WRITE_ONCE(vz_lie, NULL);
	vz_append_ok(vb, 4, 4 * VZ_ZONE + 4 * ARRAY_SIZE(vz_appends));
}

/* What the device had when it is reset, or sleeps. */
static void vz_restart(struct vb *vb, bool sleep)
{
	struct bm_rule hold = { 5, BM_ANY_TYPE, BM_ANY_SECTOR, BM_HOLD, 0 };
	struct kunit *test = vb->test;
	struct vb_io *io[5];
	unsigned int i;

	io[0] = vb_io(vb, REQ_OP_READ, 0, 4096, 0);
	io[1] = vz_append(vb, 4, 4 * VZ_ZONE);
	io[2] = vb_io(vb, REQ_OP_ZONE_CLOSE, 5 * VZ_ZONE, 0, 0);
	io[3] = vb_io(vb, REQ_OP_ZONE_RESET, 6 * VZ_ZONE, 0, 0);
	io[4] = vb_io(vb, REQ_OP_ZONE_FINISH, 7 * VZ_ZONE, 0, 0);
	bm_add_rule(vb->bm, &hold);
	for (i = 0; i < ARRAY_SIZE(io); i++)
		vb_submit(io[i]);
	KUNIT_ASSERT_TRUE(test, bm_wait_held(vb->bm, ARRAY_SIZE(io), VB_WAIT_MS));
	bm_clear_rules(vb->bm);
	if (sleep) {
		KUNIT_ASSERT_EQ(test, fv_freeze(vb->fv), 0);
		KUNIT_ASSERT_EQ(test, fv_restore(vb->fv), 0);
	} else {
		fv_set_needs_reset(vb->fv);
	}

	for (i = 0; i < ARRAY_SIZE(io); i++) {
		KUNIT_ASSERT_TRUE_MSG(test, vb_wait(io[i], VB_WAIT_MS), "request %u", i);
		KUNIT_EXPECT_EQ_MSG(test, (__force u8)io[i]->status,
				    i == 1 || i == 2 ? (__force u8)BLK_STS_IOERR : 0,
				    "request %u", i);
	}
	vb_ended_once(vb);
}

static void vz_test_restart(struct kunit *test)
{
	struct vb *vb = vz_start(test, test->param_value);

	vz_restart(vb, false);
	vz_restart(vb, true);
	KUNIT_EXPECT_EQ(test, bm_count(vb->bm, BM_T_ZONE_APPEND), 0);
	KUNIT_EXPECT_EQ(test, bm_count(vb->bm, BM_T_ZONE_CLOSE), 0);
	KUNIT_EXPECT_EQ(test, bm_count(vb->bm, BM_T_ZONE_RESET), 2);
	KUNIT_EXPECT_EQ(test, bm_count(vb->bm, BM_T_ZONE_FINISH), 2);
	vz_append_ok(vb, 4, 4 * VZ_ZONE);
}

/* Ordinary disks, all of them. */
static void vz_test_ordinary(struct kunit *test)
{
	static const u8 models[] = { BM_Z_NONE, BM_Z_HA, BM_Z_HM };
	struct bm_params params;
	unsigned int i;
	struct vb *vb;

	for (i = 0; i < ARRAY_SIZE(models); i++) {
		WRITE_ONCE(vz_lie, NULL);
		vz_params(&params, &vz_rings[0]);
		params.model = NULL;
		params.conf.zone_model = models[i];
		/* A legacy device cannot have zones, whatever it offers. */
		if (models[i] == BM_Z_HM)
			params.features &= ~BIT_ULL(VIRTIO_F_VERSION_1);
		vb = vb_start(test, &params);
		KUNIT_EXPECT_FALSE(test, fv_negotiated(vb->fv, BM_F_ZONED));
		KUNIT_EXPECT_TRUE(test, fv_negotiated(vb->fv, BM_F_DISCARD));
		KUNIT_EXPECT_FALSE(test, bdev_is_zoned(vb->bdev));
		vb_write(vb, 5 * VZ_ZONE + 7, 512, 1);
		vb_read(vb, 5 * VZ_ZONE + 7, 512, 1);
		vz_exit(test);
	}
}

static struct kunit_case vz_cases[] = {
	KUNIT_CASE_PARAM(vz_test_limits, vz_ring_gen_params),
	KUNIT_CASE_PARAM(vz_test_commands, vz_ring_gen_params),
	KUNIT_CASE_PARAM(vz_test_status, vz_ring_gen_params),
	KUNIT_CASE_PARAM(vz_test_append_lies, vz_ring_gen_params),
	KUNIT_CASE_PARAM(vz_test_restart, vz_ring_gen_params),
	KUNIT_CASE(vz_test_report_lies),
	KUNIT_CASE(vz_test_refused),
	KUNIT_CASE(vz_test_ordinary),
	{ }
};

static struct kunit_suite vz_suite = {
	.name = "virtio_blk_zoned",
	.exit = vz_exit,
	.test_cases = vz_cases,
};

kunit_test_suite(vz_suite);
