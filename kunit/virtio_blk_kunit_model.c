// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of the modelled disk itself, by requests that are written by hand: commands that
 * the driver does not send, and mistakes that it must not make.
 */
#include <kunit/test.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "fake_virtio_core.h"
#include "model_blk.h"

#define BT_DATA		4096
#define BT_ZONE		64

/**
 * struct bt - a disk without a driver, and a request to it
 * @bm: the disk
 * @chain: the request: header, data, status
 * @hdr: of it
 * @za: what is appended to the data of ZONE_APPEND, and the status
 * @data: of it
 */
struct bt {
	struct bm *bm;
	struct fv_chain *chain;
	struct bm_hdr hdr;
	u8 za[9];
	u8 data[BT_DATA];
};

static int bt_init(struct kunit *test)
{
	struct bt *bt = kzalloc(sizeof(*bt), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, bt);
	bt->chain = kzalloc(struct_size(bt->chain, seg, 8), GFP_KERNEL);
	test->priv = bt;
	KUNIT_ASSERT_NOT_NULL(test, bt->chain);
	return 0;
}

static void bt_exit(struct kunit *test)
{
	struct bt *bt = test->priv;

	if (bt->bm)
		bm_destroy(bt->bm);
	kfree(bt->chain);
	kfree(bt);
}

/* A disk that believes in all its features having been negotiated. */
static struct bt *bt_disk(struct kunit *test, struct bm_params *params)
{
	struct bt *bt = test->priv;

	params->features |= BIT_ULL(VIRTIO_F_VERSION_1);
	/* Violations are what is tested here: so the device is nobody's. */
	bt->bm = bm_create(NULL, params);
	KUNIT_ASSERT_NOT_NULL(test, bt->bm);
	bt->bm->fv->priv->negotiated = params->features;
	return bt;
}

static struct bt *bt_usual(struct kunit *test)
{
	struct bm_params params;

	bm_defaults(&params);
	return bt_disk(test, &params);
}

/* Zones of 64 sectors, 48 of which can be written; the first of them is conventional. */
static struct bt *bt_zoned(struct kunit *test, u32 max_open, u32 max_active)
{
	struct bm_params params;
	struct bt *bt;

	bm_defaults(&params);
	params.features |= BIT_ULL(BM_F_ZONED);
	params.features &= ~BIT_ULL(BM_F_DISCARD);
	params.conf.capacity = 8 * BT_ZONE;
	params.conf.zone_model = BM_Z_HM;
	params.conf.zone_sectors = BT_ZONE;
	params.conf.max_open_zones = max_open;
	params.conf.max_active_zones = max_active;
	params.conf.max_append_sectors = 16;
	params.conf.write_granularity = 1024;
	bt = bt_disk(test, &params);
	KUNIT_ASSERT_EQ(test, bm_zones_init(bt->bm, 1), 0);
	return bt;
}

/* Do a request with @out bytes to read and @in bytes to write. Returns the used length. */
static int bt_do(struct bt *bt, u32 type, u64 sector, u32 out, u32 in)
{
	struct fv_chain *chain = bt->chain;
	unsigned int n = 0, tail = type == BM_T_ZONE_APPEND ? 9 : 1;

	bt->hdr.type = (__force __virtio32)cpu_to_le32(type);
	bt->hdr.sector = (__force __virtio64)cpu_to_le64(sector);
	memset(bt->za, 0xff, sizeof(bt->za));
	chain->q = fv_queue(bt->bm->fv, 0);
	chain->seg[n++] = (struct fv_seg){ &bt->hdr, sizeof(bt->hdr) };
	if (out)
		chain->seg[n++] = (struct fv_seg){ bt->data, out };
	chain->nr_out = n;
	if (in)
		chain->seg[n++] = (struct fv_seg){ bt->data, in };
	chain->seg[n++] = (struct fv_seg){ bt->za + 9 - tail, tail };
	chain->nr_in = n - chain->nr_out;
	chain->out_len = sizeof(bt->hdr) + out;
	chain->in_len = in + tail;
	chain->limit = chain->in_len;
	return bm_handle(chain->q, chain);
}

static u8 bt_status(struct bt *bt, u32 type, u64 sector, u32 out, u32 in)
{
	bt_do(bt, type, sector, out, in);
	return bt->za[8];
}

/* Where ZONE_APPEND has put the data. */
static u64 bt_where(struct bt *bt)
{
	__le64 where;

	memcpy(&where, bt->za, sizeof(where));
	return le64_to_cpu(where);
}

/* Do something wrong, and expect that it was seen. */
static void bt_expect_bad(struct kunit *test, struct bt *bt, u32 type, u64 sector,
			  unsigned int out, unsigned int in)
{
	int before = atomic_read(&bt->bm->fv->violations);

	KUNIT_EXPECT_NE(test, bt_status(bt, type, sector, out, in), BM_S_OK);
	KUNIT_EXPECT_EQ(test, atomic_read(&bt->bm->fv->violations), before + 1);
}

static void bt_range(struct bt *bt, unsigned int i, u64 sector, u32 nr, u32 flags)
{
	struct bm_range *range = (struct bm_range *)bt->data + i;

	range->sector = cpu_to_le64(sector);
	range->num_sectors = cpu_to_le32(nr);
	range->flags = cpu_to_le32(flags);
}

static void bt_test_violations(struct kunit *test)
{
	struct bt *bt = bt_usual(test);

	bt_expect_bad(test, bt, 7, 0, 0, 0);
	bt_expect_bad(test, bt, 0x80000000, 0, 0, 0);
	bt_expect_bad(test, bt, BM_T_IN, 0, 0, 511);
	bt_expect_bad(test, bt, BM_T_IN, 0, 512, 512);
	bt_expect_bad(test, bt, BM_T_IN, 0, 0, 0);
	bt_expect_bad(test, bt, BM_T_OUT, 0, 513, 0);
	bt_expect_bad(test, bt, BM_T_OUT, 0, 512, 1);
	bt_expect_bad(test, bt, BM_T_OUT, 32768, 512, 0);
	bt_expect_bad(test, bt, BM_T_IN, 32767, 0, 1024);
	bt_expect_bad(test, bt, BM_T_IN, U64_MAX, 0, 512);
	bt_expect_bad(test, bt, BM_T_FLUSH, 1, 0, 0);
	bt_expect_bad(test, bt, BM_T_FLUSH, 0, 512, 0);
	bt_expect_bad(test, bt, BM_T_GET_ID, 0, 0, 21);
	bt_expect_bad(test, bt, BM_T_GET_LIFETIME, 0, 0, 8);
	bt_expect_bad(test, bt, BM_T_DISCARD, 0, 15, 0);
	bt_expect_bad(test, bt, BM_T_DISCARD, 0, 32, 0);
	bt_expect_bad(test, bt, BM_T_ZONE_REPORT, 0, 0, 4096);

	bt_range(bt, 0, 0, 8, BM_FLAG_UNMAP);
	bt_expect_bad(test, bt, BM_T_DISCARD, 0, 16, 0);
	bt_range(bt, 0, 0, 8, 2);
	bt_expect_bad(test, bt, BM_T_WRITE_ZEROES, 0, 16, 0);
	bt_range(bt, 0, 0, 16385, 0);
	bt_expect_bad(test, bt, BM_T_DISCARD, 0, 16, 0);
	bt_range(bt, 0, 32767, 2, 0);
	bt_expect_bad(test, bt, BM_T_DISCARD, 0, 16, 0);

	bt->hdr.reserved = (__force __virtio32)cpu_to_le32(1);
	bt_expect_bad(test, bt, BM_T_IN, 0, 0, 512);
}

static void bt_test_limits(struct kunit *test)
{
	struct bm_params params;
	struct bt *bt;

	bm_defaults(&params);
	params.features &= ~(BIT_ULL(BM_F_FLUSH) | BIT_ULL(BM_F_DISCARD));
	params.features |= BIT_ULL(BM_F_RO);
	params.conf.size_max = 2048;
	params.conf.blk_size = 1024;
	bt = bt_disk(test, &params);
	bt_expect_bad(test, bt, BM_T_FLUSH, 0, 0, 0);
	bt_expect_bad(test, bt, BM_T_OUT, 0, 1024, 0);
	bt_expect_bad(test, bt, BM_T_IN, 0, 0, 4096);
	bt_expect_bad(test, bt, BM_T_IN, 0, 0, 512);
	bt_expect_bad(test, bt, BM_T_IN, 1, 0, 1024);
	bt_range(bt, 0, 0, 8, 0);
	bt_expect_bad(test, bt, BM_T_DISCARD, 0, 16, 0);
	KUNIT_EXPECT_EQ(test, bt_do(bt, BM_T_IN, 2, 0, 2048), 2049);
	KUNIT_EXPECT_EQ(test, bt->za[8], BM_S_OK);
}

static void bt_test_erase(struct kunit *test)
{
	struct bt *bt = bt_usual(test);
	u8 buf[512];

	memset(bt->data, 0x5a, 4096);
	KUNIT_EXPECT_EQ(test, bt_status(bt, BM_T_OUT, 0, 4096, 0), BM_S_OK);
	bt_range(bt, 0, 0, 2, 0);
	bt_range(bt, 1, 4, 2, 0);
	KUNIT_EXPECT_EQ(test, bt_status(bt, BM_T_SECURE_ERASE, 0, 32, 0), BM_S_OK);
	bm_peek(bt->bm, 1, buf, 512);
	KUNIT_EXPECT_NULL(test, memchr(buf, 0x5a, 512));
	bm_peek(bt->bm, 2, buf, 512);
	KUNIT_EXPECT_EQ(test, buf[0], 0x5a);
	bm_peek(bt->bm, 5, buf, 512);
	KUNIT_EXPECT_EQ(test, buf[511], 0);

	KUNIT_EXPECT_EQ(test, bt_do(bt, BM_T_GET_LIFETIME, 0, 0, 6), 7);
	KUNIT_EXPECT_EQ(test, bt->data[0], 1);
	KUNIT_EXPECT_EQ(test, bt->za[8], BM_S_OK);
	KUNIT_EXPECT_EQ(test, bt_do(bt, BM_T_GET_ID, 0, 0, 20), 21);
	KUNIT_EXPECT_STREQ(test, (char *)bt->data, "fake disk");
}

static void bt_test_cache(struct kunit *test)
{
	struct bt *bt = bt_usual(test);
	u8 buf[512];

	memset(bt->data, 1, 512);
	KUNIT_EXPECT_EQ(test, bt_status(bt, BM_T_OUT, 0, 512, 0), BM_S_OK);
	KUNIT_EXPECT_EQ(test, bt_status(bt, BM_T_FLUSH, 0, 0, 0), BM_S_OK);
	memset(bt->data, 2, 512);
	KUNIT_EXPECT_EQ(test, bt_status(bt, BM_T_OUT, 0, 512, 0), BM_S_OK);
	bm_power_cut(bt->bm);
	bm_peek(bt->bm, 0, buf, 512);
	KUNIT_EXPECT_EQ(test, buf[0], 1);
	/* Stable at once, but only itself. */
	KUNIT_EXPECT_EQ(test, bt_status(bt, BM_T_OUT, 1, 512, 0), BM_S_OK);
	bt->bm->conf.writeback = 0;
	KUNIT_EXPECT_EQ(test, bt_status(bt, BM_T_OUT, 2, 512, 0), BM_S_OK);
	bm_power_cut(bt->bm);
	bm_peek(bt->bm, 1, buf, 512);
	KUNIT_EXPECT_EQ(test, buf[0], 0);
	bm_peek(bt->bm, 2, buf, 512);
	KUNIT_EXPECT_EQ(test, buf[0], 2);
}

static void bt_expect_zone(struct kunit *test, struct bt *bt, unsigned int i, u8 state, u64 wp)
{
	KUNIT_EXPECT_EQ_MSG(test, bt->bm->zones[i].state, state, "zone %u", i);
	KUNIT_EXPECT_EQ_MSG(test, bt->bm->zones[i].wp - bt->bm->zones[i].start, wp, "zone %u", i);
}

static void bt_test_zone_write(struct kunit *test)
{
	struct bt *bt = bt_zoned(test, 0, 0);
	u64 z1 = BT_ZONE, z2 = 2 * BT_ZONE;
	unsigned int i;

	/* Conventional: anywhere. */
	KUNIT_EXPECT_EQ(test, bt_status(bt, BM_T_OUT, 7, 512, 0), BM_S_OK);
	/* Sequential: at the write pointer. */
	KUNIT_EXPECT_EQ(test, bt_status(bt, BM_T_OUT, z1, 1024, 0), BM_S_OK);
	bt_expect_zone(test, bt, 1, BM_ZS_IOPEN, 2);
	KUNIT_EXPECT_EQ(test, bt_status(bt, BM_T_OUT, z1, 1024, 0), BM_S_ZONE_UNALIGNED_WP);
	KUNIT_EXPECT_EQ(test, bt_status(bt, BM_T_OUT, z1 + 4, 1024, 0), BM_S_ZONE_UNALIGNED_WP);
	KUNIT_EXPECT_EQ(test, bt_status(bt, BM_T_OUT, z1 + 2, 1024, 0), BM_S_OK);
	bt_expect_bad(test, bt, BM_T_OUT, z1 + 4, 512, 0);
	for (i = 4; i < 48; i += 4)
		KUNIT_EXPECT_EQ(test, bt_status(bt, BM_T_OUT, z1 + i, 2048, 0), BM_S_OK);
	bt_expect_zone(test, bt, 1, BM_ZS_FULL, 48);
	KUNIT_EXPECT_EQ(test, bt_status(bt, BM_T_OUT, z1 + 48, 1024, 0), BM_S_ZONE_INVALID_CMD);
	/* No read goes over the end of a zone. */
	KUNIT_EXPECT_EQ(test, bt_status(bt, BM_T_IN, z2 - 1, 0, 1024), BM_S_ZONE_INVALID_CMD);

	KUNIT_EXPECT_EQ(test, bt_do(bt, BM_T_ZONE_APPEND, z2, 1024, 0), 9);
	KUNIT_EXPECT_EQ(test, bt->za[8], BM_S_OK);
	KUNIT_EXPECT_EQ(test, bt_where(bt), z2);
	KUNIT_EXPECT_EQ(test, bt_status(bt, BM_T_ZONE_APPEND, z2, 2048, 0), BM_S_OK);
	KUNIT_EXPECT_EQ(test, bt_where(bt), z2 + 2);
	bt_expect_zone(test, bt, 2, BM_ZS_IOPEN, 6);
	bt_expect_bad(test, bt, BM_T_ZONE_APPEND, z2 + 2, 1024, 0);
	bt->bm->conf.max_append_sectors = 1;
	bt_expect_bad(test, bt, BM_T_ZONE_APPEND, z2, 1024, 0);
	KUNIT_EXPECT_EQ(test, bt_status(bt, BM_T_ZONE_APPEND, 0, 512, 0), BM_S_ZONE_INVALID_CMD);

	bt->bm->zones[3].state = BM_ZS_RDONLY;
	KUNIT_EXPECT_EQ(test, bt_status(bt, BM_T_OUT, 3 * BT_ZONE, 1024, 0),
			BM_S_ZONE_INVALID_CMD);
	KUNIT_EXPECT_EQ(test, bt_status(bt, BM_T_IN, 3 * BT_ZONE, 0, 1024), BM_S_OK);
	bt->bm->zones[3].state = BM_ZS_OFFLINE;
	KUNIT_EXPECT_EQ(test, bt_status(bt, BM_T_IN, 3 * BT_ZONE, 0, 1024),
			BM_S_ZONE_INVALID_CMD);
}

static void bt_test_zone_states(struct kunit *test)
{
	struct bt *bt = bt_zoned(test, 0, 0);
	u64 z = 2 * BT_ZONE;

	KUNIT_EXPECT_EQ(test, bt_status(bt, BM_T_ZONE_CLOSE, z, 0, 0), BM_S_ZONE_INVALID_CMD);
	KUNIT_EXPECT_EQ(test, bt_status(bt, BM_T_ZONE_RESET, z, 0, 0), BM_S_OK);
	KUNIT_EXPECT_EQ(test, bt_status(bt, BM_T_ZONE_OPEN, z, 0, 0), BM_S_OK);
	bt_expect_zone(test, bt, 2, BM_ZS_EOPEN, 0);
	KUNIT_EXPECT_EQ(test, bt_status(bt, BM_T_ZONE_OPEN, z, 0, 0), BM_S_OK);
	KUNIT_EXPECT_EQ(test, bt_status(bt, BM_T_ZONE_CLOSE, z, 0, 0), BM_S_OK);
	bt_expect_zone(test, bt, 2, BM_ZS_EMPTY, 0);
	KUNIT_EXPECT_EQ(test, bt_status(bt, BM_T_ZONE_OPEN, z, 0, 0), BM_S_OK);
	KUNIT_EXPECT_EQ(test, bt_status(bt, BM_T_OUT, z, 1024, 0), BM_S_OK);
	bt_expect_zone(test, bt, 2, BM_ZS_EOPEN, 2);
	KUNIT_EXPECT_EQ(test, bt_status(bt, BM_T_ZONE_CLOSE, z, 0, 0), BM_S_OK);
	bt_expect_zone(test, bt, 2, BM_ZS_CLOSED, 2);
	KUNIT_EXPECT_EQ(test, bt_status(bt, BM_T_ZONE_CLOSE, z, 0, 0), BM_S_OK);
	KUNIT_EXPECT_EQ(test, bt_status(bt, BM_T_OUT, z + 2, 1024, 0), BM_S_OK);
	bt_expect_zone(test, bt, 2, BM_ZS_IOPEN, 4);
	KUNIT_EXPECT_EQ(test, bt_status(bt, BM_T_ZONE_FINISH, z, 0, 0), BM_S_OK);
	bt_expect_zone(test, bt, 2, BM_ZS_FULL, 48);
	KUNIT_EXPECT_EQ(test, bt_status(bt, BM_T_ZONE_FINISH, z, 0, 0), BM_S_OK);
	KUNIT_EXPECT_EQ(test, bt_status(bt, BM_T_ZONE_OPEN, z, 0, 0), BM_S_ZONE_INVALID_CMD);
	KUNIT_EXPECT_EQ(test, bt_status(bt, BM_T_ZONE_RESET, z, 0, 0), BM_S_OK);
	bt_expect_zone(test, bt, 2, BM_ZS_EMPTY, 0);

	KUNIT_EXPECT_EQ(test, bt_status(bt, BM_T_ZONE_OPEN, 0, 0, 0), BM_S_ZONE_INVALID_CMD);
	bt_expect_bad(test, bt, BM_T_ZONE_OPEN, z + 1, 0, 0);
	bt_expect_bad(test, bt, BM_T_ZONE_RESET, 8 * BT_ZONE, 0, 0);
	bt_expect_bad(test, bt, BM_T_ZONE_RESET_ALL, 1, 0, 0);

	KUNIT_EXPECT_EQ(test, bt_status(bt, BM_T_OUT, z, 1024, 0), BM_S_OK);
	KUNIT_EXPECT_EQ(test, bt_status(bt, BM_T_ZONE_FINISH, z + BT_ZONE, 0, 0), BM_S_OK);
	KUNIT_EXPECT_EQ(test, bt_status(bt, BM_T_ZONE_RESET_ALL, 0, 0, 0), BM_S_OK);
	bt_expect_zone(test, bt, 2, BM_ZS_EMPTY, 0);
	bt_expect_zone(test, bt, 3, BM_ZS_EMPTY, 0);
	bt_expect_zone(test, bt, 0, BM_ZS_NOT_WP, 0);

	KUNIT_EXPECT_EQ(test, bt_status(bt, BM_T_OUT, z, 1024, 0), BM_S_OK);
	bt_range(bt, 0, z, BT_ZONE, 0);
	KUNIT_EXPECT_EQ(test, bt_status(bt, BM_T_SECURE_ERASE, 0, 16, 0), BM_S_OK);
	bt_expect_zone(test, bt, 2, BM_ZS_EMPTY, 0);
	bt_range(bt, 0, z, BT_ZONE / 2, 0);
	KUNIT_EXPECT_EQ(test, bt_status(bt, BM_T_SECURE_ERASE, 0, 16, 0), BM_S_ZONE_INVALID_CMD);
}

static void bt_test_zone_resources(struct kunit *test)
{
	struct bt *bt = bt_zoned(test, 2, 3);

	KUNIT_EXPECT_EQ(test, bt_status(bt, BM_T_ZONE_OPEN, BT_ZONE, 0, 0), BM_S_OK);
	KUNIT_EXPECT_EQ(test, bt_status(bt, BM_T_OUT, 2 * BT_ZONE, 1024, 0), BM_S_OK);
	/* One that was opened by a write is closed for another. */
	KUNIT_EXPECT_EQ(test, bt_status(bt, BM_T_ZONE_OPEN, 3 * BT_ZONE, 0, 0), BM_S_OK);
	bt_expect_zone(test, bt, 2, BM_ZS_CLOSED, 2);
	KUNIT_EXPECT_EQ(test, bt_status(bt, BM_T_OUT, 2 * BT_ZONE + 2, 1024, 0),
			BM_S_ZONE_OPEN_RESOURCE);
	KUNIT_EXPECT_EQ(test, bt_status(bt, BM_T_OUT, 4 * BT_ZONE, 1024, 0),
			BM_S_ZONE_ACTIVE_RESOURCE);
	KUNIT_EXPECT_EQ(test, bt_status(bt, BM_T_ZONE_FINISH, 2 * BT_ZONE, 0, 0), BM_S_OK);
	KUNIT_EXPECT_EQ(test, bt_status(bt, BM_T_ZONE_OPEN, 4 * BT_ZONE, 0, 0),
			BM_S_ZONE_OPEN_RESOURCE);
	KUNIT_EXPECT_EQ(test, bt_status(bt, BM_T_ZONE_CLOSE, BT_ZONE, 0, 0), BM_S_OK);
	KUNIT_EXPECT_EQ(test, bt_status(bt, BM_T_ZONE_OPEN, 4 * BT_ZONE, 0, 0), BM_S_OK);
}

static void bt_test_zone_report(struct kunit *test)
{
	struct bt *bt = bt_zoned(test, 0, 0);
	struct bm_zone_report *head = (struct bm_zone_report *)bt->data;
	struct bm_zone_desc *desc = (struct bm_zone_desc *)(head + 1);

	KUNIT_EXPECT_EQ(test, bt_status(bt, BM_T_OUT, BT_ZONE, 1024, 0), BM_S_OK);
	bt_do(bt, BM_T_ZONE_REPORT, BT_ZONE + 5, 0, 4096);
	KUNIT_EXPECT_EQ(test, bt->za[8], BM_S_OK);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(head->nr_zones), 7);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(desc->z_start), BT_ZONE);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(desc->z_wp), BT_ZONE + 2);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(desc->z_cap), 48);
	KUNIT_EXPECT_EQ(test, desc->z_type, BM_ZT_SWR);
	KUNIT_EXPECT_EQ(test, desc->z_state, BM_ZS_IOPEN);
	KUNIT_EXPECT_EQ(test, bt_status(bt, BM_T_ZONE_REPORT, 0, 0, 64 * 3 + 1), BM_S_OK);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(head->nr_zones), 2);
	KUNIT_EXPECT_EQ(test, desc->z_type, BM_ZT_CONV);
	KUNIT_EXPECT_EQ(test, bt_status(bt, BM_T_ZONE_REPORT, 0, 0, 64), BM_S_OK);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(head->nr_zones), 0);
	bt_expect_bad(test, bt, BM_T_ZONE_REPORT, 8 * BT_ZONE, 0, 4096);
}

static struct kunit_case bt_cases[] = {
	KUNIT_CASE(bt_test_violations),
	KUNIT_CASE(bt_test_limits),
	KUNIT_CASE(bt_test_erase),
	KUNIT_CASE(bt_test_cache),
	KUNIT_CASE(bt_test_zone_write),
	KUNIT_CASE(bt_test_zone_states),
	KUNIT_CASE(bt_test_zone_resources),
	KUNIT_CASE(bt_test_zone_report),
	{ }
};

static struct kunit_suite bt_suite = {
	.name = "virtio_blk_model",
	.init = bt_init,
	.exit = bt_exit,
	.test_cases = bt_cases,
};

kunit_test_suite(bt_suite);
