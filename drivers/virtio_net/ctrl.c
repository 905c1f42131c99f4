// SPDX-License-Identifier: GPL-2.0-only
/* Control queue: commands and their answers (virtio 1.3, 5.1.6.5). */

#include <linux/cache.h>
#include <linux/delay.h>
#include <linux/etherdevice.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/rtnetlink.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>

#include "ctrl.h"
#include "rss.h"

/* How long a command may take, in milliseconds. */
#define VNET_CTRL_TIMEOUT_MIN	100
#define VNET_CTRL_TIMEOUT_MAX	60000

/* Commands are rare and quick. Waiting for them asleep saves the interrupt
 * vector that a data queue may be in need of: QEMU gives a device of one queue
 * pair three vectors unless told otherwise.
 */
#define VNET_CTRL_SLEEP_MIN_US	10
#define VNET_CTRL_SLEEP_MAX_US	2000

/* Commands nobody waits for any more that the device may have at a time. With
 * that many, further ones fail at once: whoever holds RTNL and sends one command
 * after the other comes to an end.
 */
#define VNET_CTRL_LATE_MAX	3

/* How often late answers are looked for. */
#define VNET_CTRL_LATE_MIN	HZ
#define VNET_CTRL_LATE_SLOW	(30 * HZ)

/* Never a valid answer (virtio 1.3, 5.1.6.5). */
#define VNET_ACK_NONE		0xff

static unsigned int ctrl_timeout = 5000;

static int vnet_set_ctrl_timeout(const char *val, const struct kernel_param *kp)
{
	unsigned int ms;

	if (kstrtouint(val, 0, &ms) || ms < VNET_CTRL_TIMEOUT_MIN ||
	    ms > VNET_CTRL_TIMEOUT_MAX) {
		pr_err("virtio_net: ctrl_timeout=%s is not a number from %d to %d\n",
		       val, VNET_CTRL_TIMEOUT_MIN, VNET_CTRL_TIMEOUT_MAX);
		return -EINVAL;
	}
	WRITE_ONCE(*(unsigned int *)kp->arg, ms);

	return 0;
}

static const struct kernel_param_ops vnet_ctrl_timeout_ops = {
	.set = vnet_set_ctrl_timeout,
	.get = param_get_uint,
};

module_param_cb(ctrl_timeout, &vnet_ctrl_timeout_ops, &ctrl_timeout, 0644);
__MODULE_PARM_TYPE(ctrl_timeout, "uint");
MODULE_PARM_DESC(ctrl_timeout, "milliseconds a control command may take, 100 to 60000 (default 5000)");

/**
 * struct vnet_cmd - a command in memory the device may access
 * @hdr: what to do
 * @result: where in @data the device writes its result, if any
 * @ack: written by the device
 * @data: command specific data
 *
 * Belongs to the device from the moment it is added until it comes back or the
 * device is reset, whether somebody still waits for it or not. What the device
 * writes has cache lines of its own.
 */
struct vnet_cmd {
	struct virtio_net_ctrl_hdr hdr;
	size_t result;
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
	INIT_DELAYED_WORK(&vn->ctrl.late_work, vnet_ctrl_late_work);
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
	vn->ctrl.late = 0;
	vn->ctrl.late_delay = VNET_CTRL_LATE_MIN;
	vn->ctrl.broken = false;
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

/* Take back what nobody waits for any more. The ring core returns each buffer
 * once, so this ends. Lock held. Return: @cmd if that came back too, with the
 * bytes the device claims to have written, else NULL.
 */
static struct vnet_cmd *vnet_ctrl_reap(struct vnet_ctrl *ctrl,
				       const struct vnet_cmd *cmd,
				       unsigned int *len)
{
	struct vnet_cmd *done;

	while ((done = virtqueue_get_buf(ctrl->vq, len))) {
		if (done == cmd)
			return done;
		ctrl->late--;
		ctrl->answered_late++;
		kfree(done);
	}

	return NULL;
}

/* Sleep until the device returns the command. Return: 0, -ETIMEDOUT or -EIO;
 * unless 0 the command still belongs to the device.
 */
static int vnet_ctrl_wait(struct vnet_ctrl *ctrl, struct vnet_cmd *cmd,
			  unsigned int *len)
{
	unsigned long timeout = msecs_to_jiffies(READ_ONCE(ctrl_timeout));
	unsigned long end = jiffies + timeout;
	unsigned long again = jiffies + timeout / 2;
	unsigned int us = VNET_CTRL_SLEEP_MIN_US;
	bool last, notified = false;

	do {
		/* One more look after the last sleep, however long it was. */
		last = time_after(jiffies, end);

		if (vnet_ctrl_reap(ctrl, cmd, len))
			return 0;
		if (virtqueue_is_broken(ctrl->vq))
			return -EIO;

		/* Once, in case the notification was lost. */
		if (!notified && time_after(jiffies, again)) {
			virtqueue_notify(ctrl->vq);
			notified = true;
		}

		usleep_range(us, 2 * us);
		us = min(2 * us, VNET_CTRL_SLEEP_MAX_US);
	} while (!last);

	return -ETIMEDOUT;
}

static int vnet_ctrl_add(struct vnet_ctrl *ctrl, struct vnet_cmd *cmd,
			 const struct vnet_msg *msg)
{
	struct scatterlist hdr, data[2], ack, result, *sgs[5];
	unsigned int out = 0, in = 0;
	size_t first = msg->first_len ?: msg->len;
	int err;

	/* Devices without ANY_LAYOUT rely on these very descriptors
	 * (virtio 1.3, 5.1.6.6).
	 */
	sg_init_one(&hdr, &cmd->hdr, sizeof(cmd->hdr));
	sgs[out++] = &hdr;
	if (first) {
		sg_init_one(&data[0], cmd->data, first);
		sgs[out++] = &data[0];
	}
	if (msg->len > first) {
		sg_init_one(&data[1], cmd->data + first, msg->len - first);
		sgs[out++] = &data[1];
	}
	sg_init_one(&ack, &cmd->ack, sizeof(cmd->ack));
	sgs[out + in++] = &ack;
	if (msg->result_len) {
		sg_init_one(&result, cmd->data + cmd->result, msg->result_len);
		sgs[out + in++] = &result;
	}

	err = virtqueue_add_sgs(ctrl->vq, sgs, out, in, cmd, GFP_KERNEL);
	if (err)
		return err;

	/* A queue that cannot be notified is broken, which the wait sees. */
	virtqueue_kick(ctrl->vq);

	return 0;
}

/* Nobody waits for @cmd any more. It is freed when it comes back, or by
 * vnet_ctrl_drain() after the reset.
 */
static void vnet_ctrl_abandon(struct vnet *vn, const struct vnet_cmd *cmd, int err)
{
	struct vnet_ctrl *ctrl = &vn->ctrl;

	ctrl->late++;
	ctrl->timeouts++;
	if (err != -ETIMEDOUT)
		ctrl->broken = true;
	else
		schedule_delayed_work(&ctrl->late_work, ctrl->late_delay);

	if (net_ratelimit())
		dev_err(&vn->vdev->dev, "control command %u/%u %s%s\n",
			cmd->hdr.class, cmd->hdr.cmd,
			err == -ETIMEDOUT ? "was not answered" : "failed",
			ctrl->broken || ctrl->late == VNET_CTRL_LATE_MAX ?
			", control queue not used until the device answers or is reset" : "");
}

/* What the device has said about a command that came back. */
static int vnet_ctrl_answer(const struct vnet_cmd *cmd, const struct vnet_msg *msg,
			    unsigned int used)
{
	if (cmd->ack == VIRTIO_NET_ERR)
		return -EOPNOTSUPP;
	if (cmd->ack != VIRTIO_NET_OK)
		return -EIO;
	if (!msg->result_len)
		return 0;

	/* Less than that was not written, more is not possible. */
	if (used < sizeof(cmd->ack) + msg->result_min ||
	    used > sizeof(cmd->ack) + msg->result_len)
		return -EIO;
	memcpy(msg->result, cmd->data + cmd->result, msg->result_len);

	return used - sizeof(cmd->ack);
}

/* Lock held, @cmd is freed unless the device may still write to it. */
static int vnet_ctrl_run(struct vnet *vn, struct vnet_cmd *cmd,
			 const struct vnet_msg *msg)
{
	struct vnet_ctrl *ctrl = &vn->ctrl;
	unsigned int used = 0;
	int err;

	if (!ctrl->vq || ctrl->broken) {
		kfree(cmd);
		return ctrl->vq ? -EIO : -ENODEV;
	}

	vnet_ctrl_reap(ctrl, NULL, &used);
	if (ctrl->late >= VNET_CTRL_LATE_MAX) {
		kfree(cmd);
		return -EIO;
	}

	err = vnet_ctrl_add(ctrl, cmd, msg);
	if (err) {
		kfree(cmd);
		return err;
	}

	err = vnet_ctrl_wait(ctrl, cmd, &used);
	if (err) {
		vnet_ctrl_abandon(vn, cmd, err);
		return err;
	}

	err = vnet_ctrl_answer(cmd, msg, used);
	kfree(cmd);

	return err;
}

/**
 * vnet_ctrl_msg() - send a command and get its answer
 * @vn: the device
 * @msg: the command
 *
 * Context: may sleep, as long as the parameter ctrl_timeout says.
 * Return: bytes of the result, 0 for a command without; -EOPNOTSUPP if the
 * device refused; -ETIMEDOUT if it did not answer; another negative errno.
 */
int vnet_ctrl_msg(struct vnet *vn, const struct vnet_msg *msg)
{
	size_t result = ALIGN(msg->len, SMP_CACHE_BYTES);
	struct vnet_cmd *cmd;
	int err;

	cmd = kzalloc(struct_size(cmd, data, result + msg->result_len), GFP_KERNEL);
	if (!cmd)
		return -ENOMEM;

	cmd->hdr.class = msg->class;
	cmd->hdr.cmd = msg->command;
	cmd->ack = VNET_ACK_NONE;
	cmd->result = result;
	if (msg->len)
		memcpy(cmd->data, msg->data, msg->len);

	mutex_lock(&vn->ctrl.lock);
	err = vnet_ctrl_run(vn, cmd, msg);
	mutex_unlock(&vn->ctrl.lock);

	return err;
}

/**
 * vnet_ctrl_send() - send a command that has no result
 * @vn: the device
 * @class: VIRTIO_NET_CTRL_x
 * @command: command of that class
 * @data: command specific data
 * @len: its length in bytes
 *
 * Context: as vnet_ctrl_msg().
 * Return: 0 or a negative errno as vnet_ctrl_msg().
 */
int vnet_ctrl_send(struct vnet *vn, u8 class, u8 command,
		   const void *data, size_t len)
{
	const struct vnet_msg msg = {
		.class = class,
		.command = command,
		.data = data,
		.len = len,
	};

	return vnet_ctrl_msg(vn, &msg);
}

/**
 * vnet_ctrl_late_work() - a command was given up, is it done by now?
 * @work: late_work of the control queue
 *
 * What the device has done after its caller was told that it failed is undone:
 * all that was configured is sent again.
 */
void vnet_ctrl_late_work(struct work_struct *work)
{
	struct vnet_ctrl *ctrl = container_of(to_delayed_work(work),
					      struct vnet_ctrl, late_work);
	struct vnet *vn = container_of(ctrl, struct vnet, ctrl);
	unsigned int used;
	bool again, sync;

	/* Not rtnl_lock(): the owner may be waiting for this work to end. */
	if (!rtnl_trylock()) {
		schedule_delayed_work(&ctrl->late_work, HZ / 10 ?: 1);
		return;
	}

	mutex_lock(&ctrl->lock);
	if (ctrl->vq)
		vnet_ctrl_reap(ctrl, NULL, &used);
	again = ctrl->vq && ctrl->late;
	sync = ctrl->vq && !ctrl->late;
	ctrl->late_delay = again ? min_t(unsigned long, 2 * ctrl->late_delay,
					 VNET_CTRL_LATE_SLOW) :
				   VNET_CTRL_LATE_MIN;
	mutex_unlock(&ctrl->lock);

	if (again)
		schedule_delayed_work(&ctrl->late_work, ctrl->late_delay);
	if (sync) {
		netdev_info(vn->dev, "control queue answers again, sending all settings\n");
		vnet_push_config(vn, true);
		vnet_filter_restore(vn);
	}
	rtnl_unlock();
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

	if (vn->rss.table)
		return vnet_rss_set_pairs(vn, pairs);
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
