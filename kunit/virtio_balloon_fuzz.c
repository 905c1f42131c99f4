// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzzes virtio_balloon: several balloons, whose targets move all the time, and each
 * answer of which is mutated. Between two resets a device may lose a buffer, want a reset,
 * and tell one lie that it cannot be used after; then it is put to sleep or plugged anew.
 * Whenever none of the balloons is there, every page has to be back.
 */
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/stringify.h>
#include <linux/virtio_ring.h>

#include "virtio_balloon_fuzz.h"

/* A balloon writes nothing, so there is nothing to be shortened or spoiled. */
#define BF_ALL		(FUZZ_ALL & ~(BIT(FV_EVIL_LEN_ZERO) | BIT(FV_EVIL_HALF) | \
				      BIT(FV_EVIL_GARBAGE)))

/* These take long to get over: none more often than it has to be. */
#define BF_SLOW		(BIT(FV_EVIL_LOST_KICK) | BIT(FV_EVIL_LOST_IRQ) | \
			 BIT(FV_EVIL_CONFIG_ONES) | BIT(FV_EVIL_CONFIG_FLIP) | \
			 BIT(FV_EVIL_CONFIG_ZERO))

/* An interrupt of the emulated machine takes as long as a completion. */
#define BF_COSTLY	(BIT(FV_EVIL_EMPTY_IRQ) | BIT(FV_EVIL_CONFIG_IRQ))

/* After one of these the driver would wait for an answer that never comes. */
#define BF_DEADLY	(FUZZ_ENDS | BIT(FV_EVIL_SILENT))

/* Several balloons, because one of them always waits for something. */
#define BF_BALLOONS	8

/* Requests from one reset to the next, if nothing happens before. */
#define BF_REQUESTS	200

/* Of so many resets one is that of a new device, and of a quarter of those that are gone. */
#define BF_REPLUG	48
#define BF_REPLUG_GONE	4

/* Of so many times one has a device that works on its own, while the driver goes on. */
#define BF_THREAD	6

/* How often a balloon is looked at, and how long nothing may happen to it. */
#define BF_POLL		4
#define BF_IDLE_SILENT	1
#define BF_IDLE_MAX	(10 * HZ / BF_POLL)

/* A driver looks at a ring sooner, even on a busy machine. */
#define BF_NOTICE_MAX	HZ

/* From one count of all pages to the next. */
#define BF_COUNT	(5 * HZ)

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

static struct fuzz_run bf_run;
static struct bf bf_balloons[BF_BALLOONS];

/* Written to while no driver has a page. */
static DECLARE_RWSEM(bf_held);

/* Pages of the guest without a balloon. */
static unsigned long bf_ram;

static const u64 bf_features[] = {
	0,
	BIT_ULL(VIRTIO_F_VERSION_1),
	BIT_ULL(VIRTIO_F_VERSION_1),
	BIT_ULL(VIRTIO_F_VERSION_1) | BIT_ULL(VIRTIO_F_RING_PACKED),
	BIT_ULL(VIRTIO_F_VERSION_1) | BIT_ULL(VIRTIO_F_RING_PACKED),
};

/* The next device may be another one. */
static void bf_vary(struct bf *bf)
{
	struct fv_device *fv = bf->fv;

	fv->features = bf_features[kgd_rng_below(&bf->rng, ARRAY_SIZE(bf_features))];
	if (kgd_rng_below(&bf->rng, 2))
		fv->features |= MB_BIT(MUST_TELL_HOST);
	if (kgd_rng_below(&bf->rng, 2))
		fv->features |= BIT_ULL(VIRTIO_RING_F_EVENT_IDX);
	if (kgd_rng_below(&bf->rng, 2))
		fv->features |= BIT_ULL(VIRTIO_RING_F_INDIRECT_DESC);
}

/* So may its rings, each time that they are made. Large ones cost the more. */
static void bf_vary_rings(struct bf *bf)
{
	struct fv_device *fv = bf->fv;
	bool thread = !kgd_rng_below(&bf->rng, BF_THREAD);
	unsigned int i;

	for (i = 0; i < fv->nr_queues; i++)
		fv_set_queue_num(fv, i, 1U << (kgd_rng_below(&bf->rng, 16) ?
					       kgd_rng_below(&bf->rng, 4) :
					       kgd_rng_below(&bf->rng, 8)));
	/*
	 * Two threads cost several times what one does that does the work of both. But only
	 * a device that works on its own has interrupts to lose.
	 */
	if (fuzz_kind_due(bf->run, FV_EVIL_LOST_IRQ))
		thread |= kgd_rng_below(&bf->rng, 2);
	fv_set_mode(fv, thread ? FV_RUN : FV_SYNC);
	fv->order = kgd_rng_below(&bf->rng, 3);
	/* Most of the time a target that flips stays within reach. */
	memset(fv->flip, 0, sizeof(fv->flip));
	if (kgd_rng_below(&bf->rng, 8)) {
		fv->flip[0] = 1 + kgd_rng_below(&bf->rng, 255);
		fv->flip[1] = !kgd_rng_below(&bf->rng, 8);
	}
	mb_set_target_silently(bf->mb, 1 + kgd_rng_below(&bf->rng, 8));
}

static bool bf_broken(struct bf *bf)
{
	unsigned int i;

	for (i = 0; i < bf->fv->nr_queues; i++)
		if (bf->fv->queues[i].vq && !fv_usable(&bf->fv->queues[i]))
			return true;
	return false;
}

/* What a device does last counts only if the driver has looked at it. */
static void bf_notice(struct bf *bf, unsigned long fatal)
{
	unsigned long end = jiffies + BF_NOTICE_MAX;

	if (fatal & BIT(FV_EVIL_GONE)) {
		virtio_config_changed(&bf->fv->vdev);
		usleep_range(1000, 2000);
		return;
	}
	while (!bf_broken(bf) && time_before(jiffies, end))
		usleep_range(200, 1000);
}

/* Makes good what the device has missed, and has the driver look at it. */
static void bf_nudge(struct bf *bf)
{
	fv_set_mode(bf->fv, READ_ONCE(bf->fv->mode));
	mb_set_target(bf->mb, bf_next_target(bf, &bf->rng));
}

/* Waits until the device is of no use any more, or for long enough. */
static void bf_session(struct bf *bf)
{
	unsigned int start = READ_ONCE(bf->handled), now = start, seen, idle = 0;
	unsigned long fatal;

	while (fuzz_more(bf->run) && now - start < BF_REQUESTS) {
		seen = now;
		fatal = fv_fuzz_wait(bf->fv, FUZZ_ENDS, BF_POLL);
		if (fatal & FUZZ_ENDS) {
			bf_notice(bf, fatal);
			return;
		}
		now = READ_ONCE(bf->handled);
		idle = now == seen ? idle + 1 : 0;
		/* The buffer that is lost may have been the only one. */
		if (idle > BF_IDLE_SILENT && fatal & BIT(FV_EVIL_SILENT))
			break;
		if (idle > BF_IDLE_MAX) {
			bf->hangs++;
			pr_err("virtio_balloon_fuzz: balloon %u stands still at %lu pages\n",
			       bf->index, bf->mb->held);
			break;
		}
		if (idle)
			bf_nudge(bf);
	}
}

/* The driver sleeps and wakes up, which is a reset too. */
static int bf_sleep(struct bf *bf)
{
	int err = fv_fuzz_freeze(bf->fv);

	up_read(bf->held);
	down_read(bf->held);
	if (err)
		return err;
	bf_vary_rings(bf);
	WRITE_ONCE(bf->still, false);
	err = fv_fuzz_restore(bf->fv);
	if (err && !bf->run->starved) {
		pr_err("virtio_balloon_fuzz: balloon %u does not wake up: %d\n", bf->index, err);
		fuzz_violated(bf->run, 1);
	}
	return err;
}

static int bf_replug(struct bf *bf)
{
	fv_fuzz_unplug(bf->fv);
	up_read(bf->held);
	down_read(bf->held);
	bf_vary(bf);
	bf_vary_rings(bf);
	WRITE_ONCE(bf->still, false);
	return fv_fuzz_plug(bf->fv);
}

/* One that does not answer is broken, lest the driver wait for it. */
static int bf_heal(struct bf *bf)
{
	unsigned long fatal = fv_fuzz_pause(bf->fv);
	bool gone = fatal & BIT(FV_EVIL_GONE);
	bool new = !kgd_rng_below(&bf->rng, gone ? BF_REPLUG_GONE : BF_REPLUG);

	WRITE_ONCE(bf->still, true);
	mb_set_target_silently(bf->mb, 0);
	if (fatal & BF_DEADLY || !kgd_rng_below(&bf->rng, 4))
		virtio_break_device(&bf->fv->vdev);
	if (gone && !new)
		fv_misbehave(bf->fv, FV_EVIL_GONE, FV_ALL_QUEUES, 0);
	if (!new && !bf_sleep(bf))
		return 0;
	WRITE_ONCE(bf->still, true);
	return bf_replug(bf);
}

/* One after the other: which one it is decides how it begins. */
static int bf_create(struct bf *bf)
{
	struct mb_params params = { .mode = FV_RUN, .sparse = true };

	bf->mb = mb_create(NULL, &params);
	if (!bf->mb)
		return -ENOMEM;
	bf->fv = bf->mb->fv;
	bf_move_start(bf);
	bf_vary(bf);
	bf_vary_rings(bf);
	fv_fuzz_start(bf->fv, bf->run, 1000, BF_ALL);
	return 0;
}

static int bf_plug(struct bf *bf)
{
	int err = fv_fuzz_plug_first(bf->fv, bf->run);

	if (err == -ENODEV)
		pr_err("virtio_balloon_fuzz: no driver has taken the device\n");
	return err;
}

static void bf_unplug(struct bf *bf)
{
	WRITE_ONCE(bf->still, true);
	fv_fuzz_pause(bf->fv);
	if (fv_bound(bf->fv))
		virtio_break_device(&bf->fv->vdev);
	fv_fuzz_unplug(bf->fv);
}

static void bf_destroy(struct bf *bf)
{
	if (!bf->mb)
		return;
	fv_fuzz_stop(bf->fv);
	mb_destroy(bf->mb);
}

static int bf_thread(void *data)
{
	struct bf *bf = data;

	down_read(bf->held);
	bf->err = bf_plug(bf);
	while (!bf->err && fuzz_more(bf->run)) {
		bf_session(bf);
		bf->err = bf_heal(bf);
	}
	bf_unplug(bf);
	up_read(bf->held);
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
	bf->held = &bf_held;
	kgd_rng_seed(&bf->rng, ~(bf_run.seed + index));
	kgd_rng_seed(&bf->move_rng, kgd_rng_u64(&bf->rng));
	err = bf_create(bf);
	if (err)
		return err;
	task = kthread_run(bf_thread, bf, "virtio_balloon_fuzz/%u", index);
	if (IS_ERR(task))
		return PTR_ERR(task);
	bf->thread = task;
	return 0;
}

static int bf_stop(struct bf *bf)
{
	int err = 0;

	if (bf->thread)
		err = kthread_stop(bf->thread);
	bf_destroy(bf);
	fuzz_violated(&bf_run, bf->hangs);
	return err;
}

/* No driver has a page. */
static void bf_count(void)
{
	unsigned long ram = totalram_pages(), lost = mb_pages_lost();

	if (ram == bf_ram && !lost)
		return;
	pr_err("virtio_balloon_fuzz: %ld pages are missing, %lu still marked\n",
	       (long)(bf_ram - ram), lost);
	fuzz_violated(&bf_run, 1);
	bf_ram = ram;
}

static int bf_all(void)
{
	unsigned int i;
	int err = 0, e;

	bf_ram = totalram_pages();
	for (i = 0; i < BF_BALLOONS && !err; i++)
		err = bf_start(&bf_balloons[i], i);
	while (!err && fuzz_more(&bf_run)) {
		schedule_timeout_interruptible(BF_COUNT);
		down_write(&bf_held);
		bf_count();
		up_write(&bf_held);
	}
	if (err)
		fuzz_stop(&bf_run);
	for (i = 0; i < BF_BALLOONS; i++) {
		e = bf_stop(&bf_balloons[i]);
		err = err ?: e;
	}
	bf_count();
	return err;
}

static int __init bf_init(void)
{
	int err;

	bf_run.module = "virtio_balloon";
	bf_run.seconds = seconds;
	bf_run.starved = starved;
	bf_run.least = least;
	bf_run.seed = seed;
	bf_run.rare = BF_SLOW;
	bf_run.asleep = FUZZ_REPLUG;
	bf_run.costly = BF_COSTLY;
	bf_run.frail = true;
	err = fuzz_begin(&bf_run);
	if (err)
		return err;
	err = bf_move_init(&bf_run);
	if (!err)
		err = mb_map_get();
	if (!err) {
		err = bf_all();
		mb_map_put();
	}
	if (!err)
		err = fuzz_end(&bf_run);
	if (err)
		fuzz_remove(&bf_run);
	return err;
}

static void __exit bf_exit(void)
{
	fuzz_remove(&bf_run);
}

module_init(bf_init);
module_exit(bf_exit);

MODULE_DESCRIPTION("Fuzzer for virtio_balloon");
MODULE_AUTHOR("kvm-guest-drivers-linux authors");
MODULE_VERSION(KGD_VERSION);
MODULE_LICENSE("GPL");
