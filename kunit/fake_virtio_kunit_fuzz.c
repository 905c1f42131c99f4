// SPDX-License-Identifier: GPL-2.0-only
/*
 * The fuzzer's common part: each kind happens often enough, the same seed does the same
 * again; and failing allocations one by one.
 */
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/virtio_config.h>

#include "fail_nth.h"
#include "fake_virtio_kunit_params.h"
#include "fuzz.h"

#define FT_FUZZ_REQS	8
#define FT_FUZZ_ROUNDS	100
#define FT_ALLOCATIONS	1000

static bool ft_fuzz_queue(struct fv_queue *q, struct ft_req *reqs)
{
	unsigned int i;

	if (virtqueue_is_broken(q->vq))
		return true;
	for (i = 0; i < FT_FUZZ_REQS; i++)
		if (ft_submit(q, &reqs[i], 1, 1))
			return false;
	ft_kick(q);
	fv_step(q, FT_FUZZ_REQS);
	ft_reap(q);
	return true;
}

/* So many rounds of load against a device that is mutated. */
static void ft_fuzz_rounds(struct kunit *test, struct fuzz_run *run, unsigned int rounds)
{
	struct fv_device *fv = ft_create(test, ft_param_features(test), 64);
	struct ft_req *reqs = ft_reqs(test, FT_QUEUES * FT_FUZZ_REQS);
	unsigned int round, i;
	bool ok;

	ft.nr_vqs = FT_QUEUES;
	run->module = "fake_virtio_kunit";
	run->seconds = 60;
	KUNIT_ASSERT_EQ(test, fuzz_begin(run), 0);
	fv_fuzz_start(fv, run, 500, FUZZ_ALL);
	KUNIT_ASSERT_EQ(test, fv_plug(fv), 0);
	for (round = 0; round < rounds && fuzz_more(run); round++) {
		ok = true;
		for (i = 0; i < FT_QUEUES; i++)
			ok &= ft_fuzz_queue(fv_queue(fv, i), &reqs[i * FT_FUZZ_REQS]);
		if (!ok || fv_dead_queues(fv) > FT_QUEUES / 2)
			KUNIT_ASSERT_EQ(test, fv_fuzz_replug(fv), 0);
	}
	fv_fuzz_stop(fv);
	fv_destroy(fv);
}

static void ft_fuzz_kinds(struct kunit *test)
{
	struct fuzz_run *run = kunit_kzalloc(test, sizeof(*run), GFP_KERNEL);
	ktime_t start = ktime_get();
	int own, kind;
	u64 us;

	KUNIT_ASSERT_NOT_NULL(test, run);
	run->seed = 4711;
	ft_fuzz_rounds(test, run, FT_FUZZ_ROUNDS);
	us = ktime_us_delta(ktime_get(), start);
	KUNIT_EXPECT_GT(test, run->mutated, 250ULL);
	KUNIT_EXPECT_EQ(test, run->violations, 0ULL);
	for (kind = 0; kind < FV_EVIL_NR; kind++)
		KUNIT_EXPECT_GE_MSG(test, run->count[kind] * 100, run->mutated, "%s",
				    fv_evil_name(kind));
	kunit_info(test, "%llu completions, %llu mutated, %u plugs, %llu mutated/s\n",
		   run->completions, run->mutated, run->plugs,
		   div64_u64(run->mutated * USEC_PER_SEC, us ?: 1));

	own = fuzz_kind(run, "own");
	KUNIT_EXPECT_TRUE(test, fuzz_kind_due(run, own));
	fuzz_mutated(run, own);
	KUNIT_EXPECT_EQ(test, fuzz_end(run), 0);
	KUNIT_EXPECT_NOT_NULL(test, strstr(run->text, "\nkind.own 1\n"));
	KUNIT_EXPECT_NOT_NULL(test, strstr(run->text, "seed 4711\n"));
	KUNIT_EXPECT_NOT_NULL(test, strstr(run->text, "\nkind.id_range "));
	fuzz_remove(run);
}

static void ft_fuzz_replay(struct kunit *test)
{
	struct fuzz_run *runs = kunit_kcalloc(test, 3, sizeof(*runs), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, runs);
	for (i = 0; i < 3; i++) {
		runs[i].seed = 1 + i / 2;
		ft_fuzz_rounds(test, &runs[i], 30);
		fuzz_remove(&runs[i]);
	}
	KUNIT_EXPECT_EQ(test, runs[0].completions, runs[1].completions);
	KUNIT_EXPECT_EQ(test, runs[0].mutated, runs[1].mutated);
	KUNIT_EXPECT_EQ(test, runs[0].rng.state, runs[1].rng.state);
	KUNIT_EXPECT_EQ(test, memcmp(runs[0].count, runs[1].count, sizeof(runs[0].count)), 0);
	KUNIT_EXPECT_NE(test, runs[0].rng.state, runs[2].rng.state);
}

struct ft_nth {
	struct fv_device *fv;
	int err;
	unsigned int bound;
};

static void ft_nth_plug(void *ctx)
{
	struct ft_nth *nth = ctx;

	nth->err = fv_plug(nth->fv);
}

static void ft_nth_look(struct kunit *test, void *ctx, bool failed)
{
	struct ft_nth *nth = ctx;

	if (!failed) {
		KUNIT_EXPECT_EQ(test, nth->err, 0);
		KUNIT_EXPECT_TRUE(test, fv_bound(nth->fv));
	}
	nth->bound += fv_bound(nth->fv);
	if (!nth->err)
		fv_unplug(nth->fv);
}

static void ft_nth(struct kunit *test)
{
	struct ft_nth nth = { .fv = ft_create(test, ft_param_features(test), 0) };
	unsigned int n;

	n = fail_nth_loop(test, ft_nth_plug, ft_nth_look, &nth, FT_ALLOCATIONS);
	kunit_info(test, "%u allocations failed, bound all the same %u times\n", n,
		   nth.bound - 1);
	/* The rings of two queues at the least. */
	KUNIT_EXPECT_GE(test, n, 4U);
}

static struct kunit_case ft_fuzz_cases[] = {
	KUNIT_CASE_PARAM(ft_fuzz_kinds, ft_gen_params),
	KUNIT_CASE_PARAM(ft_fuzz_replay, ft_gen_params),
	KUNIT_CASE_PARAM(ft_nth, ft_gen_params),
	{ }
};

struct kunit_suite ft_fuzz_suite = {
	.name = "fake_virtio_fuzz",
	.suite_init = ft_suite_init,
	.suite_exit = ft_suite_exit,
	.init = ft_init,
	.test_cases = ft_fuzz_cases,
};
