/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Starting a device that cannot be trusted to be as it was left.
 */
#ifndef _KGD_VIRTIO_READY_H
#define _KGD_VIRTIO_READY_H

#include <linux/device.h>
#include <linux/errno.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>

/**
 * virtio_ready_checked() - let the device use its queues, if it does not claim to do so
 * @vdev: the device, after a reset and with its features negotiated
 *
 * DRIVER_OK is set by the driver (virtio 1.3, 3.1.1). A device that has it before is gone,
 * and all that is read of it is ones, or it lies. virtio_device_ready() takes that for a
 * defect of the driver and warns, which stops a guest with panic_on_warn.
 *
 * Context: may sleep.
 * Return: 0, or -EIO: the device was not started.
 */
static inline int virtio_ready_checked(struct virtio_device *vdev)
{
	u8 status = vdev->config->get_status(vdev);

	if (status & VIRTIO_CONFIG_S_DRIVER_OK) {
		dev_err_ratelimited(&vdev->dev,
				    "device has status %#x before it is started: gone or broken\n",
				    status);
		return -EIO;
	}
	virtio_device_ready(vdev);
	return 0;
}

#endif
