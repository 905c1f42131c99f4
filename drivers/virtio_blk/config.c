// SPDX-License-Identifier: GPL-2.0-only
/*
 * The configuration space (virtio 1.3, 5.2.4): nothing in it is believed before
 * it is checked. A value that is only a hint is left out if it makes no sense;
 * one that every request depends on makes the device unusable.
 */
#include <linux/blkdev.h>
#include <linux/limits.h>
#include <linux/sizes.h>
#include <linux/string_helpers.h>
#include <linux/virtio_config.h>

#include "vblk.h"
#include "cache.h"
#include "config.h"
#include "recover.h"

/* Largest physical block, and largest granule for I/O, worth a thought. */
#define VBLK_MAX_PHYSICAL_BLOCK	SZ_2M
#define VBLK_MAX_IO_HINT	SZ_32M

/* What fits into the block layer's count of bytes for one request. */
#define VBLK_MAX_SECTORS	(UINT_MAX >> SECTOR_SHIFT)

/**
 * vblk_read_capacity() - how large the disk is
 * @vblk: the disk
 * @capacity: where to put the size, in sectors of 512 bytes
 *
 * Context: process.
 * Return: 0, or -EINVAL for a size that no file offset can express; then
 *	@capacity is as it was.
 */
int vblk_read_capacity(struct vblk *vblk, sector_t *capacity)
{
	struct virtio_device *vdev = vblk->vdev;
	u64 sectors;

	virtio_cread(vdev, struct virtio_blk_config, capacity, &sectors);
	if (sectors > LLONG_MAX >> SECTOR_SHIFT) {
		dev_err_ratelimited(&vdev->dev,
				    "a capacity of %llu sectors is impossible\n",
				    sectors);
		return -EINVAL;
	}

	*capacity = sectors;
	return 0;
}

/* Units of all requests are 512 bytes anyway, so a bad value costs nothing. */
static unsigned int vblk_read_block_size(struct virtio_device *vdev)
{
	u32 size;

	if (!virtio_has_feature(vdev, VIRTIO_BLK_F_BLK_SIZE))
		return SECTOR_SIZE;

	virtio_cread(vdev, struct virtio_blk_config, blk_size, &size);
	if (blk_validate_block_size(size)) {
		dev_warn_ratelimited(&vdev->dev,
				     "a block size of %u bytes is impossible, using %d\n",
				     size, SECTOR_SIZE);
		return SECTOR_SIZE;
	}

	return size;
}

/*
 * A hint in logical blocks to one in bytes; 0 if there is none or if it makes
 * no sense. Read-ahead and allocators follow these, hence the bound.
 */
static u32 vblk_hint(struct virtio_device *vdev, const char *name, u32 blocks,
		     u32 block_size)
{
	u64 bytes = (u64)blocks * block_size;

	if (bytes > VBLK_MAX_IO_HINT) {
		dev_warn_ratelimited(&vdev->dev,
				     "%s of %u blocks ignored, more than %u bytes\n",
				     name, blocks, VBLK_MAX_IO_HINT);
		return 0;
	}

	return bytes;
}

static void vblk_read_topology(struct virtio_device *vdev,
			       struct queue_limits *lim)
{
	u32 block = lim->logical_block_size;
	u16 min_io;
	u32 opt_io;
	u8 exp, align;

	if (!virtio_has_feature(vdev, VIRTIO_BLK_F_TOPOLOGY))
		return;

	virtio_cread(vdev, struct virtio_blk_config, physical_block_exp, &exp);
	virtio_cread(vdev, struct virtio_blk_config, alignment_offset, &align);
	virtio_cread(vdev, struct virtio_blk_config, min_io_size, &min_io);
	virtio_cread(vdev, struct virtio_blk_config, opt_io_size, &opt_io);

	if (exp > ilog2(VBLK_MAX_PHYSICAL_BLOCK / block)) {
		dev_warn_ratelimited(&vdev->dev,
				     "physical block of 2^%u blocks ignored, more than %u bytes\n",
				     exp, VBLK_MAX_PHYSICAL_BLOCK);
		exp = 0;
	}
	lim->physical_block_size = block << exp;

	if (align >> exp)
		dev_warn_ratelimited(&vdev->dev,
				     "alignment offset of %u blocks ignored, not inside a physical block\n",
				     align);
	else
		lim->alignment_offset = align * block;

	lim->io_min = vblk_hint(vdev, "minimum I/O size", min_io, block);
	lim->io_opt = vblk_hint(vdev, "optimal I/O size", opt_io, block);
}

/* 0: no limit given. A large one cannot matter. */
static u32 vblk_range_limit(u32 sectors)
{
	if (!sectors || sectors > VBLK_MAX_SECTORS)
		return VBLK_MAX_SECTORS;
	return sectors;
}

/*
 * One range for each command: more is hardly ever offered, and so the range
 * lives in the request and nothing has to be allocated.
 */
static void vblk_read_discard(struct virtio_device *vdev,
			      struct queue_limits *lim)
{
	u32 sectors, align;

	lim->max_discard_segments = 1;

	if (virtio_has_feature(vdev, VIRTIO_BLK_F_DISCARD)) {
		virtio_cread(vdev, struct virtio_blk_config,
			     max_discard_sectors, &sectors);
		virtio_cread(vdev, struct virtio_blk_config,
			     discard_sector_alignment, &align);
		lim->max_hw_discard_sectors = vblk_range_limit(sectors);

		if (align > VBLK_MAX_SECTORS ||
		    ((u64)align << SECTOR_SHIFT) % lim->logical_block_size) {
			dev_warn_ratelimited(&vdev->dev,
					     "discard alignment of %u sectors ignored\n",
					     align);
			align = 0;
		}
		lim->discard_granularity = align ? align << SECTOR_SHIFT :
						   lim->logical_block_size;
	}

	if (virtio_has_feature(vdev, VIRTIO_BLK_F_WRITE_ZEROES)) {
		virtio_cread(vdev, struct virtio_blk_config,
			     max_write_zeroes_sectors, &sectors);
		lim->max_write_zeroes_sectors = vblk_range_limit(sectors);
	}
}

/*
 * The alignment is a hint for who cuts a range (virtio 1.3, 5.2.4), and the block layer
 * has no place for one apart from that of discards.
 */
static void vblk_read_secure_erase(struct virtio_device *vdev,
				   struct queue_limits *lim)
{
	u32 sectors;

	if (!virtio_has_feature(vdev, VIRTIO_BLK_F_SECURE_ERASE))
		return;
	virtio_cread(vdev, struct virtio_blk_config, max_secure_erase_sectors,
		     &sectors);
	lim->max_secure_erase_sectors = vblk_range_limit(sectors);
}

/* How many pieces of data a request may have, and how large each may be. */
static int vblk_read_segments(struct vblk *vblk, struct queue_limits *lim)
{
	struct virtio_device *vdev = vblk->vdev;
	u32 seg_max = 1, size_max = UINT_MAX;

	if (virtio_has_feature(vdev, VIRTIO_BLK_F_SEG_MAX))
		virtio_cread(vdev, struct virtio_blk_config, seg_max, &seg_max);
	/*
	 * No chain may be longer than the ring, indirect or not (virtio 1.3,
	 * 2.7.5.3.1), and header and status are part of it.
	 */
	seg_max = clamp_t(u32, seg_max, 1, vblk->ring_size - 2);
	lim->max_segments = min_t(u32, seg_max, USHRT_MAX);

	if (virtio_has_feature(vdev, VIRTIO_BLK_F_SIZE_MAX)) {
		virtio_cread(vdev, struct virtio_blk_config, size_max,
			     &size_max);
		/* qemu-storage-daemon offers the feature and leaves the field at 0. */
		if (!size_max)
			size_max = UINT_MAX;
		/* The block layer cannot cut a page into pieces. */
		if (size_max < PAGE_SIZE) {
			dev_err(&vdev->dev,
				"segments of at most %u bytes are not supported, %lu are needed\n",
				size_max, PAGE_SIZE);
			return -EINVAL;
		}
	}
	lim->max_segment_size = min_t(size_t, size_max,
				      virtio_max_dma_size(vdev));
	/* Segments are the only limit. */
	lim->max_hw_sectors = UINT_MAX;
	return 0;
}

/**
 * vblk_read_limits() - what the device can do, in the terms of the block layer
 * @vblk: the disk; its virtqueues exist
 * @lim: limits to fill in, all zero before
 *
 * Context: process.
 * Return: 0, or a negative error number if the device cannot be used.
 */
int vblk_read_limits(struct vblk *vblk, struct queue_limits *lim)
{
	struct virtio_device *vdev = vblk->vdev;
	int err;

	/* What the host's disk is like is unknown; that is the cautious view. */
	lim->features = BLK_FEAT_ROTATIONAL;
	vblk->writeback = vblk_cache_read(vblk);
	if (vblk->writeback)
		lim->features |= BLK_FEAT_WRITE_CACHE;

	err = vblk_read_segments(vblk, lim);
	if (err)
		return err;

	lim->logical_block_size = vblk_read_block_size(vdev);
	vblk_read_topology(vdev, lim);
	vblk_read_discard(vdev, lim);
	vblk_read_secure_erase(vdev, lim);
	return 0;
}

/**
 * vblk_read_geometry() - remember the geometry, for those who still ask
 * @vblk: the disk
 *
 * Context: process.
 */
void vblk_read_geometry(struct vblk *vblk)
{
	struct virtio_device *vdev = vblk->vdev;

	if (!virtio_has_feature(vdev, VIRTIO_BLK_F_GEOMETRY))
		return;

	virtio_cread(vdev, struct virtio_blk_config, geometry.cylinders,
		     &vblk->geometry.cylinders);
	virtio_cread(vdev, struct virtio_blk_config, geometry.heads,
		     &vblk->geometry.heads);
	virtio_cread(vdev, struct virtio_blk_config, geometry.sectors,
		     &vblk->geometry.sectors);
}

/**
 * vblk_config_open() - the device may be asked for its configuration
 * @vblk: the disk; the features of its device are negotiated
 *
 * Context: process.
 */
void vblk_config_open(struct vblk *vblk)
{
	mutex_lock(&vblk->config_lock);
	vblk->config_open = true;
	mutex_unlock(&vblk->config_lock);
}

/**
 * vblk_config_close() - the device is about to be reset
 * @vblk: the disk
 *
 * Context: process. When this returns, whoever was reading has ended.
 */
void vblk_config_close(struct vblk *vblk)
{
	mutex_lock(&vblk->config_lock);
	vblk->config_open = false;
	mutex_unlock(&vblk->config_lock);
}

/**
 * vblk_config_begin() - begin to read or write the configuration
 * @vblk: the disk
 *
 * Nothing that waits for requests may be done before vblk_config_end():
 * failing them needs a reset, which waits for that.
 *
 * Context: process.
 * Return: whether there is a device; if not, there is nothing to end.
 */
bool vblk_config_begin(struct vblk *vblk)
{
	mutex_lock(&vblk->config_lock);
	if (vblk->config_open)
		return true;
	mutex_unlock(&vblk->config_lock);
	return false;
}

/**
 * vblk_config_end() - the reading or writing is over
 * @vblk: the disk, after vblk_config_begin() that returned true
 *
 * Context: process.
 */
void vblk_config_end(struct vblk *vblk)
{
	mutex_unlock(&vblk->config_lock);
}

static void vblk_announce_size(struct vblk *vblk, sector_t capacity)
{
	char decimal[16], binary[16];

	string_get_size(capacity, SECTOR_SIZE, STRING_UNITS_10, decimal,
			sizeof(decimal));
	string_get_size(capacity, SECTOR_SIZE, STRING_UNITS_2, binary,
			sizeof(binary));
	dev_notice(&vblk->vdev->dev, "[%s] new size: %llu sectors (%s/%s)\n",
		   vblk->disk->disk_name, (u64)capacity, decimal, binary);
}

/**
 * vblk_config_work() - the configuration has changed: follow it
 * @work: &vblk.config_work
 *
 * A capacity that makes no sense changes nothing.
 *
 * Context: process.
 */
void vblk_config_work(struct work_struct *work)
{
	struct vblk *vblk = container_of(work, struct vblk, config_work);
	sector_t capacity;
	u8 status;
	int err;

	if (!vblk_config_begin(vblk))
		return;
	status = vblk->vdev->config->get_status(vblk->vdev);
	vblk_config_end(vblk);
	/* A restart comes back here. A device that is gone reads as all ones. */
	if (status & VIRTIO_CONFIG_S_NEEDS_RESET && status != 0xff) {
		dev_err_ratelimited(&vblk->vdev->dev,
				    "[%s] device wants to be reset\n",
				    vblk->disk->disk_name);
		vblk_want(vblk, VBLK_WANT_RESTART | VBLK_WANT_NEEDED);
		return;
	}

	vblk_cache_follow(vblk);

	if (!vblk_config_begin(vblk))
		return;
	err = vblk_read_capacity(vblk, &capacity);
	vblk_config_end(vblk);
	if (err || capacity == get_capacity(vblk->disk))
		return;
	/* The block layer's tables of zones do not grow while they are in use. */
	if (vblk->zone_sectors) {
		dev_warn_ratelimited(&vblk->vdev->dev,
				     "[%s] size of a zoned disk is now %llu sectors, ignored until it is bound again\n",
				     vblk->disk->disk_name, (u64)capacity);
		return;
	}

	vblk_announce_size(vblk, capacity);
	set_capacity_and_notify(vblk->disk, capacity);
}

/**
 * vblk_config_changed() - callback of the virtio core
 * @vdev: the device whose configuration has changed
 *
 * Context: interrupt; after probe and before remove.
 */
void vblk_config_changed(struct virtio_device *vdev)
{
	struct vblk *vblk = vdev->priv;

	schedule_work(&vblk->config_work);
}
