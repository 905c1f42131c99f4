// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the balloon has and does, for who looks into it: debugfs.
 */
#include <linux/debugfs.h>
#include <linux/device.h>
#include <linux/jiffies.h>
#include <linux/math64.h>
#include <linux/seq_file.h>

#include "balloon.h"

static struct dentry *vb_debug_root;

static u64 vb_kib(u64 pages)
{
	return pages << (PAGE_SHIFT - 10);
}

static void vb_debug_way(struct seq_file *m, const struct vb_device *vb)
{
	unsigned long have = vb->nr_held, from = vb->event.way_from, target = vb->target;
	u64 ms = jiffies_to_msecs(jiffies - vb->event.way_start);
	u64 done = max(have, from) - min(have, from), rate = 0;
	bool under_way = vb->event.valid && vb->event.state != VB_IDLE;

	if (under_way && ms)
		rate = div64_u64(vb_kib(done) * 1000, ms);
	seq_printf(m, "rate_kb_per_s: %llu\n", rate);
	if (!under_way)
		seq_puts(m, "time_to_target_ms: 0\n");
	else if (rate)
		seq_printf(m, "time_to_target_ms: %llu\n",
			   div64_u64(vb_kib(max(have, target) - min(have, target)) * 1000, rate));
	else
		seq_puts(m, "time_to_target_ms: unknown\n");
}

static int status_show(struct seq_file *m, void *unused)
{
	struct vb_device *vb = m->private;
	unsigned int i;

	mutex_lock(&vb->mutex);
	seq_printf(m, "state: %s\n", vb_state_name(vb));
	seq_printf(m, "target_kb: %llu\n", vb_kib(vb->target));
	seq_printf(m, "held_kb: %llu\n", vb_kib(vb->nr_held));
	for (i = 0; i < ARRAY_SIZE(vb->held); i++)
		seq_printf(m, "held_order_%u_kb: %llu\n", i, vb_kib(vb->held[i].nr_pages));
	seq_printf(m, "inflating_kb: %llu\n", vb_kib(vb->inflate.nr_pages));
	seq_printf(m, "deflating_kb: %llu\n", vb_kib(vb->deflate.nr_pages));
	vb_debug_way(m, vb);
	seq_printf(m, "floor_kb: %llu\n", vb_kib(vb_floor_pages(vb)));
	seq_printf(m, "shortages: %llu\n", vb->count.shortages);
	seq_printf(m, "failed_blocks: %llu\n", vb->count.failed);
	seq_printf(m, "moved: %llu\n", vb->count.moved);
	seq_printf(m, "oom_releases: %llu\n", vb->count.oom);
	seq_printf(m, "oom_released_kb: %llu\n", vb_kib(vb->count.oom_pages));
	vb_hints_show(m, vb);
	vb_reports_show(m, vb);
	mutex_unlock(&vb->mutex);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(status);

/**
 * vb_debug_add() - have files for a balloon
 * @vb: the balloon
 */
void vb_debug_add(struct vb_device *vb)
{
	vb->debug = debugfs_create_dir(dev_name(&vb->vdev->dev), vb_debug_root);
	debugfs_create_file("status", 0400, vb->debug, vb, &status_fops);
}

/**
 * vb_debug_del() - the opposite of vb_debug_add()
 * @vb: the balloon
 */
void vb_debug_del(struct vb_device *vb)
{
	debugfs_remove(vb->debug);
}

/**
 * vb_debug_init() - have a directory for all balloons
 */
void vb_debug_init(void)
{
	vb_debug_root = debugfs_create_dir("virtio_balloon", NULL);
}

/**
 * vb_debug_exit() - the opposite of vb_debug_init()
 */
void vb_debug_exit(void)
{
	debugfs_remove(vb_debug_root);
}
