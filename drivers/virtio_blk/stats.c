// SPDX-License-Identifier: GPL-2.0-only
/*
 * What each queue has done and how long its device took, for who looks into it: see
 * Documentation/ABI/testing/debugfs-virtio_blk. As long as no disk counts, a static key
 * keeps all of it off the way of a request.
 */
#include <linux/blkdev.h>
#include <linux/blk-mq.h>
#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/kstrtox.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "vblk.h"
#include "stats.h"

DEFINE_STATIC_KEY_FALSE(vblk_counting);

static struct dentry *vblk_debug_root;

/* The columns of the histogram. */
static const char * const vblk_kind_names[VBLK_KINDS] = {
	"read", "write", "flush", "other"
};

static enum vblk_kind vblk_kind_of(const struct request *rq)
{
	switch (req_op(rq)) {
	case REQ_OP_READ:
		return VBLK_KIND_READ;
	case REQ_OP_WRITE:
		return VBLK_KIND_WRITE;
	case REQ_OP_FLUSH:
		return VBLK_KIND_FLUSH;
	default:
		return VBLK_KIND_OTHER;
	}
}

/**
 * __vblk_count_sent() - a request was put into the ring
 * @q: its queue, which counts
 * @r: the request
 *
 * Context: any; q->lock is held.
 */
void __vblk_count_sent(struct vblk_queue *q, struct vblk_req *r)
{
	q->stats->sent++;
	r->sent_ns = ktime_get_ns();
}

/**
 * __vblk_count_done() - the device is done with a request
 * @q: its queue, which counts
 * @r: the request
 * @ok: the device says that it went well, and that is believed
 *
 * A request that was sent while nobody counted has a time from before, or none.
 *
 * Context: any; q->lock is held.
 */
void __vblk_count_done(struct vblk_queue *q, struct vblk_req *r, bool ok)
{
	struct vblk_stats *s = q->stats;
	enum vblk_kind kind;
	u64 now, us;

	s->done++;
	if (!ok)
		s->errors++;
	if (r->sent_ns < s->since_ns)
		return;

	now = ktime_get_ns();
	us = now > r->sent_ns ? div_u64(now - r->sent_ns, NSEC_PER_USEC) : 0;
	kind = vblk_kind_of(blk_mq_rq_from_pdu(r));
	s->latency[kind][min_t(unsigned int, fls64(us), VBLK_BUCKETS - 1)]++;
}

/* A copy, so that no ring waits for whoever reads. False if it was never counted. */
static bool vblk_stats_get(struct vblk_queue *q, struct vblk_stats *copy)
{
	bool any;

	spin_lock_irq(&q->lock);
	any = q->counters;
	if (any)
		*copy = *q->counters;
	spin_unlock_irq(&q->lock);
	return any;
}

/* Have each queue shown that was ever counted. */
static int vblk_show_each(struct seq_file *m,
			  void (*show)(struct seq_file *m,
				       const struct vblk_queue *q,
				       const struct vblk_stats *s))
{
	struct vblk *vblk = m->private;
	struct vblk_stats *s;
	unsigned int i;

	s = kmalloc(sizeof(*s), GFP_KERNEL);
	if (!s)
		return -ENOMEM;
	for (i = 0; i < vblk->nr_queues; i++)
		if (vblk_stats_get(&vblk->queues[i], s))
			show(m, &vblk->queues[i], s);
	kfree(s);
	return 0;
}

static void vblk_show_queue(struct seq_file *m, const struct vblk_queue *q,
			    const struct vblk_stats *s)
{
	seq_printf(m, "%s %llu %llu %llu %llu %llu %llu %llu %llu\n",
		   q->name, s->sent, s->done, s->errors,
		   s->events[VBLK_NOTIFIED], s->events[VBLK_INTERRUPT],
		   s->events[VBLK_EMPTY], s->events[VBLK_RUN],
		   s->events[VBLK_FULL]);
}

static int queues_show(struct seq_file *m, void *unused)
{
	seq_puts(m, "queue sent done errors notified interrupts empty runs full\n");
	return vblk_show_each(m, vblk_show_queue);
}
DEFINE_SHOW_ATTRIBUTE(queues);

static void vblk_show_latency(struct seq_file *m, const struct vblk_queue *q,
			      const struct vblk_stats *s)
{
	unsigned int b, k;

	for (b = 0; b < VBLK_BUCKETS; b++) {
		u64 any = 0;

		for (k = 0; k < VBLK_KINDS; k++)
			any |= s->latency[k][b];
		if (!any)
			continue;
		/* The last one has no upper end. */
		seq_printf(m, "%s %u ", q->name, b ? 1U << (b - 1) : 0);
		if (b == VBLK_BUCKETS - 1)
			seq_puts(m, "-");
		else
			seq_printf(m, "%u", 1U << b);
		for (k = 0; k < VBLK_KINDS; k++)
			seq_printf(m, " %llu", s->latency[k][b]);
		seq_puts(m, "\n");
	}
}

static int latency_show(struct seq_file *m, void *unused)
{
	unsigned int i;

	seq_puts(m, "queue from_us below_us");
	for (i = 0; i < VBLK_KINDS; i++)
		seq_printf(m, " %s", vblk_kind_names[i]);
	seq_puts(m, "\n");
	return vblk_show_each(m, vblk_show_latency);
}
DEFINE_SHOW_ATTRIBUTE(latency);

/* Caller holds stats_lock. */
static void vblk_stop_counting(struct vblk *vblk)
{
	unsigned int i;

	if (!vblk->counting)
		return;
	for (i = 0; i < vblk->nr_queues; i++) {
		struct vblk_queue *q = &vblk->queues[i];

		spin_lock_irq(&q->lock);
		q->stats = NULL;
		spin_unlock_irq(&q->lock);
	}
	vblk->counting = false;
	static_branch_dec(&vblk_counting);
}

/* Begin at zero. What does not get memory does not count. Caller holds stats_lock. */
static int vblk_start_counting(struct vblk *vblk)
{
	struct vblk_stats *new;
	unsigned int i;

	for (i = 0; i < vblk->nr_queues; i++) {
		struct vblk_queue *q = &vblk->queues[i];

		if (q->counters)
			continue;
		new = kzalloc(sizeof(*new), GFP_KERNEL);
		if (!new)
			return -ENOMEM;
		/* Readers look at it under the lock. */
		spin_lock_irq(&q->lock);
		q->counters = new;
		spin_unlock_irq(&q->lock);
	}

	if (!vblk->counting)
		static_branch_inc(&vblk_counting);
	vblk->counting = true;
	for (i = 0; i < vblk->nr_queues; i++) {
		struct vblk_queue *q = &vblk->queues[i];

		spin_lock_irq(&q->lock);
		memset(q->counters, 0, sizeof(*q->counters));
		q->counters->since_ns = ktime_get_ns();
		q->stats = q->counters;
		spin_unlock_irq(&q->lock);
	}
	return 0;
}

static ssize_t vblk_count_read(struct file *file, char __user *to, size_t n,
			       loff_t *pos)
{
	const struct vblk *vblk = file->private_data;
	const char *text = READ_ONCE(vblk->counting) ? "1\n" : "0\n";

	return simple_read_from_buffer(to, n, pos, text, 2);
}

static ssize_t vblk_count_write(struct file *file, const char __user *from,
				size_t n, loff_t *pos)
{
	struct vblk *vblk = file->private_data;
	bool on;
	int err;

	err = kstrtobool_from_user(from, n, &on);
	if (err) {
		pr_err_ratelimited("%s: [%s] count: must be 1 (count from zero) or 0 (stop)\n",
				   KBUILD_MODNAME, vblk->disk->disk_name);
		return err;
	}

	mutex_lock(&vblk->stats_lock);
	if (on)
		err = vblk_start_counting(vblk);
	else
		vblk_stop_counting(vblk);
	mutex_unlock(&vblk->stats_lock);
	return err ?: n;
}

static const struct file_operations vblk_count_fops = {
	.owner	= THIS_MODULE,
	.open	= simple_open,
	.read	= vblk_count_read,
	.write	= vblk_count_write,
	.llseek	= default_llseek,
};

/**
 * vblk_stats_add() - have files for a disk
 * @vblk: the disk; it has its name and its queues
 *
 * Context: process. Without debugfs nothing happens.
 */
void vblk_stats_add(struct vblk *vblk)
{
	struct dentry *dir;

	dir = debugfs_create_dir(vblk->disk->disk_name, vblk_debug_root);
	vblk->debug = dir;
	debugfs_create_file("count", 0600, dir, vblk, &vblk_count_fops);
	debugfs_create_file("queues", 0400, dir, vblk, &queues_fops);
	debugfs_create_file("latency", 0400, dir, vblk, &latency_fops);
}

/**
 * vblk_stats_del() - undo vblk_stats_add(), and stop counting
 * @vblk: the disk
 *
 * Context: process. Afterwards nobody reads or writes the files.
 */
void vblk_stats_del(struct vblk *vblk)
{
	debugfs_remove(vblk->debug);
	mutex_lock(&vblk->stats_lock);
	vblk_stop_counting(vblk);
	mutex_unlock(&vblk->stats_lock);
}

/**
 * vblk_stats_free() - give the memory of the counters back
 * @vblk: the disk, after vblk_stats_del() or never added
 *
 * Context: process.
 */
void vblk_stats_free(struct vblk *vblk)
{
	unsigned int i;

	for (i = 0; vblk->queues && i < vblk->nr_queues; i++)
		kfree(vblk->queues[i].counters);
}

/**
 * vblk_stats_init() - have a directory for all disks
 *
 * Context: process, once.
 */
void vblk_stats_init(void)
{
	vblk_debug_root = debugfs_create_dir(KBUILD_MODNAME, NULL);
}

/**
 * vblk_stats_exit() - undo vblk_stats_init()
 *
 * Context: process, once, after the last disk is removed.
 */
void vblk_stats_exit(void)
{
	debugfs_remove(vblk_debug_root);
}
