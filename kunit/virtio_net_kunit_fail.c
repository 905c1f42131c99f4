// SPDX-License-Identifier: GPL-2.0-only
/* KUnit tests of virtio_net: the transport fails, and memory is short. */

#include <linux/etherdevice.h>
#include <linux/rtnetlink.h>

#include "fail_nth.h"
#include "virtio_net_kunit.h"

/* More than probe, open or a change of channels ever allocates. */
#define NT_MOST_ALLOCS	2000

static const struct nt_setup nt_fails[] = {
	{ "split", { .features = NT_FULL | NM_F_MQ, .max_pairs = 2, .mode = FV_RUN } },
	{ "packed big", { .features = NT_MODERN | NM_F_RING_PACKED | NM_F_MTU | NM_F_MQ,
			  .mtu = 9000, .max_pairs = 2, .mode = FV_RUN } },
};

FV_ARRAY_PARAM(fails, nt_fails, nt_setup_desc);

static struct nt *nt_make(struct kunit *test)
{
	const struct nt_setup *setup = test->param_value;
	struct nt *nt = test->priv;

	nt->nm = nm_create(test, &setup->dev);
	KUNIT_ASSERT_NOT_NULL(test, nt->nm);
	nt->fv = nt->nm->fv;

	return nt;
}

/* After a failure the device can be plugged in again, and works. */
static void nt_no_queues(struct kunit *test)
{
	struct nt *nt = nt_make(test);
	unsigned int n;

	fv_fail(nt->fv, FV_FAIL_FIND_VQS, 1);
	fv_plug(nt->fv);
	KUNIT_EXPECT_FALSE(test, fv_bound(nt->fv));
	fv_unplug(nt->fv);

	for (n = 1; n <= 5; n++) {
		fv_fail(nt->fv, FV_FAIL_VQ, n);
		fv_plug(nt->fv);
		KUNIT_EXPECT_FALSE(test, fv_bound(nt->fv));
		fv_unplug(nt->fv);
	}

	fv_fail(nt->fv, FV_FAIL_VQ, 0);
	fv_plug(nt->fv);
	KUNIT_EXPECT_TRUE(test, fv_bound(nt->fv));
	nt_expect_clean(nt);
}

/* Queues that cannot be bound to CPUs work all the same. */
static void nt_no_affinity(struct kunit *test)
{
	struct nt *nt = nt_make(test);

	fv_fail(nt->fv, FV_FAIL_AFFINITY, 1);
	KUNIT_ASSERT_EQ(test, fv_plug(nt->fv), 0);
	nt->dev = nm_netdev(nt->nm);
	KUNIT_ASSERT_NOT_NULL(test, nt->dev);
	KUNIT_EXPECT_EQ(test, nt_open(nt), 0);
	KUNIT_EXPECT_TRUE(test, nt_wait_ready(nt));
	KUNIT_EXPECT_EQ(test, nt_send(nt, 0, 100, 1), 0);
	KUNIT_EXPECT_TRUE(test, nm_wait_sent(nt->nm, 1, NT_MS));
	nt_expect_clean(nt);
}

static void nt_plug_once(void *ctx)
{
	struct nt *nt = ctx;

	fv_plug(nt->fv);
}

static void nt_plugged(struct kunit *test, void *ctx, bool failed)
{
	struct nt *nt = ctx;

	if (!failed)
		KUNIT_EXPECT_TRUE(test, fv_bound(nt->fv));
	fv_unplug(nt->fv);
}

static void nt_probe_memory(struct kunit *test)
{
	struct nt *nt = nt_make(test);

	KUNIT_EXPECT_GT(test, fail_nth_loop(test, nt_plug_once, nt_plugged, nt, NT_MOST_ALLOCS),
			20);
	nt_expect_clean(nt);
}

static int nt_last_err;

static void nt_open_once(void *ctx)
{
	struct nt *nt = ctx;

	rtnl_lock();
	nt_last_err = dev_open(nt->dev, NULL);
	rtnl_unlock();
}

/* Up without memory for buffers is up: they come when there is some. */
static void nt_opened(struct kunit *test, void *ctx, bool failed)
{
	struct nt *nt = ctx;

	if (!failed)
		KUNIT_EXPECT_EQ(test, nt_last_err, 0);
	if (!nt_last_err) {
		KUNIT_EXPECT_TRUE(test, nt_wait_ready(nt));
		nt_expect_traffic(nt);
	}
	nt_close(nt);
}

static void nt_open_memory(struct kunit *test)
{
	const struct nt_setup *setup = test->param_value;
	struct nt *nt = nt_create(test, &setup->dev);

	fail_nth_loop(test, nt_open_once, nt_opened, nt, NT_MOST_ALLOCS);
	nt_expect_clean(nt);
}

static void nt_channels_once(void *ctx)
{
	nt_last_err = nt_set_channels(ctx, 2);
}

static void nt_channels_set(struct kunit *test, void *ctx, bool failed)
{
	struct nt *nt = ctx;

	if (!failed)
		KUNIT_EXPECT_EQ(test, nt_last_err, 0);
	KUNIT_EXPECT_EQ(test, nt->dev->real_num_tx_queues, nt_last_err ? 1 : 2);
	KUNIT_EXPECT_EQ(test, nt->nm->ctrl.pairs, nt_last_err ? 1 : 2);
	nt_expect_traffic(nt);
	KUNIT_EXPECT_EQ(test, nt_set_channels(nt, 1), 0);
}

static void nt_channels_memory(struct kunit *test)
{
	const struct nt_setup *setup = test->param_value;
	struct nt *nt = nt_start(test, &setup->dev);

	KUNIT_ASSERT_EQ(test, nt_set_channels(nt, 1), 0);
	fail_nth_loop(test, nt_channels_once, nt_channels_set, nt, NT_MOST_ALLOCS);
	nt_expect_clean(nt);
}

static const u8 nt_other_mac[ETH_ALEN] = { 2, 0, 0, 0, 0, 0x44 };

static void nt_mac_once(void *ctx)
{
	struct sockaddr_storage ss = { };
	struct nt *nt = ctx;
	u8 *mac = ((struct sockaddr *)&ss)->sa_data;

	ss.ss_family = nt->dev->type;
	mac[0] = 2;
	mac[5] = 0x33;
	rtnl_lock();
	nt_last_err = nt->dev->netdev_ops->ndo_set_mac_address(nt->dev, (struct sockaddr *)&ss);
	rtnl_unlock();
}

static void nt_mac_set(struct kunit *test, void *ctx, bool failed)
{
	struct nt *nt = ctx;

	/* A ring does without an indirect table. */
	KUNIT_EXPECT_TRUE(test, !nt_last_err || (failed && nt_last_err == -ENOMEM));
	KUNIT_EXPECT_EQ(test, nt->dev->dev_addr[5] == 0x33, !nt_last_err);
	rtnl_lock();
	eth_hw_addr_set(nt->dev, nt_other_mac);
	rtnl_unlock();
}

static void nt_command_memory(struct kunit *test)
{
	const struct nt_setup *setup = test->param_value;
	struct nt *nt = nt_start(test, &setup->dev);

	KUNIT_EXPECT_GT(test, fail_nth_loop(test, nt_mac_once, nt_mac_set, nt, 20), 0);
	nt_expect_clean(nt);
}

static void nt_restore_once(void *ctx)
{
	struct nt *nt = ctx;

	nt_last_err = fv_restore(nt->fv);
}

static void nt_restored(struct kunit *test, void *ctx, bool failed)
{
	const struct nt_setup *setup = test->param_value;
	struct nt *nt = ctx;

	if (!failed)
		KUNIT_EXPECT_EQ(test, nt_last_err, 0);
	if (!nt_last_err) {
		KUNIT_EXPECT_EQ(test, fv_freeze(nt->fv), 0);
		return;
	}

	/* It can only be removed now. */
	nm_drop_sent(nt->nm);
	nt_detach(nt);
	fv_unplug(nt->fv);
	nm_destroy(nt->nm);
	nt_start(test, &setup->dev);
	KUNIT_ASSERT_EQ(test, fv_freeze(nt->fv), 0);
}

static void nt_restore_memory(struct kunit *test)
{
	const struct nt_setup *setup = test->param_value;
	struct nt *nt = nt_start(test, &setup->dev);

	KUNIT_ASSERT_EQ(test, fv_freeze(nt->fv), 0);
	fail_nth_loop(test, nt_restore_once, nt_restored, nt, NT_MOST_ALLOCS);
	nt_expect_clean(nt);
}

static struct kunit_case nt_fail_cases[] = {
	KUNIT_CASE_PARAM(nt_no_queues, fails_gen_params),
	KUNIT_CASE_PARAM(nt_no_affinity, fails_gen_params),
	KUNIT_CASE_PARAM(nt_probe_memory, fails_gen_params),
	KUNIT_CASE_PARAM(nt_open_memory, fails_gen_params),
	KUNIT_CASE_PARAM(nt_channels_memory, fails_gen_params),
	KUNIT_CASE_PARAM(nt_command_memory, fails_gen_params),
	KUNIT_CASE_PARAM(nt_restore_memory, fails_gen_params),
	{}
};

struct kunit_suite nt_suite_fail = {
	.name = "virtio_net_fail",
	.init = nt_init,
	.exit = nt_exit,
	.test_cases = nt_fail_cases,
};
