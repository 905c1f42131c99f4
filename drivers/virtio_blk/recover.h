/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VBLK_RECOVER_H
#define _VBLK_RECOVER_H

#include <linux/types.h>

struct vblk;

int vblk_recovery_init(struct vblk *vblk);
void vblk_recovery_exit(struct vblk *vblk);
unsigned int vblk_want(struct vblk *vblk, unsigned int want);
bool vblk_wanted_done(struct vblk *vblk, unsigned int asked);
void vblk_await_resets(struct vblk *vblk);
void vblk_kill_and_wait(struct vblk *vblk);
unsigned long vblk_sum_reaped(struct vblk *vblk);
unsigned int vblk_nr_busy(struct vblk *vblk);
int vblk_resume_device(struct vblk *vblk, int err);

#endif
