/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VBLK_CACHE_H
#define _VBLK_CACHE_H

#include <linux/types.h>

struct vblk;

/* The value of the configuration field is the index. */
#define VBLK_CACHE_TYPES	2
extern const char * const vblk_cache_types[VBLK_CACHE_TYPES];

bool vblk_cache_read(struct vblk *vblk);
int vblk_cache_set(struct vblk *vblk, bool writeback);
void vblk_cache_restore(struct vblk *vblk);
void vblk_cache_follow(struct vblk *vblk);

#endif
