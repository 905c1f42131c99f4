// SPDX-License-Identifier: GPL-2.0-only
/* KUnit tests of virtio_net: a device that does what it must not. */

#include <linux/delay.h>
#include <linux/etherdevice.h>
#include <linux/log2.h>
#include <linux/rtnetlink.h>

#include "virtio_net_kunit.h"

static const struct nt_setup nt_hostile[] = {
	{ "split", { .features = NT_FULL, .mode = FV_RUN } },
	{ "packed", { .features = NT_FULL | NM_F_RING_PACKED, .mode = FV_RUN } },
	{ "legacy", { .features = NT_BASE | NM_F_MRG_RXBUF, .mode = FV_RUN } },
};

FV_ARRAY_PARAM(hostile, nt_hostile, nt_setup_desc);

static const struct nt_setup nt_small[] = {
	{ "split small", { .features = NT_MODERN, .mode = FV_RUN } },
	{ "packed small", { .features = NT_MODERN | NM_F_RING_PACKED, .mode = FV_RUN } },
	{ "legacy small", { .features = NT_BASE, .mode = FV_RUN } },
};

FV_ARRAY_PARAM(small, nt_small, nt_setup_desc);

/* Frames that cannot be: each is dropped and counted, the next good one gets in. */
static void nt_expect_bad(struct nt *nt, unsigned int len, const struct nm_hdr *hdr,
			  const struct nm_bad *bad, unsigned int length, unsigned int frame)
{
	struct rtnl_link_stats64 before, after;
	unsigned int i;

	KUNIT_ASSERT_TRUE(nt->test, nm_wait_buffers(nt->nm, 0, 40, NT_MS));
	nt_stats(nt, &before);
	KUNIT_ASSERT_EQ(nt->test, nt_inject(nt, 0, len, 9, hdr, bad), 0);
	for (i = 0; i < NT_MS; i++) {
		nt_stats(nt, &after);
		if (after.rx_dropped != before.rx_dropped)
			break;
		nt_nap();
	}
	KUNIT_EXPECT_GE(nt->test, after.rx_dropped, before.rx_dropped + 1);
	KUNIT_EXPECT_GE(nt->test, after.rx_length_errors, before.rx_length_errors + length);
	KUNIT_EXPECT_EQ(nt->test, after.rx_frame_errors, before.rx_frame_errors + frame);
	/* What does not reach the stack is not a packet. */
	KUNIT_EXPECT_EQ(nt->test, after.rx_packets, before.rx_packets);
	KUNIT_EXPECT_EQ(nt->test, after.rx_bytes, before.rx_bytes);
	KUNIT_EXPECT_TRUE(nt->test, skb_queue_empty(&nt->rx));
	nt_expect_traffic(nt);
}

static void nt_num_buffers(struct kunit *test)
{
	static const u16 counts[] = { 0, 2, 3, 17, 100, 128, 129, 1000, 0x7fff, 0xffff };
	const struct nt_setup *setup = test->param_value;
	struct nt *nt = nt_start(test, &setup->dev);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		const struct nm_bad bad = {
			.num_buffers = counts[i], .set_buffers = true, .unchecked = true,
		};

		nt_expect_bad(nt, 400, NULL, &bad, 1, 0);
	}
}

/* Of more buffers than the device can have, none is taken from the frames that follow. */
static void nt_num_buffers_alone(struct kunit *test)
{
	const struct nm_bad bad = { .num_buffers = 0xffff, .set_buffers = true, .unchecked = true };
	const struct nt_setup *setup = test->param_value;
	struct nt *nt = nt_start(test, &setup->dev);
	unsigned int i;

	KUNIT_ASSERT_TRUE(test, nm_wait_buffers(nt->nm, 0, 8, NT_MS));
	/* The driver finds all of them at once. */
	WRITE_ONCE(nt->fv->irq, FV_IRQ_NEVER);
	KUNIT_EXPECT_EQ(test, nt_inject(nt, 0, 400, 9, NULL, &bad), 0);
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ(test, nt_inject(nt, 0, 500 + i, i, NULL, NULL), 0);
	WRITE_ONCE(nt->fv->irq, FV_IRQ_NOW);
	fv_interrupt(fv_queue(nt->fv, 0));
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_TRUE_MSG(test, nt_rx_arrives(nt, 500 + i, i), "frame %u", i);
}

/* Without mergeable buffers the field means nothing. */
static void nt_num_buffers_unused(struct kunit *test)
{
	static const u16 counts[] = { 0, 1, 2, 0xffff };
	const struct nt_setup *setup = test->param_value;
	struct nt *nt = nt_start(test, &setup->dev);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		const struct nm_bad bad = {
			.num_buffers = counts[i], .set_buffers = true, .unchecked = true,
		};

		KUNIT_ASSERT_EQ(test, nt_inject(nt, 0, 300, i, NULL, &bad), 0);
		KUNIT_EXPECT_TRUE(test, nt_rx_arrives(nt, 300, i));
	}
}

/* Fewer buffers come back than the frame takes. */
static void nt_buffers_missing(struct kunit *test)
{
	const struct nt_setup *setup = test->param_value;
	struct nt *nt = nt_start(test, &setup->dev);
	unsigned int only;

	for (only = 1; only < 4; only++) {
		const struct nm_bad bad = { .only = only };

		nt_expect_bad(nt, 12000, NULL, &bad, 1, 0);
	}
}

static void nt_used_length(struct kunit *test)
{
	static const u32 lens[] = { 0, 1, 9, 10, 11, 12, 13, 23, 0x7fffffff, 0x80000000, ~0U };
	const struct nt_setup *setup = test->param_value;
	struct nt *nt = nt_start(test, &setup->dev);
	unsigned int i, least = nm_hdr_len(nt->nm) + ETH_HLEN;

	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		struct nm_bad bad = { .used_len = lens[i], .set_len = true };

		if (lens[i] < least || lens[i] > 65535)
			nt_expect_bad(nt, 500, NULL, &bad, 1, 0);
	}
}

/* One byte more than the buffer has. */
static void nt_used_length_over(struct kunit *test)
{
	const struct nt_setup *setup = test->param_value;
	struct nt *nt = nt_start(test, &setup->dev);
	struct nm_rxq *rxq = &nt->nm->rxq[0];
	struct nm_bad bad = { .set_len = true };
	unsigned int i;

	for (i = 0; i < 4; i++) {
		KUNIT_ASSERT_TRUE(test, nm_wait_buffers(nt->nm, 0, 8, NT_MS));
		bad.used_len = rxq->bufs[rxq->head]->in_len + 1 + i * 1000;
		nt_expect_bad(nt, 500, NULL, &bad, 1, 0);
	}
}

/* The buffers that follow the first one. */
static void nt_used_length_later(struct kunit *test)
{
	static const u32 lens[] = { 0, 0x10000, 0x7fffffff, ~0U };
	const struct nt_setup *setup = test->param_value;
	struct nt *nt = nt_start(test, &setup->dev);
	unsigned int i, nth;

	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		for (nth = 1; nth < 4; nth++) {
			const struct nm_bad bad = {
				.used_len = lens[i], .set_len = true, .nth = nth,
			};

			nt_expect_bad(nt, 12000, NULL, &bad, 1, 0);
		}
	}
}

static const struct nm_hdr nt_bad_hdrs[] = {
	/* No such type, types that were not negotiated, ECN alone. */
	{ .gso_type = 2, .gso_size = 100, .flags = 1, .csum_start = 34, .csum_offset = 16 },
	{ .gso_type = NM_GSO_UDP, .gso_size = 100, .flags = 1, .csum_start = 34, .csum_offset = 6 },
	{ .gso_type = NM_GSO_UDP_L4, .gso_size = 100, .flags = 1, .csum_start = 34,
	  .csum_offset = 6 },
	{ .gso_type = 0x7f, .gso_size = 100 },
	{ .gso_type = 0xff, .gso_size = 100, .flags = 1, .csum_start = 34, .csum_offset = 16 },
	{ .gso_type = NM_GSO_ECN, .gso_size = 100 },
	{ .gso_type = 0x20 | NM_GSO_TCPV4, .gso_size = 100 },
	/* No size, or one that means something else to the stack. */
	{ .gso_type = NM_GSO_TCPV4, .gso_size = 0, .flags = 1, .csum_start = 34,
	  .csum_offset = 16 },
	{ .gso_type = NM_GSO_TCPV4, .gso_size = 0xffff, .flags = 1, .csum_start = 34,
	  .csum_offset = 16 },
	/* Checksums outside of the frame, or in its Ethernet header. */
	{ .flags = 1, .csum_start = 0, .csum_offset = 0 },
	{ .flags = 1, .csum_start = 13, .csum_offset = 16 },
	{ .flags = 1, .csum_start = 395, .csum_offset = 4 },
	{ .flags = 1, .csum_start = 34, .csum_offset = 0xffff },
	{ .flags = 1, .csum_start = 0xffff, .csum_offset = 0xffff },
	{ .flags = 1, .csum_start = 399, .csum_offset = 0 },
	{ .gso_type = NM_GSO_TCPV4, .gso_size = 100, .flags = 1, .csum_start = 390,
	  .csum_offset = 2 },
	{ .gso_type = NM_GSO_TCPV4, .gso_size = 100, .flags = 1, .csum_start = 34,
	  .csum_offset = 6 },
	{ .gso_type = NM_GSO_TCPV6, .gso_size = 100, .flags = 1, .csum_start = 34,
	  .csum_offset = 16 },
};

static void nt_bad_offloads(struct kunit *test)
{
	const struct nt_setup *setup = test->param_value;
	const struct nm_bad bad = { .unchecked = true };
	struct nt *nt = nt_start(test, &setup->dev);
	unsigned int i;

	if (!nm_has(nt->nm, NM_F_GUEST_CSUM))
		kunit_skip(test, "no offloads");
	for (i = 0; i < ARRAY_SIZE(nt_bad_hdrs); i++) {
		kunit_info(test, "header %u\n", i);
		nt_expect_bad(nt, 400, &nt_bad_hdrs[i], &bad, 0, 1);
	}
}

/* Segmented UDP that does not fit the frame of 400 bytes, or is something else too. */
static const struct nm_hdr nt_bad_uso_hdrs[] = {
	{ .gso_type = NM_GSO_UDP_L4, .gso_size = 100 },
	{ .gso_type = NM_GSO_UDP_L4, .gso_size = 100, .flags = 2 },
	{ .gso_type = NM_GSO_UDP_L4 | NM_GSO_ECN, .gso_size = 100, .flags = 1, .csum_start = 34,
	  .csum_offset = 6 },
	{ .gso_type = NM_GSO_UDP_L4 | 0x20, .gso_size = 100, .flags = 1, .csum_start = 34,
	  .csum_offset = 6 },
	{ .gso_type = NM_GSO_UDP_L4, .gso_size = 100, .flags = 1, .csum_start = 34,
	  .csum_offset = 16 },
	{ .gso_type = NM_GSO_UDP_L4, .gso_size = 0, .flags = 1, .csum_start = 34,
	  .csum_offset = 6 },
	{ .gso_type = NM_GSO_UDP_L4, .gso_size = 0xffff, .flags = 1, .csum_start = 34,
	  .csum_offset = 6 },
	/* More segments than the stack makes. */
	{ .gso_type = NM_GSO_UDP_L4, .gso_size = 1, .flags = 1, .csum_start = 34,
	  .csum_offset = 6 },
	{ .gso_type = NM_GSO_UDP_L4, .gso_size = 100, .flags = 1, .csum_start = 20,
	  .csum_offset = 6 },
	{ .gso_type = NM_GSO_UDP_L4, .gso_size = 100, .flags = 1, .csum_start = 393,
	  .csum_offset = 6 },
	{ .gso_type = NM_GSO_UDP_L4, .gso_size = 100, .flags = 1, .csum_start = 0xffff,
	  .csum_offset = 6 },
};

/* On a kernel without segmented UDP, none of these was negotiated. */
static void nt_bad_uso(struct kunit *test)
{
	const struct nm_params params = {
		.features = NT_FULL | NM_F_GUEST_USO4 | NM_F_GUEST_USO6, .mode = FV_RUN,
	};
	const struct nm_bad bad = { .unchecked = true };
	struct nt *nt = nt_start(test, &params);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(nt_bad_uso_hdrs); i++) {
		kunit_info(test, "header %u\n", i);
		nt_expect_bad(nt, 400, &nt_bad_uso_hdrs[i], &bad, 0, 1);
	}
}

/* Whatever hdr_len is, it is only a hint (5.1.6.4.2). */
static void nt_hdr_len_hint(struct kunit *test)
{
	static const u16 lens[] = { 0, 1, 54, 400, 0xffff };
	const struct nt_setup *setup = test->param_value;
	struct nt *nt = nt_start(test, &setup->dev);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		const struct nm_hdr hdr = { .hdr_len = lens[i] };

		KUNIT_ASSERT_EQ(test, nt_inject(nt, 0, 400, i, &hdr, NULL), 0);
		KUNIT_EXPECT_TRUE(test, nt_rx_arrives(nt, 400, i));
	}
}

/* Flags that nobody knows are ignored (5.1.6.4.2). */
static void nt_unknown_flags(struct kunit *test)
{
	const struct nt_setup *setup = test->param_value;
	const struct nm_bad bad = { .unchecked = true };
	struct nt *nt = nt_start(test, &setup->dev);
	unsigned int i;

	for (i = 2; i < 8; i++) {
		const struct nm_hdr hdr = { .flags = BIT(i) };

		KUNIT_ASSERT_EQ(test, nt_inject(nt, 0, 400, i, &hdr, &bad), 0);
		KUNIT_EXPECT_TRUE(test, nt_rx_arrives(nt, 400, i));
	}
}

/* A checksum is not asked of a driver that does not do it (5.1.6.4.1). */
static void nt_csum_unasked(struct kunit *test)
{
	const struct nt_setup *setup = test->param_value;
	const struct nm_hdr hdr = { .flags = 1, .csum_start = 34, .csum_offset = 16 };
	const struct nm_bad bad = { .unchecked = true };
	struct nt *nt = nt_start(test, &setup->dev);

	nt_expect_bad(nt, 400, &hdr, &bad, 0, 1);
}

struct nt_evil {
	enum fv_evil kind;
	bool rx;
	bool tx;
	bool fatal;		/* the queue does not work any more */
	bool rx_only_mrg;
};

static const struct nt_evil nt_evils[] = {
	{ FV_EVIL_ID_RANGE, .rx = true, .tx = true, .fatal = true },
	{ FV_EVIL_ID_IDLE, .rx = true, .tx = true, .fatal = true },
	{ FV_EVIL_TWICE, .rx = true, .tx = true, .fatal = true },
	{ FV_EVIL_LEN_HUGE, .rx = true, .tx = true },
	{ FV_EVIL_LEN_OVER, .rx = true, .tx = true },
	{ FV_EVIL_LEN_ZERO, .rx = true, .tx = true },
	{ FV_EVIL_HALF, .rx = true, .tx = true },
	{ FV_EVIL_INDEX_JUMP, .rx = true, .tx = true, .fatal = true },
	{ FV_EVIL_GARBAGE, .rx = true, .tx = true },
	{ FV_EVIL_SILENT, .rx = true, .tx = true },
	{ FV_EVIL_LOST_IRQ, .rx = true, .tx = true },
	{ FV_EVIL_EMPTY_IRQ, .rx = true, .tx = true },
	{ FV_EVIL_CONFIG_IRQ },
	{ FV_EVIL_CONFIG_FLIP },
	{ FV_EVIL_CONFIG_ZERO },
	{ FV_EVIL_CONFIG_ONES },
	{ FV_EVIL_NEEDS_RESET },
	{ FV_EVIL_GONE, .rx = true, .tx = true, .fatal = true },
};

static void nt_evil_desc(const struct nt_evil *evil, char *desc)
{
	strscpy(desc, fv_evil_name(evil->kind), KUNIT_PARAM_DESC_SIZE);
}

FV_ARRAY_PARAM(evil, nt_evils, nt_evil_desc);

static void nt_some_traffic(struct nt *nt, unsigned int rounds)
{
	unsigned int i;

	for (i = 0; i < rounds; i++) {
		nt_send(nt, 0, 100 + i, i);
		nt_inject(nt, 0, 300 + i, i, NULL, NULL);
		if (i % 16 == 15)
			nt_nap();
	}
}

/* The device can be removed, and another one be used, whatever this one did. */
static void nt_evil_on(struct kunit *test, u64 features, int queue)
{
	const struct nt_evil *evil = test->param_value;
	const struct nm_params params = { .features = features, .mode = FV_RUN };
	struct nt *nt = nt_start(test, &params);

	nt->keep = false;
	nt->nm->tx = NM_TX_DROP;
	nt_some_traffic(nt, 20);
	fv_misbehave(nt->fv, evil->kind, queue, 3);
	nm_set_link(nt->nm, true);
	nt_some_traffic(nt, 60);
	msleep(20);
	fv_behave(nt->fv);
	nt_some_traffic(nt, 20);
	nt_detach(nt);
	fv_unplug(nt->fv);
	nt_exit(test);

	KUNIT_ASSERT_EQ(test, nt_init(test), 0);
	nt = nt_start(test, &params);
	nt_expect_traffic(nt);
	nt_expect_clean(nt);
}

static void nt_evil_rx_split(struct kunit *test)
{
	nt_evil_on(test, NT_FULL, 0);
}

static void nt_evil_tx_split(struct kunit *test)
{
	nt_evil_on(test, NT_FULL, 1);
}

static void nt_evil_rx_packed(struct kunit *test)
{
	nt_evil_on(test, NT_FULL | NM_F_RING_PACKED, 0);
}

static void nt_evil_tx_packed(struct kunit *test)
{
	nt_evil_on(test, NT_FULL | NM_F_RING_PACKED, 1);
}

static void nt_evil_rx_legacy(struct kunit *test)
{
	nt_evil_on(test, NT_BASE, 0);
}

/* Probe with a configuration that is none: it fails or works, and leaves nothing. */
static void nt_evil_probe(struct kunit *test)
{
	const struct nt_evil *evil = test->param_value;
	const struct nm_params params = {
		.features = NT_FULL | NM_F_MQ | NM_F_MTU, .mode = FV_RUN, .mtu = 1500,
		.max_pairs = 2,
	};
	struct nt *nt = test->priv;

	/* Answers that never come cost their time, which another test spends. */
	if (evil->kind == FV_EVIL_SILENT || evil->kind == FV_EVIL_GONE)
		kunit_skip(test, "waits for the time-out");

	nt->nm = nm_create(test, &params);
	KUNIT_ASSERT_NOT_NULL(test, nt->nm);
	nt->nm->tolerant = true;
	nt->fv = nt->nm->fv;
	fv_misbehave(nt->fv, evil->kind, nm_ctrl_index(nt->nm), 100);
	fv_plug(nt->fv);
	if (fv_bound(nt->fv)) {
		nt->dev = nm_netdev(nt->nm);
		KUNIT_EXPECT_NOT_NULL(test, nt->dev);
		if (nt->dev)
			nt_open(nt);
	}
	fv_behave(nt->fv);
	nt_detach(nt);
	fv_unplug(nt->fv);
}

static void nt_features_refused(struct kunit *test)
{
	const struct nm_params params = { .features = NT_FULL, .mode = FV_RUN };
	struct nt *nt = test->priv;

	nt->nm = nm_create(test, &params);
	KUNIT_ASSERT_NOT_NULL(test, nt->nm);
	nt->fv = nt->nm->fv;
	fv_misbehave(nt->fv, FV_EVIL_FEATURES_REFUSED, FV_ALL_QUEUES, 1);
	fv_plug(nt->fv);
	KUNIT_EXPECT_FALSE(test, fv_bound(nt->fv));
}

/* The control queue, and all that needs it, is not wanted. */
static void nt_disabled(struct kunit *test)
{
	const struct nm_params params = { .features = NT_FULL | NM_F_MQ, .mode = FV_RUN };
	struct nt *nt;

	KUNIT_EXPECT_EQ(test, fv_param_write("virtio_net", "disable_features", "0x100000000"),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, fv_param_write("virtio_net", "disable_features", "ctrl_vq"),
			-EINVAL);
	KUNIT_ASSERT_EQ(test, fv_param_write("virtio_net", "disable_features", "0x20000"), 0);
	nt = nt_start(test, &params);
	KUNIT_EXPECT_EQ(test, fv_param_write("virtio_net", "disable_features", "0"), 0);
	KUNIT_EXPECT_FALSE(test, fv_negotiated(nt->fv, ilog2(NM_F_CTRL_VQ)));
	KUNIT_EXPECT_FALSE(test, fv_negotiated(nt->fv, ilog2(NM_F_MQ)));
	KUNIT_EXPECT_TRUE(test, fv_negotiated(nt->fv, ilog2(NM_F_MRG_RXBUF)));
	nt_expect_traffic(nt);
	nt_expect_clean(nt);
}

/* A device that claims to be in use is not started: virtio 1.3, 3.1.1. */
static void nt_ready_already(struct kunit *test)
{
	const struct nm_params params = { .features = NT_FULL, .mode = FV_RUN };
	struct nt *nt = test->priv;

	nt->nm = nm_create(test, &params);
	KUNIT_ASSERT_NOT_NULL(test, nt->nm);
	nt->fv = nt->nm->fv;
	WRITE_ONCE(nt->fv->status_lie, VIRTIO_CONFIG_S_DRIVER_OK);
	fv_plug(nt->fv);
	KUNIT_EXPECT_FALSE(test, fv_bound(nt->fv));
	fv_unplug(nt->fv);
	WRITE_ONCE(nt->fv->status_lie, 0);
}

/* A notification gets lost: the watchdog's help repeats it. */
static void nt_lost_kick(struct kunit *test)
{
	const struct nt_setup *setup = test->param_value;
	struct nt *nt = nt_start(test, &setup->dev);

	nt_expect_traffic(nt);
	/* While the device works it wants no notification, so that none can get lost. */
	KUNIT_ASSERT_TRUE(test, fv_wait_idle(nt->fv, NT_MS));
	fv_misbehave(nt->fv, FV_EVIL_LOST_KICK, 1, 1);
	KUNIT_EXPECT_EQ(test, nt_send(nt, 0, 123, 4), 0);
	KUNIT_EXPECT_EQ(test, fv_queue(nt->fv, 1)->counts.kicks_lost, 1);
	local_bh_disable();
	nt->dev->netdev_ops->ndo_tx_timeout(nt->dev, 0);
	local_bh_enable();
	KUNIT_EXPECT_TRUE(test, nm_wait_sent(nt->nm, 2, NT_MS));
	KUNIT_EXPECT_EQ(test, nt_ethtool_stat(nt, "tx0", "tx_timeouts"), 1);
	nt_expect_traffic(nt);
	nt_expect_clean(nt);
}

/* Completions that nobody told of are found by the watchdog's help. */
static void nt_lost_irq(struct kunit *test)
{
	const struct nt_setup *setup = test->param_value;
	struct nt *nt = nt_start(test, &setup->dev);
	struct netdev_queue *txq = netdev_get_tx_queue(nt->dev, 0);
	unsigned int i;

	nt_expect_traffic(nt);
	nt->fv->irq = FV_IRQ_NEVER;
	fv_set_mode(nt->fv, FV_MANUAL);
	for (i = 0; i < 1000 && !netif_tx_queue_stopped(txq); i++)
		KUNIT_ASSERT_EQ(test, nt_send(nt, 0, 100, i), 0);
	fv_set_mode(nt->fv, FV_RUN);
	KUNIT_EXPECT_TRUE(test, nm_wait_sent(nt->nm, 1 + i, NT_MS));
	KUNIT_EXPECT_TRUE(test, fv_wait_idle(nt->fv, NT_MS));
	local_bh_disable();
	nt->dev->netdev_ops->ndo_tx_timeout(nt->dev, 0);
	local_bh_enable();
	for (i = 0; i < NT_MS && netif_tx_queue_stopped(txq); i++)
		nt_nap();
	KUNIT_EXPECT_FALSE(test, netif_tx_queue_stopped(txq));
	nt->fv->irq = FV_IRQ_NOW;
	nt_expect_traffic(nt);
	nt_expect_clean(nt);
}

static void nt_irq_modes(struct kunit *test)
{
	const struct nt_setup *setup = test->param_value;
	struct nt *nt = nt_start(test, &setup->dev);
	unsigned int i;

	nt->fv->irq_delay = 2;
	nt->fv->irq_storm = 50;
	nt->fv->irq = FV_IRQ_LATE;
	for (i = 0; i < 5; i++)
		nt_expect_traffic(nt);
	nt->fv->irq = FV_IRQ_STORM;
	for (i = 0; i < 20; i++)
		nt_expect_traffic(nt);
	nt->fv->irq = FV_IRQ_NOW;
	for (i = 0; i < 100; i++)
		fv_interrupt(fv_queue(nt->fv, i & 1));
	nt_expect_traffic(nt);
	nt_expect_clean(nt);
}

/* Interrupts and configuration changes while it is down, or frozen. */
static void nt_irq_when_down(struct kunit *test)
{
	const struct nt_setup *setup = test->param_value;
	struct nt *nt = nt_create(test, &setup->dev);
	unsigned int i;

	for (i = 0; i < 50; i++) {
		fv_interrupt(fv_queue(nt->fv, i & 1));
		fv_config_changed(nt->fv);
	}
	KUNIT_ASSERT_EQ(test, nt_open(nt), 0);
	KUNIT_ASSERT_TRUE(test, nt_wait_ready(nt));
	nt_close(nt);
	for (i = 0; i < 50; i++)
		fv_interrupt(fv_queue(nt->fv, i & 1));
	KUNIT_ASSERT_EQ(test, nt_open(nt), 0);
	KUNIT_ASSERT_TRUE(test, nt_wait_ready(nt));
	nt_expect_traffic(nt);
	nt_expect_clean(nt);
}

/* Status bits that nobody has defined. */
static void nt_config_status(struct kunit *test)
{
	static const u16 values[] = { 0xffff, 0xfffe, 0x8001, 0x5555, 1 };
	const struct nt_setup *setup = test->param_value;
	struct nt *nt = nt_start(test, &setup->dev);
	unsigned int i, j;
	__le16 status;

	for (i = 0; i < ARRAY_SIZE(values); i++) {
		status = cpu_to_le16(values[i]);
		fv_config_set(nt->fv, offsetof(struct nm_config, status), &status, sizeof(status));
		fv_config_changed(nt->fv);
		for (j = 0; j < NT_MS && netif_carrier_ok(nt->dev) != (values[i] & 1); j++)
			nt_nap();
		KUNIT_EXPECT_EQ(test, netif_carrier_ok(nt->dev), values[i] & 1);
	}
	KUNIT_EXPECT_TRUE(test, nt_wait_ready(nt));
	nt_expect_traffic(nt);
	nt_expect_clean(nt);
}

static struct kunit_case nt_hostile_cases[] = {
	KUNIT_CASE_PARAM(nt_num_buffers, hostile_gen_params),
	KUNIT_CASE_PARAM(nt_num_buffers_alone, hostile_gen_params),
	KUNIT_CASE_PARAM(nt_num_buffers_unused, small_gen_params),
	KUNIT_CASE_PARAM(nt_buffers_missing, hostile_gen_params),
	KUNIT_CASE_PARAM(nt_used_length, hostile_gen_params),
	KUNIT_CASE_PARAM(nt_used_length, small_gen_params),
	KUNIT_CASE_PARAM(nt_used_length_over, hostile_gen_params),
	KUNIT_CASE_PARAM(nt_used_length_over, small_gen_params),
	KUNIT_CASE_PARAM(nt_used_length_later, hostile_gen_params),
	KUNIT_CASE_PARAM(nt_bad_offloads, hostile_gen_params),
	KUNIT_CASE(nt_bad_uso),
	KUNIT_CASE_PARAM(nt_csum_unasked, small_gen_params),
	KUNIT_CASE_PARAM(nt_hdr_len_hint, hostile_gen_params),
	KUNIT_CASE_PARAM(nt_unknown_flags, hostile_gen_params),
	KUNIT_CASE_PARAM(nt_evil_rx_split, evil_gen_params),
	KUNIT_CASE_PARAM(nt_evil_tx_split, evil_gen_params),
	KUNIT_CASE_PARAM(nt_evil_rx_packed, evil_gen_params),
	KUNIT_CASE_PARAM(nt_evil_tx_packed, evil_gen_params),
	KUNIT_CASE_PARAM(nt_evil_rx_legacy, evil_gen_params),
	KUNIT_CASE_PARAM(nt_evil_probe, evil_gen_params),
	KUNIT_CASE(nt_features_refused),
	KUNIT_CASE(nt_disabled),
	KUNIT_CASE(nt_ready_already),
	KUNIT_CASE_PARAM(nt_lost_kick, hostile_gen_params),
	KUNIT_CASE_PARAM(nt_lost_irq, hostile_gen_params),
	KUNIT_CASE_PARAM(nt_irq_modes, hostile_gen_params),
	KUNIT_CASE_PARAM(nt_irq_when_down, hostile_gen_params),
	KUNIT_CASE_PARAM(nt_config_status, hostile_gen_params),
	{}
};

struct kunit_suite nt_suite_hostile = {
	.name = "virtio_net_hostile",
	.init = nt_init,
	.exit = nt_exit,
	.test_cases = nt_hostile_cases,
};
