/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VBLK_SYSFS_H
#define _VBLK_SYSFS_H

struct attribute_group;

extern const struct attribute_group vblk_recovery_group;
extern const struct attribute_group *vblk_attr_groups[];

#endif
