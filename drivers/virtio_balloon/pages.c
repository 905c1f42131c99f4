// SPDX-License-Identifier: GPL-2.0-only
/*
 * Blocks of pages: taken from the guest, kept by order, given back.
 */
#include <linux/gfp.h>
#include <linux/limits.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/page-flags.h>
#include <linux/sched.h>
#include <linux/swap.h>
#include <linux/vmstat.h>

#include "balloon.h"

/*
 * Whatever happens here, nothing is to be killed for the balloon and no reserve is
 * to be touched. The pages cannot be moved, so they must not come from where the
 * guest expects to be able to move pages.
 */
#define VB_GFP		(GFP_HIGHUSER | __GFP_NORETRY | __GFP_NOMEMALLOC | __GFP_NOWARN)

/* A block that takes work to make is not worth it: a smaller one will do. */
#define VB_GFP_BLOCK	(VB_GFP & ~__GFP_RECLAIM)

/* What is left to the guest, see vb_spare_pages(). */
#define VB_RESERVE_MIN	(SZ_8M >> PAGE_SHIFT)
#define VB_RESERVE_MAX	(SZ_64M >> PAGE_SHIFT)

/**
 * vb_blocks_init() - make an empty set of blocks
 * @blocks: the set
 */
void vb_blocks_init(struct vb_blocks *blocks)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(blocks->order); i++)
		INIT_LIST_HEAD(&blocks->order[i]);
	blocks->nr_pages = 0;
}

/* An entry of a buffer has 32 bits (virtio 1.3, 5.5.6), which is 16 TiB. */
static bool vb_block_describable(const struct page *block, unsigned int order)
{
	u64 last = page_to_pfn(block) + (1UL << order);

	return last << VB_PFN_SHIFT <= U32_MAX;
}

/**
 * vb_block_alloc() - take a block from the guest
 * @order: of the number of pages, at most VB_MAX_ORDER
 *
 * Only a single page is worth reclaiming memory for. The pages of the block are
 * marked as offline, so that whoever walks memory leaves them to the host.
 *
 * Context: may sleep.
 * Return: the first page, or NULL
 */
struct page *vb_block_alloc(unsigned int order)
{
	struct page *block = alloc_pages(order ? VB_GFP_BLOCK : VB_GFP, order);
	unsigned long i;

	if (!block)
		return NULL;
	if (!vb_block_describable(block, order)) {
		__free_pages(block, order);
		return NULL;
	}
	for (i = 0; i < 1UL << order; i++)
		__SetPageOffline(block + i);
	set_page_private(block, order);
	adjust_managed_page_count(block, -(1L << order));
	return block;
}

/**
 * vb_block_free() - give a block back to the guest
 * @block: its first page, in no list
 */
void vb_block_free(struct page *block)
{
	unsigned int order = vb_block_order(block);
	unsigned long i;

	for (i = 0; i < 1UL << order; i++)
		__ClearPageOffline(block + i);
	set_page_private(block, 0);
	adjust_managed_page_count(block, 1L << order);
	__free_pages(block, order);
}

/**
 * vb_block_order() - how large is a block?
 * @block: its first page
 *
 * Return: the order
 */
unsigned int vb_block_order(const struct page *block)
{
	return page_private(block);
}

/**
 * vb_blocks_add() - put a block into a set
 * @blocks: the set
 * @block: first page of the block, in no list
 */
void vb_blocks_add(struct vb_blocks *blocks, struct page *block)
{
	unsigned int order = vb_block_order(block);

	list_add(&block->lru, &blocks->order[order]);
	blocks->nr_pages += 1UL << order;
}

/* Makes single pages of the smallest block in a set. */
static void vb_blocks_split(struct vb_blocks *blocks)
{
	unsigned int order = 0;
	struct page *block;
	unsigned long i;

	while (order < VB_MAX_ORDER && list_empty(&blocks->order[order]))
		order++;
	block = list_first_entry_or_null(&blocks->order[order], struct page, lru);
	if (!block || !order)
		return;
	list_del(&block->lru);
	split_page(block, order);
	for (i = 0; i < 1UL << order; i++) {
		set_page_private(block + i, 0);
		list_add_tail(&block[i].lru, &blocks->order[0]);
	}
}

static struct page *vb_blocks_take_fitting(struct vb_blocks *blocks, unsigned long max_pages)
{
	int order = min_t(int, ilog2(max_pages), VB_MAX_ORDER);
	struct page *block;

	for (; order >= 0; order--) {
		block = list_first_entry_or_null(&blocks->order[order], struct page, lru);
		if (!block)
			continue;
		list_del(&block->lru);
		blocks->nr_pages -= 1UL << order;
		return block;
	}
	return NULL;
}

/**
 * vb_blocks_take() - take a block out of a set
 * @blocks: the set
 * @max_pages: the most that the block may have, at least 1
 * @split: if all are larger, split one
 *
 * The largest that fits is taken.
 *
 * Return: first page of the block, or NULL if there is none
 */
struct page *vb_blocks_take(struct vb_blocks *blocks, unsigned long max_pages, bool split)
{
	struct page *block = vb_blocks_take_fitting(blocks, max_pages);

	if (block || !split || !blocks->nr_pages)
		return block;
	vb_blocks_split(blocks);
	return vb_blocks_take_fitting(blocks, max_pages);
}

/**
 * vb_blocks_free_list() - give all blocks in a list back to the guest
 * @list: linked by the lru field of their first pages
 *
 * Context: may sleep.
 */
void vb_blocks_free_list(struct list_head *list)
{
	struct page *block, *next;

	list_for_each_entry_safe(block, next, list, lru) {
		list_del(&block->lru);
		vb_block_free(block);
		cond_resched();
	}
}

/**
 * vb_blocks_free_all() - give all blocks of a set back to the guest
 * @blocks: the set, empty afterwards
 *
 * Context: may sleep.
 */
void vb_blocks_free_all(struct vb_blocks *blocks)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(blocks->order); i++)
		vb_blocks_free_list(&blocks->order[i]);
	blocks->nr_pages = 0;
}

/**
 * vb_spare_pages() - what can the guest give and still get on?
 *
 * An allocation for the balloon kills nothing, but the next one of somebody else
 * does when the balloon has taken everything. So some is left: a part of what the
 * guest has, which gets less as the balloon grows. Free swap space counts as memory
 * that can be given, as long as there is some there will be no killing. Half of the
 * reclaimable slab memory, which the kernel counts as available, does not: in a
 * small guest most of it is in use.
 *
 * Return: pages
 */
unsigned long vb_spare_pages(void)
{
	long reserve = clamp_t(long, totalram_pages() / 16, VB_RESERVE_MIN, VB_RESERVE_MAX);
	long slab = global_node_page_state_pages(NR_SLAB_RECLAIMABLE_B);
	long available = si_mem_available() - slab / 2 + get_nr_swap_pages();

	return available > reserve ? available - reserve : 0;
}
