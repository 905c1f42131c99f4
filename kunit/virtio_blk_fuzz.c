// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzzer of virtio_blk: a load on a disk that lies at random. Whatever the disk does,
 * each request ends once, at the latest when the disk is taken away; and what was not
 * lied about is right.
 */
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/stringify.h>
#include <linux/virtio_ring.h>

#include "virtio_blk_fuzz.h"

/* Mutated by the common part, of a thousand completions; the model adds its own. */
#define BF_MUTATED	850

/* Several disks, because most of the time goes into waiting for the kernel. */
#define BF_DISKS	10

/*
 * Of a thousand times that a disk needs a reset, it is put to sleep so often: less often
 * while features have to be refused, which a disk does when it is plugged.
 */
#define BF_SLEEPS	980
#define BF_SLEEPS_DUE	850

/* These take long to get over: none more often than it has to be. */
#define BF_SLOW		(BIT(FV_EVIL_LOST_KICK) | BIT(FV_EVIL_LOST_IRQ) | \
			 BIT(FV_EVIL_CONFIG_IRQ) | BIT(FV_EVIL_CONFIG_FLIP) | \
			 BIT(FV_EVIL_CONFIG_ZERO) | BIT(FV_EVIL_CONFIG_ONES))

/* A lost notification or interrupt is made good in less. */
#define BF_STUCK_MS	200
#define BF_IDLE_MS	10
/* After the disk is gone, nothing remains. */
#define BF_END_MS	30000

static unsigned int seconds = 60;
module_param(seconds, uint, 0444);
MODULE_PARM_DESC(seconds, "How long");

static unsigned int least;
module_param(least, uint, 0444);
MODULE_PARM_DESC(least, "Go on until there are so many mutations, up to " __stringify(FUZZ_SLOW)
		 " times as long");

static unsigned long long seed = 1;
module_param(seed, ullong, 0444);
MODULE_PARM_DESC(seed, "The same seed does the same");

static bool starved;
module_param(starved, bool, 0444);
MODULE_PARM_DESC(starved, "Allocations fail at random meanwhile");

static struct fuzz_run bf_run;
static struct bf *bf_disks;
static struct bf_zoned bf_zoned;

/**
 * bf_finding() - report what must not be
 * @bf: the fuzzer
 * @fmt: what it is
 *
 * Context: any.
 */
void bf_finding(struct bf *bf, const char *fmt, ...)
{
	struct va_format vaf;
	va_list args;

	va_start(args, fmt);
	vaf.fmt = fmt;
	vaf.va = &args;
	if (bf->findings++ < 10)
		pr_err("virtio_blk_fuzz: seed %llu: disk %u: %pV\n", bf->run->seed, bf->index,
		       &vaf);
	va_end(args);
}

/**
 * bf_wrong_ids() - how often a completion was not that of the request it named
 * @bf: the fuzzer
 *
 * The name may be that of a newer request: one that the device has not looked at is then
 * done, and its memory, which the driver has back, is written to later. Nothing that
 * the driver can know tells the two apart.
 *
 * Context: any.
 * Return: their number.
 */
int bf_wrong_ids(struct bf *bf)
{
	static const enum fv_evil kinds[] = {
		FV_EVIL_ID_RANGE, FV_EVIL_ID_IDLE, FV_EVIL_TWICE, FV_EVIL_INDEX_JUMP,
	};
	unsigned int i;
	int n = 0;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		n += atomic_read(&bf->fv->evil_done[kinds[i]]);
	return n;
}

static int bf_is_disk(struct device *dev, void *data)
{
	struct device **found = data;

	if (strncmp(dev_name(dev), "vd", 2))
		return 0;
	*found = get_device(dev);
	return 1;
}

/**
 * bf_open_disk() - open the disk of a device
 * @fv: the device
 * @dev: where to put the device of the disk; NULL so far
 *
 * Context: process.
 * Return: the open disk, or NULL if the driver has made none; for bf_close_disk() either way.
 */
struct file *bf_open_disk(struct fv_device *fv, struct device **dev)
{
	struct file *file;

	device_for_each_child(&fv->vdev.dev, dev, bf_is_disk);
	if (!*dev)
		return NULL;
	file = bdev_file_open_by_dev((*dev)->devt, BLK_OPEN_READ | BLK_OPEN_WRITE, NULL, NULL);
	return IS_ERR(file) ? NULL : file;
}

/**
 * bf_close_disk() - close a disk
 * @file: of bf_open_disk(), or NULL
 * @dev: of bf_open_disk(), or NULL
 *
 * Context: process.
 */
void bf_close_disk(struct file *file, struct device *dev)
{
	if (file) {
		bdev_fput(file);
		flush_delayed_fput();
	}
	if (dev)
		put_device(dev);
}

static void bf_close(struct bf *bf)
{
	bf_close_disk(bf->file, bf->dev);
	bf->file = NULL;
	bf->dev = NULL;
}

/* The disk is empty when it is plugged: so nobody reads partitions off it. */
static bool bf_open(struct bf *bf)
{
	if (!fv_bound(bf->fv))
		return false;
	bf->file = bf_open_disk(bf->fv, &bf->dev);
	if (!bf->file) {
		bf_close(bf);
		return false;
	}
	bf->bdev = file_bdev(bf->file);
	bf->wrong_ids = bf_wrong_ids(bf);
	bm_resize(bf->bm, BF_CAPACITY);
	return true;
}

static void bf_empty(struct bf *bf)
{
	struct bm_params params;

	bm_defaults(&params);
	params.conf.capacity = 0;
	bm_set_conf(bf->bm, &params.conf);
}

/* A disk that is gone before its driver has had a look. */
static void bf_plug_gone(struct bf *bf)
{
	if (!fuzz_kind_due(bf->run, FV_EVIL_GONE))
		return;
	fv_misbehave(bf->fv, FV_EVIL_GONE, FV_ALL_QUEUES, 1);
	fuzz_mutated(bf->run, FV_EVIL_GONE);
	if (!fv_plug(bf->fv)) {
		if (fv_bound(bf->fv))
			bf_finding(bf, "the driver has taken a disk that is gone");
		fv_unplug(bf->fv);
	}
	fv_misbehave(bf->fv, FV_EVIL_GONE, FV_ALL_QUEUES, 0);
}

/* What the driver does about time-outs. A disk may get what another one has asked for. */
static int bf_choose_action(struct fuzz_run *run)
{
	static const char * const actions[] = { "kick", "reset", "fail" };

	return fv_param_write("virtio_blk", "timeout_action",
			      actions[fuzz_below(run, ARRAY_SIZE(actions))]);
}

/* Take the disk away, under load, and bring it back. */
static bool bf_replug(struct bf *bf)
{
	unsigned int i;

	for (i = 0; i < 20; i++) {
		/* Nobody waits for a minute; that is tested elsewhere. */
		if (fv_dead_queues(bf->fv) || !bf_wait_idle(bf, BF_IDLE_MS))
			virtio_break_device(&bf->fv->vdev);
		bf_empty(bf);
		bf_calm(bf);
		fv_fuzz_unplug(bf->fv);
		bf_plug_gone(bf);
		if (bf_choose_action(bf->run))
			bf_finding(bf, "timeout_action cannot be set");
		if (fv_fuzz_plug(bf->fv))
			continue;
		if (!bf_wait_idle(bf, BF_END_MS)) {
			bf_finding(bf, "%d requests did not end", atomic_read(&bf->busy));
			return false;
		}
		bf_close(bf);
		WRITE_ONCE(bf->calm, false);
		if (bf_open(bf))
			return true;
	}
	bf_finding(bf, "the disk does not come back");
	return false;
}

/* Sleep heals a device, too, if it is still there. */
static bool bf_sleep(struct bf *bf)
{
	bf->wakes++;
	if (fv_fuzz_freeze(bf->fv))
		return false;
	/* The new rings know nothing of old requests. What has ended so far did in those. */
	bf_reap(bf);
	bf->wrong_ids = bf_wrong_ids(bf);
	return !fv_fuzz_restore(bf->fv);
}

/* What can still happen to a disk that has lost its queues. */
static void bf_finish_off(struct bf *bf)
{
	static const enum fv_evil last[] = { FV_EVIL_NEEDS_RESET, FV_EVIL_GONE };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(last); i++) {
		if (!fuzz_kind_due(bf->run, last[i]))
			continue;
		fv_misbehave(bf->fv, last[i], FV_ALL_QUEUES, 1);
		fuzz_mutated(bf->run, last[i]);
		/* The driver may notice. */
		usleep_range(500, 1000);
	}
}

static bool bf_heal(struct bf *bf)
{
	unsigned int dead = fv_dead_queues(bf->fv);

	if (dead < bf->fv->nr_queues && bf_stuck(bf, BF_STUCK_MS) < BF_SLOTS * 3 / 4)
		return true;
	fv_fuzz_pause(bf->fv);
	bf_finish_off(bf);
	if (fuzz_chance(bf->run, fuzz_kind_due(bf->run, FV_EVIL_FEATURES_REFUSED) ?
				 BF_SLEEPS_DUE : BF_SLEEPS)) {
		/* One that is gone for good does not sleep. */
		fv_misbehave(bf->fv, FV_EVIL_GONE, FV_ALL_QUEUES, 0);
		if (bf_sleep(bf))
			return true;
	}
	return bf_replug(bf);
}

/*
 * Sends from each CPU in turn, for each has a queue of its own: but where the queue was
 * given up, requests fail at once and nothing is tested.
 */
static unsigned int bf_next_cpu(struct bf *bf, unsigned int cpu)
{
	unsigned int i;

	for (i = 0; i < num_online_cpus(); i++) {
		struct fv_queue *q;

		cpu = cpumask_next(cpu, cpu_online_mask);
		if (cpu >= nr_cpu_ids)
			cpu = cpumask_first(cpu_online_mask);
		q = fv_queue(bf->fv, cpu % bf->fv->nr_queues);
		if (fv_usable(q))
			break;
	}
	set_cpus_allowed_ptr(current, cpumask_of(cpu));
	return cpu;
}

static void bf_loop(struct bf *bf)
{
	unsigned int cpu = bf->index % num_online_cpus(), round = 0;

	while (fuzz_more(bf->run) && !bf->findings) {
		if (!(round++ % 8))
			bf_mutate_config(bf);
		if (!(round % 8) || fv_dead_queues(bf->fv))
			cpu = bf_next_cpu(bf, cpu);
		bf_time_out(bf);
		/* The load is to go on, and the block layer is not what is tested. */
		if (bdev_nr_sectors(bf->bdev) < BF_CAPACITY) {
			bm_resize(bf->bm, BF_CAPACITY);
			usleep_range(500, 1000);
		}
		if (bdev_nr_sectors(bf->bdev) >= BF_CAPACITY || !(round % 16))
			bf_submit(bf);
		bm_release(bf->bm, FV_RANDOM, 4);
		wait_event_timeout(bf->event, atomic_read(&bf->busy) <= BF_ENOUGH, 1);
		bf_reap(bf);
		if (!bf_heal(bf))
			break;
	}
}

static int bf_plug(struct bf *bf)
{
	struct bm_params params;
	int err;

	bm_defaults(&params);
	params.features |= BIT_ULL(VIRTIO_F_VERSION_1) | BIT_ULL(VIRTIO_RING_F_INDIRECT_DESC) |
			   BIT_ULL(VIRTIO_RING_F_EVENT_IDX);
	if (bf->index & 1)
		params.features |= BIT_ULL(VIRTIO_F_RING_PACKED);
	params.conf.capacity = 0;
	params.model = &bf_model;
	bf->bm = bm_create(NULL, &params);
	if (!bf->bm)
		return -ENOMEM;
	bf->bm->owner = bf;
	bf->fv = bf->bm->fv;
	bm_set_loose(bf->bm, true);

	err = fv_fuzz_plug_first(bf->fv, bf->run);
	/* A disk of which user space would hear nothing is one all the same. */
	while (!err && !bf_open(bf)) {
		if (!bf->run->starved)
			return -ENODEV;
		fv_unplug(bf->fv);
		err = fv_fuzz_plug_first(bf->fv, bf->run);
	}
	return err;
}

static void bf_unplug(struct bf *bf)
{
	bf_calm(bf);
	fv_fuzz_stop(bf->fv);
	if (!bf_wait_idle(bf, BF_IDLE_MS))
		virtio_break_device(&bf->fv->vdev);
	fv_unplug(bf->fv);
	if (!bf_wait_idle(bf, BF_END_MS))
		bf_finding(bf, "%d requests did not end", atomic_read(&bf->busy));
}

static int bf_thread(void *data)
{
	struct bf *bf = data;

	bf->err = bf_plug(bf);
	if (!bf->err) {
		fv_fuzz_start(bf->fv, bf->run, BF_MUTATED, FUZZ_ALL);
		bf_loop(bf);
		bf_unplug(bf);
	}
	if (bf->bm) {
		bf_close(bf);
		if (!atomic_read(&bf->busy))
			bm_destroy(bf->bm);
	}
	if (bf->findings)
		bf->err = -EIO;
	/* Until whoever has started it stops it. */
	while (!kthread_should_stop())
		schedule_timeout_interruptible(HZ / 10);
	return bf->err;
}

static int bf_start(struct bf *bf, unsigned int index)
{
	struct task_struct *task;
	int err;

	bf->index = index;
	bf->run = &bf_run;
	err = bf_load_init(bf);
	if (err)
		return err;
	task = kthread_run(bf_thread, bf, "virtio_blk_fuzz/%u", index);
	if (IS_ERR(task))
		return PTR_ERR(task);
	bf->thread = task;
	return 0;
}

static int bf_stop(struct bf *bf)
{
	int err = 0;

	if (bf->thread) {
		err = kthread_stop(bf->thread);
		pr_info("virtio_blk_fuzz: disk %u: %llu done, %llu failed, %llu sectors compared, %llu times asleep\n",
			bf->index, bf->ok, bf->failed, bf->compared, bf->wakes);
	}
	bf_load_free(bf);
	return err;
}

static int bf_all(void)
{
	unsigned int i;
	int err = 0, e;

	for (i = 0; i < BF_DISKS && !err; i++)
		err = bf_start(&bf_disks[i], i);
	if (!err)
		err = bf_zoned_start(&bf_zoned, &bf_run);
	while (!err && fuzz_more(&bf_run))
		schedule_timeout_interruptible(HZ / 10);
	if (err)
		fuzz_stop(&bf_run);
	for (i = 0; i < BF_DISKS; i++) {
		e = bf_stop(&bf_disks[i]);
		err = err ?: e;
	}
	e = bf_zoned_stop(&bf_zoned);
	return err ?: e;
}

static int __init bf_init(void)
{
	int err;

	bf_run.module = "virtio_blk";
	bf_run.seed = seed;
	bf_run.seconds = seconds;
	bf_run.starved = starved;
	bf_run.least = least;
	bf_disks = kvcalloc(BF_DISKS, sizeof(*bf_disks), GFP_KERNEL);
	if (!bf_disks)
		return -ENOMEM;
	err = fuzz_begin(&bf_run);
	if (err)
		goto free;
	bf_run.rare = BF_SLOW;
	bf_run.asleep = BIT(FV_EVIL_RESET_STUCK);
	err = bf_mutate_init(&bf_run);
	if (!err)
		err = bf_zoned_init(&bf_run);
	if (!err)
		err = fv_param_write("virtio_blk", "io_timeout", "1");
	if (!err)
		err = bf_all();
	if (!err)
		err = fuzz_end(&bf_run);
	if (err)
		fuzz_remove(&bf_run);
free:
	kvfree(bf_disks);
	return err;
}
module_init(bf_init);

static void __exit bf_exit(void)
{
	fuzz_remove(&bf_run);
}
module_exit(bf_exit);

MODULE_DESCRIPTION("Fuzzer of virtio_blk");
MODULE_AUTHOR("kvm-guest-drivers-linux authors");
MODULE_VERSION(KGD_VERSION);
MODULE_LICENSE("GPL");
