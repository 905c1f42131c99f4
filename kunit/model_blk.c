// SPDX-License-Identifier: GPL-2.0-only
/*
 * Life and configuration of the modelled disk (virtio 1.3, 5.2.4 and 5.2.5).
 */
#include <linux/build_bug.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/virtio_byteorder.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ids.h>

#include "model_blk.h"

/* The fields in the order of struct bm_config: CPU to device and back. */
static void bm_conf_pack(bool le, const struct bm_conf *c, struct bm_config *d)
{
	memset(d, 0, sizeof(*d));
	d->capacity = __cpu_to_virtio64(le, c->capacity);
	d->size_max = __cpu_to_virtio32(le, c->size_max);
	d->seg_max = __cpu_to_virtio32(le, c->seg_max);
	d->cylinders = __cpu_to_virtio16(le, c->cylinders);
	d->heads = c->heads;
	d->sectors = c->sectors;
	d->blk_size = __cpu_to_virtio32(le, c->blk_size);
	d->physical_block_exp = c->physical_block_exp;
	d->alignment_offset = c->alignment_offset;
	d->min_io_size = __cpu_to_virtio16(le, c->min_io_size);
	d->opt_io_size = __cpu_to_virtio32(le, c->opt_io_size);
	d->writeback = c->writeback;
	d->num_queues = __cpu_to_virtio16(le, c->num_queues);
	d->max_discard_sectors = __cpu_to_virtio32(le, c->max_discard_sectors);
	d->max_discard_seg = __cpu_to_virtio32(le, c->max_discard_seg);
	d->discard_sector_alignment = __cpu_to_virtio32(le, c->discard_sector_alignment);
	d->max_write_zeroes_sectors = __cpu_to_virtio32(le, c->max_write_zeroes_sectors);
	d->max_write_zeroes_seg = __cpu_to_virtio32(le, c->max_write_zeroes_seg);
	d->write_zeroes_may_unmap = c->write_zeroes_may_unmap;
	d->max_secure_erase_sectors = __cpu_to_virtio32(le, c->max_secure_erase_sectors);
	d->max_secure_erase_seg = __cpu_to_virtio32(le, c->max_secure_erase_seg);
	d->secure_erase_sector_alignment =
		__cpu_to_virtio32(le, c->secure_erase_sector_alignment);
	d->zone_sectors = __cpu_to_virtio32(le, c->zone_sectors);
	d->max_open_zones = __cpu_to_virtio32(le, c->max_open_zones);
	d->max_active_zones = __cpu_to_virtio32(le, c->max_active_zones);
	d->max_append_sectors = __cpu_to_virtio32(le, c->max_append_sectors);
	d->write_granularity = __cpu_to_virtio32(le, c->write_granularity);
	d->zone_model = c->zone_model;
}

static void bm_config_written(struct fv_device *fv, unsigned int offset, unsigned int len)
{
	unsigned int wce = offsetof(struct bm_config, writeback);
	struct bm *bm = fv->model_data;
	u8 value;

	/* Nothing else can be written (5.2.5.1). */
	if (offset != wce || len != 1) {
		fv_violation(fv, "5.2.4", "%u bytes at %u of the configuration written",
			     len, offset);
		return;
	}
	if (!fv_negotiated(fv, BM_F_CONFIG_WCE))
		fv_violation(fv, "5.2.6.1", "writeback written without CONFIG_WCE");
	fv_config_get(fv, wce, &value, 1);
	if (value > 1)
		fv_violation(fv, "5.2.6.1", "%u written to writeback", value);
	mutex_lock(&bm->lock);
	if (bm->cache_stuck)
		fv_config_set(fv, wce, &bm->conf.writeback, 1);
	else
		bm->conf.writeback = value;
	mutex_unlock(&bm->lock);
}

/* What was negotiated, and by which limits the driver is held from now on. */
static void bm_driver_ok(struct fv_device *fv)
{
	struct bm *bm = fv->model_data;

	if (fv_negotiated(fv, BM_F_ZONED) && !fv_negotiated(fv, VIRTIO_F_VERSION_1))
		fv_violation(fv, "5.2.5.2", "ZONED without VERSION_1");
	mutex_lock(&bm->lock);
	bm->little = fv_negotiated(fv, VIRTIO_F_VERSION_1) || virtio_legacy_is_little_endian();
	bm->seen = bm->conf;
	bm->reach = max(bm->reach, bm->conf.capacity);
	if (fv_negotiated(fv, BM_F_ZONED) && bm->conf.zone_model == BM_Z_HM &&
	    fv_negotiated(fv, BM_F_DISCARD))
		fv_violation(fv, "5.2.5.1", "DISCARD with a host-managed disk");
	mutex_unlock(&bm->lock);
}

static void bm_reset(struct fv_device *fv)
{
	struct bm *bm = fv->model_data;

	mutex_lock(&bm->lock);
	bm->nr_held = 0;
	mutex_unlock(&bm->lock);
}

static void bm_queue_reset(struct fv_queue *q)
{
	struct bm *bm = q->fv->model_data;
	unsigned int i, n = 0;

	mutex_lock(&bm->lock);
	for (i = 0; i < bm->nr_held; i++) {
		if (bm->held[i]->q != q)
			bm->held[n++] = bm->held[i];
	}
	bm->nr_held = n;
	mutex_unlock(&bm->lock);
}

const struct fv_model bm_model = {
	.name = "blk",
	.device_id = VIRTIO_ID_BLOCK,
	.nr_queues = 1,
	.config_len = sizeof(struct bm_config),
	.handle = bm_handle,
	.config_written = bm_config_written,
	.driver_ok = bm_driver_ok,
	.reset = bm_reset,
	.queue_reset = bm_queue_reset,
};

/**
 * bm_defaults() - a disk of 16 MiB with everything that the specification has, no zones
 * @params: to be filled in; all feature bits of the device type are set but RO and ZONED,
 *	and none of the transport
 *
 * Context: any.
 */
void bm_defaults(struct bm_params *params)
{
	*params = (struct bm_params) {
		.features = BIT_ULL(BM_F_SIZE_MAX) | BIT_ULL(BM_F_SEG_MAX) |
			    BIT_ULL(BM_F_GEOMETRY) | BIT_ULL(BM_F_BLK_SIZE) |
			    BIT_ULL(BM_F_FLUSH) | BIT_ULL(BM_F_TOPOLOGY) |
			    BIT_ULL(BM_F_CONFIG_WCE) | BIT_ULL(BM_F_MQ) |
			    BIT_ULL(BM_F_DISCARD) | BIT_ULL(BM_F_WRITE_ZEROES) |
			    BIT_ULL(BM_F_LIFETIME) | BIT_ULL(BM_F_SECURE_ERASE),
		.conf = {
			.capacity = 32768,
			.size_max = 65536,
			.seg_max = 62,
			.cylinders = 16,
			.heads = 64,
			.sectors = 32,
			.blk_size = 512,
			.physical_block_exp = 3,
			.min_io_size = 8,
			.opt_io_size = 256,
			.writeback = 1,
			.num_queues = 2,
			.max_discard_sectors = 16384,
			.max_discard_seg = 1,
			.discard_sector_alignment = 8,
			.max_write_zeroes_sectors = 8192,
			.max_write_zeroes_seg = 1,
			.write_zeroes_may_unmap = 1,
			.max_secure_erase_sectors = 16384,
			.max_secure_erase_seg = 4,
			.secure_erase_sector_alignment = 8,
		},
	};
}

/**
 * bm_create() - make a disk, not plugged in yet
 * @test: that it is for, or NULL
 * @params: see there
 *
 * Context: process.
 * Return: the disk, or NULL.
 */
struct bm *bm_create(struct kunit *test, const struct bm_params *params)
{
	struct fv_params fp = {
		.features = params->features,
		.queue_num = params->queue_num,
		.nr_queues = params->nr_queues,
		.mode = FV_RUN,
		.config_len = sizeof(struct bm_config),
	};
	struct bm_config config;
	struct fv_device *fv;
	struct bm *bm;

	BUILD_BUG_ON(sizeof(config) > FV_MAX_CONFIG);
	bm = kvzalloc(sizeof(*bm), GFP_KERNEL);
	if (!bm)
		return NULL;
	mutex_init(&bm->lock);
	xa_init(&bm->live);
	xa_init(&bm->stable);
	bm->conf = params->conf;
	bm->seen = params->conf;
	bm->reach = params->conf.capacity;
	bm->noise = 0x9e3779b97f4a7c15;
	bm->little = (params->features & BIT_ULL(VIRTIO_F_VERSION_1)) ||
		     virtio_legacy_is_little_endian();
	strscpy_pad(bm->id, "fake disk", sizeof(bm->id));
	bm->lifetime.pre_eol_info = cpu_to_le16(1);

	if (!fp.nr_queues)
		fp.nr_queues = clamp_t(unsigned int, params->conf.num_queues, 1, FV_MAX_QUEUES);
	bm_conf_pack(bm->little, &bm->conf, &config);
	fp.config = &config;
	fv = fv_create(test, params->model ?: &bm_model, &fp);
	if (!fv) {
		kvfree(bm);
		return NULL;
	}
	bm->fv = fv;
	fv->model_data = bm;
	return bm;
}

/**
 * bm_destroy() - unplug and free a disk
 * @bm: the disk
 *
 * Context: process.
 */
void bm_destroy(struct bm *bm)
{
	fv_destroy(bm->fv);
	bm_store_free(bm);
	kfree(bm->zones);
	kvfree(bm);
}

/**
 * bm_set_conf() - change what the device says about itself, without a word to the driver
 * @bm: the disk
 * @conf: all of it
 *
 * Context: process.
 */
void bm_set_conf(struct bm *bm, const struct bm_conf *conf)
{
	struct bm_config config;

	mutex_lock(&bm->lock);
	bm->conf = *conf;
	bm->reach = max(bm->reach, conf->capacity);
	bm_conf_pack(bm->little, conf, &config);
	fv_config_set(bm->fv, 0, &config, sizeof(config));
	mutex_unlock(&bm->lock);
}

/**
 * bm_resize() - change the capacity and tell the driver
 * @bm: the disk
 * @sectors: the new one
 *
 * Requests within the old one count as right until bm_settle().
 *
 * Context: process.
 */
void bm_resize(struct bm *bm, u64 sectors)
{
	__virtio64 capacity;

	mutex_lock(&bm->lock);
	bm->conf.capacity = sectors;
	bm->reach = max(bm->reach, sectors);
	capacity = __cpu_to_virtio64(bm->little, sectors);
	fv_config_set(bm->fv, offsetof(struct bm_config, capacity), &capacity,
		      sizeof(capacity));
	mutex_unlock(&bm->lock);
	fv_config_changed(bm->fv);
}

/**
 * bm_settle() - from now on the driver has to know the capacity
 * @bm: the disk
 *
 * Context: process.
 */
void bm_settle(struct bm *bm)
{
	mutex_lock(&bm->lock);
	bm->reach = bm->conf.capacity;
	mutex_unlock(&bm->lock);
}

/**
 * bm_set_loose() - forgive a driver that was lied to
 * @bm: the disk
 * @loose: do not check the limits of the configuration
 *
 * Context: process.
 */
void bm_set_loose(struct bm *bm, bool loose)
{
	mutex_lock(&bm->lock);
	bm->loose = loose;
	if (loose)
		bm->reach = U64_MAX >> BM_SECTOR_SHIFT;
	mutex_unlock(&bm->lock);
}
