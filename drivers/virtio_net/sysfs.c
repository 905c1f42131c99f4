// SPDX-License-Identifier: GPL-2.0-only
/* /sys/class/net/<interface>/queues/rx-<n>/virtio_net/ */

#include <linux/sysfs.h>
#include <net/netdev_rx_queue.h>

#include "rx.h"

#ifdef CONFIG_SYSFS
static ssize_t mergeable_rx_buffer_size_show(struct netdev_rx_queue *queue,
					     char *buf)
{
	struct vnet *vn = netdev_priv(queue->dev);
	struct vnet_rq *rq = &vn->rq[get_netdev_rx_queue_index(queue)];

	return sysfs_emit(buf, "%u\n",
			  vnet_buf_room(READ_ONCE(rq->want_shift)));
}

static struct rx_queue_attribute mergeable_rx_buffer_size_attr =
	__ATTR_RO(mergeable_rx_buffer_size);

static struct attribute *vnet_rx_queue_attrs[] = {
	&mergeable_rx_buffer_size_attr.attr,
	NULL
};

static const struct attribute_group vnet_rx_queue_group = {
	.name = "virtio_net",
	.attrs = vnet_rx_queue_attrs,
};
#endif

/**
 * vnet_sysfs_setup() - have attributes made for the receive queues
 * @vn: the device, net device not registered yet
 */
void vnet_sysfs_setup(struct vnet *vn)
{
#ifdef CONFIG_SYSFS
	if (vn->mergeable)
		vn->dev->sysfs_rx_queue_group = &vnet_rx_queue_group;
#endif
}
