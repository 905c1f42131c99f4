// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guest has run out of memory (VIRTIO_BALLOON_F_DEFLATE_ON_OOM).
 *
 * Whoever needed memory is waiting here, so it gets much at a time, more each time, and
 * without waiting for the device unless that one has to be told first. The host, which
 * may want the balloon as large as before, has to do without for a while: or the guest
 * would be in the same place a moment later.
 */
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/oom.h>

#include "balloon.h"

#define VB_OOM_MIN		(SZ_64M >> PAGE_SHIFT)
#define VB_OOM_MAX		(SZ_512M >> PAGE_SHIFT)

/* From one call to the next, for it to be about the same shortage. */
#define VB_OOM_SAME		(10 * HZ)

/* Nothing is inflated for so long. */
#define VB_OOM_PAUSE		(30 * HZ)

/* For room in the ring, or for an answer: microseconds, and how often. */
#define VB_OOM_POLL		100
#define VB_OOM_POLLS		1000

/* Notifiers of others free their caches first. */
#define VB_OOM_PRIORITY		80

static unsigned long vb_oom_want(struct vb_device *vb)
{
	if (!vb->oom.pages || time_after(jiffies, vb->oom.last + VB_OOM_SAME))
		vb->oom.size = VB_OOM_MIN;
	else
		vb->oom.size = min_t(unsigned long, 2 * vb->oom.size, VB_OOM_MAX);
	vb->oom.last = jiffies;
	return vb->oom.size;
}

/* Returns the number of pages that are the guest's now. */
static unsigned long vb_oom_deflate(struct vb_device *vb, unsigned long want)
{
	u64 before = vb->count.freed;
	unsigned int polls = VB_OOM_POLLS;
	unsigned long left = want;

	while (polls && !vb->broken && !vb->stalled && vb->count.freed - before < want) {
		left -= min(left, vb_deflate(vb, left, true));
		if (!left && !vb->must_tell)
			break;
		if (!vb_nr_bufs(vb))
			break;
		if (vb_collect(vb))
			continue;
		polls--;
		usleep_range(VB_OOM_POLL, 2 * VB_OOM_POLL);
	}
	return vb->count.freed - before;
}

static unsigned long vb_oom_release(struct vb_device *vb)
{
	unsigned long hints = vb_hints_release(vb), got = 0;

	if (vb->phase != VB_UP || vb->broken || vb->stalled || !vb->oom.deflate || !vb->nr_held)
		return hints;
	vb_moving_submit(vb);
	got = vb_oom_deflate(vb, vb_oom_want(vb));
	if (!got)
		return hints;
	vb->oom.pages += got;
	vb->oom.until = jiffies + VB_OOM_PAUSE;
	vb->count.oom++;
	vb->count.oom_pages += got;
	return hints + got;
}

static int vb_oom_notify(struct notifier_block *nb, unsigned long unused, void *freed)
{
	struct vb_device *vb = container_of(nb, struct vb_device, oom.nb);
	unsigned long got;

	/* Who has the mutex allocates nothing, so this is a matter of a moment. */
	mutex_lock(&vb->mutex);
	got = vb_oom_release(vb);
	mutex_unlock(&vb->mutex);
	*(unsigned long *)freed += got;
	if (got) {
		dev_info_ratelimited(&vb->vdev->dev, "out of memory: %lu KiB given back\n",
				     got << (PAGE_SHIFT - 10));
		vb_wake(vb);
	}
	return NOTIFY_OK;
}

/**
 * vb_oom_wait() - is it too early to inflate, after the guest ran out of memory?
 * @vb: the balloon
 *
 * Nor is anything inflated before what is available exceeds the floor plus what was
 * released.
 *
 * Context: the worker, under &vb_device.mutex.
 * Return: jiffies when to look again, or 0 if it is not
 */
unsigned long vb_oom_wait(struct vb_device *vb)
{
	unsigned long now = jiffies;

	if (!vb->oom.pages)
		return 0;
	if (time_before(now, vb->oom.until))
		return vb->oom.until ?: 1;
	if (vb_available_pages() <= vb_floor_pages(vb) + vb->oom.pages)
		return (now + 5 * HZ) ?: 1;
	vb->oom.pages = 0;
	return 0;
}

/**
 * vb_oom_init() - be called when the guest runs out of memory
 * @vb: the balloon
 *
 * Return: 0 or a negative error number
 */
int vb_oom_init(struct vb_device *vb)
{
	vb->oom.deflate = virtio_has_feature(vb->vdev, VIRTIO_BALLOON_F_DEFLATE_ON_OOM);
	vb->oom.nb.notifier_call = vb_oom_notify;
	vb->oom.nb.priority = VB_OOM_PRIORITY;
	if (!vb->oom.deflate && !virtio_has_feature(vb->vdev, VIRTIO_BALLOON_F_FREE_PAGE_HINT))
		return 0;
	vb->oom.registered = true;
	return register_oom_notifier(&vb->oom.nb);
}

/**
 * vb_oom_exit() - the opposite of vb_oom_init()
 * @vb: the balloon
 *
 * Context: may sleep; waits until nobody is in the notifier.
 */
void vb_oom_exit(struct vb_device *vb)
{
	if (vb->oom.registered)
		unregister_oom_notifier(&vb->oom.nb);
	vb->oom.registered = false;
}
