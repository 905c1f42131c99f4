// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where the target goes. It moves as soon as the device has done a request, so that the
 * driver, which is interrupted for that, always has something to do and nobody waits.
 */
#include "virtio_balloon_fuzz.h"

static const char * const bf_names[BF_NR_KINDS] = {
	[BF_TARGET_JUMP] = "target_jump",
	[BF_TARGET_SILENT] = "target_silent",
	[BF_ACTUAL] = "actual",
};

static int bf_kinds[BF_NR_KINDS];

/* By how many pages the target moves. What counts is how often it does. */
static u32 bf_distance(struct kgd_rng *rng)
{
	u32 r = kgd_rng_below(rng, 2000);

	if (r < 1)
		return kgd_rng_below(rng, BF_TARGET);
	if (r < 5)
		return kgd_rng_below(rng, BF_TARGET / 8);
	if (r < 100)
		return 1 + kgd_rng_below(rng, 32);
	return r < 1600 ? 1 : 2;
}

/**
 * bf_next_target() - choose a target
 * @bf: the balloon
 * @rng: of the caller
 *
 * Context: any.
 * Return: pages, other than the device has
 */
u32 bf_next_target(struct bf *bf, struct kgd_rng *rng)
{
	u32 held = READ_ONCE(bf->mb->held), by = bf_distance(rng);

	if (held > BF_TARGET)
		return held / 2;
	if (held && kgd_rng_below(rng, 2))
		return held - min(held, by);
	return held + max(by, 1U);
}

static bool bf_take(struct bf *bf, enum bf_kind kind)
{
	if (!fuzz_kind_due(bf->run, bf_kinds[kind]))
		return false;
	fuzz_mutated(bf->run, bf_kinds[kind]);
	return true;
}

static void bf_lie_actual(struct bf *bf)
{
	__le32 actual = cpu_to_le32(kgd_rng_u32(&bf->move_rng));

	fv_config_set(bf->fv, offsetof(struct virtio_balloon_config, actual), &actual,
		      sizeof(actual));
}

static void bf_move(struct bf *bf)
{
	struct kgd_rng *rng = &bf->move_rng;

	if (bf_take(bf, BF_ACTUAL))
		bf_lie_actual(bf);
	if (bf_take(bf, BF_TARGET_JUMP))
		mb_set_target(bf->mb, kgd_rng_below(rng, 4) ? BF_TARGET * 2 : U32_MAX);
	else if (bf_take(bf, BF_TARGET_SILENT))
		mb_set_target_silently(bf->mb, kgd_rng_below(rng, BF_TARGET / 64));
	else if (kgd_rng_below(rng, 12))
		/* It will be seen all the same; the news may come late. */
		mb_set_target_silently(bf->mb, bf_next_target(bf, rng));
	else
		mb_set_target(bf->mb, bf_next_target(bf, rng));
}

/* Requests come one at a time. */
static int bf_handle(struct fv_queue *q, struct fv_chain *chain)
{
	struct bf *bf = q->priv;
	int ret = bf->handle(q, chain);

	WRITE_ONCE(bf->handled, bf->handled + 1);
	if (!READ_ONCE(bf->still))
		bf_move(bf);
	return ret;
}

/**
 * bf_move_start() - have the target of a balloon move from now on
 * @bf: the balloon, not yet plugged
 */
void bf_move_start(struct bf *bf)
{
	unsigned int i;

	for (i = 0; i < bf->fv->nr_queues; i++)
		bf->fv->queues[i].priv = bf;
	bf->handle = bf->mb->model.handle;
	bf->mb->model.handle = bf_handle;
}

/**
 * bf_move_init() - have kinds of mutation
 * @run: a run that has begun
 *
 * Return: 0 or a negative error number
 */
int bf_move_init(struct fuzz_run *run)
{
	unsigned int i;

	for (i = 0; i < BF_NR_KINDS; i++) {
		bf_kinds[i] = fuzz_kind(run, bf_names[i]);
		if (bf_kinds[i] < 0)
			return bf_kinds[i];
	}
	return 0;
}
