/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KGD_LINUX_BLKDEV_H
#define _KGD_LINUX_BLKDEV_H

#include_next <linux/blkdev.h>
#include <kgd/config.h>

/*
 * The operation took a block device before. A driver writes the new form and
 * names it twice: BLKDEV_GETGEO(fn); and .getgeo = blkdev_getgeo_op(fn).
 * blkdev_call_getgeo() calls it in either form.
 */
#ifdef KGD_HAVE_GETGEO_DISK
#define BLKDEV_GETGEO(fn)	static_assert(__same_type(fn, fn))
#define blkdev_getgeo_op(fn)	fn
#define blkdev_call_getgeo(bdev, geo)	\
	((bdev)->bd_disk->fops->getgeo((bdev)->bd_disk, geo))
#else
#define BLKDEV_GETGEO(fn)						\
static int kgd_##fn(struct block_device *bdev, struct hd_geometry *geo)	\
{									\
	return fn(bdev->bd_disk, geo);					\
}									\
struct hd_geometry
#define blkdev_getgeo_op(fn)	kgd_##fn
#define blkdev_call_getgeo(bdev, geo)	\
	((bdev)->bd_disk->fops->getgeo(bdev, geo))
#endif

/* A kernel may have zoned disks and be too old for what drives them here: not before v5.14. */
#if defined(CONFIG_BLK_DEV_ZONED) && defined(KGD_HAVE_MQ_ALLOC_DISK)
#define BLK_DEV_HAS_ZONES
#endif

/*
 * The operation took a function and its argument before. A driver writes the new form
 * and names it twice: BLKDEV_REPORT_ZONES(fn); and
 * .report_zones = blkdev_report_zones_op(fn).
 */
#ifdef KGD_HAVE_REPORT_ZONES_ARGS
#define BLKDEV_REPORT_ZONES(fn)	static_assert(__same_type(fn, fn))
#define blkdev_report_zones_op(fn)	fn
#else
struct blk_report_zones_args {
	report_zones_cb cb;
	void *data;
};

#define BLKDEV_REPORT_ZONES(fn)							\
static int kgd_##fn(struct gendisk *disk, sector_t sector, unsigned int nr,	\
		    report_zones_cb cb, void *data)				\
{										\
	struct blk_report_zones_args args = { .cb = cb, .data = data };		\
										\
	return fn(disk, sector, nr, &args);					\
}										\
struct blk_report_zones_args
#define blkdev_report_zones_op(fn)	kgd_##fn

static inline int kgd_disk_report_zone(struct gendisk *disk, struct blk_zone *zone,
				       unsigned int idx,
				       struct blk_report_zones_args *args)
{
	return args->cb(zone, idx, args->data);
}

#define disk_report_zone kgd_disk_report_zone
#endif

#if defined(CONFIG_BLK_DEV_ZONED) && !defined(KGD_HAVE_REVALIDATE_ZONES_DISK)
/* It could also be told of a function that is run with the queue frozen. */
#define blk_revalidate_disk_zones(disk)	blk_revalidate_disk_zones(disk, NULL)
#endif

#if defined(KGD_HAVE_QUEUE_LIMITS_FEATURES) && !defined(KGD_HAVE_LIMITS_HW_ZONE_APPEND)
/* The name of the limit before there was one of the software. */
#define max_hw_zone_append_sectors max_zone_append_sectors
#endif

#ifndef KGD_HAVE_QUEUE_LIMITS_FEATURES

/*
 * The limits of a queue that is to be, as far as the drivers here use them;
 * kgd_apply_limits() does the rest. Zero means the default of the block layer.
 */
typedef unsigned int __bitwise blk_features_t;

#define BLK_FEAT_WRITE_CACHE	((__force blk_features_t)(1u << 0))
#define BLK_FEAT_ROTATIONAL	((__force blk_features_t)(1u << 2))
#define BLK_FEAT_ZONED		((__force blk_features_t)(1u << 10))

struct kgd_queue_limits {
	blk_features_t features;
	unsigned int max_hw_sectors;
	unsigned int max_segment_size;
	unsigned int physical_block_size;
	unsigned int logical_block_size;
	unsigned int alignment_offset;
	unsigned int io_min;
	unsigned int io_opt;
	unsigned int max_hw_discard_sectors;
	unsigned int max_secure_erase_sectors;
	unsigned int max_write_zeroes_sectors;
	unsigned int discard_granularity;
	unsigned int chunk_sectors;
	unsigned int zone_write_granularity;
	unsigned int max_hw_zone_append_sectors;
	unsigned int max_open_zones;
	unsigned int max_active_zones;
	unsigned short max_segments;
	unsigned short max_discard_segments;
};

/* The queue is not in use yet. */
static inline void kgd_apply_limits(struct request_queue *q,
				    const struct kgd_queue_limits *lim)
{
	unsigned int discard = lim->max_hw_discard_sectors;

	if (lim->max_hw_sectors)
		blk_queue_max_hw_sectors(q, lim->max_hw_sectors);
	if (lim->max_segments)
		blk_queue_max_segments(q, lim->max_segments);
	if (lim->max_segment_size)
		blk_queue_max_segment_size(q, lim->max_segment_size);
	if (lim->logical_block_size)
		blk_queue_logical_block_size(q, lim->logical_block_size);
	if (lim->physical_block_size)
		blk_queue_physical_block_size(q, lim->physical_block_size);
	if (lim->alignment_offset)
		blk_queue_alignment_offset(q, lim->alignment_offset);
	if (lim->io_min)
		blk_queue_io_min(q, lim->io_min);
	if (lim->io_opt)
		blk_queue_io_opt(q, lim->io_opt);
	if (lim->max_discard_segments)
		blk_queue_max_discard_segments(q, lim->max_discard_segments);
	/* This block layer splits and merges secure erases by the limit of discards. */
	if (lim->max_secure_erase_sectors)
		discard = min(discard, lim->max_secure_erase_sectors);
	if (discard) {
		q->limits.discard_granularity =
			max(lim->discard_granularity,
			    q->limits.physical_block_size);
		blk_queue_max_discard_sectors(q, discard);
#ifdef QUEUE_FLAG_DISCARD
		blk_queue_flag_set(QUEUE_FLAG_DISCARD, q);
#endif
	}
#ifndef QUEUE_FLAG_SECERASE
	if (lim->max_secure_erase_sectors)
		blk_queue_max_secure_erase_sectors(q,
						   lim->max_secure_erase_sectors);
#endif
	if (lim->max_write_zeroes_sectors)
		blk_queue_max_write_zeroes_sectors(q,
						   lim->max_write_zeroes_sectors);

	blk_queue_write_cache(q, !!(lim->features & BLK_FEAT_WRITE_CACHE), false);
	if (!(lim->features & BLK_FEAT_ROTATIONAL))
		blk_queue_flag_set(QUEUE_FLAG_NONROT, q);
}

#ifdef BLK_DEV_HAS_ZONES

/* The disk is not added yet, and has all other limits. */
static inline void kgd_apply_zoned(struct gendisk *disk, const struct kgd_queue_limits *lim)
{
	struct request_queue *q = disk->queue;

	if (!(lim->features & BLK_FEAT_ZONED))
		return;
#if defined(KGD_HAVE_DISK_SET_ZONED)
	disk_set_zoned(disk);
#elif defined(KGD_HAVE_DISK_SET_ZONED_MODEL)
	disk_set_zoned(disk, BLK_ZONED_HM);
#else
	blk_queue_set_zoned(disk, BLK_ZONED_HM);
#endif
	blk_queue_chunk_sectors(q, lim->chunk_sectors);
	/* 0 is what it is, and gets a warning if it is set. */
	if (lim->max_hw_zone_append_sectors)
		blk_queue_max_zone_append_sectors(q, lim->max_hw_zone_append_sectors);
	blk_queue_zone_write_granularity(q, lim->zone_write_granularity);
#if defined(KGD_HAVE_DISK_SET_ZONED) || defined(KGD_HAVE_DISK_SET_ZONED_MODEL)
	disk_set_max_open_zones(disk, lim->max_open_zones);
	disk_set_max_active_zones(disk, lim->max_active_zones);
#else
	blk_queue_max_open_zones(q, lim->max_open_zones);
	blk_queue_max_active_zones(q, lim->max_active_zones);
#endif
#ifdef QUEUE_FLAG_ZONE_RESETALL
	blk_queue_flag_set(QUEUE_FLAG_ZONE_RESETALL, q);
#endif
#ifdef ELEVATOR_F_ZBD_SEQ_WRITE
	/* It is the scheduler that keeps writes to a zone in order here. */
	blk_queue_required_elevator_features(q, ELEVATOR_F_ZBD_SEQ_WRITE);
#endif
}

#else

static inline void kgd_apply_zoned(struct gendisk *disk, const struct kgd_queue_limits *lim)
{
}

#endif /* BLK_DEV_HAS_ZONES */

/* Of a queue in use, only the write cache can be changed. */
static inline struct kgd_queue_limits
kgd_limits_start_update(struct request_queue *q)
{
	struct kgd_queue_limits lim = { };

	if (test_bit(QUEUE_FLAG_WC, &q->queue_flags))
		lim.features |= BLK_FEAT_WRITE_CACHE;
	return lim;
}

void blk_mq_freeze_queue(struct request_queue *q);
void blk_mq_unfreeze_queue(struct request_queue *q);

static inline int kgd_limits_commit_frozen(struct request_queue *q,
					   const struct kgd_queue_limits *lim)
{
	blk_mq_freeze_queue(q);
	blk_queue_write_cache(q, !!(lim->features & BLK_FEAT_WRITE_CACHE), false);
	blk_mq_unfreeze_queue(q);
	return 0;
}

#define queue_limits kgd_queue_limits
#define queue_limits_start_update kgd_limits_start_update
#define queue_limits_commit_update_frozen kgd_limits_commit_frozen

#elif !defined(KGD_HAVE_QUEUE_LIMITS_COMMIT_FROZEN)

void blk_mq_freeze_queue(struct request_queue *q);
void blk_mq_unfreeze_queue(struct request_queue *q);

static inline int kgd_limits_commit_frozen(struct request_queue *q,
					   struct queue_limits *lim)
{
	int err;

	blk_mq_freeze_queue(q);
	err = queue_limits_commit_update(q, lim);
	blk_mq_unfreeze_queue(q);
	return err;
}

#define queue_limits_commit_update_frozen kgd_limits_commit_frozen

#endif /* KGD_HAVE_QUEUE_LIMITS_FEATURES */

/* v5.19: before that a secure erase has no limit of its own, so it is not to be had. */
#ifdef QUEUE_FLAG_SECERASE
#define blk_can_secure_erase()	false
#else
#define blk_can_secure_erase()	true
#endif

#include <kgd/disk.h>

#ifndef KGD_HAVE_BDEV_FILE_OPEN

#include <linux/err.h>
#include <linux/slab.h>

struct file;

#ifndef BLK_OPEN_READ
#define blk_mode_t fmode_t
#define BLK_OPEN_READ	FMODE_READ
#define BLK_OPEN_WRITE	FMODE_WRITE
#define BLK_OPEN_EXCL	FMODE_EXCL
#endif

/* What an open block device is, where it is no file. */
struct kgd_bdev_file {
	struct block_device *bdev;
	void *holder;
	blk_mode_t mode;
	void *handle;
};

/* Nobody is told that the device goes away. */
static inline int kgd_bdev_open(dev_t dev, struct kgd_bdev_file *bf)
{
#ifdef KGD_HAVE_BDEV_OPEN_HANDLE
	struct bdev_handle *handle = bdev_open_by_dev(dev, bf->mode, bf->holder, NULL);

	bf->handle = handle;
	bf->bdev = IS_ERR(handle) ? ERR_CAST(handle) : handle->bdev;
#elif defined(KGD_HAVE_BLKDEV_GET_HOPS)
	bf->bdev = blkdev_get_by_dev(dev, bf->mode, bf->holder, NULL);
#else
	bf->bdev = blkdev_get_by_dev(dev, bf->holder ? bf->mode | BLK_OPEN_EXCL : bf->mode,
				     bf->holder);
#endif
	return PTR_ERR_OR_ZERO(bf->bdev);
}

static inline struct file *kgd_bdev_file_open_by_dev(dev_t dev, blk_mode_t mode,
						     void *holder, const void *hops)
{
	struct kgd_bdev_file *bf = kzalloc(sizeof(*bf), GFP_KERNEL);
	int err;

	if (!bf)
		return ERR_PTR(-ENOMEM);
	bf->holder = holder;
	bf->mode = mode;
	err = kgd_bdev_open(dev, bf);
	if (err) {
		kfree(bf);
		return ERR_PTR(err);
	}
	return (struct file *)bf;
}

static inline struct block_device *kgd_file_bdev(struct file *file)
{
	return ((struct kgd_bdev_file *)file)->bdev;
}

static inline void kgd_bdev_fput(struct file *file)
{
	struct kgd_bdev_file *bf = (struct kgd_bdev_file *)file;

#ifdef KGD_HAVE_BDEV_OPEN_HANDLE
	bdev_release(bf->handle);
#elif defined(KGD_HAVE_BLKDEV_GET_HOPS)
	blkdev_put(bf->bdev, bf->holder);
#else
	blkdev_put(bf->bdev, bf->holder ? bf->mode | BLK_OPEN_EXCL : bf->mode);
#endif
	kfree(bf);
}

#define bdev_file_open_by_dev kgd_bdev_file_open_by_dev
#define file_bdev kgd_file_bdev
#define bdev_fput kgd_bdev_fput

#endif /* !KGD_HAVE_BDEV_FILE_OPEN */
#endif
