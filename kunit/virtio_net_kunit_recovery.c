// SPDX-License-Identifier: GPL-2.0-only
/* KUnit tests of virtio_net: queues that have stopped. */

#include <linux/delay.h>
#include <linux/etherdevice.h>
#include <linux/ethtool.h>
#include <linux/rtnetlink.h>

#include "../drivers/virtio_net/net.h"
#include "virtio_net_kunit.h"

static const struct nt_setup nt_stuck_setups[] = {
	{ "split", { .features = NT_FULL, .mode = FV_RUN, .queue_num = 64 } },
	{ "split reset", { .features = NT_FULL | NM_F_RING_RESET | NM_F_NOTF_COAL |
				       NM_F_VQ_NOTF_COAL,
			   .mode = FV_RUN, .queue_num = 64 } },
	{ "packed reset", { .features = NT_FULL | NM_F_RING_PACKED | NM_F_RING_RESET,
			    .mode = FV_RUN, .queue_num = 64 } },
	{ "legacy", { .features = NT_BASE, .mode = FV_RUN, .queue_num = 64 } },
};

FV_ARRAY_PARAM(stuck, nt_stuck_setups, nt_setup_desc);

static void nt_watchdog(struct nt *nt)
{
	local_bh_disable();
	nt->dev->netdev_ops->ndo_tx_timeout(nt->dev, 0);
	local_bh_enable();
}

static bool nt_wait_stat(struct nt *nt, const char *name, u64 want)
{
	unsigned int i;

	for (i = 0; i < NT_MS && nt_ethtool_stat(nt, NULL, name) != want; i++)
		nt_nap();

	return nt_ethtool_stat(nt, NULL, name) == want;
}

/* The device takes packets and forgets them: step by step up to a reset, after which all
 * is as it was.
 */
static void nt_stuck(struct kunit *test)
{
	static const u8 mac[] = { 2, 9, 8, 7, 6, 5 };
	const struct nt_setup *setup = test->param_value;
	struct nt *nt = nt_start(test, &setup->dev);
	struct netdev_queue *txq = netdev_get_tx_queue(nt->dev, 0);
	const struct net_device_ops *ops = nt->dev->netdev_ops;
	struct ethtool_coalesce ec = { .tx_coalesce_usecs = 77, .tx_max_coalesced_frames = 7 };
	u64 queues, devices;
	unsigned int i;

	rtnl_lock();
	if (setup->dev.features & NM_F_VQ_NOTF_COAL)
		KUNIT_EXPECT_EQ(test, nt->dev->ethtool_ops->set_per_queue_coalesce(nt->dev, 0, &ec),
				0);
	KUNIT_EXPECT_EQ(test, ops->ndo_vlan_rx_add_vid(nt->dev, htons(ETH_P_8021Q), 7), 0);
	KUNIT_EXPECT_EQ(test, dev_uc_add(nt->dev, mac), 0);
	rtnl_unlock();
	nt_settle(nt);

	fv_misbehave(nt->fv, FV_EVIL_SILENT, 1, U32_MAX);
	for (i = 0; i < 1000 && !netif_xmit_stopped(txq); i++)
		KUNIT_ASSERT_EQ(test, nt_send(nt, 0, 100, i), 0);
	KUNIT_ASSERT_TRUE(test, fv_wait_idle(nt->fv, NT_MS));

	nt_watchdog(nt);
	KUNIT_EXPECT_EQ(test, nt_ethtool_stat(nt, NULL, "tx_renotified"), 1);
	nt_watchdog(nt);
	KUNIT_EXPECT_EQ(test, nt_ethtool_stat(nt, NULL, "tx_renotified"), 1);
	KUNIT_EXPECT_EQ(test, nt_ethtool_stat(nt, NULL, "tx_drained"), 1);
	KUNIT_EXPECT_EQ(test, nt_ethtool_stat(nt, NULL, "device_resets"), 0);
	fv_behave(nt->fv);
	nt_watchdog(nt);
	for (i = 0; i < NT_MS; i++) {
		queues = nt_ethtool_stat(nt, NULL, "tx_queue_resets");
		devices = nt_ethtool_stat(nt, NULL, "device_resets");
		if (queues + devices == 1 && netif_device_present(nt->dev) &&
		    !netif_xmit_stopped(txq))
			break;
		nt_nap();
	}
	KUNIT_EXPECT_EQ(test, queues + devices, 1);
	/* The kernel may not be able to reset one queue, but must not if the device is not. */
	if (!(setup->dev.features & NM_F_RING_RESET))
		KUNIT_EXPECT_EQ(test, queues, 0);
	KUNIT_EXPECT_EQ(test, nt_ethtool_stat(nt, NULL, "device_reset_failures"), 0);
	KUNIT_EXPECT_TRUE(test, nt_wait_ready(nt));
	nt_settle(nt);
	KUNIT_EXPECT_TRUE(test, nm_wait(nt->nm, READ_ONCE(nt->nm->ctrl.unicast) == 1 &&
					test_bit(7, nt->nm->ctrl.vlans), NT_MS));
	nt_expect_traffic(nt);
	if (setup->dev.features & NM_F_VQ_NOTF_COAL)
		KUNIT_EXPECT_TRUE(test, nm_wait(nt->nm, READ_ONCE(nt->nm->ctrl.coal[1].usecs) == 77,
						NT_MS));

	rtnl_lock();
	ops->ndo_vlan_rx_kill_vid(nt->dev, htons(ETH_P_8021Q), 7);
	rtnl_unlock();
}

/* What was sent counts as progress once the driver has taken it back. */
static void nt_progress(struct nt *nt)
{
	u64 packets = nt_ethtool_stat(nt, "tx0", "packets");
	unsigned int i;

	nt_expect_traffic(nt);
	for (i = 0; i < NT_MS && nt_ethtool_stat(nt, "tx0", "packets") == packets; i++)
		nt_nap();
	KUNIT_EXPECT_NE(nt->test, nt_ethtool_stat(nt, "tx0", "packets"), packets);
}

/* Progress between two calls of the watchdog: it begins with the first step again. */
static void nt_stuck_twice(struct kunit *test)
{
	const struct nm_params params = { .features = NT_MODERN, .mode = FV_RUN };
	struct nt *nt = nt_start(test, &params);
	unsigned int i;

	for (i = 1; i <= 4; i++) {
		nt_watchdog(nt);
		KUNIT_EXPECT_EQ(test, nt_ethtool_stat(nt, NULL, "tx_renotified"), i);
		nt_progress(nt);
	}
	KUNIT_EXPECT_EQ(test, nt_ethtool_stat(nt, NULL, "device_resets"), 0);
	nt_expect_clean(nt);
}

/* Nobody tells the driver of packets: it looks by itself. */
static void nt_heals(struct kunit *test)
{
	const struct nm_params params = { .features = NT_FULL, .mode = FV_RUN };
	struct nt *nt = nt_start(test, &params);

	nt_expect_traffic(nt);
	nt->fv->irq = FV_IRQ_NEVER;
	KUNIT_EXPECT_EQ(test, nt_inject(nt, 0, 333, 9, NULL, NULL), 0);
	KUNIT_EXPECT_TRUE(test, nt_rx_arrives(nt, 333, 9));
	nt->fv->irq = FV_IRQ_NOW;
	KUNIT_EXPECT_TRUE(test, nt_wait_stat(nt, "rx_healed", 1));
	nt_expect_traffic(nt);
	nt_expect_clean(nt);
}

/* A device that is gone confirms no reset: it is not asked for one. */
static void nt_stuck_gone(struct kunit *test)
{
	const struct nm_params params = {
		.features = NT_FULL | NM_F_RING_RESET, .mode = FV_RUN, .queue_num = 16,
	};
	struct nt *nt = nt_start(test, &params);
	unsigned int i, resets;

	fv_misbehave(nt->fv, FV_EVIL_SILENT, 1, U32_MAX);
	for (i = 0; i < 8; i++)
		nt_send(nt, 0, 100, i);
	resets = nt->fv->resets;
	fv_misbehave(nt->fv, FV_EVIL_GONE, FV_ALL_QUEUES, 1);
	for (i = 0; i < 6; i++)
		nt_watchdog(nt);
	KUNIT_EXPECT_TRUE(test, nt_wait_stat(nt, "device_reset_failures", 1));
	nt_watchdog(nt);
	nt_nap();
	KUNIT_EXPECT_EQ(test, nt_ethtool_stat(nt, NULL, "device_reset_failures"), 1);
	KUNIT_EXPECT_EQ(test, nt_ethtool_stat(nt, NULL, "tx_queue_resets"), 0);
	KUNIT_EXPECT_EQ(test, nt->fv->resets, resets);
	nt_detach(nt);
	fv_unplug(nt->fv);
}

/* A device that is stuck for good is let go while it is being reset again and again. */
static void nt_stuck_unplug(struct kunit *test)
{
	const struct nm_params params = {
		.features = NT_FULL, .mode = FV_RUN, .queue_num = 16,
	};
	struct nt *nt = nt_start(test, &params);
	unsigned int i;

	fv_misbehave(nt->fv, FV_EVIL_SILENT, 1, U32_MAX);
	for (i = 0; i < 8; i++) {
		rtnl_lock();
		if (netif_device_present(nt->dev))
			nt_watchdog(nt);
		rtnl_unlock();
		nt_nap();
	}
	KUNIT_EXPECT_TRUE(test, nt_wait_stat(nt, "device_reset_failures", 0));
	nt_detach(nt);
	fv_unplug(nt->fv);
}

/* A queue is stuck before the core has done with the probe. It starts a device that it finds
 * reset, so the reset comes after that.
 */
static void nt_stuck_probe(struct kunit *test)
{
	const struct nm_params params = {
		.features = NT_FULL, .mode = FV_RUN, .queue_num = 16,
	};
	struct nt *nt = nt_model(test, &params);
	unsigned int i, resets;

	WRITE_ONCE(nt->fv->core_msecs, NT_MS);
	schedule_work(&nt->plug);
	for (i = 0; i < NT_MS && !READ_ONCE(nt->fv->core_looks); i++)
		nt_nap();
	KUNIT_ASSERT_TRUE(test, READ_ONCE(nt->fv->core_looks));
	nt_adopt(nt);
	KUNIT_ASSERT_EQ(test, nt_open(nt), 0);
	KUNIT_ASSERT_TRUE(test, nt_wait_ready(nt));

	fv_misbehave(nt->fv, FV_EVIL_SILENT, 1, U32_MAX);
	for (i = 0; i < 8; i++)
		nt_send(nt, 0, 100, i);
	resets = nt->fv->resets;
	for (i = 0; i < 4; i++)
		nt_watchdog(nt);
	/* Twice the pause of the driver. */
	msleep(250);
	KUNIT_EXPECT_TRUE(test, READ_ONCE(nt->fv->core_looks));
	fv_behave(nt->fv);
	WRITE_ONCE(nt->fv->core_msecs, 0);
	flush_work(&nt->plug);
	for (i = 0; i < NT_MS && READ_ONCE(nt->fv->resets) == resets; i++)
		nt_nap();
	for (i = 0; i < NT_MS && !netif_device_present(nt->dev); i++)
		nt_nap();
	KUNIT_EXPECT_EQ(test, nt_ethtool_stat(nt, NULL, "device_resets"), 1);
	KUNIT_EXPECT_TRUE(test, nt_wait_ready(nt));
	nt_settle(nt);
	nt_expect_traffic(nt);
	nt_expect_clean(nt);
}

static struct kunit_case nt_recovery_cases[] = {
	KUNIT_CASE_PARAM(nt_stuck, stuck_gen_params),
	KUNIT_CASE(nt_stuck_twice),
	KUNIT_CASE(nt_heals),
	KUNIT_CASE(nt_stuck_gone),
	KUNIT_CASE(nt_stuck_unplug),
	KUNIT_CASE(nt_stuck_probe),
	{}
};

struct kunit_suite nt_suite_recovery = {
	.name = "virtio_net_recovery",
	.init = nt_init,
	.exit = nt_exit,
	.test_cases = nt_recovery_cases,
};
