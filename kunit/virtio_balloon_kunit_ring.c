// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rings of any size, answers in any order and at any time: suite virtio_balloon_ring.
 */
#include <linux/mm.h>
#include <linux/random.h>

#include "virtio_balloon_kunit.h"

struct vbt_size {
	unsigned int num;
	u64 features;
};

static const struct vbt_size vbt_sizes[] = {
	{ 1, 0 }, { 2, VBT_F_TELL }, { 8, 0 },
	{ 1, VBT_F_MODERN | VBT_F_TELL }, { 2, VBT_F_MODERN }, { 4, VBT_F_MODERN | VBT_F_EVENT },
	{ 1, VBT_F_MODERN | VBT_F_EVENT }, { 2, VBT_F_MODERN | VBT_F_EVENT | VBT_F_INDIRECT },
	{ 16, VBT_F_MODERN | VBT_F_TELL }, { 1024, VBT_F_MODERN | VBT_F_EVENT },
	{ 1, VBT_F_PACKED }, { 2, VBT_F_PACKED | VBT_F_EVENT }, { 3, VBT_F_PACKED | VBT_F_TELL },
	{ 7, VBT_F_PACKED | VBT_F_EVENT | VBT_F_TELL }, { 129, VBT_F_PACKED | VBT_F_INDIRECT },
	{ 1024, VBT_F_PACKED | VBT_F_EVENT },
};

static void vbt_size_desc(const struct vbt_size *size, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%u entries, features %#llx", size->num,
		 size->features);
}

FV_ARRAY_PARAM(vbt_size, vbt_sizes, vbt_size_desc);

/* The size of a ring is up to the device. */
static void balloon_ring_size(struct kunit *test)
{
	const struct vbt_size *size = test->param_value;
	struct mb_params params = {
		.features = size->features, .queue_num = size->num, .mode = FV_RUN,
	};
	struct vbt *t = vbt_new(test, &params);

	vbt_plug(t);
	vbt_reach(t, 2500);
	vbt_reach(t, 2499);
	vbt_reach(t, 255);
	vbt_reach(t, 1025);
	vbt_reach(t, 0);
	vbt_unplug(t);
}

/* The oldest request last, then any. */
static void balloon_answers_out_of_order(struct kunit *test)
{
	static const enum fv_order orders[] = { FV_LIFO, FV_RANDOM };
	struct vbt *t = vbt_new_ring(test, FV_MANUAL);
	unsigned int i;

	fv_seed(t->fv, 5);
	for (i = 0; i < ARRAY_SIZE(orders); i++) {
		t->fv->order = orders[i];
		fv_counts_clear(t->fv);
		mb_set_target(t->mb, 4000);
		KUNIT_EXPECT_TRUE(test, fv_wait_kicks(mb_queue(t->mb, MB_INFLATE), 1, VBT_MS));
		KUNIT_EXPECT_EQ(test, vbt_step(t, MB_INFLATE, 16), 16U);
		vbt_expect(t, 4000);
		mb_set_target(t->mb, 0);
		KUNIT_EXPECT_TRUE(test, fv_wait_kicks(mb_queue(t->mb, MB_DEFLATE), 1, VBT_MS));
		KUNIT_EXPECT_EQ(test, vbt_step(t, MB_DEFLATE, 16), 16U);
		vbt_expect(t, 0);
	}
	vbt_unplug(t);
}

/* Half of a chunk is answered, half is not, and the target changes in between. */
static void balloon_answers_in_parts(struct kunit *test)
{
	struct vbt *t = vbt_new_ring(test, FV_MANUAL);

	mb_set_target(t->mb, 2048);
	t->fv->order = FV_LIFO;
	/* All eight are there, or the target is another one before that. */
	KUNIT_EXPECT_TRUE(test, fv_wait_kicks(mb_queue(t->mb, MB_INFLATE), 1, VBT_MS));
	KUNIT_EXPECT_EQ(test, vbt_step(t, MB_INFLATE, 3), 3U);
	mb_set_target(t->mb, 100);
	KUNIT_EXPECT_EQ(test, vbt_step(t, MB_INFLATE, 5), 5U);
	KUNIT_EXPECT_GE(test, vbt_step(t, MB_DEFLATE, 1), 1U);
	mb_set_target(t->mb, 3000);
	fv_set_mode(t->fv, FV_RUN);
	vbt_expect(t, 3000);
	vbt_unplug(t);
}

/* Interrupts come late. */
static void balloon_interrupts_late(struct kunit *test)
{
	struct vbt *t = vbt_new_ring(test, FV_RUN);

	t->fv->irq_delay = msecs_to_jiffies(30);
	t->fv->irq = FV_IRQ_LATE;
	vbt_reach(t, 3000);
	vbt_reach(t, 10);
	t->fv->irq = FV_IRQ_NOW;
	vbt_unplug(t);
}

/* Interrupts come in a storm, for nothing. */
static void balloon_interrupt_storm(struct kunit *test)
{
	struct vbt *t = vbt_new_ring(test, FV_RUN);
	unsigned int i;

	t->fv->irq_storm = 20;
	t->fv->irq = FV_IRQ_STORM;
	vbt_reach(t, 3000);
	vbt_reach(t, 10);
	for (i = 0; i < 100; i++) {
		fv_interrupt(mb_queue(t->mb, MB_INFLATE));
		fv_interrupt(mb_queue(t->mb, MB_DEFLATE));
	}
	vbt_reach(t, 1000);
	t->fv->irq = FV_IRQ_NOW;
	vbt_unplug(t);
}

/* Without interrupts it is slow, but the driver looks for itself in the end. */
static void balloon_interrupts_never(struct kunit *test)
{
	struct mb_params params = { .features = VBT_F_MODERN | VBT_F_EVENT, .mode = FV_RUN };
	struct vbt *t = vbt_new(test, &params);
	unsigned long start;

	vbt_plug(t);
	vbt_expect(t, 0);
	start = jiffies;
	t->fv->irq = FV_IRQ_NEVER;
	/* The driver looks before it waits: it is to be waiting when the answer comes. */
	fv_set_mode(t->fv, FV_MANUAL);
	mb_set_target(t->mb, 100);
	KUNIT_EXPECT_TRUE(test, vbt_wait(fv_available(mb_queue(t->mb, MB_INFLATE)), VBT_MS));
	msleep(500);
	fv_set_mode(t->fv, FV_RUN);
	KUNIT_EXPECT_TRUE(test, mb_wait_actual(t->mb, 100, VBT_STALL_MS));
	KUNIT_EXPECT_GE(test, jiffies_to_msecs(jiffies - start), VBT_MS);
	t->fv->irq = FV_IRQ_NOW;
	vbt_unplug(t);
}

/* A device that has taken some pages, and answers nothing more. */
static struct vbt *vbt_sleeping(struct kunit *test, u64 features)
{
	struct mb_params params = { .features = features };
	struct vbt *t = vbt_new(test, &params);

	vbt_plug(t);
	mb_set_target(t->mb, 700);
	KUNIT_EXPECT_EQ(test, vbt_step(t, MB_INFLATE, 1), 1U);
	KUNIT_EXPECT_TRUE(test, vbt_wait(t->ram - totalram_pages() == vbt_guest_pages(700),
					 VBT_MS));
	/*
	 * A driver that was still adding the others had interrupts off, and does not ask
	 * for one for a single answer: it would come to it only when it has waited once.
	 */
	fv_interrupt(mb_queue(t->mb, MB_INFLATE));
	return t;
}

/*
 * A device sleeps for longer than the driver waits. What it has stays its own, nothing
 * is added, and all goes on when it answers. Another one is unplugged meanwhile.
 */
static void balloon_stall(struct kunit *test)
{
	struct vbt *gone = vbt_sleeping(test, VBT_F_PACKED | VBT_F_TELL);
	struct vbt *t = vbt_sleeping(test, VBT_F_MODERN | VBT_F_TELL);
	unsigned long start = jiffies;

	/* It takes as long as the driver waits, and no longer. */
	fv_unplug(gone->fv);
	KUNIT_EXPECT_LE(test, jiffies_to_msecs(jiffies - start), (unsigned int)VBT_STALL_MS);
	KUNIT_EXPECT_EQ(test, gone->mb->held, 0UL);
	vbt_wait(jiffies_to_msecs(jiffies - start) > VBT_STALL_MS, VBT_STALL_MS);

	fv_counts_clear(t->fv);
	mb_set_target(t->mb, 4000);
	msleep(200);
	mb_set_target(t->mb, 0);
	msleep(200);
	KUNIT_EXPECT_EQ(test, mb_queue(t->mb, MB_INFLATE)->counts.kicks, 0ULL);
	KUNIT_EXPECT_EQ(test, mb_queue(t->mb, MB_DEFLATE)->counts.kicks, 0ULL);
	KUNIT_EXPECT_EQ(test, gone->ram - totalram_pages(), (unsigned long)vbt_guest_pages(700));
	mb_audit(t->mb);

	t->ram = gone->ram;
	fv_set_mode(t->fv, FV_RUN);
	vbt_expect(t, 0);
	vbt_reach(t, 1500);
	vbt_unplug(t);
}

static struct kunit_case vbt_ring_cases[] = {
	KUNIT_CASE_PARAM(balloon_ring_size, vbt_size_gen_params),
	KUNIT_CASE_PARAM(balloon_answers_out_of_order, vbt_ring_params),
	KUNIT_CASE_PARAM(balloon_answers_in_parts, vbt_few_params),
	KUNIT_CASE_PARAM(balloon_interrupts_late, vbt_few_params),
	KUNIT_CASE_PARAM(balloon_interrupt_storm, vbt_few_params),
	KUNIT_CASE(balloon_interrupts_never),
	KUNIT_CASE(balloon_stall),
	{ }
};

struct kunit_suite vbt_ring_suite = {
	.name = "virtio_balloon_ring",
	.suite_init = vbt_suite_init,
	.suite_exit = vbt_suite_exit,
	.test_cases = vbt_ring_cases,
};
