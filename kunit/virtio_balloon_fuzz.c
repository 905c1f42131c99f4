// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzzes virtio_balloon: the target moves all the time, each answer of the device may
 * be mutated, and whenever the device is plugged anew every page has to be back.
 */
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/virtio_ring.h>

#include "fuzz.h"
#include "model_balloon.h"

/* A balloon writes nothing, so there is nothing to be shortened or spoiled. */
#define BF_ALL		(FUZZ_ALL & ~(BIT(FV_EVIL_LEN_ZERO) | BIT(FV_EVIL_HALF) | \
				      BIT(FV_EVIL_GARBAGE)))

/* These take long to get over: none more often than it has to be. */
#define BF_SLOW		(BIT(FV_EVIL_LOST_KICK) | BIT(FV_EVIL_LOST_IRQ) | \
			 BIT(FV_EVIL_CONFIG_ONES) | BIT(FV_EVIL_CONFIG_FLIP) | \
			 BIT(FV_EVIL_CONFIG_ZERO))

/* With these the driver would wait for a device that does not answer. */
#define BF_DEADLY	(BF_SLOW | (FUZZ_FATAL & ~FUZZ_REPLUG))

/* Pages of the largest target. */
#define BF_TARGET	8192

/* Steps from one plug to the next, if nothing happens before. */
#define BF_STEPS	200

/* The map of all pages takes a while to look through. */
#define BF_FULL_CHECK	64

/* An answer takes longer than this only if it was lost. */
#define BF_WAIT_MS	30

static unsigned int seconds = 60;
module_param(seconds, uint, 0444);
MODULE_PARM_DESC(seconds, "how long to fuzz, in seconds");

static unsigned long long seed;
module_param(seed, ullong, 0444);
MODULE_PARM_DESC(seed, "of all that is random");

/**
 * struct bf - the fuzzer
 * @run: what it does, and what came of it
 * @mb: the device
 * @ram: pages of the guest without a balloon
 * @target_jump: kind: a target that is out of reach
 * @target_silent: kind: a target that is not announced
 * @actual: kind: the device writes over actual
 */
struct bf {
	struct fuzz_run run;
	struct mb_device *mb;
	unsigned long ram;
	int target_jump;
	int target_silent;
	int actual;
};

static struct bf bf;

/* Slow kinds are allowed while they are due. */
static void bf_allow(unsigned long kinds)
{
	unsigned long slow = kinds & BF_SLOW, allowed = kinds & ~BF_SLOW;
	unsigned int kind;

	for_each_set_bit(kind, &slow, FV_EVIL_NR)
		if (fuzz_kind_due(&bf.run, kind))
			allowed |= BIT(kind);
	WRITE_ONCE(bf.run.allowed, allowed);
}

static u64 bf_moved(void)
{
	return READ_ONCE(bf.mb->inflated) + READ_ONCE(bf.mb->deflated);
}

static void bf_own_kinds(void)
{
	__le32 actual;

	if (fuzz_kind_due(&bf.run, bf.target_jump)) {
		mb_set_target(bf.mb, fuzz_below(&bf.run, 4) ? BF_TARGET * 2 : U32_MAX);
		fuzz_mutated(&bf.run, bf.target_jump);
	}
	if (fuzz_kind_due(&bf.run, bf.target_silent)) {
		mb_set_target_silently(bf.mb, fuzz_below(&bf.run, BF_TARGET));
		fuzz_mutated(&bf.run, bf.target_silent);
	}
	if (fuzz_kind_due(&bf.run, bf.actual)) {
		actual = cpu_to_le32(fuzz_below(&bf.run, U32_MAX));
		fv_config_set(bf.mb->fv, offsetof(struct virtio_balloon_config, actual), &actual,
			      sizeof(actual));
		fuzz_mutated(&bf.run, bf.actual);
	}
}

/* Many requests at once, or a few entries. */
static u32 bf_next_target(u32 target)
{
	if (!fuzz_below(&bf.run, 4))
		return fuzz_below(&bf.run, 2) + target / 2;
	if (fuzz_below(&bf.run, 3))
		return target > BF_TARGET / 2 ? fuzz_below(&bf.run, BF_TARGET / 8) :
						BF_TARGET - fuzz_below(&bf.run, BF_TARGET / 8);
	return fuzz_below(&bf.run, BF_TARGET);
}

/* Moves the target, and waits for something to come of it; false if nothing does. */
static bool bf_step(u32 *target)
{
	u64 before = bf_moved();

	bf_allow(BF_ALL);
	bf_own_kinds();
	*target = bf_next_target(*target);
	mb_set_target(bf.mb, *target);
	if (fuzz_chance(&bf.run, 300))
		return true;
	wait_event_timeout(bf.mb->wait, READ_ONCE(bf.mb->held) == *target,
			   msecs_to_jiffies(BF_WAIT_MS));
	return bf_moved() != before;
}

static const u64 bf_features[] = {
	0,
	BIT_ULL(VIRTIO_F_VERSION_1),
	BIT_ULL(VIRTIO_F_VERSION_1) | BIT_ULL(VIRTIO_F_RING_PACKED),
};

/* The next device may be another one. */
static void bf_vary(void)
{
	struct fv_device *fv = bf.mb->fv;
	unsigned int i;

	fv->features = bf_features[fuzz_below(&bf.run, ARRAY_SIZE(bf_features))];
	if (fuzz_below(&bf.run, 2))
		fv->features |= MB_BIT(MUST_TELL_HOST);
	if (fuzz_below(&bf.run, 2))
		fv->features |= BIT_ULL(VIRTIO_RING_F_EVENT_IDX);
	if (fuzz_below(&bf.run, 2))
		fv->features |= BIT_ULL(VIRTIO_RING_F_INDIRECT_DESC);
	for (i = 0; i < fv->nr_queues; i++)
		fv_set_queue_num(fv, i, 1U << fuzz_below(&bf.run, 8));
	fv->order = fuzz_below(&bf.run, 3);
	/* Most of the time a target that flips stays within reach. */
	memset(fv->flip, 0, sizeof(fv->flip));
	if (fuzz_below(&bf.run, 8)) {
		fv->flip[0] = 1 + fuzz_below(&bf.run, 255);
		fv->flip[1] = fuzz_below(&bf.run, 4);
	}
}

static void bf_check(void)
{
	unsigned long ram = totalram_pages(), lost = 0;

	if (bf.run.plugs % BF_FULL_CHECK == 0)
		lost = mb_pages_lost();
	if (ram == bf.ram && !lost)
		return;
	pr_err("virtio_balloon_fuzz: %ld pages are missing, %lu still marked\n",
	       (long)(bf.ram - ram), lost);
	fuzz_violated(&bf.run, 1);
	bf.ram = ram;
}

/* The driver sleeps and wakes up, with a device that answers. */
static int bf_sleep(void)
{
	int err;

	bf_allow(BF_ALL & ~BF_DEADLY);
	err = fv_freeze(bf.mb->fv);
	if (err)
		return err;
	mb_set_target_silently(bf.mb, 0);
	bf_check();
	return fv_restore(bf.mb->fv);
}

/* Plugs a device anew. One that does not answer is broken, lest the driver wait for it. */
static int bf_replug(void)
{
	struct fv_device *fv = bf.mb->fv;
	int err;

	if (READ_ONCE(bf.run.fatal) & ~BIT(FV_EVIL_NEEDS_RESET) || fuzz_below(&bf.run, 2))
		virtio_break_device(&fv->vdev);
	bf_allow(BF_ALL & ~BF_DEADLY);
	mb_set_target_silently(bf.mb, 0);
	/* A stuck reset has to be done by fv_fuzz_replug(), with the device that was. */
	if (!fuzz_kind_due(&bf.run, FV_EVIL_RESET_STUCK)) {
		fv_unplug(fv);
		bf_vary();
	}
	err = fv_fuzz_replug(fv);
	if (!err)
		bf_check();
	return err;
}

static int bf_session(void)
{
	unsigned int i, idle = 0;
	u32 target = 0;

	for (i = 0; i < BF_STEPS && idle < 3 && fuzz_more(&bf.run); i++) {
		if (fv_dead_queues(bf.mb->fv))
			break;
		idle = bf_step(&target) ? 0 : idle + 1;
		if (!READ_ONCE(bf.run.fatal) && fuzz_chance(&bf.run, 3) && bf_sleep())
			break;
		cond_resched();
	}
	return bf_replug();
}

static int bf_run(void)
{
	struct mb_params params = { .mode = FV_RUN, .sparse = true };
	int err;

	bf.ram = totalram_pages();
	bf.mb = mb_create(NULL, &params);
	if (!bf.mb)
		return -ENOMEM;
	bf_vary();
	fv_fuzz_start(bf.mb->fv, &bf.run, 1000, BF_ALL);
	err = fv_plug(bf.mb->fv);
	if (!err && !fv_bound(bf.mb->fv)) {
		pr_err("virtio_balloon_fuzz: no driver has taken the device\n");
		err = -ENODEV;
	}
	while (!err && fuzz_more(&bf.run))
		err = bf_session();

	if (fv_bound(bf.mb->fv))
		virtio_break_device(&bf.mb->fv->vdev);
	fv_fuzz_stop(bf.mb->fv);
	mb_destroy(bf.mb);
	bf.run.plugs = 0;
	bf_check();
	return err;
}

static int __init bf_init(void)
{
	int err;

	bf.run.module = "virtio_balloon";
	bf.run.seconds = seconds;
	bf.run.seed = seed;
	err = fuzz_begin(&bf.run);
	if (err)
		return err;
	bf.target_jump = fuzz_kind(&bf.run, "target_jump");
	bf.target_silent = fuzz_kind(&bf.run, "target_silent");
	bf.actual = fuzz_kind(&bf.run, "actual");
	err = mb_map_get();
	if (err)
		goto out;
	err = bf_run();
	mb_map_put();
out:
	bf.run.allowed = BF_ALL;
	if (!err)
		err = fuzz_end(&bf.run);
	if (err)
		fuzz_remove(&bf.run);
	return err;
}

static void __exit bf_exit(void)
{
	fuzz_remove(&bf.run);
}

module_init(bf_init);
module_exit(bf_exit);

MODULE_DESCRIPTION("Fuzzer for virtio_balloon");
MODULE_AUTHOR("kvm-guest-drivers-linux authors");
MODULE_VERSION(KGD_VERSION);
MODULE_LICENSE("GPL");
