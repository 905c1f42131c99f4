// SPDX-License-Identifier: GPL-2.0-only
/*
 * Submission: from a request to descriptors in a ring.
 *
 * What can be done without the ring is done before its lock is taken, a batch
 * is added under one hold of the lock, and the device is told once per batch,
 * after the lock is dropped.
 */
#include <linux/blkdev.h>
#include <linux/blk-mq.h>
#include <linux/virtio_config.h>

#include "vblk.h"
#include "complete.h"
#include "io.h"
#include "queue.h"
#include "serial.h"
#include "stats.h"
#include "timeout.h"
#include "zoned.h"

/* Once in the life of a request: what never changes in it. */
static noinline void vblk_init_req(struct vblk_req *r)
{
	/* "reserved" now, formerly a priority hint (virtio 1.3, 5.2.6). */
	r->hdr.ioprio = 0;
	sg_init_one(&r->hdr_sg, &r->hdr, sizeof(r->hdr));
	sg_init_one(&r->status_sg, &r->status, sizeof(r->status));
	sg_init_table(r->sg, VBLK_INLINE_SG);
	r->ready = true;
}

/**
 * vblk_unmap() - give back what vblk_prep() took for a request
 * @r: the request; the device does not own it
 *
 * Context: any. May be called once for every successful vblk_prep().
 */
void vblk_unmap(struct vblk_req *r)
{
	/* Anything longer than the inline list came from the pools. */
	if (r->data == r->table.sgl && r->table.orig_nents > VBLK_INLINE_SG)
		sg_free_table_chained(&r->table, VBLK_INLINE_SG);
	r->data = NULL;
}

static noinline blk_status_t vblk_map_list(struct request *rq, struct vblk_req *r)
{
	r->data = NULL;
	r->table.sgl = r->sg;
	if (sg_alloc_table_chained(&r->table, blk_rq_nr_phys_segments(rq),
				   r->sg, VBLK_INLINE_SG))
		return BLK_STS_RESOURCE;

	blk_rq_map_sg(rq, r->table.sgl);
	r->data = r->table.sgl;
	r->slow = r->table.orig_nents > VBLK_INLINE_SG;
	return BLK_STS_OK;
}

static void vblk_map_range(struct request *rq, struct vblk_req *r, bool unmap)
{
	u32 flags = unmap ? VIRTIO_BLK_WRITE_ZEROES_FLAG_UNMAP : 0;

	r->range.sector = cpu_to_le64(blk_rq_pos(rq));
	r->range.num_sectors = cpu_to_le32(blk_rq_sectors(rq));
	r->range.flags = cpu_to_le32(flags);
	sg_set_buf(r->sg, &r->range, sizeof(r->range));
	sg_mark_end(r->sg);
	r->data = r->sg;
}

/* Endianness: that of the guest with a legacy device (virtio 1.3, 5.2.6.3). */
static inline void vblk_set_hdr(struct request *rq, struct vblk_req *r,
				u32 type, sector_t sector)
{
	struct vblk *vblk = rq->q->queuedata;

	r->hdr.type = cpu_to_virtio32(vblk->vdev, type);
	r->hdr.sector = cpu_to_virtio64(vblk->vdev, sector);
}

static inline void vblk_set_up(struct vblk_req *r, u8 nr_out, u8 nr_in)
{
	r->status = VBLK_STATUS_UNWRITTEN;
	r->slow = false;
	r->expired = false;
	r->replayed = false;
	r->nr_out = nr_out;
	r->nr_in = nr_in;
}

static u32 vblk_serial_type(const struct request *rq)
{
	const struct vblk *vblk = rq->q->queuedata;

	return vblk->serial.type;
}

/*
 * Before its status the device writes where the data are. That is not what status_sg
 * describes for all other commands, so it is set up again after this one.
 */
static blk_status_t vblk_prep_append(struct request *rq, struct vblk_req *r)
{
	blk_status_t sts;

	vblk_set_up(r, 2, 1);
	vblk_set_hdr(rq, r, VIRTIO_BLK_T_ZONE_APPEND, blk_rq_pos(rq));
	r->in_len = sizeof(r->append.sector);
	r->append.status = VBLK_STATUS_UNWRITTEN;
	r->ready = false;
	sg_set_buf(&r->status_sg, &r->append, offsetofend(struct vblk_req, append.status) -
		   offsetof(struct vblk_req, append));
	sts = vblk_map_list(rq, r);
	r->slow = true;
	return sts;
}

static blk_status_t vblk_prep_report(struct request *rq, struct vblk_req *r)
{
	blk_status_t sts;

	vblk_set_up(r, 1, 2);
	vblk_set_hdr(rq, r, VIRTIO_BLK_T_ZONE_REPORT, r->zone);
	r->in_len = sizeof(struct virtio_blk_zone_report);
	sts = vblk_map_list(rq, r);
	r->slow = true;
	return sts;
}

static void vblk_prep_zone(struct request *rq, struct vblk_req *r, u32 type)
{
	vblk_set_up(r, 1, 1);
	vblk_set_hdr(rq, r, type,
		     type == VIRTIO_BLK_T_ZONE_RESET_ALL ? 0 : blk_rq_pos(rq));
}

static void vblk_prep_serial(struct request *rq, struct vblk_req *r)
{
	u32 type = vblk_serial_type(rq);

	vblk_set_up(r, 1, 2);
	vblk_set_hdr(rq, r, type, 0);
	r->slow = true;
	memset(r->id, 0, sizeof(r->id));
	sg_set_buf(r->sg, r->id, type == VIRTIO_BLK_T_GET_ID ?
		   sizeof(r->id) : sizeof(r->lifetime));
	sg_mark_end(r->sg);
	r->data = r->sg;
}

/* Commands other than read and write. */
static noinline blk_status_t vblk_prep_other(struct request *rq,
					     struct vblk_req *r)
{
	r->in_len = 0;
	r->data = NULL;

	switch (req_op(rq)) {
	case REQ_OP_FLUSH:
		vblk_set_up(r, 1, 1);
		vblk_set_hdr(rq, r, VIRTIO_BLK_T_FLUSH, 0);
		return BLK_STS_OK;
	case REQ_OP_DISCARD:
		vblk_set_up(r, 2, 1);
		vblk_set_hdr(rq, r, VIRTIO_BLK_T_DISCARD, 0);
		vblk_map_range(rq, r, false);
		return BLK_STS_OK;
	case REQ_OP_SECURE_ERASE:
		vblk_set_up(r, 2, 1);
		vblk_set_hdr(rq, r, VIRTIO_BLK_T_SECURE_ERASE, 0);
		vblk_map_range(rq, r, false);
		return BLK_STS_OK;
	case REQ_OP_WRITE_ZEROES:
		vblk_set_up(r, 2, 1);
		vblk_set_hdr(rq, r, VIRTIO_BLK_T_WRITE_ZEROES, 0);
		vblk_map_range(rq, r, !(rq->cmd_flags & REQ_NOUNMAP));
		return BLK_STS_OK;
	case REQ_OP_DRV_IN:
		if (vblk_is_zone_report(rq))
			return vblk_prep_report(rq, r);
		vblk_prep_serial(rq, r);
		return BLK_STS_OK;
	case REQ_OP_ZONE_APPEND:
		return vblk_prep_append(rq, r);
	case REQ_OP_ZONE_OPEN:
		vblk_prep_zone(rq, r, VIRTIO_BLK_T_ZONE_OPEN);
		return BLK_STS_OK;
	case REQ_OP_ZONE_CLOSE:
		vblk_prep_zone(rq, r, VIRTIO_BLK_T_ZONE_CLOSE);
		return BLK_STS_OK;
	case REQ_OP_ZONE_FINISH:
		vblk_prep_zone(rq, r, VIRTIO_BLK_T_ZONE_FINISH);
		return BLK_STS_OK;
	case REQ_OP_ZONE_RESET:
		vblk_prep_zone(rq, r, VIRTIO_BLK_T_ZONE_RESET);
		return BLK_STS_OK;
	case REQ_OP_ZONE_RESET_ALL:
		vblk_prep_zone(rq, r, VIRTIO_BLK_T_ZONE_RESET_ALL);
		return BLK_STS_OK;
	default:
		return BLK_STS_NOTSUPP;
	}
}

/* Everything up to the ring. On failure nothing is held. */
static __always_inline blk_status_t vblk_prep(const struct vblk_queue *q,
					      struct request *rq)
{
	struct vblk_req *r = blk_mq_rq_to_pdu(rq);
	struct bio_vec bv;

	if (unlikely(!r->ready))
		vblk_init_req(r);

	switch (req_op(rq)) {
	case REQ_OP_READ:
		vblk_set_up(r, 1, 2);
		r->in_len = blk_rq_bytes(rq) & q->len_mask;
		vblk_set_hdr(rq, r, VIRTIO_BLK_T_IN, blk_rq_pos(rq));
		break;
	case REQ_OP_WRITE:
		vblk_set_up(r, 2, 1);
		r->in_len = 0;
		vblk_set_hdr(rq, r, VIRTIO_BLK_T_OUT, blk_rq_pos(rq));
		break;
	default:
		return vblk_prep_other(rq, r);
	}

	if (blk_rq_nr_phys_segments(rq) != 1)
		return vblk_map_list(rq, r);
	bv = req_bvec(rq);
	if (unlikely(bv.bv_len != blk_rq_bytes(rq)))
		return vblk_map_list(rq, r);

	sg_set_page(r->sg, bv.bv_page, bv.bv_len, bv.bv_offset);
	sg_mark_end(r->sg);
	r->data = r->sg;
	return BLK_STS_OK;
}

/* Caller holds q->lock. */
static inline int vblk_add(struct vblk_queue *q, struct vblk_req *r)
{
	struct scatterlist *sgs[3];
	unsigned int n = 0;

	sgs[n++] = &r->hdr_sg;
	if (r->data)
		sgs[n++] = r->data;
	sgs[n] = &r->status_sg;

	r->seq = q->seq++;
	return virtqueue_add_sgs(q->vq, sgs, r->nr_out, r->nr_in, r,
				 GFP_ATOMIC);
}

/* Not sent again: the time counts. Caller holds q->lock. */
static inline int vblk_add_first(struct vblk_queue *q, struct vblk_req *r)
{
	int err = vblk_add(q, r);

	if (likely(!err))
		vblk_count_sent(q, r);
	return err;
}

/* Whether the device has to be told of what was added. Caller holds q->lock. */
static inline bool vblk_needs_kick(struct vblk_queue *q)
{
	if (unlikely(q->dead) || !virtqueue_kick_prepare(q->vq))
		return false;
	vblk_count(q, VBLK_NOTIFIED);
	return true;
}

/**
 * vblk_add_again() - put a request into a ring that has lost it in a reset
 * @q: its queue
 * @rq: the request; started and prepared
 *
 * Context: process.
 * Return: 0 or a negative error number; -ENOSPC and -ENOMEM may pass.
 */
int vblk_add_again(struct vblk_queue *q, struct request *rq)
{
	struct vblk_req *r = blk_mq_rq_to_pdu(rq);
	int err;

	r->status = VBLK_STATUS_UNWRITTEN;
	r->expired = false;
	r->replayed = true;

	spin_lock_irq(&q->lock);
	err = q->dead ? -EIO : vblk_add(q, r);
	spin_unlock_irq(&q->lock);
	return err;
}

/**
 * vblk_kick() - notify the device, needed or not
 * @q: the queue
 *
 * Under the lock, as the virtqueue may be deleted any time after it.
 *
 * Context: process.
 */
void vblk_kick(struct vblk_queue *q)
{
	spin_lock_irq(&q->lock);
	if (!q->dead) {
		virtqueue_kick_prepare(q->vq);
		virtqueue_notify(q->vq);
		vblk_count(q, VBLK_NOTIFIED);
	}
	spin_unlock_irq(&q->lock);
}

/*
 * A ring that is full is left alone until a completion makes room; anything
 * else that may pass is tried again by the block layer after a moment. The
 * status is BLK_STS_RESOURCE, not BLK_STS_DEV_RESOURCE: the completion may
 * start the queue again before the block layer has put the request back, and
 * then nobody else would run it.
 *
 * Caller holds q->lock.
 */
static blk_status_t vblk_add_failed(struct vblk_queue *q, int err)
{
	switch (err) {
	case -ENOSPC:
		vblk_count(q, VBLK_FULL);
		q->stopped = true;
		blk_mq_stop_hw_queue(q->hctx);
		return BLK_STS_RESOURCE;
	case -ENOMEM:
		return BLK_STS_RESOURCE;
	default:
		return BLK_STS_IOERR;
	}
}

static blk_status_t vblk_queue_rq(struct blk_mq_hw_ctx *hctx,
				  const struct blk_mq_queue_data *bd)
{
	struct vblk_req *r = blk_mq_rq_to_pdu(bd->rq);
	struct vblk_queue *q = hctx->driver_data;
	bool notify = false;
	unsigned long flags;
	blk_status_t sts;
	int err;

	sts = vblk_prep(q, bd->rq);
	if (unlikely(sts))
		goto out_prep;

	blk_mq_start_request(bd->rq);

	spin_lock_irqsave(&q->lock, flags);
	err = likely(!q->dead) ? vblk_add_first(q, r) : -EIO;
	if (unlikely(err))
		sts = vblk_add_failed(q, err);
	if (bd->last || unlikely(err))
		notify = vblk_needs_kick(q);
	spin_unlock_irqrestore(&q->lock, flags);

	if (notify)
		virtqueue_notify(q->vq);
	if (likely(!err))
		return BLK_STS_OK;

	vblk_unmap(r);
out_prep:
	if (sts != BLK_STS_RESOURCE && blk_rq_is_passthrough(bd->rq) &&
	    !vblk_is_zone_report(bd->rq))
		vblk_serial_done(hctx->queue->queuedata, r, sts);
	return sts;
}

static void vblk_commit_rqs(struct blk_mq_hw_ctx *hctx)
{
	struct vblk_queue *q = hctx->driver_data;
	unsigned long flags;
	bool notify;

	spin_lock_irqsave(&q->lock, flags);
	notify = vblk_needs_kick(q);
	spin_unlock_irqrestore(&q->lock, flags);

	if (notify)
		virtqueue_notify(q->vq);
}

/*
 * Add a chain of prepared requests to one queue and tell the device once. What
 * does not fit has been started already, so it goes back through the requeue
 * list, to come again alone through vblk_queue_rq().
 */
static inline void vblk_add_batch(struct vblk_queue *q, struct vblk_req *r)
{
	unsigned long flags;
	bool notify = false;
	int err = 0;

	spin_lock_irqsave(&q->lock, flags);
	if (unlikely(q->dead))
		err = -EIO;
	while (r && likely(!err)) {
		/* Once in the ring, the request may be gone at any time. */
		struct vblk_req *next = r->next;

		err = vblk_add_first(q, r);
		if (likely(!err))
			r = next;
	}
	notify = vblk_needs_kick(q);
	spin_unlock_irqrestore(&q->lock, flags);

	if (notify)
		virtqueue_notify(q->vq);

	while (unlikely(r)) {
		struct vblk_req *next = r->next;

		vblk_unmap(r);
		blk_mq_requeue_request(blk_mq_rq_from_pdu(r), true);
		r = next;
	}
}

static void vblk_queue_rqs(struct rq_list *rqlist)
{
	struct request *rq = rq_list_pop(rqlist);
	struct rq_list rest;

	rq_list_init(&rest);

	/* A batch is what goes to the same queue in a row. */
	while (rq) {
		struct vblk_queue *q = rq->mq_hctx->driver_data;
		struct vblk_req *head, **tail = &head;

		do {
			struct vblk_req *r = blk_mq_rq_to_pdu(rq);

			/* The block layer sends those again, one by one. */
			if (unlikely(vblk_prep(q, rq))) {
				rq_list_add_tail(&rest, rq);
				continue;
			}
			blk_mq_start_request(rq);
			*tail = r;
			tail = &r->next;
		} while ((rq = rq_list_pop(rqlist)) &&
			 rq->mq_hctx->driver_data == q);

		*tail = NULL;
		vblk_add_batch(q, head);
	}

	*rqlist = rest;
}

BLK_MQ_QUEUE_RQS(vblk_queue_rqs);
BLK_MQ_POLL(vblk_poll);
BLK_MQ_TIMEOUT(vblk_timeout);
BLK_MQ_MAP_QUEUES(vblk_map_queues);

const struct blk_mq_ops vblk_mq_ops = {
	.queue_rq	= vblk_queue_rq,
	BLK_MQ_QUEUE_RQS_OP(vblk_queue_rqs)
	.commit_rqs	= vblk_commit_rqs,
	.complete	= vblk_complete_rq,
	.poll		= blk_mq_poll_op(vblk_poll),
	.timeout	= blk_mq_timeout_op(vblk_timeout),
	.init_hctx	= vblk_init_hctx,
	.map_queues	= blk_mq_map_queues_op(vblk_map_queues),
};
