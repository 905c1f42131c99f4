// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzzes virtio_net: traffic both ways, what people do to interfaces, and devices whose
 * completions, headers, answers and configuration may be wrong.
 */
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/stringify.h>

#include "virtio_net_fuzz.h"

/* Of a thousand completions that the model leaves alone. */
#define NF_PERMILLE	700

/* Several devices, because much of the time goes into waiting for the kernel. */
#define NF_DEVICES	4

/* How often a device is healed until there is another one. Only a modern one can refuse. */
#define NF_LIVES	60
#define NF_LEGACY_LIVES	6

/* Turns of a life, if nothing happens; with all queues alive; and without any traffic. */
#define NF_TURNS	60
#define NF_GOOD_TURNS	8
#define NF_IDLE_TURNS	10

/* What takes the driver long to get over is no more frequent than it has to be. */
#define NF_SLOW		(BIT(FV_EVIL_LOST_KICK) | BIT(FV_EVIL_LOST_IRQ) | \
			 BIT(FV_EVIL_CONFIG_IRQ) | BIT(FV_EVIL_CONFIG_FLIP) | \
			 BIT(FV_EVIL_CONFIG_ZERO) | BIT(FV_EVIL_CONFIG_ONES))

/* A device is gone at the end of its life: see nf_heal(). */
#define NF_ALLOWED	(FUZZ_ALL & ~BIT(FV_EVIL_GONE))

static unsigned int seconds = 60;
module_param(seconds, uint, 0444);
MODULE_PARM_DESC(seconds, "how long to fuzz, in seconds");

static unsigned int least;
module_param(least, uint, 0444);
MODULE_PARM_DESC(least, "go on until there are so many mutations, up to " __stringify(FUZZ_SLOW)
		 " times as long");

static unsigned long long seed;
module_param(seed, ullong, 0444);
MODULE_PARM_DESC(seed, "of all that is random");

static bool starved;
module_param(starved, bool, 0444);
MODULE_PARM_DESC(starved, "Allocations fail at random meanwhile");

static struct fuzz_run nf_run = { .module = "virtio_net" };
static struct nf nf_devices[NF_DEVICES];

/* From one plug or sleep to the next. */
static void nf_life(struct nf *nf)
{
	unsigned int turn, live, idle = 0;

	for (turn = 0; turn < NF_TURNS && idle < NF_IDLE_TURNS && fuzz_more(nf->run); turn++) {
		idle = nf_traffic(nf) ? 0 : idle + 1;
		if (idle)
			schedule_timeout_uninterruptible(1);
		if (nf_due(nf, NF_CONFIG))
			nf_mutate_config(nf);
		if (kgd_rng_chance(&nf->rng, nf_due(nf, NF_ACK) ? 300 : 10))
			nf_control(nf);
		live = nf_live(nf);
		if (!live)
			break;
		/* One that is worn anyhow, if there is any. */
		if ((live < nf->nm->max_pairs || turn >= NF_GOOD_TURNS) &&
		    fuzz_kind_due(nf->run, FV_EVIL_GONE))
			break;
		cond_resched();
	}
}

/* One device, from the first plug to the last unplug. */
static int nf_one(struct nf *nf)
{
	unsigned int life, lives;
	int err;

	err = nf_create(nf);
	if (err)
		return err;
	nf->devices++;
	fv_fuzz_start(nf->nm->fv, nf->run, NF_PERMILLE, NF_ALLOWED);
	lives = nf->nm->fv->features & NM_F_VERSION_1 ? NF_LIVES : NF_LEGACY_LIVES;
	for (life = 0; life < lives && nf->dev && fuzz_more(nf->run); life++) {
		nf_life(nf);
		if (!nf_heal(nf))
			break;
	}
	nf_destroy(nf);

	return 0;
}

static int nf_thread(void *data)
{
	struct nf *nf = data;

	while (!nf->err && fuzz_more(nf->run))
		nf->err = nf_one(nf);
	/* Until whoever has started it stops it. */
	while (!kthread_should_stop())
		schedule_timeout_interruptible(HZ / 10);

	return nf->err;
}

static int nf_start(struct nf *nf, unsigned int index)
{
	struct task_struct *task;

	nf->run = &nf_run;
	nf->index = index;
	kgd_rng_seed(&nf->rng, nf_run.seed + ((u64)index << 32));
	kgd_rng_seed(&nf->dev_rng, ~nf->rng.state);
	nf->data = kvmalloc(NM_MAX_FRAME + 128, GFP_KERNEL);
	if (!nf->data)
		return -ENOMEM;
	task = kthread_run(nf_thread, nf, "virtio_net_fuzz/%u", index);
	if (IS_ERR(task))
		return PTR_ERR(task);
	nf->thread = task;

	return 0;
}

static int nf_stop(struct nf *nf)
{
	int err = 0;

	if (nf->thread) {
		err = kthread_stop(nf->thread);
		pr_info("virtio_net_fuzz: thread %u: %llu devices, plugged %llu times, asleep %llu times\n",
			nf->index, nf->devices, nf->plugs, nf->sleeps);
	}
	kvfree(nf->data);

	return err;
}

static int nf_all(void)
{
	unsigned int i;
	int err = 0, e;

	for (i = 0; i < NF_DEVICES && !err; i++)
		err = nf_start(&nf_devices[i], i);
	while (!err && fuzz_more(&nf_run))
		schedule_timeout_interruptible(HZ / 10);
	if (err)
		fuzz_stop(&nf_run);
	for (i = 0; i < NF_DEVICES; i++) {
		e = nf_stop(&nf_devices[i]);
		err = err ?: e;
	}

	return err;
}

static int __init nf_init(void)
{
	int err;

	nf_run.seed = seed;
	nf_run.seconds = seconds;
	nf_run.starved = starved;
	nf_run.least = least;
	nf_run.rare = NF_SLOW;
	nf_run.asleep = FUZZ_REPLUG;
	err = fuzz_begin(&nf_run);
	if (err)
		return err;
	err = nf_mutate_init(&nf_run);
	if (!err)
		err = nf_xdp_init();
	if (!err) {
		err = nf_all();
		if (!nf_xdp_exit()) {
			pr_err("virtio_net_fuzz: a program is still in use\n");
			err = err ?: -EIO;
		}
	}
	/* All of them are to be judged. */
	nf_run.allowed = FUZZ_ALL;
	if (!err)
		err = fuzz_end(&nf_run);
	if (err)
		fuzz_remove(&nf_run);

	return err;
}
module_init(nf_init);

static void __exit nf_exit(void)
{
	fuzz_remove(&nf_run);
}
module_exit(nf_exit);

MODULE_DESCRIPTION("Fuzzer of virtio_net on a fake device");
MODULE_AUTHOR("kvm-guest-drivers-linux authors");
MODULE_VERSION(KGD_VERSION);
MODULE_LICENSE("GPL");
