/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Model of a block device (virtio 1.3, 5.2) on a fake virtio device.
 *
 * The disk is in memory and has a volatile write cache in front of it. Each request is
 * checked against the specification before it is done; errors and held requests come
 * by rules that a test sets.
 */
#ifndef KGD_MODEL_BLK_H
#define KGD_MODEL_BLK_H

#include <linux/mutex.h>
#include <linux/types.h>
#include <linux/xarray.h>

#include "fake_virtio.h"
#include "model_blk_spec.h"

#define BM_MAX_RULES		16
#define BM_MAX_HELD		1024
#define BM_LOG_LEN		256
#define BM_MAX_ZONES		256
#define BM_ANY_TYPE		U32_MAX
#define BM_ANY_SECTOR		U64_MAX

/**
 * struct bm_conf - the configuration in the byte order of the CPU
 * @capacity: sectors of 512 bytes
 * @size_max: bytes of a segment
 * @seg_max: segments of a request
 * @cylinders: geometry
 * @heads: geometry
 * @sectors: geometry
 * @blk_size: bytes of a logical block
 * @physical_block_exp: logical blocks of a physical one, log2
 * @alignment_offset: logical blocks
 * @min_io_size: logical blocks
 * @opt_io_size: logical blocks
 * @writeback: the cache is on
 * @num_queues: number of queues
 * @max_discard_sectors: of a segment, 0 for any
 * @max_discard_seg: segments, 0 for any
 * @discard_sector_alignment: sectors
 * @max_write_zeroes_sectors: of a segment, 0 for any
 * @max_write_zeroes_seg: segments, 0 for any
 * @write_zeroes_may_unmap: a hint
 * @max_secure_erase_sectors: of a segment, 0 for any
 * @max_secure_erase_seg: segments, 0 for any
 * @secure_erase_sector_alignment: sectors
 * @zone_sectors: size of a zone
 * @max_open_zones: 0 for any number
 * @max_active_zones: 0 for any number
 * @max_append_sectors: 0 for no append at all
 * @write_granularity: bytes
 * @zone_model: BM_Z_x
 */
struct bm_conf {
	u64 capacity;
	u32 size_max;
	u32 seg_max;
	u16 cylinders;
	u8 heads;
	u8 sectors;
	u32 blk_size;
	u8 physical_block_exp;
	u8 alignment_offset;
	u16 min_io_size;
	u32 opt_io_size;
	u8 writeback;
	u16 num_queues;
	u32 max_discard_sectors;
	u32 max_discard_seg;
	u32 discard_sector_alignment;
	u32 max_write_zeroes_sectors;
	u32 max_write_zeroes_seg;
	u8 write_zeroes_may_unmap;
	u32 max_secure_erase_sectors;
	u32 max_secure_erase_seg;
	u32 secure_erase_sector_alignment;
	u32 zone_sectors;
	u32 max_open_zones;
	u32 max_active_zones;
	u32 max_append_sectors;
	u32 write_granularity;
	u8 zone_model;
};

/**
 * struct bm_params - a block device to be made
 * @features: to offer
 * @queue_num: entries of each ring, 0 for 128
 * @nr_queues: queues that there are, whatever @conf says; 0 for what it says
 * @conf: see there
 * @model: another model around bm_handle(), or NULL
 */
struct bm_params {
	u64 features;
	unsigned int queue_num;
	unsigned int nr_queues;
	struct bm_conf conf;
	const struct fv_model *model;
};

/**
 * enum bm_action - what a rule does to a request
 * @BM_FAIL: not done, answered with the status of the rule
 * @BM_STATUS: done, but answered with the status of the rule
 * @BM_NO_STATUS: done, but the status byte is not written
 * @BM_HOLD: taken and kept, until bm_release()
 * @BM_GARBAGE: data that are read are replaced by noise
 */
enum bm_action {
	BM_FAIL,
	BM_STATUS,
	BM_NO_STATUS,
	BM_HOLD,
	BM_GARBAGE,
};

/**
 * enum bm_len - the used length (virtio 1.3, 2.7.8.2 and 5.2.6.3)
 * @BM_LEN_RIGHT: what was written
 * @BM_LEN_TOTAL: all that is writable, as some legacy devices have it
 * @BM_LEN_ONE: the status byte only, as others have it
 * @BM_LEN_ZERO: nothing
 */
enum bm_len {
	BM_LEN_RIGHT,
	BM_LEN_TOTAL,
	BM_LEN_ONE,
	BM_LEN_ZERO,
};

/**
 * struct bm_rule - requests that are treated apart
 * @left: how many more
 * @type: BM_T_x or BM_ANY_TYPE
 * @sector: that the request covers, or BM_ANY_SECTOR
 * @action: see there
 * @status: see there
 */
struct bm_rule {
	unsigned int left;
	u32 type;
	u64 sector;
	enum bm_action action;
	u8 status;
};

/**
 * struct bm_req - a request, taken apart
 * @chain: where it is from
 * @type: BM_T_x
 * @sector: of the header; of the first range if it has ranges
 * @off: where the data begin in the readable or the writable part
 * @len: bytes of data
 * @segs: pieces that the data are in
 * @flags: of the first range
 * @nr_ranges: number of ranges
 * @noise: answer a read with noise
 */
struct bm_req {
	struct fv_chain *chain;
	u32 type;
	u64 sector;
	size_t off;
	size_t len;
	unsigned int segs;
	u32 flags;
	unsigned int nr_ranges;
	bool noise;
};

/**
 * struct bm_entry - what the log keeps of a request
 * @type: BM_T_x
 * @sector: as in struct bm_req
 * @len: bytes of data; of a command with ranges the bytes of all ranges
 * @segs: pieces that the data were in
 * @flags: of the first range
 * @queue: where it came from
 * @status: as answered
 */
struct bm_entry {
	u32 type;
	u64 sector;
	u64 len;
	unsigned int segs;
	u32 flags;
	unsigned int queue;
	u8 status;
};

/**
 * struct bm_zone - a zone
 * @start: first sector
 * @cap: sectors that can be written
 * @wp: write pointer
 * @type: BM_ZT_x
 * @state: BM_ZS_x
 */
struct bm_zone {
	u64 start;
	u64 cap;
	u64 wp;
	u8 type;
	u8 state;
};

/**
 * struct bm - a block device
 * @fv: the device that it is on
 * @lock: protects everything below
 * @little: the configuration and the headers are little endian
 * @conf: what the device says now
 * @seen: limits as they were when the driver was ready
 * @reach: most sectors that the driver can believe in; shrinks by bm_settle()
 * @loose: limits are not checked, because the driver was lied to
 * @cache_stuck: the driver cannot switch the cache, whatever it writes
 * @live: pages of the disk, with what is in the cache
 * @stable: pages as they are after a power cut
 * @id: answer of GET_ID
 * @lifetime: answer of GET_LIFETIME
 * @len_mode: see there
 * @rules: see there
 * @held: requests that a rule keeps
 * @nr_held: number of them
 * @zones: see there, NULL if there are none
 * @nr_zones: number of them
 * @count: requests by type
 * @log: the last requests
 * @nr_log: number of requests that were ever logged
 * @noise: state of the generator for noise
 * @owner: of whoever wraps the model
 */
struct bm {
	struct fv_device *fv;
	struct mutex lock;	/* everything below */
	bool little;
	struct bm_conf conf;
	struct bm_conf seen;
	u64 reach;
	bool loose;
	bool cache_stuck;
	struct xarray live;
	struct xarray stable;
	u8 id[BM_ID_BYTES];
	struct bm_lifetime lifetime;
	enum bm_len len_mode;
	struct bm_rule rules[BM_MAX_RULES];
	struct fv_chain *held[BM_MAX_HELD];
	unsigned int nr_held;
	struct bm_zone *zones;
	unsigned int nr_zones;
	u64 count[BM_T_NR];
	struct bm_entry log[BM_LOG_LEN];
	u64 nr_log;
	u64 noise;
	void *owner;
};

/* Life and configuration: model_blk.c */
extern const struct fv_model bm_model;
void bm_defaults(struct bm_params *params);
struct bm *bm_create(struct kunit *test, const struct bm_params *params);
void bm_destroy(struct bm *bm);
void bm_set_conf(struct bm *bm, const struct bm_conf *conf);
void bm_resize(struct bm *bm, u64 sectors);
void bm_settle(struct bm *bm);
void bm_set_loose(struct bm *bm, bool loose);

/* Requests: model_blk_req.c */
int bm_handle(struct fv_queue *q, struct fv_chain *chain);
void bm_add_rule(struct bm *bm, const struct bm_rule *rule);
void bm_clear_rules(struct bm *bm);
unsigned int bm_nr_held(struct bm *bm);
bool bm_wait_held(struct bm *bm, unsigned int nr, unsigned int ms);
unsigned int bm_release(struct bm *bm, enum fv_order order, unsigned int max);
u64 bm_count(struct bm *bm, u32 type);
bool bm_logged(struct bm *bm, unsigned int back, struct bm_entry *entry);

/* Checks: model_blk_check.c; the caller holds &bm.lock */
bool bm_parse(struct bm *bm, struct fv_chain *chain, struct bm_req *req);
bool bm_check(struct bm *bm, struct bm_req *req);
bool bm_check_range(struct bm *bm, const struct bm_req *req, u64 sector, u32 nr, u32 flags);

/* Commands with ranges: model_blk_range.c; the caller holds &bm.lock */
u8 bm_do_ranges(struct bm *bm, struct bm_req *req);

/* Zones: model_blk_zone.c; the caller holds &bm.lock */
int bm_zones_init(struct bm *bm, unsigned int nr_conv);
struct bm_zone *bm_zone_of(struct bm *bm, u64 sector);
u8 bm_zone_write(struct bm *bm, struct bm_req *req, u64 *sector);
u8 bm_zone_io(struct bm *bm, const struct bm_req *req);
u8 bm_zone_mgmt(struct bm *bm, const struct bm_req *req);
u8 bm_zone_report(struct bm *bm, const struct bm_req *req, u32 *len);
u8 bm_zone_erase(struct bm *bm, u64 sector, u64 nr);
bool bm_zone_check(struct bm *bm, const struct bm_req *req);

/* Where the data are: model_blk_store.c; the caller holds &bm.lock */
bool bm_write_through(struct bm *bm);
int bm_store_write(struct bm *bm, u64 byte, const void *buf, size_t len, bool stable);
void bm_store_read(struct bm *bm, u64 byte, void *buf, size_t len);
int bm_store_zero(struct bm *bm, u64 byte, u64 len, bool stable);
int bm_store_flush(struct bm *bm);
void bm_store_free(struct bm *bm);

/* For tests: model_blk_store.c; these take &bm.lock */
void bm_power_cut(struct bm *bm);
void bm_peek(struct bm *bm, u64 sector, void *buf, size_t len);
int bm_poke(struct bm *bm, u64 sector, const void *buf, size_t len);

#endif /* KGD_MODEL_BLK_H */
