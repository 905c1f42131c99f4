/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VIRTIO_NET_TX_H
#define VIRTIO_NET_TX_H

#include "net.h"

netdev_tx_t vnet_tx_start(struct sk_buff *skb, struct net_device *dev);
int vnet_tx_poll(struct napi_struct *napi, int budget);
void vnet_tx_poll_from_rx(struct vnet_sq *sq, int budget);
void vnet_tx_irq(struct virtqueue *vq);
void vnet_tx_schedule(struct vnet_sq *sq);
void vnet_tx_ring_reset(struct vnet_sq *sq);
void vnet_tx_drain(struct vnet_sq *sq);
void vnet_tx_reclaim_all(struct vnet_sq *sq);
void vnet_tx_recycle(struct virtqueue *vq, void *buf);
void vnet_tx_recycled(struct virtqueue *vq);

#endif /* VIRTIO_NET_TX_H */
