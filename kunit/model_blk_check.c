// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a driver must not do, by section of the specification (virtio 1.3). A request
 * that is wrong counts as a violation and is answered with an error.
 */
#include <linux/log2.h>
#include <linux/virtio_byteorder.h>

#include "model_blk.h"

#define bm_bad(bm, section, fmt, ...)						\
	({									\
		fv_violation((bm)->fv, section, fmt, ##__VA_ARGS__);		\
		false;								\
	})

enum bm_dir {
	BM_NO_DATA,
	BM_READABLE,
	BM_WRITABLE,
	BM_UNKNOWN,
};

/* What a type of request needs, and which way its data go. */
struct bm_type {
	bool known;
	s8 feature;
	u8 dir;
	bool sector;
	bool write;
};

static const struct bm_type bm_types[BM_T_NR] = {
	[BM_T_IN] = { true, -1, BM_WRITABLE, true, false },
	[BM_T_OUT] = { true, -1, BM_READABLE, true, true },
	[BM_T_FLUSH] = { true, BM_F_FLUSH, BM_NO_DATA, false, false },
	[BM_T_GET_ID] = { true, -1, BM_WRITABLE, false, false },
	[BM_T_GET_LIFETIME] = { true, BM_F_LIFETIME, BM_WRITABLE, false, false },
	[BM_T_DISCARD] = { true, BM_F_DISCARD, BM_READABLE, false, true },
	[BM_T_WRITE_ZEROES] = { true, BM_F_WRITE_ZEROES, BM_READABLE, false, true },
	[BM_T_SECURE_ERASE] = { true, BM_F_SECURE_ERASE, BM_READABLE, false, true },
	[BM_T_ZONE_APPEND] = { true, BM_F_ZONED, BM_READABLE, true, true },
	[BM_T_ZONE_REPORT] = { true, BM_F_ZONED, BM_WRITABLE, true, false },
	[BM_T_ZONE_OPEN] = { true, BM_F_ZONED, BM_NO_DATA, true, true },
	[BM_T_ZONE_CLOSE] = { true, BM_F_ZONED, BM_NO_DATA, true, true },
	[BM_T_ZONE_FINISH] = { true, BM_F_ZONED, BM_NO_DATA, true, true },
	[BM_T_ZONE_RESET] = { true, BM_F_ZONED, BM_NO_DATA, true, true },
	[BM_T_ZONE_RESET_ALL] = { true, BM_F_ZONED, BM_NO_DATA, false, true },
};

/* Pieces of @seg that have something of @len bytes at @off; -1 if one is too long. */
static int bm_pieces(const struct fv_seg *seg, unsigned int nr, size_t off, size_t len,
		     u32 longest)
{
	unsigned int i;
	size_t at = 0;
	int n = 0;

	for (i = 0; i < nr; at += seg[i++].len) {
		if (at + seg[i].len <= off || at >= off + len)
			continue;
		if (seg[i].len > longest)
			return -1;
		n++;
	}
	return n;
}

/* 5.2.6.4: one descriptor for the header and one for the status, in the old days. */
static bool bm_check_framing(struct bm *bm, const struct fv_chain *chain)
{
	if (fv_negotiated(bm->fv, VIRTIO_F_VERSION_1) ||
	    fv_negotiated(bm->fv, VIRTIO_F_ANY_LAYOUT))
		return true;
	if (chain->seg[0].len != sizeof(struct bm_hdr))
		return bm_bad(bm, "5.2.6.4", "header descriptor of %u bytes",
			      chain->seg[0].len);
	if (chain->seg[chain->nr_out + chain->nr_in - 1].len != 1)
		return bm_bad(bm, "5.2.6.4", "status descriptor of %u bytes",
			      chain->seg[chain->nr_out + chain->nr_in - 1].len);
	return true;
}

/* Find the data: between the header and the status. */
static bool bm_find_data(struct bm *bm, struct bm_req *req)
{
	const struct fv_chain *chain = req->chain;
	size_t tail = req->type == BM_T_ZONE_APPEND ? 9 : 1;

	if (chain->in_len < tail)
		return bm_bad(bm, "5.2.6", "type %u with room for %zu bytes of %zu",
			      req->type, chain->in_len, tail);

	switch (bm_types[req->type].dir) {
	case BM_READABLE:
		if (chain->in_len != tail)
			return bm_bad(bm, "5.2.6", "type %u with %zu writable bytes",
				      req->type, chain->in_len);
		req->off = sizeof(struct bm_hdr);
		req->len = chain->out_len - sizeof(struct bm_hdr);
		break;
	case BM_WRITABLE:
		if (chain->out_len != sizeof(struct bm_hdr))
			return bm_bad(bm, "5.2.6", "type %u with %zu readable bytes",
				      req->type, chain->out_len);
		req->len = chain->in_len - 1;
		break;
	default:
		if (chain->out_len != sizeof(struct bm_hdr) || chain->in_len != 1)
			return bm_bad(bm, "5.2.6.1", "type %u with data", req->type);
	}
	return true;
}

/**
 * bm_parse() - take a request apart
 * @bm: the disk; the caller holds &bm.lock
 * @chain: the request
 * @req: to be filled in
 *
 * Context: process.
 * Return: whether it can be looked at any further.
 */
bool bm_parse(struct bm *bm, struct fv_chain *chain, struct bm_req *req)
{
	struct bm_hdr hdr;
	struct bm_range range;

	memset(req, 0, sizeof(*req));
	req->chain = chain;
	req->type = BM_T_NR;
	if (chain->out_len < sizeof(hdr))
		return bm_bad(bm, "5.2.6", "header of %zu bytes", chain->out_len);
	if (!chain->in_len)
		return bm_bad(bm, "5.2.6", "no room for a status");
	if (!bm_check_framing(bm, chain))
		return false;

	/* The queue has died meanwhile: nothing in it may be touched. */
	if (fv_read(chain, 0, &hdr, sizeof(hdr)) != sizeof(hdr))
		return false;
	req->type = __virtio32_to_cpu(bm->little, hdr.type);
	req->sector = __virtio64_to_cpu(bm->little, hdr.sector);
	if (req->type >= BM_T_NR || !bm_types[req->type].known) {
		req->type = BM_T_NR;
		return bm_bad(bm, "5.2.6", "unknown type %u",
			      __virtio32_to_cpu(bm->little, hdr.type));
	}
	/* It was a priority once. */
	if (fv_negotiated(bm->fv, VIRTIO_F_VERSION_1) && hdr.reserved)
		return bm_bad(bm, "5.2.6", "reserved field is not zero");
	if (!bm_types[req->type].sector && req->sector)
		return bm_bad(bm, "5.2.6", "type %u with sector %llu", req->type,
			      req->sector);
	if (!bm_find_data(bm, req))
		return false;

	if (req->type == BM_T_DISCARD || req->type == BM_T_WRITE_ZEROES ||
	    req->type == BM_T_SECURE_ERASE) {
		req->nr_ranges = req->len / sizeof(range);
		if (!req->nr_ranges || req->len % sizeof(range))
			return bm_bad(bm, "5.2.6.1", "type %u with %zu bytes of ranges",
				      req->type, req->len);
		if (fv_read(chain, req->off, &range, sizeof(range)) != sizeof(range))
			return false;
		req->sector = le64_to_cpu(range.sector);
		req->flags = le32_to_cpu(range.flags);
	}
	return true;
}

static bool bm_check_segs(struct bm *bm, struct bm_req *req)
{
	const struct fv_chain *chain = req->chain;
	const struct fv_seg *seg = chain->seg;
	unsigned int nr = chain->nr_out;
	u32 longest = U32_MAX;
	int n;

	if (fv_negotiated(bm->fv, BM_F_SIZE_MAX) && !bm->loose)
		longest = bm->seen.size_max ?: U32_MAX;
	if (bm_types[req->type].dir == BM_WRITABLE) {
		seg += nr;
		nr = chain->nr_in;
	}
	n = bm_pieces(seg, nr, req->off, req->len, longest);
	if (n < 0)
		return bm_bad(bm, "5.2.3", "a segment of more than %u bytes", longest);
	req->segs = n;
	if (fv_negotiated(bm->fv, BM_F_SEG_MAX) && !bm->loose &&
	    n > max(bm->seen.seg_max, 1u))
		return bm_bad(bm, "5.2.3", "%d segments, at most %u are allowed", n,
			      bm->seen.seg_max);
	return true;
}

/* Size and place of what is read and written. */
static bool bm_check_io(struct bm *bm, const struct bm_req *req)
{
	u64 nr = req->len >> BM_SECTOR_SHIFT;
	u32 block = bm->seen.blk_size;

	if (req->len % BM_SECTOR || !req->len)
		return bm_bad(bm, "5.2.6.1", "type %u with %zu bytes", req->type, req->len);
	if (req->type != BM_T_ZONE_APPEND &&
	    (req->sector > bm->reach || nr > bm->reach - req->sector))
		return bm_bad(bm, "5.2.6.1", "%llu sectors at %llu, the capacity is %llu",
			      nr, req->sector, bm->reach);
	if (bm->loose || !fv_negotiated(bm->fv, BM_F_BLK_SIZE) || !is_power_of_2(block) ||
	    block < BM_SECTOR || block > PAGE_SIZE)
		return true;
	if (req->len % block || (req->sector << BM_SECTOR_SHIFT) % block)
		return bm_bad(bm, "5.2.5", "%zu bytes at sector %llu, blocks have %u",
			      req->len, req->sector, block);
	return true;
}

static bool bm_check_nr_ranges(struct bm *bm, const struct bm_req *req)
{
	u32 most = 0;

	switch (req->type) {
	case BM_T_DISCARD:
		most = bm->seen.max_discard_seg;
		break;
	case BM_T_WRITE_ZEROES:
		most = bm->seen.max_write_zeroes_seg;
		break;
	case BM_T_SECURE_ERASE:
		most = bm->seen.max_secure_erase_seg;
		break;
	}
	if (!bm->loose && most && req->nr_ranges > most)
		return bm_bad(bm, "5.2.6.1", "type %u with %u ranges, at most %u are allowed",
			      req->type, req->nr_ranges, most);
	return true;
}

/**
 * bm_check_range() - is a range of a discard and the like as it has to be?
 * @bm: the disk; the caller holds &bm.lock
 * @req: the request
 * @sector: first
 * @nr: sectors
 * @flags: of the range
 *
 * Context: process.
 * Return: whether it is.
 */
bool bm_check_range(struct bm *bm, const struct bm_req *req, u64 sector, u32 nr, u32 flags)
{
	u32 most = 0, allowed = 0;

	switch (req->type) {
	case BM_T_DISCARD:
		most = bm->seen.max_discard_sectors;
		break;
	case BM_T_WRITE_ZEROES:
		most = bm->seen.max_write_zeroes_sectors;
		allowed = BM_FLAG_UNMAP;
		break;
	case BM_T_SECURE_ERASE:
		most = bm->seen.max_secure_erase_sectors;
		break;
	}
	if (flags & ~allowed)
		return bm_bad(bm, "5.2.6.1", "type %u with flags %#x", req->type, flags);
	if (!bm->loose && most && nr > most)
		return bm_bad(bm, "5.2.4", "type %u of %u sectors, at most %u are allowed",
			      req->type, nr, most);
	if (sector > bm->reach || nr > bm->reach - sector)
		return bm_bad(bm, "5.2.6.1", "%u sectors at %llu, the capacity is %llu",
			      nr, sector, bm->reach);
	return true;
}

/**
 * bm_check() - is a request one that the driver may send?
 * @bm: the disk; the caller holds &bm.lock
 * @req: the request, after bm_parse()
 *
 * Context: process.
 * Return: whether it is.
 */
bool bm_check(struct bm *bm, struct bm_req *req)
{
	const struct bm_type *type = &bm_types[req->type];

	if (type->feature >= 0 && !fv_negotiated(bm->fv, type->feature))
		return bm_bad(bm, "5.2.3", "type %u without feature %d", req->type,
			      type->feature);
	if (type->write && fv_negotiated(bm->fv, BM_F_RO))
		return bm_bad(bm, "5.2.5", "type %u on a read-only device", req->type);
	if (!bm_check_segs(bm, req))
		return false;

	switch (req->type) {
	case BM_T_IN:
	case BM_T_OUT:
	case BM_T_ZONE_APPEND:
		if (!bm_check_io(bm, req))
			return false;
		break;
	case BM_T_GET_ID:
		if (req->len != BM_ID_BYTES)
			return bm_bad(bm, "5.2.6.1", "%zu bytes for an id", req->len);
		break;
	case BM_T_GET_LIFETIME:
		if (req->len != sizeof(struct bm_lifetime))
			return bm_bad(bm, "5.2.6", "%zu bytes for a lifetime", req->len);
		break;
	case BM_T_DISCARD:
	case BM_T_WRITE_ZEROES:
	case BM_T_SECURE_ERASE:
		if (!bm_check_nr_ranges(bm, req))
			return false;
		break;
	}
	return bm_zone_check(bm, req);
}
