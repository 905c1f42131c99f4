// SPDX-License-Identifier: GPL-2.0-only
/*
 * The end of a device's life.
 *
 * One order for all cases: nobody submits any more, nobody looks at the rings
 * any more, the device is reset, and only then is memory given back that it was
 * allowed to write to.
 */
#include <linux/blkdev.h>
#include <linux/blk-mq.h>
#include <linux/virtio_config.h>

#include "vblk.h"
#include "config.h"
#include "io.h"
#include "queue.h"
#include "stop.h"

/* How long a removal waits for a device that completes nothing. */
#define VBLK_STALL_TIMEOUT	(60 * HZ)

/**
 * vblk_cut() - cut the disk off from the device
 * @vblk: the disk
 * @dispose: what becomes of a request that the device had; it is started, and
 *	nothing of it is mapped
 *
 * Afterwards the queues are dead and quiesced, the device is reset and its
 * rings are empty.
 *
 * Context: process.
 */
void vblk_cut(struct vblk *vblk, void (*dispose)(struct request *rq))
{
	unsigned int i;

	if (!vblk->quiesced)
		blk_mq_quiesce_queue(vblk->disk->queue);
	vblk->quiesced = true;
	vblk_mark_dead(vblk);
	vblk_config_close(vblk);
	virtio_reset_device(vblk->vdev);

	for (i = 0; i < vblk->nr_queues; i++) {
		struct virtqueue *vq = vblk->queues[i].vq;
		struct vblk_req *r;

		/* None after a resume that failed. */
		while (vq && (r = virtqueue_detach_unused_buf(vq))) {
			vblk_unmap(r);
			dispose(blk_mq_rq_from_pdu(r));
		}
	}
}

/**
 * vblk_thaw() - let the disk run again, with a device or with errors
 * @vblk: the disk, after vblk_cut()
 *
 * Context: process.
 */
void vblk_thaw(struct vblk *vblk)
{
	struct request_queue *q = vblk->disk->queue;

	vblk->quiesced = false;
	blk_mq_unquiesce_queue(q);
	blk_mq_start_stopped_hw_queues(q, true);
	blk_mq_kick_requeue_list(q);
}

static void vblk_fail_rq(struct request *rq)
{
	struct vblk_req *r = blk_mq_rq_to_pdu(rq);

	r->result = BLK_STS_IOERR;
	blk_mq_complete_request(rq);
}

/**
 * vblk_kill() - fail everything that is under way, and everything to come
 * @vblk: the disk
 *
 * Context: process.
 */
void vblk_kill(struct vblk *vblk)
{
	vblk_cut(vblk, vblk_fail_rq);
	/* What waits in the block layer comes, finds a dead queue, and fails. */
	vblk_thaw(vblk);
}

/* Whether some queue holds requests and has not completed any since last time. */
static bool vblk_stalled(struct vblk *vblk)
{
	bool stalled = false;
	unsigned int i;

	for (i = 0; i < vblk->nr_queues; i++) {
		struct vblk_queue *q = &vblk->queues[i];

		spin_lock_irq(&q->lock);
		if (!q->dead && q->reaped == q->stall_mark &&
		    q->vq->num_free < virtqueue_get_vring_size(q->vq))
			stalled = true;
		q->stall_mark = q->reaped;
		spin_unlock_irq(&q->lock);
	}

	return stalled;
}

/**
 * vblk_stall_work() - watch over a removal that waits for the device
 * @work: &vblk.stall_work
 *
 * The removal of the disk writes back what is dirty and waits for what is under
 * way. It may take its time, as long as the device completes something.
 *
 * Context: process.
 */
void vblk_stall_work(struct work_struct *work)
{
	struct vblk *vblk = container_of(to_delayed_work(work), struct vblk,
					 stall_work);

	if (vblk_stalled(vblk)) {
		dev_err(&vblk->vdev->dev,
			"[%s] device completed nothing for %u s, failing its requests\n",
			vblk->disk->disk_name, VBLK_STALL_TIMEOUT / HZ);
		vblk_kill(vblk);
	}
	schedule_delayed_work(&vblk->stall_work, VBLK_STALL_TIMEOUT);
}

/* The device was torn out, or its answers made no sense. */
static bool vblk_broken(struct vblk *vblk)
{
	unsigned int i;

	for (i = 0; i < vblk->nr_queues; i++) {
		struct virtqueue *vq = vblk->queues[i].vq;

		if (!vq || virtqueue_is_broken(vq))
			return true;
	}
	return false;
}

/**
 * vblk_remove_disk() - take the disk away from its users, then stop the device
 * @vblk: the disk; it was added
 *
 * On an orderly removal the device works until everything is written back. If
 * it is gone already, nothing is worth waiting for.
 *
 * Context: process. Afterwards the queues are dead, the device is reset, and
 * openers get errors.
 */
void vblk_remove_disk(struct vblk *vblk)
{
	if (vblk_broken(vblk)) {
		blk_mark_disk_dead(vblk->disk);
		vblk_kill(vblk);
	}

	vblk_stalled(vblk);
	schedule_delayed_work(&vblk->stall_work, VBLK_STALL_TIMEOUT);
	/*
	 * The core reports no further change of the configuration. The work may
	 * wait for requests, so not before somebody watches over them.
	 */
	cancel_work_sync(&vblk->config_work);
	del_gendisk(vblk->disk);
	cancel_delayed_work_sync(&vblk->stall_work);

	vblk_mark_dead(vblk);
	vblk_config_close(vblk);
	virtio_reset_device(vblk->vdev);
}
