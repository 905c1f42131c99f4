// SPDX-License-Identifier: GPL-2.0-only
/* What the suites of virtio_net share: a device, its interface, received frames. */

#include <linux/ethtool.h>
#include <linux/delay.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>
#include <linux/ipv6.h>
#include <net/net_namespace.h>
#include <net/sch_generic.h>

#include "../drivers/virtio_net/net.h"
#include "virtio_net_kunit.h"

#define NT_DEV(n, f, m) \
	{ .name = (n), .dev = { .features = (f), .mtu = (m), .mode = FV_RUN } }

#define NT_PACKED (NT_MODERN | NM_F_RING_PACKED)
#define NT_BOTH (NM_F_INDIRECT | NM_F_EVENT_IDX)

/* Interfaces, receive buffers and rings in all combinations. */
const struct nt_setup nt_matrix[NT_MATRIX_LEN] = {
	NT_DEV("legacy small", NT_BASE, 0),
	NT_DEV("legacy small indirect", NT_BASE | NM_F_INDIRECT, 0),
	NT_DEV("legacy small event-idx", NT_BASE | NM_F_EVENT_IDX, 0),
	NT_DEV("legacy small both", NT_BASE | NT_BOTH, 0),
	NT_DEV("legacy mergeable", NT_BASE | NM_F_MRG_RXBUF | NM_F_ANY_LAYOUT, 0),
	NT_DEV("legacy mergeable indirect",
	       NT_BASE | NM_F_MRG_RXBUF | NM_F_ANY_LAYOUT | NM_F_INDIRECT, 0),
	NT_DEV("legacy mergeable event-idx",
	       NT_BASE | NM_F_MRG_RXBUF | NM_F_ANY_LAYOUT | NM_F_EVENT_IDX, 0),
	NT_DEV("legacy mergeable both", NT_BASE | NM_F_MRG_RXBUF | NM_F_ANY_LAYOUT | NT_BOTH, 0),
	NT_DEV("legacy big", NT_BASE | NM_F_MTU, 9000),
	NT_DEV("legacy big indirect", NT_BASE | NM_F_MTU | NM_F_INDIRECT, 9000),
	NT_DEV("legacy big event-idx", NT_BASE | NM_F_MTU | NM_F_EVENT_IDX, 9000),
	NT_DEV("legacy big both", NT_BASE | NM_F_MTU | NT_BOTH, 9000),
	NT_DEV("split small", NT_MODERN, 0),
	NT_DEV("split small indirect", NT_MODERN | NM_F_INDIRECT, 0),
	NT_DEV("split small event-idx", NT_MODERN | NM_F_EVENT_IDX, 0),
	NT_DEV("split small both", NT_MODERN | NT_BOTH, 0),
	NT_DEV("split mergeable", NT_MODERN | NM_F_MRG_RXBUF, 0),
	NT_DEV("split mergeable indirect", NT_MODERN | NM_F_MRG_RXBUF | NM_F_INDIRECT, 0),
	NT_DEV("split mergeable event-idx", NT_MODERN | NM_F_MRG_RXBUF | NM_F_EVENT_IDX, 0),
	NT_DEV("split mergeable both", NT_MODERN | NM_F_MRG_RXBUF | NT_BOTH, 0),
	NT_DEV("split big", NT_MODERN | NM_F_MTU, 9000),
	NT_DEV("split big indirect", NT_MODERN | NM_F_MTU | NM_F_INDIRECT, 9000),
	NT_DEV("split big event-idx", NT_MODERN | NM_F_MTU | NM_F_EVENT_IDX, 9000),
	NT_DEV("split big both", NT_MODERN | NM_F_MTU | NT_BOTH, 9000),
	NT_DEV("packed small", NT_PACKED, 0),
	NT_DEV("packed small indirect", NT_PACKED | NM_F_INDIRECT, 0),
	NT_DEV("packed small event-idx", NT_PACKED | NM_F_EVENT_IDX, 0),
	NT_DEV("packed small both", NT_PACKED | NT_BOTH, 0),
	NT_DEV("packed mergeable", NT_PACKED | NM_F_MRG_RXBUF, 0),
	NT_DEV("packed mergeable indirect", NT_PACKED | NM_F_MRG_RXBUF | NM_F_INDIRECT, 0),
	NT_DEV("packed mergeable event-idx", NT_PACKED | NM_F_MRG_RXBUF | NM_F_EVENT_IDX, 0),
	NT_DEV("packed mergeable both", NT_PACKED | NM_F_MRG_RXBUF | NT_BOTH, 0),
	NT_DEV("packed big", NT_PACKED | NM_F_MTU, 9000),
	NT_DEV("packed big indirect", NT_PACKED | NM_F_MTU | NM_F_INDIRECT, 9000),
	NT_DEV("packed big event-idx", NT_PACKED | NM_F_MTU | NM_F_EVENT_IDX, 9000),
	NT_DEV("packed big both", NT_PACKED | NM_F_MTU | NT_BOTH, 9000),
};

/* For what does not depend much on them. */
const struct nt_setup nt_few[NT_FEW_LEN] = {
	NT_DEV("legacy small", NT_BASE, 0),
	NT_DEV("legacy mergeable", NT_BASE | NM_F_MRG_RXBUF, 0),
	NT_DEV("split all", NT_FULL, 0),
	NT_DEV("split big", NT_MODERN | NM_F_MTU | NM_F_EVENT_IDX, 9000),
	NT_DEV("packed all", NT_FULL | NM_F_RING_PACKED, 0),
	NT_DEV("packed small", NT_PACKED, 0),
};

/**
 * nt_setup_desc() - name of a parameter
 * @setup: the parameter
 * @desc: where the name goes, KUNIT_PARAM_DESC_SIZE bytes
 */
void nt_setup_desc(const struct nt_setup *setup, char *desc)
{
	strscpy(desc, setup->name, KUNIT_PARAM_DESC_SIZE);
}

/* IPv6 would speak by itself on each interface that comes up. */
static void nt_quiet(struct nt *nt, bool quiet)
{
#if IS_ENABLED(CONFIG_IPV6)
	if (quiet && !nt->quiet) {
		nt->ipv6_off = init_net.ipv6.devconf_dflt->disable_ipv6;
		WRITE_ONCE(init_net.ipv6.devconf_dflt->disable_ipv6, 1);
	} else if (!quiet && nt->quiet) {
		WRITE_ONCE(init_net.ipv6.devconf_dflt->disable_ipv6, nt->ipv6_off);
	}
	nt->quiet = quiet;
#endif
}

static void nt_plug(struct work_struct *work)
{
	fv_plug(container_of(work, struct nt, plug)->fv);
}

/**
 * nt_init() - begin a test
 * @test: the test
 *
 * Return: 0 or -ENOMEM.
 */
int nt_init(struct kunit *test)
{
	struct nt *nt = kzalloc(sizeof(*nt), GFP_KERNEL);

	if (!nt)
		return -ENOMEM;

	nt->test = test;
	nt->keep = true;
	INIT_WORK(&nt->plug, nt_plug);
	skb_queue_head_init(&nt->rx);
	init_waitqueue_head(&nt->wait);
	test->priv = nt;
	nt_quiet(nt, true);

	return 0;
}

/**
 * nt_rx_handler() - frames that are received end here, the stack does not see them
 * @pskb: the frame
 *
 * Context: softirq.
 * Return: RX_HANDLER_CONSUMED.
 */
rx_handler_result_t nt_rx_handler(struct sk_buff **pskb)
{
	struct nt *nt = rcu_dereference((*pskb)->dev->rx_handler_data);
	struct sk_buff *skb = skb_share_check(*pskb, GFP_ATOMIC);

	if (!skb)
		return RX_HANDLER_CONSUMED;

	if (READ_ONCE(nt->keep))
		skb_queue_tail(&nt->rx, skb);
	else
		kfree_skb(skb);
	atomic_inc(&nt->nr_rx);
	wake_up_all(&nt->wait);

	return RX_HANDLER_CONSUMED;
}

/**
 * nt_detach() - let go of the interface, which may go away then
 * @nt: the test
 */
void nt_detach(struct nt *nt)
{
	if (!nt->dev)
		return;

	rtnl_lock();
	if (nt->handler)
		netdev_rx_handler_unregister(nt->dev);
	nt->handler = false;
	rtnl_unlock();
	skb_queue_purge(&nt->rx);
	dev_put(nt->dev);
	nt->dev = NULL;
}

/**
 * nt_exit() - end a test
 * @test: the test
 */
void nt_exit(struct kunit *test)
{
	struct nt *nt = test->priv;

	if (!nt)
		return;

	if (nt->nm)
		WRITE_ONCE(nt->fv->core_msecs, 0);
	flush_work(&nt->plug);
	nt_detach(nt);
	nm_destroy(nt->nm);
	skb_queue_purge(&nt->rx);
	KUNIT_EXPECT_EQ_MSG(test, nt_live(), 0, "packets not freed");
	nt_quiet(nt, false);
	kfree(nt);
	test->priv = NULL;
}

/**
 * nt_model() - make the device
 * @test: the test
 * @params: what it is like
 *
 * Return: the test's state.
 */
struct nt *nt_model(struct kunit *test, const struct nm_params *params)
{
	struct nt *nt = test->priv;

	nt->nm = nm_create(test, params);
	KUNIT_ASSERT_NOT_NULL(test, nt->nm);
	nt->fv = nt->nm->fv;

	return nt;
}

/**
 * nt_create() - make the device, and plug it in
 * @test: the test
 * @params: what it is like
 *
 * Asserts that the driver takes it.
 *
 * Return: the test's state.
 */
struct nt *nt_create(struct kunit *test, const struct nm_params *params)
{
	struct nt *nt = nt_model(test, params);

	KUNIT_ASSERT_EQ(test, fv_plug(nt->fv), 0);
	KUNIT_ASSERT_TRUE_MSG(test, fv_bound(nt->fv), "is virtio_net loaded?");
	nt_adopt(nt);

	return nt;
}

/**
 * nt_adopt() - use the interface that the driver has made
 * @nt: the test
 */
void nt_adopt(struct nt *nt)
{
	struct kunit *test = nt->test;
	int err;

	nt->dev = nm_netdev(nt->nm);
	KUNIT_ASSERT_NOT_NULL(test, nt->dev);

	rtnl_lock();
	err = netdev_rx_handler_register(nt->dev, nt_rx_handler, nt);
	nt->handler = !err;
	/* Frames are to come one by one, as the driver has them. */
	nt->dev->wanted_features &= ~NETIF_F_GRO;
	netdev_update_features(nt->dev);
	rtnl_unlock();
	KUNIT_ASSERT_EQ(test, err, 0);
}

/**
 * nt_nap() - let others work for a while
 */
void nt_nap(void)
{
	usleep_range(500, 1500);
}

/**
 * nt_settle() - wait until the driver has said all that it has to say now
 * @nt: the test
 *
 * A device that stops working is not to stop in the middle of a command.
 */
void nt_settle(struct nt *nt)
{
	struct vnet *vn = netdev_priv(nt->dev);

	if (nt->fv->mode == FV_RUN)
		flush_work(&vn->rx_mode_work);
}

/**
 * nt_open() - bring the interface up
 * @nt: the test
 *
 * Return: 0 or a negative errno.
 */
int nt_open(struct nt *nt)
{
	int err;

	rtnl_lock();
	err = dev_open(nt->dev, NULL);
	rtnl_unlock();

	nt_settle(nt);

	return err;
}

/**
 * nt_close() - bring the interface down
 * @nt: the test
 */
void nt_close(struct nt *nt)
{
	rtnl_lock();
	dev_close(nt->dev);
	rtnl_unlock();
}

/**
 * nt_wait_ready() - wait until packets can be sent
 * @nt: the test
 *
 * Return: false if that took too long.
 */
bool nt_wait_ready(struct nt *nt)
{
	unsigned long end = jiffies + msecs_to_jiffies(NT_MS);

	while (!netif_carrier_ok(nt->dev) || qdisc_tx_is_noop(nt->dev)) {
		if (time_after(jiffies, end))
			return false;
		nt_nap();
	}

	return true;
}

/**
 * nt_start() - make a device whose interface is up and has buffers
 * @test: the test
 * @params: what it is like
 *
 * Return: the test's state.
 */
struct nt *nt_start(struct kunit *test, const struct nm_params *params)
{
	struct nt *nt = nt_create(test, params);

	KUNIT_ASSERT_EQ(test, nt_open(nt), 0);
	KUNIT_ASSERT_TRUE(test, nt_wait_ready(nt));
	if (nt->fv->mode == FV_RUN)
		KUNIT_ASSERT_TRUE(test, nm_wait_buffers(nt->nm, 0, 1, NT_MS));

	return nt;
}

/**
 * nt_expect_clean() - the driver has kept to the specification
 * @nt: the test
 */
void nt_expect_clean(struct nt *nt)
{
	KUNIT_EXPECT_EQ(nt->test, atomic_read(&nt->fv->violations), 0);
}

/**
 * nt_expect_numbered() - these were sent: 100 bytes of seed 0, 101 of seed 1 and so on
 * @nt: the test
 * @n: how many
 */
void nt_expect_numbered(struct nt *nt, unsigned int n)
{
	struct nm_frame *frame;
	unsigned int i;

	for (i = 0; i < n; i++) {
		frame = nt_next_sent(nt);
		KUNIT_ASSERT_NOT_NULL(nt->test, frame);
		KUNIT_EXPECT_TRUE(nt->test, frame->len == 100 + i &&
				  nt_frame_is(nt, frame->data, frame->len, i));
		nm_free_frame(frame);
	}
}

/**
 * nt_wait_awake() - wait until the first transmit queue is not stopped
 * @nt: the test
 *
 * Return: whether it is not.
 */
bool nt_wait_awake(struct nt *nt)
{
	struct netdev_queue *txq = netdev_get_tx_queue(nt->dev, 0);
	unsigned int i;

	for (i = 0; i < NT_MS && netif_tx_queue_stopped(txq); i++)
		nt_nap();

	return !netif_tx_queue_stopped(txq);
}

/**
 * nt_expect_traffic() - frames get through in both directions
 * @nt: the test, its device running
 */
void nt_expect_traffic(struct nt *nt)
{
	struct nm_frame *frame;
	u64 sent = READ_ONCE(nt->nm->nr_sent);

	nm_drop_sent(nt->nm);
	skb_queue_purge(&nt->rx);
	nt->nm->tx = NM_TX_KEEP;
	nt->keep = true;
	KUNIT_EXPECT_EQ(nt->test, nt_send(nt, 0, 321, 77), 0);
	KUNIT_EXPECT_TRUE(nt->test, nm_wait_sent(nt->nm, sent + 1, NT_MS));
	frame = nt_next_sent(nt);
	KUNIT_EXPECT_NOT_NULL(nt->test, frame);
	if (frame) {
		KUNIT_EXPECT_TRUE(nt->test, nt_frame_is(nt, frame->data, frame->len, 77));
		nm_free_frame(frame);
	}

	KUNIT_EXPECT_TRUE(nt->test, nm_wait_buffers(nt->nm, 0, 4, NT_MS));
	KUNIT_EXPECT_EQ(nt->test, nt_inject(nt, 0, 432, 78, NULL, NULL), 0);
	KUNIT_EXPECT_TRUE(nt->test, nt_rx_arrives(nt, 432, 78));
}

/**
 * nt_set_channels() - ethtool -L
 * @nt: the test
 * @combined: queue pairs
 *
 * Return: 0 or a negative errno.
 */
int nt_set_channels(struct nt *nt, unsigned int combined)
{
	struct ethtool_channels channels = { .combined_count = combined };
	int err;

	rtnl_lock();
	err = nt->dev->ethtool_ops->set_channels(nt->dev, &channels);
	rtnl_unlock();

	return err;
}

/**
 * nt_change_mtu() - ip link set mtu
 * @nt: the test
 * @mtu: the MTU
 *
 * Return: 0 or a negative errno.
 */
int nt_change_mtu(struct nt *nt, unsigned int mtu)
{
	int err;

	rtnl_lock();
	err = dev_set_mtu(nt->dev, mtu);
	rtnl_unlock();

	return err;
}

/**
 * nt_stats() - ip -s link
 * @nt: the test
 * @stats: the counters
 */
void nt_stats(struct nt *nt, struct rtnl_link_stats64 *stats)
{
	memset(stats, 0, sizeof(*stats));
	dev_get_stats(nt->dev, stats);
}

static bool nt_stat_is(const char *have, const char *queue, const char *name)
{
	size_t len = queue ? strlen(queue) : 0, name_len = strlen(name), have_len = strlen(have);

	if (!queue)
		return !strcmp(have, name);

	/* The names differ between kernels: rx0_packets, rx_queue_0_packets. */
	return have_len > name_len && have[have_len - name_len - 1] == '_' &&
	       !strcmp(have + have_len - name_len, name) &&
	       !strncmp(have, queue, 2) &&
	       ((have_len == len + 1 + name_len && !strncmp(have, queue, len)) ||
		(have_len == 11 + name_len && !strncmp(have + 2, "_queue_", 7) &&
		 have[9] == queue[2]));
}

/**
 * nt_ethtool_stat() - ethtool -S
 * @nt: the test
 * @queue: "rx0", "tx1" ..., or NULL for a counter of the device
 * @name: of the counter
 *
 * Return: its value, U64_MAX if there is none of this name.
 */
u64 nt_ethtool_stat(struct nt *nt, const char *queue, const char *name)
{
	const struct ethtool_ops *ops = nt->dev->ethtool_ops;
	u64 found = U64_MAX, *values;
	u8 *strings;
	int n, i;

	rtnl_lock();
	n = ops->get_sset_count(nt->dev, ETH_SS_STATS);
	values = kcalloc(max(n, 1), sizeof(*values), GFP_KERNEL);
	strings = kcalloc(max(n, 1), ETH_GSTRING_LEN, GFP_KERNEL);
	if (n > 0 && values && strings) {
		struct ethtool_stats stats = { .n_stats = n };

		ops->get_strings(nt->dev, ETH_SS_STATS, strings);
		ops->get_ethtool_stats(nt->dev, &stats, values);
		for (i = 0; i < n; i++)
			if (nt_stat_is(strings + i * ETH_GSTRING_LEN, queue, name))
				found = values[i];
	}
	rtnl_unlock();
	kfree(strings);
	kfree(values);

	return found;
}
