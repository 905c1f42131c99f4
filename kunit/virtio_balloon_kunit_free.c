// SPDX-License-Identifier: GPL-2.0-only
/*
 * Free pages, and a guest that runs out of them: suite virtio_balloon_free.
 */
#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/oom.h>

#include "virtio_balloon_kunit.h"

static struct vbt *vbt_free_new(struct kunit *test, u64 features)
{
	const struct vbt_ring *ring = test->param_value;
	struct mb_params params = {
		.features = (ring ? ring->features : VBT_F_MODERN) | features, .mode = FV_RUN,
		.sparse = true, .dense = true,
	};
	struct vbt *t = vbt_new(test, &params);

	vbt_plug(t);
	return t;
}

/* The pages that a device asks for come, and are the guest's again at the end. */
static void balloon_hints(struct kunit *test)
{
	struct vbt *t = vbt_free_new(test, MB_BIT(FREE_PAGE_HINT));
	struct mb_hints *hints = &t->mb->hints;
	long before;

	vbt_reach(t, 600);
	before = global_zone_page_state(NR_FREE_PAGES);
	mb_hint_start(t->mb);
	KUNIT_EXPECT_TRUE(test, vbt_wait(READ_ONCE(hints->stopped), VBT_MS));
	KUNIT_EXPECT_EQ(test, hints->started, 1ULL);
	KUNIT_EXPECT_GE(test, hints->pages, 1024ULL);
	KUNIT_EXPECT_EQ(test, hints->stale, 0ULL);
	KUNIT_EXPECT_LE(test, global_zone_page_state(NR_FREE_PAGES), before - 512);
	/* It does not begin again by itself, and the balloon goes on. */
	vbt_reach(t, 900);
	KUNIT_EXPECT_EQ(test, hints->started, 1ULL);
	mb_hint_end(t->mb, VIRTIO_BALLOON_CMD_ID_DONE);
	KUNIT_EXPECT_TRUE(test, vbt_wait(global_zone_page_state(NR_FREE_PAGES) >= before - 1500,
					 VBT_MS));
	vbt_reach(t, 0);

	/* A second round, which is called off and taken up again. */
	mb_hint_start(t->mb);
	mb_hint_end(t->mb, VIRTIO_BALLOON_CMD_ID_STOP);
	mb_hint_start(t->mb);
	KUNIT_EXPECT_TRUE(test, vbt_wait(READ_ONCE(hints->round) == VIRTIO_BALLOON_CMD_ID_STOP &&
					 READ_ONCE(hints->stopped) >= 2, VBT_MS));
	vbt_unplug(t);
	KUNIT_EXPECT_GE(test, (long)global_zone_page_state(NR_FREE_PAGES), before - 1500);
}

/* The ids are the host's, and it may want them to change all the time. */
static void balloon_hints_restless(struct kunit *test)
{
	struct vbt *t = vbt_free_new(test, MB_BIT(FREE_PAGE_HINT));
	unsigned int i;

	for (i = 0; i < 60; i++) {
		mb_hint_start(t->mb);
		if (i % 3)
			usleep_range(100, 3000);
		if (i % 4 == 0)
			mb_hint_end(t->mb, i % 8 ? VIRTIO_BALLOON_CMD_ID_STOP :
					   VIRTIO_BALLOON_CMD_ID_DONE);
		if (i % 20 == 0)
			mb_set_target(t->mb, 100 + i);
	}
	mb_hint_end(t->mb, VIRTIO_BALLOON_CMD_ID_DONE);
	vbt_reach(t, 300);
	vbt_unplug(t);
}

/* Frees some blocks, for the kernel to have something to report. */
static void vbt_churn_free(void)
{
	struct page *page, *next;
	LIST_HEAD(list);
	unsigned int i;

	for (i = 0; i < 8; i++) {
		page = alloc_pages(GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN, 9);
		if (page)
			list_add(&page->lru, &list);
	}
	list_for_each_entry_safe(page, next, &list, lru) {
		list_del(&page->lru);
		__free_pages(page, 9);
	}
}

/* Reports come; a page is not used before its report is answered; two balloons. */
static void balloon_reports(struct kunit *test)
{
	struct vbt *t = vbt_free_new(test, MB_BIT(REPORTING));
	struct vbt *second = vbt_free_new(test, MB_BIT(REPORTING));
	struct mb_reports *reports = &t->mb->reports;

	vbt_churn_free();
	KUNIT_EXPECT_TRUE(test, vbt_wait(READ_ONCE(reports->requests), VBT_MS));
	KUNIT_EXPECT_GE(test, reports->smallest, (size_t)PAGE_SIZE << 5);
	KUNIT_EXPECT_EQ(test, second->mb->reports.requests, 0ULL);
	fv_unplug(second->fv);
	vbt_reach(t, 500);

	/* A report is with the device when it is unplugged. */
	reports->hold = true;
	vbt_churn_free();
	vbt_reach(t, 0);
	vbt_wait(READ_ONCE(reports->nr_kept), 3000);
	vbt_unplug(t);
}

/* The same over a sleep. */
static void balloon_reports_over_sleep(struct kunit *test)
{
	struct vbt *t = vbt_free_new(test, MB_BIT(REPORTING));
	struct mb_reports *reports = &t->mb->reports;
	u64 before;

	vbt_churn_free();
	KUNIT_EXPECT_TRUE(test, vbt_wait(READ_ONCE(reports->requests), VBT_MS));
	KUNIT_ASSERT_EQ(test, fv_freeze(t->fv), 0);
	before = reports->requests;
	KUNIT_ASSERT_EQ(test, fv_restore(t->fv), 0);
	vbt_churn_free();
	KUNIT_EXPECT_TRUE(test, vbt_wait(READ_ONCE(reports->requests) > before, VBT_MS));
	vbt_unplug(t);
}

/* Takes memory until there is none, as a program would that has no idea. */
static unsigned long vbt_eat(struct list_head *list, unsigned long pages)
{
	unsigned long nr = 0;
	struct page *page;

	while (nr < pages) {
		page = alloc_page(GFP_KERNEL | __GFP_RETRY_MAYFAIL | __GFP_NOWARN);
		if (!page)
			break;
		list_add(&page->lru, list);
		nr++;
	}
	return nr;
}

static void vbt_uneat(struct list_head *list)
{
	struct page *page, *next;

	list_for_each_entry_safe(page, next, list, lru) {
		list_del(&page->lru);
		__free_page(page);
	}
}

static unsigned long vbt_kills(void)
{
	unsigned long events[NR_VM_EVENT_ITEMS];

	all_vm_events(events);
	return events[OOM_KILL];
}

/*
 * Who needs more than there is gets it from the balloon, nobody is killed, and the host
 * does without for a while. The guest's size stays the same all the time.
 */
static void balloon_oom(struct kunit *test)
{
	struct vbt *t = vbt_free_new(test, MB_BIT(DEFLATE_ON_OOM));
	unsigned long kills = vbt_kills(), size = 0, held, total = totalram_pages(), i;
	LIST_HEAD(list);
	struct page *page;

	size = min(total / 3, 40000UL);
	mb_set_target(t->mb, size);
	KUNIT_ASSERT_TRUE(test, mb_wait_actual(t->mb, size, VBT_MS));
	KUNIT_EXPECT_EQ(test, totalram_pages(), total);

	vbt_eat(&list, total);
	for (i = 0; i < 5000; i++) {
		page = alloc_page(GFP_KERNEL);
		if (page)
			list_add(&page->lru, &list);
	}
	KUNIT_EXPECT_EQ(test, vbt_kills(), kills);
	held = READ_ONCE(t->mb->held);
	KUNIT_EXPECT_TRUE(test, vbt_wait(READ_ONCE(t->mb->held) <= size - 5000, VBT_MS));
	vbt_uneat(&list);
	held = READ_ONCE(t->mb->held);
	msleep(1000);
	mb_set_target(t->mb, size + 1);
	msleep(1000);
	KUNIT_EXPECT_LE(test, READ_ONCE(t->mb->held), held);
	mb_set_target(t->mb, 0);
	KUNIT_EXPECT_TRUE(test, mb_wait_actual(t->mb, 0, VBT_MS));
	vbt_unplug(t);
}

/*
 * Only where the device need not be told first: this one lives in the guest's own memory,
 * and cannot answer while there is none.
 */
static const struct vbt_ring vbt_untold[] = {
	{ "legacy", 0 },
	{ "packed", VBT_F_PACKED },
};

static void vbt_untold_desc(const struct vbt_ring *ring, char *desc)
{
	strscpy(desc, ring->name, KUNIT_PARAM_DESC_SIZE);
}

FV_ARRAY_PARAM(vbt_untold, vbt_untold, vbt_untold_desc);

static struct kunit_case vbt_free_cases[] = {
	KUNIT_CASE_PARAM(balloon_hints, vbt_few_params),
	KUNIT_CASE(balloon_hints_restless),
	KUNIT_CASE_PARAM(balloon_reports, vbt_few_params),
	KUNIT_CASE(balloon_reports_over_sleep),
	KUNIT_CASE_PARAM(balloon_oom, vbt_untold_gen_params),
	{ }
};

struct kunit_suite vbt_free_suite = {
	.name = "virtio_balloon_free",
	.suite_init = vbt_suite_init,
	.suite_exit = vbt_suite_exit,
	.test_cases = vbt_free_cases,
};
