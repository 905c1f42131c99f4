// SPDX-License-Identifier: GPL-2.0-only
/*
 * Misbehaviour: each kind happens, once for each time it was armed, and a driver sees
 * what the name says.
 */
#include <linux/virtio_config.h>

#include "fake_virtio_kunit_params.h"

static int ft_done(struct fv_device *fv, enum fv_evil kind)
{
	return atomic_read(&fv->evil_done[kind]);
}

/* One request after the other, so that only its completion can be what is wrong. */
static bool ft_one(struct fv_queue *q, struct ft_req *req)
{
	ft_fill(req, 1);
	if (ft_submit(q, req, 1, 1))
		return false;
	ft_kick(q);
	fv_step(q, 1);
	fv_wait_idle(q->fv, FT_MS);
	ft_reap(q);
	return req->done;
}

/* The kinds that break the queue, which the virtio core has to notice. */
static void ft_break_queue(struct kunit *test, enum fv_evil kind)
{
	struct fv_device *fv = ft_plugged(test, ft_param_features(test), 16);
	struct ft_req *reqs = ft_reqs(test, 2);
	struct fv_queue *q = fv_queue(fv, 0);

	KUNIT_ASSERT_TRUE(test, ft_echo_works(q, &reqs[0]));
	fv_misbehave(fv, kind, 1, 1);
	KUNIT_ASSERT_TRUE(test, ft_echo_works(q, &reqs[0]));
	KUNIT_EXPECT_EQ(test, ft_done(fv, kind), 0);
	fv_misbehave(fv, kind, 0, 1);
	ft_one(q, &reqs[0]);
	KUNIT_EXPECT_EQ(test, ft_done(fv, kind), 1);
	KUNIT_EXPECT_TRUE(test, virtqueue_is_broken(q->vq));
	/* Dead, and nothing of it is touched until it is reset. */
	KUNIT_EXPECT_FALSE(test, fv_available(q));
	fv_unplug(fv);
	KUNIT_ASSERT_EQ(test, fv_plug(fv), 0);
	KUNIT_EXPECT_TRUE(test, ft_echo_works(fv_queue(fv, 0), &reqs[1]));
}

static void ft_id_range(struct kunit *test)
{
	ft_break_queue(test, FV_EVIL_ID_RANGE);
}

static void ft_id_idle(struct kunit *test)
{
	ft_break_queue(test, FV_EVIL_ID_IDLE);
}

static void ft_twice(struct kunit *test)
{
	ft_break_queue(test, FV_EVIL_TWICE);
}

static void ft_index_jump(struct kunit *test)
{
	struct fv_device *fv = ft_plugged(test, ft_param_features(test), 16);
	struct ft_req *req = ft_reqs(test, 1);
	struct fv_queue *q = fv_queue(fv, 0);

	fv_misbehave(fv, FV_EVIL_INDEX_JUMP, FV_ALL_QUEUES, 1);
	KUNIT_EXPECT_TRUE(test, ft_one(q, req));
	KUNIT_EXPECT_EQ(test, ft_done(fv, FV_EVIL_INDEX_JUMP), 1);
	/* What was never made available was seen as used. */
	KUNIT_EXPECT_TRUE(test, virtqueue_is_broken(q->vq));
}

static void ft_raw(struct kunit *test)
{
	struct fv_device *fv = ft_plugged(test, ft_param_features(test), 16);
	struct ft_req *reqs = ft_reqs(test, 2);
	struct fv_queue *q = fv_queue(fv, 0);
	struct fv_chain *chain;

	KUNIT_ASSERT_EQ(test, ft_submit(q, &reqs[0], 1, 1), 0);
	ft_kick(q);
	chain = fv_pop(q);
	KUNIT_ASSERT_NOT_NULL(test, chain);
	fv_push_raw(q, chain->id, 12345);
	KUNIT_EXPECT_EQ(test, q->nr_inflight, 0U);
	KUNIT_EXPECT_EQ(test, ft_reap(q), 1U);
	KUNIT_EXPECT_EQ(test, reqs[0].len, 12345U);
	KUNIT_EXPECT_TRUE(test, ft_echo_works(q, &reqs[1]));
	fv_push_raw(q, 77, 0);
	KUNIT_EXPECT_EQ(test, ft_reap(q), 0U);
	KUNIT_EXPECT_TRUE(test, virtqueue_is_broken(q->vq));
}

static void ft_lengths(struct kunit *test)
{
	static const struct {
		enum fv_evil kind;
		unsigned int len;
	} cases[] = {
		{ FV_EVIL_LEN_HUGE, U32_MAX },
		{ FV_EVIL_LEN_OVER, FT_BUF + 1 },
		{ FV_EVIL_LEN_ZERO, 0 },
		{ FV_EVIL_HALF, FT_BUF / 2 },
		{ FV_EVIL_GARBAGE, FT_BUF },
	};
	struct fv_device *fv = ft_plugged(test, ft_param_features(test), 16);
	struct fv_queue *q = fv_queue(fv, 0);
	struct ft_req *req = ft_reqs(test, 1);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		fv_misbehave(fv, cases[i].kind, 0, 1);
		KUNIT_ASSERT_TRUE(test, ft_one(q, req));
		KUNIT_EXPECT_EQ(test, req->len, cases[i].len);
		KUNIT_EXPECT_EQ(test, ft_done(fv, cases[i].kind), 1);
		if (cases[i].kind == FV_EVIL_HALF) {
			KUNIT_EXPECT_EQ(test, memcmp(req->in, req->out, FT_BUF / 2), 0);
			KUNIT_EXPECT_EQ(test, req->in[FT_BUF / 2], 0xee);
			KUNIT_EXPECT_EQ(test, req->in[FT_BUF - 1], 0xee);
		} else if (cases[i].kind == FV_EVIL_GARBAGE) {
			KUNIT_EXPECT_NE(test, memcmp(req->in, req->out, FT_BUF), 0);
		} else {
			KUNIT_EXPECT_EQ(test, memcmp(req->in, req->out, FT_BUF), 0);
		}
		KUNIT_EXPECT_TRUE(test, ft_echo_works(q, req));
	}
}

static void ft_silent(struct kunit *test)
{
	struct fv_device *fv = ft_plugged(test, ft_param_features(test), 16);
	struct ft_req *reqs = ft_reqs(test, 2);
	struct fv_queue *q = fv_queue(fv, 0);

	fv_misbehave(fv, FV_EVIL_SILENT, 0, 1);
	KUNIT_EXPECT_FALSE(test, ft_one(q, &reqs[0]));
	KUNIT_EXPECT_EQ(test, q->nr_inflight, 1U);
	KUNIT_EXPECT_EQ(test, ft_done(fv, FV_EVIL_SILENT), 1);
	KUNIT_EXPECT_TRUE(test, ft_echo_works(q, &reqs[1]));
}

static void ft_lost(struct kunit *test)
{
	struct fv_device *fv = ft_plugged(test, ft_param_features(test), 16);
	struct ft_req *reqs = ft_reqs(test, 2);
	struct fv_queue *q = fv_queue(fv, 0);

	ft.get_in_callback = true;
	fv_set_mode(fv, FV_RUN);
	KUNIT_EXPECT_TRUE(test, fv_wait_idle(fv, FT_MS));
	fv_misbehave(fv, FV_EVIL_LOST_KICK, 0, 1);
	KUNIT_ASSERT_EQ(test, ft_submit(q, &reqs[0], 1, 1), 0);
	KUNIT_EXPECT_TRUE(test, ft_kick(q));
	KUNIT_EXPECT_EQ(test, ft_done(fv, FV_EVIL_LOST_KICK), 1);
	KUNIT_EXPECT_EQ(test, q->counts.kicks_lost, 1ULL);
	KUNIT_EXPECT_FALSE(test, fv_wait_popped(q, 1, 20));
	/* The next one is seen, and finds both. */
	virtqueue_notify(q->vq);
	KUNIT_EXPECT_TRUE(test, fv_wait_popped(q, 1, FT_MS));
	KUNIT_EXPECT_TRUE(test, fv_wait_idle(fv, FT_MS));
	KUNIT_EXPECT_TRUE(test, ft_echoed(&reqs[0]));

	fv_misbehave(fv, FV_EVIL_LOST_IRQ, 0, 1);
	atomic_set(&ft.callbacks[0], 0);
	KUNIT_ASSERT_EQ(test, ft_submit(q, &reqs[1], 1, 1), 0);
	ft_kick(q);
	KUNIT_EXPECT_TRUE(test, fv_wait_popped(q, 2, FT_MS));
	KUNIT_EXPECT_TRUE(test, fv_wait_idle(fv, FT_MS));
	KUNIT_EXPECT_EQ(test, ft_done(fv, FV_EVIL_LOST_IRQ), 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&ft.callbacks[0]), 0);
	KUNIT_EXPECT_EQ(test, ft_reap(q), 1U);
	KUNIT_EXPECT_TRUE(test, ft_echoed(&reqs[1]));
}

static void ft_irq_modes(struct kunit *test)
{
	struct fv_device *fv = ft_plugged(test, ft_param_features(test), 16);
	struct ft_req *req = ft_reqs(test, 1);
	struct fv_queue *q = fv_queue(fv, 0);
	unsigned long start = jiffies;

	fv->irq = FV_IRQ_LATE;
	fv->irq_delay = msecs_to_jiffies(50);
	KUNIT_EXPECT_TRUE(test, ft_submit(q, req, 1, 1) == 0);
	ft_kick(q);
	fv_step(q, 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&ft.callbacks[0]), 0);
	KUNIT_EXPECT_TRUE(test, ft_wait(&ft.callbacks[0], 1));
	KUNIT_EXPECT_GE(test, jiffies - start, fv->irq_delay);
	KUNIT_EXPECT_EQ(test, ft_reap(q), 1U);

	fv->irq = FV_IRQ_NEVER;
	virtqueue_enable_cb(q->vq);
	KUNIT_EXPECT_TRUE(test, ft_one(q, req));
	KUNIT_EXPECT_TRUE(test, fv_wait_idle(fv, FT_MS));
	KUNIT_EXPECT_EQ(test, atomic_read(&ft.callbacks[0]), 1);

	/* Also when it was disabled, and all of them while there is something. */
	fv->irq = FV_IRQ_STORM;
	fv->irq_storm = 20;
	virtqueue_disable_cb(q->vq);
	atomic_set(&ft.callbacks[0], 0);
	fv_counts_clear(fv);
	KUNIT_ASSERT_EQ(test, ft_submit(q, req, 1, 1), 0);
	ft_kick(q);
	fv_step(q, 1);
	KUNIT_EXPECT_TRUE(test, fv_wait_idle(fv, FT_MS));
	KUNIT_EXPECT_EQ(test, q->counts.interrupts, 20ULL);
	KUNIT_EXPECT_GE(test, atomic_read(&ft.callbacks[0]), 1);
	KUNIT_EXPECT_EQ(test, ft_reap(q), 1U);

	fv->irq = FV_IRQ_NOW;
	fv_counts_clear(fv);
	fv_misbehave(fv, FV_EVIL_EMPTY_IRQ, 0, 1);
	KUNIT_EXPECT_TRUE(test, fv_wait_idle(fv, FT_MS));
	KUNIT_EXPECT_EQ(test, q->counts.interrupts, 1ULL);
	KUNIT_EXPECT_EQ(test, fv_queue(fv, 1)->counts.interrupts, 0ULL);
	KUNIT_EXPECT_EQ(test, ft_done(fv, FV_EVIL_EMPTY_IRQ), 1);
	fv_interrupt(q);
	KUNIT_EXPECT_TRUE(test, fv_wait_idle(fv, FT_MS));
	KUNIT_EXPECT_EQ(test, q->counts.interrupts, 2ULL);
}

static struct kunit_case ft_evil_cases[] = {
	KUNIT_CASE_PARAM(ft_id_range, ft_gen_params),
	KUNIT_CASE_PARAM(ft_id_idle, ft_gen_params),
	KUNIT_CASE_PARAM(ft_twice, ft_gen_params),
	KUNIT_CASE_PARAM(ft_index_jump, ft_gen_params),
	KUNIT_CASE_PARAM(ft_raw, ft_gen_params),
	KUNIT_CASE_PARAM(ft_lengths, ft_gen_params),
	KUNIT_CASE_PARAM(ft_silent, ft_gen_params),
	KUNIT_CASE_PARAM(ft_lost, ft_gen_params),
	KUNIT_CASE_PARAM(ft_irq_modes, ft_gen_params),
	{ }
};

struct kunit_suite ft_evil_suite = {
	.name = "fake_virtio_evil",
	.suite_init = ft_suite_init,
	.suite_exit = ft_suite_exit,
	.init = ft_init,
	.test_cases = ft_evil_cases,
};
