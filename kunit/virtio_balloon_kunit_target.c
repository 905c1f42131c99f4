// SPDX-License-Identifier: GPL-2.0-only
/*
 * The target, up and down: suite virtio_balloon.
 */
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/random.h>

#include "virtio_balloon_kunit.h"

/* To the page, on both sides of what fits a buffer, a block and a chunk. */
static void balloon_sizes(struct kunit *test)
{
	static const u32 sizes[] = {
		1, 0, 2, 255, 256, 257, 511, 512, 513, 1, 1023, 1025, 4097, 3, 0,
	};
	struct vbt *t = vbt_new_ring(test, FV_RUN);
	unsigned long most;
	unsigned int i;

	vbt_expect(t, 0);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		most = max_t(unsigned long, t->mb->held, sizes[i]);
		t->mb->peak = 0;
		vbt_reach(t, sizes[i]);
		/* Not more in between either. */
		KUNIT_EXPECT_LE(test, t->mb->peak, most);
	}
	/* 256 entries are what every known device reads. */
	KUNIT_EXPECT_LE(test, t->mb->largest, 256U);
	vbt_unplug(t);
}

/* A target from before the driver came, and the device remembers an old size. */
static void balloon_target_at_probe(struct kunit *test)
{
	const struct vbt_ring *ring = test->param_value;
	struct mb_params params = {
		.features = ring->features, .mode = FV_RUN, .num_pages = 777,
	};
	struct vbt *t = vbt_new(test, &params);
	__le32 old = cpu_to_le32(123456);

	fv_config_set(t->fv, offsetof(struct virtio_balloon_config, actual), &old, sizeof(old));
	vbt_plug(t);
	vbt_expect(t, 777);
	vbt_unplug(t);
}

/* Blocks are split when a part of one is wanted, never given back too much. */
static void balloon_splits_blocks(struct kunit *test)
{
	static const u32 sizes[] = { 4096, 4095, 3583, 3584, 3072, 2561, 700, 699, 5, 600, 1, 0 };
	struct vbt *t = vbt_new_ring(test, FV_RUN);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		vbt_reach(t, sizes[i]);
	vbt_unplug(t);
}

/* The host changes its mind all the time. */
static void balloon_target_changes(struct kunit *test)
{
	struct vbt *t = vbt_new_ring(test, FV_RUN);
	unsigned int i;

	for (i = 0; i < 150; i++) {
		mb_set_target(t->mb, get_random_u32() % 4000);
		if (i % 3)
			usleep_range(50, 50 * (1 + i % 40));
	}
	vbt_reach(t, 1234);
	vbt_reach(t, 0);
	vbt_unplug(t);
}

/* Nobody touches anything while there is nothing to do. */
static void balloon_idle(struct kunit *test)
{
	struct vbt *t = vbt_new_ring(test, FV_RUN);
	int writes;

	vbt_reach(t, 100);
	fv_counts_clear(t->fv);
	writes = atomic_read(&t->mb->actual_writes);
	fv_config_changed(t->fv);
	msleep(100);
	KUNIT_EXPECT_EQ(test, atomic_read(&t->mb->actual_writes), writes);
	KUNIT_EXPECT_EQ(test, mb_queue(t->mb, MB_INFLATE)->counts.kicks, 0ULL);
	KUNIT_EXPECT_EQ(test, mb_queue(t->mb, MB_DEFLATE)->counts.kicks, 0ULL);
	vbt_unplug(t);
}

/*
 * Many buffers in flight, one kick and few updates of actual for all of them; two if the
 * driver was looking at the last target when this one was announced.
 */
static void balloon_batches(struct kunit *test)
{
	struct vbt *t = vbt_new_ring(test, FV_MANUAL);
	struct fv_queue *inflate = mb_queue(t->mb, MB_INFLATE);
	int writes;

	KUNIT_EXPECT_TRUE(test, mb_wait_actual(t->mb, 0, VBT_MS));
	fv_counts_clear(t->fv);
	mb_set_target(t->mb, 4096);
	KUNIT_EXPECT_TRUE(test, fv_wait_kicks(inflate, 1, VBT_MS));
	writes = atomic_read(&t->mb->actual_writes);
	KUNIT_EXPECT_EQ(test, fv_step(inflate, 100), 16U);
	vbt_expect(t, 4096);
	KUNIT_EXPECT_LE(test, inflate->counts.kicks, 2ULL);
	KUNIT_EXPECT_LE(test, atomic_read(&t->mb->actual_writes) - writes, 4);
	vbt_unplug(t);
}

/* Actual says what the device has acknowledged, no more, and all of it in the end. */
static void balloon_actual(struct kunit *test)
{
	struct vbt *t = vbt_new_ring(test, FV_MANUAL);
	unsigned int i;

	mb_set_target(t->mb, 2048);
	for (i = 1; i <= 8; i++) {
		KUNIT_ASSERT_EQ(test, vbt_step(t, MB_INFLATE, 1), 1U);
		usleep_range(5000, 6000);
		KUNIT_EXPECT_LE(test, mb_actual(t->mb), i * 256);
	}
	vbt_expect(t, 2048);

	mb_set_target(t->mb, 0);
	for (i = 1; i <= 8; i++) {
		KUNIT_ASSERT_EQ(test, vbt_step(t, MB_DEFLATE, 1), 1U);
		usleep_range(5000, 6000);
		KUNIT_EXPECT_GE(test, mb_actual(t->mb), 2048 - i * 256);
	}
	vbt_expect(t, 0);
	vbt_unplug(t);
}

/* With MUST_TELL_HOST the guest waits for the answer, without it need not. */
static void balloon_must_tell(struct kunit *test)
{
	const struct vbt_ring *ring = test->param_value;
	bool tell = ring->features & VBT_F_TELL;
	struct vbt *t = vbt_new_ring(test, FV_MANUAL);
	unsigned long left = vbt_guest_pages(512);

	mb_set_target(t->mb, 512);
	KUNIT_ASSERT_EQ(test, vbt_step(t, MB_INFLATE, 2), 2U);
	vbt_expect(t, 512);
	KUNIT_EXPECT_EQ(test, fv_negotiated(t->fv, VIRTIO_BALLOON_F_MUST_TELL_HOST), tell);

	mb_set_target(t->mb, 0);
	KUNIT_ASSERT_TRUE(test, vbt_wait(fv_available(mb_queue(t->mb, MB_DEFLATE)), VBT_MS));
	if (!tell)
		KUNIT_EXPECT_TRUE(test, vbt_wait(totalram_pages() == t->ram, VBT_MS));
	msleep(50);
	KUNIT_EXPECT_EQ(test, t->ram - totalram_pages(), tell ? left : 0UL);
	KUNIT_EXPECT_EQ(test, mb_actual(t->mb), 512U);
	KUNIT_EXPECT_EQ(test, vbt_step(t, MB_DEFLATE, 2), 2U);
	vbt_expect(t, 0);
	vbt_unplug(t);
}

/*
 * The device looks at the inflate queue before the deflate queue. A page that is
 * still to be taken back must not be given again meanwhile.
 */
static void balloon_deflate_before_inflate(struct kunit *test)
{
	struct vbt *t = vbt_new_ring(test, FV_MANUAL);
	struct fv_queue *inflate = mb_queue(t->mb, MB_INFLATE);
	unsigned int round;

	mb_set_target(t->mb, 512);
	KUNIT_ASSERT_EQ(test, vbt_step(t, MB_INFLATE, 2), 2U);
	vbt_expect(t, 512);
	for (round = 0; round < 4; round++) {
		mb_set_target(t->mb, 0);
		KUNIT_ASSERT_TRUE(test, vbt_wait(fv_available(mb_queue(t->mb, MB_DEFLATE)),
						 VBT_MS));
		mb_set_target(t->mb, 1024);
		msleep(30);
		while (fv_available(inflate))
			fv_step(inflate, 1);
		KUNIT_EXPECT_GE(test, vbt_step(t, MB_DEFLATE, 2), 2U);
		/* Now it is free to give them. */
		vbt_step(t, MB_INFLATE, 4);
		vbt_expect(t, 1024);
		mb_set_target(t->mb, 512);
		vbt_step(t, MB_DEFLATE, 2);
		vbt_expect(t, 512);
	}
	vbt_unplug(t);
}

/* An inflate that is not answered yet is not taken back. */
static void balloon_inflate_before_deflate(struct kunit *test)
{
	struct vbt *t = vbt_new_ring(test, FV_MANUAL);
	struct fv_queue *deflate = mb_queue(t->mb, MB_DEFLATE);

	mb_set_target(t->mb, 1024);
	KUNIT_ASSERT_TRUE(test, vbt_wait(fv_available(mb_queue(t->mb, MB_INFLATE)), VBT_MS));
	mb_set_target(t->mb, 0);
	msleep(50);
	KUNIT_EXPECT_FALSE(test, fv_available(deflate));
	KUNIT_ASSERT_EQ(test, vbt_step(t, MB_INFLATE, 2), 2U);
	fv_set_mode(t->fv, FV_RUN);
	vbt_expect(t, 0);
	vbt_unplug(t);
}

/* Sets a parameter of the driver, as an administrator does. */
static void vbt_param(struct kunit *test, const char *text)
{
	KUNIT_ASSERT_EQ(test, fv_param_write("virtio_balloon", "buffer_pfns", text), 0);
}

/*
 * Devices that read 256 entries of a buffer at most, or its first descriptor only, get
 * buffers that they read in full. One that reads more can have a block in one buffer.
 */
static void balloon_reads_a_part(struct kunit *test)
{
	const struct vbt_ring *ring = test->param_value;
	struct mb_params params = {
		.features = ring->features, .mode = FV_RUN, .max_pfns = 256, .first_only = true,
	};
	struct vbt *t = vbt_new(test, &params);

	vbt_plug(t);
	vbt_reach(t, 3000);
	vbt_reach(t, 7);
	KUNIT_EXPECT_EQ(test, t->mb->unread, 0ULL);
	KUNIT_EXPECT_EQ(test, t->mb->largest, 256U);
	vbt_unplug(t);

	vbt_param(test, "512");
	params.max_pfns = 0;
	t = vbt_new(test, &params);
	vbt_plug(t);
	vbt_param(test, "0");
	vbt_reach(t, 3000);
	vbt_reach(t, 7);
	KUNIT_EXPECT_EQ(test, t->mb->unread, 0ULL);
	KUNIT_EXPECT_EQ(test, t->mb->largest, 512U);
	vbt_unplug(t);
}

static struct kunit_case vbt_target_cases[] = {
	KUNIT_CASE_PARAM(balloon_reads_a_part, vbt_few_params),
	KUNIT_CASE_PARAM(balloon_sizes, vbt_ring_params),
	KUNIT_CASE_PARAM(balloon_target_at_probe, vbt_ring_params),
	KUNIT_CASE_PARAM(balloon_splits_blocks, vbt_few_params),
	KUNIT_CASE_PARAM(balloon_target_changes, vbt_few_params),
	KUNIT_CASE_PARAM(balloon_idle, vbt_ring_params),
	KUNIT_CASE_PARAM(balloon_batches, vbt_ring_params),
	KUNIT_CASE_PARAM(balloon_actual, vbt_few_params),
	KUNIT_CASE_PARAM(balloon_must_tell, vbt_ring_params),
	KUNIT_CASE_PARAM(balloon_deflate_before_inflate, vbt_few_params),
	KUNIT_CASE_PARAM(balloon_inflate_before_deflate, vbt_ring_params),
	{ }
};

struct kunit_suite vbt_target_suite = {
	.name = "virtio_balloon",
	.suite_init = vbt_suite_init,
	.suite_exit = vbt_suite_exit,
	.test_cases = vbt_target_cases,
};
