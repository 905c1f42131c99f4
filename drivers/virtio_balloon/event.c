// SPDX-License-Identifier: GPL-2.0-only
/*
 * How far the balloon is: attribute state, which can be polled, and uevents.
 */
#include <linux/device.h>
#include <linux/kobject.h>
#include <linux/sysfs.h>

#include "balloon.h"

/* A host that moves the target all the time does not flood user space. */
#define VB_EVENT_JIFFIES	(HZ / 10 + 1)

static const char * const vb_state_names[] = {
	[VB_IDLE] = "reached",
	[VB_INFLATING] = "inflating",
	[VB_DEFLATING] = "deflating",
	[VB_FLOOR] = "floor",
	[VB_OOM] = "oom",
	[VB_STALLED] = "stalled",
	[VB_BROKEN] = "broken",
};

static enum vb_state vb_state_now(const struct vb_device *vb)
{
	unsigned long have = vb->nr_held + vb->inflate.nr_pages;

	if (vb->broken)
		return VB_BROKEN;
	if (vb->stalled)
		return VB_STALLED;
	if (have > vb->target)
		return VB_DEFLATING;
	if (have < vb->target && vb->oom.pages)
		return VB_OOM;
	if (have < vb->target && vb->short_reported)
		return VB_FLOOR;
	if (have == vb->target && !vb_nr_bufs(vb) && !vb->moving)
		return VB_IDLE;
	return vb->deflate.nr_bufs ? VB_DEFLATING : VB_INFLATING;
}

/**
 * vb_event_look() - has the state changed, and is somebody to be told?
 * @vb: the balloon
 *
 * Context: the worker, under &vb_device.mutex.
 */
void vb_event_look(struct vb_device *vb)
{
	enum vb_state now = vb_state_now(vb);
	unsigned long next = vb->event.last + VB_EVENT_JIFFIES;

	if (now == vb->event.state)
		return;
	if (vb->event.valid && time_before(jiffies, next)) {
		vb_wait_until(vb, next);
		return;
	}
	if (vb->event.state == VB_IDLE || !vb->event.valid) {
		vb->event.way_start = jiffies;
		vb->event.way_from = vb->nr_held;
	}
	/* What is on its way after all that has been told, was not reached before. */
	vb->event.uevent = now == VB_IDLE || vb->event.state == VB_IDLE || now == VB_FLOOR ||
			   now == VB_OOM;
	vb->event.last = jiffies;
	vb->event.valid = true;
	WRITE_ONCE(vb->event.state, now);
	vb->event.pending = true;
}

/**
 * vb_event_tell() - tell user space what vb_event_look() has found
 * @vb: the balloon
 *
 * Context: the worker, without &vb_device.mutex, for memory is allocated.
 */
void vb_event_tell(struct vb_device *vb)
{
	char event[32], target[40], actual[40];
	char *env[4] = { event, target, actual };
	struct kobject *kobj = &vb->vdev->dev.kobj;

	if (!vb->event.pending)
		return;
	vb->event.pending = false;
	sysfs_notify(kobj, NULL, "state");
	if (!vb->event.uevent)
		return;
	snprintf(event, sizeof(event), "BALLOON_STATE=%s", vb_state_names[vb->event.state]);
	snprintf(target, sizeof(target), "BALLOON_TARGET_KB=%llu",
		 (u64)vb->target << (PAGE_SHIFT - 10));
	snprintf(actual, sizeof(actual), "BALLOON_ACTUAL_KB=%llu",
		 (u64)READ_ONCE(vb->nr_held) << (PAGE_SHIFT - 10));
	kobject_uevent_env(kobj, KOBJ_CHANGE, env);
}

/**
 * vb_state_name() - name the state
 * @vb: the balloon
 *
 * Return: what the attribute says
 */
const char *vb_state_name(const struct vb_device *vb)
{
	return vb_state_names[READ_ONCE(vb->event.state)];
}

static ssize_t state_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct vb_device *vb = dev_to_virtio(dev)->priv;

	return sysfs_emit(buf, "%s\n", vb_state_name(vb));
}

static DEVICE_ATTR_RO(state);

static struct attribute *vb_attrs[] = {
	&dev_attr_state.attr,
	&vb_attr_min_available.attr,
	NULL
};

static const struct attribute_group vb_group = {
	.attrs = vb_attrs,
};

const struct attribute_group *vb_groups[] = {
	&vb_group,
	NULL
};
