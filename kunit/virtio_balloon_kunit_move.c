// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages of the balloon that the guest wants for something else: suite virtio_balloon_move.
 * It does to them what compaction does.
 */
#include <linux/balloon_compaction.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/workqueue.h>

#include "virtio_balloon_kunit.h"

/* Returns a page that a balloon holds, isolated, or NULL. */
static struct page *vbt_isolate(struct vbt *t)
{
	struct page *page = NULL;
	bool got = false;

	mb_lock();
	if (t->mb->first)
		page = pfn_to_page(t->mb->first >> (PAGE_SHIFT - VIRTIO_BALLOON_PFN_SHIFT));
	if (page && !get_page_unless_zero(page))
		page = NULL;
	mb_unlock();
	if (!page)
		return NULL;
	lock_page(page);
	if (__PageMovable(page) && page_movable_ops(page) && !PageIsolated(page))
		got = balloon_mops.isolate_page(page, 0);
	if (got)
		SetPageIsolated(page);
	unlock_page(page);
	if (got)
		return page;
	put_page(page);
	return NULL;
}

static void vbt_putback(struct page *page)
{
	lock_page(page);
	balloon_mops.putback_page(page);
	ClearPageIsolated(page);
	unlock_page(page);
	put_page(page);
}

static int vbt_migrate(struct page *page, enum migrate_mode mode)
{
	struct page *to = alloc_page(GFP_KERNEL);
	int err;

	if (!to)
		return -ENOMEM;
	lock_page(page);
	lock_page(to);
	err = balloon_mops.migrate_page(to, page, mode);
	unlock_page(to);
	put_page(to);
	if (!err)
		ClearPageIsolated(page);
	unlock_page(page);
	if (err)
		vbt_putback(page);
	else
		put_page(page);
	return err;
}

/* Each page is moved sooner or later, and the balloon gets to its size again. */
static void balloon_moves(struct kunit *test)
{
	static const enum migrate_mode modes[] = {
		MIGRATE_SYNC, MIGRATE_SYNC_LIGHT, MIGRATE_ASYNC,
	};
	struct vbt *t = vbt_new_ring(test, FV_RUN);
	unsigned int i, moved = 0;
	struct page *page;

	vbt_reach(t, 1500);
	for (i = 0; i < 900; i++) {
		page = vbt_isolate(t);
		if (page && !vbt_migrate(page, modes[i % ARRAY_SIZE(modes)]))
			moved++;
		else
			usleep_range(50, 100);
		if (i == 300)
			mb_set_target(t->mb, 700);
		if (i == 600)
			mb_set_target(t->mb, 2000);
	}
	KUNIT_EXPECT_GE(test, moved, 50U);
	vbt_expect(t, 2000);
	KUNIT_EXPECT_GE(test, t->mb->deflated, (u64)moved);
	vbt_reach(t, 3);
	vbt_unplug(t);
}

/* Who must be told first is told first; who cannot wait for that does not get the page. */
static void balloon_moves_and_tells(struct kunit *test)
{
	const struct vbt_ring *ring = test->param_value;
	struct vbt *t = vbt_new_ring(test, FV_RUN);
	bool tell = ring->features & VBT_F_TELL;
	struct page *page;
	u64 deflated;

	vbt_reach(t, 600);
	page = vbt_isolate(t);
	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_EXPECT_EQ(test, vbt_migrate(page, MIGRATE_ASYNC), tell ? -EAGAIN : 0);
	vbt_expect(t, 600);
	deflated = t->mb->deflated;
	page = vbt_isolate(t);
	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_EXPECT_EQ(test, vbt_migrate(page, MIGRATE_SYNC), 0);
	if (tell)
		KUNIT_EXPECT_EQ(test, t->mb->deflated, deflated + 1);
	vbt_expect(t, 600);
	KUNIT_EXPECT_EQ(test, t->mb->deflated, deflated + 1);
	vbt_unplug(t);
}

/* What is being moved is out of reach, and comes back. */
static void balloon_isolated(struct kunit *test)
{
	struct vbt *t = vbt_new_ring(test, FV_RUN);
	struct page *pages[8];
	unsigned int i;

	vbt_reach(t, 600);
	for (i = 0; i < ARRAY_SIZE(pages); i++) {
		pages[i] = vbt_isolate(t);
		KUNIT_ASSERT_NOT_NULL(test, pages[i]);
		/* The next one is another one: the model takes the newest first. */
		vbt_reach(t, 600 + 10 * (i + 1));
	}
	mb_set_target(t->mb, 0);
	KUNIT_EXPECT_TRUE(test, vbt_wait(t->mb->held == ARRAY_SIZE(pages), VBT_MS));
	msleep(20);
	for (i = 0; i < ARRAY_SIZE(pages); i++)
		vbt_putback(pages[i]);
	vbt_expect(t, 0);
	vbt_unplug(t);
}

struct vbt_late {
	struct delayed_work work;
	struct page *page;
	bool migrate;
};

static void vbt_late_work(struct work_struct *work)
{
	struct vbt_late *late = container_of(to_delayed_work(work), struct vbt_late, work);

	if (late->migrate)
		vbt_migrate(late->page, MIGRATE_SYNC);
	else
		vbt_putback(late->page);
}

/* The device goes away while a page is being moved. */
static void balloon_unplugged_while_moving(struct kunit *test)
{
	struct vbt_late late = { };
	unsigned int i;
	struct vbt *t;

	INIT_DELAYED_WORK_ONSTACK(&late.work, vbt_late_work);
	for (i = 0; i < 4; i++) {
		t = vbt_new_ring(test, FV_RUN);
		vbt_reach(t, 600);
		late.page = vbt_isolate(t);
		late.migrate = i % 2;
		KUNIT_ASSERT_NOT_NULL(test, late.page);
		schedule_delayed_work(&late.work, HZ / 10);
		if (i < 2)
			fv_unplug(t->fv);
		else
			fv_surprise_unplug(t->fv);
		flush_delayed_work(&late.work);
		vbt_expect_gone(t);
	}
	destroy_delayed_work_on_stack(&late.work);
}

static struct kunit_case vbt_move_cases[] = {
	KUNIT_CASE_PARAM(balloon_moves, vbt_few_params),
	KUNIT_CASE_PARAM(balloon_moves_and_tells, vbt_few_params),
	KUNIT_CASE_PARAM(balloon_isolated, vbt_few_params),
	KUNIT_CASE_PARAM(balloon_unplugged_while_moving, vbt_few_params),
	{ }
};

struct kunit_suite vbt_move_suite = {
	.name = "virtio_balloon_move",
	.suite_init = vbt_suite_init,
	.suite_exit = vbt_suite_exit,
	.test_cases = vbt_move_cases,
};
