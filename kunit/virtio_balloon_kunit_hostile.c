// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device that does what none may: suite virtio_balloon_hostile. The driver may lose
 * its balloon over it, the guest must not lose a page.
 */
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/workqueue.h>

#include "virtio_balloon_kunit.h"

/**
 * struct vbt_evil - a misbehaviour, and what may come of it
 * @kind: of misbehaviour
 * @harmless: the driver has to get to its target all the same
 * @probe: it matters while the driver is bound only
 */
struct vbt_evil {
	enum fv_evil kind;
	bool harmless;
	bool probe;
};

static const struct vbt_evil vbt_evils[] = {
	{ FV_EVIL_ID_RANGE },
	{ FV_EVIL_ID_IDLE },
	{ FV_EVIL_TWICE },
	{ FV_EVIL_LEN_HUGE, .harmless = true },
	{ FV_EVIL_LEN_OVER, .harmless = true },
	{ FV_EVIL_LEN_ZERO, .harmless = true },
	{ FV_EVIL_HALF, .harmless = true },
	{ FV_EVIL_INDEX_JUMP },
	{ FV_EVIL_GARBAGE, .harmless = true },
	{ FV_EVIL_SILENT },
	{ FV_EVIL_LOST_KICK },
	{ FV_EVIL_LOST_IRQ },
	{ FV_EVIL_EMPTY_IRQ, .harmless = true },
	{ FV_EVIL_CONFIG_IRQ, .harmless = true },
	{ FV_EVIL_CONFIG_FLIP, .harmless = true },
	{ FV_EVIL_CONFIG_ZERO, .harmless = true },
	{ FV_EVIL_CONFIG_ONES, .harmless = true },
	{ FV_EVIL_NEEDS_RESET },
	{ FV_EVIL_GONE },
	{ FV_EVIL_RESET_STUCK, .probe = true },
	{ FV_EVIL_FEATURES_REFUSED, .probe = true },
};

static_assert(ARRAY_SIZE(vbt_evils) == FV_EVIL_NR);

static void vbt_evil_desc(const struct vbt_evil *evil, char *desc)
{
	strscpy(desc, fv_evil_name(evil->kind), KUNIT_PARAM_DESC_SIZE);
}

FV_ARRAY_PARAM(vbt_evil, vbt_evils, vbt_evil_desc);

static const u64 vbt_hostile_features[] = {
	0,
	VBT_F_MODERN | VBT_F_EVENT | VBT_F_TELL,
	VBT_F_PACKED | VBT_F_EVENT,
};

/* Has the driver work while the device misbehaves. */
static void vbt_churn(struct vbt *t, unsigned int rounds)
{
	unsigned int i;

	for (i = 0; i < rounds; i++) {
		mb_set_target(t->mb, i % 2 ? 2000 : 37 * i);
		usleep_range(3000, 5000);
	}
}

static void vbt_misbehave(struct kunit *test, u64 features, const struct vbt_evil *evil,
			  unsigned int times)
{
	struct mb_params params = { .features = features, .queue_num = 32, .mode = FV_RUN };
	struct vbt *t = vbt_new(test, &params);

	vbt_plug(t);
	vbt_reach(t, 600);
	fv_misbehave(t->fv, evil->kind, FV_ALL_QUEUES, times);
	vbt_churn(t, 6);
	fv_behave(t->fv);

	if (evil->harmless) {
		vbt_reach(t, 700);
		vbt_reach(t, 5);
		vbt_unplug(t);
	} else {
		/* It may have lost an answer, for which the driver would wait. */
		fv_surprise_unplug(t->fv);
		vbt_expect_gone(t);
	}
}

/* Each kind once, or again and again. */
static void balloon_misbehaviour(struct kunit *test)
{
	const struct vbt_evil *evil = test->param_value;
	unsigned int i;

	if (evil->probe)
		kunit_skip(test, "has cases of its own");
	for (i = 0; i < ARRAY_SIZE(vbt_hostile_features); i++)
		vbt_misbehave(test, vbt_hostile_features[i], evil, i ? 1000 : 1);
}

/* Broken for good: what the device has is not touched until it is reset. */
static void balloon_broken_keeps_pages(struct kunit *test)
{
	struct mb_params params = { .features = VBT_F_MODERN | VBT_F_TELL, .mode = FV_RUN };
	struct vbt *t = vbt_new(test, &params);

	vbt_plug(t);
	vbt_reach(t, 600);
	fv_misbehave(t->fv, FV_EVIL_ID_RANGE, mb_queue(t->mb, MB_INFLATE)->index, 1);
	mb_set_target(t->mb, 2000);
	KUNIT_EXPECT_TRUE(test, vbt_wait(mb_queue(t->mb, MB_INFLATE)->counts.pushed, VBT_MS));
	msleep(100);
	mb_set_target(t->mb, 0);
	msleep(100);
	KUNIT_EXPECT_EQ(test, t->ram - totalram_pages(), (unsigned long)vbt_guest_pages(2000));
	KUNIT_EXPECT_EQ(test, mb_audit(t->mb), 2000UL);
	fv_unplug(t->fv);
	vbt_expect_gone(t);
}

/* An answer is lost: that request is the device's for ever, the rest goes on. */
static void balloon_silent(struct kunit *test)
{
	struct mb_params params = { .features = VBT_F_MODERN | VBT_F_TELL, .mode = FV_RUN };
	struct vbt *t = vbt_new(test, &params);

	vbt_plug(t);
	vbt_reach(t, 512);
	fv_misbehave(t->fv, FV_EVIL_SILENT, mb_queue(t->mb, MB_INFLATE)->index, 1);
	mb_set_target(t->mb, 1024);
	KUNIT_EXPECT_TRUE(test, vbt_wait(atomic_read(&t->fv->evil_done[FV_EVIL_SILENT]), VBT_MS));
	mb_set_target(t->mb, 0);
	KUNIT_EXPECT_TRUE(test, vbt_wait(t->ram - totalram_pages() == vbt_guest_pages(512),
					 VBT_MS));
	mb_set_target(t->mb, 2000);
	KUNIT_EXPECT_TRUE(test, mb_wait_held(t->mb, 2000, VBT_MS));
	fv_surprise_unplug(t->fv);
	vbt_expect_gone(t);
}

/* A host that cannot make up its mind, and does not say when it has. */
static void balloon_num_pages_flips(struct kunit *test)
{
	struct vbt *t = vbt_new_ring(test, FV_RUN);
	unsigned int i;

	for (i = 0; i < 2000; i++) {
		mb_set_target_silently(t->mb, get_random_u32() % 3000);
		if (i % 50 == 0)
			fv_config_changed(t->fv);
		if (i % 10 == 0)
			usleep_range(100, 500);
	}
	vbt_reach(t, 555);
	vbt_reach(t, 0);
	vbt_unplug(t);
}

/* What the host writes into actual is its own affair. */
static void balloon_actual_ignored(struct kunit *test)
{
	static const u32 values[] = { 0, 1, 0x80000000, U32_MAX };
	struct vbt *t = vbt_new_ring(test, FV_RUN);
	unsigned int i;
	__le32 val;

	for (i = 0; i < ARRAY_SIZE(values); i++) {
		val = cpu_to_le32(values[i]);
		fv_config_set(t->fv, offsetof(struct virtio_balloon_config, actual), &val,
			      sizeof(val));
		vbt_reach(t, 100 + i);
	}
	vbt_unplug(t);
}

struct vbt_release {
	struct delayed_work work;
	struct fv_device *fv;
};

static void vbt_release_reset(struct work_struct *work)
{
	fv_release_reset(container_of(to_delayed_work(work), struct vbt_release, work)->fv);
}

/* A reset that takes its time takes the driver's time, nothing more. */
static void balloon_reset_slow(struct kunit *test)
{
	struct mb_params params = { .features = VBT_F_MODERN, .mode = FV_RUN };
	struct vbt *t = vbt_new(test, &params);
	struct vbt_release release = { .fv = t->fv };

	vbt_plug(t);
	vbt_reach(t, 600);
	fv_misbehave(t->fv, FV_EVIL_RESET_STUCK, FV_ALL_QUEUES, 1);
	INIT_DELAYED_WORK_ONSTACK(&release.work, vbt_release_reset);
	schedule_delayed_work(&release.work, HZ / 2);
	vbt_unplug(t);
	cancel_delayed_work_sync(&release.work);
	destroy_delayed_work_on_stack(&release.work);
}

/* The queues break while they are being filled: what was not sent is not lost. */
static void balloon_breaks_at_work(struct kunit *test)
{
	const struct vbt_ring *ring = test->param_value;
	struct mb_params params = { .features = ring->features, .mode = FV_RUN };
	unsigned long ram, end;
	unsigned int i;
	struct vbt *t;

	for (i = 0; i < 16; i++) {
		t = vbt_new(test, &params);
		vbt_plug(t);
		if (i % 4 == 0)
			vbt_reach(t, 8000);
		ram = totalram_pages();
		mb_set_target(t->mb, i % 4 ? 8000 : 3);
		/* When it has begun, which shows before the device is told. */
		end = jiffies + HZ / 10;
		while (totalram_pages() == ram && time_before(jiffies, end))
			cpu_relax();
		udelay(get_random_u32() % 200);
		virtio_break_device(&t->fv->vdev);
		fv_unplug(t->fv);
		vbt_expect_gone(t);
	}
}

static struct kunit_case vbt_hostile_cases[] = {
	KUNIT_CASE_PARAM(balloon_misbehaviour, vbt_evil_gen_params),
	KUNIT_CASE_PARAM(balloon_breaks_at_work, vbt_few_params),
	KUNIT_CASE(balloon_broken_keeps_pages),
	KUNIT_CASE(balloon_silent),
	KUNIT_CASE_PARAM(balloon_num_pages_flips, vbt_few_params),
	KUNIT_CASE_PARAM(balloon_actual_ignored, vbt_few_params),
	KUNIT_CASE(balloon_reset_slow),
	{ }
};

struct kunit_suite vbt_hostile_suite = {
	.name = "virtio_balloon_hostile",
	.suite_init = vbt_suite_init,
	.suite_exit = vbt_suite_exit,
	.test_cases = vbt_hostile_cases,
};
