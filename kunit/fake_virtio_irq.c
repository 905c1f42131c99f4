// SPDX-License-Identifier: GPL-2.0-only
/*
 * Interrupts of the fake device: in hard interrupt context, on the CPU that the driver
 * has asked for, now or later, once or too often. None is delivered after the queue was
 * stopped and fv_irq_sync() has returned. A kernel with PREEMPT_RT has them in a thread
 * of that CPU with bottom halves off, as it has those of a driver that asks for nothing else.
 */
#include <linux/bottom_half.h>
#include <linux/delay.h>
#include <linux/export.h>
#include <linux/virtio_ring.h>

#include "fake_virtio_core.h"

static struct irq_work fv_irq_prepare(void (*func)(struct irq_work *work))
{
	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		return IRQ_WORK_INIT(func);
	return IRQ_WORK_INIT_HARD(func);
}

/* What the core does around the handler of an interrupt. */
static void fv_irq_enter(void)
{
	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		local_bh_disable();
}

static void fv_irq_leave(void)
{
	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		local_bh_enable();
}

static void fv_irq_deliver(struct fv_qpriv *qp)
{
	struct fv_queue *q = qp->q;
	unsigned long flags;

	spin_lock_irqsave(&q->lock, flags);
	q->counts.interrupts++;
	spin_unlock_irqrestore(&q->lock, flags);
	/* Handled or not, the line is not shared. */
	vring_interrupt(0, q->vq);
}

static void fv_irq_work(struct irq_work *work)
{
	struct fv_qpriv *qp = container_of(work, struct fv_qpriv, irq);
	struct fv_device *fv = qp->q->fv;
	unsigned int times = READ_ONCE(fv->irq) == FV_IRQ_STORM ? READ_ONCE(fv->irq_storm) : 1;

	while (times-- && READ_ONCE(qp->irq_ok)) {
		fv_irq_enter();
		fv_irq_deliver(qp);
		fv_irq_leave();
	}
	fv_wake_tests(fv);
}

static void fv_irq_csd(void *data)
{
	struct fv_qpriv *qp = data;

	irq_work_queue(&qp->irq);
	atomic_set_release(&qp->csd_busy, 0);
}

static void fv_irq_late(struct work_struct *work)
{
	fv_irq_fire(container_of(to_delayed_work(work), struct fv_qpriv, late)->q);
}

/* What a fuzzer had lost: the device looks at the queue, and so does the driver. */
static void fv_irq_again(struct work_struct *work)
{
	struct fv_qpriv *qp = container_of(to_delayed_work(work), struct fv_qpriv, again);
	struct fv_device *fv = qp->q->fv;

	if (!READ_ONCE(qp->irq_ok))
		return;
	set_bit(qp->q->index, fv->priv->pending);
	wake_up(&fv->priv->work);
	fv_irq_fire(qp->q);
}

static void fv_unstick(struct work_struct *work)
{
	struct fv_private *priv = container_of(to_delayed_work(work), struct fv_private,
					       unstick);

	/* It may still be to come; who has queued this knows when it will not. */
	if (READ_ONCE(priv->reset_stuck))
		fv_release_reset(priv->fv);
	else
		queue_delayed_work(system_highpri_wq, &priv->unstick, 1);
}

/**
 * fv_irq_fire() - interrupt a queue on its CPU
 * @q: the queue
 *
 * Context: any.
 */
void fv_irq_fire(struct fv_queue *q)
{
	struct fv_qpriv *qp = fv_qp(q);
	int cpu;

	if (!READ_ONCE(qp->irq_ok))
		return;
	cpu = get_cpu();
	if (qp->has_affinity && !cpumask_test_cpu(cpu, &qp->affinity)) {
		int other = cpumask_first_and(&qp->affinity, cpu_online_mask);

		/* One on its way stands for all until it has arrived. */
		if (other < nr_cpu_ids) {
			if (!atomic_cmpxchg(&qp->csd_busy, 0, 1) &&
			    smp_call_function_single_async(other, &qp->csd))
				atomic_set(&qp->csd_busy, 0);
			put_cpu();
			return;
		}
	}
	irq_work_queue(&qp->irq);
	put_cpu();
}

/**
 * fv_irq_signal() - something was completed
 * @q: the queue
 * @wanted: the driver wants an interrupt for it
 *
 * Context: any.
 */
void fv_irq_signal(struct fv_queue *q, bool wanted)
{
	struct fv_device *fv = q->fv;
	enum fv_irq how = READ_ONCE(fv->irq);
	unsigned long flags;

	if (!wanted && how != FV_IRQ_STORM) {
		spin_lock_irqsave(&q->lock, flags);
		q->counts.suppressed++;
		spin_unlock_irqrestore(&q->lock, flags);
		return;
	}
	if (how == FV_IRQ_NEVER || fv_evil_take(fv, FV_EVIL_LOST_IRQ, q->index))
		return;
	if (how == FV_IRQ_LATE && READ_ONCE(fv_qp(q)->irq_ok))
		queue_delayed_work(system_highpri_wq, &fv_qp(q)->late,
				   READ_ONCE(fv->irq_delay));
	else
		fv_irq_fire(q);
}

/**
 * fv_interrupt() - interrupt a queue, whether something was completed or not
 * @q: the queue
 *
 * Context: any. The driver's callback runs in hard interrupt context, soon.
 */
void fv_interrupt(struct fv_queue *q)
{
	fv_irq_fire(q);
}
EXPORT_SYMBOL_GPL(fv_interrupt);

/* Those on their way to the driver, or there. */
static void fv_irq_wait(struct fv_qpriv *qp)
{
	unsigned int ms = 0;

	/* As long as an interprocessor interrupt takes. */
	while (atomic_read_acquire(&qp->csd_busy) && ms++ < 10 * MSEC_PER_SEC)
		usleep_range(100, 1000);
	irq_work_sync(&qp->irq);
}

/**
 * fv_irq_wait_all() - wait for all interrupts which the driver may see the work of
 * @fv: the device; a late one is still to come
 *
 * Context: may sleep.
 */
void fv_irq_wait_all(struct fv_device *fv)
{
	unsigned int i;

	for (i = 0; i < fv->nr_queues; i++)
		fv_irq_wait(&fv->priv->q[i]);
	irq_work_sync(&fv->priv->config_irq);
}

/**
 * fv_irq_sync() - wait for the interrupts of a queue that are under way, and forget those
 *	that are late
 * @q: the queue; with &fv_qpriv.irq_ok false, none comes after it
 *
 * Context: may sleep.
 */
void fv_irq_sync(struct fv_queue *q)
{
	struct fv_qpriv *qp = fv_qp(q);

	cancel_delayed_work_sync(&qp->late);
	cancel_delayed_work_sync(&qp->again);
	fv_irq_wait(qp);
}

/**
 * fv_irq_sync_all() - the same for all queues, and the configuration
 * @fv: the device
 *
 * Context: may sleep.
 */
void fv_irq_sync_all(struct fv_device *fv)
{
	unsigned int i;

	for (i = 0; i < fv->nr_queues; i++)
		fv_irq_sync(&fv->queues[i]);
	irq_work_sync(&fv->priv->config_irq);
}

static void fv_config_work(struct irq_work *work)
{
	struct fv_private *priv = container_of(work, struct fv_private, config_irq);

	if (READ_ONCE(priv->config_ok)) {
		fv_irq_enter();
		virtio_config_changed(&priv->fv->vdev);
		fv_irq_leave();
	}
	fv_wake_tests(priv->fv);
}

/**
 * fv_irq_config() - announce a change of the configuration
 * @fv: the device
 *
 * Context: any. The driver hears of it in hard interrupt context, soon.
 */
void fv_irq_config(struct fv_device *fv)
{
	if (READ_ONCE(fv->priv->config_ok))
		irq_work_queue(&fv->priv->config_irq);
}

/**
 * fv_irq_pending() - is an interrupt under way?
 * @fv: the device
 *
 * Return: true if there is one.
 */
bool fv_irq_pending(struct fv_device *fv)
{
	struct fv_private *priv = fv->priv;
	unsigned int i;

	for (i = 0; i < fv->nr_queues; i++) {
		struct fv_qpriv *qp = &priv->q[i];

		if (delayed_work_pending(&qp->late) || work_busy(&qp->late.work) ||
		    atomic_read(&qp->csd_busy) || irq_work_is_busy(&qp->irq))
			return true;
	}
	return irq_work_is_busy(&priv->config_irq);
}

/**
 * fv_irq_init() - prepare the interrupts of all queues
 * @fv: a new device
 */
void fv_irq_init(struct fv_device *fv)
{
	unsigned int i;

	for (i = 0; i < FV_MAX_QUEUES; i++) {
		struct fv_qpriv *qp = &fv->priv->q[i];

		qp->irq = fv_irq_prepare(fv_irq_work);
		INIT_CSD(&qp->csd, fv_irq_csd, qp);
		INIT_DELAYED_WORK(&qp->late, fv_irq_late);
		INIT_DELAYED_WORK(&qp->again, fv_irq_again);
	}
	INIT_DELAYED_WORK(&fv->priv->unstick, fv_unstick);
	fv->priv->config_irq = fv_irq_prepare(fv_config_work);
}
