/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VBLK_SERIAL_H
#define _VBLK_SERIAL_H

#include <linux/blk_types.h>

struct vblk;
struct vblk_lifetime;
struct vblk_req;

void vblk_serial_init(struct vblk *vblk);
int vblk_serial_read(struct vblk *vblk, char *buf);
int vblk_lifetime_read(struct vblk *vblk, struct vblk_lifetime *lifetime);
void vblk_serial_done(struct vblk *vblk, struct vblk_req *r, blk_status_t sts);

#endif
