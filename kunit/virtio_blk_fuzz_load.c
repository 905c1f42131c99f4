// SPDX-License-Identifier: GPL-2.0-only
/*
 * The load of the fuzzer: requests of all kinds at random, and a look at what was read.
 * Each slot has sectors of its own and one request at a time, so what its sectors hold
 * is known, as long as no write to them has failed.
 */
#include <linux/bio.h>
#include <linux/jiffies.h>
#include <linux/mm.h>

#include "virtio_blk_fuzz.h"

#define BF_BATCH	16

static u32 bf_word(const struct bf_slot *slot, unsigned int sector, unsigned int i, u32 salt)
{
	return salt * 0x9e3779b1u + (u32)(slot - slot->bf->slots) * 0x10001u + sector * 257 + i;
}

static u32 *bf_data(const struct bf_slot *slot, unsigned int sector)
{
	return page_address(slot->page) + sector * SECTOR_SIZE;
}

static void bf_fill(struct bf_slot *slot)
{
	unsigned int s, i;

	for (s = slot->sector; s < slot->sector + slot->nr; s++)
		for (i = 0; i < SECTOR_SIZE / sizeof(u32); i++)
			bf_data(slot, s)[i] = bf_word(slot, s, i, slot->salt);
}

static bool bf_same(const struct bf_slot *slot, unsigned int s)
{
	unsigned int i;
	u32 want;

	for (i = 0; i < SECTOR_SIZE / sizeof(u32); i++) {
		want = slot->known[s] == BF_ZERO ? 0 : bf_word(slot, s, i, slot->known[s]);
		if (bf_data(slot, s)[i] != want)
			return false;
	}
	return true;
}

static void bf_end(struct bio *bio)
{
	struct bf_slot *slot = bio->bi_private;

	int busy;

	slot->status = bio->bi_status;
	if (atomic_inc_return(&slot->ended) != 1)
		return;
	/* A wake-up costs more than all else here: only those that somebody waits for. */
	busy = atomic_dec_return(&slot->bf->busy);
	if (!busy || busy == BF_ENOUGH)
		wake_up(&slot->bf->event);
}

/* A request of any kind; mostly small, for their number counts. */
static void bf_choose(struct bf *bf, struct bf_slot *slot)
{
	u32 r = fuzz_below(bf->run, 100);

	slot->nr = fuzz_chance(bf->run, 200) ? 1 + fuzz_below(bf->run, BF_SECTORS) : 1;
	slot->sector = fuzz_below(bf->run, BF_SECTORS - slot->nr + 1);
	if (r < 45)
		slot->op = REQ_OP_READ;
	else if (r < 78)
		slot->op = REQ_OP_WRITE | REQ_SYNC | REQ_IDLE;
	else if (r < 82)
		slot->op = REQ_OP_WRITE | REQ_SYNC | REQ_IDLE | REQ_FUA;
	else if (r < 88)
		slot->op = REQ_OP_WRITE | REQ_SYNC | REQ_PREFLUSH;
	else if (r < 92)
		slot->op = REQ_OP_DISCARD;
	else if (r < 95)
		slot->op = REQ_OP_SECURE_ERASE;
	else
		slot->op = REQ_OP_WRITE_ZEROES;
	/* A flush alone. */
	if (slot->op & REQ_PREFLUSH)
		slot->nr = 0;
}

static bool bf_send(struct bf *bf, struct bf_slot *slot)
{
	unsigned int first = (slot - bf->slots) * 64, off;
	enum req_op op;
	struct bio *bio;

	bf_choose(bf, slot);
	op = slot->op & REQ_OP_MASK;
	bio = bio_alloc(bf->bdev, 1, slot->op, GFP_KERNEL);
	if (!bio)
		return false;
	off = slot->sector * SECTOR_SIZE;
	if (slot->nr)
		bio->bi_iter.bi_sector = first + slot->sector;
	if (slot->nr && (op == REQ_OP_READ || op == REQ_OP_WRITE))
		__bio_add_page(bio, slot->page, slot->nr * SECTOR_SIZE, off);
	else
		bio->bi_iter.bi_size = slot->nr * SECTOR_SIZE;
	bio->bi_private = slot;
	bio->bi_end_io = bf_end;

	slot->salt = bf->salt++;
	if (op == REQ_OP_WRITE)
		bf_fill(slot);
	slot->bio = bio;
	slot->start = jiffies;
	WRITE_ONCE(slot->lied, false);
	atomic_set(&slot->ended, 0);
	atomic_inc(&bf->busy);
	submit_bio(bio);
	return true;
}

/**
 * bf_submit() - send a batch of requests
 * @bf: the fuzzer
 *
 * Context: process.
 */
void bf_submit(struct bf *bf)
{
	unsigned int i, n = 0, at = fuzz_below(bf->run, BF_SLOTS);
	struct blk_plug plug;

	blk_start_plug(&plug);
	for (i = 0; i < BF_SLOTS && n < BF_BATCH; i++) {
		struct bf_slot *slot = &bf->slots[(at + i) % BF_SLOTS];

		if (!slot->bio)
			n += bf_send(bf, slot);
	}
	blk_finish_plug(&plug);
}

static void bf_judge_read(struct bf *bf, struct bf_slot *slot)
{
	unsigned int s;

	for (s = slot->sector; s < slot->sector + slot->nr; s++) {
		if (slot->known[s] == BF_UNKNOWN)
			continue;
		bf->compared++;
		if (!bf_same(slot, s) && !slot->lied)
			bf_finding(bf, "slot %td sector %u was read wrong", slot - bf->slots, s);
	}
}

static void bf_judge(struct bf *bf, struct bf_slot *slot)
{
	unsigned int s;
	u32 known = BF_UNKNOWN;

	if (bf->wrong_ids != bf_wrong_ids(bf))
		slot->lied = true;

	if (slot->status)
		bf->failed++;
	else
		bf->ok++;

	switch (slot->op & REQ_OP_MASK) {
	case REQ_OP_READ:
		if (!slot->status)
			bf_judge_read(bf, slot);
		return;
	case REQ_OP_WRITE:
		known = slot->salt;
		break;
	case REQ_OP_WRITE_ZEROES:
		known = BF_ZERO;
		break;
	}
	/* What was answered with an error may be there or not. */
	if (slot->status || slot->lied)
		known = BF_UNKNOWN;
	for (s = slot->sector; s < slot->sector + slot->nr; s++)
		slot->known[s] = known;
}

/**
 * bf_reap() - look at requests that have ended
 * @bf: the fuzzer
 *
 * Context: process.
 * Return: how many.
 */
unsigned int bf_reap(struct bf *bf)
{
	unsigned int i, n = 0;

	for (i = 0; i < BF_SLOTS; i++) {
		struct bf_slot *slot = &bf->slots[i];
		int ended = atomic_read(&slot->ended);

		if (!slot->bio || !ended)
			continue;
		if (ended > 1)
			bf_finding(bf, "slot %u ended %d times", i, ended);
		bf_judge(bf, slot);
		bio_put(slot->bio);
		slot->bio = NULL;
		n++;
	}
	return n;
}

/**
 * bf_wait_idle() - wait until no request is under way
 * @bf: the fuzzer
 * @ms: how long at most
 *
 * Context: process; sleeps.
 * Return: whether there is none.
 */
bool bf_wait_idle(struct bf *bf, unsigned int ms)
{
	wait_event_timeout(bf->event, !atomic_read(&bf->busy), msecs_to_jiffies(ms));
	bf_reap(bf);
	return !atomic_read(&bf->busy);
}

/**
 * bf_stuck() - how many requests are under way for too long
 * @bf: the fuzzer
 * @ms: what is too long
 *
 * Context: process.
 * Return: their number.
 */
unsigned int bf_stuck(struct bf *bf, unsigned int ms)
{
	unsigned int i, n = 0;

	for (i = 0; i < BF_SLOTS; i++)
		n += bf->slots[i].bio && !atomic_read(&bf->slots[i].ended) &&
		     time_after(jiffies, bf->slots[i].start + msecs_to_jiffies(ms));
	return n;
}

/**
 * bf_load_init() - get memory
 * @bf: the fuzzer
 *
 * Context: process.
 * Return: 0 or -ENOMEM.
 */
int bf_load_init(struct bf *bf)
{
	unsigned int i;

	bf->salt = BF_FIRST_SALT;
	init_waitqueue_head(&bf->event);
	for (i = 0; i < BF_SLOTS; i++) {
		bf->slots[i].bf = bf;
		bf->slots[i].page = alloc_page(GFP_KERNEL);
		if (!bf->slots[i].page) {
			bf_load_free(bf);
			return -ENOMEM;
		}
	}
	return 0;
}

/**
 * bf_load_free() - give memory back, but for what is under way
 * @bf: the fuzzer
 *
 * Context: process.
 */
void bf_load_free(struct bf *bf)
{
	unsigned int i;

	for (i = 0; i < BF_SLOTS; i++) {
		if (bf->slots[i].page && !bf->slots[i].bio)
			__free_page(bf->slots[i].page);
		bf->slots[i].page = NULL;
	}
}
