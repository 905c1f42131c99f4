// SPDX-License-Identifier: GPL-2.0-only
/*
 * Completion: from the used ring back to the block layer, from an interrupt or
 * from a task that polls.
 *
 * Requests that went well and whose submitter runs on this CPU are ended here,
 * all together. Whatever needs more than that (another CPU, an error, a list to
 * give back, an I/O scheduler) is collected and goes its way one by one, after
 * the lock of the ring is dropped.
 */
#include <linux/blkdev.h>
#include <linux/blk-mq.h>
#include <linux/virtio_config.h>

#include "vblk.h"
#include "complete.h"
#include "io.h"
#include "serial.h"
#include "stats.h"
#include "zoned.h"

#define VBLK_ANY_CPU	(-1)

/* How a request ended; if the device did something wrong, say what. */
static noinline blk_status_t vblk_result(struct vblk_queue *q,
					 struct vblk_req *r,
					 u8 status, unsigned int len)
{
	struct request *rq = blk_mq_rq_from_pdu(r);
	struct device *dev = &q->vq->vdev->dev;
	struct vblk *vblk = rq->q->queuedata;
	blk_status_t sts;

	switch (status) {
	case VIRTIO_BLK_S_OK:
		if (len >= r->in_len)
			return req_op(rq) == REQ_OP_ZONE_APPEND ?
			       vblk_zone_appended(vblk, rq) : BLK_STS_OK;
		dev_err_ratelimited(dev,
				    "%s: device wrote %u of %u bytes and says that all is well\n",
				    q->name, len, r->in_len);
		return BLK_STS_IOERR;
	case VIRTIO_BLK_S_IOERR:
		return BLK_STS_IOERR;
	case VIRTIO_BLK_S_UNSUPP:
		return BLK_STS_NOTSUPP;
	case VBLK_STATUS_UNWRITTEN:
		dev_err_ratelimited(dev,
				    "%s: device completed a request without a status\n",
				    q->name);
		return BLK_STS_IOERR;
	default:
		sts = vblk_zone_error(vblk, status);
		if (sts)
			return sts;
		dev_err_ratelimited(dev,
				    "%s: device gave the unknown status %u\n",
				    q->name, status);
		return BLK_STS_IOERR;
	}
}

/**
 * vblk_complete_rq() - end a request whose result is known
 * @rq: the request; the device does not own it any more
 *
 * Context: any; the CPU that the block layer chose.
 */
void vblk_complete_rq(struct request *rq)
{
	struct vblk_req *r = blk_mq_rq_to_pdu(rq);

	vblk_unmap(r);
	if (blk_rq_is_passthrough(rq) && !vblk_is_zone_report(rq))
		vblk_serial_done(rq->q->queuedata, r, r->result);
	blk_mq_end_request(rq, r->result);
}

/* Whoever polls may end everything; an interrupt only what is of its CPU. */
static inline bool vblk_ends_here(struct request *rq, int cpu)
{
	return cpu == VBLK_ANY_CPU || blk_mq_rq_cpu(rq) == cpu;
}

/* Nothing has to be done but to end it. The caller holds q->lock. */
static inline bool vblk_is_well(const struct vblk_req *r, u8 status, unsigned int len)
{
	return status == VIRTIO_BLK_S_OK && len >= r->in_len;
}

/* The other requests. The caller holds q->lock. */
static noinline void vblk_take_other(struct vblk_queue *q, struct vblk_req *r, u8 status,
				     unsigned int len)
{
	/* Its status is elsewhere, and this one still as it was set. */
	if (req_op(blk_mq_rq_from_pdu(r)) == REQ_OP_ZONE_APPEND)
		status = READ_ONCE(r->append.status);
	vblk_count_done(q, r, vblk_is_well(r, status, len));
	r->result = vblk_result(q, r, status, len);
}

/*
 * Take what the device is done with. Plain successes of this CPU go to @iob,
 * the others to @rest. Returns whether there was anything.
 *
 * The number of turns is bounded: only what was added can be taken, and nothing
 * is added while the caller holds q->lock.
 */
static __always_inline bool vblk_take(struct vblk_queue *q, int cpu,
				      struct io_comp_batch *iob,
				      struct vblk_req ***rest)
{
	struct vblk_req *r;
	unsigned int len;
	bool any = false;

	while ((r = virtqueue_get_buf(q->vq, &len))) {
		struct request *rq = blk_mq_rq_from_pdu(r);
		u8 status = READ_ONCE(r->status);

		any = true;
		if (unlikely(!vblk_is_well(r, status, len))) {
			vblk_take_other(q, r, status, len);
		} else {
			vblk_count_done(q, r, true);
			if (likely(!r->slow && vblk_ends_here(rq, cpu))) {
				blk_mq_set_request_complete(rq);
				if (blk_mq_add_to_batch(rq, iob, false,
							blk_mq_end_request_batch))
					continue;
			}
			r->result = BLK_STS_OK;
		}
		**rest = r;
		*rest = &r->next;
	}

	return any;
}

/* Caller holds q->lock. Returns whether the queue has to be started again. */
static inline bool vblk_took(struct vblk_queue *q)
{
	bool start = q->stopped;

	vblk_count(q, VBLK_RUN);
	q->reaped++;
	q->stopped = false;
	return start;
}

static void vblk_end_rest(struct vblk_req *r, int cpu)
{
	while (r) {
		struct request *rq = blk_mq_rq_from_pdu(r);
		struct vblk_req *next = r->next;

		/* No softirq, no IPI if this is where it has to end anyway. */
		if (vblk_ends_here(rq, cpu))
			blk_mq_complete_request_direct(rq, vblk_complete_rq);
		else
			blk_mq_complete_request(rq);
		r = next;
	}
}

/* Take what the device is done with, and let it interrupt again. Any context. */
static inline void vblk_reap(struct vblk_queue *q, bool interrupted)
{
	struct vblk_req *head = NULL, **rest = &head;
	int cpu = raw_smp_processor_id();
	bool again = false, start = false;
	DEFINE_IO_COMP_BATCH(iob);
	unsigned long flags;

	spin_lock_irqsave(&q->lock, flags);
	if (unlikely(q->dead))
		goto unlock;
	if (interrupted)
		vblk_count(q, VBLK_INTERRUPT);
	do {
		virtqueue_disable_cb(q->vq);
		if (likely(vblk_take(q, cpu, &iob, &rest))) {
			start |= vblk_took(q);
		} else if (unlikely(again)) {
			/* It claims to have more and gives nothing. */
			dev_err_ratelimited(&q->vq->vdev->dev,
					    "%s: used ring makes no sense, queue given up\n",
					    q->name);
			__virtqueue_break(q->vq);
			break;
		} else if (interrupted) {
			vblk_count(q, VBLK_EMPTY);
		}
		again = true;
	} while (unlikely(!virtqueue_enable_cb(q->vq)));
unlock:
	spin_unlock_irqrestore(&q->lock, flags);

	*rest = NULL;
	if (!rq_list_empty(&iob.req_list))
		blk_mq_end_request_batch(&iob);
	vblk_end_rest(head, cpu);
	if (unlikely(start))
		blk_mq_start_stopped_hw_queue(q->hctx, true);
}

/**
 * vblk_interrupt() - callback of a virtqueue
 * @vq: the virtqueue whose used ring has grown
 *
 * Context: the transport's interrupt handler.
 */
void vblk_interrupt(struct virtqueue *vq)
{
	struct vblk *vblk = vq->vdev->priv;

	vblk_reap(&vblk->queues[vq->index], true);
}

/**
 * vblk_look() - look into a ring without having been interrupted
 * @q: the queue, dead or alive
 *
 * Context: process.
 */
void vblk_look(struct vblk_queue *q)
{
	vblk_reap(q, false);

	/* Queues for polling have nothing to be interrupted for. */
	spin_lock_irq(&q->lock);
	if (!q->dead && !q->vq->callback)
		virtqueue_disable_cb(q->vq);
	spin_unlock_irq(&q->lock);
}

/**
 * vblk_reap_last() - take what a device had done before it was reset
 * @q: the queue; it is dead, and the reset is confirmed
 *
 * Context: process; nobody else is at the ring.
 */
void vblk_reap_last(struct vblk_queue *q)
{
	struct vblk_req *head = NULL, **rest = &head;
	DEFINE_IO_COMP_BATCH(iob);
	unsigned long flags;

	spin_lock_irqsave(&q->lock, flags);
	if (vblk_take(q, VBLK_ANY_CPU, &iob, &rest))
		vblk_took(q);
	spin_unlock_irqrestore(&q->lock, flags);

	*rest = NULL;
	if (!rq_list_empty(&iob.req_list))
		blk_mq_end_request_batch(&iob);
	while (head) {
		struct request *rq = blk_mq_rq_from_pdu(head);

		head = head->next;
		blk_mq_complete_request(rq);
	}
}

/**
 * vblk_poll() - look for completions on a queue without interrupt
 * @hctx: the hardware queue
 * @iob: batch that the caller ends, or NULL
 *
 * Context: the task that polls.
 * Return: whether any request completed, as a number.
 */
int vblk_poll(struct blk_mq_hw_ctx *hctx, struct io_comp_batch *iob)
{
	struct vblk_req *head = NULL, **rest = &head;
	struct vblk_queue *q = hctx->driver_data;
	bool any = false, start = false;
	unsigned long flags;

	spin_lock_irqsave(&q->lock, flags);
	if (likely(!q->dead))
		any = vblk_take(q, VBLK_ANY_CPU, iob, &rest);
	if (any)
		start = vblk_took(q);
	spin_unlock_irqrestore(&q->lock, flags);

	*rest = NULL;
	vblk_end_rest(head, VBLK_ANY_CPU);
	if (unlikely(start))
		blk_mq_start_stopped_hw_queue(hctx, true);

	return any;
}
