// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of virtio_blk: a device that does not answer. The driver waits for it, for a time
 * that is bounded but long: a minute for the removal, which is tested with slow=1 only.
 */
#include <kunit/test.h>
#include <linux/blkdev.h>
#include <linux/jiffies.h>
#include <linux/moduleparam.h>

#include "virtio_blk_kunit.h"

static bool slow;
module_param(slow, bool, 0444);
MODULE_PARM_DESC(slow, "Also wait for time-outs of a minute");

/* The serial number is not answered: its reader gives up, the next one takes the answer. */
static void vb_test_serial_silent(struct kunit *test)
{
	char *buf = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);
	struct bm_rule hold = { 1, BM_T_GET_ID, BM_ANY_SECTOR, BM_HOLD, 0 };
	unsigned long start = jiffies;
	struct bm_params params;
	struct vb *vb;

	KUNIT_ASSERT_NOT_NULL(test, buf);
	vb_params(&params, &vb_rings[3]);
	vb = vb_start(test, &params);
	bm_add_rule(vb->bm, &hold);
	KUNIT_EXPECT_EQ(test, vb_attr_show(vb, "serial", buf), -ETIMEDOUT);
	KUNIT_EXPECT_TRUE(test, time_after(jiffies, start + 9 * HZ));
	KUNIT_EXPECT_TRUE(test, time_before(jiffies, start + 40 * HZ));
	vb_write(vb, 0, 4096, 1);

	KUNIT_EXPECT_EQ(test, bm_release(vb->bm, FV_FIFO, 1), 1);
	KUNIT_EXPECT_EQ(test, vb_attr_show(vb, "serial", buf), 9);
	KUNIT_EXPECT_EQ(test, bm_count(vb->bm, BM_T_GET_ID), 1);
	KUNIT_EXPECT_EQ(test, vb_attr_show(vb, "serial", buf), 9);
	KUNIT_EXPECT_EQ(test, bm_count(vb->bm, BM_T_GET_ID), 2);

	/* An answer to another command is not taken for that of the next one. */
	bm_add_rule(vb->bm, &hold);
	KUNIT_EXPECT_EQ(test, vb_attr_show(vb, "serial", buf), -ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, bm_release(vb->bm, FV_FIFO, 1), 1);
	KUNIT_EXPECT_EQ(test, vb_attr_show(vb, "pre_eol_info", buf), 5);
	KUNIT_EXPECT_STREQ(test, buf, "0x01\n");
	KUNIT_EXPECT_EQ(test, vb_attr_show(vb, "serial", buf), 9);
}

/* An orderly removal of a device that has stopped completing. */
static void vb_test_unplug_silent(struct kunit *test)
{
	struct bm_rule hold = { 8, BM_ANY_TYPE, BM_ANY_SECTOR, BM_HOLD, 0 };
	unsigned long start = jiffies;
	struct bm_params params;
	struct vb_io *ios[8];
	unsigned int i;
	struct vb *vb;

	if (!slow)
		kunit_skip(test, "takes more than a minute: slow=1");
	vb_params(&params, &vb_rings[7]);
	vb = vb_start(test, &params);
	bm_add_rule(vb->bm, &hold);
	for (i = 0; i < 8; i++) {
		ios[i] = vb_io(vb, i % 2 ? REQ_OP_WRITE : REQ_OP_READ, i * 64, 8192, 512);
		vb_submit(ios[i]);
	}
	KUNIT_ASSERT_TRUE(test, bm_wait_held(vb->bm, 8, VB_WAIT_MS));
	fv_unplug(vb->fv);
	KUNIT_EXPECT_TRUE(test, time_after(jiffies, start + 55 * HZ));
	KUNIT_EXPECT_TRUE(test, time_before(jiffies, start + 150 * HZ));
	for (i = 0; i < 8; i++) {
		KUNIT_ASSERT_TRUE(test, vb_wait(ios[i], VB_WAIT_MS));
		KUNIT_EXPECT_EQ(test, (__force u8)ios[i]->status, (__force u8)BLK_STS_IOERR);
	}
	vb_ended_once(vb);
}

static struct kunit_case vb_cases[] = {
	KUNIT_CASE(vb_test_serial_silent),
	KUNIT_CASE(vb_test_unplug_silent),
	{ }
};

static struct kunit_suite vb_slow_suite = {
	.name = "virtio_blk_slow",
	.exit = vb_exit,
	.test_cases = vb_cases,
};

kunit_test_suite(vb_slow_suite);
