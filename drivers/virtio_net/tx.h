/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VIRTIO_NET_TX_H
#define VIRTIO_NET_TX_H

#include "net.h"

/* What is given to the ring with a packet says what it is: the address of an
 * skb, or that of an XDP frame with a bit set.
 */
#define VNET_TX_FRAME		BIT(0)

static inline bool vnet_tx_is_frame(const void *token)
{
	return (unsigned long)token & VNET_TX_FRAME;
}

static inline void *vnet_tx_frame_token(struct xdp_frame *frame)
{
	return (void *)((unsigned long)frame | VNET_TX_FRAME);
}

static inline struct xdp_frame *vnet_tx_token_frame(const void *token)
{
	return (struct xdp_frame *)((unsigned long)token & ~VNET_TX_FRAME);
}

netdev_tx_t vnet_tx_start(struct sk_buff *skb, struct net_device *dev);
int vnet_tx_poll(struct napi_struct *napi, int budget);
void vnet_tx_poll_from_rx(struct vnet_sq *sq, int budget);
void vnet_tx_reclaim(struct vnet_sq *sq, struct netdev_queue *txq, int budget);
void vnet_tx_stop(struct vnet_sq *sq, struct netdev_queue *txq);
void vnet_tx_flush(struct vnet_sq *sq, struct netdev_queue *txq);
void vnet_tx_irq(struct virtqueue *vq);
void vnet_tx_schedule(struct vnet_sq *sq);
void vnet_tx_ring_reset(struct vnet_sq *sq);
void vnet_tx_drain(struct vnet_sq *sq);
void vnet_tx_reclaim_all(struct vnet_sq *sq);
void vnet_tx_recycle(struct virtqueue *vq, void *buf);
void vnet_tx_recycled(struct virtqueue *vq);

#endif /* VIRTIO_NET_TX_H */
