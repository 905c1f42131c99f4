/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VBLK_IO_H
#define _VBLK_IO_H

struct request;
struct vblk_queue;
struct vblk_req;

extern const struct blk_mq_ops vblk_mq_ops;

void vblk_unmap(struct vblk_req *r);
int vblk_add_again(struct vblk_queue *q, struct request *rq);
void vblk_kick(struct vblk_queue *q);

#endif
