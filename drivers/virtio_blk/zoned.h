/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VBLK_ZONED_H
#define _VBLK_ZONED_H

#include <linux/blk-mq.h>
#include <linux/types.h>

#include "vblk.h"

struct blk_report_zones_args;
struct queue_limits;

/*
 * Of the commands that do not come from users of the disk, a report is the only one
 * that has its data from outside of the request.
 */
static inline bool vblk_is_zone_report(const struct request *rq)
{
	return rq->bio;
}

#ifdef BLK_DEV_HAS_ZONES

int vblk_zoned_validate(struct virtio_device *vdev);
int vblk_zoned_limits(struct vblk *vblk, sector_t capacity, struct queue_limits *lim);
int vblk_zoned_revalidate(struct vblk *vblk);
int vblk_report_zones(struct gendisk *disk, sector_t sector, unsigned int nr_zones,
		      struct blk_report_zones_args *args);
blk_status_t vblk_zone_error(const struct vblk *vblk, u8 status);
blk_status_t vblk_zone_appended(const struct vblk *vblk, struct request *rq);

#else

static inline int vblk_zoned_validate(struct virtio_device *vdev)
{
	return 0;
}

static inline int vblk_zoned_limits(struct vblk *vblk, sector_t capacity,
				    struct queue_limits *lim)
{
	return 0;
}

static inline int vblk_zoned_revalidate(struct vblk *vblk)
{
	return 0;
}

static inline blk_status_t vblk_zone_error(const struct vblk *vblk, u8 status)
{
	return BLK_STS_OK;
}

static inline blk_status_t vblk_zone_appended(const struct vblk *vblk, struct request *rq)
{
	return BLK_STS_NOTSUPP;
}

#endif
#endif
