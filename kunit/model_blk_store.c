// SPDX-License-Identifier: GPL-2.0-only
/*
 * The data of the modelled disk, and its write cache: a page that was written is in
 * &bm.live and marked. A flush copies what is marked to &bm.stable, which is all that
 * a power cut leaves (virtio 1.3, 5.2.6.2: a write is stable once it is completed and a
 * flush that was sent after that is completed, or if the cache was off).
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "model_blk.h"

#define BM_DIRTY	XA_MARK_0

/**
 * bm_write_through() - is what is written now stable once it is completed?
 * @bm: the disk; the caller holds &bm.lock
 *
 * Context: process.
 * Return: whether it is.
 */
bool bm_write_through(struct bm *bm)
{
	if (!fv_negotiated(bm->fv, BM_F_FLUSH))
		return true;
	/* Who cannot switch the cache has to reckon with it (5.2.5.1). */
	return fv_negotiated(bm->fv, BM_F_CONFIG_WCE) && !bm->conf.writeback;
}

static void *bm_page(struct xarray *xa, u64 index)
{
	void *page = xa_load(xa, index);
	int err;

	if (page)
		return page;
	page = kzalloc(PAGE_SIZE, GFP_KERNEL);
	if (!page)
		return NULL;
	err = xa_err(xa_store(xa, index, page, GFP_KERNEL));
	if (err) {
		kfree(page);
		return NULL;
	}
	return page;
}

/* One page at most. Without @buf, zeroes. */
static int bm_write_piece(struct bm *bm, u64 index, size_t off, const void *buf,
			  size_t len, bool stable)
{
	void *page, *copy;

	/* What was never written is zero already. */
	if (!buf && !xa_load(&bm->live, index))
		return 0;
	page = bm_page(&bm->live, index);
	if (!page)
		return -ENOMEM;
	if (buf)
		memcpy(page + off, buf, len);
	else
		memset(page + off, 0, len);
	if (!stable) {
		xa_set_mark(&bm->live, index, BM_DIRTY);
		return 0;
	}

	/* Other sectors of the page can still be in the cache. */
	copy = bm_page(&bm->stable, index);
	if (!copy)
		return -ENOMEM;
	memcpy(copy + off, page + off, len);
	return 0;
}

/**
 * bm_store_write() - write to the disk
 * @bm: the disk; the caller holds &bm.lock
 * @byte: where
 * @buf: what
 * @len: bytes
 * @stable: past the cache
 *
 * Context: process.
 * Return: 0 or -ENOMEM.
 */
int bm_store_write(struct bm *bm, u64 byte, const void *buf, size_t len, bool stable)
{
	while (len) {
		size_t off = byte & ~PAGE_MASK;
		size_t n = min_t(size_t, len, PAGE_SIZE - off);
		int err = bm_write_piece(bm, byte >> PAGE_SHIFT, off, buf, n, stable);

		if (err)
			return err;
		byte += n;
		buf += n;
		len -= n;
	}
	return 0;
}

/**
 * bm_store_zero() - write zeroes
 * @bm: the disk; the caller holds &bm.lock
 * @byte: where
 * @len: bytes; may be huge, only what was ever written is looked at
 * @stable: past the cache
 *
 * Context: process.
 * Return: 0 or -ENOMEM.
 */
int bm_store_zero(struct bm *bm, u64 byte, u64 len, bool stable)
{
	unsigned long index, last;
	u64 end = byte + len;
	void *page;
	int err;

	if (!len)
		return 0;
	last = (end - 1) >> PAGE_SHIFT;
	xa_for_each_range(&bm->live, index, page, byte >> PAGE_SHIFT, last) {
		u64 from = max_t(u64, byte, (u64)index << PAGE_SHIFT);
		u64 to = min_t(u64, end, ((u64)index + 1) << PAGE_SHIFT);

		err = bm_write_piece(bm, index, from & ~PAGE_MASK, NULL, to - from, stable);
		if (err)
			return err;
	}
	return 0;
}

/**
 * bm_store_read() - read from the disk
 * @bm: the disk; the caller holds &bm.lock
 * @byte: where
 * @buf: where to
 * @len: bytes
 *
 * Context: process.
 */
void bm_store_read(struct bm *bm, u64 byte, void *buf, size_t len)
{
	while (len) {
		size_t off = byte & ~PAGE_MASK;
		size_t n = min_t(size_t, len, PAGE_SIZE - off);
		void *page = xa_load(&bm->live, byte >> PAGE_SHIFT);

		if (page)
			memcpy(buf, page + off, n);
		else
			memset(buf, 0, n);
		byte += n;
		buf += n;
		len -= n;
	}
}

/**
 * bm_store_flush() - empty the cache
 * @bm: the disk; the caller holds &bm.lock
 *
 * Context: process.
 * Return: 0 or -ENOMEM.
 */
int bm_store_flush(struct bm *bm)
{
	unsigned long index;
	void *page, *copy;

	xa_for_each_marked(&bm->live, index, page, BM_DIRTY) {
		copy = bm_page(&bm->stable, index);
		if (!copy)
			return -ENOMEM;
		memcpy(copy, page, PAGE_SIZE);
		xa_clear_mark(&bm->live, index, BM_DIRTY);
	}
	return 0;
}

static void bm_xa_free(struct xarray *xa)
{
	unsigned long index;
	void *page;

	xa_for_each(xa, index, page)
		kfree(page);
	xa_destroy(xa);
}

/**
 * bm_store_free() - give the memory of the disk back
 * @bm: the disk, in use by nobody
 *
 * Context: process.
 */
void bm_store_free(struct bm *bm)
{
	bm_xa_free(&bm->live);
	bm_xa_free(&bm->stable);
}

/**
 * bm_power_cut() - lose what is in the cache
 * @bm: the disk
 *
 * Context: process.
 */
void bm_power_cut(struct bm *bm)
{
	unsigned long index;
	void *page, *copy;

	mutex_lock(&bm->lock);
	xa_for_each_marked(&bm->live, index, page, BM_DIRTY) {
		copy = xa_load(&bm->stable, index);
		if (copy)
			memcpy(page, copy, PAGE_SIZE);
		else
			memset(page, 0, PAGE_SIZE);
		xa_clear_mark(&bm->live, index, BM_DIRTY);
	}
	mutex_unlock(&bm->lock);
}

/**
 * bm_peek() - look at the disk from behind
 * @bm: the disk
 * @sector: where
 * @buf: where to
 * @len: bytes
 *
 * Context: process.
 */
void bm_peek(struct bm *bm, u64 sector, void *buf, size_t len)
{
	mutex_lock(&bm->lock);
	bm_store_read(bm, sector << BM_SECTOR_SHIFT, buf, len);
	mutex_unlock(&bm->lock);
}

/**
 * bm_poke() - write to the disk from behind, past the cache
 * @bm: the disk
 * @sector: where
 * @buf: what
 * @len: bytes
 *
 * Context: process.
 * Return: 0 or -ENOMEM.
 */
int bm_poke(struct bm *bm, u64 sector, const void *buf, size_t len)
{
	int err;

	mutex_lock(&bm->lock);
	err = bm_store_write(bm, sector << BM_SECTOR_SHIFT, buf, len, true);
	mutex_unlock(&bm->lock);
	return err;
}
