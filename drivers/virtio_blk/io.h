/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VBLK_IO_H
#define _VBLK_IO_H

extern const struct blk_mq_ops vblk_mq_ops;

void vblk_unmap(struct vblk_req *r);

#endif
