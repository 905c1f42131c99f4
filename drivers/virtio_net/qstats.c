// SPDX-License-Identifier: GPL-2.0-only
/* Counters of queues for netlink (qstats-get of Documentation/netlink/specs/netdev.yaml). */

#include <linux/string.h>

#include "devstats.h"
#include "qstats.h"

#ifdef NETDEV_HAS_STAT_OPS

/**
 * struct vnet_qstat - a counter of the device
 * @name: as devstats.c calls it
 * @offset: where it goes
 */
struct vnet_qstat {
	const char *name;
	size_t offset;
};

#define VNET_RX_QSTAT(n, m) { n, offsetof(struct netdev_queue_stats_rx, m) }
#define VNET_TX_QSTAT(n, m) { n, offsetof(struct netdev_queue_stats_tx, m) }

static const struct vnet_qstat vnet_rx_qstats[] = {
	VNET_RX_QSTAT("drops", hw_drops),
	VNET_RX_QSTAT("drop_overruns", hw_drop_overruns),
	VNET_RX_QSTAT("csum_valid", csum_unnecessary),
	VNET_RX_QSTAT("csum_none", csum_none),
	VNET_RX_QSTAT("csum_bad", csum_bad),
	VNET_RX_QSTAT("gso_packets", hw_gro_packets),
	VNET_RX_QSTAT("gso_bytes", hw_gro_bytes),
	VNET_RX_QSTAT("gso_packets_coalesced", hw_gro_wire_packets),
	VNET_RX_QSTAT("gso_bytes_coalesced", hw_gro_wire_bytes),
	VNET_RX_QSTAT("ratelimit_packets", hw_drop_ratelimits),
};

static const struct vnet_qstat vnet_tx_qstats[] = {
	VNET_TX_QSTAT("drops", hw_drops),
	VNET_TX_QSTAT("drop_malformed", hw_drop_errors),
	VNET_TX_QSTAT("csum_none", csum_none),
	VNET_TX_QSTAT("needs_csum", needs_csum),
	VNET_TX_QSTAT("gso_packets", hw_gso_packets),
	VNET_TX_QSTAT("gso_bytes", hw_gso_bytes),
	VNET_TX_QSTAT("gso_segments", hw_gso_wire_packets),
	VNET_TX_QSTAT("gso_segments_bytes", hw_gso_wire_bytes),
	VNET_TX_QSTAT("ratelimit_packets", hw_drop_ratelimits),
};

/* Of queue pairs @pair to @end; what the device does not count stays undefined. */
static void vnet_qstats_add_hw(const struct vnet *vn, bool tx, unsigned int pair,
			       unsigned int end, void *stats)
{
	const struct vnet_qstat *desc = tx ? vnet_tx_qstats : vnet_rx_qstats;
	unsigned int num = tx ? ARRAY_SIZE(vnet_tx_qstats) : ARRAY_SIZE(vnet_rx_qstats);
	unsigned int i, p;
	u64 sum, val;

	for (i = 0; i < num; i++) {
		if (!vnet_devstats_value(vn, tx, 0, desc[i].name, &val))
			continue;
		sum = 0;
		for (p = pair; p < end; p++) {
			vnet_devstats_value(vn, tx, p, desc[i].name, &val);
			sum += val;
		}
		*(u64 *)(stats + desc[i].offset) = sum;
	}
}

static void vnet_qstats_sum_rx(struct vnet *vn, unsigned int pair, unsigned int end,
			       struct netdev_queue_stats_rx *rx)
{
	const struct vnet_rx_stats *stats;
	unsigned int start, p;
	u64 packets, bytes;

	rx->packets = 0;
	rx->bytes = 0;
	for (p = pair; p < end; p++) {
		stats = &vn->rq[p].stats;
		do {
			start = u64_stats_fetch_begin(&stats->syncp);
			packets = u64_stats_read(&stats->packets);
			bytes = u64_stats_read(&stats->bytes);
		} while (u64_stats_fetch_retry(&stats->syncp, start));
		rx->packets += packets;
		rx->bytes += bytes;
	}
	vnet_qstats_add_hw(vn, false, pair, end, rx);
}

static void vnet_qstats_sum_tx(struct vnet *vn, unsigned int pair, unsigned int end,
			       struct netdev_queue_stats_tx *tx)
{
	const struct vnet_tx_stats *stats;
	u64 packets, bytes, stop, wake;
	unsigned int start, p;

	tx->packets = 0;
	tx->bytes = 0;
	tx->stop = 0;
	tx->wake = 0;
	for (p = pair; p < end; p++) {
		stats = &vn->sq[p].stats;
		do {
			start = u64_stats_fetch_begin(&stats->syncp);
			packets = u64_stats_read(&stats->packets);
			bytes = u64_stats_read(&stats->bytes);
			stop = u64_stats_read(&stats->stop);
			wake = u64_stats_read(&stats->wake);
		} while (u64_stats_fetch_retry(&stats->syncp, start));
		tx->packets += packets;
		tx->bytes += bytes;
		tx->stop += stop;
		tx->wake += wake;
	}
	vnet_qstats_add_hw(vn, true, pair, end, tx);
}

/* RTNL held, as for each of these. */
static void vnet_get_queue_stats_rx(struct net_device *dev, int idx,
				    struct netdev_queue_stats_rx *rx)
{
	struct vnet *vn = netdev_priv(dev);

	vnet_devstats_refresh(vn);
	vnet_qstats_sum_rx(vn, idx, idx + 1, rx);
}

static void vnet_get_queue_stats_tx(struct net_device *dev, int idx,
				    struct netdev_queue_stats_tx *tx)
{
	struct vnet *vn = netdev_priv(dev);

	vnet_devstats_refresh(vn);
	vnet_qstats_sum_tx(vn, idx, idx + 1, tx);
}

/* What belongs to queues that are not in use now. */
static void vnet_get_base_stats(struct net_device *dev, struct netdev_queue_stats_rx *rx,
				struct netdev_queue_stats_tx *tx)
{
	struct vnet *vn = netdev_priv(dev);

	vnet_qstats_sum_rx(vn, dev->real_num_rx_queues, vn->max_pairs, rx);
	vnet_qstats_sum_tx(vn, dev->real_num_tx_queues, vn->max_pairs, tx);
}

static const struct netdev_stat_ops vnet_stat_ops = {
	.get_queue_stats_rx = vnet_get_queue_stats_rx,
	.get_queue_stats_tx = vnet_get_queue_stats_tx,
	.get_base_stats = vnet_get_base_stats,
};

/**
 * vnet_qstats_setup() - let the stack ask for counters of queues
 * @dev: the net device, not registered yet
 */
void vnet_qstats_setup(struct net_device *dev)
{
	dev->stat_ops = &vnet_stat_ops;
}

#endif
