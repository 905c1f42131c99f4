// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commands that come with ranges: discard, write zeroes, secure erase (virtio 1.3, 5.2.6).
 * A discarded range is filled with a pattern, because nothing may be assumed about it;
 * what was erased reads as zeroes here.
 */
#include <linux/minmax.h>
#include <linux/string.h>

#include "model_blk.h"

#define BM_DISCARDED	0xd1

/* Discards of whole devices should not fill the memory: only what was written counts. */
static int bm_discard(struct bm *bm, u64 sector, u64 nr, bool stable)
{
	u8 pattern[BM_SECTOR];
	unsigned int i;
	int err;

	err = bm_store_zero(bm, sector << BM_SECTOR_SHIFT, nr << BM_SECTOR_SHIFT, stable);
	memset(pattern, BM_DISCARDED, sizeof(pattern));
	for (i = 0; i < min_t(u64, nr, 64) && !err; i++)
		err = bm_store_write(bm, (sector + i) << BM_SECTOR_SHIFT, pattern,
				     sizeof(pattern), stable);
	return err;
}

static u8 bm_do_range(struct bm *bm, struct bm_req *req, u64 sector, u32 nr, bool stable)
{
	int err = 0;

	if (sector > bm->conf.capacity || nr > bm->conf.capacity - sector)
		return BM_S_IOERR;

	switch (req->type) {
	case BM_T_DISCARD:
		err = bm_discard(bm, sector, nr, stable);
		break;
	case BM_T_WRITE_ZEROES:
		err = bm_store_zero(bm, sector << BM_SECTOR_SHIFT,
				    (u64)nr << BM_SECTOR_SHIFT, stable);
		break;
	case BM_T_SECURE_ERASE:
		if (bm->zones)
			return bm_zone_erase(bm, sector, nr);
		err = bm_store_zero(bm, sector << BM_SECTOR_SHIFT,
				    (u64)nr << BM_SECTOR_SHIFT, true);
		break;
	}
	return err ? BM_S_IOERR : BM_S_OK;
}

/**
 * bm_do_ranges() - do a discard, write zeroes or secure erase
 * @bm: the disk; the caller holds &bm.lock
 * @req: the request, checked
 *
 * Context: process.
 * Return: the status.
 */
u8 bm_do_ranges(struct bm *bm, struct bm_req *req)
{
	bool stable = bm_write_through(bm);
	struct bm_range range;
	unsigned int i;
	u8 status;

	for (i = 0; i < req->nr_ranges; i++) {
		if (fv_read(req->chain, req->off + i * sizeof(range), &range,
			    sizeof(range)) != sizeof(range))
			return BM_S_IOERR;
		if (!bm_check_range(bm, req, le64_to_cpu(range.sector),
				    le32_to_cpu(range.num_sectors),
				    le32_to_cpu(range.flags)))
			return BM_S_UNSUPP;
	}
	for (i = 0; i < req->nr_ranges; i++) {
		if (fv_read(req->chain, req->off + i * sizeof(range), &range,
			    sizeof(range)) != sizeof(range))
			return BM_S_IOERR;
		status = bm_do_range(bm, req, le64_to_cpu(range.sector),
				     le32_to_cpu(range.num_sectors), stable);
		if (status)
			return status;
	}
	return BM_S_OK;
}
