/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KGD_DISK_H
#define _KGD_DISK_H

/*
 * The life of a disk; <linux/blkdev.h> includes this. Before v5.18 nobody calls back when
 * the last user of a disk is gone, and before v5.14 its queue has a life of its own.
 *
 * A driver names its function three times: BLKDEV_FREE_DISK(fn); in its operations
 * BLKDEV_FREE_DISK_OP(fn), and blkdev_set_free_disk(disk, fn) for each disk.
 */
#include <linux/bio.h>
#include <linux/blkdev.h>
#include <kgd/config.h>

#ifdef KGD_HAVE_FREE_DISK

#define BLKDEV_FREE_DISK(fn)			static_assert(__same_type(fn, fn))
#define BLKDEV_FREE_DISK_OP(fn)			.free_disk = (fn),
#define blkdev_set_free_disk(disk, fn)		((void)(disk))

#else /* !KGD_HAVE_FREE_DISK */

/*
 * A release function of the device comes before that of its type, which frees the disk:
 * it has to be called then. It gives back the queue too, which does not look at what is
 * the driver's any more.
 */
#define BLKDEV_FREE_DISK(fn)						\
static void kgd_release_##fn(struct device *dev)			\
{									\
	fn(dev_to_disk(dev));						\
	dev->type->release(dev);					\
}									\
struct gendisk
#define BLKDEV_FREE_DISK_OP(fn)
#define blkdev_set_free_disk(disk, fn)	(disk_to_dev(disk)->release = kgd_release_##fn)

#endif /* KGD_HAVE_FREE_DISK */

#ifdef KGD_HAVE_DISK_PART0

static inline int disk_issue_flush(struct gendisk *disk)
{
	return blkdev_issue_flush(disk->part0);
}

#else /* !KGD_HAVE_DISK_PART0 */

/* The block device of a disk knows it only while somebody has it open. */
static inline int disk_issue_flush(struct gendisk *disk)
{
	struct bio *bio = bio_alloc(GFP_KERNEL, 0);
	int err;

	bio->bi_disk = disk;
	bio->bi_partno = 0;
	bio_associate_blkg(bio);
	bio->bi_opf = REQ_OP_WRITE | REQ_PREFLUSH;
	err = submit_bio_wait(bio);
	bio_put(bio);
	return err;
}

#endif /* KGD_HAVE_DISK_PART0 */

#ifndef KGD_HAVE_MARK_DISK_DEAD

/* What waits to be let into the queue gets an error, and so does what comes later. */
static inline void kgd_blk_mark_disk_dead(struct gendisk *disk)
{
	blk_set_queue_dying(disk->queue);
}

#define blk_mark_disk_dead kgd_blk_mark_disk_dead

#endif

#ifndef KGD_HAVE_MQ_ALLOC_DISK

static inline int kgd_device_add_disk(struct device *parent, struct gendisk *disk,
				      const struct attribute_group **groups)
{
	device_add_disk(parent, disk, groups);
	return 0;
}

/* With the disk its queue comes to an end: nothing is under way afterwards. */
static inline void kgd_del_gendisk(struct gendisk *disk)
{
	del_gendisk(disk);
	blk_cleanup_queue(disk->queue);
}

/* Of who has allocated the disk. One that was never added has no claim on its queue. */
static inline void kgd_put_disk(struct gendisk *disk)
{
	if (!blk_queue_dead(disk->queue)) {
		blk_cleanup_queue(disk->queue);
		disk->queue = NULL;
		disk_to_dev(disk)->release = NULL;
	}
	put_disk(disk);
}

#define device_add_disk kgd_device_add_disk
#define del_gendisk kgd_del_gendisk
#define put_disk kgd_put_disk

#endif /* !KGD_HAVE_MQ_ALLOC_DISK */
#endif
