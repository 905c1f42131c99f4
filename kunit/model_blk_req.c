// SPDX-License-Identifier: GPL-2.0-only
/*
 * The way of a request through the modelled disk: taken apart, checked, treated by a
 * rule if one fits, done, logged, answered.
 */
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/random.h>
#include <linux/string.h>

#include "model_blk.h"

#define BM_BOUNCE	512

static u64 bm_noise(struct bm *bm)
{
	/* xorshift64: never zero, and the same each time. */
	bm->noise ^= bm->noise << 13;
	bm->noise ^= bm->noise >> 7;
	bm->noise ^= bm->noise << 17;
	return bm->noise;
}

static u8 bm_do_in(struct bm *bm, struct bm_req *req)
{
	u8 buf[BM_BOUNCE];
	size_t at, n, i;
	u8 status;

	if (req->sector > bm->conf.capacity ||
	    req->len >> BM_SECTOR_SHIFT > bm->conf.capacity - req->sector)
		return BM_S_IOERR;
	status = bm_zone_io(bm, req);
	if (status)
		return status;
	for (at = 0; at < req->len; at += n) {
		n = min_t(size_t, sizeof(buf), req->len - at);
		bm_store_read(bm, (req->sector << BM_SECTOR_SHIFT) + at, buf, n);
		for (i = 0; req->noise && i < n; i++)
			buf[i] = bm_noise(bm);
		fv_write(req->chain, at, buf, n);
	}
	return BM_S_OK;
}

static u8 bm_do_out(struct bm *bm, struct bm_req *req)
{
	bool stable = bm_write_through(bm);
	u8 buf[BM_BOUNCE], status;
	size_t at, n;
	__le64 where;
	u64 sector;

	status = bm_zone_write(bm, req, &sector);
	if (status)
		return status;
	if (sector > bm->conf.capacity ||
	    req->len >> BM_SECTOR_SHIFT > bm->conf.capacity - sector)
		return BM_S_IOERR;
	for (at = 0; at < req->len; at += n) {
		n = min_t(size_t, sizeof(buf), req->len - at);
		/* A queue that has died meanwhile gives nothing. */
		if (fv_read(req->chain, req->off + at, buf, n) != n ||
		    bm_store_write(bm, (sector << BM_SECTOR_SHIFT) + at, buf, n, stable))
			return BM_S_IOERR;
	}
	if (req->type == BM_T_ZONE_APPEND) {
		where = cpu_to_le64(sector);
		fv_write(req->chain, 0, &where, sizeof(where));
	}
	return BM_S_OK;
}

static u8 bm_do(struct bm *bm, struct bm_req *req, u32 *len)
{
	switch (req->type) {
	case BM_T_IN:
		*len = req->len;
		return bm_do_in(bm, req);
	case BM_T_ZONE_APPEND:
		*len = sizeof(__le64);
		fallthrough;
	case BM_T_OUT:
		return bm_do_out(bm, req);
	case BM_T_FLUSH:
		return bm_store_flush(bm) ? BM_S_IOERR : BM_S_OK;
	case BM_T_GET_ID:
		*len = fv_write(req->chain, 0, bm->id, BM_ID_BYTES);
		return BM_S_OK;
	case BM_T_GET_LIFETIME:
		*len = fv_write(req->chain, 0, &bm->lifetime, sizeof(bm->lifetime));
		return BM_S_OK;
	case BM_T_ZONE_REPORT:
		return bm_zone_report(bm, req, len);
	case BM_T_DISCARD:
	case BM_T_WRITE_ZEROES:
	case BM_T_SECURE_ERASE:
		return bm_do_ranges(bm, req);
	default:
		return bm_zone_mgmt(bm, req);
	}
}

static void bm_log(struct bm *bm, const struct bm_req *req, u8 status)
{
	struct bm_entry *e = &bm->log[bm->nr_log++ % BM_LOG_LEN];
	struct bm_range range;
	unsigned int i;

	memset(e, 0, sizeof(*e));
	e->type = req->type;
	e->sector = req->sector;
	e->len = req->len;
	e->segs = req->segs;
	e->flags = req->flags;
	e->queue = req->chain->q->index;
	e->status = status;
	if (req->nr_ranges)
		e->len = 0;
	for (i = 0; i < req->nr_ranges; i++) {
		if (fv_read(req->chain, req->off + i * sizeof(range), &range,
			    sizeof(range)) != sizeof(range))
			break;
		e->len += (u64)le32_to_cpu(range.num_sectors) << BM_SECTOR_SHIFT;
	}
	bm->count[req->type]++;
}

/* How many bytes to claim if so many were written, and the status after them. */
static u32 bm_used_len(const struct bm *bm, const struct fv_chain *chain, u32 written)
{
	switch (bm->len_mode) {
	case BM_LEN_TOTAL:
		return chain->in_len;
	case BM_LEN_ONE:
		return 1;
	case BM_LEN_ZERO:
		return 0;
	default:
		return written;
	}
}

static int bm_answer(struct bm *bm, struct fv_chain *chain, u32 len, u8 status)
{
	fv_write(chain, chain->in_len - 1, &status, 1);
	/* What comes before the status counts only if it was written as a whole. */
	if (len != chain->in_len - 1)
		return bm_used_len(bm, chain, len);
	return bm_used_len(bm, chain, len + 1);
}

static struct bm_rule *bm_find_rule(struct bm *bm, const struct bm_req *req)
{
	u64 nr = max_t(u64, req->len >> BM_SECTOR_SHIFT, 1);
	unsigned int i;

	for (i = 0; i < BM_MAX_RULES; i++) {
		struct bm_rule *rule = &bm->rules[i];

		if (!rule->left)
			continue;
		if (rule->type != BM_ANY_TYPE && rule->type != req->type)
			continue;
		if (rule->sector != BM_ANY_SECTOR &&
		    (rule->sector < req->sector || rule->sector - req->sector >= nr))
			continue;
		rule->left--;
		return rule;
	}
	return NULL;
}

static int bm_execute(struct bm *bm, struct fv_chain *chain, bool rules)
{
	struct bm_rule *rule = NULL;
	struct bm_req req;
	u32 len = 0;
	u8 status;

	if (!bm_parse(bm, chain, &req))
		return chain->in_len ? bm_answer(bm, chain, 0, BM_S_IOERR) : 0;
	if (rules)
		rule = bm_find_rule(bm, &req);
	if (rule && rule->action == BM_HOLD && bm->nr_held < BM_MAX_HELD) {
		bm->held[bm->nr_held++] = chain;
		return -EINPROGRESS;
	}
	if (!bm_check(bm, &req)) {
		bm_log(bm, &req, BM_S_IOERR);
		return bm_answer(bm, chain, 0, BM_S_IOERR);
	}

	req.noise = rule && rule->action == BM_GARBAGE;
	if (rule && rule->action == BM_FAIL)
		status = rule->status;
	else
		status = bm_do(bm, &req, &len);
	if (rule && rule->action == BM_STATUS)
		status = rule->status;
	bm_log(bm, &req, status);
	if (rule && rule->action == BM_NO_STATUS)
		return bm_used_len(bm, chain, len);
	/* Of a request that failed, nothing but the status is worth reading. */
	return bm_answer(bm, chain, status && rule && rule->action == BM_FAIL ? 0 : len, status);
}

/**
 * bm_handle() - do a request
 * @q: where it came from
 * @chain: the request
 *
 * Context: process.
 * Return: the used length, or -EINPROGRESS if a rule keeps it.
 */
int bm_handle(struct fv_queue *q, struct fv_chain *chain)
{
	struct bm *bm = q->fv->model_data;
	int ret;

	mutex_lock(&bm->lock);
	ret = bm_execute(bm, chain, true);
	mutex_unlock(&bm->lock);
	return ret;
}

/**
 * bm_add_rule() - treat some requests apart
 * @bm: the disk
 * @rule: how; there is room for BM_MAX_RULES, the last one is replaced if all are in use
 *
 * Context: process.
 */
void bm_add_rule(struct bm *bm, const struct bm_rule *rule)
{
	unsigned int i;

	mutex_lock(&bm->lock);
	for (i = 0; i < BM_MAX_RULES - 1; i++) {
		if (!bm->rules[i].left)
			break;
	}
	bm->rules[i] = *rule;
	mutex_unlock(&bm->lock);
}

/**
 * bm_clear_rules() - treat all requests alike again
 * @bm: the disk
 *
 * Context: process.
 */
void bm_clear_rules(struct bm *bm)
{
	mutex_lock(&bm->lock);
	memset(bm->rules, 0, sizeof(bm->rules));
	mutex_unlock(&bm->lock);
}

/**
 * bm_nr_held() - how many requests are kept
 * @bm: the disk
 *
 * Context: process.
 * Return: their number.
 */
unsigned int bm_nr_held(struct bm *bm)
{
	unsigned int nr;

	mutex_lock(&bm->lock);
	nr = bm->nr_held;
	mutex_unlock(&bm->lock);
	return nr;
}

/**
 * bm_wait_held() - wait until requests are kept
 * @bm: the disk
 * @nr: how many
 * @ms: how long at most
 *
 * Context: process; sleeps.
 * Return: whether there are so many.
 */
bool bm_wait_held(struct bm *bm, unsigned int nr, unsigned int ms)
{
	unsigned long end = jiffies + msecs_to_jiffies(ms);

	while (bm_nr_held(bm) < nr) {
		if (time_after(jiffies, end))
			return bm_nr_held(bm) >= nr;
		usleep_range(200, 400);
	}
	return true;
}

/* Which of the requests that are kept is the next. */
static unsigned int bm_next_held(struct bm *bm, enum fv_order order)
{
	switch (order) {
	case FV_LIFO:
		return bm->nr_held - 1;
	case FV_RANDOM:
		return bm_noise(bm) % bm->nr_held;
	default:
		return 0;
	}
}

/**
 * bm_release() - do and complete requests that are kept
 * @bm: the disk
 * @order: in which order
 * @max: how many at most
 *
 * Context: process.
 * Return: how many.
 */
unsigned int bm_release(struct bm *bm, enum fv_order order, unsigned int max)
{
	unsigned int i, n = 0;

	mutex_lock(&bm->lock);
	while (bm->nr_held && n < max) {
		struct fv_chain *chain;

		i = bm_next_held(bm, order);
		chain = bm->held[i];
		bm->nr_held--;
		memmove(&bm->held[i], &bm->held[i + 1],
			(bm->nr_held - i) * sizeof(bm->held[0]));
		fv_push(chain, bm_execute(bm, chain, false));
		n++;
	}
	mutex_unlock(&bm->lock);
	return n;
}

/**
 * bm_count() - how many requests of a type were done
 * @bm: the disk
 * @type: BM_T_x
 *
 * Context: process.
 * Return: their number.
 */
u64 bm_count(struct bm *bm, u32 type)
{
	u64 n;

	mutex_lock(&bm->lock);
	n = bm->count[type];
	mutex_unlock(&bm->lock);
	return n;
}

/**
 * bm_logged() - look at a request in the log
 * @bm: the disk
 * @back: 0 for the last one, 1 for the one before
 * @entry: where to put it
 *
 * Context: process.
 * Return: whether the log has it.
 */
bool bm_logged(struct bm *bm, unsigned int back, struct bm_entry *entry)
{
	bool found = false;

	mutex_lock(&bm->lock);
	if (back < BM_LOG_LEN && back < bm->nr_log) {
		*entry = bm->log[(bm->nr_log - 1 - back) % BM_LOG_LEN];
		found = true;
	}
	mutex_unlock(&bm->lock);
	return found;
}
