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
#include <linux/virtio_ring.h>

#include "virtio_blk_fuzz.h"

/* Mutated by the common part, of a thousand completions; the model adds its own. */
#define BF_MUTATED	600

/* Several disks, because most of the time goes into waiting for the kernel. */
#define BF_DISKS	6

/* Of a thousand times that a disk needs a reset, it is put to sleep so often. */
#define BF_SLEEPS	600

/* A lost notification or interrupt is made good in less. */
#define BF_STUCK_MS	400
#define BF_IDLE_MS	10
/* After the disk is gone, nothing remains. */
#define BF_END_MS	30000

static unsigned int seconds = 60;
module_param(seconds, uint, 0444);
MODULE_PARM_DESC(seconds, "How long");

static unsigned long long seed = 1;
module_param(seed, ullong, 0444);
MODULE_PARM_DESC(seed, "The same seed does the same");

static struct fuzz_run bf_run;
static struct bf *bf_disks;

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
		pr_err("virtio_blk_fuzz: seed %llu: %pV\n", bf->run->seed, &vaf);
	va_end(args);
}

/**
 * bf_garbage() - how many answers were replaced by random bytes, so far
 * @bf: the fuzzer
 *
 * Context: any.
 * Return: their number.
 */
int bf_garbage(struct bf *bf)
{
	return atomic_read(&bf->fv->evil_done[FV_EVIL_GARBAGE]);
}

static int bf_is_disk(struct device *dev, void *data)
{
	struct device **found = data;

	if (strncmp(dev_name(dev), "vd", 2))
		return 0;
	*found = get_device(dev);
	return 1;
}

static void bf_close(struct bf *bf)
{
	if (bf->file) {
		bdev_fput(bf->file);
		flush_delayed_fput();
	}
	if (bf->dev)
		put_device(bf->dev);
	bf->file = NULL;
	bf->dev = NULL;
}

/* The disk is empty when it is plugged: so nobody reads partitions off it. */
static bool bf_open(struct bf *bf)
{
	struct file *file;

	if (!fv_bound(bf->fv))
		return false;
	device_for_each_child(&bf->fv->vdev.dev, &bf->dev, bf_is_disk);
	if (!bf->dev)
		return false;
	file = bdev_file_open_by_dev(bf->dev->devt, BLK_OPEN_READ | BLK_OPEN_WRITE, NULL, NULL);
	if (IS_ERR(file)) {
		bf_close(bf);
		return false;
	}
	bf->file = file;
	bf->bdev = file_bdev(file);
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

/* Take the disk away, under load, and bring it back. */
static bool bf_replug(struct bf *bf)
{
	unsigned int i;

	for (i = 0; i < 20; i++) {
		/* Nobody waits for a minute; that is tested elsewhere. */
		if (fv_dead_queues(bf->fv) || !bf_wait_idle(bf, BF_IDLE_MS))
			virtio_break_device(&bf->fv->vdev);
		bf_empty(bf);
		bm_release(bf->bm, FV_RANDOM, UINT_MAX);
		if (fv_fuzz_replug(bf->fv))
			continue;
		if (!bf_wait_idle(bf, BF_END_MS)) {
			bf_finding(bf, "%d requests did not end", atomic_read(&bf->busy));
			return false;
		}
		bf_close(bf);
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
	return !fv_freeze(bf->fv) && !fv_restore(bf->fv) && !fv_dead_queues(bf->fv);
}

static bool bf_is_gone(struct bf *bf)
{
	u8 status = bf->fv->vdev.config->get_status(&bf->fv->vdev);

	return status == 0xff;
}

static bool bf_heal(struct bf *bf)
{
	unsigned int dead = fv_dead_queues(bf->fv);

	if (dead < bf->fv->nr_queues && bf_stuck(bf, BF_STUCK_MS) < BF_SLOTS / 4)
		return true;
	if (!bf_is_gone(bf) && fuzz_chance(bf->run, BF_SLEEPS) && bf_sleep(bf))
		return true;
	return bf_replug(bf);
}

static void bf_loop(struct bf *bf)
{
	unsigned int cpu = bf->index % num_online_cpus(), round = 0;

	while (fuzz_more(bf->run) && !bf->findings) {
		if (!(round++ % 8)) {
			cpu = cpumask_next(cpu, cpu_online_mask);
			if (cpu >= nr_cpu_ids)
				cpu = cpumask_first(cpu_online_mask);
			set_cpus_allowed_ptr(current, cpumask_of(cpu));
			bf_mutate_config(bf);
		}
		/* The load is to go on, and the block layer is not what is tested. */
		if (bdev_nr_sectors(bf->bdev) < BF_CAPACITY) {
			bm_resize(bf->bm, BF_CAPACITY);
			usleep_range(500, 1000);
		}
		if (bdev_nr_sectors(bf->bdev) >= BF_CAPACITY || !(round % 16))
			bf_submit(bf);
		bm_release(bf->bm, FV_RANDOM, 4);
		wait_event_timeout(bf->event, atomic_read(&bf->busy) < BF_SLOTS / 2, 1);
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

	err = fv_plug(bf->fv);
	if (!err && !bf_open(bf))
		err = -ENODEV;
	return err;
}

static void bf_unplug(struct bf *bf)
{
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
	while (!err && fuzz_more(&bf_run))
		schedule_timeout_interruptible(HZ / 10);
	if (err)
		bf_run.end = jiffies;
	for (i = 0; i < BF_DISKS; i++) {
		e = bf_stop(&bf_disks[i]);
		err = err ?: e;
	}
	return err;
}

static int __init bf_init(void)
{
	int err;

	bf_run.module = "virtio_blk";
	bf_run.seed = seed;
	bf_run.seconds = seconds;
	bf_disks = kvcalloc(BF_DISKS, sizeof(*bf_disks), GFP_KERNEL);
	if (!bf_disks)
		return -ENOMEM;
	err = fuzz_begin(&bf_run);
	if (err)
		goto free;
	err = bf_mutate_init(&bf_run);
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
