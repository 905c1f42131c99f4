// SPDX-License-Identifier: GPL-2.0-only
/*
 * Chunks of page frame numbers, and the two virtqueues that carry them.
 */
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/virtio_config.h>

#include "balloon.h"

static void vb_queue_callback(struct virtqueue *vq)
{
	vb_wake(vq->vdev->priv);
}

static void vb_chunks_free(struct vb_device *vb)
{
	unsigned int i;

	for (i = 0; i < vb->nr_chunks; i++)
		kfree(vb->chunks[i].pfns);
	kfree(vb->chunks);
	vb->chunks = NULL;
	vb->nr_chunks = 0;
	INIT_LIST_HEAD(&vb->idle);
}

/* All that is ever given to the device is allocated here: inflating must not. */
static int vb_chunks_alloc(struct vb_device *vb, unsigned int nr)
{
	struct vb_chunk *chunk;
	unsigned int i;

	INIT_LIST_HEAD(&vb->idle);
	vb->chunks = kcalloc(nr, sizeof(*vb->chunks), GFP_KERNEL);
	if (!vb->chunks)
		return -ENOMEM;

	for (vb->nr_chunks = 0; vb->nr_chunks < nr; vb->nr_chunks++) {
		chunk = &vb->chunks[vb->nr_chunks];
		chunk->pfns = kmalloc_array(VB_PFNS_PER_CHUNK, sizeof(*chunk->pfns), GFP_KERNEL);
		if (!chunk->pfns) {
			vb_chunks_free(vb);
			return -ENOMEM;
		}
		INIT_LIST_HEAD(&chunk->runs);
		for (i = 0; i < ARRAY_SIZE(chunk->bufs); i++)
			chunk->bufs[i].chunk = chunk;
		list_add_tail(&chunk->node, &vb->idle);
	}
	return 0;
}

static void vb_queue_init(struct vb_queue *q, struct virtqueue *vq)
{
	q->vq = vq;
	INIT_LIST_HEAD(&q->busy);
	q->nr_bufs = 0;
	q->nr_pages = 0;
}

/**
 * vb_queues_create() - set up the virtqueues and what goes through them
 * @vb: the balloon, without queues
 *
 * Context: may sleep.
 * Return: 0 or a negative error number, in which case there are no queues
 */
int vb_queues_create(struct vb_device *vb)
{
	/* A queue without a name is not there (virtio 1.3, 5.5.2). */
	struct virtqueue_info info[VB_NR_QUEUES] = {
		[VB_INFLATE] = { .name = "inflate", .callback = vb_queue_callback },
		[VB_DEFLATE] = { .name = "deflate", .callback = vb_queue_callback },
	};
	struct virtqueue *vqs[VB_NR_QUEUES] = { };
	unsigned int ring;
	int err;

	if (virtio_has_feature(vb->vdev, VIRTIO_BALLOON_F_STATS_VQ)) {
		info[VB_STATS].name = "stats";
		info[VB_STATS].callback = vb_queue_callback;
	}
	if (virtio_has_feature(vb->vdev, VIRTIO_BALLOON_F_FREE_PAGE_HINT))
		info[VB_HINT].name = "hint";
	vb_reports_name(vb, &info[VB_REPORT]);
	err = virtio_find_vqs(vb->vdev, ARRAY_SIZE(info), vqs, info, NULL);
	if (err)
		return err;

	/* The size of a ring is up to the device, and may be one. */
	ring = min(virtqueue_get_vring_size(vqs[VB_INFLATE]),
		   virtqueue_get_vring_size(vqs[VB_DEFLATE]));
	vb->pfns_per_buf = vb_buffer_pfns(vb->vdev);
	vb->bufs_per_chunk = clamp(ring, 1U, VB_PFNS_PER_CHUNK / vb->pfns_per_buf);
	vb->max_order = ilog2(vb->bufs_per_chunk * vb->pfns_per_buf) - VB_PFN_SHIFT;

	err = vb_chunks_alloc(vb, clamp(ring / vb->bufs_per_chunk, 1U,
					(unsigned int)VB_MAX_CHUNKS));
	if (err)
		goto err_vqs;
	err = vb_stats_init(vb, vqs[VB_STATS]);
	if (err)
		goto err_chunks;

	err = vb_hints_init(vb, vqs[VB_HINT]);
	if (err)
		goto err_stats;
	vb->reports.vq = vqs[VB_REPORT];

	vb_queue_init(&vb->inflate, vqs[VB_INFLATE]);
	vb_queue_init(&vb->deflate, vqs[VB_DEFLATE]);
	return 0;

err_stats:
	vb_stats_exit(vb);
err_chunks:
	vb_chunks_free(vb);
err_vqs:
	vb->vdev->config->del_vqs(vb->vdev);
	return err;
}

/**
 * vb_chunk_free_pages() - give what a chunk describes back to the guest
 * @vb: the balloon
 * @chunk: not with the device
 */
void vb_chunk_free_pages(struct vb_device *vb, struct vb_chunk *chunk)
{
	struct page *page = chunk->moved;

	vb_runs_free(vb, &chunk->runs);
	chunk->moved = NULL;
	if (!page)
		return;
	vb_adjust(vb, page, 1);
	put_page(page);
}

static void vb_queue_release(struct vb_device *vb, struct vb_queue *q)
{
	struct vb_chunk *chunk;

	list_for_each_entry(chunk, &q->busy, node)
		vb_chunk_free_pages(vb, chunk);
	vb_queue_init(q, NULL);
}

/**
 * vb_queues_destroy() - free the virtqueues, and the pages that are in them
 * @vb: the balloon, whose device has been reset
 *
 * Context: may sleep; the worker is stopped.
 */
void vb_queues_destroy(struct vb_device *vb)
{
	struct virtqueue *vq;

	if (!vb->inflate.vq)
		return;
	/* The core frees the tables of what it took only when that comes back. */
	virtio_device_for_each_vq(vb->vdev, vq)
		while (virtqueue_detach_unused_buf(vq))
			;
	vb->vdev->config->del_vqs(vb->vdev);
	vb_queue_release(vb, &vb->inflate);
	vb_queue_release(vb, &vb->deflate);
	vb_hints_exit(vb);
	vb_stats_exit(vb);
	vb->moving = NULL;
	vb_chunks_free(vb);
}

/**
 * vb_chunk_get() - find a chunk that can be filled and submitted
 * @vb: the balloon
 * @q: where it is meant to go
 *
 * Context: under &vb_device.mutex.
 * Return: an empty chunk, or NULL if the device has to use buffers first
 */
struct vb_chunk *vb_chunk_get(struct vb_device *vb, const struct vb_queue *q)
{
	struct vb_chunk *chunk;

	if (q->vq->num_free < vb->bufs_per_chunk)
		return NULL;
	chunk = list_first_entry_or_null(&vb->idle, struct vb_chunk, node);
	if (chunk)
		list_del(&chunk->node);
	return chunk;
}

/**
 * vb_chunk_put() - have done with a chunk
 * @vb: the balloon
 * @chunk: in no list, without runs, none of it with the device
 */
void vb_chunk_put(struct vb_device *vb, struct vb_chunk *chunk)
{
	chunk->nr_pfns = 0;
	list_add(&chunk->node, &vb->idle);
}

/**
 * vb_chunk_hold() - have done with a chunk whose runs are in the balloon
 * @vb: the balloon
 * @chunk: in no list, none of it with the device
 */
void vb_chunk_hold(struct vb_device *vb, struct vb_chunk *chunk)
{
	struct page *run, *next;

	list_for_each_entry_safe(run, next, &chunk->runs, lru) {
		list_del(&run->lru);
		vb_held_add(vb, run);
	}
	vb_chunk_put(vb, chunk);
}

/**
 * vb_chunk_room() - how much more fits in a chunk?
 * @vb: the balloon
 * @chunk: the chunk
 *
 * Return: pages
 */
unsigned int vb_chunk_room(const struct vb_device *vb, const struct vb_chunk *chunk)
{
	return (vb->bufs_per_chunk * vb->pfns_per_buf - chunk->nr_pfns) >> VB_PFN_SHIFT;
}

static void vb_chunk_add_pfns(struct vb_device *vb, struct vb_chunk *chunk,
			      const struct page *page, unsigned int nr)
{
	u32 pfn = page_to_pfn(page) << VB_PFN_SHIFT;
	unsigned int i;

	/* Little-endian, or native for a legacy device. */
	for (i = 0; i < nr << VB_PFN_SHIFT; i++)
		chunk->pfns[chunk->nr_pfns++] = cpu_to_virtio32(vb->vdev, pfn + i);
}

/**
 * vb_chunk_add() - describe a run in a chunk
 * @vb: the balloon
 * @chunk: has room for it
 * @run: first page of the run, in no list
 *
 * The entries ascend, so that a device can make one range of them.
 */
void vb_chunk_add(struct vb_device *vb, struct vb_chunk *chunk, struct page *run)
{
	vb_chunk_add_pfns(vb, chunk, run, vb_run_pages(run));
	list_add_tail(&run->lru, &chunk->runs);
}

/**
 * vb_chunk_add_page() - describe a page in a chunk, which does not own it
 * @vb: the balloon
 * @chunk: has room for it
 * @page: the page
 */
void vb_chunk_add_page(struct vb_device *vb, struct vb_chunk *chunk, const struct page *page)
{
	vb_chunk_add_pfns(vb, chunk, page, 1);
}

/**
 * vb_queue_submit() - give a chunk to the device
 * @vb: the balloon
 * @q: the queue, with room for it
 * @chunk: from vb_chunk_get(), with at least one page
 *
 * The device need not be told before vb_queue_kick(). A queue that refuses a buffer
 * is broken, and what the device already has stays with it.
 *
 * Context: under &vb_device.mutex.
 * Return: false if the device has seen nothing of it, the caller keeps it
 */
bool vb_queue_submit(struct vb_device *vb, struct vb_queue *q, struct vb_chunk *chunk)
{
	unsigned int i, first, nr;
	struct scatterlist sg;

	for (i = 0; i * vb->pfns_per_buf < chunk->nr_pfns; i++) {
		first = i * vb->pfns_per_buf;
		nr = min(chunk->nr_pfns - first, vb->pfns_per_buf);
		sg_init_one(&sg, chunk->pfns + first, nr * sizeof(*chunk->pfns));
		if (virtqueue_add_outbuf(q->vq, &sg, 1, &chunk->bufs[i], GFP_NOWAIT)) {
			vb_break(vb);
			break;
		}
		chunk->bufs[i].busy = true;
		chunk->nr_busy++;
	}
	if (!chunk->nr_busy)
		return false;

	if (!vb_nr_bufs(vb))
		vb->last_answer = jiffies;
	q->nr_bufs += chunk->nr_busy;
	q->nr_pages += chunk->nr_pfns >> VB_PFN_SHIFT;
	list_add_tail(&chunk->node, &q->busy);
	return true;
}

/**
 * vb_queue_kick() - have the device look at what was submitted
 * @vq: the virtqueue
 */
void vb_queue_kick(struct virtqueue *vq)
{
	if (virtqueue_kick_prepare(vq))
		virtqueue_notify(vq);
}

/**
 * vb_queue_reap() - take back what the device has used
 * @vb: the balloon
 * @q: the queue
 * @done: is called for each chunk that is used in full, puts it
 *
 * The used length is not looked at: the device writes nothing, and legacy ones
 * put anything there (virtio 1.3, 5.5.6.1).
 *
 * Context: under &vb_device.mutex.
 * Return: number of buffers
 */
unsigned int vb_queue_reap(struct vb_device *vb, struct vb_queue *q,
			   void (*done)(struct vb_device *vb, struct vb_chunk *chunk))
{
	unsigned int left = q->nr_bufs + 1, len, nr = 0;
	struct vb_chunk *chunk;
	struct vb_buf *buf;

	/* One more than the device has: the ring refuses it, and is broken then. */
	while (left--) {
		buf = virtqueue_get_buf(q->vq, &len);
		if (!buf)
			break;
		if (!buf->busy) {
			dev_err_ratelimited(&vb->vdev->dev,
					    "the device used a buffer of the %s queue twice\n",
					    q->vq->name);
			continue;
		}
		buf->busy = false;
		q->nr_bufs--;
		nr++;

		chunk = buf->chunk;
		if (--chunk->nr_busy)
			continue;
		q->nr_pages -= chunk->nr_pfns >> VB_PFN_SHIFT;
		list_del(&chunk->node);
		done(vb, chunk);
	}
	return nr;
}
