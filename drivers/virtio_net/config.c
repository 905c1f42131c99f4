// SPDX-License-Identifier: GPL-2.0-only
/* Configuration space: what the device says about itself and its link. */

#include <linux/etherdevice.h>
#include <linux/ethtool.h>
#include <linux/if_ether.h>

#include "ctrl.h"
#include "rsc.h"
#include "rss.h"
#include "rx.h"

/* Spec limits for max_virtqueue_pairs (virtio 1.3, 5.1.4.1). */
#define VNET_PAIRS_MIN	VIRTIO_NET_CTRL_MQ_VQ_PAIRS_MIN
#define VNET_PAIRS_MAX	VIRTIO_NET_CTRL_MQ_VQ_PAIRS_MAX

/* Features that make no sense without another one (virtio 1.3, 5.1.3.1). */
static const struct {
	u8 feature;
	u8 needs;
} vnet_feature_deps[] = {
	{ VIRTIO_NET_F_HOST_TSO4, VIRTIO_NET_F_CSUM },
	{ VIRTIO_NET_F_HOST_TSO6, VIRTIO_NET_F_CSUM },
	{ VIRTIO_NET_F_GSO, VIRTIO_NET_F_CSUM },
	{ VIRTIO_NET_F_GUEST_TSO4, VIRTIO_NET_F_GUEST_CSUM },
	{ VIRTIO_NET_F_GUEST_TSO6, VIRTIO_NET_F_GUEST_CSUM },
	/* A 64 KiB packet needs a 64 KiB buffer otherwise, for every packet. */
	{ VIRTIO_NET_F_GUEST_TSO4, VIRTIO_NET_F_MRG_RXBUF },
	{ VIRTIO_NET_F_GUEST_TSO6, VIRTIO_NET_F_MRG_RXBUF },
	{ VIRTIO_NET_F_CTRL_RX, VIRTIO_NET_F_CTRL_VQ },
	{ VIRTIO_NET_F_CTRL_VLAN, VIRTIO_NET_F_CTRL_VQ },
	{ VIRTIO_NET_F_GUEST_ANNOUNCE, VIRTIO_NET_F_CTRL_VQ },
	{ VIRTIO_NET_F_MQ, VIRTIO_NET_F_CTRL_VQ },
	{ VIRTIO_NET_F_CTRL_GUEST_OFFLOADS, VIRTIO_NET_F_CTRL_VQ },
	/* Both commands are of a class that depends on CTRL_RX. */
	{ VIRTIO_NET_F_CTRL_MAC_ADDR, VIRTIO_NET_F_CTRL_VQ },
	{ VIRTIO_NET_F_CTRL_MAC_ADDR, VIRTIO_NET_F_CTRL_RX },
	{ VIRTIO_NET_F_GUEST_ANNOUNCE, VIRTIO_NET_F_STATUS },
	{ VIRTIO_NET_F_HOST_USO, VIRTIO_NET_F_CSUM },
	{ VIRTIO_NET_F_GUEST_UFO, VIRTIO_NET_F_GUEST_CSUM },
	{ VIRTIO_NET_F_GUEST_UFO, VIRTIO_NET_F_MRG_RXBUF },
	{ VIRTIO_NET_F_GUEST_USO4, VIRTIO_NET_F_GUEST_CSUM },
	{ VIRTIO_NET_F_GUEST_USO4, VIRTIO_NET_F_MRG_RXBUF },
	{ VIRTIO_NET_F_GUEST_USO6, VIRTIO_NET_F_GUEST_CSUM },
	{ VIRTIO_NET_F_GUEST_USO6, VIRTIO_NET_F_MRG_RXBUF },
	{ VIRTIO_NET_F_CTRL_RX_EXTRA, VIRTIO_NET_F_CTRL_VQ },
	{ VIRTIO_NET_F_CTRL_RX_EXTRA, VIRTIO_NET_F_CTRL_RX },
	{ VIRTIO_NET_F_RSS, VIRTIO_NET_F_CTRL_VQ },
	{ VIRTIO_NET_F_HASH_REPORT, VIRTIO_NET_F_CTRL_VQ },
	{ VIRTIO_NET_F_NOTF_COAL, VIRTIO_NET_F_CTRL_VQ },
	{ VIRTIO_NET_F_VQ_NOTF_COAL, VIRTIO_NET_F_CTRL_VQ },
	{ VIRTIO_NET_F_DEVICE_STATS, VIRTIO_NET_F_CTRL_VQ },
	/* Its answers come in a descriptor that legacy devices do not know (5.1.6.6). */
	{ VIRTIO_NET_F_DEVICE_STATS, VIRTIO_F_VERSION_1 },
	/* Its header has the hash behind num_buffers (5.1.6). */
	{ VIRTIO_NET_F_HASH_REPORT, VIRTIO_F_VERSION_1 },
	/* The primary is found by its address. */
	{ VIRTIO_NET_F_STANDBY, VIRTIO_NET_F_MAC },
};

static void vnet_validate_ecn(struct virtio_device *vdev)
{
	if (!virtio_has_feature(vdev, VIRTIO_NET_F_HOST_TSO4) &&
	    !virtio_has_feature(vdev, VIRTIO_NET_F_HOST_TSO6))
		__virtio_clear_bit(vdev, VIRTIO_NET_F_HOST_ECN);
	if (!virtio_has_feature(vdev, VIRTIO_NET_F_GUEST_TSO4) &&
	    !virtio_has_feature(vdev, VIRTIO_NET_F_GUEST_TSO6))
		__virtio_clear_bit(vdev, VIRTIO_NET_F_GUEST_ECN);
}

/* Not every kernel's virtio_net_hdr_to_skb() knows segmented UDP. */
static void vnet_validate_uso(struct virtio_device *vdev)
{
	if (KGD_VIRTIO_NET_HDR_USO)
		return;
	__virtio_clear_bit(vdev, VIRTIO_NET_F_GUEST_USO4);
	__virtio_clear_bit(vdev, VIRTIO_NET_F_GUEST_USO6);
}

static void vnet_validate_mtu(struct virtio_device *vdev)
{
	u16 mtu;

	if (!virtio_has_feature(vdev, VIRTIO_NET_F_MTU))
		return;

	mtu = virtio_cread16(vdev, offsetof(struct virtio_net_config, mtu));
	if (mtu < ETH_MIN_MTU) {
		dev_warn(&vdev->dev, "device MTU %u ignored, below %u\n",
			 mtu, ETH_MIN_MTU);
		__virtio_clear_bit(vdev, VIRTIO_NET_F_MTU);
		return;
	}

	/* Accepting the MTU promises buffers that hold it (virtio 1.3,
	 * 5.1.4.2).
	 */
	if (!virtio_has_feature(vdev, VIRTIO_NET_F_MRG_RXBUF) &&
	    vnet_rx_shift_for(sizeof(struct virtio_net_hdr_mrg_rxbuf),
			      mtu + VLAN_ETH_HLEN) > VNET_BUF_MAX_SHIFT) {
		dev_warn(&vdev->dev,
			 "device MTU %u ignored, too large without mergeable buffers\n",
			 mtu);
		__virtio_clear_bit(vdev, VIRTIO_NET_F_MTU);
	}
}

static void vnet_validate_pairs(struct virtio_device *vdev)
{
	u16 pairs;

	if (!virtio_has_feature(vdev, VIRTIO_NET_F_MQ) &&
	    !virtio_has_feature(vdev, VIRTIO_NET_F_RSS))
		return;

	pairs = virtio_cread16(vdev, offsetof(struct virtio_net_config,
					      max_virtqueue_pairs));
	if (pairs < VNET_PAIRS_MIN || pairs > VNET_PAIRS_MAX) {
		dev_warn(&vdev->dev,
			 "device claims %u queue pairs, not %u to %u: using one\n",
			 pairs, VNET_PAIRS_MIN, VNET_PAIRS_MAX);
		__virtio_clear_bit(vdev, VIRTIO_NET_F_MQ);
		__virtio_clear_bit(vdev, VIRTIO_NET_F_RSS);
	}
}

/**
 * vnet_validate() - drop offered features that cannot be used
 * @vdev: the virtio device, features not final yet
 *
 * Return: 0 or a negative errno.
 */
int vnet_validate(struct virtio_device *vdev)
{
	unsigned int i;

	if (!vdev->config->get) {
		dev_err(&vdev->dev, "no access to the configuration space\n");
		return -EINVAL;
	}

	for (i = 0; i < ARRAY_SIZE(vnet_feature_deps); i++)
		if (!virtio_has_feature(vdev, vnet_feature_deps[i].needs))
			__virtio_clear_bit(vdev, vnet_feature_deps[i].feature);

	vnet_validate_ecn(vdev);
	vnet_validate_uso(vdev);
	vnet_rsc_validate(vdev);
	vnet_validate_mtu(vdev);
	vnet_rss_validate(vdev);
	vnet_validate_pairs(vdev);

	return 0;
}

/**
 * vnet_config_read_mac() - find an address for the interface
 * @vn: the device, net device not registered yet
 */
void vnet_config_read_mac(struct vnet *vn)
{
	u8 addr[ETH_ALEN];

	if (vnet_has(vn, VIRTIO_NET_F_MAC)) {
		virtio_cread_bytes(vn->vdev,
				   offsetof(struct virtio_net_config, mac),
				   addr, sizeof(addr));
		if (is_valid_ether_addr(addr)) {
			eth_hw_addr_set(vn->dev, addr);
			return;
		}
		dev_warn(&vn->vdev->dev, "device address %pM is not valid\n",
			 addr);
	}

	eth_hw_addr_random(vn->dev);
	dev_info(&vn->vdev->dev, "using random address %pM\n",
		 vn->dev->dev_addr);
}

static void vnet_config_read_speed(struct vnet *vn)
{
	u32 speed;
	u8 duplex;

	if (!vnet_has(vn, VIRTIO_NET_F_SPEED_DUPLEX))
		return;

	/* Anything else is unknown (virtio 1.3, 5.1.4.2). */
	speed = virtio_cread32(vn->vdev,
			       offsetof(struct virtio_net_config, speed));
	WRITE_ONCE(vn->speed, ethtool_validate_speed(speed) ? speed :
							      SPEED_UNKNOWN);

	duplex = virtio_cread8(vn->vdev,
			       offsetof(struct virtio_net_config, duplex));
	WRITE_ONCE(vn->duplex, ethtool_validate_duplex(duplex) ? duplex :
								 DUPLEX_UNKNOWN);
}

static u16 vnet_config_status(struct vnet *vn)
{
	if (!vnet_has(vn, VIRTIO_NET_F_STATUS))
		return VIRTIO_NET_S_LINK_UP;

	return virtio_cread16(vn->vdev,
			      offsetof(struct virtio_net_config, status));
}

/**
 * vnet_config_update_link() - follow the link state of the device
 * @vn: the device
 *
 * Context: may sleep; not called twice at the same time.
 */
void vnet_config_update_link(struct vnet *vn)
{
	bool up = vnet_config_status(vn) & VIRTIO_NET_S_LINK_UP;

	vnet_config_read_speed(vn);

	if (up == vn->link_up)
		return;

	vn->link_up = up;
	if (up)
		netif_carrier_on(vn->dev);
	else
		netif_carrier_off(vn->dev);
}

/**
 * vnet_config_work() - react to a change of the configuration space
 * @work: config_work of the device
 */
void vnet_config_work(struct work_struct *work)
{
	struct vnet *vn = container_of(work, struct vnet, config_work);

	/* A device reset that was under way has switched this on again. */
	if (READ_ONCE(vn->recovery.off))
		return;

	if (vnet_has(vn, VIRTIO_NET_F_GUEST_ANNOUNCE) &&
	    vnet_config_status(vn) & VIRTIO_NET_S_ANNOUNCE) {
		netdev_notify_peers(vn->dev);
		vnet_ctrl_announce_ack(vn);
	}

	vnet_config_update_link(vn);
}

/**
 * vnet_config_changed() - the device has changed its configuration space
 * @vdev: the virtio device
 *
 * Context: interrupt.
 */
void vnet_config_changed(struct virtio_device *vdev)
{
	struct vnet *vn = vdev->priv;

	schedule_work(&vn->config_work);
}
