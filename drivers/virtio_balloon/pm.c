// SPDX-License-Identifier: GPL-2.0-only
/*
 * The balloon when the guest sleeps or goes down.
 */
#include <linux/virtio_config.h>

#include "balloon.h"
#include "virtio_ready.h"

/**
 * vb_freeze() - prepare for suspend or hibernation
 * @vdev: the virtio device
 *
 * The device forgets the balloon over a reset, and an image of the guest must not
 * lack the pages in it: everything is taken back.
 *
 * Context: may sleep; the work queue is frozen.
 * Return: 0
 */
int vb_freeze(struct virtio_device *vdev)
{
	vb_close(vdev->priv);
	return 0;
}

/**
 * vb_restore() - follow the target again
 * @vdev: the virtio device
 *
 * Context: may sleep.
 * Return: 0 or a negative error number
 */
int vb_restore(struct virtio_device *vdev)
{
	struct vb_device *vb = vdev->priv;
	int err;

	err = vb_queues_create(vb);
	if (err)
		return err;
	vb_poison_write(vb);
	err = virtio_ready_checked(vdev);
	if (err) {
		vb_queues_destroy(vb);
		return err;
	}
	vb_start(vb);
	return 0;
}

/**
 * vb_reboot() - the machine goes down, or another kernel takes over
 * @nb: &vb_device.reboot_nb
 * @action: not used
 * @data: not used
 *
 * A buffer that the device comes to late would take pages from the next kernel, so
 * it is reset. The pages are not given back: nobody needs them any more.
 *
 * Context: may sleep.
 * Return: NOTIFY_DONE
 */
int vb_reboot(struct notifier_block *nb, unsigned long action, void *data)
{
	struct vb_device *vb = container_of(nb, struct vb_device, reboot_nb);

	vb_stop(vb);
	mutex_lock(&vb->mutex);
	/* There is no use in talking to the device if the driver is removed now. */
	vb->broken = true;
	WRITE_ONCE(vb->phase, VB_CLOSING);
	mutex_unlock(&vb->mutex);
	virtio_reset_device(vb->vdev);
	return NOTIFY_DONE;
}
