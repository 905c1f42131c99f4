// SPDX-License-Identifier: GPL-2.0-only
/*
 * Zones: their states, write pointers and resources (virtio 1.3, 5.2.6 and 5.2.6.2).
 */
#include <linux/math64.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "model_blk.h"

#define bm_zone_bad(bm, fmt, ...)							\
	({									\
		fv_violation((bm)->fv, "5.2.6.1", fmt, ##__VA_ARGS__);		\
		false;								\
	})

/**
 * bm_zones_init() - make the zones that &bm.conf describes, all of them empty
 * @bm: the disk
 * @nr_conv: how many at the beginning are conventional
 *
 * The writable capacity of a zone is three quarters of its size, so that the two are not
 * taken for each other.
 *
 * Context: process.
 * Return: 0, -EINVAL for zones that cannot be, or -ENOMEM.
 */
int bm_zones_init(struct bm *bm, unsigned int nr_conv)
{
	u64 nr, size = bm->conf.zone_sectors;
	unsigned int i;

	if (!size)
		return -EINVAL;
	nr = div64_u64(bm->conf.capacity + size - 1, size);
	if (!nr || nr > BM_MAX_ZONES)
		return -EINVAL;
	bm->zones = kcalloc(nr, sizeof(*bm->zones), GFP_KERNEL);
	if (!bm->zones)
		return -ENOMEM;

	bm->nr_zones = nr;
	for (i = 0; i < nr; i++) {
		struct bm_zone *z = &bm->zones[i];

		z->start = i * size;
		z->wp = z->start;
		z->cap = min_t(u64, size, bm->conf.capacity - z->start);
		if (i < nr_conv) {
			z->type = BM_ZT_CONV;
			z->state = BM_ZS_NOT_WP;
			continue;
		}
		z->cap -= z->cap / 4;
		z->type = bm->conf.zone_model == BM_Z_HA ? BM_ZT_SWP : BM_ZT_SWR;
		z->state = BM_ZS_EMPTY;
	}
	return 0;
}

/**
 * bm_zone_of() - the zone of a sector
 * @bm: the disk; the caller holds &bm.lock
 * @sector: the sector
 *
 * Context: process.
 * Return: the zone, or NULL.
 */
struct bm_zone *bm_zone_of(struct bm *bm, u64 sector)
{
	u64 i;

	if (!bm->zones)
		return NULL;
	i = div64_u64(sector, bm->conf.zone_sectors);
	return i < bm->nr_zones ? &bm->zones[i] : NULL;
}

static bool bm_is_open(const struct bm_zone *z)
{
	return z->state == BM_ZS_IOPEN || z->state == BM_ZS_EOPEN;
}

static bool bm_is_active(const struct bm_zone *z)
{
	return bm_is_open(z) || z->state == BM_ZS_CLOSED;
}

/* Close one that was opened implicitly, to have its resource. */
static bool bm_close_one(struct bm *bm)
{
	unsigned int i;

	for (i = 0; i < bm->nr_zones; i++) {
		if (bm->zones[i].state == BM_ZS_IOPEN) {
			bm->zones[i].state = BM_ZS_CLOSED;
			return true;
		}
	}
	return false;
}

/* Open a zone if there are resources; an explicitly open one stays so. */
static u8 bm_open(struct bm *bm, struct bm_zone *z, u8 state)
{
	u32 max_active = bm->conf.max_active_zones, max_open = bm->conf.max_open_zones;
	unsigned int i, nr_active = 0, nr_open = 0;

	if (bm_is_open(z)) {
		if (state == BM_ZS_EOPEN)
			z->state = BM_ZS_EOPEN;
		return BM_S_OK;
	}
	if (z->state != BM_ZS_EMPTY && z->state != BM_ZS_CLOSED)
		return BM_S_ZONE_INVALID_CMD;

	for (i = 0; i < bm->nr_zones; i++) {
		nr_active += bm_is_active(&bm->zones[i]);
		nr_open += bm_is_open(&bm->zones[i]);
	}
	/* Both at once: that of the active ones is said. */
	if (!bm_is_active(z) && max_active && nr_active >= max_active)
		return BM_S_ZONE_ACTIVE_RESOURCE;
	if (max_open && nr_open >= max_open && !bm_close_one(bm))
		return BM_S_ZONE_OPEN_RESOURCE;
	z->state = state;
	return BM_S_OK;
}

static void bm_reset_zone(struct bm *bm, struct bm_zone *z)
{
	if (!bm_is_active(z) && z->state != BM_ZS_FULL)
		return;
	bm_store_zero(bm, z->start << BM_SECTOR_SHIFT, z->cap << BM_SECTOR_SHIFT, true);
	z->state = BM_ZS_EMPTY;
	z->wp = z->start;
}

/**
 * bm_zone_io() - may a read, or a write where any order is allowed, be done?
 * @bm: the disk; the caller holds &bm.lock
 * @req: the request
 *
 * Context: process.
 * Return: the status.
 */
u8 bm_zone_io(struct bm *bm, const struct bm_req *req)
{
	struct bm_zone *z = bm_zone_of(bm, req->sector);
	u64 last = req->sector + (req->len >> BM_SECTOR_SHIFT) - 1;

	if (!z)
		return BM_S_OK;
	if (z->state == BM_ZS_OFFLINE)
		return BM_S_ZONE_INVALID_CMD;
	if (z->type == BM_ZT_SWR && bm_zone_of(bm, last) != z)
		return BM_S_ZONE_INVALID_CMD;
	return BM_S_OK;
}

/**
 * bm_zone_write() - where does a write go?
 * @bm: the disk; the caller holds &bm.lock
 * @req: a write or an append
 * @sector: where to put the sector
 *
 * The zone is opened and its write pointer is moved.
 *
 * Context: process.
 * Return: the status.
 */
u8 bm_zone_write(struct bm *bm, struct bm_req *req, u64 *sector)
{
	struct bm_zone *z = bm_zone_of(bm, req->sector);
	bool append = req->type == BM_T_ZONE_APPEND;
	u64 nr = req->len >> BM_SECTOR_SHIFT;
	u8 status;

	*sector = req->sector;
	if (!z)
		return append ? BM_S_ZONE_INVALID_CMD : BM_S_OK;
	if (append) {
		if (!bm->conf.max_append_sectors)
			return BM_S_UNSUPP;
		if (z->type != BM_ZT_SWR || req->sector != z->start ||
		    nr > bm->conf.max_append_sectors)
			return BM_S_ZONE_INVALID_CMD;
	}
	if (z->state == BM_ZS_RDONLY)
		return BM_S_ZONE_INVALID_CMD;
	status = bm_zone_io(bm, req);
	if (status || z->type != BM_ZT_SWR)
		return status;

	if (z->state == BM_ZS_FULL || nr > z->start + z->cap - z->wp)
		return BM_S_ZONE_INVALID_CMD;
	if (!append && req->sector != z->wp)
		return BM_S_ZONE_UNALIGNED_WP;
	if (bm->conf.write_granularity && req->len % bm->conf.write_granularity)
		return BM_S_ZONE_UNALIGNED_WP;
	status = bm_open(bm, z, BM_ZS_IOPEN);
	if (status)
		return status;
	*sector = z->wp;
	z->wp += nr;
	if (z->wp == z->start + z->cap)
		z->state = BM_ZS_FULL;
	return BM_S_OK;
}

static u8 bm_close(struct bm_zone *z)
{
	if (!bm_is_active(z))
		return BM_S_ZONE_INVALID_CMD;
	if (z->state == BM_ZS_EOPEN && z->wp == z->start)
		z->state = BM_ZS_EMPTY;
	else
		z->state = BM_ZS_CLOSED;
	return BM_S_OK;
}

static u8 bm_finish(struct bm_zone *z)
{
	if (z->state == BM_ZS_RDONLY)
		return BM_S_ZONE_INVALID_CMD;
	z->state = BM_ZS_FULL;
	z->wp = z->start + z->cap;
	return BM_S_OK;
}

/**
 * bm_zone_mgmt() - do a command on zones
 * @bm: the disk; the caller holds &bm.lock
 * @req: the command
 *
 * Context: process.
 * Return: the status.
 */
u8 bm_zone_mgmt(struct bm *bm, const struct bm_req *req)
{
	struct bm_zone *z = bm_zone_of(bm, req->sector);
	unsigned int i;

	if (req->type == BM_T_ZONE_RESET_ALL) {
		for (i = 0; i < bm->nr_zones; i++)
			bm_reset_zone(bm, &bm->zones[i]);
		return BM_S_OK;
	}
	if (!z || z->type == BM_ZT_CONV || z->state == BM_ZS_OFFLINE)
		return BM_S_ZONE_INVALID_CMD;

	switch (req->type) {
	case BM_T_ZONE_OPEN:
		return bm_open(bm, z, BM_ZS_EOPEN);
	case BM_T_ZONE_CLOSE:
		return bm_close(z);
	case BM_T_ZONE_FINISH:
		return bm_finish(z);
	default:
		if (z->state == BM_ZS_RDONLY)
			return BM_S_ZONE_INVALID_CMD;
		bm_reset_zone(bm, z);
		return BM_S_OK;
	}
}

/**
 * bm_zone_report() - describe zones
 * @bm: the disk; the caller holds &bm.lock
 * @req: the request
 * @len: where to put the bytes written
 *
 * Context: process.
 * Return: the status.
 */
u8 bm_zone_report(struct bm *bm, const struct bm_req *req, u32 *len)
{
	struct bm_zone *z = bm_zone_of(bm, req->sector);
	struct bm_zone_report head = { };
	size_t room, at = sizeof(head);
	u64 nr = 0;

	if (!z)
		return BM_S_ZONE_INVALID_CMD;
	if (req->len < sizeof(head))
		return BM_S_IOERR;

	for (room = req->len - at; room >= sizeof(struct bm_zone_desc);
	     room -= sizeof(struct bm_zone_desc)) {
		struct bm_zone_desc desc = { };

		if (z == bm->zones + bm->nr_zones)
			break;
		desc.z_cap = cpu_to_le64(z->cap);
		desc.z_start = cpu_to_le64(z->start);
		desc.z_wp = cpu_to_le64(z->wp);
		desc.z_type = z->type;
		desc.z_state = z->state;
		at += fv_write(req->chain, at, &desc, sizeof(desc));
		z++;
		nr++;
	}
	head.nr_zones = cpu_to_le64(nr);
	fv_write(req->chain, 0, &head, sizeof(head));
	*len = at;
	return BM_S_OK;
}

/**
 * bm_zone_erase() - secure erase: like a reset of the zones (5.2.6.2)
 * @bm: the disk; the caller holds &bm.lock
 * @sector: first
 * @nr: sectors
 *
 * Context: process.
 * Return: the status.
 */
u8 bm_zone_erase(struct bm *bm, u64 sector, u64 nr)
{
	u64 size = bm->conf.zone_sectors, end = sector + nr;
	u64 first = div64_u64(sector, size), past = div64_u64(end, size);

	if (first * size != sector || past * size != end)
		return BM_S_ZONE_INVALID_CMD;
	for (; sector < end; sector += size)
		bm_reset_zone(bm, bm_zone_of(bm, sector));
	return BM_S_OK;
}

/* Writes to sequential zones. */
static bool bm_zone_check_write(struct bm *bm, const struct bm_req *req,
				const struct bm_zone *z)
{
	u32 grain = bm->conf.write_granularity;

	if (req->type == BM_T_ZONE_APPEND) {
		if (req->sector != z->start)
			return bm_zone_bad(bm, "append to sector %llu, the zone is at %llu",
				      req->sector, z->start);
		if (req->len >> BM_SECTOR_SHIFT > bm->conf.max_append_sectors)
			return bm_zone_bad(bm, "append of %zu bytes", req->len);
	}
	if (z->type == BM_ZT_CONV || !grain)
		return true;
	if (req->len % grain || (req->sector << BM_SECTOR_SHIFT) % grain)
		return bm_zone_bad(bm, "%zu bytes at %llu, the granule is %u", req->len,
			      req->sector, grain);
	if (z->type == BM_ZT_SWR && z->state != BM_ZS_FULL &&
	    req->len >> BM_SECTOR_SHIFT > z->start + z->cap - z->wp)
		return bm_zone_bad(bm, "%zu bytes are more than the zone at %llu has room for",
			      req->len, z->start);
	return true;
}

/**
 * bm_zone_check() - may the driver send this to zones?
 * @bm: the disk; the caller holds &bm.lock
 * @req: the request
 *
 * Context: process.
 * Return: whether it may.
 */
bool bm_zone_check(struct bm *bm, const struct bm_req *req)
{
	struct bm_zone *z = bm_zone_of(bm, req->sector);

	if (!bm->zones)
		return true;
	switch (req->type) {
	case BM_T_OUT:
	case BM_T_ZONE_APPEND:
		return !z || bm_zone_check_write(bm, req, z);
	case BM_T_ZONE_REPORT:
		return z || bm_zone_bad(bm, "report of sector %llu", req->sector);
	case BM_T_ZONE_OPEN:
	case BM_T_ZONE_CLOSE:
	case BM_T_ZONE_FINISH:
	case BM_T_ZONE_RESET:
		return (z && req->sector == z->start) ||
		       bm_zone_bad(bm, "type %u on sector %llu", req->type, req->sector);
	default:
		return true;
	}
}
