// SPDX-License-Identifier: GPL-2.0-only
/*
 * Resets of a device that is in use.
 *
 * To complete a request gives its pages back, and the device may write to them
 * until it has completed the request or is reset. So a request that the device
 * has is only completed after either, whatever else happens.
 *
 * The transport waits for the end of a reset without a limit. Therefore one work
 * resets, and nobody has to wait for it for longer than the disk's reset_timeout:
 * then the disk is dead. What the device has stays where it is, and the rest and
 * all that comes fails. The work still waits; if the reset is confirmed after all,
 * what was left fails too. It pins the module, since it may be in there for long;
 * the memory it uses is there, as removal waits for it: no transport can be taken
 * apart under its own reset.
 */
#include <linux/blkdev.h>
#include <linux/blk-mq.h>
#include <linux/delay.h>
#include <linux/list_sort.h>
#include <linux/module.h>
#include <linux/sched/mm.h>
#include <linux/virtio_config.h>

#include "vblk.h"
#include "cache.h"
#include "complete.h"
#include "config.h"
#include "io.h"
#include "params.h"
#include "queue.h"
#include "recover.h"
#include "timeout.h"

/* Resets in a row that a device may ask for and then complete nothing. */
#define VBLK_MAX_NEEDED		3
/* How long the core may take from our probe or resume to its own end. */
#define VBLK_CORE_MSECS		5000
/* How often to try when there is no memory for rings, and the pause between. */
#define VBLK_RESTART_TRIES	10
#define VBLK_RESTART_MSECS	200

/**
 * vblk_sum_reaped() - completion runs of all queues that found something
 * @vblk: the disk
 *
 * Context: any.
 * Return: their number; only its change matters.
 */
unsigned long vblk_sum_reaped(struct vblk *vblk)
{
	unsigned long sum = 0;
	unsigned int i;

	for (i = 0; i < vblk->nr_queues; i++)
		sum += READ_ONCE(vblk->queues[i].reaped);
	return sum;
}

static bool vblk_count_busy(struct request *rq, void *data)
{
	unsigned int *nr = data;

	if (!blk_mq_request_completed(rq))
		++*nr;
	return true;
}

/**
 * vblk_nr_busy() - requests that were sent and are not completed
 * @vblk: the disk
 *
 * Context: any.
 * Return: their number.
 */
unsigned int vblk_nr_busy(struct vblk *vblk)
{
	unsigned int nr = 0;

	blk_mq_tagset_busy_iter(&vblk->tag_set, vblk_count_busy, &nr);
	return nr;
}

static void vblk_quiesce(struct vblk *vblk)
{
	if (test_bit(VBLK_DELETED, &vblk->rec.state))
		return;
	if (!test_and_set_bit(VBLK_QUIESCED, &vblk->rec.state))
		blk_mq_quiesce_queue(vblk->disk->queue);
}

/* Let requests come again, to the device or to get an error. Any context. */
static void vblk_unquiesce(struct vblk *vblk)
{
	struct request_queue *q = vblk->disk->queue;

	if (!test_and_clear_bit(VBLK_QUIESCED, &vblk->rec.state))
		return;
	blk_mq_unquiesce_queue(q);
	if (test_bit(VBLK_DELETED, &vblk->rec.state))
		return;
	blk_mq_start_stopped_hw_queues(q, true);
	blk_mq_kick_requeue_list(q);
}

/*
 * A reset is not confirmed in time. The requests that the device has are left
 * alone: they may hang for good, but nobody gets memory that is still written to.
 */
static void vblk_watch(struct timer_list *t)
{
	struct vblk_recovery *rec = container_of(t, struct vblk_recovery, watch);
	struct vblk *vblk = container_of(rec, struct vblk, rec);
	unsigned int nr = vblk_nr_busy(vblk);

	atomic_long_set(&rec->stuck, nr);
	set_bit(VBLK_DEAD, &rec->state);
	dev_err(&vblk->vdev->dev,
		"[%s] reset not confirmed in %u s, disk is dead; %u requests stay with the device\n",
		vblk->disk->disk_name, READ_ONCE(rec->reset_timeout), nr);
	/* The queues are dead, so whatever comes fails. */
	vblk_unquiesce(vblk);
	queue_work(system_unbound_wq, &rec->dead_work);
	wake_up_all(&rec->wait);
}

/* Nobody may wait for a queue to be thawed that never will be. */
static void vblk_dead_work(struct work_struct *work)
{
	struct vblk_recovery *rec = container_of(work, struct vblk_recovery,
						 dead_work);

	blk_mark_disk_dead(container_of(rec, struct vblk, rec)->disk);
}

static int vblk_older(void *priv, const struct list_head *a,
		      const struct list_head *b)
{
	struct vblk_req *x, *y;

	x = blk_mq_rq_to_pdu(list_entry(a, struct request, queuelist));
	y = blk_mq_rq_to_pdu(list_entry(b, struct request, queuelist));
	/* The counter wraps; requests of one ring are never so far apart. */
	return (s32)(x->seq - y->seq) > 0;
}

/*
 * The reset is confirmed: what the device had done is completed, and what it had
 * not done is held, in the order in which it was sent.
 */
static void vblk_collect(struct vblk *vblk)
{
	struct vblk_req *r;
	unsigned int i;

	for (i = 0; i < vblk->nr_queues; i++) {
		struct vblk_queue *q = &vblk->queues[i];
		LIST_HEAD(list);

		if (!q->vq)
			continue;
		vblk_reap_last(q);
		while ((r = virtqueue_detach_unused_buf(q->vq)))
			list_add_tail(&blk_mq_rq_from_pdu(r)->queuelist, &list);
		list_sort(NULL, &list, vblk_older);
		list_splice_tail(&list, &vblk->rec.held);
	}
}

/* Take the disk off its device. Afterwards the reset is confirmed. */
static void vblk_cut(struct vblk *vblk)
{
	struct vblk_recovery *rec = &vblk->rec;

	vblk_quiesce(vblk);
	if (test_and_set_bit(VBLK_DOWN, &rec->state))
		return;

	vblk_mark_dead(vblk);
	mod_timer(&rec->watch,
		  jiffies + READ_ONCE(rec->reset_timeout) * (unsigned long)HZ);
	vblk_config_close(vblk);
	virtio_reset_device(vblk->vdev);
	timer_delete_sync(&rec->watch);
	vblk_collect(vblk);

	if (test_bit(VBLK_DEAD, &rec->state)) {
		atomic_long_set(&rec->stuck, 0);
		dev_err(&vblk->vdev->dev,
			"[%s] the late reset is confirmed, failing what was left\n",
			vblk->disk->disk_name);
	}
}

static void vblk_fail_rq(struct request *rq, blk_status_t sts)
{
	struct vblk_req *r = blk_mq_rq_to_pdu(rq);

	list_del_init(&rq->queuelist);
	r->result = sts;
	blk_mq_complete_request(rq);
}

/* No device any more: everything fails that it had, and everything to come. */
static void vblk_fail_all(struct vblk *vblk)
{
	struct request *rq, *next;

	vblk_del_vqs(vblk);
	set_bit(VBLK_FAILED, &vblk->rec.state);
	clear_bit(VBLK_FROZEN, &vblk->rec.state);
	list_for_each_entry_safe(rq, next, &vblk->rec.held, queuelist)
		vblk_fail_rq(rq, BLK_STS_IOERR);
	/* What waits in the block layer comes, finds a dead queue, and fails. */
	vblk_unquiesce(vblk);
}

/*
 * Whether doing it twice is doing it once. To append is not; to close a zone is none if
 * the first time has made it an empty one. A write to the write pointer of a zone that
 * was done already finds the pointer behind it, so the device refuses to do it again.
 */
static bool vblk_may_replay(struct request *rq)
{
	switch (req_op(rq)) {
	case REQ_OP_READ:
	case REQ_OP_WRITE:
	case REQ_OP_FLUSH:
	case REQ_OP_DISCARD:
	case REQ_OP_SECURE_ERASE:
	case REQ_OP_WRITE_ZEROES:
	case REQ_OP_ZONE_OPEN:
	case REQ_OP_ZONE_FINISH:
	case REQ_OP_ZONE_RESET:
	case REQ_OP_ZONE_RESET_ALL:
	case REQ_OP_DRV_IN:
		return true;
	default:
		return false;
	}
}

/* What is not sent again: what must not be and, if so wanted, what was late. */
static void vblk_fail_some(struct vblk *vblk, bool late)
{
	struct request *rq, *next;

	list_for_each_entry_safe(rq, next, &vblk->rec.held, queuelist) {
		struct vblk_req *r = blk_mq_rq_to_pdu(rq);

		if (late && r->expired)
			vblk_fail_rq(rq, BLK_STS_TIMEOUT);
		else if (!vblk_may_replay(rq))
			vblk_fail_rq(rq, BLK_STS_IOERR);
	}
}

static void vblk_kick_and_reap(struct vblk *vblk)
{
	unsigned int i;

	for (i = 0; i < vblk->nr_queues; i++) {
		vblk_kick(&vblk->queues[i]);
		vblk_look(&vblk->queues[i]);
	}
}

/*
 * Send again what the device had. The block layer is held back until all of it is
 * in the rings, so nothing newer can overtake it. The rings have had it all
 * before, but not if tables for it cannot be allocated; then it takes turns.
 */
static void vblk_replay(struct vblk *vblk)
{
	unsigned long end = jiffies + READ_ONCE(vblk->rec.reset_timeout) * HZ;

	while (!list_empty(&vblk->rec.held)) {
		struct request *rq = list_first_entry(&vblk->rec.held,
						      struct request, queuelist);
		struct vblk_queue *q = rq->mq_hctx->driver_data;
		int err;

		/* Once in the ring, the request may be gone at any time. */
		list_del_init(&rq->queuelist);
		err = vblk_add_again(q, rq);
		if (!err) {
			atomic_long_inc(&vblk->rec.replayed);
			continue;
		}
		if (err == -EIO || time_after(jiffies, end)) {
			vblk_fail_rq(rq, BLK_STS_IOERR);
			continue;
		}
		list_add(&rq->queuelist, &vblk->rec.held);
		vblk_kick_and_reap(vblk);
		usleep_range(1000, 2000);
	}

	vblk_kick_and_reap(vblk);
}

/* From a reset to FEATURES_OK (virtio 1.3, 3.1.1), as the core does for probe. */
static int vblk_negotiate(struct virtio_device *vdev)
{
	int err;

	virtio_add_status(vdev, VIRTIO_CONFIG_S_ACKNOWLEDGE);
	virtio_add_status(vdev, VIRTIO_CONFIG_S_DRIVER);
	err = vdev->config->finalize_features(vdev);
	if (err || !virtio_has_feature(vdev, VIRTIO_F_VERSION_1))
		return err;

	virtio_add_status(vdev, VIRTIO_CONFIG_S_FEATURES_OK);
	if (!(vdev->config->get_status(vdev) & VIRTIO_CONFIG_S_FEATURES_OK))
		return -ENODEV;
	return 0;
}

/* Memory may be short, and this disk be where it is written to. */
static int vblk_new_rings(struct vblk *vblk)
{
	unsigned int try;
	int err;

	vblk_del_vqs(vblk);
	err = vblk_negotiate(vblk->vdev);
	if (err)
		return err;

	for (try = 0; try < VBLK_RESTART_TRIES; try++) {
		err = vblk_find_vqs(vblk);
		if (err != -ENOMEM)
			break;
		msleep(VBLK_RESTART_MSECS);
	}
	return err;
}

/**
 * vblk_resume_device() - let the disk use its device again
 * @vblk: the disk; what the device had is held
 * @err: whether there are rings again
 *
 * Context: process; nobody else resets the device.
 * Return: @err, or a negative errno if the device cannot be started; if it is not 0,
 *	every request fails.
 */
int vblk_resume_device(struct vblk *vblk, int err)
{
	struct vblk_recovery *rec = &vblk->rec;

	if (!err) {
		vblk_cache_restore(vblk);
		err = vblk_start_device(vblk);
	}
	if (err) {
		virtio_add_status(vblk->vdev, VIRTIO_CONFIG_S_FAILED);
		vblk_fail_all(vblk);
		/* Something was written to its status, so removal resets it again. */
		clear_bit(VBLK_DOWN, &rec->state);
		return err;
	}

	vblk_config_open(vblk);
	clear_bit(VBLK_FAILED, &rec->state);
	clear_bit(VBLK_DOWN, &rec->state);
	vblk_fail_some(vblk, false);
	vblk_replay(vblk);
	vblk_unquiesce(vblk);
	/* From here on resets are for vblk_reset_work() again. */
	clear_bit(VBLK_FROZEN, &rec->state);
	/* The host may have changed anything meanwhile. */
	schedule_work(&vblk->config_work);
	return 0;
}

/* A device that wants nothing but resets is of no use. */
static bool vblk_needs_too_many(struct vblk *vblk, unsigned int wanted)
{
	unsigned long reaped = vblk_sum_reaped(vblk);
	struct vblk_recovery *rec = &vblk->rec;

	if (!(wanted & VBLK_WANT_NEEDED) || reaped != rec->reaped)
		rec->needed = 0;
	rec->reaped = reaped;
	return wanted & VBLK_WANT_NEEDED && rec->needed++ >= VBLK_MAX_NEEDED;
}

static void vblk_restart(struct vblk *vblk, unsigned int wanted)
{
	struct device *dev = &vblk->vdev->dev;
	const char *name = vblk->disk->disk_name;
	int err;

	atomic_long_inc(&vblk->rec.resets);
	if (vblk_needs_too_many(vblk, wanted)) {
		dev_err(dev, "[%s] device does nothing but want to be reset\n",
			name);
		vblk_fail_all(vblk);
		return;
	}

	if (wanted & VBLK_WANT_FAIL)
		vblk_fail_some(vblk, true);
	err = vblk_resume_device(vblk, vblk_new_rings(vblk));
	if (err)
		dev_err(dev, "[%s] device does not start again: %d\n", name,
			err);
	else
		dev_warn_ratelimited(dev, "[%s] device was reset\n", name);
}

/*
 * When a driver has bound or resumed a device the core looks at its status, and if that is
 * not DRIVER_OK makes it so. In the middle of a reset of ours it would start a device that
 * is not ready, and warn of one that we start meanwhile. Then it reports changes of the
 * configuration again.
 */
static void vblk_await_core(struct vblk *vblk)
{
	struct vblk_recovery *rec = &vblk->rec;
	unsigned int msecs = 0;

	while (test_bit(VBLK_CORE_LOOKS, &rec->state) &&
	       !READ_ONCE(vblk->vdev->config_core_enabled) &&
	       !(READ_ONCE(rec->wanted) & (VBLK_WANT_KILL | VBLK_WANT_FREEZE)) &&
	       msecs++ < VBLK_CORE_MSECS)
		usleep_range(1000, 2000);
	clear_bit(VBLK_CORE_LOOKS, &rec->state);
}

static void vblk_do_reset(struct vblk *vblk, unsigned int wanted)
{
	struct vblk_recovery *rec = &vblk->rec;

	if (!(wanted & VBLK_WANT_KILL)) {
		/* Whoever resumes the device goes on from there. */
		if (test_bit(VBLK_FROZEN, &rec->state))
			return;
		if (test_bit(VBLK_FAILED, &rec->state) &&
		    !(wanted & VBLK_WANT_FREEZE))
			return;
	}
	if (!(wanted & (VBLK_WANT_KILL | VBLK_WANT_FREEZE)))
		vblk_await_core(vblk);

	vblk_cut(vblk);
	if (wanted & VBLK_WANT_KILL || test_bit(VBLK_DEAD, &rec->state)) {
		vblk_fail_all(vblk);
	} else if (wanted & VBLK_WANT_FREEZE) {
		vblk_del_vqs(vblk);
		set_bit(VBLK_FROZEN, &rec->state);
	} else {
		vblk_restart(vblk, wanted);
	}
}

static void vblk_reset_work(struct work_struct *work)
{
	struct vblk_recovery *rec = container_of(work, struct vblk_recovery,
						 reset_work);
	struct vblk *vblk = container_of(rec, struct vblk, rec);
	unsigned int wanted, asked, flags;

	spin_lock_irq(&rec->lock);
	wanted = rec->wanted;
	asked = rec->asked;
	rec->wanted = 0;
	spin_unlock_irq(&rec->lock);

	/*
	 * Memory that has to be written to this disk first cannot be waited for;
	 * so take from the reserve, or do without.
	 */
	flags = memalloc_noreclaim_save();
	vblk_do_reset(vblk, wanted);
	memalloc_noreclaim_restore(flags);

	spin_lock_irq(&rec->lock);
	rec->done = asked;
	spin_unlock_irq(&rec->lock);
	wake_up_all(&rec->wait);
	/* The queue of works is destroyed before the module can go. */
	module_put(THIS_MODULE);
}

/**
 * vblk_want() - have the device reset
 * @vblk: the disk
 * @want: and then what, enum vblk_want
 *
 * Context: any.
 * Return: what to give to vblk_wanted_done().
 */
unsigned int vblk_want(struct vblk *vblk, unsigned int want)
{
	struct vblk_recovery *rec = &vblk->rec;
	unsigned long flags;
	unsigned int asked;

	spin_lock_irqsave(&rec->lock, flags);
	rec->wanted |= want;
	asked = ++rec->asked;
	spin_unlock_irqrestore(&rec->lock, flags);

	/* One for each run. The caller has a disk, hence the module. */
	__module_get(THIS_MODULE);
	if (!queue_work(rec->wq, &rec->reset_work))
		module_put(THIS_MODULE);
	return asked;
}

static bool vblk_is_done(struct vblk_recovery *rec, unsigned int asked)
{
	bool done;

	spin_lock_irq(&rec->lock);
	done = (int)(rec->done - asked) >= 0;
	spin_unlock_irq(&rec->lock);
	return done;
}

/**
 * vblk_wanted_done() - wait until it was done, or the disk is dead
 * @vblk: the disk
 * @asked: what vblk_want() has returned
 *
 * Context: process.
 * Return: whether it was done, so that the reset is confirmed.
 */
bool vblk_wanted_done(struct vblk *vblk, unsigned int asked)
{
	struct vblk_recovery *rec = &vblk->rec;

	wait_event(rec->wait, test_bit(VBLK_DEAD, &rec->state) || vblk_is_done(rec, asked));
	return vblk_is_done(rec, asked);
}

/**
 * vblk_await_resets() - the driver is bound, and the core is about to look at the device
 * @vblk: the disk, in use already
 *
 * The first reads may have been late. Such a reset comes to its end, and the next one
 * waits for the core, see vblk_await_core(). Or the disk is dead; then the core starts a
 * device whose reset may come to its end after all, and the transport does not see that if
 * it was not looking in between. The driver would stay with it, as with a device that
 * never confirms.
 *
 * Context: process.
 */
void vblk_await_resets(struct vblk *vblk)
{
	struct vblk_recovery *rec = &vblk->rec;
	unsigned int asked;
	bool idle;

	do {
		spin_lock_irq(&rec->lock);
		asked = rec->asked;
		idle = rec->done == asked;
		if (idle)
			set_bit(VBLK_CORE_LOOKS, &rec->state);
		spin_unlock_irq(&rec->lock);
	} while (!idle && vblk_wanted_done(vblk, asked));
}

/**
 * vblk_kill_and_wait() - fail everything, and wait until the reset is confirmed
 * @vblk: the disk, about to be removed
 *
 * This is the wait that has no limit: without a confirmed reset neither the rings
 * nor the registers of the device can be given back, not even be left behind, as
 * the transport is looking at them. Only the caller waits, and he owns no lock
 * that those need who use the disk.
 *
 * Context: process. Afterwards no ring exists.
 */
void vblk_kill_and_wait(struct vblk *vblk)
{
	unsigned int asked = vblk_want(vblk, VBLK_WANT_KILL);
	struct vblk_recovery *rec = &vblk->rec;

	while (!wait_event_timeout(rec->wait, vblk_is_done(rec, asked), 60 * HZ))
		dev_err(&vblk->vdev->dev,
			"[%s] removal waits for the device to confirm its reset\n",
			vblk->disk->disk_name);
}

/**
 * vblk_recovery_init() - prepare for the worst
 * @vblk: the disk; its number is known
 *
 * Context: process.
 * Return: 0 or -ENOMEM.
 */
int vblk_recovery_init(struct vblk *vblk)
{
	struct vblk_recovery *rec = &vblk->rec;

	rec->wq = alloc_workqueue("virtio_blk/%d", WQ_MEM_RECLAIM | WQ_UNBOUND,
				  0, vblk->index);
	if (!rec->wq)
		return -ENOMEM;

	INIT_WORK(&rec->reset_work, vblk_reset_work);
	INIT_WORK(&rec->timeout_work, vblk_timeout_work);
	INIT_WORK(&rec->dead_work, vblk_dead_work);
	timer_setup(&rec->watch, vblk_watch, 0);
	spin_lock_init(&rec->lock);
	init_waitqueue_head(&rec->wait);
	INIT_LIST_HEAD(&rec->held);
	rec->action = vblk_param_timeout_action();
	rec->reset_timeout = vblk_param_reset_timeout();
	return 0;
}

/**
 * vblk_recovery_exit() - undo vblk_recovery_init()
 * @vblk: the disk; it is removed, or was never added
 *
 * Context: process.
 */
void vblk_recovery_exit(struct vblk *vblk)
{
	destroy_workqueue(vblk->rec.wq);
}
