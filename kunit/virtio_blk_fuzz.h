/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The fuzzer of virtio_blk: a disk that lies, and a load on it.
 */
#ifndef KGD_VIRTIO_BLK_FUZZ_H
#define KGD_VIRTIO_BLK_FUZZ_H

#include <linux/atomic.h>
#include <linux/blkdev.h>
#include <linux/types.h>
#include <linux/wait.h>

#include "fuzz.h"
#include "model_blk.h"

#define BF_SLOTS	48
#define BF_SECTORS	8	/* of a slot */
#define BF_ENOUGH	(BF_SLOTS / 2)	/* so many requests under way: no more are sent */
#define BF_CAPACITY	(BF_SLOTS * 64)

/* What the fuzzer knows of a sector; anything else is the salt of its pattern. */
#define BF_UNKNOWN	0
#define BF_ZERO		1
#define BF_FIRST_SALT	2

struct bf;

/**
 * struct bf_slot - a request at a time, to sectors of its own
 * @bf: the fuzzer
 * @page: data
 * @bio: under way, or NULL
 * @op: operation
 * @sector: first sector of the request, in the slot
 * @nr: sectors of it
 * @salt: of what is written
 * @known: of each sector
 * @start: when it was sent
 * @lied: its data or its status were not what they should be
 * @ended: how often it ended
 * @status: how it ended
 */
struct bf_slot {
	struct bf *bf;
	struct page *page;
	struct bio *bio;
	blk_opf_t op;
	unsigned int sector;
	unsigned int nr;
	u32 salt;
	u32 known[BF_SECTORS];
	unsigned long start;
	bool lied;
	atomic_t ended;
	blk_status_t status;
};

/**
 * struct bf - a disk of the fuzzer
 * @run: see there; of all disks
 * @thread: of the load
 * @index: number of the disk
 * @err: what has gone wrong
 * @bm: the disk
 * @fv: the device
 * @dev: of the disk
 * @file: the disk, open
 * @bdev: the same
 * @holding: the disk keeps each request it gets
 * @calm: the disk does what it is asked for: it is about to go
 * @event: a request has ended
 * @busy: requests under way
 * @wrong_ids: bf_wrong_ids() when its rings were new
 * @salt: the next one
 * @findings: what must not be
 * @ok: requests that were done
 * @failed: requests that failed
 * @compared: sectors that were read and compared
 * @wakes: freezes and restores
 * @slots: see there
 */
struct bf {
	struct fuzz_run *run;
	struct task_struct *thread;
	unsigned int index;
	int err;
	struct bm *bm;
	struct fv_device *fv;
	struct device *dev;
	struct file *file;
	struct block_device *bdev;
	bool holding;
	bool calm;
	wait_queue_head_t event;
	atomic_t busy;
	int wrong_ids;
	u32 salt;
	unsigned int findings;
	u64 ok;
	u64 failed;
	u64 compared;
	u64 wakes;
	struct bf_slot slots[BF_SLOTS];
};

/**
 * struct bf_zoned - a disk with zones, and who uses it
 * @run: see there; of all disks
 * @thread: of whoever uses it
 * @bm: the disk
 * @page: data
 * @permille: of a thousand answers so many are lies
 * @zone_sectors: size of a zone, as the block layer has it
 * @bad: the driver has passed on what cannot be
 */
struct bf_zoned {
	struct fuzz_run *run;
	struct task_struct *thread;
	struct bm *bm;
	struct page *page;
	u32 permille;
	u64 zone_sectors;
	unsigned int bad;
};

/* The disk: virtio_blk_fuzz.c */
struct file *bf_open_disk(struct fv_device *fv, struct device **dev);
void bf_close_disk(struct file *file, struct device *dev);
int bf_wrong_ids(struct bf *bf);
__printf(2, 3) void bf_finding(struct bf *bf, const char *fmt, ...);

/* The load: virtio_blk_fuzz_load.c */
int bf_load_init(struct bf *bf);
void bf_load_free(struct bf *bf);
void bf_submit(struct bf *bf);
unsigned int bf_reap(struct bf *bf);
bool bf_wait_idle(struct bf *bf, unsigned int ms);
unsigned int bf_stuck(struct bf *bf, unsigned int ms);

/* The lies: virtio_blk_fuzz_mutate.c */
extern struct fv_model bf_model;
int bf_mutate_init(struct fuzz_run *run);
void bf_calm(struct bf *bf);
void bf_mutate_config(struct bf *bf);
void bf_time_out(struct bf *bf);

/* Disks with zones: virtio_blk_fuzz_zoned.c */
int bf_zoned_init(struct fuzz_run *run);
int bf_zoned_start(struct bf_zoned *bz, struct fuzz_run *run);
int bf_zoned_stop(struct bf_zoned *bz);

#endif /* KGD_VIRTIO_BLK_FUZZ_H */
