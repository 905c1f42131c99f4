// SPDX-License-Identifier: GPL-2.0-only
/* KUnit tests of virtio_net: TCP segments that the device has put together. */

#include <linux/etherdevice.h>
#include <linux/slab.h>
#include <linux/tcp.h>

#include "virtio_net_kunit.h"

static const struct nm_params nt_rsc = {
	.features = NT_FULL | NM_F_RSC_EXT, .mode = FV_RUN,
};

static const struct nt_flow nt_rsc_flows[] = {
	{ .payload = 14480, .gso_size = 1448 },
	{ .payload = 2000, .gso_size = 1000 },
	{ .v6 = true, .payload = 60000, .gso_size = 1428 },
};

static int nt_rsc_init(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, fv_param_write("virtio_net", "rsc_ext", "1"), 0);

	return nt_init(test);
}

static void nt_rsc_exit(struct kunit *test)
{
	nt_exit(test);
	KUNIT_EXPECT_EQ(test, fv_param_write("virtio_net", "rsc_ext", "0"), 0);
}

/**
 * struct nt_rsc_case - a packet and what is done to it
 * @flow: what it is like
 * @hdr: its header
 * @at: where a byte of it is changed, 0 for nowhere
 * @byte: what it is then
 */
struct nt_rsc_case {
	struct nt_flow flow;
	struct nm_hdr hdr;
	unsigned int at;
	u8 byte;
};

static int nt_rsc_inject(struct nt *nt, const struct nt_rsc_case *c, bool partial)
{
	const struct nm_bad bad = { .unchecked = true };
	u8 *data = kvmalloc(128 + c->flow.payload, GFP_KERNEL);
	struct nm_pkt pkt;
	unsigned int len;
	int err;

	if (!data)
		return -ENOMEM;
	len = nt_make_packet(nt, &c->flow, data, &pkt, partial);
	if (c->at)
		data[c->at] = c->byte;
	nm_wait_buffers(nt->nm, 0, 40, NT_MS);
	err = nm_receive(nt->nm, 0, &c->hdr, data, len, &bad);
	kvfree(data);

	return err;
}

static void nt_rsc_expect(struct nt *nt, const struct nt_flow *flow, unsigned int segs,
			  unsigned int size)
{
	unsigned int l4 = ETH_HLEN + (flow->v6 ? 40 : 20);
	struct sk_buff *skb = nt_next_rx(nt);
	u8 *want = kvmalloc(128 + flow->payload, GFP_KERNEL);
	u8 *data = kvmalloc(128 + flow->payload, GFP_KERNEL);
	struct nm_pkt pkt;
	unsigned int len;

	KUNIT_EXPECT_NOT_NULL(nt->test, skb);
	if (skb && want && data) {
		KUNIT_EXPECT_EQ(nt->test, skb_shinfo(skb)->gso_segs, segs);
		KUNIT_EXPECT_EQ(nt->test, skb_shinfo(skb)->gso_size, size);
		KUNIT_EXPECT_TRUE(nt->test, skb_shinfo(skb)->gso_type & SKB_GSO_DODGY);
		KUNIT_EXPECT_EQ(nt->test, (int)skb->ip_summed, CHECKSUM_PARTIAL);
		KUNIT_EXPECT_EQ(nt->test, skb_checksum_start_offset(skb), l4);
		KUNIT_EXPECT_EQ(nt->test, skb->csum_offset, 16);
		len = nt_make_packet(nt, flow, want, &pkt, true);
		KUNIT_EXPECT_EQ(nt->test, skb->len, len);
		KUNIT_EXPECT_EQ(nt->test, skb_copy_bits(skb, 0, data, len), 0);
		NT_EXPECT_SAME(nt->test, data, want, len);
	}
	kfree_skb(skb);
	kvfree(want);
	kvfree(data);
}

/* As the specification has it, and as QEMU does it: without size and checksums. */
static void nt_rsc_counts(struct kunit *test)
{
	struct nt *nt = nt_start(test, &nt_rsc);
	struct nt_rsc_case c;
	unsigned int i, segs;

	KUNIT_EXPECT_TRUE(test, nm_has(nt->nm, NM_F_RSC_EXT));
	for (i = 0; i < ARRAY_SIZE(nt_rsc_flows); i++) {
		segs = DIV_ROUND_UP(nt_rsc_flows[i].payload, nt_rsc_flows[i].gso_size);
		c = (struct nt_rsc_case) {
			.flow = nt_rsc_flows[i],
			.hdr = {
				.flags = NM_HDR_NEEDS_CSUM | NM_HDR_RSC_INFO,
				.gso_type = nt_rsc_flows[i].v6 ? NM_GSO_TCPV6 : NM_GSO_TCPV4,
				.gso_size = nt_rsc_flows[i].gso_size,
				.csum_start = segs, .csum_offset = i,
			},
		};
		KUNIT_ASSERT_EQ(test, nt_rsc_inject(nt, &c, true), 0);
		nt_rsc_expect(nt, &c.flow, segs + i, c.flow.gso_size);

		c.hdr.flags = NM_HDR_RSC_INFO;
		c.hdr.gso_size = 0;
		if (!c.flow.v6) {
			c.at = 24;
			c.byte = 0xa5;
		}
		KUNIT_ASSERT_EQ(test, nt_rsc_inject(nt, &c, false), 0);
		nt_rsc_expect(nt, &c.flow, segs + i, DIV_ROUND_UP(c.flow.payload, segs));
	}
	nt_expect_traffic(nt);
	nt_expect_clean(nt);
}

#define NT_RSC_HDR(type, segs, acks) { \
	.flags = NM_HDR_RSC_INFO, .gso_type = (type), .gso_size = 100, \
	.csum_start = (segs), .csum_offset = (acks), \
}

static const struct nt_rsc_case nt_rsc_bad[] = {
	{ { .payload = 1000 }, NT_RSC_HDR(NM_GSO_TCPV4, 0, 0) },
	{ { .payload = 1000 }, NT_RSC_HDR(NM_GSO_TCPV4, 0, 5) },
	{ { .payload = 1000 }, NT_RSC_HDR(NM_GSO_TCPV4, 1002, 0) },
	{ { .payload = 1000 }, NT_RSC_HDR(NM_GSO_TCPV4, 10, 0xfff6) },
	{ { .payload = 1000 }, NT_RSC_HDR(NM_GSO_TCPV4, 0xffff, 0xffff) },
	{ { .payload = 1000 }, NT_RSC_HDR(NM_GSO_TCPV6, 10, 0) },
	{ { .payload = 1000, .v6 = true }, NT_RSC_HDR(NM_GSO_TCPV4, 10, 0) },
	{ { .payload = 1000 }, NT_RSC_HDR(NM_GSO_UDP, 10, 0) },
	{ { .payload = 1000 }, NT_RSC_HDR(NM_GSO_UDP_L4, 10, 0) },
	{ { .payload = 1000 }, NT_RSC_HDR(0x40 | NM_GSO_TCPV4, 10, 0) },
	{ { .payload = 1000, .udp = true }, NT_RSC_HDR(NM_GSO_TCPV4, 10, 0) },
	{ { .payload = 1000, .udp = true, .v6 = true }, NT_RSC_HDR(NM_GSO_TCPV6, 10, 0) },
	/* IP version, header length, total length, a fragment; TCP header length. */
	{ { .payload = 1000 }, NT_RSC_HDR(NM_GSO_TCPV4, 10, 0), 14, 0x65 },
	{ { .payload = 1000 }, NT_RSC_HDR(NM_GSO_TCPV4, 10, 0), 14, 0x4f },
	{ { .payload = 1000 }, NT_RSC_HDR(NM_GSO_TCPV4, 10, 0), 16, 0xff },
	{ { .payload = 1000 }, NT_RSC_HDR(NM_GSO_TCPV4, 10, 0), 20, 0x20 },
	{ { .payload = 1000 }, NT_RSC_HDR(NM_GSO_TCPV4, 10, 0), 46, 0x40 },
	{ { .payload = 10 }, NT_RSC_HDR(NM_GSO_TCPV4, 2, 0), 46, 0xf0 },
};

static void nt_rsc_hostile(struct kunit *test)
{
	struct nt *nt = nt_start(test, &nt_rsc);
	struct rtnl_link_stats64 stats;
	unsigned int i, n;

	for (i = 0; i < ARRAY_SIZE(nt_rsc_bad); i++) {
		kunit_info(test, "case %u\n", i);
		KUNIT_ASSERT_EQ(test, nt_rsc_inject(nt, &nt_rsc_bad[i], false), 0);
		nt_expect_traffic(nt);
		/* Counted when the queue has been polled. */
		for (n = 0; n < NT_MS; n++) {
			nt_stats(nt, &stats);
			if (stats.rx_frame_errors > i)
				break;
			nt_nap();
		}
		KUNIT_EXPECT_EQ(test, stats.rx_frame_errors, i + 1);
	}
	nt_expect_clean(nt);
}

/* The flag of a device that was not told that it may use it. */
static void nt_rsc_unasked(struct kunit *test)
{
	struct nt_rsc_case c = {
		.flow = { .payload = 3000 },
		.hdr = {
			.flags = NM_HDR_NEEDS_CSUM | NM_HDR_RSC_INFO, .gso_type = NM_GSO_TCPV4,
			.gso_size = 1000, .csum_start = 34, .csum_offset = 16,
		},
	};
	struct nt *nt;

	KUNIT_EXPECT_EQ(test, fv_param_write("virtio_net", "rsc_ext", "0"), 0);
	nt = nt_start(test, &nt_rsc);
	KUNIT_EXPECT_FALSE(test, nm_has(nt->nm, NM_F_RSC_EXT));
	KUNIT_ASSERT_EQ(test, nt_rsc_inject(nt, &c, true), 0);
	nt_rsc_expect(nt, &c.flow, 0, 1000);
	nt_expect_clean(nt);
}

static struct kunit_case nt_rsc_cases[] = {
	KUNIT_CASE(nt_rsc_counts),
	KUNIT_CASE(nt_rsc_hostile),
	KUNIT_CASE(nt_rsc_unasked),
	{}
};

struct kunit_suite nt_suite_rsc = {
	.name = "virtio_net_rsc",
	.init = nt_rsc_init,
	.exit = nt_rsc_exit,
	.test_cases = nt_rsc_cases,
};
