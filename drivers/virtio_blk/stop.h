/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VBLK_STOP_H
#define _VBLK_STOP_H

struct request;
struct vblk;
struct work_struct;

void vblk_cut(struct vblk *vblk, void (*dispose)(struct request *rq));
void vblk_thaw(struct vblk *vblk);
void vblk_kill(struct vblk *vblk);
void vblk_stall_work(struct work_struct *work);
void vblk_remove_disk(struct vblk *vblk);

#endif
