// SPDX-License-Identifier: GPL-2.0-only
/* KUnit tests of virtio_net: probe, open, configuration. */

#include <linux/etherdevice.h>
#include <linux/ethtool.h>
#include <linux/module.h>
#include <linux/rtnetlink.h>

#include "virtio_net_kunit.h"

FV_ARRAY_PARAM(matrix, nt_matrix, nt_setup_desc);

static void nt_probe(struct kunit *test)
{
	const struct nt_setup *setup = test->param_value;
	struct nt *nt = nt_create(test, &setup->dev);

	KUNIT_EXPECT_FALSE(test, netif_running(nt->dev));
	KUNIT_EXPECT_TRUE(test, netif_carrier_ok(nt->dev));
	KUNIT_EXPECT_EQ(test, nt->dev->mtu, setup->dev.mtu ?: 1500);
	NT_EXPECT_SAME(test, nt->dev->dev_addr, nt->nm->ctrl.mac, ETH_ALEN);
	nt_expect_clean(nt);
}

static void nt_open_close(struct kunit *test)
{
	const struct nt_setup *setup = test->param_value;
	struct nt *nt = nt_create(test, &setup->dev);
	unsigned int i;

	for (i = 0; i < 2; i++) {
		KUNIT_ASSERT_EQ(test, nt_open(nt), 0);
		KUNIT_ASSERT_TRUE(test, nt_wait_ready(nt));
		nt_expect_traffic(nt);
		nt_close(nt);
	}
	nt_expect_clean(nt);
}

/* Nothing that a driver does not have is ever negotiated. */
static void nt_all_features(struct kunit *test)
{
	const struct nm_params params = {
		.features = ~0ULL & ~NM_F_RING_PACKED & ~BIT_ULL(33) & ~BIT_ULL(36) &
			    ~(NM_F_RING_RESET << 1) & ~NM_F_STANDBY,
		.mtu = 1500, .max_pairs = 2, .mode = FV_RUN,
	};
	struct nt *nt = nt_start(test, &params);

	KUNIT_EXPECT_FALSE(test, nm_has(nt->nm, NM_F_GSO | NM_F_ANY_LAYOUT));
	nt_expect_traffic(nt);
	nt_expect_clean(nt);
}

/* A feature without the one that it needs is not taken (5.1.3.1). */
static void nt_lone_features(struct kunit *test)
{
	static const u64 needed[] = {
		NM_F_CTRL_VQ, NM_F_CSUM, NM_F_GUEST_CSUM, NM_F_STATUS, NM_F_CTRL_RX,
		NM_F_MRG_RXBUF, NM_F_HOST_TSO4 | NM_F_HOST_TSO6,
		NM_F_GUEST_TSO4 | NM_F_GUEST_TSO6,
	};
	struct nm_params params = { .max_pairs = 2, .mode = FV_RUN };
	struct nt *nt = test->priv;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(needed); i++) {
		params.features = (NT_FULL | NM_F_MQ) & ~needed[i];
		nt = nt_start(test, &params);
		nt_expect_traffic(nt);
		nt_expect_clean(nt);
		nt_exit(test);
		KUNIT_ASSERT_EQ(test, nt_init(test), 0);
	}
}

struct nt_mtu {
	u16 mtu;
	u64 features;
	unsigned int dev_mtu;
	unsigned int max_mtu;
};

static const struct nt_mtu nt_mtus[] = {
	{ 0, NM_F_MRG_RXBUF, 1500, ETH_MAX_MTU },
	{ 67, NM_F_MRG_RXBUF, 1500, ETH_MAX_MTU },
	{ 68, NM_F_MRG_RXBUF, 68, 68 },
	{ 1280, NM_F_MRG_RXBUF, 1280, 1280 },
	{ 65535, NM_F_MRG_RXBUF, 65535, 65535 },
	{ 0, 0, 1500, 0 },
	{ 68, 0, 68, 68 },
	{ 9000, 0, 9000, 9000 },
	{ 65535, 0, 1500, 0 },
};

static void nt_mtu_desc(const struct nt_mtu *mtu, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "mtu %u%s", mtu->mtu,
		 mtu->features ? " mergeable" : "");
}

FV_ARRAY_PARAM(mtu, nt_mtus, nt_mtu_desc);

static void nt_mtu_limits(struct kunit *test)
{
	const struct nt_mtu *mtu = test->param_value;
	const struct nm_params params = {
		.features = NT_MODERN | NM_F_MTU | mtu->features,
		.mtu = mtu->mtu, .mode = FV_RUN,
	};
	struct nt *nt = nt_start(test, &params);
	unsigned int max = nt->dev->max_mtu;

	KUNIT_EXPECT_EQ(test, nt->dev->mtu, mtu->dev_mtu);
	if (mtu->max_mtu)
		KUNIT_EXPECT_EQ(test, max, mtu->max_mtu);
	KUNIT_EXPECT_EQ(test, nt_change_mtu(nt, max), 0);
	KUNIT_EXPECT_LT(test, nt_change_mtu(nt, max + 1), 0);
	KUNIT_EXPECT_LT(test, nt_change_mtu(nt, 67), 0);
	KUNIT_EXPECT_EQ(test, nt_change_mtu(nt, 68), 0);
	nt_expect_clean(nt);

	/* The largest frame of the largest MTU really gets in. */
	KUNIT_EXPECT_EQ(test, nt_change_mtu(nt, max), 0);
	KUNIT_ASSERT_TRUE(test, nm_wait_buffers(nt->nm, 0, 64, NT_MS));
	KUNIT_EXPECT_EQ(test, nt_inject(nt, 0, max + ETH_HLEN, 5, NULL, NULL), 0);
	KUNIT_EXPECT_TRUE(test, nt_rx_arrives(nt, max + ETH_HLEN, 5));
}

struct nt_mac {
	const char *name;
	u8 mac[ETH_ALEN];
	bool good;
};

static const struct nt_mac nt_macs[] = {
	{ "unicast", { 2, 1, 2, 3, 4, 5 }, true },
	{ "zero", { 0 }, false },
	{ "multicast", { 1, 0, 0x5e, 3, 4, 5 }, false },
	{ "broadcast", { 255, 255, 255, 255, 255, 255 }, false },
};

static void nt_mac_desc(const struct nt_mac *mac, char *desc)
{
	strscpy(desc, mac->name, KUNIT_PARAM_DESC_SIZE);
}

FV_ARRAY_PARAM(mac, nt_macs, nt_mac_desc);

static void nt_config_mac(struct kunit *test)
{
	const struct nt_mac *mac = test->param_value;
	struct nm_params params = { .features = NT_MODERN, .mode = FV_RUN, .bad_mac = true };
	struct nt *nt;

	ether_addr_copy(params.mac, mac->mac);
	nt = nt_start(test, &params);

	KUNIT_EXPECT_TRUE(test, is_valid_ether_addr(nt->dev->dev_addr));
	if (mac->good)
		NT_EXPECT_SAME(test, nt->dev->dev_addr, mac->mac, ETH_ALEN);
	/* The device is told what it did not know. */
	NT_EXPECT_SAME(test, nt->dev->dev_addr, nt->nm->ctrl.mac, ETH_ALEN);
	nt_expect_traffic(nt);
	nt_expect_clean(nt);
}

static void nt_no_mac(struct kunit *test)
{
	const struct nm_params params = {
		.features = NT_MODERN & ~(NM_F_MAC | NM_F_CTRL_MAC_ADDR), .mode = FV_RUN,
	};
	struct nt *nt = nt_start(test, &params);

	KUNIT_EXPECT_TRUE(test, is_local_ether_addr(nt->dev->dev_addr));
	KUNIT_EXPECT_EQ(test, nt->dev->addr_assign_type, NET_ADDR_RANDOM);
	nt_expect_traffic(nt);
	nt_expect_clean(nt);
}

struct nt_pairs {
	u16 claim;
	unsigned int have;
	int max;
};

static const struct nt_pairs nt_pairs[] = {
	{ 0, 1, 1 }, { 1, 1, 1 }, { 2, 2, 2 }, { NM_MAX_PAIRS, NM_MAX_PAIRS, NM_MAX_PAIRS },
	{ 0x8000, 2, -1 }, { 0x8001, 1, 1 }, { 0xffff, 1, 1 },
};

static void nt_pairs_desc(const struct nt_pairs *pairs, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "claims %#x", pairs->claim);
}

FV_ARRAY_PARAM(pairs, nt_pairs, nt_pairs_desc);

static void nt_config_pairs(struct kunit *test)
{
	const struct nt_pairs *pairs = test->param_value;
	const struct nm_params params = {
		.features = NT_MODERN | NM_F_MQ | NM_F_MRG_RXBUF, .mode = FV_RUN,
		.max_pairs = pairs->have, .claim_pairs = true, .config_pairs = pairs->claim,
		.queue_num = 16,
	};
	struct ethtool_channels channels = {};
	struct nt *nt = test->priv;

	/* As many as there can be: the driver makes them all before it asks for them. */
	if (pairs->claim == 0x8000 && IS_ENABLED(CONFIG_PROVE_LOCKING) && fv_thinned())
		kunit_skip(test, "65537 queues take a minute with lockdep: with thin=1 only");
	if (pairs->max < 0) {
		/* Claims more than it has: that is refused, and nothing is left. */
		nt->nm = nm_create(test, &params);
		KUNIT_ASSERT_NOT_NULL(test, nt->nm);
		nt->fv = nt->nm->fv;
		fv_plug(nt->fv);
		KUNIT_EXPECT_FALSE(test, fv_bound(nt->fv));
		nt_expect_clean(nt);
		return;
	}

	nt = nt_start(test, &params);
	rtnl_lock();
	nt->dev->ethtool_ops->get_channels(nt->dev, &channels);
	rtnl_unlock();
	KUNIT_EXPECT_EQ(test, channels.max_combined, pairs->max);
	nt_expect_traffic(nt);
	nt_expect_clean(nt);
}

static void nt_ethtool_info(struct kunit *test)
{
	const struct nm_params params = {
		.features = NT_FULL, .mode = FV_RUN, .queue_num = 64,
	};
	struct nt *nt = nt_start(test, &params);
	const struct ethtool_ops *ops = nt->dev->ethtool_ops;
	struct kernel_ethtool_ringparam kring = {};
	struct ethtool_ringparam ring = {};
	struct ethtool_drvinfo info = {};

	rtnl_lock();
	ops->get_drvinfo(nt->dev, &info);
	ops->get_ringparam(nt->dev, &ring, &kring, NULL);
	rtnl_unlock();
	KUNIT_EXPECT_STREQ(test, info.driver, "virtio_net");
	KUNIT_EXPECT_STREQ(test, info.bus_info, dev_name(&nt->fv->pdev->dev));
	KUNIT_EXPECT_EQ(test, ring.rx_pending, 64);
	KUNIT_EXPECT_EQ(test, ring.tx_pending, 64);
	KUNIT_EXPECT_EQ(test, ring.rx_max_pending, 64);
	KUNIT_EXPECT_EQ(test, ring.tx_max_pending, 64);
	KUNIT_EXPECT_EQ(test, ops->get_sset_count(nt->dev, ETH_SS_TEST), -EOPNOTSUPP);
}

/* One frame each way through the interface that the stack uses. */
static void nt_expect_master(struct nt *nt, struct net_device *master)
{
	struct sk_buff *skb = alloc_skb(LL_RESERVED_SPACE(master) + 300, GFP_KERNEL);
	u64 sent = READ_ONCE(nt->nm->nr_sent);
	struct nm_frame *frame;

	KUNIT_ASSERT_NOT_NULL(nt->test, skb);
	nm_drop_sent(nt->nm);
	skb_reserve(skb, LL_RESERVED_SPACE(master));
	nt_make_frame(nt, skb_put(skb, 300), 300, 6);
	skb_reset_mac_header(skb);
	skb->protocol = htons(NT_ETHERTYPE);
	skb->dev = master;
	KUNIT_EXPECT_EQ(nt->test, dev_queue_xmit(skb), 0);
	KUNIT_ASSERT_TRUE(nt->test, nm_wait_sent(nt->nm, sent + 1, NT_MS));
	frame = nt_next_sent(nt);
	KUNIT_ASSERT_NOT_NULL(nt->test, frame);
	KUNIT_EXPECT_TRUE(nt->test, nt_frame_is(nt, frame->data, frame->len, 6));
	nm_free_frame(frame);

	KUNIT_ASSERT_TRUE(nt->test, nm_wait_buffers(nt->nm, 0, 4, NT_MS));
	KUNIT_EXPECT_EQ(nt->test, nt_inject(nt, 0, 432, 78, NULL, NULL), 0);
	KUNIT_EXPECT_TRUE(nt->test, nt_rx_arrives(nt, 432, 78));
}

/* STANDBY: another interface has the traffic, and this one is below it. */
static void nt_standby(struct kunit *test)
{
	const struct nm_params params = {
		.features = NT_FULL | NM_F_STANDBY, .mode = FV_RUN,
	};
	struct nt *nt = test->priv;
	struct net_device *master;
	char name[8] = "";
	unsigned int i;

	/* Nobody initializes the lock that it takes to add up counters, and lockdep is off then. */
	if (IS_ENABLED(CONFIG_LOCKDEP))
		kunit_skip(test, "net_failover has a lock that lockdep does not know");

	nt->nm = nm_create(test, &params);
	KUNIT_ASSERT_NOT_NULL(test, nt->nm);
	nt->fv = nt->nm->fv;
	KUNIT_ASSERT_EQ(test, fv_plug(nt->fv), 0);
	KUNIT_ASSERT_TRUE(test, nm_has(nt->nm, NM_F_STANDBY));
	nt->dev = nm_netdev(nt->nm);
	KUNIT_ASSERT_NOT_NULL(test, nt->dev);

	rtnl_lock();
	master = netdev_master_upper_dev_get(nt->dev);
	KUNIT_EXPECT_EQ(test, nt->dev->netdev_ops->ndo_get_phys_port_name(nt->dev, name,
									  sizeof(name)), 0);
	KUNIT_EXPECT_STREQ(test, name, "sby");
	if (master) {
		NT_EXPECT_SAME(test, master->dev_addr, nt->dev->dev_addr, ETH_ALEN);
		KUNIT_EXPECT_EQ(test, netdev_rx_handler_register(master, nt_rx_handler, nt), 0);
		KUNIT_EXPECT_EQ(test, dev_open(master, NULL), 0);
	}
	rtnl_unlock();
	KUNIT_ASSERT_NOT_NULL(test, master);

	nt_expect_master(nt, master);
	nm_set_link(nt->nm, false);
	for (i = 0; i < NT_MS && netif_carrier_ok(master); i++)
		nt_nap();
	KUNIT_EXPECT_FALSE(test, netif_carrier_ok(master));
	nm_set_link(nt->nm, true);
	for (i = 0; i < NT_MS && !netif_carrier_ok(master); i++)
		nt_nap();
	KUNIT_EXPECT_EQ(test, fv_freeze(nt->fv), 0);
	KUNIT_EXPECT_EQ(test, fv_restore(nt->fv), 0);
	nt_expect_master(nt, master);

	rtnl_lock();
	netdev_rx_handler_unregister(master);
	rtnl_unlock();
	nt_expect_clean(nt);
}

/* Without an address of the device nobody finds the interface it stands by for. */
static void nt_standby_no_mac(struct kunit *test)
{
	const struct nm_params params = {
		.features = (NT_FULL | NM_F_STANDBY) & ~NM_F_MAC, .mode = FV_RUN,
	};
	struct nt *nt = nt_start(test, &params);

	KUNIT_EXPECT_FALSE(test, nm_has(nt->nm, NM_F_STANDBY));
	nt_expect_traffic(nt);
	nt_expect_clean(nt);
}

static struct kunit_case nt_base_cases[] = {
	KUNIT_CASE_PARAM(nt_probe, matrix_gen_params),
	KUNIT_CASE_PARAM(nt_open_close, matrix_gen_params),
	KUNIT_CASE(nt_all_features),
	KUNIT_CASE(nt_lone_features),
	KUNIT_CASE_PARAM(nt_mtu_limits, mtu_gen_params),
	KUNIT_CASE_PARAM(nt_config_mac, mac_gen_params),
	KUNIT_CASE(nt_no_mac),
	KUNIT_CASE_PARAM(nt_config_pairs, pairs_gen_params),
	KUNIT_CASE(nt_ethtool_info),
	KUNIT_CASE(nt_standby),
	KUNIT_CASE(nt_standby_no_mac),
	{}
};

struct kunit_suite nt_suite_base = {
	.name = "virtio_net",
	.init = nt_init,
	.exit = nt_exit,
	.test_cases = nt_base_cases,
};

kunit_test_suites(&nt_suite_base, &nt_suite_model, &nt_suite_data, &nt_suite_offload,
		  &nt_suite_control, &nt_suite_devstats, &nt_suite_life, &nt_suite_fail,
		  &nt_suite_hostile, &nt_suite_recovery, &nt_suite_rsc,
		  &nt_suite_rss, &nt_suite_xdp);

MODULE_DESCRIPTION("Tests of virtio_net on a fake device");
MODULE_AUTHOR("kvm-guest-drivers-linux authors");
MODULE_VERSION(KGD_VERSION);
MODULE_LICENSE("GPL");
