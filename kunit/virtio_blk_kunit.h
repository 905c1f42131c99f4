/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the suites of virtio_blk share: a modelled disk with the driver on it, opened,
 * and requests to it that are watched.
 */
#ifndef KGD_VIRTIO_BLK_KUNIT_H
#define KGD_VIRTIO_BLK_KUNIT_H

#include <linux/atomic.h>
#include <linux/blkdev.h>
#include <linux/completion.h>
#include <linux/list.h>
#include <linux/types.h>

#include "fake_virtio.h"
#include "model_blk.h"

/* Longer than anything that works takes, even on a slow machine. */
#define VB_WAIT_MS	30000
/* Long enough for something that must not happen to happen. */
#define VB_CALM_MS	30

#define VB_NR_RINGS	12

/**
 * struct vb_ring - how the rings are
 * @name: of the parameter
 * @features: bits of the transport
 */
struct vb_ring {
	const char *name;
	u64 features;
};

extern const struct vb_ring vb_rings[VB_NR_RINGS];
void vb_ring_desc(const struct vb_ring *ring, char *desc);

/**
 * struct vb - a disk under test
 * @test: the test
 * @bm: the model
 * @fv: the device
 * @dev: the disk's device, NULL if there is none
 * @disk: the disk
 * @file: the disk, open
 * @bdev: the same
 * @ios: all requests
 * @plug: plugs the device in, of a test that goes on meanwhile
 */
struct vb {
	struct kunit *test;
	struct bm *bm;
	struct fv_device *fv;
	struct device *dev;
	struct gendisk *disk;
	struct file *file;
	struct block_device *bdev;
	struct list_head ios;
	struct work_struct plug;
};

/**
 * struct vb_io - a request
 * @node: in &vb.ios
 * @vb: the disk
 * @bio: the request; NULL once it ended
 * @opf: operation and flags
 * @sector: where
 * @len: bytes
 * @piece: bytes in each of its pages
 * @order: of these pages
 * @nr_pages: number of them
 * @pages: of the data
 * @submitted: it was sent
 * @ended: how often it ended
 * @status: how it ended
 * @place: sector of a zone append that has ended
 * @resets: resets that the device had seen when it ended
 * @done: it has ended
 */
struct vb_io {
	struct list_head node;
	struct vb *vb;
	struct bio *bio;
	blk_opf_t opf;
	sector_t sector;
	unsigned int len;
	unsigned int piece;
	unsigned int order;
	unsigned int nr_pages;
	struct page **pages;
	bool submitted;
	atomic_t ended;
	blk_status_t status;
	sector_t place;
	unsigned int resets;
	struct completion done;
};

/* The disk */
void vb_params(struct bm_params *params, const struct vb_ring *ring);
struct vb *vb_create(struct kunit *test, const struct bm_params *params);
struct vb *vb_start(struct kunit *test, const struct bm_params *params);
struct vb *vb_start_ring(struct kunit *test);
void vb_open(struct vb *vb);
void vb_close(struct vb *vb);
void vb_exit(struct kunit *test);

/* Its attributes */
ssize_t vb_attr_show(struct vb *vb, const char *name, char *buf);
ssize_t vb_attr_store(struct vb *vb, const char *name, const char *value);
umode_t vb_attr_mode(struct vb *vb, const char *name);

/* Requests */
struct vb_io *vb_io(struct vb *vb, blk_opf_t opf, sector_t sector, unsigned int len,
		    unsigned int piece);
void vb_io_fill(struct vb_io *io, u32 salt);
bool vb_io_matches(struct vb_io *io, u32 salt);
void vb_submit(struct vb_io *io);
bool vb_wait(struct vb_io *io, unsigned int ms);
bool vb_wait_all(struct vb *vb, unsigned int ms);
unsigned int vb_nr_ended(struct vb *vb);
void vb_ended_once(struct vb *vb);
blk_status_t vb_do(struct vb_io *io);
void vb_write(struct vb *vb, sector_t sector, unsigned int len, u32 salt);
void vb_read(struct vb *vb, sector_t sector, unsigned int len, u32 salt);
void vb_on_disk(struct vb *vb, sector_t sector, unsigned int len, u32 salt);
bool vb_is_on_disk(struct vb *vb, sector_t sector, unsigned int len, u32 salt);

#endif /* KGD_VIRTIO_BLK_KUNIT_H */
