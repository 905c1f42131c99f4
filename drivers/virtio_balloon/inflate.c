// SPDX-License-Identifier: GPL-2.0-only
/*
 * From the guest to the device.
 */
#include <linux/device.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/sched.h>

#include "balloon.h"

/* After a shortage, wait so long before asking again; longer each time in vain. */
#define VB_RETRY_MIN	(HZ / 5)
#define VB_RETRY_MAX	(5 * HZ)

/*
 * Fills a chunk with up to @want pages, in blocks of at most @order, which is
 * lowered as the larger ones run out. Returns the number of pages. Called without
 * &vb_device.mutex, which who frees memory may need.
 */
static unsigned int vb_fill(struct vb_device *vb, struct vb_chunk *chunk,
			    unsigned long want, unsigned int *order)
{
	unsigned int left = min3(want, vb_spare_pages(vb),
				 (unsigned long)vb_chunk_room(vb, chunk));
	struct page *run;
	unsigned int nr = 0;

	while (left) {
		*order = min_t(unsigned int, *order, ilog2(left));
		run = vb_run_alloc(vb, *order);
		if (run) {
			vb_chunk_add(vb, chunk, run);
			nr += 1U << *order;
			left -= 1U << *order;
		} else if (*order) {
			vb->count.failed++;
			(*order)--;
		} else {
			break;
		}
	}
	return nr;
}

/* The guest had no more than @given pages to give, and is @missing short. */
static void vb_short(struct vb_device *vb, unsigned long given, unsigned long missing)
{
	if (!vb->short_reported)
		dev_info_ratelimited(&vb->vdev->dev,
				     "the guest needs its memory: %lu KiB short of the target, trying on\n",
				     missing << (PAGE_SHIFT - 10));
	vb->short_reported = true;
	vb->count.shortages++;

	if (given || !vb->retry_delay)
		vb->retry_delay = VB_RETRY_MIN;
	else
		vb->retry_delay = min(2 * vb->retry_delay, (unsigned long)VB_RETRY_MAX);
	vb->retry_at = jiffies + vb->retry_delay;
	vb_wait_until(vb, vb->retry_at);
}

/* Is it too early to ask the guest for memory? */
static bool vb_too_early(struct vb_device *vb)
{
	unsigned long now = jiffies, when = vb_oom_wait(vb);

	if (when) {
		vb_wait_until(vb, when);
		return true;
	}
	if (READ_ONCE(vb->retry_now)) {
		WRITE_ONCE(vb->retry_now, false);
		vb->retry_delay = 0;
	}
	if (vb->retry_delay && time_before(now, vb->retry_at)) {
		vb_wait_until(vb, vb->retry_at);
		return true;
	}
	if (vb->moved && time_before(now, vb->settle_at)) {
		vb_wait_until(vb, vb->settle_at);
		return true;
	}
	return false;
}

/*
 * May a page be given again? Not while it is still to be taken back, for the device does
 * not see the queues in the order in which they were filled.
 */
static bool vb_may_submit(const struct vb_device *vb)
{
	return !vb->broken && !vb->deflate.nr_bufs && !vb->moving;
}

/**
 * vb_inflate() - give pages to the device
 * @vb: the balloon
 * @want: number of pages, at least 1
 *
 * Gives as many as the guest and the queue have room for at the moment. During a
 * shortage nobody can make the guest try more often than it wants to.
 *
 * What has been moved away is replaced by single pages: a block may be what it has been
 * moved for.
 *
 * Context: the worker, under &vb_device.mutex, which is released meanwhile.
 */
void vb_inflate(struct vb_device *vb, unsigned long want)
{
	unsigned int nr, order = want > vb->moved ? vb->max_order : 0, chunks = 0;
	unsigned long given = 0, room;
	struct vb_chunk *chunk;
	bool dry = false;

	if (vb_too_early(vb))
		return;

	while (want && !dry && vb_may_submit(vb) && !vb_interrupted(vb) &&
	       !vb_queue_busy(vb, &vb->inflate)) {
		chunk = vb_chunk_get(vb, &vb->inflate);
		if (!chunk)
			break;
		room = vb_chunk_room(vb, chunk);
		mutex_unlock(&vb->mutex);
		nr = vb_fill(vb, chunk, want, &order);
		cond_resched();
		mutex_lock(&vb->mutex);
		dry = nr < min(want, room);
		if (!nr || !vb_may_submit(vb) || !vb_queue_submit(vb, &vb->inflate, chunk)) {
			vb_chunk_free_pages(vb, chunk);
			vb_chunk_put(vb, chunk);
			break;
		}
		given += nr;
		want -= nr;
		if (++chunks % VB_CHUNKS_PER_KICK == 0)
			vb_queue_kick(vb->inflate.vq);
	}
	if (given)
		vb_queue_kick(vb->inflate.vq);

	if (dry)
		vb_short(vb, given, want);
	else if (given)
		vb->retry_delay = 0;
}
