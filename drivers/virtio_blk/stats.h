/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VBLK_STATS_H
#define _VBLK_STATS_H

#include <linux/jump_label.h>

#include "vblk.h"

DECLARE_STATIC_KEY_FALSE(vblk_counting);

/*
 * Each of these costs an instruction that does nothing as long as no disk counts. The
 * caller holds q->lock.
 */
static __always_inline void vblk_count(struct vblk_queue *q,
				       enum vblk_event event)
{
	if (static_branch_unlikely(&vblk_counting) && q->stats)
		q->stats->events[event]++;
}

void __vblk_count_sent(struct vblk_queue *q, struct vblk_req *r);
void __vblk_count_done(struct vblk_queue *q, struct vblk_req *r, bool ok);

/* A request was put into the ring; q->lock is held, so it is still there. */
static __always_inline void vblk_count_sent(struct vblk_queue *q,
					    struct vblk_req *r)
{
	if (static_branch_unlikely(&vblk_counting) && q->stats)
		__vblk_count_sent(q, r);
}

/* The device is done with a request; q->lock is held. */
static __always_inline void vblk_count_done(struct vblk_queue *q,
					    struct vblk_req *r, bool ok)
{
	if (static_branch_unlikely(&vblk_counting) && q->stats)
		__vblk_count_done(q, r, ok);
}

void vblk_stats_init(void);
void vblk_stats_exit(void);
void vblk_stats_add(struct vblk *vblk);
void vblk_stats_del(struct vblk *vblk);
void vblk_stats_free(struct vblk *vblk);

#endif
