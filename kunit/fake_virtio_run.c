// SPDX-License-Identifier: GPL-2.0-only
/*
 * When the fake device works: step by step, or on a thread of its own which notifications
 * wake.
 */
#include <linux/export.h>
#include <linux/kthread.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>

#include "fake_virtio_core.h"

/* fv_drain() gives up after so many requests: the driver makes them as fast. */
#define FV_DRAIN_MAX	1000000

/**
 * fv_wake_tests() - something has happened that a test may wait for
 * @fv: the device
 *
 * Context: any.
 */
void fv_wake_tests(struct fv_device *fv)
{
	if (wq_has_sleeper(&fv->priv->event))
		wake_up_all(&fv->priv->event);
}

/* The order in which the device may complete them. */
static enum fv_order fv_order(struct fv_device *fv)
{
	return fv_negotiated(fv, VIRTIO_F_IN_ORDER) ? FV_FIFO : READ_ONCE(fv->order);
}

/* Takes requests until there are so many that are not done. */
static void fv_stage(struct fv_queue *q, unsigned int max)
{
	struct fv_qpriv *qp = fv_qp(q);
	struct fv_chain *chain;

	while (qp->nr_staged < max) {
		chain = fv_pop(q);
		if (!chain)
			return;
		list_add_tail(&chain->stage, &qp->staged);
		qp->nr_staged++;
	}
}

static struct fv_chain *fv_choose(struct fv_queue *q)
{
	struct fv_qpriv *qp = fv_qp(q);
	struct fv_chain *chain;
	unsigned int n;

	if (list_empty(&qp->staged))
		return NULL;
	chain = list_first_entry(&qp->staged, struct fv_chain, stage);
	switch (fv_order(q->fv)) {
	case FV_FIFO:
		break;
	case FV_LIFO:
		chain = list_last_entry(&qp->staged, struct fv_chain, stage);
		break;
	case FV_RANDOM:
		n = fv_random(q->fv) % qp->nr_staged;
		while (n--)
			chain = list_next_entry(chain, stage);
		break;
	}
	list_del_init(&chain->stage);
	qp->nr_staged--;
	return chain;
}

/**
 * fv_untouched() - is there a request that the model was not given?
 * @q: the queue
 *
 * In the ring, or taken from it with others that are done first.
 *
 * Context: a callback of the model, or any while the device does nothing.
 *
 * Return: true if there is one.
 */
bool fv_untouched(struct fv_queue *q)
{
	return fv_qp(q)->nr_staged || fv_available(q);
}
EXPORT_SYMBOL_GPL(fv_untouched);

/* Does up to so many requests. &fv_private.run_lock is held. */
static unsigned int fv_work(struct fv_queue *q, unsigned int max)
{
	struct fv_chain *chains[FV_BATCH];
	struct fv_chain *chain;
	u32 lens[FV_BATCH];
	unsigned int done = 0;
	unsigned int nr = 0;
	int len;

	/* What is left of a dead queue waits for the reset. */
	if (READ_ONCE(fv_qp(q)->dead))
		return 0;
	/* Another order than theirs needs all of them. */
	fv_stage(q, fv_order(q->fv) == FV_FIFO ? max : q->num);
	while (done < max && nr < FV_BATCH) {
		chain = fv_choose(q);
		if (!chain)
			break;
		done++;
		len = q->fv->model->handle(q, chain);
		if (len == -EINPROGRESS)
			continue;
		chains[nr] = chain;
		lens[nr++] = max(len, 0);
	}
	fv_push_many(chains, lens, nr);
	return done;
}

static void fv_want_kicks(struct fv_queue *q, bool on)
{
	unsigned long flags;

	spin_lock_irqsave(&q->lock, flags);
	if (q->enabled)
		fv_notify_enable(q, on);
	spin_unlock_irqrestore(&q->lock, flags);
}

/* One batch of a queue which was notified; true if there may be more. */
static bool fv_run_queue(struct fv_queue *q)
{
	if (!q->enabled)
		return false;
	/* Notified while it works, it would do the same once more, later. */
	if (READ_ONCE(q->fv->mode) == FV_SYNC)
		return fv_work(q, FV_BATCH) >= FV_BATCH;
	fv_want_kicks(q, false);
	if (fv_work(q, FV_BATCH) >= FV_BATCH)
		return true;
	fv_want_kicks(q, true);
	/* What came in between was not announced. */
	return fv_available(q);
}

static bool fv_has_work(struct fv_device *fv)
{
	return READ_ONCE(fv->mode) != FV_MANUAL &&
	       !bitmap_empty(fv->priv->pending, fv->nr_queues);
}

/* A batch of each queue which was notified. */
static void fv_serve(struct fv_device *fv)
{
	struct fv_private *priv = fv->priv;
	unsigned int i;

	mutex_lock(&priv->run_lock);
	WRITE_ONCE(priv->busy, true);
	smp_mb();	/* before a bit of pending is cleared: see fv_idle() */
	for (i = 0; i < fv->nr_queues && READ_ONCE(fv->mode) != FV_MANUAL; i++) {
		if (!test_and_clear_bit(i, priv->pending))
			continue;
		if (fv_run_queue(&fv->queues[i]))
			set_bit(i, priv->pending);
	}
	smp_mb();	/* after a bit of pending was set again */
	WRITE_ONCE(priv->busy, false);
	mutex_unlock(&priv->run_lock);
}

/**
 * fv_op_notify() - the driver has made requests available
 * @vq: in which queue
 *
 * Context: any, but with FV_SYNC it may sleep.
 *
 * Return: true; a device that is gone says so, too.
 */
bool fv_op_notify(struct virtqueue *vq)
{
	struct fv_device *fv = fv_of(vq->vdev);
	struct fv_private *priv = fv->priv;
	struct fv_queue *q = &fv->queues[vq->index];
	bool lost = fv_evil_take(fv, FV_EVIL_LOST_KICK, q->index);
	bool enabled;
	unsigned long flags;

	spin_lock_irqsave(&q->lock, flags);
	q->counts.kicks++;
	q->counts.kicks_lost += lost;
	enabled = q->enabled;
	spin_unlock_irqrestore(&q->lock, flags);

	if (!READ_ONCE(priv->gone)) {
		if (!(READ_ONCE(fv->status) & VIRTIO_CONFIG_S_DRIVER_OK) && fv_in_step(fv))
			fv_violation(fv, "3.1.1",
				     "notification of queue %u before DRIVER_OK", q->index);
		else if (!enabled && fv_in_step(fv))
			fv_violation(fv, "2.6.1",
				     "notification of queue %u, which was reset", q->index);
		else if (!lost)
			set_bit(q->index, priv->pending);
	}
	if (READ_ONCE(fv->mode) == FV_SYNC && !lost)
		fv_serve(fv);
	if (!lost && fv_has_work(fv))
		wake_up(&priv->work);
	fv_wake_tests(fv);
	return true;
}

static int fv_thread(void *data)
{
	struct fv_device *fv = data;
	unsigned int flags;

	/*
	 * A device does not live on the guest's memory. One that had to wait for some, in the
	 * middle of a shortage, would wait for a driver that waits for its answer.
	 */
	flags = memalloc_noreclaim_save();
	while (!kthread_should_stop()) {
		wait_event_interruptible(fv->priv->work,
					 kthread_should_stop() || fv_has_work(fv));
		fv_serve(fv);
		fv_wake_tests(fv);
		cond_resched();
	}
	memalloc_noreclaim_restore(flags);
	return 0;
}

/**
 * fv_thread_start() - make the thread of a device
 * @fv: the device
 *
 * Return: 0, or a negative error code.
 */
int fv_thread_start(struct fv_device *fv)
{
	struct task_struct *t = kthread_run(fv_thread, fv, "fv/%s", fv->model->name);

	if (IS_ERR(t))
		return PTR_ERR(t);
	fv->priv->thread = t;
	return 0;
}

/**
 * fv_thread_stop() - end the thread of a device
 * @fv: the device
 *
 * Context: may sleep.
 */
void fv_thread_stop(struct fv_device *fv)
{
	if (fv->priv->thread)
		kthread_stop(fv->priv->thread);
	fv->priv->thread = NULL;
}

/**
 * fv_set_mode() - say when the device works
 * @fv: the device
 * @mode: from now on; the thread has finished what it did when this returns
 *
 * Context: may sleep.
 */
void fv_set_mode(struct fv_device *fv, enum fv_mode mode)
{
	unsigned int i;

	WRITE_ONCE(fv->mode, mode);
	mutex_lock(&fv->priv->run_lock);
	for (i = 0; i < fv->nr_queues; i++) {
		fv_want_kicks(&fv->queues[i], true);
		if (mode != FV_MANUAL)
			set_bit(i, fv->priv->pending);
	}
	mutex_unlock(&fv->priv->run_lock);
	wake_up(&fv->priv->work);
}
EXPORT_SYMBOL_GPL(fv_set_mode);

/**
 * fv_step() - do requests
 * @q: of this queue
 * @max: so many at most; in the order of the device
 *
 * Context: may sleep. Not from a callback of the model.
 *
 * Return: how many were given to the model.
 */
unsigned int fv_step(struct fv_queue *q, unsigned int max)
{
	unsigned int done = 0;
	unsigned int n;

	mutex_lock(&q->fv->priv->run_lock);
	while (done < max && q->enabled) {
		n = fv_work(q, min_t(unsigned int, max - done, FV_BATCH));
		if (!n)
			break;
		done += n;
	}
	mutex_unlock(&q->fv->priv->run_lock);
	return done;
}
EXPORT_SYMBOL_GPL(fv_step);

/**
 * fv_drain() - do all requests of all queues, until there are none
 * @fv: the device
 *
 * Context: may sleep. Not from a callback of the model.
 *
 * Return: how many were given to the model.
 */
unsigned int fv_drain(struct fv_device *fv)
{
	unsigned int done = 0;
	unsigned int last, i;

	do {
		last = done;
		for (i = 0; i < fv->nr_queues; i++)
			done += fv_step(&fv->queues[i], FV_BATCH);
	} while (done != last && done < FV_DRAIN_MAX);
	return done;
}
EXPORT_SYMBOL_GPL(fv_drain);

static u64 fv_count(struct fv_queue *q, const u64 *count)
{
	unsigned long flags;
	u64 value;

	spin_lock_irqsave(&q->lock, flags);
	value = *count;
	spin_unlock_irqrestore(&q->lock, flags);
	return value;
}

/**
 * fv_wait_kicks() - wait for notifications
 * @q: the queue
 * @kicks: value of &fv_counts.kicks to wait for
 * @ms: how long
 *
 * Context: may sleep.
 *
 * Return: true if there were so many in time.
 */
bool fv_wait_kicks(struct fv_queue *q, u64 kicks, unsigned int ms)
{
	return wait_event_timeout(q->fv->priv->event,
				  fv_count(q, &q->counts.kicks) >= kicks,
				  msecs_to_jiffies(ms));
}
EXPORT_SYMBOL_GPL(fv_wait_kicks);

/**
 * fv_wait_popped() - wait for requests to be taken
 * @q: the queue
 * @popped: value of &fv_counts.popped to wait for
 * @ms: how long
 *
 * Context: may sleep.
 *
 * Return: true if there were so many in time.
 */
bool fv_wait_popped(struct fv_queue *q, u64 popped, unsigned int ms)
{
	return wait_event_timeout(q->fv->priv->event,
				  fv_count(q, &q->counts.popped) >= popped,
				  msecs_to_jiffies(ms));
}
EXPORT_SYMBOL_GPL(fv_wait_popped);

static bool fv_idle(struct fv_device *fv)
{
	if (fv_has_work(fv))
		return false;
	smp_mb();	/* pending before busy: the thread writes them the other way round */
	return !READ_ONCE(fv->priv->busy) && !fv_has_work(fv) && !fv_irq_pending(fv);
}

/**
 * fv_wait_idle() - wait until the device has nothing to do
 * @fv: the device
 * @ms: how long
 *
 * That is: no notification which the thread has not followed, and no interrupt under
 * way. Requests which the model keeps do not count.
 *
 * Context: may sleep.
 *
 * Return: true if it has become so in time.
 */
bool fv_wait_idle(struct fv_device *fv, unsigned int ms)
{
	unsigned long end = jiffies + msecs_to_jiffies(ms);

	/* An interrupt is still under way when its handler wakes us: look again. */
	do {
		if (wait_event_timeout(fv->priv->event, fv_idle(fv), 1))
			return true;
	} while (time_before(jiffies, end));
	return fv_idle(fv);
}
EXPORT_SYMBOL_GPL(fv_wait_idle);

/**
 * fv_counts_clear() - set the counts of all queues to zero
 * @fv: the device
 *
 * Context: any.
 */
void fv_counts_clear(struct fv_device *fv)
{
	unsigned long flags;
	unsigned int i;

	for (i = 0; i < fv->nr_queues; i++) {
		struct fv_queue *q = &fv->queues[i];

		spin_lock_irqsave(&q->lock, flags);
		memset(&q->counts, 0, sizeof(q->counts));
		spin_unlock_irqrestore(&q->lock, flags);
	}
}
EXPORT_SYMBOL_GPL(fv_counts_clear);
