// SPDX-License-Identifier: GPL-2.0-only
/*
 * Statistics: suite virtio_balloon_stats.
 */
#include <linux/mm.h>

#include "virtio_balloon_kunit.h"

static struct vbt *vbt_stats_new(struct kunit *test)
{
	const struct vbt_ring *ring = test->param_value;
	struct mb_params params = {
		.features = ring->features | MB_BIT(STATS_VQ), .mode = FV_RUN,
	};
	struct vbt *t = vbt_new(test, &params);

	vbt_plug(t);
	return t;
}

/* All tags there are, with values that make sense. */
static void balloon_statistics(struct kunit *test)
{
	struct vbt *t = vbt_stats_new(test);
	u64 total = 0, after = 0, available = 0, val;
	u16 tag;

	KUNIT_ASSERT_TRUE(test, mb_stats_poll(t->mb, VBT_MS));
	KUNIT_EXPECT_EQ(test, t->mb->stats.nr, 16U);
	for (tag = 0; tag < 16; tag++)
		KUNIT_EXPECT_TRUE_MSG(test, mb_stat(t->mb, tag, &val), "tag %u", tag);
	mb_stat(t->mb, VIRTIO_BALLOON_S_MEMTOT, &total);
	mb_stat(t->mb, VIRTIO_BALLOON_S_AVAIL, &available);
	KUNIT_EXPECT_EQ(test, total, (u64)totalram_pages() << PAGE_SHIFT);
	KUNIT_EXPECT_GT(test, available, 0ULL);
	KUNIT_EXPECT_LE(test, available, total);
	mb_stat(t->mb, VIRTIO_BALLOON_S_MINFLT, &val);
	KUNIT_EXPECT_GT(test, val, 0ULL);

	/* They are as of now, not as of some time ago. */
	vbt_reach(t, 1000);
	KUNIT_ASSERT_TRUE(test, mb_stats_poll(t->mb, VBT_MS));
	mb_stat(t->mb, VIRTIO_BALLOON_S_MEMTOT, &after);
	KUNIT_EXPECT_EQ(test, total - after, 1000ULL << VIRTIO_BALLOON_PFN_SHIFT);
	vbt_unplug(t);
}

/* A device may ask as often as it likes, also while it does not answer otherwise. */
static void balloon_statistics_any_time(struct kunit *test)
{
	struct vbt *t = vbt_stats_new(test);
	u64 before = t->mb->stats.buffers;
	unsigned int i;

	for (i = 0; i < 100; i++) {
		if (i % 10 == 0)
			mb_set_target(t->mb, 300 * (i % 20));
		KUNIT_ASSERT_TRUE(test, mb_stats_poll(t->mb, VBT_MS));
	}
	KUNIT_EXPECT_GE(test, t->mb->stats.buffers, before + 100);
	vbt_reach(t, 77);

	KUNIT_ASSERT_EQ(test, fv_freeze(t->fv), 0);
	KUNIT_ASSERT_EQ(test, fv_restore(t->fv), 0);
	KUNIT_EXPECT_TRUE(test, mb_stats_poll(t->mb, VBT_MS));
	vbt_expect(t, 77);
	vbt_unplug(t);
}

static struct kunit_case vbt_stats_cases[] = {
	KUNIT_CASE_PARAM(balloon_statistics, vbt_few_params),
	KUNIT_CASE_PARAM(balloon_statistics_any_time, vbt_few_params),
	{ }
};

struct kunit_suite vbt_stats_suite = {
	.name = "virtio_balloon_stats",
	.suite_init = vbt_suite_init,
	.suite_exit = vbt_suite_exit,
	.test_cases = vbt_stats_cases,
};
