/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VIRTIO_NET_CTRL_H
#define VIRTIO_NET_CTRL_H

#include "net.h"

/**
 * struct vnet_msg - a command for the device
 * @class: VIRTIO_NET_CTRL_x
 * @command: command of that class
 * @data: command specific data
 * @len: its length in bytes
 * @first_len: length of its first part, 0 if it is one
 * @result: where a command specific result goes
 * @result_len: most bytes of it
 * @result_min: fewest bytes of it
 */
struct vnet_msg {
	u8 class;
	u8 command;
	const void *data;
	size_t len;
	size_t first_len;
	void *result;
	size_t result_len;
	size_t result_min;
};

void vnet_ctrl_init(struct vnet *vn);
void vnet_ctrl_attach(struct vnet *vn, struct virtqueue *vq);
void vnet_ctrl_detach(struct vnet *vn);
void vnet_ctrl_drain(struct virtqueue *vq);
void vnet_ctrl_late_work(struct work_struct *work);

int vnet_ctrl_send(struct vnet *vn, u8 class, u8 command,
		   const void *data, size_t len);
int vnet_ctrl_msg(struct vnet *vn, const struct vnet_msg *msg);
int vnet_ctrl_set_pairs(struct vnet *vn, u16 pairs);
int vnet_ctrl_set_mac(struct vnet *vn, const u8 *mac);
int vnet_ctrl_set_offloads(struct vnet *vn, u64 offloads);
int vnet_ctrl_vlan(struct vnet *vn, u16 vid, bool add);
int vnet_ctrl_announce_ack(struct vnet *vn);

#endif /* VIRTIO_NET_CTRL_H */
