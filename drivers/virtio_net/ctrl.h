/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VIRTIO_NET_CTRL_H
#define VIRTIO_NET_CTRL_H

#include "net.h"

void vnet_ctrl_init(struct vnet *vn);
void vnet_ctrl_attach(struct vnet *vn, struct virtqueue *vq);
void vnet_ctrl_detach(struct vnet *vn);
void vnet_ctrl_drain(struct virtqueue *vq);

int vnet_ctrl_send(struct vnet *vn, u8 class, u8 command,
		   const void *data, size_t len);
int vnet_ctrl_send2(struct vnet *vn, u8 class, u8 command,
		    const void *data, size_t len, size_t first_len);
int vnet_ctrl_set_pairs(struct vnet *vn, u16 pairs);
int vnet_ctrl_set_mac(struct vnet *vn, const u8 *mac);
int vnet_ctrl_set_offloads(struct vnet *vn, u64 offloads);
int vnet_ctrl_vlan(struct vnet *vn, u16 vid, bool add);
int vnet_ctrl_announce_ack(struct vnet *vn);

#endif /* VIRTIO_NET_CTRL_H */
