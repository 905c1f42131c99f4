// SPDX-License-Identifier: GPL-2.0-only
/* Control queue: commands and their answers (virtio 1.3, 5.1.6.5). */

#include <linux/cache.h>
#include <linux/delay.h>
#include <linux/etherdevice.h>
#include <linux/jiffies.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>

#include "ctrl.h"

/* How long a command may take. A device that needs longer is taken to have
 * stopped answering.
 */
#define VNET_CTRL_TIMEOUT	(10 * HZ)

/* Commands are rare and quick. Waiting for them asleep saves the interrupt
 * vector that a data queue may be in need of.
 */
#define VNET_CTRL_SLEEP_MIN_US	10
#define VNET_CTRL_SLEEP_MAX_US	2000

/* Never a valid answer (virtio 1.3, 5.1.6.5). */
#define VNET_ACK_NONE		0xff

/**
 * struct vnet_cmd - a command in memory the device may access
 * @hdr: what to do
 * @ack: written by the device
 * @data: command specific data
 *
 * Belongs to the device from the moment it is added until it comes back or the
 * device is reset. What it writes has a cache line of its own.
 */
struct vnet_cmd {
	struct virtio_net_ctrl_hdr hdr;
	virtio_net_ctrl_ack ack ____cacheline_aligned;
	u8 data[] ____cacheline_aligned;
};

/**
 * vnet_ctrl_init() - prepare for a control queue
 * @vn: the device
 */
void vnet_ctrl_init(struct vnet *vn)
{
	mutex_init(&vn->ctrl.lock);
}

/**
 * vnet_ctrl_attach() - commands can be sent from now on
 * @vn: the device
 * @vq: the control virtqueue, NULL if the device has none
 */
void vnet_ctrl_attach(struct vnet *vn, struct virtqueue *vq)
{
	mutex_lock(&vn->ctrl.lock);
	vn->ctrl.vq = vq;
	vn->ctrl.dead = false;
	mutex_unlock(&vn->ctrl.lock);
}

/**
 * vnet_ctrl_detach() - no command is sent from now on
 * @vn: the device
 *
 * Context: may sleep, until the command under way has ended.
 */
void vnet_ctrl_detach(struct vnet *vn)
{
	vnet_ctrl_attach(vn, NULL);
}

/**
 * vnet_ctrl_drain() - free commands that were never answered
 * @vq: the control virtqueue of a device that is reset
 */
void vnet_ctrl_drain(struct virtqueue *vq)
{
	struct vnet_cmd *cmd;

	while ((cmd = virtqueue_detach_unused_buf(vq)))
		kfree(cmd);
}

/* Sleep until the device returns the command. Return: 0, -ETIMEDOUT or -EIO;
 * unless 0 the command still belongs to the device.
 */
static int vnet_ctrl_wait(struct vnet_ctrl *ctrl, struct vnet_cmd *cmd)
{
	unsigned long end = jiffies + VNET_CTRL_TIMEOUT;
	unsigned int us = VNET_CTRL_SLEEP_MIN_US;
	unsigned int len;
	bool last;
	void *buf;

	do {
		/* One more look after the last sleep, however long it was. */
		last = time_after(jiffies, end);

		buf = virtqueue_get_buf(ctrl->vq, &len);
		if (buf)
			return buf == cmd ? 0 : -EIO;
		if (virtqueue_is_broken(ctrl->vq))
			return -EIO;

		usleep_range(us, 2 * us);
		us = min(2 * us, VNET_CTRL_SLEEP_MAX_US);
	} while (!last);

	return -ETIMEDOUT;
}

static int vnet_ctrl_add(struct vnet_ctrl *ctrl, struct vnet_cmd *cmd,
			 size_t len, size_t first_len)
{
	struct scatterlist hdr, data[2], ack, *sgs[4];
	unsigned int out = 0;
	int err;

	/* Devices without ANY_LAYOUT rely on these very descriptors
	 * (virtio 1.3, 5.1.6.6).
	 */
	sg_init_one(&hdr, &cmd->hdr, sizeof(cmd->hdr));
	sgs[out++] = &hdr;
	if (first_len) {
		sg_init_one(&data[0], cmd->data, first_len);
		sgs[out++] = &data[0];
	}
	if (len > first_len) {
		sg_init_one(&data[1], cmd->data + first_len, len - first_len);
		sgs[out++] = &data[1];
	}
	sg_init_one(&ack, &cmd->ack, sizeof(cmd->ack));
	sgs[out] = &ack;

	err = virtqueue_add_sgs(ctrl->vq, sgs, out, 1, cmd, GFP_KERNEL);
	if (err)
		return err;

	/* A queue that cannot be notified is broken, which the wait sees. */
	virtqueue_kick(ctrl->vq);

	return 0;
}

/* Lock held, @cmd is freed unless the device may still write to it. */
static int vnet_ctrl_run(struct vnet *vn, struct vnet_cmd *cmd, size_t len,
			 size_t first_len)
{
	struct vnet_ctrl *ctrl = &vn->ctrl;
	int err;

	if (!ctrl->vq || ctrl->dead) {
		kfree(cmd);
		return ctrl->vq ? -EIO : -ENODEV;
	}

	err = vnet_ctrl_add(ctrl, cmd, len, first_len);
	if (err) {
		kfree(cmd);
		return err;
	}

	err = vnet_ctrl_wait(ctrl, cmd);
	if (err) {
		/* Freed by vnet_ctrl_drain() after the reset. */
		ctrl->dead = true;
		dev_err(&vn->vdev->dev,
			"control command %u/%u %s, control queue not used until the device is reset\n",
			cmd->hdr.class, cmd->hdr.cmd,
			err == -ETIMEDOUT ? "was not answered" : "failed");
		return err;
	}

	if (cmd->ack != VIRTIO_NET_OK)
		err = cmd->ack == VIRTIO_NET_ERR ? -EOPNOTSUPP : -EIO;
	kfree(cmd);

	return err;
}

/**
 * vnet_ctrl_send2() - send a command whose data consists of two parts
 * @vn: the device
 * @class: VIRTIO_NET_CTRL_x
 * @command: command of that class
 * @data: command specific data
 * @len: its length in bytes
 * @first_len: length of its first part, at most @len
 *
 * Context: may sleep for VNET_CTRL_TIMEOUT.
 * Return: 0; -EOPNOTSUPP if the device refused; -ETIMEDOUT if it did not
 * answer; another negative errno.
 */
int vnet_ctrl_send2(struct vnet *vn, u8 class, u8 command,
		    const void *data, size_t len, size_t first_len)
{
	struct vnet_cmd *cmd;
	int err;

	cmd = kmalloc(struct_size(cmd, data, len), GFP_KERNEL);
	if (!cmd)
		return -ENOMEM;

	cmd->hdr.class = class;
	cmd->hdr.cmd = command;
	cmd->ack = VNET_ACK_NONE;
	memcpy(cmd->data, data, len);

	mutex_lock(&vn->ctrl.lock);
	err = vnet_ctrl_run(vn, cmd, len, first_len);
	mutex_unlock(&vn->ctrl.lock);

	return err;
}

/**
 * vnet_ctrl_send() - send a command
 * @vn: the device
 * @class: VIRTIO_NET_CTRL_x
 * @command: command of that class
 * @data: command specific data
 * @len: its length in bytes
 *
 * Context: may sleep for VNET_CTRL_TIMEOUT.
 * Return: as vnet_ctrl_send2().
 */
int vnet_ctrl_send(struct vnet *vn, u8 class, u8 command,
		   const void *data, size_t len)
{
	return vnet_ctrl_send2(vn, class, command, data, len, len);
}

/**
 * vnet_ctrl_set_pairs() - have the device use a number of queue pairs
 * @vn: the device
 * @pairs: 1 to vn->max_pairs
 *
 * Return: 0 or a negative errno.
 */
int vnet_ctrl_set_pairs(struct vnet *vn, u16 pairs)
{
	struct virtio_net_ctrl_mq mq = {
		.virtqueue_pairs = cpu_to_virtio16(vn->vdev, pairs),
	};

	if (!vnet_has(vn, VIRTIO_NET_F_MQ))
		return pairs == 1 ? 0 : -EOPNOTSUPP;

	return vnet_ctrl_send(vn, VIRTIO_NET_CTRL_MQ,
			      VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET, &mq, sizeof(mq));
}

/**
 * vnet_ctrl_set_mac() - set the address the device receives for
 * @vn: the device, with VIRTIO_NET_F_CTRL_MAC_ADDR
 * @mac: the address
 *
 * Return: 0 or a negative errno.
 */
int vnet_ctrl_set_mac(struct vnet *vn, const u8 *mac)
{
	return vnet_ctrl_send(vn, VIRTIO_NET_CTRL_MAC,
			      VIRTIO_NET_CTRL_MAC_ADDR_SET, mac, ETH_ALEN);
}

/**
 * vnet_ctrl_set_offloads() - choose what received packets may need
 * @vn: the device, with VIRTIO_NET_F_CTRL_GUEST_OFFLOADS
 * @offloads: feature bits, a subset of the negotiated ones
 *
 * Return: 0 or a negative errno.
 */
int vnet_ctrl_set_offloads(struct vnet *vn, u64 offloads)
{
	__virtio64 val = cpu_to_virtio64(vn->vdev, offloads);

	return vnet_ctrl_send(vn, VIRTIO_NET_CTRL_GUEST_OFFLOADS,
			      VIRTIO_NET_CTRL_GUEST_OFFLOADS_SET,
			      &val, sizeof(val));
}

/**
 * vnet_ctrl_vlan() - change the VLAN filter of the device
 * @vn: the device, with VIRTIO_NET_F_CTRL_VLAN
 * @vid: VLAN id
 * @add: let it pass, or do not any more
 *
 * Return: 0 or a negative errno.
 */
int vnet_ctrl_vlan(struct vnet *vn, u16 vid, bool add)
{
	__virtio16 val = cpu_to_virtio16(vn->vdev, vid);

	return vnet_ctrl_send(vn, VIRTIO_NET_CTRL_VLAN,
			      add ? VIRTIO_NET_CTRL_VLAN_ADD :
				    VIRTIO_NET_CTRL_VLAN_DEL,
			      &val, sizeof(val));
}

/**
 * vnet_ctrl_announce_ack() - the request to announce ourselves was seen
 * @vn: the device, with VIRTIO_NET_F_GUEST_ANNOUNCE
 *
 * Return: 0 or a negative errno.
 */
int vnet_ctrl_announce_ack(struct vnet *vn)
{
	return vnet_ctrl_send(vn, VIRTIO_NET_CTRL_ANNOUNCE,
			      VIRTIO_NET_CTRL_ANNOUNCE_ACK, NULL, 0);
}
