// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests to a disk under test. Their data are a pattern of the sector and of a number
 * ("salt"), so that what is at the wrong place is seen. Each counts how often it ends.
 */
#include <kunit/test.h>
#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "virtio_blk_kunit.h"

static void vb_end(struct bio *bio)
{
	struct vb_io *io = bio->bi_private;

	io->status = bio->bi_status;
	io->place = bio->bi_iter.bi_sector;
	io->resets = READ_ONCE(io->vb->fv->resets);
	/* The second time, if ever, the bio is gone: count, and leave it alone. */
	if (atomic_inc_return(&io->ended) == 1) {
		io->bio = NULL;
		bio_put(bio);
		complete_all(&io->done);
	}
}

static int vb_io_pages(struct vb_io *io)
{
	unsigned int i;

	io->order = get_order(io->piece);
	io->pages = kcalloc(DIV_ROUND_UP(io->len, io->piece), sizeof(*io->pages), GFP_KERNEL);
	if (!io->pages)
		return -ENOMEM;
	for (i = 0; i < DIV_ROUND_UP(io->len, io->piece); i++) {
		io->pages[i] = alloc_pages(GFP_KERNEL | __GFP_COMP, io->order);
		if (!io->pages[i])
			return -ENOMEM;
		io->nr_pages++;
	}
	return 0;
}

/* Where the data are in their page: at its end, so that neighbours do not touch. */
static unsigned int vb_io_offset(const struct vb_io *io)
{
	return (PAGE_SIZE << io->order) - io->piece;
}

/**
 * vb_io() - make a request
 * @vb: the disk
 * @opf: operation and flags
 * @sector: where
 * @len: bytes of data, 0 for a request without
 * @piece: bytes of data in each page; more than a page for long segments
 *
 * Context: process; ends the test if it fails.
 * Return: the request.
 */
struct vb_io *vb_io(struct vb *vb, blk_opf_t opf, sector_t sector, unsigned int len,
		    unsigned int piece)
{
	struct kunit *test = vb->test;
	struct vb_io *io;
	unsigned int i;

	io = kzalloc(sizeof(*io), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, io);
	io->vb = vb;
	/* Like direct I/O: a write is not to wait for others that are under way. */
	if (op_is_write(opf & REQ_OP_MASK))
		opf |= REQ_SYNC | REQ_IDLE;
	io->opf = opf;
	io->sector = sector;
	io->len = len;
	io->piece = piece ?: PAGE_SIZE;
	init_completion(&io->done);
	list_add_tail(&io->node, &vb->ios);
	KUNIT_ASSERT_EQ(test, vb_io_pages(io), 0);

	io->bio = bio_alloc(vb->bdev, io->nr_pages, opf, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, io->bio);
	io->bio->bi_iter.bi_sector = sector;
	io->bio->bi_private = io;
	io->bio->bi_end_io = vb_end;
	for (i = 0; i < io->nr_pages; i++) {
		unsigned int n = min(len - i * io->piece, io->piece);

		__bio_add_page(io->bio, io->pages[i], n, vb_io_offset(io));
	}
	return io;
}

/* One byte of the pattern; @byte is counted from the start of the disk. */
static u8 vb_pattern(u64 byte, u32 salt)
{
	u32 x = (u32)(byte >> 9) * 0x9e3779b1u ^ salt * 0x85ebca6bu;

	return (x >> 16) ^ (x >> 8) ^ (byte * 7);
}

static u8 *vb_io_byte(struct vb_io *io, unsigned int i)
{
	return page_address(io->pages[i / io->piece]) + vb_io_offset(io) + i % io->piece;
}

/**
 * vb_io_fill() - put the pattern into a request
 * @io: the request
 * @salt: of the pattern
 *
 * Context: process.
 */
void vb_io_fill(struct vb_io *io, u32 salt)
{
	unsigned int i;

	for (i = 0; i < io->len; i++)
		*vb_io_byte(io, i) = vb_pattern((io->sector << SECTOR_SHIFT) + i, salt);
}

/**
 * vb_io_matches() - is the pattern in a request?
 * @io: the request, which has ended
 * @salt: of the pattern
 *
 * Context: process.
 * Return: whether it is.
 */
bool vb_io_matches(struct vb_io *io, u32 salt)
{
	unsigned int i;

	for (i = 0; i < io->len; i++) {
		if (*vb_io_byte(io, i) != vb_pattern((io->sector << SECTOR_SHIFT) + i, salt))
			return false;
	}
	return true;
}

/**
 * vb_submit() - send a request
 * @io: the request
 *
 * Context: process.
 */
void vb_submit(struct vb_io *io)
{
	io->submitted = true;
	submit_bio(io->bio);
}

/**
 * vb_wait() - wait until a request has ended
 * @io: the request
 * @ms: how long at most
 *
 * Context: process; sleeps.
 * Return: whether it has.
 */
bool vb_wait(struct vb_io *io, unsigned int ms)
{
	return wait_for_completion_timeout(&io->done, msecs_to_jiffies(ms));
}

/**
 * vb_wait_all() - wait until all requests have ended
 * @vb: the disk
 * @ms: how long at most for each
 *
 * Context: process; sleeps.
 * Return: whether all have.
 */
bool vb_wait_all(struct vb *vb, unsigned int ms)
{
	struct vb_io *io;

	list_for_each_entry(io, &vb->ios, node) {
		if (io->submitted && !vb_wait(io, ms))
			return false;
	}
	return true;
}

/**
 * vb_nr_ended() - how many requests have ended
 * @vb: the disk
 *
 * Context: process.
 * Return: their number.
 */
unsigned int vb_nr_ended(struct vb *vb)
{
	unsigned int n = 0;
	struct vb_io *io;

	list_for_each_entry(io, &vb->ios, node)
		n += !!atomic_read(&io->ended);
	return n;
}

/**
 * vb_ended_once() - expect that no request has ended more than once
 * @vb: the disk
 *
 * Context: process.
 */
void vb_ended_once(struct vb *vb)
{
	struct vb_io *io;

	list_for_each_entry(io, &vb->ios, node)
		KUNIT_EXPECT_LE_MSG(vb->test, atomic_read(&io->ended), 1,
				    "the request at %llu ended more than once",
				    (u64)io->sector);
}

/**
 * vb_do() - send a request and wait for its end
 * @io: the request
 *
 * Context: process; ends the test if it does not end.
 * Return: how it ended.
 */
blk_status_t vb_do(struct vb_io *io)
{
	vb_submit(io);
	KUNIT_ASSERT_TRUE_MSG(io->vb->test, vb_wait(io, VB_WAIT_MS),
			      "%u bytes at %llu: no end", io->len, (u64)io->sector);
	return io->status;
}

/**
 * vb_write() - write the pattern
 * @vb: the disk
 * @sector: where
 * @len: bytes
 * @salt: of the pattern
 *
 * Context: process.
 */
void vb_write(struct vb *vb, sector_t sector, unsigned int len, u32 salt)
{
	struct vb_io *io = vb_io(vb, REQ_OP_WRITE, sector, len, 0);

	vb_io_fill(io, salt);
	KUNIT_EXPECT_EQ(vb->test, (__force u8)vb_do(io), 0);
}

/**
 * vb_read() - read, and expect the pattern
 * @vb: the disk
 * @sector: where
 * @len: bytes
 * @salt: of the pattern
 *
 * Context: process.
 */
void vb_read(struct vb *vb, sector_t sector, unsigned int len, u32 salt)
{
	struct vb_io *io = vb_io(vb, REQ_OP_READ, sector, len, 0);

	KUNIT_EXPECT_EQ(vb->test, (__force u8)vb_do(io), 0);
	KUNIT_EXPECT_TRUE_MSG(vb->test, vb_io_matches(io, salt), "%u bytes at %llu are wrong",
			      len, (u64)sector);
}

/**
 * vb_is_on_disk() - has the device the pattern?
 * @vb: the disk
 * @sector: where
 * @len: bytes
 * @salt: of the pattern
 *
 * Context: process.
 * Return: whether it has.
 */
bool vb_is_on_disk(struct vb *vb, sector_t sector, unsigned int len, u32 salt)
{
	bool same = true;
	unsigned int i;
	u8 *buf;

	buf = kvmalloc(len, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(vb->test, buf);
	bm_peek(vb->bm, sector, buf, len);
	for (i = 0; i < len && same; i++)
		same = buf[i] == vb_pattern((sector << SECTOR_SHIFT) + i, salt);
	kvfree(buf);
	return same;
}

/**
 * vb_on_disk() - expect that the device has the pattern
 * @vb: the disk
 * @sector: where
 * @len: bytes
 * @salt: of the pattern
 *
 * Context: process.
 */
void vb_on_disk(struct vb *vb, sector_t sector, unsigned int len, u32 salt)
{
	KUNIT_EXPECT_TRUE_MSG(vb->test, vb_is_on_disk(vb, sector, len, salt),
			      "%u bytes at %llu are not on the disk", len, (u64)sector);
}
