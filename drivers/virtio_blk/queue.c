// SPDX-License-Identifier: GPL-2.0-only
/*
 * The queues: how many, how deep, which CPU uses which, and their life with
 * and without a device.
 */
#include <linux/blkdev.h>
#include <linux/blk-mq.h>
#include <linux/crash_dump.h>
#include <linux/interrupt.h>
#include <linux/slab.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>

#include "virtio_ready.h"
#include "vblk.h"
#include "complete.h"
#include "io.h"
#include "params.h"
#include "queue.h"

/**
 * vblk_alloc_queues() - decide how many queues to use, and make room for them
 * @vblk: the disk; @vblk->vdev is set
 *
 * The device offers any number up to 65535 (virtio 1.3, 5.2.4). More than one
 * for each CPU is of no use, which also bounds what is allocated here.
 *
 * Context: process.
 * Return: 0 or -ENOMEM.
 */
int vblk_alloc_queues(struct vblk *vblk)
{
	struct virtio_device *vdev = vblk->vdev;
	unsigned int i, nr;
	u16 offered = 1;

	if (virtio_has_feature(vdev, VIRTIO_BLK_F_MQ))
		virtio_cread(vdev, struct virtio_blk_config, num_queues,
			     &offered);
	if (!offered) {
		dev_warn(&vdev->dev,
			 "device offers 0 request queues, using 1\n");
		offered = 1;
	}

	nr = min_not_zero(vblk_param_request_queues(), nr_cpu_ids);
	nr = min3(nr, nr_cpu_ids, (unsigned int)offered);
	/* The block layer would map one only, and memory is short there. */
	if (is_kdump_kernel())
		nr = 1;

	vblk->queues = kcalloc(nr, sizeof(*vblk->queues), GFP_KERNEL);
	if (!vblk->queues)
		return -ENOMEM;

	vblk->nr_queues = nr;
	/* One queue with an interrupt has to remain. */
	vblk->nr_poll = min(vblk_param_poll_queues(), nr - 1);

	for (i = 0; i < nr; i++) {
		struct vblk_queue *q = &vblk->queues[i];
		bool poll = i >= nr - vblk->nr_poll;

		spin_lock_init(&q->lock);
		q->dead = true;
		/* It will wrap; so let it do that early. */
		q->seq = -100;
		/* Legacy devices put anything there (virtio 1.3, 5.2.6.3). */
		if (virtio_has_feature(vdev, VIRTIO_F_VERSION_1))
			q->len_mask = U32_MAX;
		snprintf(q->name, sizeof(q->name), poll ? "req_poll.%u" : "req.%u",
			 i);
	}

	return 0;
}

/* All rings have at least this size. */
static unsigned int vblk_smallest_ring(struct virtqueue **vqs, unsigned int nr)
{
	unsigned int i, size = UINT_MAX;

	for (i = 0; i < nr; i++)
		size = min_t(unsigned int, size,
			     virtqueue_get_vring_size(vqs[i]));
	return size;
}

/**
 * vblk_find_vqs() - get the virtqueues from the transport
 * @vblk: the disk; its queues are allocated and dead
 *
 * The first time, the size of the rings decides on tags and limits; after that
 * (on resume) rings that are smaller cannot be used.
 *
 * Context: process.
 * Return: 0, or a negative error number; then there are no virtqueues. The queues are dead
 *	until vblk_start_device().
 */
int vblk_find_vqs(struct vblk *vblk)
{
	unsigned int i, size, least, nr = vblk->nr_queues;
	struct virtio_device *vdev = vblk->vdev;
	struct irq_affinity desc = { };
	struct virtqueue_info *info;
	struct virtqueue **vqs;
	int err = -ENOMEM;

	info = kcalloc(nr, sizeof(*info), GFP_KERNEL);
	vqs = kcalloc(nr, sizeof(*vqs), GFP_KERNEL);
	if (!info || !vqs)
		goto out;

	for (i = 0; i < nr; i++) {
		info[i].name = vblk->queues[i].name;
		if (i < nr - vblk->nr_poll)
			info[i].callback = vblk_interrupt;
	}

	err = virtio_find_vqs(vdev, nr, vqs, info, &desc);
	if (err) {
		dev_err(&vdev->dev, "cannot get %u queues: %d\n", nr, err);
		goto out;
	}

	size = vblk_smallest_ring(vqs, nr);
	least = max_t(unsigned int, vblk->ring_size, VBLK_MIN_RING);
	if (size < least) {
		dev_err(&vdev->dev,
			"a ring of %u entries is too small, %u are needed\n",
			size, least);
		vdev->config->del_vqs(vdev);
		err = -EINVAL;
		goto out;
	}
	if (!vblk->ring_size)
		vblk->ring_size = size;

	for (i = 0; i < nr; i++) {
		struct vblk_queue *q = &vblk->queues[i];

		spin_lock_irq(&q->lock);
		q->vq = vqs[i];
		q->stopped = false;
		spin_unlock_irq(&q->lock);
	}
out:
	kfree(vqs);
	kfree(info);
	return err;
}

/**
 * vblk_start_device() - let the device and the disk use the queues
 * @vblk: the disk; it has virtqueues, and its queues are dead
 *
 * In that order: a work that looks after late requests may be about to notify the device,
 * which must not happen before DRIVER_OK (virtio 1.3, 3.1.1).
 *
 * Context: process.
 * Return: 0, or -EIO: the device was not started, the queues are still dead.
 */
int vblk_start_device(struct vblk *vblk)
{
	int err = virtio_ready_checked(vblk->vdev);
	unsigned int i;

	for (i = 0; i < vblk->nr_queues && !err; i++) {
		struct vblk_queue *q = &vblk->queues[i];

		spin_lock_irq(&q->lock);
		q->dead = false;
		spin_unlock_irq(&q->lock);
	}
	return err;
}

/**
 * vblk_mark_dead() - from now on nobody touches the rings
 * @vblk: the disk
 *
 * Context: process. When this returns, whoever was at a ring has left it.
 */
void vblk_mark_dead(struct vblk *vblk)
{
	unsigned int i;

	for (i = 0; i < vblk->nr_queues; i++) {
		struct vblk_queue *q = &vblk->queues[i];

		spin_lock_irq(&q->lock);
		q->dead = true;
		q->stopped = false;
		spin_unlock_irq(&q->lock);
	}
}

/**
 * vblk_del_vqs() - give the virtqueues back to the transport
 * @vblk: the disk; its queues are dead and the device is reset
 *
 * Context: process.
 */
void vblk_del_vqs(struct vblk *vblk)
{
	unsigned int i;

	/* A resume that failed has left none. */
	if (!vblk->queues[0].vq)
		return;
	vblk->vdev->config->del_vqs(vblk->vdev);
	for (i = 0; i < vblk->nr_queues; i++)
		vblk->queues[i].vq = NULL;
}

/**
 * vblk_alloc_tags() - allocate the tag set
 * @vblk: the disk; its virtqueues exist
 *
 * With indirect descriptors a request takes one entry of the ring, without it
 * takes three and more (virtio 1.3, 2.7.5.3).
 *
 * Context: process.
 * Return: 0 or a negative error number.
 */
int vblk_alloc_tags(struct vblk *vblk)
{
	struct blk_mq_tag_set *set = &vblk->tag_set;
	struct virtio_device *vdev = vblk->vdev;
	unsigned int depth = vblk->ring_size;

	if (!virtio_has_feature(vdev, VIRTIO_RING_F_INDIRECT_DESC))
		depth /= VBLK_MIN_RING;
	depth = min_not_zero(vblk_param_queue_depth(), depth);
	depth = min_t(unsigned int, depth, BLK_MQ_MAX_DEPTH);

	set->ops = &vblk_mq_ops;
	set->nr_hw_queues = vblk->nr_queues;
	set->nr_maps = vblk->nr_poll ? HCTX_MAX_TYPES : 1;
	set->queue_depth = depth;
	/* GET_ID must not wait behind a full queue; see serial.c. */
	set->reserved_tags = depth > 1;
	set->cmd_size = sizeof(struct vblk_req);
	set->numa_node = dev_to_node(&vdev->dev);
	/*
	 * The host has the disk, hence the elevator. Many queues get no
	 * scheduler from the block layer; let it be the same for one.
	 */
	set->flags = BLK_MQ_F_NO_SCHED_BY_DEFAULT;
	set->driver_data = vblk;

	return blk_mq_alloc_tag_set(set);
}

/**
 * vblk_init_hctx() - connect a hardware queue with its virtqueue
 * @hctx: the hardware queue
 * @data: the disk
 * @idx: number of the queue, here and there
 *
 * Context: process.
 * Return: 0.
 */
int vblk_init_hctx(struct blk_mq_hw_ctx *hctx, void *data, unsigned int idx)
{
	struct vblk *vblk = data;

	vblk->queues[idx].hctx = hctx;
	hctx->driver_data = &vblk->queues[idx];
	return 0;
}

/**
 * vblk_map_queues() - say which CPU uses which queue
 * @set: the tag set of the disk
 *
 * Queues with an interrupt go where their interrupt goes, so that a request
 * ends on the CPU that it came from. Those for polling have none to follow.
 *
 * Context: process.
 */
void vblk_map_queues(struct blk_mq_tag_set *set)
{
	struct vblk *vblk = set->driver_data;
	struct blk_mq_queue_map *map;

	map = &set->map[HCTX_TYPE_DEFAULT];
	map->queue_offset = 0;
	map->nr_queues = vblk->nr_queues - vblk->nr_poll;
	blk_mq_map_hw_queues(map, &vblk->vdev->dev, 0);

	if (set->nr_maps == 1)
		return;

	/* Reads have no queues of their own. */
	set->map[HCTX_TYPE_READ].nr_queues = 0;

	map = &set->map[HCTX_TYPE_POLL];
	map->queue_offset = vblk->nr_queues - vblk->nr_poll;
	map->nr_queues = vblk->nr_poll;
	blk_mq_map_queues(map);
}
