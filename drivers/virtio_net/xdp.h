/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VIRTIO_NET_XDP_H
#define VIRTIO_NET_XDP_H

#include "net.h"

struct vnet_rx_batch;

/* xdp.c */
int vnet_xdp_receive(struct vnet_rq *rq, struct bpf_prog *prog, int budget,
		     struct vnet_rx_batch *batch);

/* xdp_tx.c */
int vnet_xdp_send(struct vnet *vn, struct xdp_frame **frames, int n);
int vnet_xdp_xmit(struct net_device *dev, int n, struct xdp_frame **frames,
		  u32 flags);

/* xdp_setup.c */
int vnet_bpf(struct net_device *dev, struct netdev_bpf *bpf);
int vnet_change_mtu(struct net_device *dev, int mtu);
void vnet_xdp_features(struct vnet *vn);

#endif /* VIRTIO_NET_XDP_H */
