// SPDX-License-Identifier: GPL-2.0-only
/* KUnit tests of virtio_net: hashes, coalescing, ring sizes, more receive modes. */

#include <linux/etherdevice.h>
#include <linux/ethtool.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>

#include "../drivers/virtio_net/net.h"
#include "../drivers/virtio_net/rss.h"
#include "virtio_net_kunit.h"

#define NT_RSS	(NT_FULL | NM_F_MQ | NM_F_RSS | NM_F_HASH_REPORT)

static const struct nt_setup nt_rss_setups[] = {
	{ "rss", { .features = NT_RSS, .max_pairs = 4, .mode = FV_RUN, .queue_num = 64 } },
	{ "rss only", { .features = (NT_RSS & ~(NM_F_MQ | NM_F_HASH_REPORT)) | NM_F_RING_PACKED,
			.max_pairs = 4, .mode = FV_RUN, .queue_num = 64 } },
	{ "hash only", { .features = NT_RSS & ~NM_F_RSS, .max_pairs = 2, .mode = FV_RUN,
			 .queue_num = 64 } },
};

FV_ARRAY_PARAM(rss, nt_rss_setups, nt_setup_desc);

static int nt_set_rxfh(struct nt *nt, u32 *indir, u8 *key)
{
	struct ethtool_rxfh_param rxfh = {
		.indir = indir, .key = key, .hfunc = ETH_RSS_HASH_NO_CHANGE,
	};
	int err;

	rtnl_lock();
#ifdef KGD_HAVE_ETHTOOL_RXFH_PARAM
	err = nt->dev->ethtool_ops->set_rxfh(nt->dev, &rxfh, NULL);
#else
	err = nt->dev->ethtool_ops->set_rxfh(nt->dev, rxfh.indir, rxfh.key, rxfh.hfunc);
#endif
	rtnl_unlock();

	return err;
}

static void nt_rss_config(struct kunit *test)
{
	const struct nt_setup *setup = test->param_value;
	struct nt *nt = nt_start(test, &setup->dev);
	bool table = setup->dev.features & NM_F_RSS;
	const struct ethtool_ops *ops = nt->dev->ethtool_ops;
	struct nm_rss *rss = &nt->nm->ctrl.rss;
	unsigned int i, n = ops->get_rxfh_indir_size(nt->dev);
	u8 key[NM_KEY_MIN], *old;
	u32 *indir;

	KUNIT_EXPECT_EQ(test, ops->get_rxfh_key_size(nt->dev), NM_KEY_MIN);
	KUNIT_EXPECT_EQ(test, n, table ? NM_TABLE_MIN : 0);
	KUNIT_EXPECT_EQ(test, rss->types, NM_HASH_TYPES);
	KUNIT_EXPECT_EQ(test, rss->on, table);
	KUNIT_EXPECT_EQ(test, rss->key_len, NM_KEY_MIN);
	KUNIT_EXPECT_EQ(test, rss->unclassified, 0);
	for (i = 0; i < n; i++)
		KUNIT_EXPECT_EQ(test, rss->table[i], i % nt->dev->real_num_rx_queues);

	nt_fill(key, sizeof(key), 5);
	indir = kunit_kcalloc(test, max(n, 1U), sizeof(*indir), GFP_KERNEL);
	old = kunit_kzalloc(test, NM_KEY_MIN, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, indir);
	KUNIT_ASSERT_NOT_NULL(test, old);
	memcpy(old, rss->key, NM_KEY_MIN);
	for (i = 0; i < n; i++)
		indir[i] = (i / 3) % nt->dev->real_num_rx_queues;

	/* Refused: nothing changes, which the next command shows. */
	nt->nm->refuse = BIT(NM_CTRL_MQ);
	KUNIT_EXPECT_EQ(test, nt_set_rxfh(nt, table ? indir : NULL, key), -EOPNOTSUPP);
	nt->nm->refuse = 0;
	KUNIT_EXPECT_EQ(test, nt_set_rxfh(nt, NULL, NULL), 0);
	NT_EXPECT_SAME(test, rss->key, old, NM_KEY_MIN);

	KUNIT_EXPECT_EQ(test, nt_set_rxfh(nt, table ? indir : NULL, key), 0);
	NT_EXPECT_SAME(test, rss->key, key, NM_KEY_MIN);
	for (i = 0; i < n; i++)
		KUNIT_EXPECT_EQ(test, rss->table[i], indir[i]);

	/* And again after a reset. */
	KUNIT_EXPECT_EQ(test, fv_freeze(nt->fv), 0);
	KUNIT_EXPECT_EQ(test, fv_restore(nt->fv), 0);
	NT_EXPECT_SAME(test, rss->key, key, NM_KEY_MIN);
	for (i = 0; i < n; i++)
		KUNIT_EXPECT_EQ(test, rss->table[i], indir[i]);
	KUNIT_EXPECT_TRUE(test, nt_wait_ready(nt));
	nt_expect_traffic(nt);
	nt_expect_clean(nt);
}

static void nt_rss_channels(struct kunit *test)
{
	const struct nt_setup *setup = test->param_value;
	struct nt *nt = nt_start(test, &setup->dev);
	unsigned int pairs, i;

	for (pairs = nt->nm->max_pairs; pairs; pairs--) {
		KUNIT_EXPECT_EQ(test, nt_set_channels(nt, pairs), 0);
		KUNIT_EXPECT_EQ(test, nt->nm->ctrl.pairs, pairs);
		if (setup->dev.features & NM_F_RSS)
			for (i = 0; i < NM_TABLE_MIN; i++)
				KUNIT_EXPECT_EQ(test, nt->nm->ctrl.rss.table[i], i % pairs);
	}
	KUNIT_EXPECT_TRUE(test, nt_wait_ready(nt));
	nt_expect_traffic(nt);
	nt_expect_clean(nt);
}

static int nt_flow_hash(struct nt *nt, u32 flow, u64 data)
{
	struct ethtool_rxnfc info = { .cmd = ETHTOOL_SRXFH, .flow_type = flow, .data = data };
	int err;

	rtnl_lock();
	err = nt->dev->ethtool_ops->set_rxnfc(nt->dev, &info);
	rtnl_unlock();

	return err;
}

static void nt_hash_fields(struct kunit *test)
{
	const struct nt_setup *setup = test->param_value;
	struct nt *nt = nt_start(test, &setup->dev);
	const u64 ip = RXH_IP_SRC | RXH_IP_DST, l4 = ip | RXH_L4_B_0_1 | RXH_L4_B_2_3;
	u32 *types = &nt->nm->ctrl.rss.types;

	KUNIT_EXPECT_EQ(test, nt_flow_hash(nt, UDP_V4_FLOW, ip), 0);
	KUNIT_EXPECT_EQ(test, *types, NM_HASH_TYPES & ~NM_HASH_TYPE(NM_HASH_UDPV4));
	KUNIT_EXPECT_EQ(test, nt_flow_hash(nt, UDP_V4_FLOW, l4), 0);
	KUNIT_EXPECT_EQ(test, *types, NM_HASH_TYPES);
	KUNIT_EXPECT_EQ(test, nt_flow_hash(nt, TCP_V6_FLOW, ip), 0);
	KUNIT_EXPECT_EQ(test, *types, NM_HASH_TYPES & ~(NM_HASH_TYPE(NM_HASH_TCPV6) |
							NM_HASH_TYPE(NM_HASH_TCPV6_EX)));
	KUNIT_EXPECT_EQ(test, nt_flow_hash(nt, TCP_V4_FLOW, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, nt_flow_hash(nt, TCP_V4_FLOW, RXH_VLAN), -EINVAL);
	KUNIT_EXPECT_EQ(test, nt_flow_hash(nt, ETHER_FLOW, ip), -EINVAL);
	nt->nm->refuse = BIT(NM_CTRL_MQ);
	KUNIT_EXPECT_EQ(test, nt_flow_hash(nt, TCP_V6_FLOW, l4), -EOPNOTSUPP);
	nt->nm->refuse = 0;
	KUNIT_EXPECT_EQ(test, nt_flow_hash(nt, UDP_V6_FLOW, ip), 0);
	KUNIT_EXPECT_FALSE(test, *types & NM_HASH_TYPE(NM_HASH_TCPV6));
	nt_expect_clean(nt);
}

/* The hash of a received packet is that of the device. */
static void nt_hash_report(struct kunit *test)
{
	const struct nm_params params = {
		.features = NT_FULL | NM_F_HASH_REPORT, .mode = FV_RUN,
	};
	static const struct nt_flow flow = { .payload = 300 };
	struct nt *nt = nt_start(test, &params);
	u8 *data = kunit_kzalloc(test, 2048, GFP_KERNEL);
	struct nm_pkt pkt;
	struct sk_buff *skb;
	unsigned int len;
	u32 hash = 0;

	KUNIT_ASSERT_NOT_NULL(test, data);
	len = nt_make_packet(nt, &flow, data, &pkt, false);
	KUNIT_EXPECT_EQ(test, nm_hash(&nt->nm->ctrl.rss, data, len, &hash), NM_HASH_TCPV4);
	KUNIT_ASSERT_TRUE(test, nm_wait_buffers(nt->nm, 0, 4, NT_MS));
	KUNIT_EXPECT_EQ(test, nm_receive(nt->nm, 0, NULL, data, len, NULL), 0);
	KUNIT_EXPECT_TRUE(test, nt_wait(nt, !skb_queue_empty(&nt->rx), NT_MS));
	skb = nt_next_rx(nt);
	KUNIT_ASSERT_NOT_NULL(test, skb);
	KUNIT_EXPECT_TRUE(test, skb->l4_hash);
	KUNIT_EXPECT_EQ(test, skb->hash, hash);
	kfree_skb(skb);
	nt_expect_traffic(nt);
	nt_expect_clean(nt);
}

static int nt_coalesce(struct nt *nt, int queue, struct ethtool_coalesce *ec, bool set)
{
	const struct ethtool_ops *ops = nt->dev->ethtool_ops;
	int err;

	rtnl_lock();
	if (queue < 0)
		err = set ? ops->set_coalesce(nt->dev, ec, NULL, NULL) :
			    ops->get_coalesce(nt->dev, ec, NULL, NULL);
	else
		err = set ? ops->set_per_queue_coalesce(nt->dev, queue, ec) :
			    ops->get_per_queue_coalesce(nt->dev, queue, ec);
	rtnl_unlock();

	return err;
}

static void nt_coalescing(struct kunit *test)
{
	const struct nm_params params = {
		.features = NT_FULL | NM_F_MQ | NM_F_NOTF_COAL | NM_F_VQ_NOTF_COAL,
		.max_pairs = 2, .mode = FV_RUN,
	};
	struct nt *nt = nt_start(test, &params);
	struct nm_coal *coal = nt->nm->ctrl.coal;
	struct ethtool_coalesce ec = {
		.rx_coalesce_usecs = 10, .rx_max_coalesced_frames = 20,
		.tx_coalesce_usecs = 30, .tx_max_coalesced_frames = 40,
	};

	KUNIT_EXPECT_EQ(test, nt_coalesce(nt, -1, &ec, true), 0);
	KUNIT_EXPECT_EQ(test, coal[2].usecs, 10);
	KUNIT_EXPECT_EQ(test, coal[2].packets, 20);
	KUNIT_EXPECT_EQ(test, coal[3].usecs, 30);
	KUNIT_EXPECT_EQ(test, coal[3].packets, 40);

	ec.rx_coalesce_usecs = 11;
	KUNIT_EXPECT_EQ(test, nt_coalesce(nt, 1, &ec, true), 0);
	KUNIT_EXPECT_EQ(test, coal[0].usecs, 10);
	KUNIT_EXPECT_EQ(test, coal[2].usecs, 11);
	KUNIT_EXPECT_EQ(test, nt_coalesce(nt, 2, &ec, true), -EINVAL);

	nt->nm->refuse = BIT(NM_CTRL_COAL);
	ec.rx_coalesce_usecs = 12;
	KUNIT_EXPECT_EQ(test, nt_coalesce(nt, 1, &ec, true), -EOPNOTSUPP);
	nt->nm->refuse = 0;
	memset(&ec, 0, sizeof(ec));
	KUNIT_EXPECT_EQ(test, nt_coalesce(nt, 1, &ec, false), 0);
	KUNIT_EXPECT_EQ(test, ec.rx_coalesce_usecs, 11);

	KUNIT_EXPECT_EQ(test, fv_freeze(nt->fv), 0);
	KUNIT_EXPECT_EQ(test, fv_restore(nt->fv), 0);
	KUNIT_EXPECT_EQ(test, coal[0].usecs, 10);
	KUNIT_EXPECT_EQ(test, coal[2].usecs, 11);
	KUNIT_EXPECT_EQ(test, coal[3].packets, 40);

	/* Adaptive: by hand only when that is off again. */
	ec.use_adaptive_rx_coalesce = 1;
	ec.rx_coalesce_usecs = 99;
	KUNIT_EXPECT_EQ(test, nt_coalesce(nt, 1, &ec, true), -EINVAL);
	ec.rx_coalesce_usecs = 11;
	KUNIT_EXPECT_EQ(test, nt_coalesce(nt, 1, &ec, true), 0);
	KUNIT_EXPECT_TRUE(test, nt_wait_ready(nt));
	nt_expect_traffic(nt);
	ec.use_adaptive_rx_coalesce = 0;
	KUNIT_EXPECT_EQ(test, nt_coalesce(nt, 1, &ec, true), 0);
	KUNIT_EXPECT_EQ(test, coal[2].usecs, 11);
	nt_expect_clean(nt);
}

static const struct nt_setup nt_ring_setups[] = {
	{ "split", { .features = NT_FULL | NM_F_RING_RESET | NM_F_VQ_NOTF_COAL, .mode = FV_RUN,
		     .queue_num = 256 } },
	{ "packed", { .features = NT_FULL | NM_F_RING_RESET | NM_F_RING_PACKED, .mode = FV_RUN,
		      .queue_num = 256 } },
};

FV_ARRAY_PARAM(ring, nt_ring_setups, nt_setup_desc);

static int nt_ring(struct nt *nt, unsigned int rx, unsigned int tx)
{
	struct ethtool_ringparam ring = { .rx_pending = rx, .tx_pending = tx };
	int err;

	rtnl_lock();
	err = nt->dev->ethtool_ops->set_ringparam(nt->dev, &ring, NULL, NULL);
	rtnl_unlock();

	return err;
}

static void nt_ring_sizes(struct kunit *test)
{
	const struct nt_setup *setup = test->param_value;
	struct nt *nt = nt_start(test, &setup->dev);
	struct vnet *vn = netdev_priv(nt->dev);
	struct ethtool_coalesce ec = { .tx_coalesce_usecs = 77, .rx_coalesce_usecs = 66 };
	bool coal = setup->dev.features & NM_F_VQ_NOTF_COAL;

	nt_expect_traffic(nt);
	if (coal)
		KUNIT_EXPECT_EQ(test, nt_coalesce(nt, 0, &ec, true), 0);
	KUNIT_EXPECT_EQ(test, nt_ring(nt, 128, 64), 0);
	KUNIT_EXPECT_EQ(test, nt->nm->ctrl.coal[0].usecs, coal ? 66 : 0);
	KUNIT_EXPECT_EQ(test, nt->nm->ctrl.coal[1].usecs, coal ? 77 : 0);
	KUNIT_EXPECT_EQ(test, virtqueue_get_vring_size(vn->rq[0].vq), 128);
	KUNIT_EXPECT_EQ(test, virtqueue_get_vring_size(vn->sq[0].vq), 64);
	nt_expect_traffic(nt);
	KUNIT_EXPECT_EQ(test, nt_ring(nt, 1, 64), -EINVAL);
	if (!(setup->dev.features & NM_F_RING_PACKED))
		KUNIT_EXPECT_EQ(test, nt_ring(nt, 100, 64), -EINVAL);
	KUNIT_EXPECT_EQ(test, virtqueue_get_vring_size(vn->rq[0].vq), 128);
	KUNIT_EXPECT_EQ(test, fv_freeze(nt->fv), 0);
	KUNIT_EXPECT_EQ(test, fv_restore(nt->fv), 0);
	KUNIT_EXPECT_EQ(test, virtqueue_get_vring_size(vn->rq[0].vq), 128);
	KUNIT_EXPECT_EQ(test, virtqueue_get_vring_size(vn->sq[0].vq), 64);
	KUNIT_EXPECT_TRUE(test, nt_wait_ready(nt));
	nt_expect_traffic(nt);
	nt_close(nt);
	KUNIT_EXPECT_EQ(test, nt_ring(nt, 256, 256), 0);
	KUNIT_EXPECT_EQ(test, nt_open(nt), 0);
	KUNIT_EXPECT_TRUE(test, nt_wait_ready(nt));
	nt_expect_traffic(nt);
}

/* Frames are counted that get through the filters of the device. */
static void nt_rx_extra(struct kunit *test)
{
	const struct nm_params params = {
		.features = NT_MODERN | NM_F_CTRL_RX_EXTRA, .mode = FV_RUN,
	};
	struct nt *nt = nt_start(test, &params);
	u8 *mode = nt->nm->ctrl.mode, mac[ETH_HLEN] = { 2, 0, 0, 0, 1 };
	unsigned int n;

	KUNIT_EXPECT_TRUE(test, nm_wait(nt->nm, READ_ONCE(mode[NM_RX_NOMULTI]) ==
					!netdev_mc_count(nt->dev), NT_MS));
	rtnl_lock();
	for (n = 0; n < 65; n++) {
		mac[5] = n;
		KUNIT_EXPECT_EQ(test, dev_uc_add(nt->dev, mac), 0);
	}
	rtnl_unlock();
	KUNIT_EXPECT_TRUE(test, nm_wait(nt->nm, READ_ONCE(mode[NM_RX_ALLUNI]) == 1, NT_MS));
	KUNIT_EXPECT_EQ(test, mode[NM_RX_PROMISC], 0);
	rtnl_lock();
	dev_uc_del(nt->dev, mac);
	mac[0] = 3;
	KUNIT_EXPECT_EQ(test, dev_mc_add(nt->dev, mac), 0);
	rtnl_unlock();
	KUNIT_EXPECT_TRUE(test, nm_wait(nt->nm, READ_ONCE(mode[NM_RX_ALLUNI]) == 0 &&
					READ_ONCE(nt->nm->ctrl.unicast) == 64 &&
					READ_ONCE(mode[NM_RX_NOMULTI]) == 0, NT_MS));
	KUNIT_EXPECT_TRUE(test, nm_passes(nt->nm, mac, ETH_HLEN));
	rtnl_lock();
	dev_mc_del(nt->dev, mac);
	rtnl_unlock();
	nt_expect_traffic(nt);
	nt_expect_clean(nt);
}

static struct kunit_case nt_rss_cases[] = {
	KUNIT_CASE_PARAM(nt_rss_config, rss_gen_params),
	KUNIT_CASE_PARAM(nt_rss_channels, rss_gen_params),
	KUNIT_CASE_PARAM(nt_hash_fields, rss_gen_params),
	KUNIT_CASE(nt_hash_report),
	KUNIT_CASE(nt_coalescing),
	KUNIT_CASE_PARAM(nt_ring_sizes, ring_gen_params),
	KUNIT_CASE(nt_rx_extra),
	{}
};

struct kunit_suite nt_suite_rss = {
	.name = "virtio_net_rss",
	.init = nt_init,
	.exit = nt_exit,
	.test_cases = nt_rss_cases,
};
