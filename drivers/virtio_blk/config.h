/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VBLK_CONFIG_H
#define _VBLK_CONFIG_H

#include <linux/types.h>

struct queue_limits;
struct virtio_device;
struct vblk;
struct work_struct;

int vblk_read_limits(struct vblk *vblk, struct queue_limits *lim);
int vblk_read_capacity(struct vblk *vblk, sector_t *capacity);
void vblk_read_geometry(struct vblk *vblk);
void vblk_config_open(struct vblk *vblk);
void vblk_config_close(struct vblk *vblk);
bool vblk_config_begin(struct vblk *vblk);
void vblk_config_end(struct vblk *vblk);
void vblk_config_changed(struct virtio_device *vdev);
void vblk_config_work(struct work_struct *work);

#endif
