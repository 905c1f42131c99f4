// SPDX-License-Identifier: GPL-2.0-only
/* KUnit tests of virtio_net: control queue, filters, addresses, link, channels. */

#include <linux/delay.h>
#include <linux/etherdevice.h>
#include <linux/ethtool.h>
#include <linux/rtnetlink.h>

#include "../drivers/virtio_net/net.h"
#include "virtio_net_kunit.h"

FV_ARRAY_PARAM(few, nt_few, nt_setup_desc);

static void nt_promisc(struct kunit *test)
{
	const struct nt_setup *setup = test->param_value;
	struct nt *nt = nt_start(test, &setup->dev);
	u8 *mode = nt->nm->ctrl.mode;

	rtnl_lock();
	KUNIT_EXPECT_EQ(test, dev_set_promiscuity(nt->dev, 1), 0);
	rtnl_unlock();
	KUNIT_EXPECT_TRUE(test, nm_wait(nt->nm, READ_ONCE(mode[NM_RX_PROMISC]) == 1, NT_MS));
	rtnl_lock();
	dev_set_promiscuity(nt->dev, -1);
	dev_set_allmulti(nt->dev, 1);
	rtnl_unlock();
	KUNIT_EXPECT_TRUE(test, nm_wait(nt->nm, READ_ONCE(mode[NM_RX_PROMISC]) == 0 &&
					READ_ONCE(mode[NM_RX_ALLMULTI]) == 1, NT_MS));
	rtnl_lock();
	dev_set_allmulti(nt->dev, -1);
	rtnl_unlock();
	KUNIT_EXPECT_TRUE(test, nm_wait(nt->nm, READ_ONCE(mode[NM_RX_ALLMULTI]) == 0, NT_MS));
	nt_expect_clean(nt);
}

static void nt_nth_mac(u8 *mac, unsigned int n, bool multicast)
{
	memset(mac, 0, ETH_ALEN);
	mac[0] = multicast ? 0x03 : 0x02;
	mac[3] = n >> 16;
	mac[4] = n >> 8;
	mac[5] = n;
}

static bool nt_table_has(struct nm *nm, const u8 *mac)
{
	unsigned int i;

	for (i = 0; i < nm->ctrl.unicast + nm->ctrl.multicast; i++)
		if (ether_addr_equal_unaligned(nm->ctrl.macs[i], mac))
			return true;

	return false;
}

static void nt_mac_table(struct kunit *test)
{
	const struct nt_setup *setup = test->param_value;
	struct nt *nt = nt_start(test, &setup->dev);
	static const unsigned int counts[] = { 1, 3, 64, 300, 0 };
	struct nm_ctrl *ctrl = &nt->nm->ctrl;
	unsigned int i, n, have = 0, base;
	u8 mac[ETH_ALEN];

	KUNIT_ASSERT_TRUE(test, nm_wait(nt->nm, READ_ONCE(ctrl->tables) > 0, NT_MS));
	fv_wait_idle(nt->fv, NT_MS);
	/* IPv6, where there is one, has groups of its own. */
	base = netdev_mc_count(nt->dev);
	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		rtnl_lock();
		for (n = have; n < counts[i]; n++) {
			nt_nth_mac(mac, n, false);
			KUNIT_EXPECT_EQ(test, dev_uc_add(nt->dev, mac), 0);
			nt_nth_mac(mac, n, true);
			KUNIT_EXPECT_EQ(test, dev_mc_add(nt->dev, mac), 0);
		}
		for (n = counts[i]; n < have; n++) {
			nt_nth_mac(mac, n, false);
			dev_uc_del(nt->dev, mac);
			nt_nth_mac(mac, n, true);
			dev_mc_del(nt->dev, mac);
		}
		have = counts[i];
		rtnl_unlock();
		KUNIT_EXPECT_TRUE(test, nm_wait(nt->nm, READ_ONCE(ctrl->unicast) == have &&
						READ_ONCE(ctrl->multicast) == have + base, NT_MS));
		for (n = 0; n < have; n++) {
			nt_nth_mac(mac, n, n & 1);
			KUNIT_EXPECT_TRUE(test, nt_table_has(nt->nm, mac));
		}
	}
	nt_expect_clean(nt);
}

/* More than the device takes: it says so, and the driver goes on. */
static void nt_mac_table_full(struct kunit *test)
{
	const struct nm_params params = { .features = NT_MODERN, .mode = FV_RUN };
	struct nt *nt = nt_start(test, &params);
	u64 before = nt->nm->ctrl.commands;
	u8 mac[ETH_ALEN];
	unsigned int n;

	nt->nm->refuse = BIT(NM_CTRL_MAC);
	rtnl_lock();
	for (n = 0; n < 40; n++) {
		nt_nth_mac(mac, n, false);
		KUNIT_EXPECT_EQ(test, dev_uc_add(nt->dev, mac), 0);
	}
	rtnl_unlock();
	KUNIT_EXPECT_TRUE(test, nm_wait_command(nt->nm, NM_CTRL_MAC, NM_MAC_TABLE_SET, before,
						NT_MS));
	nt->nm->refuse = 0;
	nt_nth_mac(mac, n, false);
	rtnl_lock();
	dev_uc_add(nt->dev, mac);
	rtnl_unlock();
	KUNIT_EXPECT_TRUE(test, nm_wait(nt->nm, READ_ONCE(nt->nm->ctrl.unicast) == 41, NT_MS));
	nt_expect_traffic(nt);
	nt_expect_clean(nt);
}

static int nt_vlan(struct nt *nt, u16 vid, bool add)
{
	const struct net_device_ops *ops = nt->dev->netdev_ops;
	int err;

	rtnl_lock();
	if (add)
		err = ops->ndo_vlan_rx_add_vid(nt->dev, htons(ETH_P_8021Q), vid);
	else
		err = ops->ndo_vlan_rx_kill_vid(nt->dev, htons(ETH_P_8021Q), vid);
	rtnl_unlock();

	return err;
}

static void nt_vlans(struct kunit *test)
{
	const struct nt_setup *setup = test->param_value;
	struct nt *nt = nt_start(test, &setup->dev);
	static const u16 vids[] = { 0, 1, 255, 256, 4094, 4095 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(vids); i++) {
		KUNIT_EXPECT_EQ(test, nt_vlan(nt, vids[i], true), 0);
		KUNIT_EXPECT_TRUE(test, test_bit(vids[i], nt->nm->ctrl.vlans));
	}
	KUNIT_EXPECT_EQ(test, bitmap_weight(nt->nm->ctrl.vlans, VLAN_N_VID), ARRAY_SIZE(vids));
	nt->nm->refuse = BIT(NM_CTRL_VLAN);
	KUNIT_EXPECT_EQ(test, nt_vlan(nt, 77, true), -EOPNOTSUPP);
	KUNIT_EXPECT_FALSE(test, test_bit(77, nt->nm->ctrl.vlans));
	nt->nm->refuse = 0;
	for (i = 0; i < ARRAY_SIZE(vids); i++)
		KUNIT_EXPECT_EQ(test, nt_vlan(nt, vids[i], false), 0);
	KUNIT_EXPECT_EQ(test, bitmap_weight(nt->nm->ctrl.vlans, VLAN_N_VID), 0);
	nt_expect_clean(nt);
}

static int nt_set_mac(struct nt *nt, const u8 *mac)
{
	struct sockaddr_storage ss = {};
	struct sockaddr *sa = (struct sockaddr *)&ss;
	int err;

	sa->sa_family = nt->dev->type;
	memcpy(sa->sa_data, mac, ETH_ALEN);
	rtnl_lock();
	err = nt->dev->netdev_ops->ndo_set_mac_address(nt->dev, sa);
	rtnl_unlock();

	return err;
}

static const struct nt_setup nt_mac_setups[] = {
	{ "command", { .features = NT_MODERN, .mode = FV_RUN } },
	{ "legacy command", { .features = NT_BASE, .mode = FV_RUN } },
	{ "legacy", { .features = NT_BASE & ~NM_F_CTRL_MAC_ADDR, .mode = FV_RUN } },
	{ "legacy alone", { .features = NM_F_MAC, .mode = FV_RUN } },
	{ "none", { .features = NT_MODERN & ~NM_F_CTRL_MAC_ADDR, .mode = FV_RUN } },
};

FV_ARRAY_PARAM(mac, nt_mac_setups, nt_setup_desc);

static void nt_mac_change(struct kunit *test)
{
	static const u8 wanted[] = { 2, 9, 8, 7, 6, 5 }, multicast[] = { 1, 9, 8, 7, 6, 5 };
	const struct nt_setup *setup = test->param_value;
	struct nt *nt = nt_start(test, &setup->dev);
	u64 features = setup->dev.features;
	u8 config[ETH_ALEN], old[ETH_ALEN];
	bool kept;

	ether_addr_copy(old, nt->dev->dev_addr);
	KUNIT_EXPECT_EQ(test, nt_set_mac(nt, multicast), -EADDRNOTAVAIL);
	if (features & NM_F_CTRL_MAC_ADDR) {
		nt->nm->refuse = BIT(NM_CTRL_MAC);
		KUNIT_EXPECT_EQ(test, nt_set_mac(nt, wanted), -EOPNOTSUPP);
		NT_EXPECT_SAME(test, nt->dev->dev_addr, old, ETH_ALEN);
		nt->nm->refuse = 0;
	}
	KUNIT_EXPECT_EQ(test, nt_set_mac(nt, wanted), 0);
	NT_EXPECT_SAME(test, nt->dev->dev_addr, wanted, ETH_ALEN);
	fv_config_get(nt->fv, 0, config, ETH_ALEN);
	if (features & NM_F_CTRL_MAC_ADDR)
		NT_EXPECT_SAME(test, nt->nm->ctrl.mac, wanted, ETH_ALEN);
	kept = features & NM_F_VERSION_1 && !(features & NM_F_CTRL_MAC_ADDR);
	NT_EXPECT_SAME(test, config, kept ? old : wanted, ETH_ALEN);
	KUNIT_EXPECT_EQ(test, nt->nm->mac_writes,
			features & (NM_F_CTRL_MAC_ADDR | NM_F_VERSION_1) ? 0 : ETH_ALEN);
	nt_expect_traffic(nt);
	nt_expect_clean(nt);
}

struct nt_notified {
	struct notifier_block nb;
	struct net_device *dev;
	atomic_t peers;
};

static int nt_notify(struct notifier_block *nb, unsigned long event, void *ptr)
{
	struct nt_notified *n = container_of(nb, struct nt_notified, nb);

	if (event == NETDEV_NOTIFY_PEERS && netdev_notifier_info_to_dev(ptr) == n->dev)
		atomic_inc(&n->peers);

	return NOTIFY_DONE;
}

static void nt_announce(struct kunit *test)
{
	const struct nt_setup *setup = test->param_value;
	struct nt *nt = nt_start(test, &setup->dev);
	struct nt_notified *n = kunit_kzalloc(test, sizeof(*n), GFP_KERNEL);
	unsigned int i;
	__le16 status;

	KUNIT_ASSERT_NOT_NULL(test, n);
	n->nb.notifier_call = nt_notify;
	n->dev = nt->dev;
	KUNIT_ASSERT_EQ(test, register_netdevice_notifier(&n->nb), 0);
	for (i = 1; i <= 3; i++) {
		nm_announce(nt->nm);
		KUNIT_EXPECT_TRUE(test, nm_wait(nt->nm, READ_ONCE(nt->nm->ctrl.announces) == i,
						NT_MS));
	}
	unregister_netdevice_notifier(&n->nb);
	KUNIT_EXPECT_EQ(test, atomic_read(&n->peers), 3);
	fv_config_get(nt->fv, offsetof(struct nm_config, status), &status, sizeof(status));
	KUNIT_EXPECT_EQ(test, le16_to_cpu(status), NM_S_LINK_UP);
	KUNIT_EXPECT_TRUE(test, netif_carrier_ok(nt->dev));
	nt_expect_clean(nt);
}

static bool nt_wait_carrier(struct nt *nt, bool up)
{
	unsigned int i;

	for (i = 0; i < NT_MS && netif_carrier_ok(nt->dev) != up; i++)
		nt_nap();

	return netif_carrier_ok(nt->dev) == up;
}

static void nt_link(struct kunit *test)
{
	const struct nt_setup *setup = test->param_value;
	struct nt *nt = nt_start(test, &setup->dev);
	unsigned int i;

	for (i = 0; i < 3; i++) {
		nm_set_link(nt->nm, false);
		KUNIT_EXPECT_TRUE(test, nt_wait_carrier(nt, false));
		nm_set_link(nt->nm, true);
		KUNIT_EXPECT_TRUE(test, nt_wait_carrier(nt, true));
	}
	KUNIT_EXPECT_TRUE(test, nt_wait_ready(nt));
	nt_expect_traffic(nt);
	nt_expect_clean(nt);
}

static void nt_link_first(struct kunit *test)
{
	struct nm_params params = { .features = NT_MODERN, .mode = FV_RUN, .link_down = true };
	struct nt *nt = nt_create(test, &params);

	KUNIT_EXPECT_FALSE(test, netif_carrier_ok(nt->dev));
	KUNIT_EXPECT_EQ(test, nt_open(nt), 0);
	nm_set_link(nt->nm, true);
	KUNIT_EXPECT_TRUE(test, nt_wait_ready(nt));
	nt_expect_traffic(nt);
	nt_exit(test);

	/* Without the feature there is always a link. */
	KUNIT_ASSERT_EQ(test, nt_init(test), 0);
	params.features &= ~(NM_F_STATUS | NM_F_GUEST_ANNOUNCE);
	nt = nt_create(test, &params);
	KUNIT_EXPECT_TRUE(test, netif_carrier_ok(nt->dev));
	nt_expect_clean(nt);
}

struct nt_speed {
	u32 speed;
	u8 duplex;
	u32 want_speed;
	u8 want_duplex;
};

static void nt_speeds(struct kunit *test)
{
	static const struct nt_speed speeds[] = {
		{ 10000, 1, 10000, DUPLEX_FULL },
		{ 1000, 0, 1000, DUPLEX_HALF },
		{ 0, 1, 0, DUPLEX_FULL },
		{ 0x7fffffff, 1, 0x7fffffff, DUPLEX_FULL },
	};
	const struct nm_params params = { .features = NT_MODERN, .mode = FV_RUN };
	struct nt *nt = nt_start(test, &params);
	struct ethtool_link_ksettings cmd;
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(speeds); i++) {
		nm_set_speed(nt->nm, speeds[i].speed, speeds[i].duplex);
		for (j = 0; j < NT_MS; j++) {
			memset(&cmd, 0, sizeof(cmd));
			rtnl_lock();
			nt->dev->ethtool_ops->get_link_ksettings(nt->dev, &cmd);
			rtnl_unlock();
			if (cmd.base.speed == speeds[i].want_speed &&
			    cmd.base.duplex == speeds[i].want_duplex)
				break;
			nt_nap();
		}
		KUNIT_EXPECT_EQ(test, cmd.base.speed, speeds[i].want_speed);
		KUNIT_EXPECT_EQ(test, cmd.base.duplex, speeds[i].want_duplex);
	}
	nt_expect_clean(nt);
}

/* 5.1.4.2: more than 0x7fffffff, or another duplex, is unknown. */
static void nt_speed_unknown(struct kunit *test)
{
	static const u32 speeds[] = { 0x80000000, 0xfffffffe, 0xffffffff };
	const struct nm_params params = { .features = NT_MODERN, .mode = FV_RUN };
	struct nt *nt = nt_start(test, &params);
	struct ethtool_link_ksettings cmd;
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(speeds); i++) {
		nm_set_speed(nt->nm, 1000, 1);
		msleep(20);
		nm_set_speed(nt->nm, speeds[i], 2 + i);
		for (j = 0; j < NT_MS / 10; j++) {
			memset(&cmd, 0, sizeof(cmd));
			rtnl_lock();
			nt->dev->ethtool_ops->get_link_ksettings(nt->dev, &cmd);
			rtnl_unlock();
			if (cmd.base.speed == SPEED_UNKNOWN)
				break;
			nt_nap();
		}
		KUNIT_EXPECT_EQ(test, cmd.base.speed, SPEED_UNKNOWN);
		KUNIT_EXPECT_EQ(test, cmd.base.duplex, DUPLEX_UNKNOWN);
	}
}

static const struct nt_setup nt_mq_setups[] = {
	{ "split", { .features = NT_FULL | NM_F_MQ, .max_pairs = 4, .mode = FV_RUN,
		     .queue_num = 64 } },
	{ "packed", { .features = NT_FULL | NM_F_MQ | NM_F_RING_PACKED, .max_pairs = 4,
		      .mode = FV_RUN, .queue_num = 64 } },
	{ "legacy", { .features = NT_BASE | NM_F_MQ, .max_pairs = 4, .mode = FV_RUN,
		      .queue_num = 64 } },
};

FV_ARRAY_PARAM(mq, nt_mq_setups, nt_setup_desc);

static void nt_expect_pairs(struct nt *nt, unsigned int pairs)
{
	unsigned int i;

	KUNIT_EXPECT_EQ(nt->test, nt->nm->ctrl.pairs, pairs);
	KUNIT_EXPECT_EQ(nt->test, nt->dev->real_num_tx_queues, pairs);
	KUNIT_EXPECT_EQ(nt->test, nt->dev->real_num_rx_queues, pairs);
	nt->nm->tx = NM_TX_LOOP;
	for (i = 0; i < pairs; i++) {
		KUNIT_EXPECT_EQ(nt->test, nt_send(nt, i, 100 + i, i), 0);
		KUNIT_EXPECT_TRUE(nt->test, nt_rx_arrives(nt, 100 + i, i));
		KUNIT_EXPECT_GT(nt->test, nt->nm->counts[2 * i].packets, 0);
	}
}

static void nt_channels(struct kunit *test)
{
	static const unsigned int counts[] = { 4, 1, 3, 2, 4 };
	const struct nt_setup *setup = test->param_value;
	struct nt *nt = nt_start(test, &setup->dev);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		KUNIT_EXPECT_EQ(test, nt_set_channels(nt, counts[i]), 0);
		KUNIT_EXPECT_TRUE(test, nt_wait_ready(nt));
		nt_expect_pairs(nt, counts[i]);
	}
	KUNIT_EXPECT_EQ(test, nt_set_channels(nt, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, nt_set_channels(nt, 5), -EINVAL);
	nt_expect_pairs(nt, 4);

	/* Refused, and answered with nonsense: nothing changes. */
	nt->nm->refuse = BIT(NM_CTRL_MQ);
	KUNIT_EXPECT_EQ(test, nt_set_channels(nt, 2), -EOPNOTSUPP);
	nt->nm->refuse = 0;
	nt->nm->garbage_ack = BIT(NM_CTRL_MQ);
	KUNIT_EXPECT_EQ(test, nt_set_channels(nt, 2), -EIO);
	nt->nm->garbage_ack = 0;
	nt_expect_pairs(nt, 4);

	/* While the interface is down. */
	nt_close(nt);
	KUNIT_EXPECT_EQ(test, nt_set_channels(nt, 1), 0);
	KUNIT_EXPECT_EQ(test, nt_set_channels(nt, 3), 0);
	KUNIT_EXPECT_EQ(test, nt_open(nt), 0);
	KUNIT_EXPECT_TRUE(test, nt_wait_ready(nt));
	nt_expect_pairs(nt, 3);
	nt_expect_clean(nt);
}

/* Every command that probe sends is refused: the device works with its defaults. */
static void nt_refuses_all(struct kunit *test)
{
	const struct nt_setup *setup = test->param_value;
	struct nt *nt = test->priv;

	nt->nm = nm_create(test, &setup->dev);
	KUNIT_ASSERT_NOT_NULL(test, nt->nm);
	nt->fv = nt->nm->fv;
	nt->nm->refuse = ~0UL;
	KUNIT_ASSERT_EQ(test, fv_plug(nt->fv), 0);
	nt->dev = nm_netdev(nt->nm);
	KUNIT_ASSERT_NOT_NULL(test, nt->dev);
	KUNIT_EXPECT_EQ(test, nt->dev->real_num_tx_queues, 1);
	KUNIT_EXPECT_EQ(test, nt_open(nt), 0);
	KUNIT_EXPECT_TRUE(test, nt_wait_ready(nt));
	KUNIT_EXPECT_EQ(test, nt_send(nt, 0, 100, 1), 0);
	KUNIT_EXPECT_TRUE(test, nm_wait_sent(nt->nm, 1, NT_MS));
	nt_expect_clean(nt);
}

/* As a person would. */
static void nt_ctrl_timeout(struct kunit *test, const char *ms)
{
	KUNIT_ASSERT_EQ(test, fv_param_write("virtio_net", "ctrl_timeout", ms), 0);
}

static struct nt *nt_start_impatient(struct kunit *test)
{
	const struct nm_params params = { .features = NT_MODERN, .mode = FV_RUN };
	struct nt *nt = nt_start(test, &params);

	KUNIT_ASSERT_TRUE(test, nm_wait(nt->nm, READ_ONCE(nt->nm->ctrl.tables) > 0, NT_MS));
	KUNIT_ASSERT_TRUE(test, fv_wait_idle(nt->fv, NT_MS));
	nt_ctrl_timeout(test, "400");

	return nt;
}

/* Each of three commands is waited for as long as it may take, the next one is not. */
static void nt_never_answered(struct kunit *test)
{
	static const u8 mac[] = { 2, 9, 8, 7, 6, 5 };
	struct nt *nt = nt_start_impatient(test);
	struct vnet *vn = netdev_priv(nt->dev);
	unsigned int ms, i;
	unsigned long start;

	fv_misbehave(nt->fv, FV_EVIL_SILENT, nm_ctrl_index(nt->nm), 3);
	for (i = 0; i < 3; i++) {
		start = jiffies;
		KUNIT_EXPECT_EQ(test, nt_set_mac(nt, mac), -ETIMEDOUT);
		ms = jiffies_to_msecs(jiffies - start);
		KUNIT_EXPECT_GE(test, ms, 300);
		KUNIT_EXPECT_LE(test, ms, 5000);
	}
	nt_ctrl_timeout(test, "60000");

	/* The data path does not care. */
	start = jiffies;
	KUNIT_EXPECT_EQ(test, nt_set_mac(nt, mac), -EIO);
	KUNIT_EXPECT_EQ(test, nt_vlan(nt, 5, true), -EIO);
	KUNIT_EXPECT_LE(test, jiffies_to_msecs(jiffies - start), 2000);
	KUNIT_EXPECT_EQ(test, vn->ctrl.timeouts, 3);
	nt_expect_traffic(nt);

	/* A reset brings it back. */
	nt_ctrl_timeout(test, "5000");
	nt_close(nt);
	KUNIT_EXPECT_EQ(test, fv_freeze(nt->fv), 0);
	fv_behave(nt->fv);
	KUNIT_EXPECT_EQ(test, fv_restore(nt->fv), 0);
	KUNIT_EXPECT_EQ(test, nt_set_mac(nt, mac), 0);
	nt_expect_clean(nt);
}

/* What is answered late belongs to nobody, and what it has changed is changed back. */
static void nt_late_answer(struct kunit *test)
{
	static const u8 late[] = { 2, 9, 8, 7, 6, 5 }, next[] = { 2, 9, 8, 7, 6, 4 };
	struct nt *nt = nt_start_impatient(test);
	struct vnet *vn = netdev_priv(nt->dev);
	u8 old[ETH_ALEN];

	ether_addr_copy(old, nt->dev->dev_addr);
	fv_set_mode(nt->fv, FV_MANUAL);
	KUNIT_EXPECT_EQ(test, nt_set_mac(nt, late), -ETIMEDOUT);
	nt_ctrl_timeout(test, "5000");
	NT_EXPECT_SAME(test, nt->dev->dev_addr, old, ETH_ALEN);

	/* Its error is not that of the next command, nor the other way round. */
	nt->nm->refuse = BIT(NM_CTRL_MAC);
	fv_drain(nt->fv);
	nt->nm->refuse = 0;
	fv_set_mode(nt->fv, FV_RUN);
	KUNIT_EXPECT_EQ(test, nt_set_mac(nt, next), 0);
	NT_EXPECT_SAME(test, nt->nm->ctrl.mac, next, ETH_ALEN);
	KUNIT_EXPECT_EQ(test, vn->ctrl.answered_late, 1);

	nt_ctrl_timeout(test, "400");
	fv_set_mode(nt->fv, FV_MANUAL);
	KUNIT_EXPECT_EQ(test, nt_set_mac(nt, late), -ETIMEDOUT);
	nt_ctrl_timeout(test, "5000");
	fv_set_mode(nt->fv, FV_RUN);
	KUNIT_EXPECT_TRUE(test, nm_wait(nt->nm, READ_ONCE(vn->ctrl.answered_late) == 2 &&
					ether_addr_equal(nt->nm->ctrl.mac, next), NT_MS));
	nt_expect_traffic(nt);
	nt_expect_clean(nt);
}

/* A late answer comes while a newer command waits for its own. */
static void nt_late_answer_first(struct kunit *test)
{
	static const u8 mac[] = { 2, 9, 8, 7, 6, 5 };
	struct nt *nt = nt_start_impatient(test);
	struct vnet *vn = netdev_priv(nt->dev);

	/* Both notifications are lost, and the next command brings them. */
	nt->nm->refuse = BIT(NM_CTRL_VLAN);
	fv_misbehave(nt->fv, FV_EVIL_LOST_KICK, nm_ctrl_index(nt->nm), 2);
	KUNIT_EXPECT_EQ(test, nt_vlan(nt, 5, true), -ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, READ_ONCE(vn->ctrl.answered_late), 0);
	nt_ctrl_timeout(test, "5000");
	KUNIT_EXPECT_EQ(test, nt_set_mac(nt, mac), 0);
	KUNIT_EXPECT_EQ(test, READ_ONCE(vn->ctrl.answered_late), 1);
	KUNIT_EXPECT_EQ(test, READ_ONCE(vn->ctrl.late), 0);
	NT_EXPECT_SAME(test, nt->nm->ctrl.mac, mac, ETH_ALEN);
	nt->nm->refuse = 0;
	nt_expect_traffic(nt);
	nt_expect_clean(nt);
}

/* The notification of a command is lost: it is sent again in time. */
static void nt_lost_command(struct kunit *test)
{
	static const u8 mac[] = { 2, 9, 8, 7, 6, 5 };
	struct nt *nt = nt_start_impatient(test);

	fv_misbehave(nt->fv, FV_EVIL_LOST_KICK, nm_ctrl_index(nt->nm), 1);
	KUNIT_EXPECT_EQ(test, nt_set_mac(nt, mac), 0);
	nt_ctrl_timeout(test, "5000");
	NT_EXPECT_SAME(test, nt->nm->ctrl.mac, mac, ETH_ALEN);
	nt_expect_clean(nt);
}

/* Answers that are none, used lengths that are wrong: an error for this command. */
static void nt_garbage_answer(struct kunit *test)
{
	static const u8 mac[] = { 2, 9, 8, 7, 6, 5 };
	const struct nt_setup *setup = test->param_value;
	struct nt *nt = nt_start(test, &setup->dev);
	u8 old[ETH_ALEN];

	if (!(setup->dev.features & NM_F_CTRL_MAC_ADDR))
		kunit_skip(test, "no such command");
	ether_addr_copy(old, nt->dev->dev_addr);
	nt->nm->garbage_ack = ~0UL;
	KUNIT_EXPECT_EQ(test, nt_set_mac(nt, mac), -EIO);
	NT_EXPECT_SAME(test, nt->dev->dev_addr, old, ETH_ALEN);
	KUNIT_EXPECT_EQ(test, nt_vlan(nt, 9, true), -EIO);
	nt->nm->garbage_ack = 0;
	KUNIT_EXPECT_EQ(test, nt_set_mac(nt, mac), 0);
	NT_EXPECT_SAME(test, nt->dev->dev_addr, mac, ETH_ALEN);
	nt_expect_clean(nt);
}

static struct kunit_case nt_control_cases[] = {
	KUNIT_CASE_PARAM(nt_promisc, few_gen_params),
	KUNIT_CASE_PARAM(nt_mac_table, few_gen_params),
	KUNIT_CASE(nt_mac_table_full),
	KUNIT_CASE_PARAM(nt_vlans, few_gen_params),
	KUNIT_CASE_PARAM(nt_mac_change, mac_gen_params),
	KUNIT_CASE_PARAM(nt_announce, few_gen_params),
	KUNIT_CASE_PARAM(nt_link, few_gen_params),
	KUNIT_CASE(nt_link_first),
	KUNIT_CASE(nt_speeds),
	KUNIT_CASE(nt_speed_unknown),
	KUNIT_CASE_PARAM(nt_channels, mq_gen_params),
	KUNIT_CASE_PARAM(nt_refuses_all, mq_gen_params),
	KUNIT_CASE(nt_never_answered),
	KUNIT_CASE(nt_late_answer),
	KUNIT_CASE(nt_late_answer_first),
	KUNIT_CASE(nt_lost_command),
	KUNIT_CASE_PARAM(nt_garbage_answer, few_gen_params),
	{}
};

struct kunit_suite nt_suite_control = {
	.name = "virtio_net_control",
	.init = nt_init,
	.exit = nt_exit,
	.test_cases = nt_control_cases,
};
