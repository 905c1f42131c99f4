// SPDX-License-Identifier: GPL-2.0-only
/*
 * Free page reporting (virtio 1.3, 5.5.6.7): the kernel takes free pages aside, we tell
 * the device, and they are free again when it has answered.
 *
 * What the device has been told of is its own until it has answered or is reset. There is
 * no other way, and no harm: the kernel waits in a work item of its own.
 */
#include <linux/device.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/page_reporting.h>
#include <linux/scatterlist.h>
#include <linux/seq_file.h>
#include <linux/virtio_config.h>

#include "balloon.h"

/* A device that takes longer is reported, and waited for all the same. */
#define VB_REPORT_JIFFIES	(10 * HZ)

static bool vb_report_answered(struct vb_device *vb)
{
	unsigned int len;

	return READ_ONCE(vb->phase) == VB_DOWN || virtqueue_get_buf(vb->reports.vq, &len);
}

static void vb_report_wait(struct vb_device *vb)
{
	if (wait_event_idle_timeout(vb->reports.wait, vb_report_answered(vb), VB_REPORT_JIFFIES))
		return;
	dev_warn_ratelimited(&vb->vdev->dev,
			     "no answer to a report of free pages in %u s, waiting for the device\n",
			     VB_REPORT_JIFFIES / HZ);
	/* It ends with the reset of the device at the latest. */
	wait_event_idle(vb->reports.wait, vb_report_answered(vb));
}

static int vb_report(struct page_reporting_dev_info *info, struct scatterlist *sg,
		     unsigned int nents)
{
	struct vb_device *vb = container_of(info, struct vb_device, reports.info);
	struct vb_reports *reports = &vb->reports;
	struct scatterlist *s;
	unsigned int i;
	int err;

	mutex_lock(&vb->mutex);
	err = vb->phase == VB_UP ? 0 : -ENODEV;
	if (!err)
		err = virtqueue_add_inbuf(reports->vq, sg, nents, vb, GFP_NOWAIT | __GFP_NOWARN);
	if (!err) {
		vb_queue_kick(reports->vq);
		vb->count.reports++;
		for_each_sg(sg, s, nents, i)
			vb->count.reported += s->length >> PAGE_SHIFT;
	}
	mutex_unlock(&vb->mutex);
	if (err)
		return err;
	vb_report_wait(vb);
	return 0;
}

static void vb_report_callback(struct virtqueue *vq)
{
	struct vb_device *vb = vq->vdev->priv;

	wake_up(&vb->reports.wait);
}

/**
 * vb_reports_name() - ask for the queue, if there is one
 * @vb: the balloon
 * @info: of the queue
 */
void vb_reports_name(struct vb_device *vb, struct virtqueue_info *info)
{
	if (!virtio_has_feature(vb->vdev, VIRTIO_BALLOON_F_REPORTING))
		return;
	info->name = "report";
	info->callback = vb_report_callback;
}

/**
 * vb_reports_start() - begin to report free pages
 * @vb: the balloon, its device ready
 *
 * The balloon works without as well.
 *
 * Context: may sleep.
 */
void vb_reports_start(struct vb_device *vb)
{
	struct vb_reports *reports = &vb->reports;
	int err;

	if (!reports->vq)
		return;
	if (virtqueue_get_vring_size(reports->vq) < PAGE_REPORTING_CAPACITY) {
		dev_info(&vb->vdev->dev, "no reports of free pages: a ring of %u entries, %u are needed\n",
			 virtqueue_get_vring_size(reports->vq), PAGE_REPORTING_CAPACITY);
		return;
	}
	memset(&reports->info, 0, sizeof(reports->info));
	reports->info.report = vb_report;
	page_reporting_set_order(&reports->info, PAGE_REPORTING_ORDER_UNSPECIFIED);
	err = page_reporting_register(&reports->info);
	reports->registered = !err;
	if (err == -EBUSY)
		dev_info(&vb->vdev->dev, "no reports of free pages: another balloon does that\n");
	else if (err)
		dev_warn(&vb->vdev->dev, "no reports of free pages: error %d\n", err);
}

/**
 * vb_reports_stop() - the opposite of vb_reports_start()
 * @vb: the balloon, its device reset
 *
 * Context: may sleep.
 */
void vb_reports_stop(struct vb_device *vb)
{
	/* The device has a claim on none any more. */
	wake_up(&vb->reports.wait);
	if (vb->reports.registered)
		page_reporting_unregister(&vb->reports.info);
	vb->reports.registered = false;
	vb->reports.vq = NULL;
}

/**
 * vb_reports_show() - what has been reported?
 * @m: for debugfs
 * @vb: the balloon
 */
void vb_reports_show(struct seq_file *m, const struct vb_device *vb)
{
	seq_printf(m, "reporting: %s\n", vb->reports.registered ? "on" : "off");
	seq_printf(m, "reports: %llu\n", vb->count.reports);
	seq_printf(m, "reported_kb: %llu\n", vb->count.reported << (PAGE_SHIFT - 10));
}

/**
 * vb_free_pages_matter() - do free pages hold something that the kernel relies on?
 *
 * Return: true if it does, and has to be there after a report
 */
bool vb_free_pages_matter(void)
{
	return want_init_on_free() || page_poisoning_enabled_static();
}

/**
 * vb_poison_write() - say what is in free pages (virtio 1.3, 5.5.6.6)
 * @vb: the balloon, its device not yet ready
 */
void vb_poison_write(struct vb_device *vb)
{
	u32 poison = 0;

	if (!virtio_has_feature(vb->vdev, VIRTIO_BALLOON_F_PAGE_POISON))
		return;
	if (!want_init_on_free())
		memset(&poison, PAGE_POISON, sizeof(poison));
	virtio_cwrite_le(vb->vdev, struct virtio_balloon_config, poison_val, &poison);
}
