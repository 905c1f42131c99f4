/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VBLK_PM_H
#define _VBLK_PM_H

struct virtio_device;

int vblk_freeze(struct virtio_device *vdev);
int vblk_restore(struct virtio_device *vdev);

#endif
