// SPDX-License-Identifier: GPL-2.0-only
/* Counters for ip -s and ethtool -S. */

#include <linux/ethtool.h>

#include "devstats.h"

/**
 * struct vnet_stat - a counter as ethtool shows it
 * @name: second part of its name, the first one names the queue
 * @offset: where it is in the statistics of the queue
 */
struct vnet_stat {
	const char *name;
	size_t offset;
};

#define VNET_RX_STAT(m) { #m, offsetof(struct vnet_rx_stats, m) }
#define VNET_TX_STAT(m) { #m, offsetof(struct vnet_tx_stats, m) }

static const struct vnet_stat vnet_rx_stats[] = {
	VNET_RX_STAT(packets),
	VNET_RX_STAT(bytes),
	VNET_RX_STAT(drops),
	VNET_RX_STAT(xdp_packets),
	VNET_RX_STAT(xdp_tx),
	VNET_RX_STAT(xdp_redirects),
	VNET_RX_STAT(xdp_drops),
	VNET_RX_STAT(kicks),
	VNET_RX_STAT(malformed),
};

static const struct vnet_stat vnet_tx_stats[] = {
	VNET_TX_STAT(packets),
	VNET_TX_STAT(bytes),
	VNET_TX_STAT(xdp_tx),
	VNET_TX_STAT(xdp_tx_drops),
	VNET_TX_STAT(kicks),
	VNET_TX_STAT(stop),
	VNET_TX_STAT(wake),
	VNET_TX_STAT(tx_timeouts),
};

/* Of the whole device, after those of the queues. */
static const char * const vnet_dev_stats[] = {
	"tx_renotified",
	"tx_drained",
	"tx_queue_resets",
	"device_resets",
	"device_reset_failures",
	"rx_healed",
	"ctrl_timeouts",
	"ctrl_late_answers",
};

static void vnet_fill_dev_stats(struct vnet *vn, u64 *data)
{
	static const enum vnet_recovery order[] = {
		VNET_TX_RENOTIFIED, VNET_TX_DRAINED, VNET_TX_QUEUE_RESET,
		VNET_DEVICE_RESET, VNET_DEVICE_RESET_FAILED, VNET_RX_HEALED,
	};
	unsigned int i;

	BUILD_BUG_ON(ARRAY_SIZE(order) + 2 != ARRAY_SIZE(vnet_dev_stats));

	for (i = 0; i < ARRAY_SIZE(order); i++)
		*data++ = atomic_long_read(&vn->recovery.count[order[i]]);

	/* Not under the lock, which is held as long as a command takes. */
	*data++ = READ_ONCE(vn->ctrl.timeouts);
	*data++ = READ_ONCE(vn->ctrl.answered_late);
}

static void vnet_add_rx(const struct vnet_rx_stats *stats,
			struct rtnl_link_stats64 *tot)
{
	u64 packets, bytes, drops, length, frame;
	unsigned int start;

	do {
		start = u64_stats_fetch_begin(&stats->syncp);
		packets = u64_stats_read(&stats->packets);
		bytes = u64_stats_read(&stats->bytes);
		drops = u64_stats_read(&stats->drops);
		length = u64_stats_read(&stats->length_errors);
		frame = u64_stats_read(&stats->frame_errors);
	} while (u64_stats_fetch_retry(&stats->syncp, start));

	tot->rx_packets += packets;
	tot->rx_bytes += bytes;
	tot->rx_dropped += drops;
	tot->rx_length_errors += length;
	tot->rx_frame_errors += frame;
	tot->rx_errors += length + frame;
}

static void vnet_add_tx(const struct vnet_tx_stats *stats,
			struct rtnl_link_stats64 *tot)
{
	u64 packets, bytes, drops, timeouts;
	unsigned int start;

	do {
		start = u64_stats_fetch_begin(&stats->syncp);
		packets = u64_stats_read(&stats->packets);
		bytes = u64_stats_read(&stats->bytes);
		drops = u64_stats_read(&stats->drops);
		timeouts = u64_stats_read(&stats->tx_timeouts);
	} while (u64_stats_fetch_retry(&stats->syncp, start));

	tot->tx_packets += packets;
	tot->tx_bytes += bytes;
	tot->tx_dropped += drops;
	tot->tx_errors += timeouts;
}

/**
 * vnet_get_stats64() - add up the counters of all queues
 * @dev: the net device
 * @tot: where to add them
 */
void vnet_get_stats64(struct net_device *dev, struct rtnl_link_stats64 *tot)
{
	struct vnet *vn = netdev_priv(dev);
	u16 i;

	for (i = 0; i < vn->max_pairs; i++) {
		vnet_add_rx(&vn->rq[i].stats, tot);
		vnet_add_tx(&vn->sq[i].stats, tot);
	}
}

/* What the totals over all queues are called, empty where there are none. */
static const char vnet_rx_total[] = KGD_VIRTIO_NET_STAT_RX_TOTAL;
static const char vnet_tx_total[] = KGD_VIRTIO_NET_STAT_TX_TOTAL;

#define VNET_RX_STATS	ARRAY_SIZE(vnet_rx_stats)
#define VNET_TX_STATS	ARRAY_SIZE(vnet_tx_stats)

/**
 * vnet_get_sset_count() - number of counters ethtool -S shows
 * @dev: the net device
 * @sset: ETH_SS_STATS
 *
 * Context: RTNL held.
 * Return: their number, or -EOPNOTSUPP for another set.
 */
int vnet_get_sset_count(struct net_device *dev, int sset)
{
	struct vnet *vn = netdev_priv(dev);
	unsigned int sets = vn->pairs + !!vnet_rx_total[0];

	if (sset != ETH_SS_STATS)
		return -EOPNOTSUPP;

	return sets * (VNET_RX_STATS + VNET_TX_STATS) + ARRAY_SIZE(vnet_dev_stats) +
	       vnet_devstats_count(vn);
}

static void vnet_total_strings(u8 **data, const char *format,
			       const struct vnet_stat *desc, unsigned int num)
{
	unsigned int i;

	for (i = 0; format[0] && i < num; i++)
		ethtool_sprintf(data, format, desc[i].name);
}

static void vnet_queue_strings(u8 **data, const char *format, u16 pairs,
			       const struct vnet_stat *desc, unsigned int num)
{
	unsigned int i, j;

	for (i = 0; i < pairs; i++)
		for (j = 0; j < num; j++)
			ethtool_sprintf(data, format, i, desc[j].name);
}

/**
 * vnet_get_strings() - names of these counters
 * @dev: the net device
 * @sset: ETH_SS_STATS
 * @data: ETH_GSTRING_LEN bytes for each
 *
 * Context: RTNL held.
 */
void vnet_get_strings(struct net_device *dev, u32 sset, u8 *data)
{
	struct vnet *vn = netdev_priv(dev);
	unsigned int i;

	if (sset != ETH_SS_STATS)
		return;

	vnet_total_strings(&data, vnet_rx_total, vnet_rx_stats, VNET_RX_STATS);
	vnet_total_strings(&data, vnet_tx_total, vnet_tx_stats, VNET_TX_STATS);
	vnet_queue_strings(&data, KGD_VIRTIO_NET_STAT_QUEUE("rx"), vn->pairs,
			   vnet_rx_stats, VNET_RX_STATS);
	vnet_queue_strings(&data, KGD_VIRTIO_NET_STAT_QUEUE("tx"), vn->pairs,
			   vnet_tx_stats, VNET_TX_STATS);
	for (i = 0; i < ARRAY_SIZE(vnet_dev_stats); i++, data += ETH_GSTRING_LEN)
		strscpy(data, vnet_dev_stats[i], ETH_GSTRING_LEN);
	vnet_devstats_strings(vn, &data);
}

static void vnet_fill_stats(u64 *data, const void *stats,
			    const struct u64_stats_sync *syncp,
			    const struct vnet_stat *desc, unsigned int num)
{
	unsigned int start, i;

	do {
		start = u64_stats_fetch_begin(syncp);
		for (i = 0; i < num; i++)
			data[i] = u64_stats_read(stats + desc[i].offset);
	} while (u64_stats_fetch_retry(syncp, start));
}

/* Totals are over the queues in use, as the list that follows them. */
static void vnet_add_totals(u64 *totals, const u64 *data, u16 pairs,
			    unsigned int num)
{
	unsigned int i;

	memset(totals, 0, num * sizeof(*totals));
	for (i = 0; i < pairs * num; i++)
		totals[i % num] += data[i];
}

/**
 * vnet_get_ethtool_stats() - values of these counters
 * @dev: the net device
 * @stats: unused
 * @data: one for each, in the order of the names
 *
 * Context: RTNL held.
 */
void vnet_get_ethtool_stats(struct net_device *dev,
			    struct ethtool_stats *stats, u64 *data)
{
	struct vnet *vn = netdev_priv(dev);
	u64 *totals = data, *rx, *tx;
	u16 i;

	rx = data + (vnet_rx_total[0] ? VNET_RX_STATS + VNET_TX_STATS : 0);
	tx = rx + vn->pairs * VNET_RX_STATS;

	for (i = 0; i < vn->pairs; i++) {
		vnet_fill_stats(rx + i * VNET_RX_STATS, &vn->rq[i].stats,
				&vn->rq[i].stats.syncp, vnet_rx_stats,
				VNET_RX_STATS);
		vnet_fill_stats(tx + i * VNET_TX_STATS, &vn->sq[i].stats,
				&vn->sq[i].stats.syncp, vnet_tx_stats,
				VNET_TX_STATS);
	}

	vnet_fill_dev_stats(vn, tx + vn->pairs * VNET_TX_STATS);
	vnet_devstats_fill(vn, tx + vn->pairs * VNET_TX_STATS + ARRAY_SIZE(vnet_dev_stats));

	if (!vnet_rx_total[0])
		return;
	vnet_add_totals(totals, rx, vn->pairs, VNET_RX_STATS);
	vnet_add_totals(totals + VNET_RX_STATS, tx, vn->pairs, VNET_TX_STATS);
}
