// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lies that take a disk: what it says of requests, of their data, and of itself. Lies
 * about the rings are up to the common part.
 */
#include <linux/delay.h>
#include <linux/string.h>
#include <linux/virtio.h>
#include <linux/virtio_byteorder.h>

#include "virtio_blk_fuzz.h"

/* Of a thousand requests. */
#define BF_PERMILLE	250
#define BF_MAX_HELD	8

/* At least so many are kept for a time-out, as soon as the driver has sent them. */
#define BF_HELD		12
#define BF_HELD_MS	500
/* The block layer's timer is late by up to a second. */
#define BF_TIMEOUT_SECONDS	3

enum bf_kind {
	BF_STATUS,
	BF_NO_STATUS,
	BF_FAIL,
	BF_NOISE,
	BF_LATE,
	BF_TIMEOUT,
	BF_RESIZE,
	BF_CONFIG,
	BF_CACHE,
	BF_NR_KINDS,
};

static const char * const bf_names[BF_NR_KINDS] = {
	"status", "no_status", "fail", "noise", "late", "timeout", "resize", "config", "cache",
};

static int bf_kinds[BF_NR_KINDS];

static void bf_rule(struct bf *bf, enum bf_kind kind)
{
	struct bm_rule rule = { .left = 1, .type = BM_ANY_TYPE, .sector = BM_ANY_SECTOR };

	switch (kind) {
	case BF_STATUS:
		rule.action = BM_STATUS;
		/* Never that all is well. */
		rule.status = 1 + fuzz_below(bf->run, 255);
		break;
	case BF_NO_STATUS:
		rule.action = BM_NO_STATUS;
		break;
	case BF_FAIL:
		rule.action = BM_FAIL;
		rule.status = 1 + fuzz_below(bf->run, 2);
		break;
	case BF_NOISE:
		rule.action = BM_GARBAGE;
		break;
	default:
		rule.action = BM_HOLD;
	}
	bm_add_rule(bf->bm, &rule);
	fuzz_mutated(bf->run, bf_kinds[kind]);
}

/* Whose request this is: it is not to be believed. */
static void bf_lie(struct bf *bf, const struct fv_chain *chain)
{
	struct bm_hdr hdr;
	u64 slot;

	if (fv_read(chain, 0, &hdr, sizeof(hdr)) != sizeof(hdr))
		return;
	slot = __virtio64_to_cpu(bf->bm->little, hdr.sector) / 64;
	if (slot < BF_SLOTS)
		WRITE_ONCE(bf->slots[slot].lied, true);
}

static void bf_hold(struct bf *bf)
{
	struct bm_rule rule = {
		.left = 1, .type = BM_ANY_TYPE, .sector = BM_ANY_SECTOR, .action = BM_HOLD,
	};

	bm_add_rule(bf->bm, &rule);
}

/* Requests come one at a time, so the rule is for this one. */
static int bf_handle(struct fv_queue *q, struct fv_chain *chain)
{
	struct bf *bf = ((struct bm *)q->fv->model_data)->owner;

	if (READ_ONCE(bf->holding)) {
		bf_hold(bf);
		chain->as_is = true;
		return bm_handle(q, chain);
	}
	/* A ring that the driver has given up shows it nothing. */
	if (!READ_ONCE(bf->calm) && fv_usable(q) && fuzz_chance(bf->run, BF_PERMILLE)) {
		enum bf_kind kind = fuzz_below(bf->run, BF_LATE + 1);

		if (kind != BF_LATE)
			bf_lie(bf, chain);
		if (kind != BF_LATE || bf->bm->nr_held < BF_MAX_HELD) {
			bf_rule(bf, kind);
			chain->as_is = true;
		}
	}
	return bm_handle(q, chain);
}

struct fv_model bf_model;

/**
 * bf_mutate_init() - have kinds of mutation
 * @run: a run that has begun
 *
 * Context: process.
 * Return: 0 or a negative error number.
 */
int bf_mutate_init(struct fuzz_run *run)
{
	unsigned int i;

	bf_model = bm_model;
	bf_model.handle = bf_handle;
	for (i = 0; i < BF_NR_KINDS; i++) {
		bf_kinds[i] = fuzz_kind(run, bf_names[i]);
		if (bf_kinds[i] < 0)
			return bf_kinds[i];
	}
	return 0;
}

/**
 * bf_calm() - no more lies, until &bf.calm is cleared
 * @bf: the fuzzer
 *
 * The driver may send some requests anew while it is on its way out, and would wait a minute
 * for one that is kept: nobody is there to release it then.
 *
 * Context: process; sleeps.
 */
void bf_calm(struct bf *bf)
{
	WRITE_ONCE(bf->calm, true);
	/* Waits for what the disk is doing. */
	fv_fuzz_pause(bf->fv);
	bm_release(bf->bm, FV_RANDOM, UINT_MAX);
}

/**
 * bf_time_out() - keep requests until the driver has lost patience, if it is time
 * @bf: the fuzzer
 *
 * What it does then is up to its parameter timeout_action: with "kick" it gets an answer only
 * afterwards.
 *
 * Context: process; sleeps.
 */
void bf_time_out(struct bf *bf)
{
	unsigned long end;
	unsigned int i, held;

	if (!fuzz_kind_due(bf->run, bf_kinds[BF_TIMEOUT]) || fv_dead_queues(bf->fv))
		return;
	WRITE_ONCE(bf->holding, true);
	/* One batch: with more of them this thread might wait for a free tag. */
	bf_submit(bf);
	bm_wait_held(bf->bm, BF_HELD, BF_HELD_MS);
	WRITE_ONCE(bf->holding, false);
	held = bm_nr_held(bf->bm);
	end = jiffies + BF_TIMEOUT_SECONDS * HZ;
	while (held && bm_nr_held(bf->bm) >= held && time_before(jiffies, end))
		usleep_range(5000, 10000);
	for (i = 0; i < held; i++)
		fuzz_mutated(bf->run, bf_kinds[BF_TIMEOUT]);
	bm_release(bf->bm, FV_RANDOM, UINT_MAX);
}

/**
 * bf_mutate_config() - say something else about the disk, if it is time
 * @bf: the fuzzer
 *
 * Context: process.
 */
void bf_mutate_config(struct bf *bf)
{
	static const u64 sizes[] = { 0, 8, BF_CAPACITY / 2, BF_CAPACITY * 2, U64_MAX };
	struct bm_conf conf;
	u8 *bytes;
	u32 at;

	if (fuzz_kind_due(bf->run, bf_kinds[BF_RESIZE])) {
		bm_resize(bf->bm, sizes[fuzz_below(bf->run, ARRAY_SIZE(sizes))]);
		fuzz_mutated(bf->run, bf_kinds[BF_RESIZE]);
	}
	if (fuzz_kind_due(bf->run, bf_kinds[BF_CACHE])) {
		conf = bf->bm->conf;
		conf.writeback ^= 1;
		bm_set_conf(bf->bm, &conf);
		fv_config_changed(bf->fv);
		fuzz_mutated(bf->run, bf_kinds[BF_CACHE]);
	}
	if (fuzz_kind_due(bf->run, bf_kinds[BF_CONFIG])) {
		/* Anything but what says whether there is a disk. */
		at = sizeof(u64) + fuzz_below(bf->run, sizeof(struct bm_config) - sizeof(u64));
		bytes = bf->fv->config;
		WRITE_ONCE(bytes[at], fuzz_below(bf->run, 256));
		fv_config_changed(bf->fv);
		fuzz_mutated(bf->run, bf_kinds[BF_CONFIG]);
	}
}
