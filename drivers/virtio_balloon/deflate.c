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
	unsigned long room;
	struct page *block;
	unsigned int nr = 0;

	while (nr < want) {
		room = vb_chunk_room(vb, chunk);
		if (!room)
			break;
		/* Not only because this chunk is nearly full. */
		block = vb_blocks_take(&vb->held, min(room, want - nr), want - nr <= room);
		if (!block)
			break;
		nr += 1U << vb_block_order(block);
		vb_chunk_add(vb, chunk, block);
	}
	return nr;
}

/**
 * vb_deflate() - take pages back from the device
 * @vb: the balloon
 * @want: number of pages, at least 1
 *
 * Takes as many as the queue has room for at the moment. A device that does not
 * insist on being told first is told as a courtesy (virtio 1.3, 5.5.6), the guest
 * has the pages at once.
 *
 * Context: the worker, or whoever stopped it.
 */
void vb_deflate(struct vb_device *vb, unsigned long want)
{
	unsigned int nr, chunks = 0;
	struct vb_chunk *chunk;

	/* There will be memory to give again, unless it is a pittance. */
	if (want << VB_PFN_SHIFT >= VB_PFNS_PER_CHUNK)
		vb->retry_delay = 0;

	while (want && !vb_interrupted(vb)) {
		chunk = vb_chunk_get(vb, &vb->deflate);
		if (!chunk)
			break;
		nr = vb_fill(vb, chunk, want);
		if (!nr || !vb_queue_submit(vb, &vb->deflate, chunk)) {
			vb_chunk_hold(vb, chunk);
			break;
		}
		if (!vb->must_tell)
			vb_blocks_free_list(&chunk->blocks);
		want -= nr;
		if (++chunks % VB_CHUNKS_PER_KICK == 0)
			vb_queue_kick(&vb->deflate);
		cond_resched();
	}
	if (chunks)
		vb_queue_kick(&vb->deflate);
}

/**
 * vb_deflated() - the device has acknowledged a chunk: its blocks are the guest's
 * @vb: the balloon
 * @chunk: the chunk, in no list
 */
void vb_deflated(struct vb_device *vb, struct vb_chunk *chunk)
{
	vb_blocks_free_list(&chunk->blocks);
	vb_chunk_put(vb, chunk);
}
