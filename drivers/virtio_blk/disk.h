/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VBLK_DISK_H
#define _VBLK_DISK_H

struct vblk;

int vblk_disk_init(void);
void vblk_disk_exit(void);
struct vblk *vblk_alloc(void);
void vblk_free(struct vblk *vblk);
int vblk_alloc_disk(struct vblk *vblk);

#endif
