// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pages in the balloon. They are in lists of the kernel, which finds and isolates
 * them there when it wants their memory.
 *
 * A list is filled and emptied at the same end, and has the pages of a block one after
 * the other, so that what is taken out of it is whole blocks again. A page that is
 * moved away leaves a gap, which costs the block, nothing else.
 */
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/jiffies.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/page-flags.h>

#include "balloon.h"

/* Who has isolated a page needs it for as long as it takes to move some others. */
#define VB_ISOLATED_JIFFIES	(60 * HZ)

/**
 * vb_held_init() - begin with an empty balloon
 * @vb: the balloon
 */
void vb_held_init(struct vb_device *vb)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(vb->held); i++) {
		balloon_devinfo_init(&vb->held[i].info);
		vb->held[i].info.migratepage = vb_migrate;
		vb->held[i].vb = vb;
	}
}

/* The list for a run: what is no block is single pages. */
static unsigned int vb_held_order(const struct page *run, unsigned int nr)
{
	bool block = is_power_of_2(nr) && IS_ALIGNED(page_to_pfn(run), nr);

	return block ? min_t(unsigned int, ilog2(nr), VB_MAX_ORDER) : 0;
}

/**
 * vb_held_add() - put a run into the balloon
 * @vb: the balloon
 * @run: its first page, in no list
 *
 * Context: under &vb_device.mutex. The pages may be moved away from here on.
 */
void vb_held_add(struct vb_device *vb, struct page *run)
{
	unsigned int i, nr = vb_run_pages(run);
	struct vb_held *held = &vb->held[vb_held_order(run, nr)];
	LIST_HEAD(pages);

	set_page_private(run, 0);
	for (i = 0; i < nr; i++)
		list_add_tail(&run[i].lru, &pages);
	held->nr_pages += nr;
	vb->nr_held += nr;
	balloon_page_list_enqueue(&held->info, &pages);
}

/* Makes runs of single pages, which are mostly in ascending order. */
static void vb_held_join(struct list_head *pages, struct list_head *runs, bool mark)
{
	struct page *page, *next, *run = NULL;
	unsigned int nr = 0;

	list_for_each_entry_safe(page, next, pages, lru) {
		list_del(&page->lru);
		/* The kernel has taken the mark away, but the device still has the page. */
		if (mark)
			__SetPageOffline(page);
		if (run && page == run + nr) {
			nr++;
			continue;
		}
		if (run)
			vb_run_set_pages(run, nr);
		run = page;
		nr = 1;
		list_add_tail(&run->lru, runs);
	}
	if (run)
		vb_run_set_pages(run, nr);
}

static void vb_held_put_back(struct vb_device *vb, struct list_head *pages, unsigned int keep)
{
	struct page *page, *next;
	LIST_HEAD(rest);
	LIST_HEAD(runs);

	list_for_each_entry_safe(page, next, pages, lru) {
		if (keep) {
			keep--;
			continue;
		}
		list_move_tail(&page->lru, &rest);
	}
	vb_held_join(&rest, &runs, false);
	list_for_each_entry_safe(page, next, &runs, lru) {
		list_del(&page->lru);
		vb_held_add(vb, page);
	}
}

static unsigned int vb_held_dequeue(struct vb_device *vb, struct list_head *pages,
				    unsigned int order)
{
	struct vb_held *held = &vb->held[order];
	unsigned int nr;

	if (!held->nr_pages)
		return 0;
	nr = balloon_page_list_dequeue(&held->info, pages, 1U << order);
	held->nr_pages -= nr;
	vb->nr_held -= nr;
	return nr;
}

/**
 * vb_held_take() - take pages out of the balloon
 * @vb: the balloon
 * @runs: the runs are added to it
 * @max_pages: no more than so many, at least 1
 * @split: if all blocks are larger, split one
 *
 * The largest block that fits is taken. Without MUST_TELL_HOST the pages are to be freed
 * at once; else they are marked as offline still.
 *
 * Context: under &vb_device.mutex.
 * Return: the number of pages; 0 also if all of them are being moved
 */
unsigned int vb_held_take(struct vb_device *vb, struct list_head *runs, unsigned long max_pages,
			  bool split)
{
	unsigned int fits = min_t(unsigned int, ilog2(max_pages), VB_MAX_ORDER);
	unsigned int order = fits + 1, nr = 0;
	LIST_HEAD(pages);

	while (!nr && order)
		nr = vb_held_dequeue(vb, &pages, --order);
	for (order = fits + 1; split && !nr && order <= VB_MAX_ORDER; order++)
		nr = vb_held_dequeue(vb, &pages, order);
	if (nr > max_pages) {
		vb_held_put_back(vb, &pages, max_pages);
		nr = max_pages;
	}
	vb_held_join(&pages, runs, vb->must_tell);
	return nr;
}

/*
 * Is somebody moving pages? Who has given one back has still to say so to the kernel,
 * under the lock that is taken here, and has done with the balloon after that.
 */
static unsigned long vb_held_isolated(struct vb_device *vb)
{
	unsigned long nr = 0;
	LIST_HEAD(none);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(vb->held); i++) {
		nr += READ_ONCE(vb->held[i].info.isolated_pages);
		balloon_page_list_dequeue(&vb->held[i].info, &none, 0);
	}
	return nr;
}

/**
 * vb_held_free_all() - give all pages in the balloon back to the guest
 * @vb: the balloon, whose device has been reset
 *
 * Context: may sleep, for at most VB_ISOLATED_JIFFIES.
 * Return: false if somebody does not let go of a page: then the balloon has to stay
 */
bool vb_held_free_all(struct vb_device *vb)
{
	unsigned long end = jiffies + VB_ISOLATED_JIFFIES, left;
	LIST_HEAD(runs);

	do {
		mutex_lock(&vb->mutex);
		while (vb_held_take(vb, &runs, 1UL << VB_MAX_ORDER, true))
			vb_runs_free(vb, &runs);
		left = vb->nr_held + vb_held_isolated(vb);
		mutex_unlock(&vb->mutex);
		if (!left)
			return true;
		usleep_range(1000, 2000);
	} while (time_before(jiffies, end));
	dev_err(&vb->vdev->dev, "%lu pages are kept by somebody who wants to move them\n", left);
	return false;
}
