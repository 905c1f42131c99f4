// SPDX-License-Identifier: GPL-2.0-only
/* Suspend and resume. */

#include <linux/rtnetlink.h>

#include "net.h"

/**
 * vnet_freeze() - stop using the device
 * @vdev: the virtio device
 *
 * Return: 0.
 */
int vnet_freeze(struct virtio_device *vdev)
{
	struct vnet *vn = vdev->priv;
	struct net_device *dev = vn->dev;

	vnet_affinity_remove(vn);

	rtnl_lock();
	/* With the transmit locks held, so that nobody is just sending. */
	netif_tx_lock_bh(dev);
	netif_device_detach(dev);
	netif_tx_unlock_bh(dev);
	if (netif_running(dev)) {
		vnet_queues_down(vn);
		/* NAPI, which is gone only now, may have woken a queue since. */
		netif_tx_disable(dev);
		/* A poll looks at its ring once more after it has completed. */
		synchronize_net();
	}
	rtnl_unlock();

	/* After the lock: announcing ourselves takes it. */
	cancel_work_sync(&vn->config_work);
	cancel_delayed_work_sync(&vn->ctrl.late_work);
	cancel_work_sync(&vn->rx_mode_work);
	vnet_vqs_release(vn);

	return 0;
}

/**
 * vnet_restore() - use the device again
 * @vdev: the virtio device, reset and with features negotiated
 *
 * Return: 0 or a negative errno, the interface stays detached then.
 */
int vnet_restore(struct virtio_device *vdev)
{
	struct vnet *vn = vdev->priv;
	struct net_device *dev = vn->dev;
	u16 pairs = vn->pairs;
	int err;

	err = vnet_start_device(vn);
	if (err)
		return err;

	rtnl_lock();
	if (vn->pairs != pairs) {
		netif_set_real_num_tx_queues(dev, vn->pairs);
		netif_set_real_num_rx_queues(dev, vn->pairs);
	}
	vnet_filter_restore(vn);
	/* They may have changed since the device was told without the lock. */
	if (vnet_offloads_apply(vn))
		netdev_warn(dev, "receive offloads not set\n");
	if (netif_running(dev))
		err = vnet_queues_up(vn);
	if (!err)
		netif_device_attach(dev);
	vnet_config_update_link(vn);
	rtnl_unlock();

	if (err) {
		vnet_vqs_release(vn);
		return err;
	}

	if (vnet_affinity_add(vn))
		netdev_warn(dev, "queues will not follow CPUs\n");

	return 0;
}
