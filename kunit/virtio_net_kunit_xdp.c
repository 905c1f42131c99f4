// SPDX-License-Identifier: GPL-2.0-only
/* KUnit tests of virtio_net: XDP programs, and frames that others redirect. */

#include <linux/bpf.h>
#include <linux/etherdevice.h>
#include <linux/filter.h>
#include <linux/mm.h>
#include <linux/rtnetlink.h>
#include <net/xdp.h>

#include "virtio_net_kunit.h"

#define NT_XDP_MTU	9000

static const struct nt_setup nt_xdp_setups[] = {
	{ "legacy small", { .features = NT_BASE, .mode = FV_RUN } },
	{ "legacy mergeable", { .features = NT_BASE | NM_F_MRG_RXBUF, .mode = FV_RUN } },
	{ "split all", { .features = NT_FULL, .mode = FV_RUN } },
	{ "packed all", { .features = NT_FULL | NM_F_RING_PACKED, .mode = FV_RUN } },
};

FV_ARRAY_PARAM(xdp, nt_xdp_setups, nt_setup_desc);

static const struct nt_setup nt_xdp_merging[] = {
	{ "split", { .features = NT_MODERN | NM_F_MRG_RXBUF, .mode = FV_RUN } },
	{ "packed", { .features = NT_FULL | NM_F_RING_PACKED, .mode = FV_RUN } },
};

FV_ARRAY_PARAM(merging, nt_xdp_merging, nt_setup_desc);

/* These programs have not been through the verifier: their context is the xdp_buff itself. */
#define NT_CTX(field)	offsetof(struct xdp_buff, field)

/* Does what the first byte behind the Ethernet header says, which is the seed of a frame. */
static const struct bpf_insn nt_prog_seed[] = {
	BPF_LDX_MEM(BPF_DW, BPF_REG_2, BPF_REG_1, NT_CTX(data)),
	BPF_LDX_MEM(BPF_B, BPF_REG_0, BPF_REG_2, ETH_HLEN),
	BPF_EXIT_INSN(),
};

#define NT_GROWN	8

/* Likewise, and moves the Ethernet header to the front by NT_GROWN. */
static const struct bpf_insn nt_prog_grow[] = {
	BPF_LDX_MEM(BPF_DW, BPF_REG_2, BPF_REG_1, NT_CTX(data)),
	BPF_LDX_MEM(BPF_B, BPF_REG_0, BPF_REG_2, ETH_HLEN),
	BPF_LDX_MEM(BPF_DW, BPF_REG_3, BPF_REG_2, 0),
	BPF_LDX_MEM(BPF_W, BPF_REG_4, BPF_REG_2, 8),
	BPF_LDX_MEM(BPF_H, BPF_REG_5, BPF_REG_2, 12),
	BPF_ALU64_IMM(BPF_SUB, BPF_REG_2, NT_GROWN),
	BPF_STX_MEM(BPF_DW, BPF_REG_2, BPF_REG_3, 0),
	BPF_STX_MEM(BPF_W, BPF_REG_2, BPF_REG_4, 8),
	BPF_STX_MEM(BPF_H, BPF_REG_2, BPF_REG_5, 12),
	BPF_STX_MEM(BPF_DW, BPF_REG_1, BPF_REG_2, NT_CTX(data)),
	BPF_STX_MEM(BPF_DW, BPF_REG_1, BPF_REG_2, NT_CTX(data_meta)),
	BPF_EXIT_INSN(),
};

static struct bpf_prog *nt_prog(struct kunit *test, const struct bpf_insn *insns,
				unsigned int count, bool frags)
{
	struct bpf_prog *prog = bpf_prog_alloc(bpf_prog_size(count), 0);
	int err;

	KUNIT_ASSERT_NOT_NULL(test, prog);
	memcpy(prog->insnsi, insns, count * sizeof(*insns));
	prog->len = count;
	prog->type = BPF_PROG_TYPE_XDP;
	prog->aux->xdp_has_frags = frags;
	/* One is the test's. */
	atomic64_set(&prog->aux->refcnt, 1);
	prog = bpf_prog_select_runtime(prog, &err);
	KUNIT_ASSERT_EQ(test, err, 0);

	return prog;
}

static struct bpf_prog *nt_seed_prog(struct kunit *test, bool frags)
{
	return nt_prog(test, nt_prog_seed, ARRAY_SIZE(nt_prog_seed), frags);
}

/* The driver has let go of it. */
static void nt_prog_free(struct kunit *test, struct bpf_prog *prog)
{
	KUNIT_EXPECT_EQ(test, atomic64_read(&prog->aux->refcnt), 1);
	synchronize_net();
	bpf_prog_free(prog);
}

/* As the core does: the driver owns a reference of what it takes. */
static int nt_xdp_load(struct nt *nt, struct bpf_prog *prog)
{
	struct netdev_bpf bpf = { .command = XDP_SETUP_PROG, .prog = prog };
	int err;

	rtnl_lock();
	if (prog)
		bpf_prog_inc(prog);
	err = nt->dev->netdev_ops->ndo_bpf(nt->dev, &bpf);
	if (err && prog)
		bpf_prog_put(prog);
	rtnl_unlock();

	return err;
}

static bool nt_xdp_count(struct nt *nt, const char *name, u64 want)
{
	unsigned int i;

	for (i = 0; i < NT_MS && nt_ethtool_stat(nt, "rx0", name) != want; i++)
		nt_nap();
	if (nt_ethtool_stat(nt, "rx0", name) == want)
		return true;
	kunit_info(nt->test, "%s is %llu, not %llu\n", name, nt_ethtool_stat(nt, "rx0", name),
		   want);

	return false;
}

static void nt_xdp_passes(struct nt *nt, unsigned int len)
{
	KUNIT_ASSERT_EQ(nt->test, nt_inject_wait(nt, 0, len, XDP_PASS, NULL), 0);
	KUNIT_EXPECT_TRUE_MSG(nt->test, nt_rx_arrives(nt, len, XDP_PASS), "frame of %u", len);
}

/* The frame is sent back. */
static void nt_xdp_returns(struct nt *nt, unsigned int len)
{
	u64 sent = READ_ONCE(nt->nm->nr_sent);
	struct nm_frame *frame;

	KUNIT_ASSERT_EQ(nt->test, nt_inject_wait(nt, 0, len, XDP_TX, NULL), 0);
	KUNIT_ASSERT_TRUE(nt->test, nm_wait_sent(nt->nm, sent + 1, NT_MS));
	frame = nt_next_sent(nt);
	KUNIT_ASSERT_NOT_NULL(nt->test, frame);
	KUNIT_EXPECT_EQ(nt->test, frame->len, len);
	KUNIT_EXPECT_TRUE(nt->test, nt_frame_is(nt, frame->data, frame->len, XDP_TX));
	nm_free_frame(frame);
}

/* Every verdict, with buffers from before the program and its own, and after it is gone. */
static void nt_xdp_verdicts(struct kunit *test)
{
	static const unsigned int sizes[] = { 60, 142, 143, 700, 1514 };
	static const u8 drops[] = { XDP_DROP, XDP_ABORTED, 9, XDP_REDIRECT };
	const struct nt_setup *setup = test->param_value;
	struct nt *nt = nt_start(test, &setup->dev);
	struct bpf_prog *prog = nt_seed_prog(test, false);
	unsigned int i, rounds = 60, total = 0;
	struct rtnl_link_stats64 stats;

	KUNIT_ASSERT_EQ(test, nt_xdp_load(nt, prog), 0);
	/* A ring has 128 buffers. */
	for (i = 0; i < rounds; i++) {
		nt_xdp_passes(nt, sizes[i % ARRAY_SIZE(sizes)]);
		nt_xdp_returns(nt, sizes[i % ARRAY_SIZE(sizes)]);
		KUNIT_ASSERT_EQ(test, nt_inject_wait(nt, 0, sizes[i % ARRAY_SIZE(sizes)],
						     drops[i % ARRAY_SIZE(drops)], NULL), 0);
		total += 3;
	}

	KUNIT_EXPECT_TRUE(test, nt_xdp_count(nt, "xdp_packets", total));
	KUNIT_EXPECT_TRUE(test, nt_xdp_count(nt, "xdp_drops", rounds));
	KUNIT_EXPECT_TRUE(test, nt_xdp_count(nt, "xdp_tx", rounds));
	KUNIT_EXPECT_TRUE(test, nt_xdp_count(nt, "packets", total));
	KUNIT_EXPECT_EQ(test, nt_ethtool_stat(nt, "rx0", "xdp_redirects"), 0);
	nt_stats(nt, &stats);
	KUNIT_EXPECT_EQ(test, stats.rx_dropped, rounds);
	KUNIT_EXPECT_EQ(test, atomic_read(&nt->nr_rx), rounds);

	KUNIT_EXPECT_EQ(test, nt_xdp_load(nt, NULL), 0);
	for (i = 0; i < 150; i++) {
		KUNIT_ASSERT_EQ(test, nt_inject_wait(nt, 0, sizes[i % ARRAY_SIZE(sizes)], XDP_DROP,
						     NULL), 0);
		KUNIT_ASSERT_TRUE(test, nt_rx_arrives(nt, sizes[i % ARRAY_SIZE(sizes)], XDP_DROP));
	}
	KUNIT_EXPECT_EQ(test, nt_ethtool_stat(nt, "rx0", "xdp_packets"), total);
	nt_expect_traffic(nt);
	nt_expect_clean(nt);
	nt_prog_free(test, prog);
}

/* A frame that a program has made longer is passed on and sent as it is then. */
static void nt_xdp_grown(struct kunit *test)
{
	const struct nt_setup *setup = test->param_value;
	struct nt *nt = nt_start(test, &setup->dev);
	struct bpf_prog *prog = nt_prog(test, nt_prog_grow, ARRAY_SIZE(nt_prog_grow), false);
	struct nm_frame *frame;
	struct sk_buff *skb;
	unsigned int i, len;
	u64 sent;

	KUNIT_ASSERT_EQ(test, nt_xdp_load(nt, prog), 0);
	for (i = 0; i < 8; i++) {
		len = i & 1 ? 1000 : 70;
		KUNIT_ASSERT_EQ(test, nt_inject_wait(nt, 0, len, XDP_PASS, NULL), 0);
		skb = nt_next_rx(nt);
		KUNIT_ASSERT_NOT_NULL(test, skb);
		KUNIT_EXPECT_EQ(test, skb->len, len + NT_GROWN);
		KUNIT_EXPECT_TRUE(test, nt_filled(skb->data + ETH_HLEN + NT_GROWN, len - ETH_HLEN,
						  XDP_PASS));
		kfree_skb(skb);

		sent = READ_ONCE(nt->nm->nr_sent);
		KUNIT_ASSERT_EQ(test, nt_inject_wait(nt, 0, len, XDP_TX, NULL), 0);
		KUNIT_ASSERT_TRUE(test, nm_wait_sent(nt->nm, sent + 1, NT_MS));
		frame = nt_next_sent(nt);
		KUNIT_ASSERT_NOT_NULL(test, frame);
		KUNIT_EXPECT_EQ(test, frame->len, len + NT_GROWN);
		KUNIT_EXPECT_TRUE(test, nt_filled(frame->data + ETH_HLEN + NT_GROWN,
						  len - ETH_HLEN, XDP_TX));
		nm_free_frame(frame);
	}
	KUNIT_EXPECT_EQ(test, nt_xdp_load(nt, NULL), 0);
	nt_expect_clean(nt);
	nt_prog_free(test, prog);
}

/* What the device itself has sent may be longer than what it takes (5.1.4.2). */
static void nt_xdp_too_long(struct kunit *test)
{
	static const struct nm_params setups[] = {
		{ .features = NT_MODERN | NM_F_MRG_RXBUF, .mode = FV_RUN },
		{ .features = NT_MODERN | NM_F_MRG_RXBUF | NM_F_MTU, .mtu = 1500, .mode = FV_RUN },
		{ .features = NT_FULL | NM_F_RING_PACKED | NM_F_MTU, .mtu = 1500, .mode = FV_RUN },
	};
	static const unsigned int sizes[] = { 1523, 3000, 9014 };
	struct bpf_prog *prog = nt_seed_prog(test, true);
	unsigned int i, j, drops;
	struct nt *nt;

	for (i = 0; i < ARRAY_SIZE(setups); i++) {
		drops = 0;
		nt = nt_start(test, &setups[i]);
		KUNIT_ASSERT_EQ(test, nt_xdp_load(nt, prog), 0);
		/* With two VLAN tags. */
		nt_xdp_returns(nt, 1522);
		for (j = 0; j < ARRAY_SIZE(sizes); j++) {
			nt_xdp_passes(nt, sizes[j]);
			if (!setups[i].mtu) {
				nt_xdp_returns(nt, sizes[j]);
				continue;
			}
			KUNIT_ASSERT_EQ(test, nt_inject_wait(nt, 0, sizes[j], XDP_TX, NULL), 0);
			KUNIT_EXPECT_TRUE(test, nt_xdp_count(nt, "xdp_drops", ++drops));
		}
		nt_xdp_returns(nt, 1514);
		KUNIT_EXPECT_TRUE(test, nt_xdp_count(nt, "xdp_drops", drops));
		KUNIT_EXPECT_EQ(test, nt_xdp_load(nt, NULL), 0);
		nt_expect_clean(nt);
		nt_detach(nt);
		nm_destroy(nt->nm);
		nt->nm = NULL;
	}
	nt_prog_free(test, prog);
}

/* Frames of many buffers, for a program that takes them, and for one that does not. */
static void nt_xdp_pieces(struct kunit *test)
{
	static const unsigned int sizes[] = { 5000, 9014, 16000, 40000 };
	const struct nt_setup *setup = test->param_value;
	struct nt *nt = nt_start(test, &setup->dev);
	struct bpf_prog *whole = nt_seed_prog(test, false);
	struct bpf_prog *frags = nt_seed_prog(test, true);
	unsigned int i;
	u64 drops;

	KUNIT_ASSERT_EQ(test, nt_xdp_load(nt, frags), 0);
	/* A ring has 128 buffers, and those from before the program are small: copied. */
	nt_xdp_passes(nt, 5000);
	for (i = 0; i < 130; i++)
		nt_xdp_passes(nt, 1514);
	for (i = 0; i < 3 * ARRAY_SIZE(sizes); i++) {
		nt_xdp_passes(nt, sizes[i % ARRAY_SIZE(sizes)]);
		nt_xdp_returns(nt, sizes[i % ARRAY_SIZE(sizes)]);
		KUNIT_ASSERT_EQ(test, nt_inject_wait(nt, 0, sizes[i % ARRAY_SIZE(sizes)],
						     XDP_DROP, NULL), 0);
	}
	KUNIT_EXPECT_TRUE(test, nt_xdp_count(nt, "xdp_drops", i));

	/* More pieces than a packet can have. */
	KUNIT_ASSERT_EQ(test, nt_inject_wait(nt, 0, 65535, XDP_PASS, NULL), 0);
	KUNIT_EXPECT_TRUE(test, nt_xdp_count(nt, "xdp_drops", i + 1));
	nt_xdp_passes(nt, 300);

	KUNIT_ASSERT_EQ(test, nt_xdp_load(nt, whole), 0);
	drops = nt_ethtool_stat(nt, "rx0", "xdp_drops");
	KUNIT_ASSERT_EQ(test, nt_inject_wait(nt, 0, 5000, XDP_PASS, NULL), 0);
	KUNIT_EXPECT_TRUE(test, nt_xdp_count(nt, "xdp_drops", drops + 1));
	nt_xdp_passes(nt, 1514);
	KUNIT_EXPECT_EQ(test, nt_xdp_load(nt, NULL), 0);
	nt_expect_traffic(nt);
	nt_expect_clean(nt);
	nt_prog_free(test, whole);
	nt_prog_free(test, frags);
}

/* While a program is there the device offloads nothing, also after a reset. */
static void nt_xdp_offloads(struct kunit *test)
{
	const u64 all = NM_F_GUEST_CSUM | NM_F_GUEST_TSO4 | NM_F_GUEST_TSO6 | NM_F_GUEST_ECN;
	const struct nm_params params = { .features = NT_FULL, .mode = FV_RUN };
	struct nt *nt = nt_start(test, &params);
	struct bpf_prog *prog = nt_seed_prog(test, true);
	const struct nm_ctrl *ctrl = &nt->nm->ctrl;

	nt->nm->refuse = BIT(NM_CTRL_OFFLOADS);
	KUNIT_EXPECT_LT(test, nt_xdp_load(nt, prog), 0);
	nt->nm->refuse = 0;
	KUNIT_EXPECT_EQ(test, ctrl->offloads, all);
	KUNIT_EXPECT_TRUE(test, nt->dev->features & NETIF_F_GRO_HW);
	nt_expect_traffic(nt);

	KUNIT_ASSERT_EQ(test, nt_xdp_load(nt, prog), 0);
	KUNIT_EXPECT_EQ(test, ctrl->offloads, 0);
	KUNIT_EXPECT_FALSE(test, nt->dev->features & NETIF_F_GRO_HW);

	nt_settle(nt);
	KUNIT_ASSERT_EQ(test, fv_freeze(nt->fv), 0);
	KUNIT_ASSERT_EQ(test, fv_restore(nt->fv), 0);
	KUNIT_ASSERT_TRUE(test, nt_wait_ready(nt));
	KUNIT_EXPECT_EQ(test, ctrl->offloads, 0);
	nt_xdp_passes(nt, 1000);
	nt_xdp_returns(nt, 1000);

	KUNIT_EXPECT_EQ(test, nt_xdp_load(nt, NULL), 0);
	KUNIT_EXPECT_EQ(test, ctrl->offloads, all);
	KUNIT_EXPECT_TRUE(test, nt->dev->features & NETIF_F_GRO_HW);
	nt_expect_traffic(nt);
	nt_expect_clean(nt);
	nt_prog_free(test, prog);
}

static void nt_xdp_refuses(struct kunit *test, u64 features, bool frags, int want)
{
	const struct nm_params params = {
		.features = features | NM_F_MTU, .mtu = NT_XDP_MTU, .mode = FV_RUN,
	};
	struct nt *nt = nt_start(test, &params);
	struct bpf_prog *prog = nt_seed_prog(test, frags);

	KUNIT_EXPECT_EQ(test, nt_xdp_load(nt, prog), want);
	if (!want) {
		nt_xdp_passes(nt, NT_XDP_MTU + ETH_HLEN);
		KUNIT_EXPECT_EQ(test, nt_xdp_load(nt, NULL), 0);
	}
	nt_expect_traffic(nt);
	nt_expect_clean(nt);
	nt_detach(nt);
	nm_destroy(nt->nm);
	nt->nm = NULL;
	nt_prog_free(test, prog);
}

/* A program is taken only if it sees packets as they are on the wire, and whole. */
static void nt_xdp_refusals(struct kunit *test)
{
	const struct nm_params params = {
		.features = NT_MODERN | NM_F_MRG_RXBUF | NM_F_MTU, .mtu = NT_XDP_MTU,
		.mode = FV_RUN,
	};
	struct bpf_prog *prog;
	struct nt *nt;

	nt_xdp_refuses(test, NT_FULL & ~NM_F_CTRL_GUEST_OFFLOADS, true, -EOPNOTSUPP);
	nt_xdp_refuses(test, NT_MODERN, true, -EINVAL);
	nt_xdp_refuses(test, NT_FULL, false, -EINVAL);
	nt_xdp_refuses(test, NT_FULL, true, 0);

	nt = nt_start(test, &params);
	prog = nt_seed_prog(test, false);
	KUNIT_EXPECT_EQ(test, nt_change_mtu(nt, 1500), 0);
	KUNIT_EXPECT_EQ(test, nt_xdp_load(nt, prog), 0);
	KUNIT_EXPECT_EQ(test, nt_change_mtu(nt, NT_XDP_MTU), -EINVAL);
	KUNIT_EXPECT_EQ(test, nt->dev->mtu, 1500);
	KUNIT_EXPECT_EQ(test, nt_change_mtu(nt, 3000), 0);
	nt_xdp_passes(nt, 3014);
	KUNIT_EXPECT_EQ(test, nt_xdp_load(nt, NULL), 0);
	KUNIT_EXPECT_EQ(test, nt_change_mtu(nt, NT_XDP_MTU), 0);
	nt_expect_clean(nt);
	nt_prog_free(test, prog);
}

/* As another interface redirects it. @room: bytes in front of the frame. */
static struct xdp_frame *nt_xdp_frame(struct nt *nt, unsigned int room, unsigned int len,
				      u32 seed)
{
	struct page *page = alloc_page(GFP_KERNEL);
	struct xdp_frame *frame;

	KUNIT_ASSERT_NOT_NULL(nt->test, page);
	frame = page_address(page);
	memset(frame, 0, sizeof(*frame));
	frame->data = (void *)(frame + 1) + room;
	frame->headroom = room;
	frame->len = len;
	frame->frame_sz = PAGE_SIZE;
	frame->mem.type = MEM_TYPE_PAGE_ORDER0;
	nt_make_frame(nt, frame->data, len, seed);

	return frame;
}

/* Return: as ndo_xdp_xmit(). A frame that is not taken is freed. */
static int nt_xdp_send(struct nt *nt, struct xdp_frame *frame, u32 flags)
{
	int n;

	local_bh_disable();
	n = nt->dev->netdev_ops->ndo_xdp_xmit(nt->dev, 1, &frame, flags);
	local_bh_enable();
	if (n < 1)
		__free_page(virt_to_page(frame));

	return n;
}

/* Without a program: frames are sent, and those that do not fit are left to the caller. The
 * stack finds its queue stopped then, not full.
 */
static void nt_xdp_redirected(struct kunit *test)
{
	const struct nt_setup *setup = test->param_value;
	struct nt *nt = nt_start(test, &setup->dev);
	struct netdev_queue *txq = netdev_get_tx_queue(nt->dev, 0);
	struct page *kept[4];
	unsigned int i, n;
	u64 sent;

	nt_expect_traffic(nt);
	KUNIT_EXPECT_EQ(test, nt_xdp_send(nt, nt_xdp_frame(nt, 64, 100, 1), 1U << 31), -EINVAL);
	KUNIT_EXPECT_EQ(test, nt_xdp_send(nt, nt_xdp_frame(nt, 2, 100, 1), XDP_XMIT_FLUSH), 0);
	KUNIT_EXPECT_EQ(test, nt_ethtool_stat(nt, "tx0", "xdp_tx_drops"), 1);

	sent = READ_ONCE(nt->nm->nr_sent);
	fv_set_mode(nt->fv, FV_MANUAL);
	for (n = 0; n < 1000; n++)
		if (nt_xdp_send(nt, nt_xdp_frame(nt, 64 + n % 2, 100 + n, n), XDP_XMIT_FLUSH) != 1)
			break;
	KUNIT_EXPECT_LT(test, n, 200);
	KUNIT_EXPECT_GT(test, n, 16);
	KUNIT_EXPECT_TRUE(test, netif_tx_queue_stopped(txq));
	KUNIT_EXPECT_EQ(test, nt_ethtool_stat(nt, "tx0", "xdp_tx"), n + 2);
	KUNIT_EXPECT_EQ(test, nt_ethtool_stat(nt, "tx0", "xdp_tx_drops"), 2);

	fv_set_mode(nt->fv, FV_RUN);
	KUNIT_ASSERT_TRUE(test, nm_wait_sent(nt->nm, sent + n, NT_MS));
	nt_expect_numbered(nt, n);
	KUNIT_EXPECT_TRUE(test, nt_wait_awake(nt));
	nt_expect_traffic(nt);

	nt_close(nt);
	KUNIT_EXPECT_EQ(test, nt_xdp_send(nt, nt_xdp_frame(nt, 64, 100, 1), XDP_XMIT_FLUSH), 0);
	KUNIT_EXPECT_EQ(test, nt_open(nt), 0);
	KUNIT_EXPECT_TRUE(test, nt_wait_ready(nt));

	/* What is sent, and what the device never sends, is freed with the queues at last. */
	for (i = 0; i < ARRAY_SIZE(kept); i++) {
		struct xdp_frame *xdp = nt_xdp_frame(nt, 64, 100, 1);

		kept[i] = virt_to_page(xdp);
		get_page(kept[i]);
		KUNIT_EXPECT_EQ(test, nt_xdp_send(nt, xdp, XDP_XMIT_FLUSH), 1);
		fv_set_mode(nt->fv, FV_MANUAL);
	}
	nt_expect_clean(nt);
	nt_detach(nt);
	fv_unplug(nt->fv);
	for (i = 0; i < ARRAY_SIZE(kept); i++) {
		KUNIT_EXPECT_EQ(test, page_count(kept[i]), 1);
		put_page(kept[i]);
	}
}

static struct kunit_case nt_xdp_cases[] = {
	KUNIT_CASE_PARAM(nt_xdp_verdicts, xdp_gen_params),
	KUNIT_CASE_PARAM(nt_xdp_grown, xdp_gen_params),
	KUNIT_CASE_PARAM(nt_xdp_redirected, xdp_gen_params),
	KUNIT_CASE(nt_xdp_too_long),
	KUNIT_CASE_PARAM(nt_xdp_pieces, merging_gen_params),
	KUNIT_CASE(nt_xdp_offloads),
	KUNIT_CASE(nt_xdp_refusals),
	{}
};

struct kunit_suite nt_suite_xdp = {
	.name = "virtio_net_xdp",
	.init = nt_init,
	.exit = nt_exit,
	.test_cases = nt_xdp_cases,
};
