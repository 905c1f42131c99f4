/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VBLK_COMPLETE_H
#define _VBLK_COMPLETE_H

struct blk_mq_hw_ctx;
struct io_comp_batch;
struct request;
struct vblk_queue;
struct virtqueue;

void vblk_look(struct vblk_queue *q);
void vblk_reap_last(struct vblk_queue *q);
void vblk_interrupt(struct virtqueue *vq);
int vblk_poll(struct blk_mq_hw_ctx *hctx, struct io_comp_batch *iob);
void vblk_complete_rq(struct request *rq);

#endif
