// SPDX-License-Identifier: GPL-2.0-only
/*
 * How the fake device misbehaves and fails, and how it keeps the books on a driver that
 * does.
 */
#include <linux/export.h>
#include <linux/printk.h>

#include <kunit/test.h>

#include "fake_virtio_core.h"

static const char * const fv_evil_names[FV_EVIL_NR] = {
	[FV_EVIL_ID_RANGE] = "id_range",
	[FV_EVIL_ID_IDLE] = "id_idle",
	[FV_EVIL_TWICE] = "twice",
	[FV_EVIL_LEN_HUGE] = "len_huge",
	[FV_EVIL_LEN_OVER] = "len_over",
	[FV_EVIL_LEN_ZERO] = "len_zero",
	[FV_EVIL_HALF] = "half",
	[FV_EVIL_INDEX_JUMP] = "index_jump",
	[FV_EVIL_GARBAGE] = "garbage",
	[FV_EVIL_SILENT] = "silent",
	[FV_EVIL_LOST_KICK] = "lost_kick",
	[FV_EVIL_LOST_IRQ] = "lost_irq",
	[FV_EVIL_EMPTY_IRQ] = "empty_irq",
	[FV_EVIL_CONFIG_IRQ] = "config_irq",
	[FV_EVIL_CONFIG_FLIP] = "config_flip",
	[FV_EVIL_CONFIG_ZERO] = "config_zero",
	[FV_EVIL_CONFIG_ONES] = "config_ones",
	[FV_EVIL_NEEDS_RESET] = "needs_reset",
	[FV_EVIL_GONE] = "gone",
	[FV_EVIL_RESET_STUCK] = "reset_stuck",
	[FV_EVIL_FEATURES_REFUSED] = "features_refused",
};

/**
 * fv_evil_name() - the name of a misbehaviour
 * @kind: which
 *
 * Return: the name.
 */
const char *fv_evil_name(enum fv_evil kind)
{
	return (unsigned int)kind < FV_EVIL_NR ? fv_evil_names[kind] : "none";
}
EXPORT_SYMBOL_GPL(fv_evil_name);

/**
 * fv_random() - a number by the generator of the device
 * @fv: the device
 *
 * Context: any.
 *
 * Return: the number.
 */
u64 fv_random(struct fv_device *fv)
{
	unsigned long flags;
	u64 r;

	spin_lock_irqsave(&fv->priv->rng_lock, flags);
	r = kgd_rng_u64(&fv->priv->rng);
	spin_unlock_irqrestore(&fv->priv->rng_lock, flags);
	return r;
}

/**
 * fv_seed() - start the generator of the device anew
 * @fv: the device
 * @seed: the same seed gives the same numbers
 *
 * Context: any.
 */
void fv_seed(struct fv_device *fv, u64 seed)
{
	unsigned long flags;

	spin_lock_irqsave(&fv->priv->rng_lock, flags);
	kgd_rng_seed(&fv->priv->rng, seed);
	spin_unlock_irqrestore(&fv->priv->rng_lock, flags);
}
EXPORT_SYMBOL_GPL(fv_seed);

/**
 * fv_evil_happened() - count a misbehaviour
 * @fv: the device
 * @kind: which
 */
void fv_evil_happened(struct fv_device *fv, enum fv_evil kind)
{
	atomic_inc(&fv->evil_done[kind]);
}

/**
 * fv_evil_armed() - would a misbehaviour happen now?
 * @fv: the device
 * @kind: which
 * @queue: on this one
 *
 * Return: true if it would.
 */
bool fv_evil_armed(struct fv_device *fv, enum fv_evil kind, int queue)
{
	int only = READ_ONCE(fv->evil[kind].queue);

	return atomic_read(&fv->evil[kind].left) > 0 &&
	       (queue == FV_ALL_QUEUES || only == FV_ALL_QUEUES || only == queue);
}

/**
 * fv_evil_take() - shall a misbehaviour happen now?
 * @fv: the device
 * @kind: which
 * @queue: on this one
 *
 * Return: true if it shall, which is counted.
 */
bool fv_evil_take(struct fv_device *fv, enum fv_evil kind, int queue)
{
	if (!fv_evil_armed(fv, kind, queue) ||
	    atomic_dec_if_positive(&fv->evil[kind].left) < 0)
		return false;
	fv_evil_happened(fv, kind);
	return true;
}

/* Does it make sense for that chain? The lock of the queue is held. */
static bool fv_evil_applies(struct fv_queue *q, enum fv_evil kind,
			    const struct fv_chain *chain, u32 len)
{
	switch (kind) {
	case FV_EVIL_ID_IDLE:
		return !bitmap_full(fv_qp(q)->busy, q->num);
	case FV_EVIL_LEN_ZERO:
		return len;
	case FV_EVIL_GARBAGE:
		return chain->in_len;
	case FV_EVIL_LEN_OVER:
		return chain->in_len < U32_MAX;
	default:
		return true;
	}
}

/**
 * fv_evil_for_push() - how to misbehave at a completion
 * @q: the queue, locked
 * @chain: the request
 * @len: bytes that were written
 *
 * Return: an enum fv_evil, or -1 to behave.
 */
int fv_evil_for_push(struct fv_queue *q, struct fv_chain *chain, u32 len)
{
	static const enum fv_evil kinds[] = {
		FV_EVIL_SILENT, FV_EVIL_ID_RANGE, FV_EVIL_ID_IDLE, FV_EVIL_TWICE,
		FV_EVIL_INDEX_JUMP, FV_EVIL_LEN_HUGE, FV_EVIL_LEN_OVER, FV_EVIL_LEN_ZERO,
		FV_EVIL_GARBAGE,
	};
	struct fv_private *priv = q->fv->priv;
	int (*mutate)(void *data, const struct fv_chain *chain, u32 len);
	unsigned int i;
	int kind;

	mutate = smp_load_acquire(&priv->mutate);	/* and then its data */
	if (mutate) {
		kind = mutate(priv->mutate_data, chain, len);
		if (kind >= 0) {
			fv_evil_happened(q->fv, kind);
			return kind;
		}
	}
	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (fv_evil_applies(q, kinds[i], chain, len) &&
		    fv_evil_take(q->fv, kinds[i], q->index))
			return kinds[i];
	return -1;
}

/**
 * fv_evil_at_pop() - misbehave with a request from the start
 * @q: the queue, locked
 * @chain: the request
 */
void fv_evil_at_pop(struct fv_queue *q, struct fv_chain *chain)
{
	if (chain->in_len && fv_evil_take(q->fv, FV_EVIL_HALF, q->index))
		chain->limit = chain->in_len / 2;
}

/* Those which do not wait for something that the driver does. */
static void fv_evil_now(struct fv_device *fv, enum fv_evil kind, int queue)
{
	unsigned int i;

	switch (kind) {
	case FV_EVIL_EMPTY_IRQ:
		for (i = 0; i < fv->nr_queues; i++)
			if (queue == FV_ALL_QUEUES || queue == i)
				fv_irq_fire(&fv->queues[i]);
		break;
	case FV_EVIL_CONFIG_IRQ:
		fv_irq_config(fv);
		break;
	case FV_EVIL_NEEDS_RESET:
		fv_set_needs_reset(fv);
		break;
	case FV_EVIL_GONE:
		WRITE_ONCE(fv->priv->gone_reset, false);
		WRITE_ONCE(fv->priv->gone, true);
		break;
	default:
		return;
	}
	while (fv_evil_take(fv, kind, FV_ALL_QUEUES))
		continue;
}

/*
 * What the driver did meanwhile is lost on the device. It cannot know that, so until the
 * next reset nothing that is out of order is its fault.
 */
static void fv_come_back(struct fv_device *fv)
{
	if (!READ_ONCE(fv->priv->gone))
		return;
	WRITE_ONCE(fv->priv->back, true);
	WRITE_ONCE(fv->priv->gone, false);
}

/**
 * fv_misbehave() - arm a misbehaviour
 * @fv: the device
 * @kind: which
 * @queue: on this one only, or FV_ALL_QUEUES
 * @times: so often; 0 disarms it, and brings back a device that was gone
 *
 * FV_EVIL_EMPTY_IRQ, FV_EVIL_CONFIG_IRQ, FV_EVIL_NEEDS_RESET and FV_EVIL_GONE happen
 * at once, the interrupts merged into one; the others when there is an occasion.
 *
 * Context: any.
 */
void fv_misbehave(struct fv_device *fv, enum fv_evil kind, int queue, unsigned int times)
{
	unsigned long flags;

	WRITE_ONCE(fv->evil[kind].queue, queue);
	if (kind == FV_EVIL_CONFIG_FLIP) {
		spin_lock_irqsave(&fv->config_lock, flags);
		fv->flip_count = 0;
		spin_unlock_irqrestore(&fv->config_lock, flags);
	}
	if (kind == FV_EVIL_GONE && !times)
		fv_come_back(fv);
	/* Once is for good. */
	if (kind == FV_EVIL_GONE || kind == FV_EVIL_NEEDS_RESET)
		times = min(times, 1U);
	if (kind == FV_EVIL_EMPTY_IRQ || kind == FV_EVIL_CONFIG_IRQ)
		times = min(times, 1U << 10);
	atomic_set(&fv->evil[kind].left, min_t(unsigned int, times, INT_MAX));
	if (times)
		fv_evil_now(fv, kind, queue);
}
EXPORT_SYMBOL_GPL(fv_misbehave);

/**
 * fv_behave() - disarm all misbehaviours and failures
 * @fv: the device
 *
 * A device that was gone is there again, a reset that is stuck finishes.
 *
 * Context: any.
 */
void fv_behave(struct fv_device *fv)
{
	unsigned int i;

	for (i = 0; i < FV_EVIL_NR; i++)
		atomic_set(&fv->evil[i].left, 0);
	for (i = 0; i < FV_FAIL_NR; i++)
		atomic_set(&fv->priv->fail[i], 0);
	fv_come_back(fv);
	fv_release_reset(fv);
}
EXPORT_SYMBOL_GPL(fv_behave);

/**
 * fv_release_reset() - let a stuck reset finish
 * @fv: the device
 *
 * Context: any.
 */
void fv_release_reset(struct fv_device *fv)
{
	atomic_set(&fv->evil[FV_EVIL_RESET_STUCK].left, 0);
	WRITE_ONCE(fv->priv->reset_stuck, false);
	wake_up_all(&fv->priv->reset_wait);
}
EXPORT_SYMBOL_GPL(fv_release_reset);

/**
 * fv_fail() - let the transport fail
 * @fv: the device
 * @what: which part of it
 * @nth: the time that fails, counted from now on; the next one is 1; 0 for none
 *
 * Context: any.
 */
void fv_fail(struct fv_device *fv, enum fv_failure what, unsigned int nth)
{
	atomic_set(&fv->priv->fail[what], min_t(unsigned int, nth, INT_MAX));
}
EXPORT_SYMBOL_GPL(fv_fail);

/**
 * fv_fail_now() - is this the time to fail?
 * @fv: the device
 * @what: is tried
 *
 * Return: true if it is.
 */
bool fv_fail_now(struct fv_device *fv, enum fv_failure what)
{
	return !atomic_dec_if_positive(&fv->priv->fail[what]);
}

/**
 * fv_violation() - the driver has done what the specification does not allow
 * @fv: the device
 * @section: of the specification
 * @fmt: what it was, for printf()
 *
 * It fails the test when the device is destroyed.
 *
 * Context: any.
 */
void fv_violation(struct fv_device *fv, const char *section, const char *fmt, ...)
{
	struct fv_private *priv = fv->priv;
	char text[FV_MESSAGE_LEN];
	unsigned long flags;
	va_list args;
	int n;

	n = scnprintf(text, sizeof(text), "virtio %s: ", section);
	va_start(args, fmt);
	vscnprintf(text + n, sizeof(text) - n, fmt, args);
	va_end(args);

	spin_lock_irqsave(&priv->message_lock, flags);
	if (priv->nr_messages < FV_MESSAGES)
		strscpy(priv->message[priv->nr_messages++], text, FV_MESSAGE_LEN);
	spin_unlock_irqrestore(&priv->message_lock, flags);
	/* Not to the log of the test, which may sleep. */
	if (atomic_inc_return(&fv->violations) <= FV_MESSAGES)
		pr_info("kgd_fake_virtio: %s: violation: %s\n", fv->model->name, text);
}
EXPORT_SYMBOL_GPL(fv_violation);
