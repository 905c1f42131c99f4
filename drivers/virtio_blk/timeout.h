/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VBLK_TIMEOUT_H
#define _VBLK_TIMEOUT_H

#include <linux/blk-mq.h>

struct vblk;
struct work_struct;

enum blk_eh_timer_return vblk_timeout(struct request *rq);
void vblk_timeout_work(struct work_struct *work);
void vblk_set_timeout(struct vblk *vblk, unsigned int seconds);

#endif
