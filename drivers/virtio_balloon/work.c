// SPDX-License-Identifier: GPL-2.0-only
/*
 * The state machine of the balloon.
 *
 * One work item does everything, a pass at a time: take back what the device has
 * used, give it more, tell it how large the balloon is. It never waits. What has to
 * be waited for queues it again: an interrupt, a change of the configuration, or
 * its own timer. Others only take pages out of the balloon: who moves pages, and who
 * has run out of memory.
 */
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/virtio_config.h>

#include "balloon.h"

/* How often the device is looked at while the balloon is emptied, in microseconds. */
#define VB_POLL_MIN		50U
#define VB_POLL_MAX		5000U

/* A device that takes longer to take everything back is not waited for. */
#define VB_DRAIN_JIFFIES	(30 * HZ)

/* Who moves pages is given so much time to be done with them. */
#define VB_AGAIN_JIFFIES	(HZ / 20 + 1)

/* The size is worth an access to the configuration after so many pages. */
#define VB_REPORT_PAGES		(SZ_64M >> PAGE_SHIFT)

/* Returns the size that the host wants the balloon to have, in pages. */
static unsigned long vb_target(struct vb_device *vb)
{
	u32 num_pages;

	virtio_cread_le(vb->vdev, struct virtio_balloon_config, num_pages, &num_pages);
	return num_pages >> VB_PFN_SHIFT;
}

/*
 * Tells the device what it has acknowledged. It may be told once for many buffers
 * (virtio 1.3, 5.5.6.1), so not each time while more are on their way.
 */
static void vb_report(struct vb_device *vb)
{
	unsigned long pages = vb->nr_held + vb->deflate.nr_pages + vb_moving_pages(vb);
	u32 actual = min_t(u64, (u64)pages << VB_PFN_SHIFT, U32_MAX);
	u32 change = max(actual, vb->actual) - min(actual, vb->actual);

	if (vb->actual_valid && !change)
		return;
	if (vb->actual_valid && vb_nr_bufs(vb) && !vb->stalled && !vb->broken &&
	    change < VB_REPORT_PAGES << VB_PFN_SHIFT)
		return;
	virtio_cwrite_le(vb->vdev, struct virtio_balloon_config, actual, &actual);
	vb->actual = actual;
	vb->actual_valid = true;
}

/**
 * vb_collect() - take back what the device has used
 * @vb: the balloon
 *
 * If it uses nothing for too long the balloon pauses: what the device has stays
 * untouched, for it may still come to it.
 *
 * Context: under &vb_device.mutex.
 * Return: number of buffers
 */
unsigned int vb_collect(struct vb_device *vb)
{
	unsigned int nr = vb_queue_reap(vb, &vb->inflate, vb_chunk_hold) +
			  vb_queue_reap(vb, &vb->deflate, vb_deflated);

	if (virtqueue_is_broken(vb->inflate.vq) || virtqueue_is_broken(vb->deflate.vq))
		vb_break(vb);
	if (nr) {
		vb->last_answer = jiffies;
		if (vb->stalled)
			dev_info_ratelimited(&vb->vdev->dev, "the device answers again\n");
		vb->stalled = false;
	} else if (!vb->stalled && !vb->broken && vb_nr_bufs(vb) &&
		   time_after_eq(jiffies, vb->last_answer + VB_STALL_JIFFIES)) {
		dev_warn_ratelimited(&vb->vdev->dev,
				     "no answer to %u buffers in %u s, waiting for the device\n",
				     vb_nr_bufs(vb), VB_STALL_JIFFIES / HZ);
		vb->stalled = true;
	}
	return nr;
}

/* Goes towards the target as far as is possible without waiting. */
static void vb_follow(struct vb_device *vb)
{
	unsigned long target = vb->target;
	unsigned long have = vb->nr_held + vb->inflate.nr_pages, want;

	if (target <= have) {
		vb->short_reported = false;
		vb->moved = 0;
	}
	if (target > have) {
		vb_inflate(vb, target - have);
		return;
	}
	want = min(have - target, vb->nr_held);
	/* Pages that are being moved are out of reach for a moment. */
	if (want && !vb_deflate(vb, want, false) && !vb_nr_bufs(vb))
		vb_wait_until(vb, jiffies + VB_AGAIN_JIFFIES);
}

/* Asks for interrupts again; returns false if there is something to take back. */
static bool vb_listen(struct vb_device *vb)
{
	bool quiet = virtqueue_enable_cb_delayed(vb->inflate.vq);

	return virtqueue_enable_cb_delayed(vb->deflate.vq) && quiet;
}

static void vb_queue_work(struct vb_device *vb, unsigned long delay)
{
	unsigned long flags;

	spin_lock_irqsave(&vb->lock, flags);
	if (!vb->stopped)
		queue_delayed_work(vb->wq, &vb->work, delay);
	spin_unlock_irqrestore(&vb->lock, flags);
}

/* Jiffies until @when, 0 if it has passed. */
static unsigned long vb_until(unsigned long when)
{
	unsigned long now = jiffies;

	return time_after(when, now) ? when - now : 0;
}

/* Sets the timer, which does nothing if there already was a reason to go on. */
static void vb_sleep(struct vb_device *vb)
{
	unsigned long delay = MAX_JIFFY_OFFSET;

	if (vb_nr_bufs(vb))
		delay = vb->stalled ? VB_STALL_JIFFIES :
			vb_until(vb->last_answer + VB_STALL_JIFFIES);
	if (vb->waiting && !vb->stalled)
		delay = min(delay, vb_until(vb->wait_until));
	if (delay != MAX_JIFFY_OFFSET)
		vb_queue_work(vb, delay);
}

static void vb_pass(struct vb_device *vb)
{
	virtqueue_disable_cb(vb->inflate.vq);
	virtqueue_disable_cb(vb->deflate.vq);
	vb->waiting = false;

	vb_collect(vb);
	vb_stats_answer(vb);
	vb->target = vb_target(vb);
	/* It has begun, which somebody may want to know before it is over. */
	vb_event_look(vb);
	if (!vb->stalled && !vb->broken) {
		vb_moving_submit(vb);
		vb_follow(vb);
		vb_hints_step(vb);
	}
	vb_report(vb);
	WRITE_ONCE(vb->nr_taken, vb->nr_held + vb->inflate.nr_pages);
	vb_event_look(vb);

	/* A broken queue may pretend for ever that there is something in it. */
	if (vb->broken)
		return;
	if (vb_listen(vb))
		vb_sleep(vb);
	else
		vb_queue_work(vb, 0);
}

/**
 * vb_work() - one pass
 * @work: &vb_device.work
 *
 * Context: the work queue of the balloon.
 */
void vb_work(struct work_struct *work)
{
	struct vb_device *vb = container_of(to_delayed_work(work), struct vb_device, work);

	/* Before the target is read: a later change makes for another pass. */
	WRITE_ONCE(vb->changed, false);
	mutex_lock(&vb->mutex);
	vb_pass(vb);
	mutex_unlock(&vb->mutex);
	vb_event_tell(vb);
}

/**
 * vb_wake() - have a pass made, now
 * @vb: the balloon
 *
 * Context: any.
 */
void vb_wake(struct vb_device *vb)
{
	unsigned long flags;

	spin_lock_irqsave(&vb->lock, flags);
	if (!vb->stopped)
		mod_delayed_work(vb->wq, &vb->work, 0);
	spin_unlock_irqrestore(&vb->lock, flags);
}

/**
 * vb_start() - begin to follow the target
 * @vb: the balloon, stopped, empty, its device ready
 *
 * Context: may sleep.
 */
void vb_start(struct vb_device *vb)
{
	unsigned long flags;

	mutex_lock(&vb->mutex);
	vb->stalled = false;
	vb->broken = false;
	vb->short_reported = false;
	vb->waiting = false;
	vb->retry_delay = 0;
	vb->moved = 0;
	vb->event.valid = false;
	/* The device may remember the balloon of whoever drove it before. */
	vb->actual_valid = false;
	vb->phase = VB_UP;
	mutex_unlock(&vb->mutex);

	spin_lock_irqsave(&vb->lock, flags);
	vb->stopped = false;
	spin_unlock_irqrestore(&vb->lock, flags);
	vb_wake(vb);
	vb_reports_start(vb);
}

/**
 * vb_stop() - end the current pass, and have no more
 * @vb: the balloon
 *
 * Context: may sleep. The state of the balloon is the caller's afterwards.
 */
void vb_stop(struct vb_device *vb)
{
	unsigned long flags;

	spin_lock_irqsave(&vb->lock, flags);
	WRITE_ONCE(vb->stopped, true);
	spin_unlock_irqrestore(&vb->lock, flags);
	cancel_delayed_work_sync(&vb->work);
}

/* A step of emptying the balloon; returns false if there is nothing left to be done. */
static bool vb_drain_step(struct vb_device *vb, unsigned int *pause)
{
	bool more;

	mutex_lock(&vb->mutex);
	vb_moving_submit(vb);
	if (vb->nr_held)
		vb_deflate(vb, vb->nr_held, true);
	*pause = vb_collect(vb) ? 0 : clamp(2 * *pause, VB_POLL_MIN, VB_POLL_MAX);
	more = !vb->stalled && !vb->broken && (vb->nr_held || vb_nr_bufs(vb));
	mutex_unlock(&vb->mutex);
	return more;
}

/* Takes everything back in good order, as long as the device plays along. */
static void vb_drain(struct vb_device *vb)
{
	unsigned long end = jiffies + VB_DRAIN_JIFFIES;
	unsigned int pause = 0;

	vb->draining = true;
	while (!vb->stalled && !vb->broken && time_before(jiffies, end) &&
	       vb_drain_step(vb, &pause))
		if (pause)
			usleep_range(pause, 2 * pause);
	vb->draining = false;
}

/**
 * vb_break() - have nothing more to do with the device, until it is reset
 * @vb: the balloon
 *
 * Context: under &vb_device.mutex.
 */
void vb_break(struct vb_device *vb)
{
	if (!vb->broken)
		dev_err_ratelimited(&vb->vdev->dev,
				    "a queue is broken, the balloon stays as it is\n");
	vb->broken = true;
}

static void vb_set_phase(struct vb_device *vb, enum vb_phase phase)
{
	mutex_lock(&vb->mutex);
	if (vb->phase == VB_UP)
		vb_report(vb);
	WRITE_ONCE(vb->phase, phase);
	mutex_unlock(&vb->mutex);
}

/**
 * vb_close() - take everything back, and leave the device reset and without queues
 * @vb: the balloon
 *
 * The device is told as far as it listens. After the reset it has no claim on any
 * page, so nothing stays behind whatever it did before.
 *
 * Context: may sleep, for at most VB_DRAIN_JIFFIES and as long as pages are moved.
 * Return: false if somebody does not let go of a page of the balloon
 */
bool vb_close(struct vb_device *vb)
{
	vb_stop(vb);
	if (vb->inflate.vq)
		vb_drain(vb);
	/* Who wants to move a page comes back until the device is reset. */
	vb_set_phase(vb, VB_CLOSING);
	virtio_reset_device(vb->vdev);
	vb_set_phase(vb, VB_DOWN);
	vb_reports_stop(vb);
	vb_queues_destroy(vb);
	return vb_held_free_all(vb);
}
