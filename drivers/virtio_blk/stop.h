/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VBLK_STOP_H
#define _VBLK_STOP_H

struct vblk;
struct work_struct;

void vblk_stall_work(struct work_struct *work);
void vblk_stop_device(struct vblk *vblk);
void vblk_remove_disk(struct vblk *vblk);

#endif
