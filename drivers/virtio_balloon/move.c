// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages of the balloon that the guest wants for something else: compaction, a block of
 * memory that goes offline, a contiguous area, a huge page.
 *
 * Such a page is given back, and another one is taken from the guest later on. That
 * needs no answer of the device, so who waits for the page does not wait for the host;
 * and no memory for the copy, which may be what is missing.
 */
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/mm.h>

#include "balloon.h"

/* With MUST_TELL_HOST the answer is waited for. In microseconds, and how often. */
#define VB_MOVE_POLL	100
#define VB_MOVE_POLLS	1000

/*
 * What was moved away is replaced after so long: whoever moves pages is to be done with
 * what is next to them, or would meet the replacement there.
 */
#define VB_MOVE_SETTLE	(HZ / 10)

/**
 * vb_moving_pages() - how many pages have been moved away, unbeknown to the device?
 * @vb: the balloon
 *
 * Context: under &vb_device.mutex.
 * Return: the number
 */
unsigned long vb_moving_pages(const struct vb_device *vb)
{
	return vb->moving ? vb->moving->nr_pfns >> VB_PFN_SHIFT : 0;
}

/**
 * vb_moving_submit() - tell the device of the pages that have been moved away
 * @vb: the balloon
 *
 * Context: under &vb_device.mutex, while the queues are used.
 */
void vb_moving_submit(struct vb_device *vb)
{
	struct vb_chunk *chunk = vb->moving;

	if (!chunk)
		return;
	vb->moving = NULL;
	/* A queue that takes nothing is broken: then this waits for the reset. */
	if (vb_queue_submit(vb, &vb->deflate, chunk))
		vb_queue_kick(vb->deflate.vq);
	else
		list_add_tail(&chunk->node, &vb->deflate.busy);
}

/*
 * The device has to be told first. If it takes too long the page stays its own until it
 * has answered or is reset, although it has left the balloon.
 */
static void vb_move_tell(struct vb_device *vb, struct page *page)
{
	struct vb_chunk *chunk = vb->moving;
	unsigned int i;

	get_page(page);
	chunk->moved = page;
	vb_moving_submit(vb);
	for (i = 0; i < VB_MOVE_POLLS && chunk->moved && !vb->broken; i++) {
		vb_collect(vb);
		if (chunk->moved)
			usleep_range(VB_MOVE_POLL, 2 * VB_MOVE_POLL);
	}
}

static bool vb_move_chunk(struct vb_device *vb)
{
	if (vb->moving)
		return true;
	vb->moving = vb_chunk_get(vb, &vb->deflate);
	if (!vb->moving && vb_collect(vb))
		vb->moving = vb_chunk_get(vb, &vb->deflate);
	return vb->moving;
}

/* Returns -ENOENT if the page has left the balloon, or why it cannot. */
static int vb_move_away(struct vb_device *vb, struct page *page, enum migrate_mode mode)
{
	if (vb->phase == VB_CLOSING)
		return -EAGAIN;
	if (vb->phase == VB_DOWN) {
		vb_adjust(vb, page, 1);
		return -ENOENT;
	}
	if (vb->stalled || vb->broken)
		return -EBUSY;
	if (vb->must_tell && mode == MIGRATE_ASYNC)
		return -EAGAIN;
	if (!vb_move_chunk(vb))
		return -EAGAIN;

	vb_chunk_add_page(vb, vb->moving, page);
	if (vb->must_tell) {
		vb_move_tell(vb, page);
	} else {
		vb_adjust(vb, page, 1);
		if (!vb_chunk_room(vb, vb->moving))
			vb_moving_submit(vb);
	}
	if (time_after_eq(jiffies, vb->settle_at))
		vb->settle_at = jiffies + VB_MOVE_SETTLE;
	return -ENOENT;
}

/**
 * vb_migrate() - have a page leave the balloon
 * @info: the list that the page is from
 * @newpage: not used
 * @page: the page, isolated and locked
 * @mode: may it take a while?
 *
 * Context: may sleep.
 * Return: -ENOENT if the page has left the balloon and @newpage is not needed, -EAGAIN or
 *	-EBUSY if it stays
 */
int vb_migrate(struct balloon_dev_info *info, struct page *newpage, struct page *page,
	       enum migrate_mode mode)
{
	struct vb_held *held = container_of(info, struct vb_held, info);
	struct vb_device *vb = held->vb;
	int err;

	if (mode != MIGRATE_ASYNC)
		mutex_lock(&vb->mutex);
	else if (!mutex_trylock(&vb->mutex))
		return -EAGAIN;
	err = vb_move_away(vb, page, mode);
	if (err == -ENOENT) {
		held->nr_pages--;
		vb->nr_held--;
		vb->moved++;
		vb->count.moved++;
	}
	/* It may be the last one that is waited for. */
	if (err == -ENOENT)
		vb_wake(vb);
	mutex_unlock(&vb->mutex);
	return err;
}
