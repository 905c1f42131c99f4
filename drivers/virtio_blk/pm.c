// SPDX-License-Identifier: GPL-2.0-only
/*
 * Suspend and hibernation: the device loses its state, the disk keeps its
 * requests. What the device had is sent again afterwards; so nothing has to be
 * waited for, and a device that hangs does not stop the machine from sleeping.
 */
#include <linux/blkdev.h>
#include <linux/blk-mq.h>
#include <linux/virtio_config.h>

#include "vblk.h"
#include "cache.h"
#include "config.h"
#include "pm.h"
#include "queue.h"
#include "stop.h"

static void vblk_requeue_rq(struct request *rq)
{
	blk_mq_requeue_request(rq, false);
}

/**
 * vblk_freeze() - the device is about to lose its state
 * @vdev: the device
 *
 * Context: process; user space is frozen.
 * Return: 0.
 */
int vblk_freeze(struct virtio_device *vdev)
{
	struct vblk *vblk = vdev->priv;

	cancel_work_sync(&vblk->config_work);
	vblk_cut(vblk, vblk_requeue_rq);
	vblk_del_vqs(vblk);
	return 0;
}

/**
 * vblk_restore() - the device is back, and its features are negotiated
 * @vdev: the device
 *
 * Context: process.
 * Return: 0, or a negative error number; then every request fails.
 */
int vblk_restore(struct virtio_device *vdev)
{
	struct vblk *vblk = vdev->priv;
	int err;

	err = vblk_find_vqs(vblk);
	if (!err) {
		vblk_cache_restore(vblk);
		virtio_device_ready(vdev);
		vblk_config_open(vblk);
		/* The host may have changed anything meanwhile. */
		schedule_work(&vblk->config_work);
	}
	vblk_thaw(vblk);
	return err;
}
