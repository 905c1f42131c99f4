/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VIRTIO_NET_RSS_H
#define VIRTIO_NET_RSS_H

#include <linux/ethtool.h>
#include <linux/skbuff.h>

#include "net.h"

void vnet_rss_validate(struct virtio_device *vdev);
int vnet_rss_setup(struct vnet *vn);
int vnet_rss_send(struct vnet *vn, u16 pairs);
int vnet_rss_set_pairs(struct vnet *vn, u16 pairs);
u32 vnet_get_rxfh_key_size(struct net_device *dev);
u32 vnet_get_rxfh_indir_size(struct net_device *dev);
int vnet_get_rxfh_fields(struct net_device *dev, struct ethtool_rxfh_fields *fields);
int vnet_set_rxfh_fields(struct net_device *dev, const struct ethtool_rxfh_fields *fields,
			 struct netlink_ext_ack *extack);

/* Take over a hash of the device. Return: false if there is no such report. */
static inline bool vnet_rss_hash(const struct vnet *vn, struct sk_buff *skb,
				 u32 hash, u16 report)
{
	enum pkt_hash_types type = PKT_HASH_TYPE_L4;

	if (report == VIRTIO_NET_HASH_REPORT_NONE)
		return true;
	if (report > VIRTIO_NET_HASH_REPORT_UDPv6_EX ||
	    !(vn->rss.supported & BIT(report - 1)))
		return false;

	if (report == VIRTIO_NET_HASH_REPORT_IPv4 ||
	    report == VIRTIO_NET_HASH_REPORT_IPv6 ||
	    report == VIRTIO_NET_HASH_REPORT_IPv6_EX)
		type = PKT_HASH_TYPE_L3;
	if (vn->dev->features & NETIF_F_RXHASH)
		skb_set_hash(skb, hash, type);

	return true;
}

#endif /* VIRTIO_NET_RSS_H */
