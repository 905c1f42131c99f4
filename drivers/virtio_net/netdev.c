// SPDX-License-Identifier: GPL-2.0-only
/* The interface: up, down, addresses, features, number of queues. */

#include <linux/cpu.h>
#include <linux/etherdevice.h>
#include <linux/filter.h>

#include "coal.h"
#include "ctrl.h"
#include "qstats.h"
#include "rx.h"
#include "tx.h"
#include "xdp.h"

/* Receive offloads that ethtool calls rx-gro-hw. */
#define VNET_OFFLOADS_GRO_HW	(BIT_ULL(VIRTIO_NET_F_GUEST_TSO4) | \
				 BIT_ULL(VIRTIO_NET_F_GUEST_TSO6) | \
				 BIT_ULL(VIRTIO_NET_F_GUEST_ECN) | \
				 BIT_ULL(VIRTIO_NET_F_GUEST_UFO) | \
				 BIT_ULL(VIRTIO_NET_F_GUEST_USO4) | \
				 BIT_ULL(VIRTIO_NET_F_GUEST_USO6))

/**
 * vnet_pair_up() - let a queue pair run
 * @vn: the device
 * @pair: number of the pair, its receive pools made
 *
 * Context: RTNL held, may sleep.
 */
void vnet_pair_up(struct vnet *vn, u16 pair)
{
	struct vnet_rq *rq = &vn->rq[pair];
	struct vnet_sq *sq = &vn->sq[pair];

	vnet_rx_refill(rq, GFP_KERNEL);
	vnet_rx_kick(rq);
	napi_enable(&rq->napi);
	napi_enable(&sq->napi);

	/* Interrupts were of no use before, so see what they came for. */
	local_bh_disable();
	vnet_rx_schedule(rq);
	vnet_tx_schedule(sq);
	local_bh_enable();

	WRITE_ONCE(rq->active, true);
}

/**
 * vnet_pair_down() - stop NAPI and the timer of a queue pair
 * @vn: the device
 * @pair: number of the pair
 *
 * Context: RTNL held, may sleep.
 */
void vnet_pair_down(struct vnet *vn, u16 pair)
{
	struct vnet_rq *rq = &vn->rq[pair];

	/* Already down if the device was lost in a suspend. */
	if (!rq->active)
		return;

	WRITE_ONCE(rq->active, false);
	napi_disable(&rq->napi);
	timer_delete_sync(&rq->refill_timer);
	vnet_coal_stop(vn, pair);
	napi_disable(&vn->sq[pair].napi);
}

/* Queue pairs once used stay up with the interface: what is on its way in
 * their rings when their number is lowered still gets through.
 */
static int vnet_pairs_prepare(struct vnet *vn, u16 pairs)
{
	int err;

	for (; vn->ready_pairs < pairs; vn->ready_pairs++) {
		err = vnet_rx_pools_create(&vn->rq[vn->ready_pairs]);
		if (err)
			return err;
	}

	return 0;
}

/**
 * vnet_queues_up() - let the queues run
 * @vn: the device
 *
 * Context: RTNL held.
 * Return: 0 or a negative errno with nothing running.
 */
int vnet_queues_up(struct vnet *vn)
{
	int err;
	u16 i;

	err = vnet_pairs_prepare(vn, vn->pairs);
	if (err)
		return err;

	for (i = 0; i < vn->ready_pairs; i++)
		vnet_pair_up(vn, i);
	vnet_watch_start(vn);

	return 0;
}

/**
 * vnet_queues_down() - stop NAPI and timers
 * @vn: the device; nothing is being sent
 *
 * Buffers stay with the device until it is reset.
 *
 * Context: RTNL held, may sleep.
 */
void vnet_queues_down(struct vnet *vn)
{
	u16 i;

	vnet_watch_stop(vn);
	for (i = 0; i < vn->ready_pairs; i++)
		vnet_pair_down(vn, i);
}

static int vnet_open(struct net_device *dev)
{
	struct vnet *vn = netdev_priv(dev);
	int err;

	err = vnet_queues_up(vn);
	if (err)
		return err;
	netif_tx_start_all_queues(dev);

	return 0;
}

static int vnet_stop(struct net_device *dev)
{
	vnet_queues_down(netdev_priv(dev));

	return 0;
}

static int vnet_real_queues(struct vnet *vn, u16 pairs)
{
	int err;

	err = netif_set_real_num_tx_queues(vn->dev, pairs);
	if (err)
		return err;

	return netif_set_real_num_rx_queues(vn->dev, pairs);
}

/* Without packets on the queues to go before the device is told, with buffers
 * on the queues to come (virtio 1.3, 5.1.6.5.5.1).
 */
static int vnet_change_pairs(struct vnet *vn, u16 pairs)
{
	u16 old = vn->pairs;
	int err;

	if (pairs < old) {
		err = vnet_real_queues(vn, pairs);
		if (err)
			return err;
	}

	err = vnet_ctrl_set_pairs(vn, pairs);
	if (!err && pairs > old) {
		err = vnet_real_queues(vn, pairs);
		if (err)
			vnet_ctrl_set_pairs(vn, old);
	}
	if (err) {
		vnet_real_queues(vn, old);
		return err;
	}

	/* Not around all of it: the core takes this lock for XPS itself. */
	cpus_read_lock();
	vn->pairs = pairs;
	if (vn->affinity_set)
		vnet_affinity_update(vn);
	cpus_read_unlock();

	return 0;
}

/**
 * vnet_set_pairs() - change the number of queue pairs in use
 * @vn: the device
 * @pairs: 1 to vn->max_pairs
 *
 * Context: RTNL held.
 * Return: 0 or a negative errno, nothing has changed then.
 */
int vnet_set_pairs(struct vnet *vn, u16 pairs)
{
	bool running = netif_running(vn->dev);
	u16 i = vn->ready_pairs;
	int err;

	if (pairs == vn->pairs)
		return 0;

	if (running) {
		err = vnet_pairs_prepare(vn, pairs);
		for (; i < vn->ready_pairs; i++)
			vnet_pair_up(vn, i);
		if (err)
			return err;
	}

	return vnet_change_pairs(vn, pairs);
}

static int vnet_set_mac_address(struct net_device *dev, void *p)
{
	struct vnet *vn = netdev_priv(dev);
	struct sockaddr *addr = p;
	unsigned int i;
	int err;

	err = eth_prepare_mac_addr_change(dev, p);
	if (err)
		return err;

	if (vnet_has(vn, VIRTIO_NET_F_CTRL_MAC_ADDR)) {
		err = vnet_ctrl_set_mac(vn, addr->sa_data);
		if (err) {
			netdev_warn(dev, "address %pM not accepted by the device, error %d\n",
				    addr->sa_data, err);
			return err;
		}
	} else if (vnet_has(vn, VIRTIO_NET_F_MAC) &&
		   !vnet_has(vn, VIRTIO_F_VERSION_1)) {
		/* Legacy only (virtio 1.3, 5.1.4.3), byte by byte in order. */
		for (i = 0; i < ETH_ALEN; i++)
			virtio_cwrite8(vn->vdev,
				       offsetof(struct virtio_net_config, mac) + i,
				       addr->sa_data[i]);
	}

	eth_commit_mac_addr_change(dev, p);

	return 0;
}

/**
 * vnet_offloads_apply() - tell the device which receive offloads are wanted
 * @vn: the device
 *
 * XDP programs see packets as they are on the wire: with complete checksums and
 * no larger than the MTU.
 *
 * Context: RTNL held, or the interface not in use; may sleep.
 * Return: 0 or a negative errno, the device may have any of them on then.
 */
int vnet_offloads_apply(struct vnet *vn)
{
	u64 offloads = vn->xdp_on ? 0 : vn->offloads;
	int err;

	if (!vnet_has(vn, VIRTIO_NET_F_CTRL_GUEST_OFFLOADS) ||
	    offloads == vn->offloads_told)
		return 0;

	err = vnet_ctrl_set_offloads(vn, offloads);
	vn->offloads_told = err ? VNET_OFFLOADS_UNKNOWN : offloads;

	return err;
}

static netdev_features_t vnet_fix_features(struct net_device *dev,
					   netdev_features_t features)
{
	struct vnet *vn = netdev_priv(dev);

	return vn->xdp_on ? features & ~NETIF_F_GRO_HW : features;
}

static int vnet_set_features(struct net_device *dev, netdev_features_t features)
{
	struct vnet *vn = netdev_priv(dev);
	u64 old = vn->offloads;
	int err;

	if (!((dev->features ^ features) & NETIF_F_GRO_HW))
		return 0;

	vn->offloads &= ~VNET_OFFLOADS_GRO_HW;
	if (features & NETIF_F_GRO_HW)
		vn->offloads |= vn->offloads_max & VNET_OFFLOADS_GRO_HW;
	/* A device that is resumed is told then. */
	if (!netif_device_present(dev))
		return 0;

	err = vnet_offloads_apply(vn);
	if (err)
		vn->offloads = old;

	return err;
}

/* As in-tree: names the standby so that udev tells it from its master. */
static int vnet_get_phys_port_name(struct net_device *dev, char *buf, size_t len)
{
	struct vnet *vn = netdev_priv(dev);

	if (!vn->failover)
		return -EOPNOTSUPP;

	return snprintf(buf, len, "sby") < len ? 0 : -EOPNOTSUPP;
}

NDO_XDP_XMIT(vnet_xdp_xmit);

const struct net_device_ops vnet_netdev_ops = {
	.ndo_open		= vnet_open,
	.ndo_stop		= vnet_stop,
	.ndo_start_xmit		= vnet_tx_start,
	.ndo_tx_timeout		= vnet_tx_timeout,
	.ndo_validate_addr	= eth_validate_addr,
	.ndo_set_mac_address	= vnet_set_mac_address,
	.ndo_set_rx_mode	= vnet_set_rx_mode,
	.ndo_vlan_rx_add_vid	= vnet_vlan_add,
	.ndo_vlan_rx_kill_vid	= vnet_vlan_kill,
	.ndo_get_stats64	= vnet_get_stats64,
	.ndo_change_mtu		= vnet_change_mtu,
	.ndo_fix_features	= vnet_fix_features,
	.ndo_set_features	= vnet_set_features,
	.ndo_features_check	= passthru_features_check,
	.ndo_get_phys_port_name	= vnet_get_phys_port_name,
	.ndo_bpf		= vnet_bpf,
	.ndo_xdp_xmit		= ndo_xdp_xmit_op(vnet_xdp_xmit),
};

/* virtio 1.3, 5.1.5: what the device can do with packets we send. */
static void vnet_setup_tx_features(struct vnet *vn, bool csum, bool gso)
{
	struct net_device *dev = vn->dev;

	if (!vnet_has(vn, VIRTIO_NET_F_CSUM))
		return;

	dev->hw_features |= NETIF_F_HW_CSUM | NETIF_F_SG;
	if (csum)
		dev->features |= NETIF_F_HW_CSUM | NETIF_F_SG;

	if (vnet_has(vn, VIRTIO_NET_F_GSO))
		dev->hw_features |= NETIF_F_TSO | NETIF_F_TSO_ECN | NETIF_F_TSO6;
	if (vnet_has(vn, VIRTIO_NET_F_HOST_TSO4))
		dev->hw_features |= NETIF_F_TSO;
	if (vnet_has(vn, VIRTIO_NET_F_HOST_TSO6))
		dev->hw_features |= NETIF_F_TSO6;
	if (vnet_has(vn, VIRTIO_NET_F_HOST_USO))
		dev->hw_features |= NETIF_F_GSO_UDP_L4;
	if (vnet_has(vn, VIRTIO_NET_F_HOST_ECN))
		dev->hw_features |= NETIF_F_TSO_ECN;

	/* The device checks the headers of packets from other guests. */
	dev->features |= NETIF_F_GSO_ROBUST;
	if (gso)
		dev->features |= dev->hw_features & (NETIF_F_ALL_TSO | NETIF_F_GSO_UDP_L4);
}

/* Which large packets the device may give us for a feature (virtio 1.3, 5.1.6.4.1). */
static const struct {
	u8 feature;
	u8 type;
} vnet_guest_gso[] = {
	{ VIRTIO_NET_F_GUEST_TSO4, VIRTIO_NET_HDR_GSO_TCPV4 },
	{ VIRTIO_NET_F_GUEST_TSO6, VIRTIO_NET_HDR_GSO_TCPV6 },
	{ VIRTIO_NET_F_GUEST_UFO, VIRTIO_NET_HDR_GSO_UDP },
	{ VIRTIO_NET_F_GUEST_USO4, VIRTIO_NET_HDR_GSO_UDP_L4 },
	{ VIRTIO_NET_F_GUEST_USO6, VIRTIO_NET_HDR_GSO_UDP_L4 },
};

static void vnet_setup_rx_features(struct vnet *vn)
{
	struct net_device *dev = vn->dev;
	unsigned int i;

	vn->rsc = vnet_has(vn, VIRTIO_NET_F_RSC_EXT);
	vn->guest_csum = vnet_has(vn, VIRTIO_NET_F_GUEST_CSUM);
	if (vn->guest_csum) {
		dev->features |= NETIF_F_RXCSUM;
		vn->offloads_max |= BIT_ULL(VIRTIO_NET_F_GUEST_CSUM);
	}
	for (i = 0; i < ARRAY_SIZE(vnet_guest_gso); i++) {
		if (!vnet_has(vn, vnet_guest_gso[i].feature))
			continue;
		vn->gso_types |= BIT(vnet_guest_gso[i].type);
		vn->offloads_max |= BIT_ULL(vnet_guest_gso[i].feature);
	}
	if (vnet_has(vn, VIRTIO_NET_F_GUEST_ECN))
		vn->offloads_max |= BIT_ULL(VIRTIO_NET_F_GUEST_ECN);

	vn->offloads = vn->offloads_max;
	if (vn->gso_types) {
		dev->features |= NETIF_F_GRO_HW;
		if (vnet_has(vn, VIRTIO_NET_F_CTRL_GUEST_OFFLOADS))
			dev->hw_features |= NETIF_F_GRO_HW;
	}
}

static void vnet_setup_mtu(struct vnet *vn)
{
	struct net_device *dev = vn->dev;
	unsigned int mtu = ETH_DATA_LEN;

	dev->min_mtu = ETH_MIN_MTU;
	dev->max_mtu = ETH_MAX_MTU;
	vn->xdp_len_max = U32_MAX;

	if (vnet_has(vn, VIRTIO_NET_F_MTU)) {
		mtu = virtio_cread16(vn->vdev,
				     offsetof(struct virtio_net_config, mtu));
		mtu = max_t(unsigned int, mtu, ETH_MIN_MTU);
		dev->mtu = mtu;
		dev->max_mtu = mtu;
		/* A VLAN tag, or two, are not part of what the MTU counts. */
		vn->xdp_len_max = mtu + ETH_HLEN + 2 * VLAN_HLEN;
	}

	if (vn->mergeable)
		return;

	/* One buffer has to hold a frame: its size is fixed here. The device
	 * may have changed its mind about the MTU since it was validated.
	 */
	vn->rx_shift = min_t(unsigned int, VNET_BUF_MAX_SHIFT,
			     vnet_rx_shift_for(vn->hdr_len,
					       mtu + VLAN_ETH_HLEN));
	dev->max_mtu = min_t(unsigned int, dev->max_mtu,
			     (1U << vn->rx_shift) - VNET_BUF_PAD - VNET_BUF_TAIL -
			     vn->hdr_len - VLAN_ETH_HLEN);
	dev->mtu = min(dev->mtu, dev->max_mtu);
}

/**
 * vnet_netdev_setup() - derive the net device from the negotiated features
 * @vn: the device
 * @csum: use checksum offload for packets we send
 * @gso: use segmentation offload for packets we send
 */
void vnet_netdev_setup(struct vnet *vn, bool csum, bool gso)
{
	struct net_device *dev = vn->dev;
	bool v1 = vnet_has(vn, VIRTIO_F_VERSION_1);

	vn->mergeable = vnet_has(vn, VIRTIO_NET_F_MRG_RXBUF);
	vn->any_layout = v1 || vnet_has(vn, VIRTIO_F_ANY_LAYOUT);
	vn->little_endian = virtio_is_little_endian(vn->vdev);
	/* Legacy headers end before num_buffers (virtio 1.3, 5.1.6.1). */
	vn->hdr_len = vn->mergeable || v1 ?
		      sizeof(struct virtio_net_hdr_mrg_rxbuf) :
		      sizeof(struct virtio_net_hdr);
	if (vnet_has(vn, VIRTIO_NET_F_HASH_REPORT))
		vn->hdr_len = sizeof(struct virtio_net_hdr_v1_hash);
	vn->speed = SPEED_UNKNOWN;
	vn->duplex = DUPLEX_UNKNOWN;

	dev->netdev_ops = &vnet_netdev_ops;
	dev->ethtool_ops = &vnet_ethtool_ops;
	vnet_qstats_setup(dev);
	dev->priv_flags |= IFF_UNICAST_FLT | IFF_LIVE_ADDR_CHANGE;
	dev->features = NETIF_F_HIGHDMA;
	if (vn->any_layout)
		dev->needed_headroom = vn->hdr_len;

	vnet_setup_tx_features(vn, csum, gso);
	vnet_setup_rx_features(vn);
	if (vnet_has(vn, VIRTIO_NET_F_CTRL_VLAN))
		dev->features |= NETIF_F_HW_VLAN_CTAG_FILTER;
	dev->vlan_features = dev->features & ~NETIF_F_HW_VLAN_CTAG_FILTER;

	vnet_setup_mtu(vn);
	vnet_xdp_features(vn);
	vnet_sysfs_setup(vn);
	netif_carrier_off(dev);
}
