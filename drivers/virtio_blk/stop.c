// SPDX-License-Identifier: GPL-2.0-only
/*
 * The end of a device's life.
 *
 * One order for all cases, see recover.c: nobody submits any more, nobody looks at
 * the rings any more, the device is reset, and only then is memory given back that
 * it was allowed to write to.
 */
#include <linux/blkdev.h>
#include <linux/blk-mq.h>
#include <linux/virtio_config.h>

#include "vblk.h"
#include "recover.h"
#include "stop.h"

/* How long a removal waits for a device that completes nothing. */
#define VBLK_STALL_TIMEOUT	(60 * HZ)

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
		vblk_want(vblk, VBLK_WANT_KILL);
	}
	schedule_delayed_work(&vblk->stall_work, VBLK_STALL_TIMEOUT);
}

/* The device was torn out, sleeps, is dead, or its answers made no sense. */
static bool vblk_broken(struct vblk *vblk)
{
	bool broken = false;
	unsigned int i;

	if (test_bit(VBLK_FAILED, &vblk->rec.state) ||
	    test_bit(VBLK_FROZEN, &vblk->rec.state) ||
	    test_bit(VBLK_DEAD, &vblk->rec.state))
		return true;

	for (i = 0; i < vblk->nr_queues; i++) {
		struct vblk_queue *q = &vblk->queues[i];

		spin_lock_irq(&q->lock);
		broken |= !q->dead && virtqueue_is_broken(q->vq);
		spin_unlock_irq(&q->lock);
	}
	return broken;
}

/**
 * vblk_stop_device() - the end of the device
 * @vblk: the disk; it has no users, or was never added
 *
 * Context: process. Afterwards no ring exists, the device is reset, and no work
 * looks at it.
 */
void vblk_stop_device(struct vblk *vblk)
{
	vblk_kill_and_wait(vblk);
	/* A last restart may have come upon any of these. */
	cancel_work_sync(&vblk->config_work);
	cancel_work_sync(&vblk->rec.timeout_work);
	cancel_work_sync(&vblk->rec.dead_work);
	flush_work(&vblk->rec.reset_work);
}

/**
 * vblk_remove_disk() - take the disk away from its users, then stop the device
 * @vblk: the disk; it was added
 *
 * On an orderly removal the device works until everything is written back. If
 * it is gone already, nothing is worth waiting for.
 *
 * Context: process. Afterwards no ring exists, the device is reset, and openers
 * get errors.
 */
void vblk_remove_disk(struct vblk *vblk)
{
	/* A reset need not wait for what the core does not do any more. */
	clear_bit(VBLK_CORE_LOOKS, &vblk->rec.state);
	if (vblk_broken(vblk)) {
		blk_mark_disk_dead(vblk->disk);
		vblk_kill_and_wait(vblk);
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

	set_bit(VBLK_DELETED, &vblk->rec.state);
	vblk_stop_device(vblk);
}
