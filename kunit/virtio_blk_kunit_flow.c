// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of virtio_blk: many requests at once, in any order, on several queues, with
 * interrupts of all kinds; and what is left after a power cut.
 */
#include <kunit/test.h>
#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/sched.h>

#include "virtio_blk_kunit.h"

FV_ARRAY_PARAM(vb_ring, vb_rings, vb_ring_desc);

/* Fewer than a queue has tags, or the sender of one more would wait. */
#define VB_MANY		32

/* Requests that do not overlap, half of them reads of what @salt has put there. */
static void vb_make_many(struct vb *vb, struct vb_io **ios, u32 salt)
{
	unsigned int i;

	for (i = 0; i < VB_MANY; i++) {
		blk_opf_t op = i % 2 ? REQ_OP_WRITE : REQ_OP_READ;

		ios[i] = vb_io(vb, op, i * 64, (i % 7 + 1) * 1024, i % 3 ? 512 : 4096);
		if (i % 2)
			vb_io_fill(ios[i], salt);
	}
}

static void vb_check_many(struct vb *vb, struct vb_io **ios, u32 read_salt, u32 write_salt)
{
	struct kunit *test = vb->test;
	unsigned int i;

	for (i = 0; i < VB_MANY; i++) {
		KUNIT_ASSERT_TRUE_MSG(test, vb_wait(ios[i], VB_WAIT_MS), "request %u", i);
		KUNIT_EXPECT_EQ(test, (__force u8)ios[i]->status, 0);
		if (i % 2)
			vb_on_disk(vb, i * 64, ios[i]->len, write_salt);
		else
			KUNIT_EXPECT_TRUE(test, vb_io_matches(ios[i], read_salt));
	}
	vb_ended_once(vb);
}

static void vb_test_order(struct kunit *test)
{
	static const enum fv_order orders[] = { FV_FIFO, FV_LIFO, FV_RANDOM };
	struct bm_rule hold = { VB_MANY, BM_ANY_TYPE, BM_ANY_SECTOR, BM_HOLD, 0 };
	struct vb *vb = vb_start_ring(test);
	struct vb_io *ios[VB_MANY];
	unsigned int i, k;

	for (k = 0; k < ARRAY_SIZE(orders); k++) {
		for (i = 0; i < VB_MANY; i++)
			vb_write(vb, i * 64, 8192, k);
		bm_add_rule(vb->bm, &hold);
		vb_make_many(vb, ios, k + 10);
		for (i = 0; i < VB_MANY; i++)
			vb_submit(ios[i]);
		KUNIT_ASSERT_TRUE(test, bm_wait_held(vb->bm, VB_MANY, VB_WAIT_MS));
		KUNIT_EXPECT_FALSE(test, vb_wait(ios[0], VB_CALM_MS));

		KUNIT_EXPECT_EQ(test, bm_release(vb->bm, orders[k], 1), 1);
		KUNIT_EXPECT_EQ(test, bm_release(vb->bm, orders[k], UINT_MAX), VB_MANY - 1);
		vb_check_many(vb, ios, k, k + 10);
	}
}

/* Held back by the sender, a batch reaches the device as one. */
static void vb_test_batch(struct kunit *test)
{
	struct vb *vb = vb_start_ring(test);
	struct vb_io *ios[VB_MANY];
	u64 kicks = 0, kicks_before = 0;
	struct blk_plug plug;
	unsigned int i;

	for (i = 0; i < VB_MANY; i++)
		vb_write(vb, i * 64, 8192, 1);
	for (i = 0; i < vb->fv->nr_queues; i++)
		kicks_before += fv_queue(vb->fv, i)->counts.kicks;

	vb_make_many(vb, ios, 2);
	/* All of them in the same queue. */
	KUNIT_ASSERT_EQ(test, set_cpus_allowed_ptr(current, cpumask_of(0)), 0);
	blk_start_plug(&plug);
	for (i = 0; i < VB_MANY; i++)
		vb_submit(ios[i]);
	blk_finish_plug(&plug);
	set_cpus_allowed_ptr(current, cpu_possible_mask);
	vb_check_many(vb, ios, 1, 2);

	for (i = 0; i < vb->fv->nr_queues; i++)
		kicks += fv_queue(vb->fv, i)->counts.kicks;
	/* The block layer may send what it holds back in parts, but not one by one. */
	KUNIT_EXPECT_LE(test, kicks - kicks_before, VB_MANY / 4);
	KUNIT_EXPECT_GE(test, kicks - kicks_before, 1);
}

/* The ring holds less than is asked for: the rest waits, and nothing is forgotten. */
static void vb_test_small_ring(struct kunit *test)
{
	static const unsigned int sizes[] = { 4, 8, 16 };
	const struct vb_ring *ring = test->param_value;
	struct bm_params params;
	struct vb_io *io;
	unsigned int i, k;

	for (k = 0; k < ARRAY_SIZE(sizes); k++) {
		struct blk_plug plug;
		struct vb *vb;

		vb_params(&params, ring);
		params.queue_num = sizes[k];
		vb = vb_start(test, &params);
		for (i = 0; i < 40; i++) {
			if (i % 8 == 0)
				blk_start_plug(&plug);
			io = vb_io(vb, REQ_OP_WRITE, i * 64, (i % 9 + 1) * 512, 512);
			vb_io_fill(io, k);
			vb_submit(io);
			if (i % 8 == 7)
				blk_finish_plug(&plug);
		}
		list_for_each_entry(io, &vb->ios, node) {
			KUNIT_ASSERT_TRUE_MSG(test, vb_wait(io, VB_WAIT_MS),
					      "%u bytes at %llu, ring of %u", io->len,
					      (u64)io->sector, sizes[k]);
			KUNIT_EXPECT_EQ(test, (__force u8)io->status, 0);
			vb_on_disk(vb, io->sector, io->len, k);
		}
		vb_exit(test);
	}
}

/* Each processor has a queue of its own, as long as there are enough. */
static void vb_test_queues(struct kunit *test)
{
	struct vb *vb = vb_start_ring(test);
	unsigned int cpu, nr = min_t(unsigned int, nr_cpu_ids, 2);
	struct bm_entry e = { };
	u32 seen = 0;

	for_each_online_cpu(cpu) {
		if (set_cpus_allowed_ptr(current, cpumask_of(cpu)))
			continue;
		vb_write(vb, cpu, 512, cpu);
		KUNIT_ASSERT_TRUE(test, bm_logged(vb->bm, 0, &e));
		KUNIT_EXPECT_LT(test, e.queue, nr);
		seen |= BIT(e.queue);
	}
	set_cpus_allowed_ptr(current, cpu_possible_mask);
	KUNIT_EXPECT_EQ(test, hweight32(seen), min_t(unsigned int, num_online_cpus(), 2));
}

/* Many requests while the device interrupts in that way. */
static void vb_irq_many(struct vb *vb, enum fv_irq irq)
{
	struct vb_io *ios[VB_MANY];
	unsigned int i;

	for (i = 0; i < VB_MANY; i++)
		vb_write(vb, i * 64, 8192, 1);
	WRITE_ONCE(vb->fv->irq, irq);
	vb_make_many(vb, ios, 2);
	for (i = 0; i < VB_MANY; i++)
		vb_submit(ios[i]);
	vb_check_many(vb, ios, 1, 2);
}

static void vb_test_irq_late(struct kunit *test)
{
	struct vb *vb = vb_start_ring(test);

	vb->fv->irq_delay = 2;
	vb_irq_many(vb, FV_IRQ_LATE);
}

static void vb_test_irq_storm(struct kunit *test)
{
	struct vb *vb = vb_start_ring(test);

	vb->fv->irq_storm = 20;
	vb_irq_many(vb, FV_IRQ_STORM);
}

static void vb_interrupt_all(struct vb *vb)
{
	unsigned int i;

	for (i = 0; i < vb->fv->nr_queues; i++) {
		if (fv_queue(vb->fv, i)->vq)
			fv_interrupt(fv_queue(vb->fv, i));
	}
}

static void vb_test_irq_never(struct kunit *test)
{
	struct vb *vb = vb_start_ring(test);
	struct vb_io *io;

	/* With nothing in the ring, an interrupt means nothing. */
	vb_interrupt_all(vb);
	vb_write(vb, 0, 4096, 1);

	WRITE_ONCE(vb->fv->irq, FV_IRQ_NEVER);
	io = vb_io(vb, REQ_OP_READ, 0, 4096, 0);
	vb_submit(io);
	KUNIT_EXPECT_FALSE(test, vb_wait(io, VB_CALM_MS));
	KUNIT_ASSERT_TRUE(test, fv_wait_idle(vb->fv, VB_WAIT_MS));
	vb_interrupt_all(vb);
	KUNIT_ASSERT_TRUE(test, vb_wait(io, VB_WAIT_MS));
	KUNIT_EXPECT_TRUE(test, vb_io_matches(io, 1));
	vb_interrupt_all(vb);
	WRITE_ONCE(vb->fv->irq, FV_IRQ_NOW);
	vb_read(vb, 0, 4096, 1);
}

/* What was promised is there; what was not is gone, or this test would prove nothing. */
static void vb_test_power_cut(struct kunit *test)
{
	struct vb *vb = vb_start_ring(test);
	struct vb_io *io;

	vb_write(vb, 0, 4096, 1);
	KUNIT_EXPECT_EQ(test, blkdev_issue_flush(vb->bdev), 0);
	vb_write(vb, 64, 4096, 2);
	io = vb_io(vb, REQ_OP_WRITE | REQ_FUA, 128, 4096, 0);
	vb_io_fill(io, 3);
	KUNIT_EXPECT_EQ(test, (__force u8)vb_do(io), 0);
	vb_write(vb, 192, 4096, 4);
	bm_power_cut(vb->bm);
	vb_on_disk(vb, 0, 4096, 1);
	vb_on_disk(vb, 128, 4096, 3);
	KUNIT_EXPECT_FALSE(test, vb_is_on_disk(vb, 192, 4096, 4));

	/* The cache goes off: what is in it has to be saved before. */
	vb_write(vb, 256, 4096, 5);
	KUNIT_EXPECT_GT(test, vb_attr_store(vb, "cache_type", "write through\n"), 0);
	bm_power_cut(vb->bm);
	vb_on_disk(vb, 256, 4096, 5);
	vb_write(vb, 320, 4096, 6);
	bm_power_cut(vb->bm);
	vb_on_disk(vb, 320, 4096, 6);

	KUNIT_EXPECT_GT(test, vb_attr_store(vb, "cache_type", "write back\n"), 0);
	vb_write(vb, 384, 4096, 7);
	KUNIT_EXPECT_EQ(test, blkdev_issue_flush(vb->bdev), 0);
	vb_write(vb, 448, 4096, 8);
	bm_power_cut(vb->bm);
	vb_on_disk(vb, 384, 4096, 7);
	KUNIT_EXPECT_FALSE(test, vb_is_on_disk(vb, 448, 4096, 8));
}

/* Queues for polling have no interrupt; whoever sent the request looks for its end. */
static void vb_test_poll(struct kunit *test)
{
	struct bm_entry e = { };
	struct bm_params params;
	struct vb_io *io;
	struct vb *vb;
	unsigned int i, n;
	u64 irqs;

	if (nr_cpu_ids < 2)
		kunit_skip(test, "needs two processors");
	KUNIT_ASSERT_EQ(test, fv_param_write("virtio_blk", "poll_queues", "1"), 0);
	vb_params(&params, test->param_value);
	vb = vb_create(test, &params);
	n = fv_plug(vb->fv);
	KUNIT_EXPECT_EQ(test, fv_param_write("virtio_blk", "poll_queues", "0"), 0);
	KUNIT_ASSERT_EQ(test, n, 0);
	vb_open(vb);

	vb_write(vb, 0, 4096, 1);
	irqs = fv_queue(vb->fv, 1)->counts.interrupts;
	for (i = 0; i < 8; i++) {
		io = vb_io(vb, (i % 2 ? REQ_OP_WRITE | REQ_SYNC | REQ_IDLE : REQ_OP_READ) |
			   REQ_POLLED, 0, 4096, 0);
		vb_io_fill(io, 1);
		vb_submit(io);
		for (n = 0; n < VB_WAIT_MS && !atomic_read(&io->ended); n++) {
			struct bio *bio = READ_ONCE(io->bio);

			if (bio)
				bio_poll(bio, NULL, 0);
			usleep_range(500, 1000);
		}
		KUNIT_ASSERT_EQ(test, atomic_read(&io->ended), 1);
		KUNIT_EXPECT_EQ(test, (__force u8)io->status, 0);
		KUNIT_EXPECT_TRUE(test, vb_io_matches(io, 1));
		KUNIT_ASSERT_TRUE(test, bm_logged(vb->bm, 0, &e));
		KUNIT_EXPECT_EQ(test, e.queue, 1);
	}
	/* With an event index, the first one cannot be declined (virtio 1.3, 2.7.10). */
	KUNIT_EXPECT_LE(test, fv_queue(vb->fv, 1)->counts.interrupts, irqs + 1);
}

static struct kunit_case vb_cases[] = {
	KUNIT_CASE_PARAM(vb_test_order, vb_ring_gen_params),
	KUNIT_CASE_PARAM(vb_test_batch, vb_ring_gen_params),
	KUNIT_CASE_PARAM(vb_test_small_ring, vb_ring_gen_params),
	KUNIT_CASE_PARAM(vb_test_queues, vb_ring_gen_params),
	KUNIT_CASE_PARAM(vb_test_irq_late, vb_ring_gen_params),
	KUNIT_CASE_PARAM(vb_test_irq_storm, vb_ring_gen_params),
	KUNIT_CASE_PARAM(vb_test_irq_never, vb_ring_gen_params),
	KUNIT_CASE_PARAM(vb_test_power_cut, vb_ring_gen_params),
	KUNIT_CASE_PARAM(vb_test_poll, vb_ring_gen_params),
	{ }
};

static struct kunit_suite vb_flow_suite = {
	.name = "virtio_blk_flow",
	.exit = vb_exit,
	.test_cases = vb_cases,
};

kunit_test_suite(vb_flow_suite);
