// SPDX-License-Identifier: GPL-2.0-only
/*
 * Zoned disks (virtio 1.3, 5.2.4 to 5.2.6): what the device says about its zones, and
 * the answers to the commands that only such a disk has.
 *
 * A host-managed disk is one for the block layer, which keeps writes in order, one of
 * them in a zone at a time. One that is host-aware, or only zoned inside, is an ordinary
 * disk: ZONED is not accepted then, and with it go all the rules for zones.
 *
 * The block layer has tables of the zones, as large as the disk was when they were
 * made. So the zones, and with them the capacity, stay what they were in probe.
 */
#include <linux/align.h>
#include <linux/blkdev.h>
#include <linux/blk-mq.h>
#include <linux/err.h>
#include <linux/limits.h>
#include <linux/log2.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/virtio_byteorder.h>
#include <linux/virtio_config.h>

#include "vblk.h"
#include "zoned.h"

#ifdef BLK_DEV_HAS_ZONES

/* Largest unit of writes worth a thought. */
#define VBLK_MAX_GRANULARITY	SZ_2M
/* 4 PiB in zones of 256 MiB. The block layer has some bits for each. */
#define VBLK_MAX_ZONES		BIT(24)

/* Bytes of a report; a page is one segment on every device. */
#define VBLK_REPORT_MAX		PAGE_SIZE

/**
 * vblk_zoned_validate() - which features go with the zones of a device
 * @vdev: the device; features are not yet final
 *
 * Discard must not be accepted with a host-managed disk (virtio 1.3, 5.2.5.1). Nor are
 * the other commands on ranges: a secure erase must cover whole zones (5.2.6.2), which
 * the block layer cannot promise, and what writing zeroes means to a write pointer is
 * left open. A reset of the zone does the first, and plain writes do the second.
 *
 * Context: process.
 * Return: 0, or -EINVAL for a model that does not exist.
 */
int vblk_zoned_validate(struct virtio_device *vdev)
{
	u8 model;

	if (!virtio_has_feature(vdev, VIRTIO_BLK_F_ZONED) || !vdev->config->get)
		return 0;
	/* A legacy device has no way to offer it (5.2.5.2). */
	if (!virtio_has_feature(vdev, VIRTIO_F_VERSION_1)) {
		__virtio_clear_bit(vdev, VIRTIO_BLK_F_ZONED);
		return 0;
	}

	virtio_cread(vdev, struct virtio_blk_config, zoned.model, &model);
	switch (model) {
	case VIRTIO_BLK_Z_NONE:
	case VIRTIO_BLK_Z_HA:
		__virtio_clear_bit(vdev, VIRTIO_BLK_F_ZONED);
		return 0;
	case VIRTIO_BLK_Z_HM:
		__virtio_clear_bit(vdev, VIRTIO_BLK_F_DISCARD);
		__virtio_clear_bit(vdev, VIRTIO_BLK_F_WRITE_ZEROES);
		__virtio_clear_bit(vdev, VIRTIO_BLK_F_SECURE_ERASE);
		return 0;
	default:
		dev_err(&vdev->dev, "zoned model %u does not exist\n", model);
		return -EINVAL;
	}
}

/* Zones are of one size, a power of two for the block layer; the last may be smaller. */
static int vblk_zone_size(struct virtio_device *vdev, sector_t capacity, u32 block,
			  u32 *zone_sectors)
{
	u8 model;
	u32 size;

	virtio_cread(vdev, struct virtio_blk_config, zoned.model, &model);
	if (model != VIRTIO_BLK_Z_HM) {
		dev_err(&vdev->dev, "zoned model was %u and is %u\n", VIRTIO_BLK_Z_HM, model);
		return -EINVAL;
	}

	virtio_cread(vdev, struct virtio_blk_config, zoned.zone_sectors, &size);
	if (!is_power_of_2(size) || size < block >> SECTOR_SHIFT) {
		dev_err(&vdev->dev,
			"zones of %u sectors are not supported, only powers of 2 from %u on\n",
			size, block >> SECTOR_SHIFT);
		return -EINVAL;
	}
	if (!capacity || (capacity - 1) >> ilog2(size) >= VBLK_MAX_ZONES) {
		dev_err(&vdev->dev,
			"%llu sectors in zones of %u are not supported, only 1 to %lu zones\n",
			(u64)capacity, size, VBLK_MAX_ZONES);
		return -EINVAL;
	}

	*zone_sectors = size;
	return 0;
}

/* How much can be written and appended, and in which units. */
static int vblk_zone_writes(struct virtio_device *vdev, u32 zone_sectors,
			    struct queue_limits *lim)
{
	u32 grain, append;

	virtio_cread(vdev, struct virtio_blk_config, zoned.write_granularity, &grain);
	if (!is_power_of_2(grain) || grain < lim->logical_block_size ||
	    grain > VBLK_MAX_GRANULARITY || grain >> SECTOR_SHIFT > zone_sectors) {
		dev_err(&vdev->dev,
			"writes in units of %u bytes are not supported, only powers of 2 from %u to %u and to the size of a zone\n",
			grain, lim->logical_block_size, VBLK_MAX_GRANULARITY);
		return -EINVAL;
	}

	/* 0: the device has no such command. */
	virtio_cread(vdev, struct virtio_blk_config, zoned.max_append_sectors, &append);
	if (append % (grain >> SECTOR_SHIFT)) {
		dev_err(&vdev->dev,
			"appends of at most %u sectors are not supported, only multiples of %u\n",
			append, grain >> SECTOR_SHIFT);
		return -EINVAL;
	}

	lim->zone_write_granularity = grain;
	lim->physical_block_size = max(lim->physical_block_size, grain);
	lim->io_min = max(lim->io_min, grain);
	lim->max_hw_zone_append_sectors = append;
	return 0;
}

static int vblk_zone_resources(struct virtio_device *vdev, struct queue_limits *lim)
{
	u32 open, active;

	/* 0: there is no limit. */
	virtio_cread(vdev, struct virtio_blk_config, zoned.max_open_zones, &open);
	virtio_cread(vdev, struct virtio_blk_config, zoned.max_active_zones, &active);
	/* Each zone that is open is active. */
	if (active && open > active) {
		dev_err(&vdev->dev, "%u open zones of at most %u active ones are impossible\n",
			open, active);
		return -EINVAL;
	}
	lim->max_open_zones = open;
	lim->max_active_zones = active;
	return 0;
}

/**
 * vblk_zoned_limits() - what the device says about its zones
 * @vblk: the disk
 * @capacity: its size in sectors
 * @lim: limits to add to; those of an ordinary disk are there
 *
 * Context: process.
 * Return: 0, or -EINVAL for zones that cannot be used.
 */
int vblk_zoned_limits(struct vblk *vblk, sector_t capacity, struct queue_limits *lim)
{
	struct virtio_device *vdev = vblk->vdev;
	u32 zone_sectors;
	int err;

	if (!virtio_has_feature(vdev, VIRTIO_BLK_F_ZONED))
		return 0;

	err = vblk_zone_size(vdev, capacity, lim->logical_block_size, &zone_sectors);
	if (!err)
		err = vblk_zone_writes(vdev, zone_sectors, lim);
	if (!err)
		err = vblk_zone_resources(vdev, lim);
	if (err)
		return err;

	lim->features |= BLK_FEAT_ZONED;
	lim->chunk_sectors = zone_sectors;
	vblk->zone_sectors = zone_sectors;
	return 0;
}

/**
 * vblk_zoned_revalidate() - let the block layer see the zones
 * @vblk: the disk; requests can be sent, and it is not added yet
 *
 * The whole report is looked at first: the block layer of v6.12 loses its table of
 * conventional zones if one fails half way.
 *
 * Context: process; waits for the device.
 * Return: 0, or a negative error number if the zones make no sense.
 */
int vblk_zoned_revalidate(struct vblk *vblk)
{
	int err;

	if (!vblk->zone_sectors)
		return 0;
	err = vblk_report_zones(vblk->disk, 0, UINT_MAX, NULL);
	if (err >= 0)
		err = blk_revalidate_disk_zones(vblk->disk);
	if (err)
		dev_err(&vblk->vdev->dev, "[%s] zones cannot be used: %d\n",
			vblk->disk->disk_name, err);
	return err;
}

/* What is wrong with the place of a zone, its size or its write pointer; or NULL. */
static const char *vblk_zone_place(const struct virtio_blk_zone_descriptor *desc,
				   struct blk_zone *zone)
{
	u64 cap = __virtio64_to_cpu(true, desc->z_cap);
	u64 wp = __virtio64_to_cpu(true, desc->z_wp);

	if (__virtio64_to_cpu(true, desc->z_start) != zone->start)
		return "start";
	if (!cap || cap > zone->len)
		return "capacity";
	zone->capacity = cap;

	switch (zone->cond) {
	case BLK_ZONE_COND_EMPTY:
		if (wp != zone->start)
			return "write pointer";
		break;
	case BLK_ZONE_COND_IMP_OPEN:
	case BLK_ZONE_COND_EXP_OPEN:
	case BLK_ZONE_COND_CLOSED:
		if (wp < zone->start || wp - zone->start > cap)
			return "write pointer";
		break;
	default:
		/* There is none, whatever the device says (virtio 1.3, 5.2.6). */
		wp = zone->start + zone->len;
	}
	zone->wp = wp;
	return NULL;
}

/* What is wrong with type and state of a zone; or NULL. */
static const char *vblk_zone_state(const struct virtio_blk_zone_descriptor *desc,
				   struct blk_zone *zone)
{
	switch (desc->z_type) {
	case VIRTIO_BLK_ZT_CONV:
		zone->type = BLK_ZONE_TYPE_CONVENTIONAL;
		zone->cond = BLK_ZONE_COND_NOT_WP;
		return desc->z_state == VIRTIO_BLK_ZS_NOT_WP ? NULL : "state";
	case VIRTIO_BLK_ZT_SWR:
		zone->type = BLK_ZONE_TYPE_SEQWRITE_REQ;
		break;
	default:
		return "type";
	}

	switch (desc->z_state) {
	case VIRTIO_BLK_ZS_EMPTY:
		zone->cond = BLK_ZONE_COND_EMPTY;
		break;
	case VIRTIO_BLK_ZS_IOPEN:
		zone->cond = BLK_ZONE_COND_IMP_OPEN;
		break;
	case VIRTIO_BLK_ZS_EOPEN:
		zone->cond = BLK_ZONE_COND_EXP_OPEN;
		break;
	case VIRTIO_BLK_ZS_CLOSED:
		zone->cond = BLK_ZONE_COND_CLOSED;
		break;
	case VIRTIO_BLK_ZS_RDONLY:
		zone->cond = BLK_ZONE_COND_READONLY;
		break;
	case VIRTIO_BLK_ZS_FULL:
		zone->cond = BLK_ZONE_COND_FULL;
		break;
	case VIRTIO_BLK_ZS_OFFLINE:
		zone->cond = BLK_ZONE_COND_OFFLINE;
		break;
	default:
		return "state";
	}
	return NULL;
}

static int vblk_report_zone(struct gendisk *disk, sector_t start, unsigned int idx,
			    const struct virtio_blk_zone_descriptor *desc,
			    struct blk_report_zones_args *args)
{
	const struct vblk *vblk = disk->private_data;
	struct blk_zone zone = { .start = start };
	const char *bad;

	zone.len = min_t(u64, vblk->zone_sectors, get_capacity(disk) - start);
	bad = vblk_zone_state(desc, &zone);
	if (!bad)
		bad = vblk_zone_place(desc, &zone);
	if (bad) {
		pr_err_ratelimited("%s: %s: %s of the zone at sector %llu makes no sense\n",
				   KBUILD_MODNAME, disk->disk_name, bad, (u64)start);
		return -EIO;
	}
	return args ? disk_report_zone(disk, &zone, idx, args) : 0;
}

/* Zones that a report of @len bytes has room for. */
static unsigned int vblk_report_room(const struct virtio_blk_zone_report *report,
				     unsigned int len)
{
	return (len - sizeof(*report)) / sizeof(report->zones[0]);
}

/*
 * Ask for the zones from @sector on. What the device does not write is zero, which no
 * zone is. Waits like any other request, so what io_timeout does holds for it too.
 */
static int vblk_ask_zones(struct gendisk *disk, sector_t sector,
			  struct virtio_blk_zone_report *report, unsigned int len)
{
	struct vblk_req *r;
	struct request *rq;
	int err;

	rq = blk_mq_alloc_request(disk->queue, REQ_OP_DRV_IN, 0);
	if (IS_ERR(rq))
		return PTR_ERR(rq);
	r = blk_mq_rq_to_pdu(rq);
	r->zone = sector;
	memset(report, 0, len);
	err = blk_rq_map_kern(rq, report, len, GFP_KERNEL);
	if (!err)
		err = blk_status_to_errno(blk_execute_rq(rq, false));
	blk_mq_free_request(rq);
	return err;
}

/* Ask once, and pass on what comes, at most @most zones. Returns how many, or an error. */
static int vblk_report_some(struct gendisk *disk, sector_t start, unsigned int idx,
			    unsigned int most, struct virtio_blk_zone_report *report,
			    struct blk_report_zones_args *args)
{
	const struct vblk *vblk = disk->private_data;
	unsigned int i, len;
	u64 nr;
	int err;

	most = min_t(unsigned int, most, vblk_report_room(report, VBLK_REPORT_MAX));
	/* In sectors, as it is read like them. */
	len = ALIGN(struct_size(report, zones, most), SECTOR_SIZE);
	err = vblk_ask_zones(disk, start, report, len);
	if (err)
		return err;

	nr = __virtio64_to_cpu(true, report->nr_zones);
	if (!nr || nr > vblk_report_room(report, len)) {
		pr_err_ratelimited("%s: %s: %llu zones reported, room was for 1 to %u\n",
				   KBUILD_MODNAME, disk->disk_name, nr,
				   vblk_report_room(report, len));
		return -EIO;
	}
	most = min_t(u64, most, nr);
	for (i = 0; i < most; i++) {
		err = vblk_report_zone(disk, start, idx + i, &report->zones[i], args);
		if (err)
			return err;
		start += vblk->zone_sectors;
	}
	return most;
}

/**
 * vblk_report_zones() - operation of the disk: report zones
 * @disk: the disk
 * @sector: in the first zone to report
 * @nr_zones: how many at most
 * @args: what to do with them, NULL if it is enough to know that they make sense
 *
 * Each turn ends the report or passes on a zone, and there are at most VBLK_MAX_ZONES.
 *
 * Context: process; waits for the device.
 * Return: number of zones, or a negative error number.
 */
int vblk_report_zones(struct gendisk *disk, sector_t sector, unsigned int nr_zones,
		      struct blk_report_zones_args *args)
{
	const struct vblk *vblk = disk->private_data;
	struct virtio_blk_zone_report *report;
	unsigned int idx = 0, shift, first, all;
	int ret = 0;

	if (!vblk->zone_sectors)
		return -EOPNOTSUPP;
	/* As many as in probe: see above. */
	shift = ilog2(vblk->zone_sectors);
	all = ((get_capacity(disk) - 1) >> shift) + 1;
	if (sector >= get_capacity(disk))
		return 0;
	first = sector >> shift;
	nr_zones = min(nr_zones, all - first);

	report = kmalloc(VBLK_REPORT_MAX, GFP_KERNEL);
	if (!report)
		return -ENOMEM;
	while (idx < nr_zones) {
		if (fatal_signal_pending(current))
			ret = -EINTR;
		else
			ret = vblk_report_some(disk, (sector_t)(first + idx) << shift, idx,
					       nr_zones - idx, report, args);
		if (ret < 0)
			break;
		idx += ret;
	}
	kfree(report);
	return ret < 0 ? ret : idx;
}

/**
 * vblk_zone_error() - what a status means that only zoned disks have
 * @vblk: the disk
 * @status: the status
 *
 * Context: any.
 * Return: the status of the block layer, or BLK_STS_OK if it is none of these.
 */
blk_status_t vblk_zone_error(const struct vblk *vblk, u8 status)
{
	if (!vblk->zone_sectors)
		return BLK_STS_OK;

	switch (status) {
	case VIRTIO_BLK_S_ZONE_INVALID_CMD:
	case VIRTIO_BLK_S_ZONE_UNALIGNED_WP:
		return BLK_STS_IOERR;
	case VIRTIO_BLK_S_ZONE_OPEN_RESOURCE:
		return BLK_STS_ZONE_OPEN_RESOURCE;
	case VIRTIO_BLK_S_ZONE_ACTIVE_RESOURCE:
		return BLK_STS_ZONE_ACTIVE_RESOURCE;
	default:
		return BLK_STS_OK;
	}
}

/**
 * vblk_zone_appended() - see where the device has put what was to be appended
 * @vblk: the disk
 * @rq: the request; the device does not own it any more, and says that all is well
 *
 * Context: any.
 * Return: BLK_STS_OK, and the place is in the request; or BLK_STS_IOERR if it is not in
 *	the zone that was asked for.
 */
blk_status_t vblk_zone_appended(const struct vblk *vblk, struct request *rq)
{
	const struct vblk_req *r = blk_mq_rq_to_pdu(rq);
	u64 at = __virtio64_to_cpu(true, READ_ONCE(r->append.sector));
	u64 start = blk_rq_pos(rq), nr = blk_rq_sectors(rq);

	/* The start is that of a zone, as the block layer sees to. */
	if (at < start || at - start >= vblk->zone_sectors ||
	    nr > vblk->zone_sectors - (at - start)) {
		pr_err_ratelimited("%s: %s: %llu sectors appended to the zone at sector %llu are said to be at %llu\n",
				   KBUILD_MODNAME, rq->q->disk->disk_name, nr, start, at);
		return BLK_STS_IOERR;
	}
	rq->__sector = at;
	return BLK_STS_OK;
}

#endif
