// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rings: requests arrive whole, come back whole, in the order and with the notifications
 * and interrupts that the specification wants.
 */
#include <linux/ktime.h>
#include <linux/math64.h>

#include "fake_virtio_kunit_params.h"

#define FT_MANY		4096
#define FT_SMALL	8

static void ft_echo(struct kunit *test)
{
	u64 features = ft_param_features(test);
	struct fv_device *fv = ft_plugged(test, features, 0);
	struct fv_queue *q = fv_queue(fv, 0);
	struct ft_req *req = ft_reqs(test, 1);
	unsigned int outs, ins, n = 0;
	struct fv_chain *chain;

	for (outs = 1; outs <= 4; outs *= 2) {
		for (ins = 1; ins <= FT_MAX_SEGS; ins *= 2) {
			ft_fill(req, ++n);
			KUNIT_ASSERT_EQ(test, ft_submit(q, req, outs, ins), 0);
			ft_kick(q);
			KUNIT_EXPECT_TRUE(test, fv_available(q));
			chain = fv_pop(q);
			KUNIT_ASSERT_NOT_NULL(test, chain);
			KUNIT_EXPECT_FALSE(test, fv_available(q));
			KUNIT_EXPECT_EQ(test, chain->nr_out, outs);
			KUNIT_EXPECT_EQ(test, chain->nr_in, ins);
			KUNIT_EXPECT_EQ(test, chain->out_len, (size_t)FT_BUF);
			KUNIT_EXPECT_EQ(test, chain->in_len, (size_t)FT_BUF);
			KUNIT_EXPECT_EQ(test, chain->indirect, !!(features & FT_INDIRECT));
			KUNIT_EXPECT_EQ(test, chain->seq, (u64)n - 1);
			KUNIT_EXPECT_EQ(test, q->nr_inflight, 1U);
			fv_push(chain, ft_model.handle(q, chain));
			KUNIT_EXPECT_EQ(test, q->nr_inflight, 0U);
			KUNIT_EXPECT_EQ(test, ft_reap(q), 1U);
			KUNIT_EXPECT_TRUE(test, ft_echoed(req));
		}
	}
	KUNIT_EXPECT_EQ(test, q->counts.popped, (u64)n);
	KUNIT_EXPECT_EQ(test, q->counts.pushed, (u64)n);
	KUNIT_EXPECT_EQ(test, q->counts.indirect, features & FT_INDIRECT ? (u64)n : 0);
	KUNIT_EXPECT_NULL(test, fv_pop(q));
}

/* Reads and writes across the borders of segments, and no further than the end. */
static void ft_access(struct kunit *test)
{
	struct fv_device *fv = ft_plugged(test, ft_param_features(test), 0);
	struct fv_queue *q = fv_queue(fv, 0);
	struct ft_req *req = ft_reqs(test, 1);
	struct fv_chain *chain;
	u8 buf[FT_BUF];

	KUNIT_ASSERT_EQ(test, ft_submit(q, req, 4, 8), 0);
	ft_kick(q);
	chain = fv_pop(q);
	KUNIT_ASSERT_NOT_NULL(test, chain);
	KUNIT_EXPECT_EQ(test, fv_read(chain, 13, buf, 30), (size_t)30);
	KUNIT_EXPECT_EQ(test, memcmp(buf, req->out + 13, 30), 0);
	KUNIT_EXPECT_EQ(test, fv_read(chain, FT_BUF - 3, buf, 10), (size_t)3);
	KUNIT_EXPECT_EQ(test, fv_read(chain, FT_BUF, buf, 1), (size_t)0);
	KUNIT_EXPECT_EQ(test, fv_write(chain, 5, req->out, 20), (size_t)20);
	KUNIT_EXPECT_EQ(test, req->in[4], 0xee);
	KUNIT_EXPECT_EQ(test, memcmp(req->in + 5, req->out, 20), 0);
	KUNIT_EXPECT_EQ(test, req->in[25], 0xee);
	KUNIT_EXPECT_EQ(test, fv_fill(chain, FT_BUF - 10, 7, 100), (size_t)10);
	KUNIT_EXPECT_EQ(test, req->in[FT_BUF - 11], 0xee);
	KUNIT_EXPECT_EQ(test, req->in[FT_BUF - 10], 7);
	KUNIT_EXPECT_EQ(test, req->in[FT_BUF - 1], 7);
	fv_push(chain, FT_BUF);
	KUNIT_EXPECT_EQ(test, ft_reap(q), 1U);
}

/* Round the ring many times, with as many requests in flight as it holds. */
static void ft_wrap(struct kunit *test)
{
	struct fv_device *fv = ft_plugged(test, ft_param_features(test), FT_SMALL);
	struct fv_queue *q = fv_queue(fv, 0);
	struct ft_req *reqs = ft_reqs(test, FT_SMALL);
	unsigned int lap, i, nr, done = 0;

	KUNIT_EXPECT_EQ(test, q->num, (unsigned int)FT_SMALL);
	for (lap = 0; lap < 100; lap++) {
		for (nr = 0; nr < FT_SMALL; nr++) {
			ft_fill(&reqs[nr], lap + nr);
			if (ft_submit(q, &reqs[nr], 1, 1 + lap % 2))
				break;
			ft_kick(q);
		}
		KUNIT_ASSERT_GT(test, nr, 0U);
		KUNIT_ASSERT_EQ(test, fv_step(q, FT_SMALL), nr);
		KUNIT_ASSERT_EQ(test, ft_reap(q), nr);
		for (i = 0; i < nr; i++)
			KUNIT_ASSERT_TRUE(test, ft_echoed(&reqs[i]));
		done += nr;
	}
	KUNIT_EXPECT_EQ(test, q->counts.popped, (u64)done);
}

static void ft_order(struct kunit *test)
{
	struct fv_device *fv = ft_plugged(test, ft_param_features(test), 64);
	struct fv_queue *q = fv_queue(fv, 0);
	struct ft_req *reqs = ft_reqs(test, 16);
	unsigned int i, moved = 0;
	enum fv_order order;

	for (order = FV_FIFO; order <= FV_RANDOM; order++) {
		fv->order = order;
		fv_seed(fv, 1);
		ft.completed = 0;
		for (i = 0; i < 16; i++) {
			ft_fill(&reqs[i], i);
			KUNIT_ASSERT_EQ(test, ft_submit(q, &reqs[i], 1, 1), 0);
		}
		ft_kick(q);
		KUNIT_EXPECT_EQ(test, fv_step(q, 3), 3U);
		KUNIT_EXPECT_EQ(test, ft_reap(q), 3U);
		KUNIT_EXPECT_EQ(test, fv_step(q, 100), 13U);
		KUNIT_EXPECT_EQ(test, ft_reap(q), 13U);
		for (i = 0; i < 16; i++) {
			KUNIT_EXPECT_TRUE(test, ft_echoed(&reqs[i]));
			if (order == FV_FIFO)
				KUNIT_EXPECT_EQ(test, reqs[i].done, i + 1);
			else if (order == FV_LIFO)
				KUNIT_EXPECT_EQ(test, reqs[i].done, 16 - i);
			else
				moved += reqs[i].done != i + 1;
		}
	}
	KUNIT_EXPECT_GT(test, moved, 8U);
}

/* What is pushed together is seen together: one interrupt, all of it. */
static void ft_push_many(struct kunit *test)
{
	struct fv_device *fv = ft_plugged(test, ft_param_features(test), FT_SMALL);
	struct fv_queue *q = fv_queue(fv, 0);
	struct ft_req *reqs = ft_reqs(test, 3);
	struct fv_chain *chains[3];
	u32 lens[3] = { 1, 2, 3 };
	unsigned int lap, i;

	for (lap = 0; lap < 10; lap++) {
		for (i = 0; i < 3; i++) {
			KUNIT_ASSERT_EQ(test, ft_submit(q, &reqs[i], 0, 1), 0);
			ft_kick(q);
			chains[i] = fv_pop(q);
			KUNIT_ASSERT_NOT_NULL(test, chains[i]);
		}
		atomic_set(&ft.callbacks[0], 0);
		virtqueue_enable_cb(q->vq);
		fv_push_many(chains, lens, 3);
		KUNIT_EXPECT_TRUE(test, fv_wait_idle(fv, FT_MS));
		KUNIT_EXPECT_EQ(test, atomic_read(&ft.callbacks[0]), 1);
		KUNIT_EXPECT_EQ(test, ft_reap(q), 3U);
		for (i = 0; i < 3; i++)
			KUNIT_EXPECT_EQ(test, reqs[i].len, i + 1);
	}
}

/* The driver notifies when it has to, and the device counts that. */
static void ft_kicks(struct kunit *test)
{
	u64 features = ft_param_features(test);
	struct fv_device *fv = ft_plugged(test, features, 64);
	struct fv_queue *q = fv_queue(fv, 0);
	struct ft_req *reqs = ft_reqs(test, 8);
	unsigned int i, wanted = 0;

	for (i = 0; i < 8; i++) {
		KUNIT_ASSERT_EQ(test, ft_submit(q, &reqs[i], 1, 1), 0);
		wanted += ft_kick(q);
	}
	/* With an event index the device has asked for the first only. */
	KUNIT_EXPECT_EQ(test, wanted, features & FT_EVENT ? 1U : 8U);
	KUNIT_EXPECT_EQ(test, q->counts.kicks, (u64)wanted);
	KUNIT_EXPECT_TRUE(test, fv_wait_kicks(q, wanted, 0));
	KUNIT_EXPECT_FALSE(test, fv_wait_kicks(q, wanted + 1, 10));
	KUNIT_EXPECT_EQ(test, fv_drain(fv), 8U);
	KUNIT_EXPECT_EQ(test, ft_reap(q), 8U);
	/* Having taken them all, it wants to hear of the next. */
	KUNIT_ASSERT_EQ(test, ft_submit(q, &reqs[0], 1, 1), 0);
	KUNIT_EXPECT_TRUE(test, ft_kick(q));
	KUNIT_EXPECT_EQ(test, fv_drain(fv), 1U);
	KUNIT_EXPECT_EQ(test, ft_reap(q), 1U);
	fv_counts_clear(fv);
	KUNIT_EXPECT_EQ(test, q->counts.kicks, 0ULL);
}

static void ft_interrupts(struct kunit *test)
{
	u64 features = ft_param_features(test);
	struct fv_device *fv = ft_plugged(test, features, 64);
	struct fv_queue *q = fv_queue(fv, 0);
	struct ft_req *reqs = ft_reqs(test, 4);
	unsigned int i;

	/* Enabled: one comes, in hard interrupt context where drivers' handlers are. */
	KUNIT_ASSERT_TRUE(test, ft_echo_works(q, reqs));
	KUNIT_EXPECT_TRUE(test, fv_wait_idle(fv, FT_MS));
	KUNIT_EXPECT_EQ(test, atomic_read(&ft.callbacks[0]), 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&ft.hardirq), !IS_ENABLED(CONFIG_PREEMPT_RT));
	KUNIT_EXPECT_EQ(test, q->counts.interrupts, 1ULL);

	/* Disabled: none. */
	virtqueue_enable_cb(q->vq);
	virtqueue_disable_cb(q->vq);
	for (i = 0; i < 4; i++) {
		ft_submit(q, &reqs[i], 1, 1);
		ft_kick(q);
		fv_step(q, 1);
	}
	KUNIT_EXPECT_TRUE(test, fv_wait_idle(fv, FT_MS));
	KUNIT_EXPECT_EQ(test, q->counts.suppressed + q->counts.interrupts, 5ULL);
	KUNIT_EXPECT_GE(test, q->counts.suppressed, features & FT_EVENT ? 3ULL : 4ULL);
	KUNIT_EXPECT_EQ(test, ft_reap(q), 4U);

	/* Delayed: not with the first of many, with an event index. */
	virtqueue_enable_cb(q->vq);
	fv_counts_clear(fv);
	for (i = 0; i < 4; i++)
		ft_submit(q, &reqs[i], 1, 1);
	virtqueue_enable_cb_delayed(q->vq);
	ft_kick(q);
	fv_step(q, 1);
	KUNIT_EXPECT_TRUE(test, fv_wait_idle(fv, FT_MS));
	KUNIT_EXPECT_EQ(test, q->counts.interrupts, features & FT_EVENT ? 0ULL : 1ULL);
	KUNIT_EXPECT_EQ(test, fv_step(q, 4), 3U);
	KUNIT_EXPECT_TRUE(test, fv_wait_idle(fv, FT_MS));
	KUNIT_EXPECT_GE(test, q->counts.interrupts, 1ULL);
	KUNIT_EXPECT_EQ(test, ft_reap(q), 4U);
}

/* The thread of the device against the tiny driver, as fast as both can. */
static void ft_run(struct kunit *test)
{
	struct fv_device *fv = ft_plugged(test, ft_param_features(test), 256);
	struct fv_queue *q = fv_queue(fv, 0);
	struct ft_req *reqs = ft_reqs(test, 64);
	unsigned int sent = 0, i, waits = 0;
	ktime_t start = ktime_get();
	u64 us;

	ft.get_in_callback = true;
	fv_set_mode(fv, FV_RUN);
	while (sent < FT_MANY && waits < FT_MS) {
		unsigned int before = sent;

		for (i = 0; i < 64; i++) {
			struct ft_req *req = &reqs[i];

			/* New, or done: the lock of the tiny driver orders this. */
			if (req->len && !READ_ONCE(req->done))
				continue;
			if (READ_ONCE(req->done) && !ft_echoed(req))
				break;
			ft_fill(req, sent);
			req->len = 1;
			if (ft_submit(q, req, 1, 1))
				break;
			sent++;
		}
		ft_kick(q);
		if (sent == before) {
			waits++;
			fv_wait_idle(fv, 1);
		}
	}
	KUNIT_EXPECT_TRUE(test, fv_wait_idle(fv, FT_MS));
	us = ktime_us_delta(ktime_get(), start);
	KUNIT_EXPECT_EQ(test, ft.completed, sent);
	KUNIT_EXPECT_GE(test, sent, (unsigned int)FT_MANY);
	KUNIT_EXPECT_EQ(test, q->counts.popped, (u64)sent);
	/* Suppression saves notifications and interrupts, whatever the timing. */
	KUNIT_EXPECT_LT(test, q->counts.kicks, (u64)sent);
	KUNIT_EXPECT_LE(test, q->counts.interrupts, (u64)sent);
	kunit_info(test, "%llu completions/s, %llu kicks, %llu interrupts, %llu suppressed\n",
		   div64_u64((u64)sent * USEC_PER_SEC, us ?: 1), q->counts.kicks,
		   q->counts.interrupts, q->counts.suppressed);
}

static struct kunit_case ft_ring_cases[] = {
	KUNIT_CASE_PARAM(ft_echo, ft_gen_params),
	KUNIT_CASE_PARAM(ft_access, ft_gen_params),
	KUNIT_CASE_PARAM(ft_wrap, ft_gen_params),
	KUNIT_CASE_PARAM(ft_order, ft_gen_params),
	KUNIT_CASE_PARAM(ft_push_many, ft_gen_params),
	KUNIT_CASE_PARAM(ft_kicks, ft_gen_params),
	KUNIT_CASE_PARAM(ft_interrupts, ft_gen_params),
	KUNIT_CASE_PARAM(ft_run, ft_gen_params),
	{ }
};

struct kunit_suite ft_ring_suite = {
	.name = "fake_virtio_ring",
	.suite_init = ft_suite_init,
	.suite_exit = ft_suite_exit,
	.init = ft_init,
	.test_cases = ft_ring_cases,
};
