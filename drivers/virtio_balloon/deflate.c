// SPDX-License-Identifier: GPL-2.0-only
/*
 * From the device back to the guest.
 */
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/sched.h>

#include "balloon.h"

/* Fills a chunk with up to @want pages of the balloon. Returns the number of pages. */
static unsigned int vb_fill(struct vb_device *vb, struct vb_chunk *chunk, unsigned long want)
{
	struct page *run, *next;
	unsigned int nr = 0, got;
	unsigned long room;
	LIST_HEAD(runs);

	while (nr < want) {
		room = vb_chunk_room(vb, chunk);
		if (!room)
			break;
		/* A block is split, but not only because this chunk is nearly full. */
		got = vb_held_take(vb, &runs, min(room, want - nr), want - nr <= room);
		if (!got)
			break;
		nr += got;
		list_for_each_entry_safe(run, next, &runs, lru) {
			list_del(&run->lru);
			vb_chunk_add(vb, chunk, run);
		}
	}
	return nr;
}

/**
 * vb_deflate() - take pages back from the device
 * @vb: the balloon
 * @want: number of pages, at least 1
 * @urgent: whatever else there is to do
 *
 * Takes as many as the queue has room for at the moment. A device that does not
 * insist on being told first is told as a courtesy (virtio 1.3, 5.5.6), the guest
 * has the pages at once.
 *
 * Context: under &vb_device.mutex.
 * Return: number of pages
 */
unsigned long vb_deflate(struct vb_device *vb, unsigned long want, bool urgent)
{
	unsigned long given = 0;
	unsigned int nr, chunks = 0;
	struct vb_chunk *chunk;

	/* There will be memory to give again, unless it is a pittance. */
	if (want << VB_PFN_SHIFT >= VB_PFNS_PER_CHUNK)
		vb->retry_delay = 0;

	while (want && (urgent || (!vb_interrupted(vb) && !vb_queue_busy(vb, &vb->deflate)))) {
		chunk = vb_chunk_get(vb, &vb->deflate);
		if (!chunk)
			break;
		nr = vb_fill(vb, chunk, want);
		if (!nr || !vb_queue_submit(vb, &vb->deflate, chunk)) {
			vb_chunk_hold(vb, chunk);
			break;
		}
		if (!vb->must_tell) {
			vb_runs_free(vb, &chunk->runs);
			vb->count.freed += nr;
		}
		given += nr;
		want -= nr;
		if (++chunks % VB_CHUNKS_PER_KICK == 0)
			vb_queue_kick(vb->deflate.vq);
		cond_resched();
	}
	if (chunks)
		vb_queue_kick(vb->deflate.vq);
	return given;
}

/**
 * vb_deflated() - the device has acknowledged a chunk: its pages are the guest's
 * @vb: the balloon
 * @chunk: the chunk, in no list
 */
void vb_deflated(struct vb_device *vb, struct vb_chunk *chunk)
{
	if (vb->must_tell)
		vb->count.freed += chunk->nr_pfns >> VB_PFN_SHIFT;
	vb_chunk_free_pages(vb, chunk);
	vb_chunk_put(vb, chunk);
}
