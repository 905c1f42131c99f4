// SPDX-License-Identifier: GPL-2.0-only
/* KUnit tests of virtio_net: checksum and segmentation offload. */

#include <linux/etherdevice.h>
#include <linux/mm.h>
#include <linux/rtnetlink.h>
#include <linux/virtio_net.h>

#include "virtio_net_kunit.h"

static const struct nt_setup nt_offload[] = {
	{ "split", { .features = NT_FULL, .mode = FV_RUN } },
	{ "split plain", { .features = NT_FULL & ~(NM_F_INDIRECT | NM_F_EVENT_IDX),
			   .mode = FV_RUN } },
	{ "packed", { .features = NT_FULL | NM_F_RING_PACKED, .mode = FV_RUN } },
	{ "legacy", { .features = (NT_FULL & ~NM_F_VERSION_1) | NM_F_GSO, .mode = FV_RUN } },
};

FV_ARRAY_PARAM(offload, nt_offload, nt_setup_desc);

static const struct nt_setup nt_plain[] = {
	{ "no offloads", { .features = NT_MODERN | NM_F_MRG_RXBUF, .mode = FV_RUN } },
	{ "legacy no offloads", { .features = NT_BASE, .mode = FV_RUN } },
	{ "checksums only", { .features = NT_MODERN | NM_F_CSUM | NM_F_GUEST_CSUM,
			      .mode = FV_RUN } },
};

FV_ARRAY_PARAM(plain, nt_plain, nt_setup_desc);

static const struct nt_flow nt_flows[] = {
	{ .payload = 0 }, { .payload = 1 }, { .payload = 77 }, { .payload = 1446 },
	{ .v6 = true, .payload = 100 }, { .v6 = true, .payload = 1426 },
	{ .udp = true, .payload = 0 }, { .udp = true, .payload = 99 },
	{ .udp = true, .v6 = true, .payload = 98 },
	{ .vlan = true, .payload = 200 }, { .vlan = true, .v6 = true, .payload = 201 },
};

static const struct nt_flow nt_large[] = {
	{ .payload = 1449, .gso_size = 1448 },
	{ .payload = 14480, .gso_size = 1448 },
	{ .payload = 65000, .gso_size = 1448 },
	{ .payload = 3000, .gso_size = 536 },
	{ .payload = 20000, .gso_size = 1000, .ecn = true },
	{ .v6 = true, .payload = 14281, .gso_size = 1428 },
	{ .v6 = true, .payload = 65000, .gso_size = 1428 },
};

/* Segmented UDP, sent and received, and exact header lengths. */
#define NT_GUEST_USO	(NM_F_GUEST_USO4 | NM_F_GUEST_USO6)

static const struct nt_setup nt_uso[] = {
	{ "split", { .features = NT_FULL | NM_F_HOST_USO | NT_GUEST_USO | NM_F_GUEST_HDRLEN,
		     .mode = FV_RUN } },
	{ "packed 6 only", { .features = NT_FULL | NM_F_HOST_USO | NM_F_GUEST_USO6 |
					 NM_F_GUEST_HDRLEN | NM_F_RING_PACKED,
			     .mode = FV_RUN } },
};

FV_ARRAY_PARAM(uso, nt_uso, nt_setup_desc);

static const struct nt_flow nt_large_udp[] = {
	{ .udp = true, .payload = 1473, .gso_size = 1472 },
	{ .udp = true, .payload = 14720, .gso_size = 1472 },
	{ .udp = true, .payload = 999, .gso_size = 100 },
	{ .udp = true, .vlan = true, .payload = 5000, .gso_size = 1000 },
	{ .udp = true, .v6 = true, .payload = 60000, .gso_size = 1452 },
};

static u8 nt_gso_type(const struct nt_flow *flow)
{
	if (flow->udp)
		return NM_GSO_UDP_L4;

	return (flow->v6 ? NM_GSO_TCPV6 : NM_GSO_TCPV4) | (flow->ecn ? NM_GSO_ECN : 0);
}

static struct nm_frame *nt_pass(struct nt *nt, const struct nt_flow *flow)
{
	u64 sent = READ_ONCE(nt->nm->nr_sent);
	struct sk_buff *skb = nt_packet_skb(nt, flow);

	KUNIT_ASSERT_NOT_NULL(nt->test, skb);
	KUNIT_ASSERT_EQ(nt->test, nt_send_skb(nt, 0, skb), 0);
	KUNIT_ASSERT_TRUE(nt->test, nm_wait_sent(nt->nm, sent + 1, NT_MS));

	return nt_next_sent(nt);
}

/* The bytes, but for the checksum, are those that were sent. */
static bool nt_packet_is(struct nt *nt, const struct nt_flow *flow, const u8 *data,
			 unsigned int len, bool partial)
{
	u8 *want = kvmalloc(128 + flow->payload, GFP_KERNEL);
	struct nm_pkt pkt;
	bool same = false;

	if (want)
		same = len == nt_make_packet(nt, flow, want, &pkt, partial) &&
		       !memcmp(want, data, len);
	kvfree(want);

	return same;
}

static void nt_send_csum(struct kunit *test)
{
	const struct nt_setup *setup = test->param_value;
	struct nt *nt = nt_start(test, &setup->dev);
	bool csum = setup->dev.features & NM_F_CSUM;
	struct nm_frame *frame;
	struct nm_pkt pkt;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(nt_flows); i++) {
		frame = nt_pass(nt, &nt_flows[i]);
		KUNIT_ASSERT_NOT_NULL(test, frame);
		KUNIT_EXPECT_TRUE(test, nt_packet_is(nt, &nt_flows[i], frame->data, frame->len,
						     csum));
		KUNIT_EXPECT_EQ(test, frame->hdr.flags, csum ? NM_HDR_NEEDS_CSUM : 0);
		KUNIT_EXPECT_TRUE(test, nm_parse(frame->data, frame->len, &pkt));
		if (csum) {
			KUNIT_EXPECT_EQ(test, frame->hdr.csum_start, pkt.l4);
			nm_complete_csum(frame->data, frame->len, frame->hdr.csum_start,
					 frame->hdr.csum_offset);
		}
		KUNIT_EXPECT_TRUE(test, nm_csum_good(frame->data, frame->len, &pkt));
		nm_free_frame(frame);
	}
	nt_expect_clean(nt);
}

static void nt_check_segments(struct nt *nt, const struct nm_frame *frame,
			      const struct nt_flow *flow)
{
	unsigned int bytes = 0;
	struct nm_frame *seg, *next;
	struct nm_pkt pkt;
	LIST_HEAD(list);

	KUNIT_EXPECT_EQ(nt->test, nm_segment(frame, &list),
			DIV_ROUND_UP(flow->payload, flow->gso_size));
	list_for_each_entry_safe(seg, next, &list, node) {
		KUNIT_EXPECT_TRUE(nt->test, nm_parse(seg->data, seg->len, &pkt));
		KUNIT_EXPECT_TRUE(nt->test, nm_csum_good(seg->data, seg->len, &pkt));
		KUNIT_EXPECT_LE(nt->test, seg->len - pkt.payload, flow->gso_size);
		bytes += seg->len - pkt.payload;
		nm_free_frame(seg);
	}
	KUNIT_EXPECT_EQ(nt->test, bytes, flow->payload);
}

static void nt_expect_gso(struct nt *nt, const struct nt_flow *flow)
{
	unsigned int l4 = ETH_HLEN + (flow->vlan ? 4 : 0) + (flow->v6 ? 40 : 20);
	struct nm_frame *frame = nt_pass(nt, flow);

	KUNIT_ASSERT_NOT_NULL(nt->test, frame);
	KUNIT_EXPECT_EQ(nt->test, frame->hdr.gso_type, nt_gso_type(flow));
	KUNIT_EXPECT_EQ(nt->test, frame->hdr.gso_size, flow->gso_size);
	KUNIT_EXPECT_EQ(nt->test, frame->hdr.hdr_len, l4 + (flow->udp ? 8 : 20));
	KUNIT_EXPECT_TRUE(nt->test, nt_packet_is(nt, flow, frame->data, frame->len, true));
	nt_check_segments(nt, frame, flow);
	nm_free_frame(frame);
}

static void nt_send_gso(struct kunit *test)
{
	const struct nt_setup *setup = test->param_value;
	struct nt *nt = nt_start(test, &setup->dev);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(nt_large); i++)
		nt_expect_gso(nt, &nt_large[i]);
	nt_expect_clean(nt);
}

/* The model holds header lengths against the packet, with GUEST_HDRLEN to the byte. */
static void nt_send_uso(struct kunit *test)
{
	const struct nt_setup *setup = test->param_value;
	struct nt *nt = nt_start(test, &setup->dev);
	unsigned int i;

	KUNIT_EXPECT_TRUE(test, nm_has(nt->nm, NM_F_GUEST_HDRLEN));
	KUNIT_EXPECT_TRUE(test, nt->dev->features & NETIF_F_GSO_UDP_L4);
	for (i = 0; i < ARRAY_SIZE(nt_large_udp); i++)
		nt_expect_gso(nt, &nt_large_udp[i]);
	for (i = 0; i < ARRAY_SIZE(nt_large); i++)
		nt_expect_gso(nt, &nt_large[i]);
	nt_expect_clean(nt);
}

/* Without the feature the stack does the work: small frames, good checksums. */
static void nt_send_gso_unable(struct kunit *test)
{
	const struct nt_setup *setup = test->param_value;
	struct nt *nt = nt_start(test, &setup->dev);
	const struct nt_flow *flow = &nt_large[1];
	unsigned int i, nr = DIV_ROUND_UP(flow->payload, flow->gso_size);
	struct sk_buff *skb = nt_packet_skb(nt, flow);
	struct nm_frame *frame;
	struct nm_pkt pkt;

	KUNIT_ASSERT_NOT_NULL(test, skb);
	KUNIT_EXPECT_EQ(test, dev_queue_xmit(skb), 0);
	KUNIT_ASSERT_TRUE(test, nm_wait_sent(nt->nm, nr, NT_MS));
	for (i = 0; i < nr; i++) {
		frame = nt_next_sent(nt);
		KUNIT_ASSERT_NOT_NULL(test, frame);
		KUNIT_EXPECT_EQ(test, frame->hdr.gso_type, NM_GSO_NONE);
		if (frame->hdr.flags)
			nm_complete_csum(frame->data, frame->len, frame->hdr.csum_start,
					 frame->hdr.csum_offset);
		KUNIT_EXPECT_TRUE(test, nm_parse(frame->data, frame->len, &pkt));
		KUNIT_EXPECT_TRUE(test, nm_csum_good(frame->data, frame->len, &pkt));
		nm_free_frame(frame);
	}
	nt_expect_clean(nt);
}

static int nt_inject_flow(struct nt *nt, const struct nt_flow *flow, u8 flags, bool partial)
{
	struct nm_hdr hdr = { .flags = flags };
	struct nm_pkt pkt;
	unsigned int len;
	u8 *data;
	int err;

	data = kvmalloc(128 + flow->payload, GFP_KERNEL);
	if (!data)
		return -ENOMEM;
	len = nt_make_packet(nt, flow, data, &pkt, partial);
	if (flags & NM_HDR_NEEDS_CSUM) {
		hdr.csum_start = pkt.l4;
		hdr.csum_offset = flow->udp ? 6 : 16;
	}
	if (flow->gso_size) {
		hdr.gso_type = nt_gso_type(flow);
		hdr.gso_size = flow->gso_size;
		hdr.hdr_len = pkt.payload;
	}
	nm_wait_buffers(nt->nm, 0, 40, NT_MS);
	err = nm_receive(nt->nm, 0, &hdr, data, len, NULL);
	kvfree(data);

	return err;
}

/* The tag is where the stack has put it. */
static void nt_expect_flow(struct nt *nt, const struct nt_flow *flow, struct sk_buff *skb,
			   bool partial)
{
	u8 *data = kvmalloc(skb->len + 128, GFP_KERNEL);
	unsigned int len = skb->len;

	KUNIT_ASSERT_NOT_NULL(nt->test, data);
	KUNIT_ASSERT_EQ(nt->test, skb_copy_bits(skb, 0, data, len), 0);
	if (skb_vlan_tag_present(skb)) {
		memmove(data + 16, data + 12, len - 12);
		data[12] = 0x81;
		data[13] = 0;
		data[14] = skb_vlan_tag_get(skb) >> 8;
		data[15] = skb_vlan_tag_get(skb);
		len += 4;
	}
	KUNIT_EXPECT_TRUE(nt->test, nt_packet_is(nt, flow, data, len, partial));
	kvfree(data);
}

static void nt_receive_csum(struct kunit *test)
{
	const struct nt_setup *setup = test->param_value;
	struct nt *nt = nt_start(test, &setup->dev);
	struct sk_buff *skb;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(nt_flows); i++) {
		const struct nt_flow *flow = &nt_flows[i];
		unsigned int l4 = ETH_HLEN + (flow->v6 ? 40 : 20);

		KUNIT_ASSERT_EQ(test, nt_inject_flow(nt, flow, NM_HDR_NEEDS_CSUM, true), 0);
		skb = nt_next_rx(nt);
		KUNIT_ASSERT_NOT_NULL(test, skb);
		KUNIT_EXPECT_EQ(test, (int)skb->ip_summed, CHECKSUM_PARTIAL);
		KUNIT_EXPECT_EQ(test, skb_checksum_start_offset(skb), l4);
		KUNIT_EXPECT_EQ(test, skb->csum_offset, flow->udp ? 6 : 16);
		nt_expect_flow(nt, flow, skb, true);
		kfree_skb(skb);

		KUNIT_ASSERT_EQ(test, nt_inject_flow(nt, flow, NM_HDR_DATA_VALID, false), 0);
		skb = nt_next_rx(nt);
		KUNIT_ASSERT_NOT_NULL(test, skb);
		KUNIT_EXPECT_EQ(test, (int)skb->ip_summed, CHECKSUM_UNNECESSARY);
		nt_expect_flow(nt, flow, skb, false);
		kfree_skb(skb);

		/* Nobody vouches for it. */
		KUNIT_ASSERT_EQ(test, nt_inject_flow(nt, flow, 0, false), 0);
		skb = nt_next_rx(nt);
		KUNIT_ASSERT_NOT_NULL(test, skb);
		KUNIT_EXPECT_EQ(test, (int)skb->ip_summed, CHECKSUM_NONE);
		kfree_skb(skb);
	}
	nt_expect_clean(nt);
}

static void nt_receive_gso(struct kunit *test)
{
	const struct nt_setup *setup = test->param_value;
	struct nt *nt = nt_start(test, &setup->dev);
	struct sk_buff *skb;
	unsigned int i, type;

	for (i = 0; i < ARRAY_SIZE(nt_large); i++) {
		const struct nt_flow *flow = &nt_large[i];

		KUNIT_ASSERT_EQ(test, nt_inject_flow(nt, flow, NM_HDR_NEEDS_CSUM, true), 0);
		skb = nt_next_rx(nt);
		KUNIT_ASSERT_NOT_NULL(test, skb);
		type = flow->v6 ? SKB_GSO_TCPV6 : SKB_GSO_TCPV4;
		KUNIT_EXPECT_EQ(test, skb_shinfo(skb)->gso_size, flow->gso_size);
		KUNIT_EXPECT_EQ(test, skb_shinfo(skb)->gso_type & type, type);
		KUNIT_EXPECT_EQ(test, !!(skb_shinfo(skb)->gso_type & SKB_GSO_TCP_ECN), flow->ecn);
		KUNIT_EXPECT_TRUE(test, skb_shinfo(skb)->gso_type & SKB_GSO_DODGY);
		nt_expect_flow(nt, flow, skb, true);
		kfree_skb(skb);
	}
	nt_expect_clean(nt);
}

static void nt_receive_uso(struct kunit *test)
{
	const struct nt_setup *setup = test->param_value;
	struct nt *nt = nt_start(test, &setup->dev);
	struct sk_buff *skb;
	unsigned int i;

	/* Not on a kernel that could not take them in. */
	KUNIT_EXPECT_EQ(test, nm_has(nt->nm, NT_GUEST_USO), !!KGD_VIRTIO_NET_HDR_USO);
	for (i = 0; i < ARRAY_SIZE(nt_large_udp) && KGD_VIRTIO_NET_HDR_USO; i++) {
		const struct nt_flow *flow = &nt_large_udp[i];

		KUNIT_ASSERT_EQ(test, nt_inject_flow(nt, flow, NM_HDR_NEEDS_CSUM, true), 0);
		skb = nt_next_rx(nt);
		KUNIT_ASSERT_NOT_NULL(test, skb);
		KUNIT_EXPECT_EQ(test, skb_shinfo(skb)->gso_size, flow->gso_size);
		KUNIT_EXPECT_EQ(test, skb_shinfo(skb)->gso_type,
				SKB_GSO_UDP_L4 | SKB_GSO_DODGY);
		KUNIT_EXPECT_EQ(test, (int)skb->ip_summed, CHECKSUM_PARTIAL);
		nt_expect_flow(nt, flow, skb, true);
		kfree_skb(skb);
	}
	nt_expect_clean(nt);
}

/* A device that does not do what it did not promise: the flags mean nothing. */
static void nt_receive_valid_unasked(struct kunit *test)
{
	const struct nm_params params = { .features = NT_MODERN, .mode = FV_RUN };
	const struct nm_hdr hdr = { .flags = NM_HDR_DATA_VALID };
	const struct nm_bad bad = { .unchecked = true };
	struct nt *nt = nt_start(test, &params);
	struct sk_buff *skb;

	KUNIT_ASSERT_EQ(test, nt_inject(nt, 0, 200, 1, &hdr, &bad), 0);
	skb = nt_next_rx(nt);
	KUNIT_ASSERT_NOT_NULL(test, skb);
	KUNIT_EXPECT_EQ(test, (int)skb->ip_summed, CHECKSUM_NONE);
	kfree_skb(skb);
}

static void nt_switch_features(struct nt *nt, netdev_features_t set, netdev_features_t clear)
{
	rtnl_lock();
	nt->dev->wanted_features |= set;
	nt->dev->wanted_features &= ~clear;
	netdev_update_features(nt->dev);
	rtnl_unlock();
}

/* A large frame comes back whole, and in pieces when that was asked for. */
static void nt_expect_switched(struct nt *nt, const struct nt_flow *flow, u64 all)
{
	unsigned int i, n, round, want;
	struct sk_buff *skb;

	for (round = 0; round < 4; round++) {
		bool on = !(round & 1);

		nt_switch_features(nt, on ? NETIF_F_GRO_HW : 0, on ? 0 : NETIF_F_GRO_HW);
		KUNIT_EXPECT_EQ(nt->test, !!(nt->dev->features & NETIF_F_GRO_HW), on);
		KUNIT_EXPECT_EQ(nt->test, nt->nm->ctrl.offloads, on ? all : NM_F_GUEST_CSUM);

		KUNIT_ASSERT_EQ(nt->test, nt_send_skb(nt, 0, nt_packet_skb(nt, flow)), 0);
		n = on ? 1 : DIV_ROUND_UP(flow->payload, flow->gso_size);
		for (i = 0; i < n; i++) {
			skb = nt_next_rx(nt);
			KUNIT_ASSERT_NOT_NULL(nt->test, skb);
			want = on ? flow->payload : flow->gso_size;
			KUNIT_EXPECT_EQ(nt->test, skb->len, (flow->udp ? 42 : 54) + want);
			kfree_skb(skb);
		}
	}
}

static void nt_guest_offloads(struct kunit *test)
{
	const struct nt_setup *setup = test->param_value;
	struct nt *nt = nt_start(test, &setup->dev);
	const u64 all = NM_F_GUEST_CSUM | NM_F_GUEST_TSO4 | NM_F_GUEST_TSO6 | NM_F_GUEST_ECN;

	nt->nm->tx = NM_TX_LOOP;
	KUNIT_EXPECT_EQ(test, nt->nm->ctrl.offloads, all);
	nt_expect_switched(nt, &nt_large[1], all);

	/* Refused: nothing has changed. */
	nt->nm->refuse = BIT(NM_CTRL_OFFLOADS);
	nt_switch_features(nt, NETIF_F_GRO_HW, 0);
	KUNIT_EXPECT_FALSE(test, nt->dev->features & NETIF_F_GRO_HW);
	KUNIT_EXPECT_EQ(test, nt->nm->ctrl.offloads, NM_F_GUEST_CSUM);
	nt_expect_clean(nt);
}

/* Segmented UDP is one of them. */
static void nt_guest_uso_switch(struct kunit *test)
{
	u64 all = NM_F_GUEST_CSUM | NM_F_GUEST_TSO4 | NM_F_GUEST_TSO6 | NM_F_GUEST_ECN;
	struct nt *nt = nt_start(test, &nt_uso[0].dev);

	nt->nm->tx = NM_TX_LOOP;
	if (KGD_VIRTIO_NET_HDR_USO) {
		all |= NT_GUEST_USO;
		nt_expect_switched(nt, &nt_large_udp[1], all);
	}
	nt_switch_features(nt, NETIF_F_GRO_HW, 0);
	KUNIT_EXPECT_EQ(test, nt->nm->ctrl.offloads, all);
	nt_expect_clean(nt);
}

/* Switched off by hand, the device gets complete packets. */
static void nt_features_off(struct kunit *test)
{
	const struct nt_setup *setup = test->param_value;
	struct nt *nt = nt_start(test, &setup->dev);
	struct nm_frame *frame;

	nt_switch_features(nt, 0, NETIF_F_HW_CSUM | NETIF_F_ALL_TSO);
	frame = nt_pass(nt, &nt_flows[2]);
	KUNIT_ASSERT_NOT_NULL(test, frame);
	KUNIT_EXPECT_EQ(test, frame->hdr.flags, 0);
	KUNIT_EXPECT_TRUE(test, nt_packet_is(nt, &nt_flows[2], frame->data, frame->len, false));
	nm_free_frame(frame);

	nt_switch_features(nt, NETIF_F_HW_CSUM | NETIF_F_ALL_TSO, 0);
	frame = nt_pass(nt, &nt_flows[2]);
	KUNIT_ASSERT_NOT_NULL(test, frame);
	KUNIT_EXPECT_EQ(test, frame->hdr.flags, NM_HDR_NEEDS_CSUM);
	nm_free_frame(frame);
	nt_expect_clean(nt);
}

static struct kunit_case nt_offload_cases[] = {
	KUNIT_CASE_PARAM(nt_send_csum, offload_gen_params),
	KUNIT_CASE_PARAM(nt_send_csum, plain_gen_params),
	KUNIT_CASE_PARAM(nt_send_gso, offload_gen_params),
	KUNIT_CASE_PARAM(nt_send_uso, uso_gen_params),
	KUNIT_CASE_PARAM(nt_send_gso_unable, plain_gen_params),
	KUNIT_CASE_PARAM(nt_receive_csum, offload_gen_params),
	KUNIT_CASE_PARAM(nt_receive_gso, offload_gen_params),
	KUNIT_CASE_PARAM(nt_receive_uso, uso_gen_params),
	KUNIT_CASE(nt_receive_valid_unasked),
	KUNIT_CASE_PARAM(nt_guest_offloads, offload_gen_params),
	KUNIT_CASE(nt_guest_uso_switch),
	KUNIT_CASE_PARAM(nt_features_off, offload_gen_params),
	{}
};

struct kunit_suite nt_suite_offload = {
	.name = "virtio_net_offload",
	.init = nt_init,
	.exit = nt_exit,
	.test_cases = nt_offload_cases,
};
