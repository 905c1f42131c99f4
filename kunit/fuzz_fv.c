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
#define FUZZ_REFUSALS		8

/* How often a driver without memory is asked to take a device. */
#define FUZZ_STARVED_TRIES	100

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
	unsigned long kinds = READ_ONCE(run->allowed) & ~FUZZ_REPLUG;
	struct fv_device *fv = chain->q->fv;

	if (run->frail && READ_ONCE(fv->priv->fatal) & FUZZ_ENDS)
		return 0;
	/* The driver hardly ever wants one then. */
	if (READ_ONCE(fv->mode) == FV_SYNC)
		kinds &= ~BIT(FV_EVIL_LOST_IRQ);
	if (READ_ONCE(fv->status) & VIRTIO_CONFIG_S_NEEDS_RESET)
		kinds &= ~BIT(FV_EVIL_NEEDS_RESET);
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
static int fuzz_choose(struct fuzz_run *run, struct kgd_rng *rng, unsigned long kinds)
{
	unsigned long due = 0;
	unsigned int kind;

	for (kind = 0; kind < FV_EVIL_NR; kind++)
		if (kinds & BIT(kind) && fuzz_kind_due(run, kind))
			due |= BIT(kind);
	if (!due)
		due = kinds & ~(FUZZ_FATAL | run->rare);
	if (due & ~run->costly && kgd_rng_below(rng, 4))
		due &= ~run->costly;
	return due ? fuzz_nth_bit(due, kgd_rng_below(rng, hweight_long(due))) : -1;
}

/* Called for each completion, with the queue locked. */
static int fuzz_mutate(void *data, const struct fv_chain *chain, u32 len)
{
	struct fuzz_run *run = data;
	struct fv_device *fv = chain->q->fv;
	struct kgd_rng *rng = &fv->priv->mutate_rng;
	int kind = -1;

	spin_lock(&run->lock);
	run->completions++;
	if (!chain->as_is && kgd_rng_chance(rng, run->permille))
		kind = fuzz_choose(run, rng, fuzz_applicable(run, chain, len));
	if (kind >= 0) {
		run->count[kind]++;
		run->mutated++;
	}
	spin_unlock(&run->lock);
	if (kind < 0)
		return -1;

	if (FUZZ_FATAL & BIT(kind)) {
		set_bit(kind, &fv->priv->fatal);
		wake_up(&fv->priv->fatal_wait);
	}
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
	struct kgd_rng rng;

	run->permille = permille;
	run->allowed = allowed & FUZZ_ALL;
	/* Each device goes its own way, however they take turns. */
	spin_lock_irq(&run->lock);
	kgd_rng_seed(&rng, run->seed + run->devices++);
	spin_unlock_irq(&run->lock);
	fv_seed(fv, kgd_rng_u64(&rng));
	mutex_lock(&priv->run_lock);
	priv->mutate_rng = rng;
	priv->fatal = 0;
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

/**
 * fv_fuzz_wait() - wait for something fatal to happen
 * @fv: a device that is fuzzed
 * @kinds: of FUZZ_FATAL
 * @timeout: in jiffies
 *
 * Context: may sleep.
 *
 * Return: all kinds of FUZZ_FATAL that have happened since the last reset.
 */
unsigned long fv_fuzz_wait(struct fv_device *fv, unsigned long kinds, unsigned long timeout)
{
	struct fv_private *priv = fv->priv;

	wait_event_timeout(priv->fatal_wait, READ_ONCE(priv->fatal) & kinds, timeout);
	return READ_ONCE(priv->fatal);
}
EXPORT_SYMBOL_GPL(fv_fuzz_wait);

/* Is a kind wanted that happens between two resets? */
static bool fuzz_wanted(struct fuzz_run *run, enum fv_evil kind)
{
	return READ_ONCE(run->allowed) & BIT(kind) && fuzz_kind_due(run, kind);
}

static int fuzz_arm(struct fv_device *fv, enum fv_evil kind)
{
	int done = atomic_read(&fv->evil_done[kind]);

	fv_misbehave(fv, kind, FV_ALL_QUEUES, 1);
	return done;
}

/* What was armed may not have come to anything. */
static void fuzz_disarm(struct fv_device *fv, struct fuzz_run *run, enum fv_evil kind, int done)
{
	fv_misbehave(fv, kind, FV_ALL_QUEUES, 0);
	if (atomic_read(&fv->evil_done[kind]) != done)
		fuzz_mutated(run, kind);
}

/* Lets the next reset be stuck for a while, if that was too rare so far. */
static int fuzz_stick(struct fv_device *fv, struct fuzz_run *run)
{
	int done;

	if (!fuzz_wanted(run, FV_EVIL_RESET_STUCK))
		return -1;
	done = fuzz_arm(fv, FV_EVIL_RESET_STUCK);
	queue_delayed_work(system_highpri_wq, &fv->priv->unstick, FUZZ_STUCK_JIFFIES);
	return done;
}

static void fuzz_unstick(struct fv_device *fv, struct fuzz_run *run, int done)
{
	if (done < 0)
		return;
	cancel_delayed_work_sync(&fv->priv->unstick);
	fuzz_disarm(fv, run, FV_EVIL_RESET_STUCK, done);
}

/* A legacy device cannot refuse anything. */
static bool fuzz_may_refuse(struct fv_device *fv, struct fuzz_run *run)
{
	return fv_modern(fv) && fuzz_wanted(run, FV_EVIL_FEATURES_REFUSED);
}

/* The bus resets a device which it gets, and that may be stuck as well. */
static int fuzz_plug(struct fv_device *fv, struct fuzz_run *run)
{
	int stuck = fuzz_stick(fv, run);
	int err = fv_plug(fv);

	fuzz_unstick(fv, run, stuck);
	return err;
}

/* Plugs it again until the driver takes it, if memory is what it lacks. */
static int fuzz_plug_taken(struct fv_device *fv, struct fuzz_run *run, int err)
{
	unsigned int left = run->starved ? FUZZ_STARVED_TRIES : 0;

	while ((err || !fv_bound(fv)) && left--) {
		if (!err)
			fv_unplug(fv);
		err = fv_plug(fv);
	}
	return err;
}

/**
 * fv_fuzz_plug_first() - plug a device that is to be fuzzed
 * @fv: the device, never plugged so far
 * @run: of it
 *
 * Context: may sleep.
 *
 * Return: 0, or a negative error code.
 */
int fv_fuzz_plug_first(struct fv_device *fv, struct fuzz_run *run)
{
	int err = fuzz_plug_taken(fv, run, fv_plug(fv));

	return err ?: fv_bound(fv) ? 0 : -ENODEV;
}
EXPORT_SYMBOL_GPL(fv_fuzz_plug_first);

/* Plugs it with features that are refused, which a driver has to bear. */
static int fuzz_refuse(struct fv_device *fv, struct fuzz_run *run)
{
	int done = fuzz_arm(fv, FV_EVIL_FEATURES_REFUSED);
	int err = fuzz_plug(fv, run);

	fuzz_disarm(fv, run, FV_EVIL_FEATURES_REFUSED, done);
	if (!err)
		fv_unplug(fv);
	return err;
}

/* All is well again, and what the driver did is judged. */
static void fuzz_heal(struct fv_device *fv, struct fuzz_run *run)
{
	fv_behave(fv);
	fuzz_violated(run, atomic_xchg(&fv->violations, 0));
	WRITE_ONCE(fv->priv->fatal, 0);
}

/**
 * fv_fuzz_unplug() - take the device away
 * @fv: a device between fv_fuzz_start() and fv_fuzz_stop()
 *
 * By surprise if it was gone anyhow. Its reset may be stuck for a while.
 *
 * Context: may sleep.
 */
void fv_fuzz_unplug(struct fv_device *fv)
{
	struct fv_private *priv = fv->priv;
	struct fuzz_run *run = priv->mutate_data;
	int stuck;

	WRITE_ONCE(priv->mutate, NULL);
	if (priv->gone) {
		fv_surprise_unplug(fv);
	} else {
		stuck = fuzz_stick(fv, run);
		fv_unplug(fv);
		fuzz_unstick(fv, run, stuck);
	}
	fuzz_heal(fv, run);
}
EXPORT_SYMBOL_GPL(fv_fuzz_unplug);

/**
 * fv_fuzz_plug() - plug the device again
 * @fv: a device after fv_fuzz_unplug()
 *
 * Some of the resets on the way are stuck for a while, and some of the devices refuse
 * their features at first.
 *
 * Context: may sleep.
 *
 * Return: 0, or a negative error code.
 */
int fv_fuzz_plug(struct fv_device *fv)
{
	struct fv_private *priv = fv->priv;
	struct fuzz_run *run = priv->mutate_data;
	unsigned int i;
	int err = 0;

	for (i = 0; !err && i < FUZZ_REFUSALS && fuzz_may_refuse(fv, run); i++)
		err = fuzz_refuse(fv, run);
	spin_lock_irq(&run->lock);
	run->plugs++;
	spin_unlock_irq(&run->lock);
	smp_store_release(&priv->mutate, fuzz_mutate);	/* after its data */
	return err ?: fuzz_plug_taken(fv, run, fuzz_plug(fv, run));
}
EXPORT_SYMBOL_GPL(fv_fuzz_plug);

/**
 * fv_fuzz_replug() - take the device away, and plug it again
 * @fv: a device between fv_fuzz_start() and fv_fuzz_stop()
 *
 * Context: may sleep.
 *
 * Return: 0, or a negative error code.
 */
int fv_fuzz_replug(struct fv_device *fv)
{
	fv_fuzz_unplug(fv);
	return fv_fuzz_plug(fv);
}
EXPORT_SYMBOL_GPL(fv_fuzz_replug);

/**
 * fv_fuzz_pause() - no more mutations until the device is plugged anew or restored
 * @fv: a device between fv_fuzz_start() and fv_fuzz_stop()
 *
 * What would only be late otherwise is not lost any more, either.
 *
 * Context: may sleep. Not from a callback of the model.
 *
 * Return: all kinds of FUZZ_FATAL that have happened since the last reset.
 */
unsigned long fv_fuzz_pause(struct fv_device *fv)
{
	static const enum fv_evil late[] = {
		FV_EVIL_LOST_KICK, FV_EVIL_LOST_IRQ, FV_EVIL_CONFIG_FLIP, FV_EVIL_CONFIG_ZERO,
		FV_EVIL_CONFIG_ONES,
	};
	struct fv_private *priv = fv->priv;
	unsigned int i;

	/* Held while the thread completes what it has done: none is under way afterwards. */
	mutex_lock(&priv->run_lock);
	WRITE_ONCE(priv->mutate, NULL);
	mutex_unlock(&priv->run_lock);
	for (i = 0; i < ARRAY_SIZE(late); i++)
		fv_misbehave(fv, late[i], FV_ALL_QUEUES, 0);
	return READ_ONCE(priv->fatal);
}
EXPORT_SYMBOL_GPL(fv_fuzz_pause);

/**
 * fv_fuzz_freeze() - let the driver prepare for sleep, which costs less than another plug
 * @fv: a plugged device between fv_fuzz_start() and fv_fuzz_stop(), which is not gone
 *
 * The reset may be stuck for a while.
 *
 * Context: may sleep.
 *
 * Return: 0, or a negative error code.
 */
int fv_fuzz_freeze(struct fv_device *fv)
{
	struct fuzz_run *run = fv->priv->mutate_data;
	int err, stuck;

	fv_fuzz_pause(fv);
	stuck = run->asleep & BIT(FV_EVIL_RESET_STUCK) ? fuzz_stick(fv, run) : -1;
	err = fv_freeze(fv);
	fuzz_unstick(fv, run, stuck);
	fuzz_heal(fv, run);
	return err;
}
EXPORT_SYMBOL_GPL(fv_fuzz_freeze);

/**
 * fv_fuzz_restore() - let the driver go on after fv_fuzz_freeze()
 * @fv: the device
 *
 * It may refuse its features at first, and a reset may be stuck for a while.
 *
 * Context: may sleep.
 *
 * Return: 0, or a negative error code, after which the device has to be unplugged.
 */
int fv_fuzz_restore(struct fv_device *fv)
{
	struct fv_private *priv = fv->priv;
	struct fuzz_run *run = priv->mutate_data;
	int err, done, stuck;

	if (run->asleep & BIT(FV_EVIL_FEATURES_REFUSED) && fuzz_may_refuse(fv, run)) {
		done = fuzz_arm(fv, FV_EVIL_FEATURES_REFUSED);
		err = fv_restore(fv);
		fuzz_disarm(fv, run, FV_EVIL_FEATURES_REFUSED, done);
		if (!err)
			return -EBUSY;
	}
	spin_lock_irq(&run->lock);
	run->sleeps++;
	spin_unlock_irq(&run->lock);
	smp_store_release(&priv->mutate, fuzz_mutate);	/* after its data */
	stuck = run->asleep & BIT(FV_EVIL_RESET_STUCK) ? fuzz_stick(fv, run) : -1;
	err = fv_restore(fv);
	fuzz_unstick(fv, run, stuck);
	return err;
}
EXPORT_SYMBOL_GPL(fv_fuzz_restore);

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
