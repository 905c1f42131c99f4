// SPDX-License-Identifier: GPL-2.0-only
/* Ring sizes, which a queue takes on when it is reset (virtio 1.3, 2.6.1). */

#include <linux/log2.h>
#include <linux/virtio_ring.h>

#include "coal.h"
#include "rx.h"
#include "tx.h"

static int vnet_ring_check(struct vnet *vn, const char *what, u32 num)
{
	u32 min = vnet_has(vn, VIRTIO_RING_F_INDIRECT_DESC) ? 2 : VNET_TX_MAX_SG;

	if (num < min) {
		netdev_err(vn->dev, "%s %u is less than %u\n", what, num, min);
		return -EINVAL;
	}
	if (!vnet_has(vn, VIRTIO_F_RING_PACKED) && !is_power_of_2(num)) {
		netdev_err(vn->dev, "%s %u is not a power of two\n", what, num);
		return -EINVAL;
	}

	return 0;
}

static int vnet_ring_resize(struct vnet *vn, u16 pair, bool tx, u32 num)
{
	struct virtqueue *vq = tx ? vn->sq[pair].vq : vn->rq[pair].vq;
	struct netdev_queue *txq = netdev_get_tx_queue(vn->dev, pair);
	bool active = vn->rq[pair].active;
	bool stopped;
	int err;

	if (virtqueue_get_vring_size(vq) == num)
		return 0;

	vnet_pair_down(vn, pair);
	__netif_tx_lock_bh(txq);
	stopped = netif_tx_queue_stopped(txq);
	netif_tx_stop_queue(txq);
	__netif_tx_unlock_bh(txq);
	/* A poll looks at its ring once more after it has completed. */
	synchronize_net();

	err = tx ? virtqueue_resize(vq, num, vnet_tx_recycle, vnet_tx_recycled) :
		   virtqueue_resize(vq, num, vnet_rx_recycle, vnet_rx_recycled);
	if (err)
		netdev_err(vn->dev, "%s%u: ring of %u refused, error %d\n",
			   tx ? "tx" : "rx", pair, num, err);

	if (active && !virtqueue_is_broken(vq)) {
		vnet_pair_up(vn, pair);
		netif_tx_wake_queue(txq);
	} else if (!stopped) {
		netif_tx_start_queue(txq);
	}

	return err;
}

static int vnet_rings_resize(struct vnet *vn, bool tx, u32 num)
{
	int err = 0;
	u16 i;

	for (i = 0; i < vn->max_pairs && !err; i++)
		err = vnet_ring_resize(vn, i, tx, num);

	return err;
}

/**
 * vnet_set_ringparam() - ethtool -G
 * @dev: the net device
 * @ring: what is wanted, checked against the largest rings by the core
 * @kernel_ring: not used
 * @extack: not used
 *
 * Context: RTNL held, may sleep.
 * Return: 0 or a negative errno.
 */
int vnet_set_ringparam(struct net_device *dev, struct ethtool_ringparam *ring,
		       struct kernel_ethtool_ringparam *kernel_ring,
		       struct netlink_ext_ack *extack)
{
	struct vnet *vn = netdev_priv(dev);
	int err;

	if (!vnet_has(vn, VIRTIO_F_RING_RESET)) {
		netdev_err(dev, "rings cannot be resized, the device has no RING_RESET\n");
		return -EOPNOTSUPP;
	}
	err = vnet_ring_check(vn, "rx", ring->rx_pending);
	if (!err)
		err = vnet_ring_check(vn, "tx", ring->tx_pending);
	if (err)
		return err;

	err = vnet_rings_resize(vn, false, ring->rx_pending);
	if (!err) {
		vn->rx_ring = ring->rx_pending;
		err = vnet_rings_resize(vn, true, ring->tx_pending);
	}
	if (!err)
		vn->tx_ring = ring->tx_pending;
	/* What the device knew of a queue went with its reset, also of some only. */
	vnet_coal_restore(vn);

	return err;
}

/**
 * vnet_rings_restore() - resize the rings of a device that was reset
 * @vn: the device, its queues not in use
 */
void vnet_rings_restore(struct vnet *vn)
{
	if (vn->rx_ring)
		vnet_rings_resize(vn, false, vn->rx_ring);
	if (vn->tx_ring)
		vnet_rings_resize(vn, true, vn->tx_ring);
}
