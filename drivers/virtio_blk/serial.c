// SPDX-License-Identifier: GPL-2.0-only
/*
 * The serial number, by the command GET_ID, and how worn the medium is, by GET_LIFETIME
 * (virtio 1.3, 5.2.6).
 *
 * A device that does not answer must not hold its reader for good. So there is
 * one command at a time, its data lives in the request, and a reader who gave
 * up leaves it to the next one. A reserved tag keeps it out of the queue of
 * ordinary requests.
 */
#include <linux/blkdev.h>
#include <linux/blk-mq.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/sched/signal.h>
#include <linux/string.h>

#include "vblk.h"
#include "serial.h"

#define VBLK_SERIAL_TIMEOUT	(10 * HZ)

/**
 * vblk_serial_init() - prepare the reading of serial numbers
 * @vblk: the disk
 *
 * Context: process.
 */
void vblk_serial_init(struct vblk *vblk)
{
	mutex_init(&vblk->serial.lock);
	init_completion(&vblk->serial.done);
}

/*
 * The tag of the last command is free only a moment after its answer was, and a
 * change of limits freezes the queue. Neither is an error, but the block layer
 * would wait for a frozen queue without a bound.
 */
static struct request *vblk_serial_alloc(struct vblk *vblk)
{
	unsigned long end = jiffies + VBLK_SERIAL_TIMEOUT;
	blk_mq_req_flags_t flags = BLK_MQ_REQ_NOWAIT;
	struct request *rq;

	if (vblk->tag_set.reserved_tags)
		flags |= BLK_MQ_REQ_RESERVED;
	do {
		rq = blk_mq_alloc_request(vblk->disk->queue, REQ_OP_DRV_IN,
					  flags);
		if (PTR_ERR_OR_ZERO(rq) != -EAGAIN ||
		    fatal_signal_pending(current))
			return rq;
		usleep_range(50, 1000);
	} while (time_before(jiffies, end));

	return ERR_PTR(-ETIMEDOUT);
}

static int vblk_serial_send(struct vblk *vblk, u32 type)
{
	struct vblk_serial *serial = &vblk->serial;
	struct request *rq;

	rq = vblk_serial_alloc(vblk);
	if (IS_ERR(rq))
		return PTR_ERR(rq);

	reinit_completion(&serial->done);
	serial->type = type;
	serial->busy = true;
	blk_execute_rq_nowait(rq, false);
	return 0;
}

/**
 * vblk_serial_done() - the command has ended
 * @vblk: the disk
 * @r: the request
 * @sts: how it ended
 *
 * Context: any.
 */
void vblk_serial_done(struct vblk *vblk, struct vblk_req *r, blk_status_t sts)
{
	struct vblk_serial *serial = &vblk->serial;

	/* Up to 20 bytes, and a zero byte only if there is room for it. */
	memcpy(serial->id, r->id, sizeof(r->id));
	serial->id[sizeof(r->id)] = '\0';
	serial->status = sts;
	complete(&serial->done);
}

/* Lock held. The answer is in @vblk->serial then. */
static int vblk_serial_wait(struct vblk *vblk)
{
	struct vblk_serial *serial = &vblk->serial;
	long left;

	left = wait_for_completion_killable_timeout(&serial->done,
						    VBLK_SERIAL_TIMEOUT);
	if (left <= 0)
		return left ?: -ETIMEDOUT;
	serial->busy = false;
	return blk_status_to_errno(serial->status);
}

/* Lock held. Somebody may have given up on a command, this one or the other. */
static int vblk_serial_ask(struct vblk *vblk, u32 type)
{
	struct vblk_serial *serial = &vblk->serial;
	int err;

	if (serial->busy) {
		err = vblk_serial_wait(vblk);
		if (serial->busy || serial->type == type)
			return err;
	}
	err = vblk_serial_send(vblk, type);
	if (err)
		return err;
	return vblk_serial_wait(vblk);
}

/**
 * vblk_serial_read() - ask the device for its serial number
 * @vblk: the disk
 * @buf: room for VIRTIO_BLK_ID_BYTES + 1 bytes
 *
 * Context: process; sleeps, for 10 seconds at most once it is its turn, and as
 *	long again for a queue that is frozen or another command without answer.
 * Return: length of the string in @buf, or a negative error number: -EIO or
 *	-EOPNOTSUPP from the device, -ETIMEDOUT if it does not answer.
 */
int vblk_serial_read(struct vblk *vblk, char *buf)
{
	struct vblk_serial *serial = &vblk->serial;
	int err;

	err = mutex_lock_killable(&serial->lock);
	if (err)
		return err;
	err = vblk_serial_ask(vblk, VIRTIO_BLK_T_GET_ID);
	if (!err)
		err = strscpy(buf, serial->id, sizeof(serial->id));
	mutex_unlock(&serial->lock);
	return err;
}

/**
 * vblk_lifetime_read() - ask the device how worn its medium is
 * @vblk: the disk, with LIFETIME
 * @lifetime: where to put the answer
 *
 * Context: process; sleeps as long as vblk_serial_read().
 * Return: 0, or a negative error number as of vblk_serial_read().
 */
int vblk_lifetime_read(struct vblk *vblk, struct vblk_lifetime *lifetime)
{
	struct vblk_serial *serial = &vblk->serial;
	int err;

	err = mutex_lock_killable(&serial->lock);
	if (err)
		return err;
	err = vblk_serial_ask(vblk, VBLK_T_GET_LIFETIME);
	if (!err)
		memcpy(lifetime, serial->id, sizeof(*lifetime));
	mutex_unlock(&serial->lock);
	return err;
}
