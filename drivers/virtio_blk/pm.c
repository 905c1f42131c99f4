// SPDX-License-Identifier: GPL-2.0-only
/*
 * Suspend, hibernation and a reset of the function: the device loses its state, the disk
 * keeps its requests. What the device had is sent again afterwards; so nothing has to be
 * waited for, and a device that hangs does not stop the machine from sleeping.
 */
#include <linux/blkdev.h>
#include <linux/virtio_config.h>

#include "vblk.h"
#include "pm.h"
#include "queue.h"
#include "recover.h"

/**
 * vblk_freeze() - the device is about to lose its state
 * @vdev: the device
 *
 * Context: process. Requests may come at any time, when only the function is reset.
 * Return: 0, or -ETIMEDOUT if the device does not confirm its reset, for then it
 *	may still write to memory.
 */
int vblk_freeze(struct virtio_device *vdev)
{
	struct vblk *vblk = vdev->priv;

	cancel_work_sync(&vblk->config_work);
	if (!vblk_wanted_done(vblk, vblk_want(vblk, VBLK_WANT_FREEZE)))
		return -ETIMEDOUT;
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

	if (test_bit(VBLK_DEAD, &vblk->rec.state))
		return -EIO;
	set_bit(VBLK_CORE_LOOKS, &vblk->rec.state);
	return vblk_resume_device(vblk, vblk_find_vqs(vblk));
}
