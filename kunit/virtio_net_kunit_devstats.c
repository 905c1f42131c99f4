// SPDX-License-Identifier: GPL-2.0-only
/* KUnit tests of virtio_net: counters of the device. */

#include <linux/delay.h>
#include <linux/rtnetlink.h>
#include <linux/string.h>
#include <net/netdev_queues.h>

#include "virtio_net_kunit.h"

#define NT_DEVSTATS	(NT_FULL | NM_F_MQ | NM_F_DEVICE_STATS)

static const struct nt_setup nt_devstats[] = {
	{ "split", { .features = NT_DEVSTATS | NM_F_HOST_USO, .max_pairs = 2, .mode = FV_RUN } },
	{ "packed", { .features = NT_DEVSTATS | NM_F_RING_PACKED, .max_pairs = 1,
		      .mode = FV_RUN } },
	{ "few", { .features = NT_MODERN | NM_F_MRG_RXBUF | NM_F_DEVICE_STATS,
		   .mode = FV_RUN } },
};

FV_ARRAY_PARAM(devstats, nt_devstats, nt_setup_desc);

static u64 nt_devstat(struct nt *nt, const char *name)
{
	return nt_ethtool_stat(nt, NULL, name);
}

/* What the device has counted is what is shown, each under its name. */
static void nt_devstats_values(struct kunit *test)
{
	const struct nt_setup *setup = test->param_value;
	struct nt *nt = nt_start(test, &setup->dev);
	struct nm_count *rx = &nt->nm->counts[0], *tx = &nt->nm->counts[1];
	const struct {
		const char *name;
		const u64 *count;
		u64 needs;
	} want[] = {
		{ "rx0_hw_packets", &rx->packets },
		{ "rx0_hw_bytes", &rx->bytes },
		{ "rx0_hw_drops", &rx->drops },
		{ "rx0_hw_drop_overruns", &rx->overruns },
		{ "rx0_hw_csum_none", &rx->csum_none, NM_F_GUEST_CSUM },
		{ "rx0_hw_csum_valid", &rx->csum_valid, NM_F_GUEST_CSUM },
		{ "rx0_hw_gso_bytes", &rx->gso_bytes, NM_F_GUEST_TSO4 },
		{ "tx0_hw_packets", &tx->packets },
		{ "tx0_hw_bytes", &tx->bytes },
		{ "tx0_hw_drop_malformed", &tx->malformed },
		{ "tx0_hw_needs_csum", &tx->needs_csum, NM_F_CSUM },
		{ "tx0_hw_gso_segments_bytes", &tx->gso_seg_bytes, NM_F_HOST_TSO4 },
	};
	u64 commands, packets;
	unsigned int i;

	nt_expect_traffic(nt);
	for (i = 0; i < ARRAY_SIZE(want); i++)
		KUNIT_EXPECT_EQ_MSG(test, nt_devstat(nt, want[i].name),
				    !want[i].needs || nm_has(nt->nm, want[i].needs) ?
				    *want[i].count : U64_MAX, "%s", want[i].name);
	KUNIT_EXPECT_GT(test, rx->packets, 0);
	KUNIT_EXPECT_GT(test, tx->packets, 0);
	KUNIT_EXPECT_EQ(test, nt_devstat(nt, "rx0_hw_gso_packets_coalesced"),
			nm_has(nt->nm, NM_F_GUEST_TSO4) ? 0 : U64_MAX);
	KUNIT_EXPECT_EQ(test, nt_devstat(nt, "tx0_hw_gso_bytes_noseg"),
			nm_has(nt->nm, NM_F_HOST_TSO4) ? 0 : U64_MAX);
	KUNIT_EXPECT_EQ(test, nt_devstat(nt, "tx0_hw_ratelimit_bytes"), 0);

	/* The command that asks is counted too. */
	commands = READ_ONCE(nt->nm->ctrl.commands);
	KUNIT_EXPECT_GT(test, nt_devstat(nt, "cq_hw_command_num"), commands);
	KUNIT_EXPECT_LE(test, nt_devstat(nt, "cq_hw_command_num"),
			READ_ONCE(nt->nm->ctrl.commands));
	KUNIT_EXPECT_GT(test, nt_devstat(nt, "cq_hw_ok_num"), 2);

	/* Totals are over the queues in use. */
	packets = rx->packets;
	if (nt->dev->real_num_rx_queues > 1)
		packets += nt->nm->counts[2].packets;
	KUNIT_EXPECT_EQ(test, nt_devstat(nt, "rx_hw_packets"), packets);
	nt_expect_clean(nt);
}

static void nt_devstats_channels(struct kunit *test)
{
	struct nt *nt = nt_start(test, &nt_devstats[0].dev);

	KUNIT_EXPECT_EQ(test, nt_set_channels(nt, 1), 0);
	KUNIT_EXPECT_EQ(test, nt_devstat(nt, "rx1_hw_packets"), U64_MAX);
	KUNIT_EXPECT_EQ(test, nt_set_channels(nt, 2), 0);
	KUNIT_EXPECT_EQ(test, nt_devstat(nt, "rx1_hw_packets"), nt->nm->counts[2].packets);
	KUNIT_EXPECT_EQ(test, nt_devstat(nt, "tx1_hw_packets"), nt->nm->counts[3].packets);

	/* The same names after a reset. */
	KUNIT_EXPECT_EQ(test, fv_freeze(nt->fv), 0);
	KUNIT_EXPECT_EQ(test, fv_restore(nt->fv), 0);
	KUNIT_EXPECT_TRUE(test, nt_wait_ready(nt));
	nt_expect_traffic(nt);
	KUNIT_EXPECT_EQ(test, nt_devstat(nt, "rx0_hw_packets"), nt->nm->counts[0].packets);
	nt_expect_clean(nt);
}

/* Answers of a device of two pairs that cannot be. */
static const struct nm_stats_lie nt_lies[] = {
	{ .more = -1 }, { .more = -24 }, { .more = -300 }, { .more = 1 },
	{ .at = NM_STATS_CVQ, .size = 0, .set_size = true },
	{ .at = NM_STATS_CVQ, .size = 7, .set_size = true },
	{ .at = NM_STATS_CVQ, .size = 8, .set_size = true },
	{ .at = NM_STATS_CVQ, .size = 16, .set_size = true },
	{ .at = NM_STATS_CVQ, .size = 25, .set_size = true },
	{ .at = NM_STATS_CVQ, .size = 0xffff, .set_size = true },
	/* The basic counters of the transmit queue would be part of it. */
	{ .at = NM_STATS_RX_SPEED, .size = 80, .set_size = true },
	{ .at = NM_STATS_CVQ, .type = 4, .set_type = true },
	{ .at = NM_STATS_CVQ, .type = 64, .set_type = true },
	{ .at = NM_STATS_CVQ, .type = 0xff, .set_type = true },
	{ .at = NM_STATS_TX_CSUM, .type = NM_STATS_RX_SPEED, .set_type = true },
	{ .at = NM_STATS_TX_BASIC, .vq = 5, .set_vq = true },
	{ .at = NM_STATS_TX_BASIC, .vq = 0xffff, .set_vq = true },
	{ .at = NM_STATS_RX_BASIC, .vq = 0x8000, .set_vq = true },
	{ .at = NM_STATS_RX_BASIC, .vq = 1, .set_vq = true },
	{ .at = NM_STATS_CVQ, .vq = 0, .set_vq = true },
};

static void nt_expect_old_stats(struct nt *nt, u64 packets)
{
	KUNIT_EXPECT_EQ(nt->test, nt_devstat(nt, "rx0_hw_packets"), packets);
	KUNIT_EXPECT_NE(nt->test, nt->nm->counts[0].packets, packets);
}

/* Nothing of such an answer is shown, and all of the next good one. */
static void nt_devstats_lies(struct kunit *test)
{
	struct nt *nt = nt_start(test, &nt_devstats[0].dev);
	u64 packets = nt_devstat(nt, "rx0_hw_packets");
	unsigned int i;

	nt->nm->tolerant = true;
	nt_expect_traffic(nt);
	for (i = 0; i < ARRAY_SIZE(nt_lies); i++) {
		kunit_info(test, "lie %u\n", i);
		nt->nm->lie = nt_lies[i];
		nt_expect_old_stats(nt, packets);
	}
	memset(&nt->nm->lie, 0, sizeof(nt->nm->lie));
	nt->nm->refuse = BIT(NM_CTRL_STATS);
	nt_expect_old_stats(nt, packets);
	nt->nm->refuse = 0;
	nt->nm->garbage_ack = BIT(NM_CTRL_STATS);
	nt_expect_old_stats(nt, packets);
	nt->nm->garbage_ack = 0;

	KUNIT_EXPECT_EQ(test, nt_devstat(nt, "rx0_hw_packets"), nt->nm->counts[0].packets);
	nt_expect_traffic(nt);
}

/* Only types that exist, and whose features were negotiated, are ever asked for. */
static void nt_devstats_all_types(struct kunit *test)
{
	struct nm_params params = nt_devstats[2].dev;
	struct nt *nt;

	params.lie.types = ~0ULL;
	params.lie.set_types = true;
	nt = nt_start(test, &params);
	nt_expect_traffic(nt);
	KUNIT_EXPECT_EQ(test, nt_devstat(nt, "rx0_hw_packets"), nt->nm->counts[0].packets);
	KUNIT_EXPECT_EQ(test, nt_devstat(nt, "rx0_hw_csum_none"), U64_MAX);
	nt_expect_clean(nt);
}

static const struct nm_stats_lie nt_no_types[] = {
	{ .more = -1 }, { .more = 1 }, { .set_types = true },
	{ .types = BIT_ULL(5) | BIT_ULL(63), .set_types = true },
};

/* A device that does not say properly what it has is asked for nothing. */
static void nt_devstats_none(struct kunit *test)
{
	struct nm_params params = nt_devstats[0].dev;
	struct nt *nt = test->priv;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(nt_no_types); i++) {
		params.lie = nt_no_types[i];
		nt = nt_start(test, &params);
		KUNIT_EXPECT_EQ(test, nt_devstat(nt, "rx0_hw_packets"), U64_MAX);
		KUNIT_EXPECT_EQ(test, nt_devstat(nt, "cq_hw_command_num"), U64_MAX);
		KUNIT_EXPECT_FALSE(test, nm_wait_command(nt->nm, NM_CTRL_STATS, NM_STATS_GET,
							 0, 0));
		nt_expect_traffic(nt);
		nt_exit(test);
		KUNIT_ASSERT_EQ(test, nt_init(test), 0);
	}
}

#ifdef NETDEV_HAS_STAT_OPS

/* What netlink is told of a queue pair; what nobody counts stays as it was. */
struct nt_qstats {
	struct netdev_queue_stats_rx rx;
	struct netdev_queue_stats_tx tx;
};

static void nt_get_qstats(struct nt *nt, int pair, struct nt_qstats *got)
{
	memset(got, 0xff, sizeof(*got));
	rtnl_lock();
	nt->dev->stat_ops->get_queue_stats_rx(nt->dev, pair, &got->rx);
	nt->dev->stat_ops->get_queue_stats_tx(nt->dev, pair, &got->tx);
	rtnl_unlock();
}

static void nt_get_base(struct nt *nt, struct nt_qstats *got)
{
	memset(got, 0xff, sizeof(*got));
	rtnl_lock();
	nt->dev->stat_ops->get_base_stats(nt->dev, &got->rx, &got->tx);
	rtnl_unlock();
}

static void nt_qstats_values(struct kunit *test)
{
	const struct nt_setup *setup = test->param_value;
	struct nt *nt = nt_start(test, &setup->dev);
	struct nm_count *rx = &nt->nm->counts[0], *tx = &nt->nm->counts[1];
	struct nt_qstats got;

	nt_expect_traffic(nt);
	nt_get_qstats(nt, 0, &got);
	KUNIT_EXPECT_EQ(test, got.rx.packets, rx->packets);
	KUNIT_EXPECT_EQ(test, got.rx.hw_drops, rx->drops);
	KUNIT_EXPECT_EQ(test, got.rx.hw_drop_overruns, rx->overruns);
	KUNIT_EXPECT_EQ(test, got.rx.csum_unnecessary,
			nm_has(nt->nm, NM_F_GUEST_CSUM) ? rx->csum_valid : U64_MAX);
	KUNIT_EXPECT_EQ(test, got.rx.hw_gro_bytes,
			nm_has(nt->nm, NM_F_GUEST_TSO4) ? rx->gso_bytes : U64_MAX);
	KUNIT_EXPECT_EQ(test, got.rx.alloc_fail, U64_MAX);
	KUNIT_EXPECT_EQ(test, got.tx.packets, tx->packets);
	KUNIT_EXPECT_EQ(test, got.tx.hw_drop_errors, tx->malformed);
	KUNIT_EXPECT_EQ(test, got.tx.needs_csum,
			nm_has(nt->nm, NM_F_CSUM) ? tx->needs_csum : U64_MAX);
	KUNIT_EXPECT_EQ(test, got.tx.hw_gso_wire_bytes,
			nm_has(nt->nm, NM_F_HOST_TSO4) ? tx->gso_seg_bytes : U64_MAX);
	KUNIT_EXPECT_EQ(test, got.tx.stop, 0);
	nt_expect_clean(nt);
}

/* Queues that are not in use count for the device all the same. */
static void nt_qstats_base(struct kunit *test)
{
	struct nt *nt = nt_start(test, &nt_devstats[0].dev);
	struct nt_qstats got, base;

	nt_get_base(nt, &base);
	KUNIT_EXPECT_EQ(test, base.rx.packets, 0);
	KUNIT_EXPECT_EQ(test, base.tx.packets, 0);
	KUNIT_EXPECT_EQ(test, base.tx.hw_drops, 0);
	KUNIT_EXPECT_EQ(test, base.rx.alloc_fail, U64_MAX);
	KUNIT_ASSERT_EQ(test, nt_set_channels(nt, 2), 0);
	KUNIT_ASSERT_TRUE(test, nm_wait_buffers(nt->nm, 1, 4, NT_MS));
	nt->keep = true;
	KUNIT_EXPECT_EQ(test, nt_inject(nt, 1, 432, 78, NULL, NULL), 0);
	KUNIT_EXPECT_TRUE(test, nt_rx_arrives(nt, 432, 78));
	nt_get_qstats(nt, 1, &got);
	KUNIT_EXPECT_EQ(test, got.rx.packets, 1);
	KUNIT_EXPECT_EQ(test, nt_set_channels(nt, 1), 0);
	nt_get_base(nt, &base);
	KUNIT_EXPECT_EQ(test, base.rx.packets, got.rx.packets);
	KUNIT_EXPECT_EQ(test, base.tx.bytes, got.tx.bytes);
	nt_expect_clean(nt);
}

/* Queue by queue, but the device is asked once a second. */
static void nt_qstats_asks_once(struct kunit *test)
{
	struct nt *nt = nt_start(test, &nt_devstats[0].dev);
	struct nt_qstats got;
	unsigned int i;
	u64 commands;

	nt_get_qstats(nt, 0, &got);
	commands = READ_ONCE(nt->nm->ctrl.commands);
	for (i = 0; i < 10; i++)
		nt_get_qstats(nt, i % 2, &got);
	/* A slow machine may need a second for that, not for each. */
	KUNIT_EXPECT_LE(test, READ_ONCE(nt->nm->ctrl.commands), commands + 5);

	nt->nm->refuse = BIT(NM_CTRL_STATS);
	msleep(1100);
	nt_get_qstats(nt, 0, &got);
	KUNIT_EXPECT_EQ(test, got.rx.packets, nt->nm->counts[0].packets);
	KUNIT_EXPECT_NE(test, got.rx.hw_drops, U64_MAX);
	nt->nm->refuse = 0;
}

/* Without DEVICE_STATS there is what the driver counts. */
static void nt_qstats_without_device(struct kunit *test)
{
	struct nm_params params = nt_devstats[0].dev;
	struct nt_qstats got;
	struct nt *nt;

	params.features &= ~NM_F_DEVICE_STATS;
	nt = nt_start(test, &params);
	nt_expect_traffic(nt);
	nt_get_qstats(nt, 0, &got);
	KUNIT_EXPECT_EQ(test, got.rx.packets, nt->nm->counts[0].packets);
	KUNIT_EXPECT_EQ(test, got.rx.hw_drops, U64_MAX);
	KUNIT_EXPECT_EQ(test, got.tx.hw_gso_packets, U64_MAX);
	nt_expect_clean(nt);
}

#endif

static struct kunit_case nt_devstats_cases[] = {
	KUNIT_CASE_PARAM(nt_devstats_values, devstats_gen_params),
	KUNIT_CASE(nt_devstats_channels),
	KUNIT_CASE(nt_devstats_lies),
	KUNIT_CASE(nt_devstats_all_types),
	KUNIT_CASE(nt_devstats_none),
#ifdef NETDEV_HAS_STAT_OPS
	KUNIT_CASE_PARAM(nt_qstats_values, devstats_gen_params),
	KUNIT_CASE(nt_qstats_base),
	KUNIT_CASE(nt_qstats_asks_once),
	KUNIT_CASE(nt_qstats_without_device),
#endif
	{}
};

struct kunit_suite nt_suite_devstats = {
	.name = "virtio_net_devstats",
	.init = nt_init,
	.exit = nt_exit,
	.test_cases = nt_devstats_cases,
};
