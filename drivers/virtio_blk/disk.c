// SPDX-License-Identifier: GPL-2.0-only
/*
 * The disk: its numbers, its name, and the memory that lives as long as it has
 * openers.
 */
#include <linux/blkdev.h>
#include <linux/blk-mq.h>
#include <linux/hdreg.h>
#include <linux/idr.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/virtio_config.h>

#include "vblk.h"
#include "config.h"
#include "disk.h"
#include "params.h"
#include "recover.h"
#include "serial.h"
#include "stats.h"
#include "stop.h"
#include "timeout.h"
#include "zoned.h"

/* Numbers of disks; free again when the last opener is gone. */
static DEFINE_IDA(vblk_indices);

static int vblk_major;

/**
 * vblk_disk_init() - get a major number
 *
 * Context: process, once.
 * Return: 0 or a negative error number.
 */
int vblk_disk_init(void)
{
	vblk_major = register_blkdev(0, "virtblk");
	return vblk_major < 0 ? vblk_major : 0;
}

/**
 * vblk_disk_exit() - give the major number back
 *
 * Context: process, once, after the last disk is removed.
 */
void vblk_disk_exit(void)
{
	unregister_blkdev(vblk_major, "virtblk");
}

/* vda ... vdz, vdaa ... vdzz, vdaaa: there is no digit for zero. */
static void vblk_disk_name(char *name, size_t size, unsigned int index)
{
	char suffix[8], *p = &suffix[sizeof(suffix) - 1];

	*p = '\0';
	do {
		*--p = 'a' + index % 26;
		index /= 26;
	} while (index-- && p > suffix);

	snprintf(name, size, "vd%s", p);
}

/**
 * vblk_alloc() - allocate a disk's memory and number
 *
 * Context: process.
 * Return: the memory, or an error pointer.
 */
struct vblk *vblk_alloc(void)
{
	struct vblk *vblk;
	int index;

	vblk = kzalloc(sizeof(*vblk), GFP_KERNEL);
	if (!vblk)
		return ERR_PTR(-ENOMEM);

	index = ida_alloc_max(&vblk_indices,
			      (1 << (MINORBITS - VBLK_PART_BITS)) - 1,
			      GFP_KERNEL);
	if (index < 0) {
		kfree(vblk);
		return ERR_PTR(index);
	}

	vblk->index = index;
	if (vblk_recovery_init(vblk)) {
		ida_free(&vblk_indices, index);
		kfree(vblk);
		return ERR_PTR(-ENOMEM);
	}
	mutex_init(&vblk->config_lock);
	mutex_init(&vblk->cache_lock);
	mutex_init(&vblk->stats_lock);
	vblk_serial_init(vblk);
	INIT_WORK(&vblk->config_work, vblk_config_work);
	INIT_DELAYED_WORK(&vblk->stall_work, vblk_stall_work);
	return vblk;
}

/**
 * vblk_free() - undo vblk_alloc()
 * @vblk: the disk, with no user left
 *
 * Context: process.
 */
void vblk_free(struct vblk *vblk)
{
	vblk_recovery_exit(vblk);
	ida_free(&vblk_indices, vblk->index);
	vblk_stats_free(vblk);
	kfree(vblk->queues);
	kfree(vblk);
}

static void vblk_free_disk(struct gendisk *disk)
{
	vblk_free(disk->private_data);
}

static int vblk_getgeo(struct gendisk *disk, struct hd_geometry *geo)
{
	struct vblk *vblk = disk->private_data;

	if (vblk->geometry.cylinders) {
		geo->cylinders = vblk->geometry.cylinders;
		geo->heads = vblk->geometry.heads;
		geo->sectors = vblk->geometry.sectors;
	} else {
		/* 1 MiB for each cylinder. */
		geo->heads = 64;
		geo->sectors = 32;
		geo->cylinders = get_capacity(disk) / (64 * 32);
	}
	return 0;
}

BLKDEV_GETGEO(vblk_getgeo);
BLKDEV_FREE_DISK(vblk_free_disk);
#ifdef BLK_DEV_HAS_ZONES
BLKDEV_REPORT_ZONES(vblk_report_zones);
#endif

static const struct block_device_operations vblk_fops = {
	.owner		= THIS_MODULE,
	.getgeo		= blkdev_getgeo_op(vblk_getgeo),
	BLKDEV_FREE_DISK_OP(vblk_free_disk)
#ifdef BLK_DEV_HAS_ZONES
	.report_zones	= blkdev_report_zones_op(vblk_report_zones),
#endif
};

/**
 * vblk_alloc_disk() - allocate the disk, as the device describes it
 * @vblk: the disk's memory; virtqueues and tags exist
 *
 * Context: process.
 * Return: 0 or a negative error number.
 */
int vblk_alloc_disk(struct vblk *vblk)
{
	struct queue_limits lim = { };
	struct gendisk *disk;
	sector_t capacity;
	int err;

	err = vblk_read_limits(vblk, &lim);
	if (err)
		return err;
	err = vblk_read_capacity(vblk, &capacity);
	if (err)
		return err;
	err = vblk_zoned_limits(vblk, capacity, &lim);
	if (err)
		return err;
	vblk_read_geometry(vblk);

	disk = blk_mq_alloc_disk(&vblk->tag_set, &lim, vblk);
	if (IS_ERR(disk))
		return PTR_ERR(disk);

	vblk_disk_name(disk->disk_name, sizeof(disk->disk_name), vblk->index);
	disk->major = vblk_major;
	disk->first_minor = vblk->index << VBLK_PART_BITS;
	disk->minors = 1 << VBLK_PART_BITS;
	disk->private_data = vblk;
	disk->fops = &vblk_fops;
	blkdev_set_free_disk(disk, vblk_free_disk);
	vblk->disk = disk;
	vblk_set_timeout(vblk, vblk_param_io_timeout());

	if (virtio_has_feature(vblk->vdev, VIRTIO_BLK_F_RO))
		set_disk_ro(disk, true);
	set_capacity(disk, capacity);
	return 0;
}
