// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzzer of virtio_blk: disks with zones (virtio 1.3, 5.2.6). They answer each request, but
 * lie about their zones: in the configuration, in reports, in where something was appended
 * to and in the status of a command. What the driver passes on has to make sense.
 */
#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/virtio_byteorder.h>
#include <linux/virtio_ring.h>

#include "virtio_blk_fuzz.h"

#define BZ_ZONE		128
#define BZ_NR		16
#define BZ_CONV		2
#define BZ_APPEND	32
#define BZ_GRAIN	1024

/* Of a hundred disks so many lie in their configuration, and mostly are not taken. */
#define BZ_CONFIGS	30

/* Requests to a disk that was taken. */
#define BZ_REQUESTS	60

/* Of a thousand answers. */
#define BZ_LIES		700

static int bz_kind;

static const u64 bz_numbers[] = {
	0, 1, 2, 3, 5, BZ_NR, BZ_NR + 1, BZ_ZONE - 1, BZ_ZONE, BZ_ZONE + 1, 2 * BZ_ZONE,
	BZ_NR * BZ_ZONE, U8_MAX, S32_MAX, U32_MAX, 1ULL << 32, S64_MAX, U64_MAX,
};

static u64 bz_number(struct fuzz_run *run)
{
	return bz_numbers[fuzz_below(run, ARRAY_SIZE(bz_numbers))];
}

/* Where the zones of a report are written over: mostly in one that was described. */
static void bz_lie_report(struct fuzz_run *run, const struct fv_chain *chain)
{
	__le64 value = cpu_to_le64(bz_number(run));
	static const struct {
		size_t at;
		size_t size;
	} fields[] = {
		{ offsetof(struct bm_zone_desc, z_cap), 8 },
		{ offsetof(struct bm_zone_desc, z_start), 8 },
		{ offsetof(struct bm_zone_desc, z_wp), 8 },
		{ offsetof(struct bm_zone_desc, z_type), 1 },
		{ offsetof(struct bm_zone_desc, z_state), 1 },
	};
	unsigned int i = fuzz_below(run, ARRAY_SIZE(fields) + 1);
	size_t zone = fuzz_below(run, BZ_NR);

	if (i == ARRAY_SIZE(fields))
		fv_write(chain, offsetof(struct bm_zone_report, nr_zones), &value, sizeof(value));
	else
		fv_write(chain, sizeof(struct bm_zone_report) + zone * sizeof(struct bm_zone_desc) +
			 fields[i].at, &value, fields[i].size);
}

/* The place of an append comes before the status, which is the last byte (5.2.6). */
static int bz_lie(struct fuzz_run *run, const struct fv_chain *chain, u32 type, int len)
{
	__le64 place = cpu_to_le64(bz_number(run));
	u8 status = fuzz_below(run, 8);

	if (type == BM_T_ZONE_REPORT)
		bz_lie_report(run, chain);
	else if (type == BM_T_ZONE_APPEND && fuzz_chance(run, 500))
		fv_write(chain, 0, &place, sizeof(place));
	else if (fuzz_chance(run, 200))
		len = fuzz_below(run, len + 2);
	else
		fv_write(chain, chain->in_len - sizeof(status), &status, sizeof(status));
	fuzz_mutated(run, bz_kind);
	return len;
}

static int bz_handle(struct fv_queue *q, struct fv_chain *chain)
{
	struct bf_zoned *bz = ((struct bm *)q->fv->model_data)->owner;
	struct bm_hdr hdr = { };
	int len;

	fv_read(chain, 0, &hdr, sizeof(hdr));
	len = bm_handle(q, chain);
	fuzz_completed(bz->run, 1);
	if (len < 0 || !chain->in_len || !fuzz_chance(bz->run, READ_ONCE(bz->permille)))
		return len;
	return bz_lie(bz->run, chain, __virtio32_to_cpu(true, hdr.type), len);
}

static struct fv_model bz_model;

static int bz_see(struct blk_zone *zone, unsigned int idx, void *data)
{
	struct bf_zoned *bz = data;

	if (zone->start != idx * bz->zone_sectors || !zone->capacity ||
	    zone->capacity > zone->len || zone->wp < zone->start ||
	    zone->wp > zone->start + zone->len)
		bz->bad++;
	return 0;
}

/* The report of a disk, which may be refused but not be nonsense. */
static void bz_report(struct bf_zoned *bz, struct block_device *bdev)
{
	bz->zone_sectors = bdev_zone_sectors(bdev);
	blkdev_report_zones(bdev, 0, BZ_NR, bz_see, bz);
}

static blk_opf_t bz_choose(struct fuzz_run *run)
{
	static const blk_opf_t ops[] = {
		REQ_OP_ZONE_APPEND, REQ_OP_ZONE_APPEND, REQ_OP_ZONE_APPEND, REQ_OP_ZONE_RESET,
		REQ_OP_ZONE_RESET, REQ_OP_ZONE_OPEN, REQ_OP_ZONE_CLOSE, REQ_OP_ZONE_FINISH,
		REQ_OP_ZONE_RESET_ALL,
	};

	return ops[fuzz_below(run, ARRAY_SIZE(ops))];
}

/* One command to a sequential zone. Where a device appends to is in that zone. */
static void bz_command(struct bf_zoned *bz, struct block_device *bdev)
{
	blk_opf_t op = bz_choose(bz->run);
	sector_t zone = bdev_zone_sectors(bdev), start;
	struct bio *bio;

	if (!zone || bdev_nr_sectors(bdev) < BZ_NR * zone)
		return;
	start = zone * (BZ_CONV + fuzz_below(bz->run, BZ_NR - BZ_CONV));
	bio = bio_alloc(bdev, 1, op | REQ_SYNC, GFP_KERNEL);
	bio->bi_iter.bi_sector = op == REQ_OP_ZONE_RESET_ALL ? 0 : start;
	if (op == REQ_OP_ZONE_APPEND)
		__bio_add_page(bio, bz->page, bdev_zone_write_granularity(bdev), 0);
	if (!submit_bio_wait(bio) && op == REQ_OP_ZONE_APPEND &&
	    (bio->bi_iter.bi_sector < start || bio->bi_iter.bi_sector >= start + zone))
		bz->bad++;
	bio_put(bio);
}

static void bz_use(struct bf_zoned *bz)
{
	struct device *dev = NULL;
	struct file *file;
	unsigned int i;

	file = bf_open_disk(bz->bm->fv, &dev);
	for (i = 0; file && i < BZ_REQUESTS && fuzz_more(bz->run); i++) {
		if (i % 2)
			bz_report(bz, file_bdev(file));
		else
			bz_command(bz, file_bdev(file));
	}
	bf_close_disk(file, dev);
}

/* What it says before anything is asked. Only a disk with zones is of interest. */
static void bz_lie_config(struct bf_zoned *bz, struct bm_conf *conf)
{
	u32 value = bz_number(bz->run);

	switch (fuzz_below(bz->run, 6)) {
	case 0:
		conf->zone_sectors = value;
		break;
	case 1:
		conf->max_open_zones = value;
		break;
	case 2:
		conf->max_active_zones = value;
		break;
	case 3:
		conf->max_append_sectors = value;
		break;
	case 4:
		conf->write_granularity = value;
		break;
	default:
		conf->zone_model = value;
	}
	fuzz_mutated(bz->run, bz_kind);
}

/* A disk, from plug to unplug. The model keeps to what it was made with. */
static void bz_one(struct bf_zoned *bz)
{
	struct bm_conf conf = bz->bm->conf, good = conf;

	/*
	 * Until it is there it answers truly: the block layer of v6.12 loses a table if the
	 * report fails that it asks for then. It asks after the driver, which had a good one.
	 */
	WRITE_ONCE(bz->permille, 0);
	if (fuzz_below(bz->run, 100) < BZ_CONFIGS) {
		bz_lie_config(bz, &conf);
		bm_set_conf(bz->bm, &conf);
		/* The model goes by what is true. */
		bz->bm->conf = good;
	}
	if (!fv_plug(bz->bm->fv)) {
		WRITE_ONCE(bz->permille, BZ_LIES);
		if (fv_bound(bz->bm->fv))
			bz_use(bz);
		fv_unplug(bz->bm->fv);
	}
	bm_set_conf(bz->bm, &good);
}

static int bz_thread(void *data)
{
	struct bf_zoned *bz = data;

	while (fuzz_more(bz->run) && !bz->bad) {
		if (fuzz_kind_due(bz->run, bz_kind))
			bz_one(bz);
		else
			schedule_timeout_interruptible(HZ / 10);
	}
	/* Until whoever has started it stops it. */
	while (!kthread_should_stop())
		schedule_timeout_interruptible(HZ / 10);
	return 0;
}

static void bz_params(struct bm_params *params)
{
	bm_defaults(params);
	params->features |= BIT_ULL(VIRTIO_F_VERSION_1) | BIT_ULL(BM_F_ZONED);
	params->conf.capacity = BZ_NR * BZ_ZONE;
	params->conf.zone_model = BM_Z_HM;
	params->conf.zone_sectors = BZ_ZONE;
	params->conf.max_open_zones = 4;
	params->conf.max_active_zones = 6;
	params->conf.max_append_sectors = BZ_APPEND;
	params->conf.write_granularity = BZ_GRAIN;
	params->model = &bz_model;
}

/**
 * bf_zoned_start() - begin to fuzz a disk with zones
 * @bz: zero
 * @run: a run that has begun
 *
 * Context: process.
 * Return: 0 or a negative error number; bf_zoned_stop() follows in either case.
 */
int bf_zoned_start(struct bf_zoned *bz, struct fuzz_run *run)
{
	struct task_struct *task;
	struct bm_params params;

	bz->run = run;
	bz_model = bm_model;
	bz_model.handle = bz_handle;
	bz_params(&params);
	bz->page = alloc_page(GFP_KERNEL | __GFP_ZERO);
	bz->bm = bm_create(NULL, &params);
	if (!bz->page || !bz->bm || bm_zones_init(bz->bm, BZ_CONV))
		return -ENOMEM;
	bz->bm->owner = bz;
	bm_set_loose(bz->bm, true);
	task = kthread_run(bz_thread, bz, "virtio_blk_fuzz/z");
	if (IS_ERR(task))
		return PTR_ERR(task);
	bz->thread = task;
	return 0;
}

/**
 * bf_zoned_stop() - wait for the end of it
 * @bz: after bf_zoned_start()
 *
 * Context: process.
 * Return: 0, or -EIO if the driver has passed on what cannot be.
 */
int bf_zoned_stop(struct bf_zoned *bz)
{
	if (bz->thread)
		kthread_stop(bz->thread);
	if (bz->bad)
		pr_err("virtio_blk_fuzz: seed %llu: a zone that cannot be was passed on\n",
		       bz->run->seed);
	if (bz->bm)
		bm_destroy(bz->bm);
	if (bz->page)
		__free_page(bz->page);
	return bz->bad ? -EIO : 0;
}

/**
 * bf_zoned_init() - have a kind of mutation for lies about zones
 * @run: a run that has begun
 *
 * Context: process.
 * Return: 0 or a negative error number.
 */
int bf_zoned_init(struct fuzz_run *run)
{
	bz_kind = fuzz_kind(run, "zones");
	return bz_kind < 0 ? bz_kind : 0;
}
