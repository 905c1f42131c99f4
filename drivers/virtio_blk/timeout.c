// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests that are not answered in time.
 *
 * The block layer has a timer for each request anyway. All that it does here is
 * to say which requests are late; none is ever completed from it, because the
 * device may still write to its memory. What can be done about them is done by a
 * work, and a reset by recover.c.
 */
#include <linux/blkdev.h>
#include <linux/blk-mq.h>
#include <linux/delay.h>
#include <linux/virtio_config.h>

#include "vblk.h"
#include "complete.h"
#include "io.h"
#include "params.h"
#include "recover.h"
#include "timeout.h"

/* How long a device that was notified again gets for an answer. */
#define VBLK_KICK_TRIES		20
#define VBLK_KICK_USECS		(10 * USEC_PER_MSEC)

/**
 * vblk_timeout() - the block layer's timer of a request has run out
 * @rq: the request; it is held for this call
 *
 * The timer always starts again. It did not when the request was sent again after
 * a reset, so then its first end means nothing.
 *
 * Context: process.
 * Return: BLK_EH_RESET_TIMER: the request is not completed.
 */
enum blk_eh_timer_return vblk_timeout(struct request *rq)
{
	struct vblk *vblk = rq->q->queuedata;
	struct vblk_req *r = blk_mq_rq_to_pdu(rq);
	struct vblk_recovery *rec = &vblk->rec;

	if (!READ_ONCE(rec->timeout) || test_bit(VBLK_DOWN, &rec->state))
		return BLK_EH_RESET_TIMER;
	if (r->replayed) {
		r->replayed = false;
		return BLK_EH_RESET_TIMER;
	}

	WRITE_ONCE(r->expired, true);
	atomic_long_inc(&rec->timeouts);
	queue_work(rec->wq, &rec->timeout_work);
	return BLK_EH_RESET_TIMER;
}

/**
 * vblk_set_timeout() - say when a request is late
 * @vblk: the disk
 * @seconds: so long after it was sent; 0 for never
 *
 * Requests that are under way keep the time they have.
 *
 * Context: process.
 */
void vblk_set_timeout(struct vblk *vblk, unsigned int seconds)
{
	if (seconds)
		blk_queue_rq_timeout(vblk->disk->queue, seconds * HZ);
	WRITE_ONCE(vblk->rec.timeout, seconds);
}

struct vblk_late {
	unsigned int nr;
	unsigned int op;
	sector_t sector;
};

static bool vblk_count_late(struct request *rq, void *data)
{
	struct vblk_req *r = blk_mq_rq_to_pdu(rq);
	struct vblk_late *late = data;

	if (READ_ONCE(r->expired) && !blk_mq_request_completed(rq)) {
		late->nr++;
		late->op = (__force unsigned int)req_op(rq);
		late->sector = blk_rq_pos(rq);
	}
	return true;
}

static struct vblk_late vblk_find_late(struct vblk *vblk)
{
	struct vblk_late late = { };

	blk_mq_tagset_busy_iter(&vblk->tag_set, vblk_count_late, &late);
	return late;
}

/*
 * A notification or an interrupt may be lost: notify again, and look for answers.
 * Returns whether nothing is late any more.
 */
static bool vblk_heal(struct vblk *vblk)
{
	unsigned long before = vblk_sum_reaped(vblk);
	unsigned int i, try;

	for (i = 0; i < vblk->nr_queues; i++)
		vblk_kick(&vblk->queues[i]);

	for (try = 0; try < VBLK_KICK_TRIES; try++) {
		for (i = 0; i < vblk->nr_queues; i++)
			vblk_look(&vblk->queues[i]);
		if (!vblk_find_late(vblk).nr) {
			if (vblk_sum_reaped(vblk) != before)
				atomic_long_inc(&vblk->rec.healed);
			return true;
		}
		usleep_range(VBLK_KICK_USECS, 2 * VBLK_KICK_USECS);
	}
	return false;
}

/**
 * vblk_timeout_work() - look after requests that are late
 * @work: &vblk_recovery.timeout_work
 *
 * Context: process.
 */
void vblk_timeout_work(struct work_struct *work)
{
	struct vblk_recovery *rec = container_of(work, struct vblk_recovery,
						 timeout_work);
	struct vblk *vblk = container_of(rec, struct vblk, rec);
	struct device *dev = &vblk->vdev->dev;
	const char *name = vblk->disk->disk_name;
	unsigned int action = READ_ONCE(rec->action);
	struct vblk_late late = vblk_find_late(vblk);

	if (!late.nr || test_bit(VBLK_DOWN, &rec->state))
		return;

	dev_err_ratelimited(dev,
			    "[%s] %u requests late, one is operation %u at sector %llu; timeout_action is %s\n",
			    name, late.nr, late.op, (u64)late.sector,
			    vblk_action_names[action]);
	if (action == VBLK_ACTION_WAIT)
		return;

	if (vblk_heal(vblk)) {
		dev_warn_ratelimited(dev,
				     "[%s] the device had not heard of them, or not told\n",
				     name);
		return;
	}

	if (action == VBLK_ACTION_RESET)
		vblk_want(vblk, VBLK_WANT_RESTART);
	else if (action == VBLK_ACTION_FAIL)
		vblk_want(vblk, VBLK_WANT_RESTART | VBLK_WANT_FAIL);
}
