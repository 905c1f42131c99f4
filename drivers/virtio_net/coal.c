// SPDX-License-Identifier: GPL-2.0-only
/* Notification coalescing (virtio 1.3, 5.1.6.5.10), by hand and adaptive. */

#include <linux/dim.h>

#include "coal.h"
#include "ctrl.h"

/* virtio 1.3, 5.1.6.5.10: commands and the class. */
#define VNET_COAL_CLASS		6
#define VNET_COAL_TX_SET	0
#define VNET_COAL_RX_SET	1
#define VNET_COAL_VQ_SET	2

struct vnet_coal_all {
	__le32 packets;
	__le32 usecs;
} __packed;

struct vnet_coal_one {
	__le16 vqn;
	__le16 reserved;
	struct vnet_coal_all coal;
} __packed;

static int vnet_coal_send_all(struct vnet *vn, u8 command, const struct vnet_coal *coal)
{
	const struct vnet_coal_all msg = {
		.packets = cpu_to_le32(coal->frames),
		.usecs = cpu_to_le32(coal->usecs),
	};

	return vnet_ctrl_send(vn, VNET_COAL_CLASS, command, &msg, sizeof(msg));
}

static int vnet_coal_send_one(struct vnet *vn, u16 vqn, const struct vnet_coal *coal)
{
	const struct vnet_coal_one msg = {
		.vqn = cpu_to_le16(vqn),
		.coal.packets = cpu_to_le32(coal->frames),
		.coal.usecs = cpu_to_le32(coal->usecs),
	};

	return vnet_ctrl_send(vn, VNET_COAL_CLASS, VNET_COAL_VQ_SET, &msg, sizeof(msg));
}

/* Takes no RTNL: whoever stops it holds that. */
static void vnet_coal_dim_work(struct work_struct *work)
{
	struct dim *dim = container_of(work, struct dim, work);
	struct vnet_rq *rq = container_of(dim, struct vnet_rq, dim);
	struct dim_cq_moder moder = net_dim_get_rx_moderation(dim->mode, dim->profile_ix);
	const struct vnet_coal coal = { .usecs = moder.usec, .frames = moder.pkts };

	if (READ_ONCE(rq->adaptive) &&
	    (coal.usecs != rq->coal.usecs || coal.frames != rq->coal.frames) &&
	    !vnet_coal_send_one(rq->vn, VNET_RXQ(rq->index), &coal))
		rq->coal = coal;
	dim->state = DIM_START_MEASURE;
}

/**
 * vnet_coal_sample() - a poll of an adaptive queue has ended
 * @rq: the queue
 *
 * Context: NAPI of the queue.
 */
void vnet_coal_sample(struct vnet_rq *rq)
{
	struct dim_sample sample = {};

	dim_update_sample(READ_ONCE(rq->calls), u64_stats_read(&rq->stats.packets),
			  u64_stats_read(&rq->stats.bytes), &sample);
	net_dim(&rq->dim, &sample);
}

/**
 * vnet_coal_init() - prepare the queues
 * @vn: the device, its queue objects made
 */
void vnet_coal_init(struct vnet *vn)
{
	u16 i;

	for (i = 0; i < vn->max_pairs; i++) {
		INIT_WORK(&vn->rq[i].dim.work, vnet_coal_dim_work);
		vn->rq[i].dim.mode = DIM_CQ_PERIOD_MODE_START_FROM_EQE;
	}
}

/**
 * vnet_coal_stop() - a queue pair goes down
 * @vn: the device
 * @pair: number of the pair, its NAPI disabled
 *
 * Context: RTNL held, may sleep.
 */
void vnet_coal_stop(struct vnet *vn, u16 pair)
{
	struct dim *dim = &vn->rq[pair].dim;

	cancel_work_sync(&dim->work);
	dim->state = DIM_START_MEASURE;
}

/**
 * vnet_coal_restore() - tell a device that was reset
 * @vn: the device
 *
 * Context: RTNL held or the interface not in use; may sleep.
 */
void vnet_coal_restore(struct vnet *vn)
{
	int err = 0, err2 = 0;
	u16 i;

	if (!vn->coal_set)
		return;

	if (vnet_has(vn, VIRTIO_NET_F_NOTF_COAL)) {
		err = vnet_coal_send_all(vn, VNET_COAL_RX_SET, &vn->coal_rx);
		err2 = vnet_coal_send_all(vn, VNET_COAL_TX_SET, &vn->coal_tx);
	}
	for (i = 0; vnet_has(vn, VIRTIO_NET_F_VQ_NOTF_COAL) && i < vn->max_pairs; i++) {
		err = err ?: vnet_coal_send_one(vn, VNET_RXQ(i), &vn->rq[i].coal);
		err2 = err2 ?: vnet_coal_send_one(vn, VNET_TXQ(i), &vn->sq[i].coal);
	}
	if (err || err2)
		dev_warn(&vn->vdev->dev, "coalescing not set, error %d\n", err ?: err2);
}

/**
 * vnet_coal_restore_tx() - tell a device of a transmit queue that was reset alone
 * @vn: the device
 * @pair: number of the queue pair
 *
 * Such a queue comes back with what all of its kind were given last.
 *
 * Context: RTNL held; may sleep.
 */
void vnet_coal_restore_tx(struct vnet *vn, u16 pair)
{
	int err;

	if (!vn->coal_set || !vnet_has(vn, VIRTIO_NET_F_VQ_NOTF_COAL))
		return;
	err = vnet_coal_send_one(vn, VNET_TXQ(pair), &vn->sq[pair].coal);
	if (err)
		dev_warn(&vn->vdev->dev, "coalescing of tx%u not set, error %d\n", pair, err);
}

static void vnet_coal_show(struct ethtool_coalesce *ec, const struct vnet_coal *rx,
			   const struct vnet_coal *tx)
{
	ec->rx_coalesce_usecs = rx->usecs;
	ec->rx_max_coalesced_frames = rx->frames;
	ec->tx_coalesce_usecs = tx->usecs;
	ec->tx_max_coalesced_frames = tx->frames;
}

/**
 * vnet_get_coalesce() - ethtool -c
 * @dev: the net device
 * @ec: where it goes
 * @kernel_ec: not used
 * @extack: not used
 *
 * Context: RTNL held.
 * Return: 0 or -EOPNOTSUPP.
 */
int vnet_get_coalesce(struct net_device *dev, struct ethtool_coalesce *ec,
		      struct kernel_ethtool_coalesce *kernel_ec,
		      struct netlink_ext_ack *extack)
{
	struct vnet *vn = netdev_priv(dev);

	if (!vnet_has(vn, VIRTIO_NET_F_NOTF_COAL))
		return -EOPNOTSUPP;

	vnet_coal_show(ec, &vn->coal_rx, &vn->coal_tx);
	ec->use_adaptive_rx_coalesce = vn->coal_adaptive;

	return 0;
}

static int vnet_coal_refuse_adaptive(struct vnet *vn, const struct ethtool_coalesce *ec,
				     const struct vnet_coal *now)
{
	if (!ec->use_adaptive_rx_coalesce)
		return 0;
	if (!vnet_has(vn, VIRTIO_NET_F_VQ_NOTF_COAL)) {
		netdev_err(vn->dev, "adaptive-rx: the device cannot do it, no VQ_NOTF_COAL\n");
		return -EOPNOTSUPP;
	}
	if (ec->rx_coalesce_usecs != now->usecs || ec->rx_max_coalesced_frames != now->frames) {
		netdev_err(vn->dev, "rx-usecs and rx-frames cannot be set together with adaptive-rx\n");
		return -EINVAL;
	}

	return 0;
}

static void vnet_coal_adapt(struct vnet *vn, u16 pair, bool on)
{
	struct vnet_rq *rq = &vn->rq[pair];

	WRITE_ONCE(rq->adaptive, on);
	if (!on)
		cancel_work_sync(&rq->dim.work);
}

/**
 * vnet_set_coalesce() - ethtool -C
 * @dev: the net device
 * @ec: what is wanted
 * @kernel_ec: not used
 * @extack: not used
 *
 * Context: RTNL held, may sleep.
 * Return: 0 or a negative errno.
 */
int vnet_set_coalesce(struct net_device *dev, struct ethtool_coalesce *ec,
		      struct kernel_ethtool_coalesce *kernel_ec,
		      struct netlink_ext_ack *extack)
{
	const struct vnet_coal tx = { ec->tx_coalesce_usecs, ec->tx_max_coalesced_frames };
	const struct vnet_coal rx = { ec->rx_coalesce_usecs, ec->rx_max_coalesced_frames };
	struct vnet *vn = netdev_priv(dev);
	int err;
	u16 i;

	if (!vnet_has(vn, VIRTIO_NET_F_NOTF_COAL))
		return -EOPNOTSUPP;
	err = vnet_coal_refuse_adaptive(vn, ec, &vn->coal_rx);
	if (err)
		return err;

	err = vnet_coal_send_all(vn, VNET_COAL_TX_SET, &tx);
	if (err)
		return err;
	vn->coal_set = true;
	vn->coal_tx = tx;
	for (i = 0; i < vn->max_pairs; i++)
		vn->sq[i].coal = tx;

	vn->coal_adaptive = ec->use_adaptive_rx_coalesce;
	for (i = 0; i < vn->max_pairs; i++)
		vnet_coal_adapt(vn, i, vn->coal_adaptive);
	if (vn->coal_adaptive)
		return 0;

	err = vnet_coal_send_all(vn, VNET_COAL_RX_SET, &rx);
	if (err)
		return err;
	vn->coal_rx = rx;
	for (i = 0; i < vn->max_pairs; i++)
		vn->rq[i].coal = rx;

	return 0;
}

/**
 * vnet_get_queue_coalesce() - ethtool --per-queue --show-coalesce
 * @dev: the net device
 * @queue: number of the queue pair
 * @ec: where it goes
 *
 * Context: RTNL held.
 * Return: 0 or a negative errno.
 */
int vnet_get_queue_coalesce(struct net_device *dev, u32 queue, struct ethtool_coalesce *ec)
{
	struct vnet *vn = netdev_priv(dev);

	if (queue >= vn->max_pairs)
		return -EINVAL;
	if (!vnet_has(vn, VIRTIO_NET_F_VQ_NOTF_COAL))
		return -EOPNOTSUPP;

	vnet_coal_show(ec, &vn->rq[queue].coal, &vn->sq[queue].coal);
	ec->use_adaptive_rx_coalesce = vn->rq[queue].adaptive;

	return 0;
}

/**
 * vnet_set_queue_coalesce() - ethtool --per-queue --coalesce
 * @dev: the net device
 * @queue: number of the queue pair
 * @ec: what is wanted
 *
 * Context: RTNL held, may sleep.
 * Return: 0 or a negative errno.
 */
int vnet_set_queue_coalesce(struct net_device *dev, u32 queue, struct ethtool_coalesce *ec)
{
	const struct vnet_coal tx = { ec->tx_coalesce_usecs, ec->tx_max_coalesced_frames };
	const struct vnet_coal rx = { ec->rx_coalesce_usecs, ec->rx_max_coalesced_frames };
	struct vnet *vn = netdev_priv(dev);
	int err;

	if (queue >= vn->max_pairs)
		return -EINVAL;
	if (!vnet_has(vn, VIRTIO_NET_F_VQ_NOTF_COAL))
		return -EOPNOTSUPP;
	err = vnet_coal_refuse_adaptive(vn, ec, &vn->rq[queue].coal);
	if (err)
		return err;

	err = vnet_coal_send_one(vn, VNET_TXQ(queue), &tx);
	if (err)
		return err;
	vn->coal_set = true;
	vn->sq[queue].coal = tx;

	vnet_coal_adapt(vn, queue, ec->use_adaptive_rx_coalesce);
	if (ec->use_adaptive_rx_coalesce)
		return 0;

	err = vnet_coal_send_one(vn, VNET_RXQ(queue), &rx);
	if (err)
		return err;
	vn->rq[queue].coal = rx;

	return 0;
}
