// SPDX-License-Identifier: GPL-2.0-only
/* KUnit tests of the model itself: what it computes is what others compute. */

#include <linux/etherdevice.h>
#include <linux/mm.h>

#include "virtio_net_kunit.h"

/* The key and the vectors that RSS implementations are verified with. */
static const u8 nt_rss_key[NM_KEY_MIN] = {
	0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67,
	0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb,
	0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30,
	0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
};

static void nt_toeplitz(struct kunit *test)
{
	static const struct {
		u8 in[12];
		u32 ip;
		u32 tcp;
	} vectors[] = {
		{ { 66, 9, 149, 187, 161, 142, 100, 80, 2794 >> 8, 2794 & 255, 1766 >> 8,
		    1766 & 255 }, 0x323e8fc2, 0x51ccc178 },
		{ { 199, 92, 111, 2, 65, 69, 140, 83, 14230 >> 8, 14230 & 255, 4739 >> 8,
		    4739 & 255 }, 0xd718262a, 0xc626b0ea },
		{ { 24, 19, 198, 95, 12, 22, 207, 184, 12898 >> 8, 12898 & 255, 38024 >> 8,
		    38024 & 255 }, 0xd2d0a5de, 0x5c2b394a },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(vectors); i++) {
		KUNIT_EXPECT_EQ(test, nm_toeplitz(nt_rss_key, NM_KEY_MIN, vectors[i].in, 8),
				vectors[i].ip);
		KUNIT_EXPECT_EQ(test, nm_toeplitz(nt_rss_key, NM_KEY_MIN, vectors[i].in, 12),
				vectors[i].tcp);
	}
}

/* Segments of the model, complete, make the packet again. */
static void nt_segmentation(struct kunit *test)
{
	static const struct nt_flow flows[] = {
		{ .payload = 5000, .gso_size = 1448 },
		{ .payload = 5000, .gso_size = 1448, .vlan = true },
		{ .payload = 5000, .gso_size = 1428, .v6 = true },
		{ .payload = 5000, .gso_size = 1000, .udp = true },
		{ .payload = 5000, .gso_size = 1000, .udp = true, .v6 = true },
		{ .payload = 1000, .gso_size = 1000 },
	};
	const struct nm_params params = { .features = NT_MODERN, .mode = FV_RUN };
	struct nt *nt = nt_create(test, &params);
	struct nm_frame *seg, *next, *frame;
	struct nm_pkt pkt, part;
	unsigned int i, done;
	LIST_HEAD(list);

	for (i = 0; i < ARRAY_SIZE(flows); i++) {
		frame = nm_new_frame(128 + flows[i].payload);
		KUNIT_ASSERT_NOT_NULL(test, frame);
		frame->len = nt_make_packet(nt, &flows[i], frame->data, &pkt, true);
		frame->hdr.gso_size = flows[i].gso_size;
		KUNIT_EXPECT_EQ(test, nm_segment(frame, &list),
				DIV_ROUND_UP(flows[i].payload, flows[i].gso_size));
		done = 0;
		list_for_each_entry_safe(seg, next, &list, node) {
			list_del(&seg->node);
			KUNIT_EXPECT_TRUE(test, nm_parse(seg->data, seg->len, &part));
			KUNIT_EXPECT_TRUE(test, nm_csum_good(seg->data, seg->len, &part));
			KUNIT_EXPECT_EQ(test, part.payload, pkt.payload);
			NT_EXPECT_SAME(test, seg->data + part.payload,
				       frame->data + pkt.payload + done,
				       seg->len - part.payload);
			done += seg->len - part.payload;
			nm_free_frame(seg);
		}
		KUNIT_EXPECT_EQ(test, done, flows[i].payload);
		nm_free_frame(frame);
	}
}

/* The checks of the model see what they should see. */
static void nt_filter(struct kunit *test)
{
	static const u8 group[] = { 1, 0, 0x5e, 1, 2, 3 }, other[] = { 2, 5, 5, 5, 5, 5 };
	const struct nm_params params = { .features = NT_MODERN, .mode = FV_RUN };
	struct nt *nt = nt_start(test, &params);
	u8 frame[64];

	KUNIT_ASSERT_TRUE(test, nm_wait(nt->nm, READ_ONCE(nt->nm->ctrl.tables) > 0, NT_MS));
	nt_make_frame(nt, frame, sizeof(frame), 1);
	KUNIT_EXPECT_TRUE(test, nm_passes(nt->nm, frame, sizeof(frame)));
	ether_addr_copy(frame, other);
	KUNIT_EXPECT_FALSE(test, nm_passes(nt->nm, frame, sizeof(frame)));
	ether_addr_copy(frame, group);
	KUNIT_EXPECT_FALSE(test, nm_passes(nt->nm, frame, sizeof(frame)));
	nt->nm->ctrl.mode[NM_RX_ALLMULTI] = 1;
	KUNIT_EXPECT_TRUE(test, nm_passes(nt->nm, frame, sizeof(frame)));
	nt->nm->ctrl.mode[NM_RX_NOMULTI] = 1;
	KUNIT_EXPECT_FALSE(test, nm_passes(nt->nm, frame, sizeof(frame)));
	eth_broadcast_addr(frame);
	KUNIT_EXPECT_TRUE(test, nm_passes(nt->nm, frame, sizeof(frame)));
	frame[12] = 0x81;
	frame[13] = 0;
	frame[14] = 0;
	frame[15] = 7;
	KUNIT_EXPECT_FALSE(test, nm_passes(nt->nm, frame, sizeof(frame)));
	set_bit(7, nt->nm->ctrl.vlans);
	KUNIT_EXPECT_TRUE(test, nm_passes(nt->nm, frame, sizeof(frame)));
}

static struct kunit_case nt_model_cases[] = {
	KUNIT_CASE(nt_toeplitz),
	KUNIT_CASE(nt_segmentation),
	KUNIT_CASE(nt_filter),
	{}
};

struct kunit_suite nt_suite_model = {
	.name = "virtio_net_model",
	.init = nt_init,
	.exit = nt_exit,
	.test_cases = nt_model_cases,
};
