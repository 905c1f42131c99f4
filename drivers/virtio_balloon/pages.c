// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs of pages: taken from the guest, given back.
 *
 * Each page of a run has a reference of its own. They are freed in blocks all the same,
 * which costs a fraction of freeing them one by one.
 */
#include <linux/bitops.h>
#include <linux/gfp.h>
#include <linux/limits.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/page-flags.h>
#include <linux/page_ref.h>
#include <linux/sched.h>

#include "balloon.h"

/*
 * Whatever happens here, nothing is to be killed for the balloon and no reserve is
 * to be touched. Where the pages cannot be moved they must not come from where the
 * guest expects to be able to move pages.
 */
#ifdef CONFIG_MIGRATION
#define VB_GFP_ZONE	GFP_HIGHUSER_MOVABLE
#else
#define VB_GFP_ZONE	GFP_HIGHUSER
#endif
#define VB_GFP		(VB_GFP_ZONE | __GFP_NORETRY | __GFP_NOMEMALLOC | __GFP_NOWARN)

/*
 * A block that takes work to make is not worth it: a smaller one will do. Compaction
 * would find little but the pages of the balloon to make one of.
 */
#define VB_GFP_BLOCK	(VB_GFP & ~__GFP_RECLAIM)

/**
 * vb_adjust() - have the guest know that it has more memory, or less
 * @vb: the balloon
 * @page: the first one
 * @nr: so many more, of one zone
 *
 * What comes back when it is needed the guest may count on: then its size stays.
 */
void vb_adjust(struct vb_device *vb, struct page *page, long nr)
{
	if (!vb->keep_total)
		adjust_managed_page_count(page, nr);
}

/* An entry of a buffer has 32 bits (virtio 1.3, 5.5.6), which is 16 TiB. */
static bool vb_block_describable(const struct page *block, unsigned int order)
{
	u64 last = page_to_pfn(block) + (1UL << order);

	return last << VB_PFN_SHIFT <= U32_MAX;
}

/**
 * vb_run_set_pages() - make a run of some pages
 * @run: its first page
 * @nr: how many
 *
 * Who migrates pages may forget the number: a page without one is a run by itself.
 */
void vb_run_set_pages(struct page *run, unsigned int nr)
{
	set_page_private(run, nr - 1);
}

/**
 * vb_run_pages() - how long is a run?
 * @run: its first page
 *
 * Return: the number of pages
 */
unsigned int vb_run_pages(const struct page *run)
{
	return page_private(run) + 1;
}

/**
 * vb_run_alloc() - take a block from the guest
 * @vb: the balloon
 * @order: of the number of pages, at most VB_MAX_ORDER
 *
 * Only a single page is worth reclaiming memory for. The pages are marked as offline,
 * so that whoever walks memory leaves them to the host.
 *
 * Context: may sleep; never under &vb_device.mutex.
 * Return: the first page, in no list, or NULL
 */
struct page *vb_run_alloc(struct vb_device *vb, unsigned int order)
{
	struct page *run = alloc_pages(order ? VB_GFP_BLOCK : VB_GFP, order);
	unsigned long i;

	if (!run)
		return NULL;
	if (!vb_block_describable(run, order)) {
		__free_pages(run, order);
		return NULL;
	}
	if (order)
		split_page(run, order);
	for (i = 0; i < 1UL << order; i++)
		__SetPageOffline(run + i);
	vb_run_set_pages(run, 1U << order);
	vb_adjust(vb, run, -(1L << order));
	return run;
}

/*
 * Undoes the split of a block that nobody else has a reference to. Somebody who only
 * looked at a page may have one for a moment.
 */
static bool vb_block_join(struct page *block, unsigned int order)
{
	unsigned long i;

	/* It would be told that one page was freed, where it was told of many. */
	if (IS_ENABLED(CONFIG_MEM_ALLOC_PROFILING))
		return !order;
	for (i = 1; i < 1UL << order; i++) {
		if (!page_ref_freeze(block + i, 1))
			break;
		/* Older kernels leave a trace of who could move it there. */
		block[i].mapping = NULL;
	}
	if (i == 1UL << order)
		return true;
	while (--i)
		page_ref_unfreeze(block + i, 1);
	return false;
}

static void vb_block_free(struct vb_device *vb, struct page *block, unsigned int order)
{
	unsigned long i;

	vb_adjust(vb, block, 1L << order);
	if (vb_block_join(block, order)) {
		__free_pages(block, order);
		return;
	}
	for (i = 0; i < 1UL << order; i++)
		__free_page(block + i);
}

static void vb_run_free(struct vb_device *vb, struct page *run)
{
	unsigned int i, nr = vb_run_pages(run), order;

	set_page_private(run, 0);
	for (i = 0; i < nr; i++)
		if (PageOffline(run + i))
			__ClearPageOffline(run + i);
	while (nr) {
		order = min_t(unsigned int, ilog2(nr), VB_MAX_ORDER);
		if (page_to_pfn(run))
			order = min_t(unsigned int, order, __ffs(page_to_pfn(run)));
		vb_block_free(vb, run, order);
		run += 1U << order;
		nr -= 1U << order;
	}
}

/**
 * vb_runs_free() - give all runs in a list back to the guest
 * @vb: the balloon
 * @runs: linked by the lru field of their first pages
 *
 * Context: may sleep.
 */
void vb_runs_free(struct vb_device *vb, struct list_head *runs)
{
	struct page *run, *next;

	list_for_each_entry_safe(run, next, runs, lru) {
		list_del(&run->lru);
		vb_run_free(vb, run);
		cond_resched();
	}
}
