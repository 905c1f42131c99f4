/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VIRTIO_NET_COAL_H
#define VIRTIO_NET_COAL_H

#include <linux/ethtool.h>

#include "net.h"

void vnet_coal_init(struct vnet *vn);
void vnet_coal_restore(struct vnet *vn);
void vnet_coal_restore_tx(struct vnet *vn, u16 pair);
void vnet_coal_stop(struct vnet *vn, u16 pair);
void vnet_coal_sample(struct vnet_rq *rq);
int vnet_get_coalesce(struct net_device *dev, struct ethtool_coalesce *ec,
		      struct kernel_ethtool_coalesce *kernel_ec,
		      struct netlink_ext_ack *extack);
int vnet_set_coalesce(struct net_device *dev, struct ethtool_coalesce *ec,
		      struct kernel_ethtool_coalesce *kernel_ec,
		      struct netlink_ext_ack *extack);
int vnet_get_queue_coalesce(struct net_device *dev, u32 queue, struct ethtool_coalesce *ec);
int vnet_set_queue_coalesce(struct net_device *dev, u32 queue, struct ethtool_coalesce *ec);

#endif /* VIRTIO_NET_COAL_H */
