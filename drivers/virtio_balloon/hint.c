// SPDX-License-Identifier: GPL-2.0-only
/*
 * Free page hints (virtio 1.3, 5.5.6.5): while the guest is migrated the device asks which
 * pages need not be sent. They are kept from the guest until it is done, unless the guest
 * needs them.
 *
 * A hint may be withdrawn at any time, so nobody waits for the device here. It answers
 * without an interrupt, so the ring is looked at again and again while it is full.
 */
#include <linux/gfp.h>
#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/scatterlist.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/virtio_config.h>

#include "balloon.h"

/* Blocks that are worth an element, the largest first. */
#define VB_HINT_ORDER_MAX	10
#define VB_HINT_ORDER_MIN	5

/* Nothing is worth reclaiming memory for. */
#define VB_HINT_GFP	((GFP_HIGHUSER & ~__GFP_RECLAIM) | __GFP_NORETRY | __GFP_NOMEMALLOC | \
			 __GFP_NOWARN)

/* Beside the floor a part of the guest's memory is left alone. */
#define VB_HINT_SPARE(pages)	((pages) / 8)

/* How often the guest is looked at while it lacks the hinted pages. */
#define VB_HINT_WATCH		(HZ / 10 + 1)

/* How often the ring is looked at while the device does nothing. */
#define VB_HINT_POLL		(HZ / 50 + 1)

/* No device may keep a pass busy for longer. */
#define VB_HINT_BLOCKS		64

static bool vb_hint_may_take(const struct vb_device *vb, unsigned int order)
{
	return vb_spare_pages(vb) > VB_HINT_SPARE(totalram_pages()) + (1UL << order);
}

static void vb_hints_reap(struct vb_device *vb)
{
	unsigned int left = virtqueue_get_vring_size(vb->hints.vq), len;
	void *token;

	while (left-- && (token = virtqueue_get_buf(vb->hints.vq, &len)))
		if (token == &vb->hints.cmd)
			vb->hints.cmd_busy = false;
}

/* The two kinds of command use the same memory: one is used before the next is sent. */
static bool vb_hint_command(struct vb_device *vb, u32 id)
{
	struct vb_hints *hints = &vb->hints;
	struct scatterlist sg;

	if (hints->cmd_busy || !hints->vq->num_free)
		return false;
	*hints->cmd = cpu_to_virtio32(vb->vdev, id);
	sg_init_one(&sg, hints->cmd, sizeof(*hints->cmd));
	if (virtqueue_add_outbuf(hints->vq, &sg, 1, &hints->cmd, GFP_NOWAIT))
		return false;
	hints->cmd_busy = true;
	vb_queue_kick(hints->vq);
	return true;
}

/* Takes a block from the guest, smaller ones as the larger run out. */
static struct page *vb_hint_alloc(struct vb_device *vb)
{
	struct page *block = NULL;

	mutex_unlock(&vb->mutex);
	while (!block && vb->hints.order >= VB_HINT_ORDER_MIN) {
		if (vb_hint_may_take(vb, vb->hints.order))
			block = alloc_pages(VB_HINT_GFP, vb->hints.order);
		if (!block)
			vb->hints.order--;
	}
	mutex_lock(&vb->mutex);
	return block;
}

/* Returns false if there is no more to be hinted, or no room for it. */
static bool vb_hint_block(struct vb_device *vb)
{
	struct vb_hints *hints = &vb->hints;
	struct scatterlist sg;
	struct page *block;

	/* The last entry is for the command that ends it. */
	if (hints->vq->num_free < 2)
		return false;
	block = vb_hint_alloc(vb);
	if (!block) {
		hints->active = false;
		hints->stop = true;
		return false;
	}
	set_page_private(block, hints->order);
	list_add(&block->lru, &hints->blocks);
	hints->nr_pages += 1UL << hints->order;
	sg_init_table(&sg, 1);
	sg_set_page(&sg, block, PAGE_SIZE << hints->order, 0);
	/* If it is not taken the page is kept for nothing, until the end. */
	if (virtqueue_add_inbuf(hints->vq, &sg, 1, block, GFP_NOWAIT))
		return false;
	vb->count.hinted += 1UL << hints->order;
	return true;
}

/**
 * vb_hints_release() - give hinted pages back to the guest
 * @vb: the balloon
 *
 * The kernel treats what it frees as not initialised.
 *
 * Context: under &vb_device.mutex.
 * Return: number of pages
 */
unsigned long vb_hints_release(struct vb_device *vb)
{
	unsigned long nr = vb->hints.nr_pages;
	struct page *block, *next;
	unsigned int order;

	list_for_each_entry_safe(block, next, &vb->hints.blocks, lru) {
		order = page_private(block);
		list_del(&block->lru);
		set_page_private(block, 0);
		__free_pages(block, order);
		cond_resched();
	}
	vb->hints.nr_pages = 0;
	return nr;
}

/* The device has changed its mind, or has it? */
static void vb_hint_follow(struct vb_device *vb)
{
	struct vb_hints *hints = &vb->hints;
	u32 id;

	virtio_cread_le(vb->vdev, struct virtio_balloon_config, free_page_hint_cmd_id, &id);
	if (id == VIRTIO_BALLOON_CMD_ID_DONE)
		vb_hints_release(vb);
	if (id == hints->id)
		return;
	hints->id = id;
	if (hints->active)
		hints->stop = true;
	hints->active = false;
	hints->start = id != VIRTIO_BALLOON_CMD_ID_STOP && id != VIRTIO_BALLOON_CMD_ID_DONE;
}

/**
 * vb_hints_step() - go on with what the device has asked for
 * @vb: the balloon
 *
 * Context: the worker, under &vb_device.mutex, which is released meanwhile.
 */
void vb_hints_step(struct vb_device *vb)
{
	struct vb_hints *hints = &vb->hints;
	unsigned int blocks = 0;

	if (!hints->vq)
		return;
	if (virtqueue_is_broken(hints->vq)) {
		vb_hints_release(vb);
		return;
	}
	vb_hints_reap(vb);
	vb_hint_follow(vb);

	if (hints->stop && vb_hint_command(vb, VIRTIO_BALLOON_CMD_ID_STOP))
		hints->stop = false;
	if (hints->start && !hints->stop && vb_hint_command(vb, hints->id)) {
		hints->start = false;
		hints->active = true;
		hints->order = VB_HINT_ORDER_MAX;
	}
	while (hints->active && blocks < VB_HINT_BLOCKS && !vb_interrupted(vb) &&
	       vb_hint_block(vb))
		blocks++;
	if (blocks)
		vb_queue_kick(hints->vq);
	if (hints->stop || hints->start || hints->active)
		vb_wait_until(vb, jiffies + (blocks ? 1 : VB_HINT_POLL));

	/* Whatever the device thinks, the guest goes first. */
	if (!hints->nr_pages)
		return;
	if (!vb_spare_pages(vb))
		vb_hints_release(vb);
	vb_wait_until(vb, jiffies + VB_HINT_WATCH);
}

/**
 * vb_hints_init() - have a queue for hints
 * @vb: the balloon
 * @vq: the queue, NULL if there is none
 *
 * Return: 0 or a negative error number
 */
int vb_hints_init(struct vb_device *vb, struct virtqueue *vq)
{
	struct vb_hints *hints = &vb->hints;

	INIT_LIST_HEAD(&hints->blocks);
	hints->nr_pages = 0;
	hints->cmd_busy = false;
	hints->active = false;
	hints->start = false;
	hints->stop = false;
	hints->id = VIRTIO_BALLOON_CMD_ID_STOP;
	hints->vq = NULL;
	if (!vq)
		return 0;
	hints->cmd = kmalloc(sizeof(*hints->cmd), GFP_KERNEL);
	if (!hints->cmd)
		return -ENOMEM;
	hints->vq = vq;
	return 0;
}

/**
 * vb_hints_exit() - the opposite of vb_hints_init()
 * @vb: the balloon, its device reset
 *
 * Context: may sleep.
 */
void vb_hints_exit(struct vb_device *vb)
{
	if (!vb->hints.vq)
		return;
	mutex_lock(&vb->mutex);
	vb->hints.vq = NULL;
	vb_hints_release(vb);
	mutex_unlock(&vb->mutex);
	kfree(vb->hints.cmd);
}

/**
 * vb_hints_show() - what has been hinted?
 * @m: for debugfs
 * @vb: the balloon
 */
void vb_hints_show(struct seq_file *m, const struct vb_device *vb)
{
	seq_printf(m, "hinted_now_kb: %lu\n", vb->hints.nr_pages << (PAGE_SHIFT - 10));
	seq_printf(m, "hinted_kb: %llu\n", vb->count.hinted << (PAGE_SHIFT - 10));
}
