// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mutates what the fake device does, completion by completion. What is chosen depends on
 * the seed, and on the sequence of completions.
 */
#include <linux/export.h>

#include "fake_virtio_core.h"
#include "fuzz.h"

/* What a lost interrupt or notification is late by: nothing would ever come after it. */
#define FUZZ_LATE_JIFFIES	2

/* Refused features at one replug, at most. */
#define FUZZ_REFUSALS		4

/* How long a reset is stuck. */
#define FUZZ_STUCK_JIFFIES	1

/* Kinds that happen at the completion they were chosen for. */
#define FUZZ_AT_PUSH	(BIT(FV_EVIL_ID_RANGE) | BIT(FV_EVIL_ID_IDLE) | BIT(FV_EVIL_TWICE) | \
			 BIT(FV_EVIL_LEN_HUGE) | BIT(FV_EVIL_LEN_OVER) | \
			 BIT(FV_EVIL_LEN_ZERO) | BIT(FV_EVIL_HALF) | \
			 BIT(FV_EVIL_INDEX_JUMP) | BIT(FV_EVIL_GARBAGE) | BIT(FV_EVIL_SILENT))

/* Which of the kinds make sense for that chain? */
static unsigned long fuzz_applicable(struct fuzz_run *run, const struct fv_chain *chain,
				     u32 len)
{
	unsigned long kinds = run->allowed & ~FUZZ_REPLUG;

	if (!len)
		kinds &= ~BIT(FV_EVIL_LEN_ZERO);
	if (!chain->in_len)
		kinds &= ~(BIT(FV_EVIL_GARBAGE) | BIT(FV_EVIL_HALF));
	if (bitmap_full(fv_qp(chain->q)->busy, chain->q->num))
		kinds &= ~BIT(FV_EVIL_ID_IDLE);
	return kinds;
}

static int fuzz_nth_bit(unsigned long mask, unsigned int n)
{
	while (n--)
		mask &= mask - 1;
	return __ffs(mask);
}

/* Those below their share come first; of the others, what does no lasting harm. */
static int fuzz_choose(struct fuzz_run *run, unsigned long kinds)
{
	unsigned long due = 0;
	unsigned int kind;

	for (kind = 0; kind < FV_EVIL_NR; kind++)
		if (kinds & BIT(kind) && fuzz_kind_due(run, kind))
			due |= BIT(kind);
	if (!due)
		due = kinds & ~FUZZ_FATAL;
	return due ? fuzz_nth_bit(due, kgd_rng_below(&run->rng, hweight_long(due))) : -1;
}

/* Called for each completion, with the queue locked. */
static int fuzz_mutate(void *data, const struct fv_chain *chain, u32 len)
{
	struct fuzz_run *run = data;
	struct fv_device *fv = chain->q->fv;
	int kind = -1;

	spin_lock(&run->lock);
	run->completions++;
	if (kgd_rng_chance(&run->rng, run->permille))
		kind = fuzz_choose(run, fuzz_applicable(run, chain, len));
	spin_unlock(&run->lock);
	if (kind < 0)
		return -1;

	fuzz_mutated(run, kind);
	if (FUZZ_AT_PUSH & BIT(kind))
		return kind;
	switch (kind) {
	case FV_EVIL_LOST_IRQ:
	case FV_EVIL_LOST_KICK:
		fv_misbehave(fv, kind, chain->q->index, 1);
		/* Both are made good a little later, so that the load goes on. */
		queue_delayed_work(system_highpri_wq, &fv_qp(chain->q)->again,
				   FUZZ_LATE_JIFFIES);
		break;
	case FV_EVIL_CONFIG_FLIP:
	case FV_EVIL_CONFIG_ZERO:
	case FV_EVIL_CONFIG_ONES:
		fv_misbehave(fv, kind, FV_ALL_QUEUES, 1 + fv_random(fv) % 4);
		fv_irq_config(fv);
		break;
	default:
		fv_misbehave(fv, kind, chain->q->index, 1);
		break;
	}
	return -1;
}

/**
 * fv_fuzz_start() - mutate the completions of a device from now on
 * @fv: a device
 * @run: chooses and counts
 * @permille: so many of a thousand
 * @allowed: bits of enum fv_evil
 *
 * Each allowed kind gets a little more than a hundredth of the mutations, those that
 * break nothing for good share the rest.
 *
 * Context: may sleep.
 */
void fv_fuzz_start(struct fv_device *fv, struct fuzz_run *run, unsigned int permille,
		   unsigned long allowed)
{
	struct fv_private *priv = fv->priv;

	run->permille = permille;
	run->allowed = allowed & FUZZ_ALL;
	fv_seed(fv, run->seed);
	mutex_lock(&priv->run_lock);
	priv->mutate_data = run;
	smp_store_release(&priv->mutate, fuzz_mutate);	/* after its data */
	mutex_unlock(&priv->run_lock);
}
EXPORT_SYMBOL_GPL(fv_fuzz_start);

/**
 * fv_fuzz_stop() - let a device behave again
 * @fv: the device; what its driver has done wrong is counted for the run
 *
 * Context: may sleep. Not from a callback of the model.
 */
void fv_fuzz_stop(struct fv_device *fv)
{
	struct fv_private *priv = fv->priv;
	struct fuzz_run *run = priv->mutate_data;

	mutex_lock(&priv->run_lock);
	WRITE_ONCE(priv->mutate, NULL);
	mutex_unlock(&priv->run_lock);
	fv_behave(fv);
	if (run)
		fuzz_violated(run, atomic_xchg(&fv->violations, 0));
	priv->mutate_data = NULL;
}
EXPORT_SYMBOL_GPL(fv_fuzz_stop);

/* Lets the next reset be stuck for a while, if that was too rare so far. */
static void fuzz_stick(struct fv_device *fv, struct fuzz_run *run)
{
	if (!(run->allowed & BIT(FV_EVIL_RESET_STUCK)) ||
	    !fuzz_kind_due(run, FV_EVIL_RESET_STUCK))
		return;
	fv_misbehave(fv, FV_EVIL_RESET_STUCK, FV_ALL_QUEUES, 1);
	fuzz_mutated(run, FV_EVIL_RESET_STUCK);
	queue_delayed_work(system_highpri_wq, &fv->priv->unstick, FUZZ_STUCK_JIFFIES);
}

/* The bus resets a device which it gets, and that may be stuck as well. */
static int fuzz_plug(struct fv_device *fv, struct fuzz_run *run)
{
	int err;

	fuzz_stick(fv, run);
	err = fv_plug(fv);
	flush_delayed_work(&fv->priv->unstick);
	return err;
}

/* Plugs it with features that are refused, which a driver has to bear. */
static int fuzz_refuse(struct fv_device *fv, struct fuzz_run *run)
{
	int err;

	fv_misbehave(fv, FV_EVIL_FEATURES_REFUSED, FV_ALL_QUEUES, 1);
	err = fuzz_plug(fv, run);
	fv_misbehave(fv, FV_EVIL_FEATURES_REFUSED, FV_ALL_QUEUES, 0);
	fuzz_mutated(run, FV_EVIL_FEATURES_REFUSED);
	if (!err)
		fv_unplug(fv);
	return err;
}

/**
 * fv_fuzz_replug() - take the device away, and plug it again
 * @fv: a device between fv_fuzz_start() and fv_fuzz_stop()
 *
 * By surprise if it was gone anyhow. Some resets on the way are stuck for a while, and
 * some of the devices refuse their features at first.
 *
 * Context: may sleep.
 *
 * Return: 0, or a negative error code.
 */
int fv_fuzz_replug(struct fv_device *fv)
{
	struct fv_private *priv = fv->priv;
	struct fuzz_run *run = priv->mutate_data;
	bool gone = priv->gone;
	unsigned int i;
	int err = 0;

	WRITE_ONCE(priv->mutate, NULL);
	if (gone) {
		fv_surprise_unplug(fv);
	} else {
		fuzz_stick(fv, run);
		fv_unplug(fv);
		flush_delayed_work(&priv->unstick);
	}
	fv_behave(fv);
	fuzz_violated(run, atomic_xchg(&fv->violations, 0));
	for (i = 0; !err && i < FUZZ_REFUSALS; i++)
		if (run->allowed & BIT(FV_EVIL_FEATURES_REFUSED) &&
		    fuzz_kind_due(run, FV_EVIL_FEATURES_REFUSED))
			err = fuzz_refuse(fv, run);
	run->fatal = 0;
	run->plugs++;
	smp_store_release(&priv->mutate, fuzz_mutate);	/* after its data */
	return err ?: fuzz_plug(fv, run);
}
EXPORT_SYMBOL_GPL(fv_fuzz_replug);

/**
 * fv_dead_queues() - how many queues are of no use until the next reset?
 * @fv: the device
 *
 * Context: any.
 *
 * Return: how many; all of them if the device is gone.
 */
unsigned int fv_dead_queues(struct fv_device *fv)
{
	unsigned int n = 0;
	unsigned int i;

	if (READ_ONCE(fv->priv->gone))
		return fv->nr_queues;
	for (i = 0; i < fv->nr_queues; i++)
		n += READ_ONCE(fv->priv->q[i].dead);
	return n;
}
EXPORT_SYMBOL_GPL(fv_dead_queues);
