/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VBLK_QUEUE_H
#define _VBLK_QUEUE_H

struct blk_mq_hw_ctx;
struct blk_mq_tag_set;
struct vblk;

int vblk_alloc_queues(struct vblk *vblk);
int vblk_find_vqs(struct vblk *vblk);
int vblk_start_device(struct vblk *vblk);
void vblk_del_vqs(struct vblk *vblk);
void vblk_mark_dead(struct vblk *vblk);
int vblk_alloc_tags(struct vblk *vblk);
int vblk_init_hctx(struct blk_mq_hw_ctx *hctx, void *data, unsigned int idx);
void vblk_map_queues(struct blk_mq_tag_set *set);

#endif
