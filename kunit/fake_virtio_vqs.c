// SPDX-License-Identifier: GPL-2.0-only
/*
 * The virtqueues of the fake device, as a transport makes, resets and removes them.
 */
#include <linux/bitmap.h>
#include <linux/interrupt.h>
#include <linux/virtio_ring.h>

#include "fake_virtio_core.h"

/* Of a legacy device, whose ring is one piece of memory. */
#define FV_LEGACY_ALIGN	PAGE_SIZE

/* fv_usable() looks at it under the lock, and not at one that is about to be freed. */
static void fv_set_vq(struct fv_queue *q, struct virtqueue *vq)
{
	spin_lock_irq(&q->lock);
	q->vq = vq;
	spin_unlock_irq(&q->lock);
}

static int fv_make_vq(struct fv_device *fv, unsigned int index,
		      const struct virtqueue_info *info, struct virtqueue **result)
{
	struct fv_queue *q;
	struct virtqueue *vq;
	int err;

	if (index >= fv->nr_queues)
		return -ENOENT;
	if (fv_fail_now(fv, FV_FAIL_VQ))
		return -ENOMEM;
	q = &fv->queues[index];
	vq = vring_create_virtqueue(index, fv_qp(q)->num_max,
				    fv_modern(fv) ? SMP_CACHE_BYTES : FV_LEGACY_ALIGN,
				    &fv->vdev, true, fv_modern(fv), info->ctx, fv_op_notify,
				    info->callback, info->name);
	if (!vq)
		return -ENOMEM;
	vq->num_max = fv_qp(q)->num_max;
	fv_set_vq(q, vq);
	fv_qp(q)->has_affinity = false;
	err = fv_queue_start(q);
	if (err) {
		fv_set_vq(q, NULL);
		vring_del_virtqueue(vq);
		return err;
	}
	*result = vq;
	return 0;
}

static void fv_free_vq(struct fv_queue *q)
{
	struct virtqueue *vq = q->vq;

	if (!vq)
		return;
	fv_irq_sync(q);
	fv_set_vq(q, NULL);
	vring_del_virtqueue(vq);
	bitmap_free(fv_qp(q)->busy);
	fv_qp(q)->busy = NULL;
}

/* Queues have a CPU each, like the vectors of a device which are spread. */
static void fv_spread(struct fv_device *fv, unsigned int nr, const struct irq_affinity *desc)
{
	unsigned int first = desc->pre_vectors;
	unsigned int shared = nr - min(nr, first + desc->post_vectors);
	unsigned int i, cpu, n;

	for (i = 0; i < nr; i++) {
		/* The first of the vectors before is that of the configuration. */
		bool own = i + 1 >= first && i + 1 < first + shared + 1 && shared;
		struct fv_qpriv *qp = &fv->priv->q[i];

		cpumask_clear(&qp->affinity);
		n = 0;
		for_each_possible_cpu(cpu)
			if (!own || n++ % shared == i + 1 - first)
				cpumask_set_cpu(cpu, &qp->affinity);
		qp->has_affinity = own && !cpumask_empty(&qp->affinity);
	}
}

/**
 * kgd_transport_find_vqs() - find_vqs() of &struct virtio_config_ops
 * @vdev: the device
 * @nvqs: as many queues as the driver asks for
 * @vqs: the result
 * @info: what they shall be; without a name, there is none
 * @desc: the driver wants them spread over CPUs; may be NULL
 *
 * Return: 0, or a negative error code.
 */
int kgd_transport_find_vqs(struct virtio_device *vdev, unsigned int nvqs,
			   struct virtqueue *vqs[], struct virtqueue_info *info,
			   struct irq_affinity *desc)
{
	struct fv_device *fv = fv_of(vdev);
	unsigned int index = 0;
	unsigned int i;
	int err;

	if (fv_fail_now(fv, FV_FAIL_FIND_VQS))
		return -ENODEV;
	for (i = 0; i < nvqs; i++) {
		if (!info[i].name) {
			vqs[i] = NULL;
			continue;
		}
		err = fv_make_vq(fv, index++, &info[i], &vqs[i]);
		if (err) {
			fv_op_del_vqs(vdev);
			return err;
		}
	}
	if (desc)
		fv_spread(fv, index, desc);
	return 0;
}

/**
 * fv_op_del_vqs() - see &struct virtio_config_ops
 * @vdev: the device
 */
void fv_op_del_vqs(struct virtio_device *vdev)
{
	struct fv_device *fv = fv_of(vdev);
	unsigned int i;

	if (fv->status & VIRTIO_CONFIG_S_DRIVER_OK && fv_in_step(fv))
		fv_violation(fv, "2.4", "virtqueues removed from a device that was not reset");
	mutex_lock(&fv->priv->run_lock);
	for (i = 0; i < fv->nr_queues; i++) {
		struct fv_queue *q = &fv->queues[i];

		if (!q->vq)
			continue;
		fv_queue_stop(q);
		if (q->nr_inflight && fv->model->queue_reset)
			fv->model->queue_reset(q);
		fv_queue_drop(q);
		fv_free_vq(q);
	}
	mutex_unlock(&fv->priv->run_lock);
}

/**
 * fv_op_set_vq_affinity() - see &struct virtio_config_ops
 * @vq: whose interrupts
 * @mask: shall go there; NULL for anywhere
 *
 * Return: 0, or a negative error code.
 */
int fv_op_set_vq_affinity(struct virtqueue *vq, const struct cpumask *mask)
{
	struct fv_device *fv = fv_of(vq->vdev);
	struct fv_qpriv *qp = &fv->priv->q[vq->index];

	if (!vq->callback)
		return -EINVAL;
	if (fv_fail_now(fv, FV_FAIL_AFFINITY))
		return -EIO;
	if (mask)
		cpumask_copy(&qp->affinity, mask);
	qp->has_affinity = mask && !cpumask_empty(mask);
	return 0;
}

/**
 * fv_op_get_vq_affinity() - see &struct virtio_config_ops
 * @vdev: the device
 * @index: of the queue
 *
 * Return: the CPUs, or NULL if they were not chosen.
 */
const struct cpumask *fv_op_get_vq_affinity(struct virtio_device *vdev, int index)
{
	struct fv_device *fv = fv_of(vdev);
	struct fv_qpriv *qp;

	if (index < 0 || index >= fv->nr_queues)
		return NULL;
	qp = &fv->priv->q[index];
	return qp->has_affinity ? &qp->affinity : NULL;
}

/**
 * fv_op_disable_vq_and_reset() - see &struct virtio_config_ops
 * @vq: the queue
 *
 * Return: 0, or a negative error code.
 */
int fv_op_disable_vq_and_reset(struct virtqueue *vq)
{
	struct fv_device *fv = fv_of(vq->vdev);
	struct fv_queue *q = &fv->queues[vq->index];

	if (!fv_negotiated(fv, VIRTIO_F_RING_RESET))
		return -ENOENT;
	if (fv_fail_now(fv, FV_FAIL_RESET_VQ))
		return -EIO;
	mutex_lock(&fv->priv->run_lock);
	fv_queue_stop(q);
	if (fv->model->queue_reset)
		fv->model->queue_reset(q);
	fv_queue_drop(q);
	mutex_unlock(&fv->priv->run_lock);
	fv_irq_sync(q);
	vq->reset = true;
	return 0;
}

/**
 * fv_op_enable_vq_after_reset() - see &struct virtio_config_ops
 * @vq: the queue
 *
 * Return: 0, or a negative error code.
 */
int fv_op_enable_vq_after_reset(struct virtqueue *vq)
{
	struct fv_device *fv = fv_of(vq->vdev);
	int err;

	if (!vq->reset)
		return -EBUSY;
	if (fv_fail_now(fv, FV_FAIL_ENABLE_VQ))
		return -EIO;
	err = fv_queue_start(&fv->queues[vq->index]);
	if (!err)
		vq->reset = false;
	return err;
}
