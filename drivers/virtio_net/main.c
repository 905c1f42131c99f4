// SPDX-License-Identifier: GPL-2.0-only
/* Module, parameters, features, probe and remove. */

#include <linux/etherdevice.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/rtnetlink.h>
#include <linux/virtio_ring.h>
#include <net/net_failover.h>

#include "coal.h"
#include "ctrl.h"
#include "devstats.h"
#include "rss.h"
#include "tx.h"
#include "virtio_disable.h"
#include "virtio_ready.h"

static int napi_weight = NAPI_POLL_WEIGHT;

static int vnet_set_napi_weight(const char *val, const struct kernel_param *kp)
{
	int weight, err;

	err = kstrtoint(val, 0, &weight);
	if (err || weight < 1 || weight > NAPI_POLL_WEIGHT) {
		pr_err("virtio_net: napi_weight=%s is not a number from 1 to %d\n",
		       val, NAPI_POLL_WEIGHT);
		return -EINVAL;
	}
	*(int *)kp->arg = weight;

	return 0;
}

static const struct kernel_param_ops vnet_napi_weight_ops = {
	.set = vnet_set_napi_weight,
	.get = param_get_int,
};

module_param_cb(napi_weight, &vnet_napi_weight_ops, &napi_weight, 0444);
__MODULE_PARM_TYPE(napi_weight, "int");
MODULE_PARM_DESC(napi_weight, "packets per poll, 1 to 64 (default 64)");

static bool csum = true;
module_param(csum, bool, 0444);
MODULE_PARM_DESC(csum, "leave checksums of sent packets to the device (default on)");

static bool gso = true;
module_param(gso, bool, 0444);
MODULE_PARM_DESC(gso, "leave segmentation of sent packets to the device (default on)");

static bool napi_tx = true;
module_param(napi_tx, bool, 0644);
MODULE_PARM_DESC(napi_tx, "free sent packets by interrupt, for devices probed from now on (default on)");

static unsigned int vnet_features[] = {
	VIRTIO_NET_F_CSUM,
	VIRTIO_NET_F_GUEST_CSUM,
	VIRTIO_NET_F_CTRL_GUEST_OFFLOADS,
	VIRTIO_NET_F_MTU,
	VIRTIO_NET_F_MAC,
	VIRTIO_NET_F_GUEST_TSO4,
	VIRTIO_NET_F_GUEST_TSO6,
	VIRTIO_NET_F_GUEST_ECN,
	VIRTIO_NET_F_HOST_TSO4,
	VIRTIO_NET_F_HOST_TSO6,
	VIRTIO_NET_F_HOST_ECN,
	VIRTIO_NET_F_MRG_RXBUF,
	VIRTIO_NET_F_STATUS,
	VIRTIO_NET_F_CTRL_VQ,
	VIRTIO_NET_F_CTRL_RX,
	VIRTIO_NET_F_CTRL_VLAN,
	VIRTIO_NET_F_GUEST_ANNOUNCE,
	VIRTIO_NET_F_MQ,
	VIRTIO_NET_F_CTRL_MAC_ADDR,
	VIRTIO_NET_F_SPEED_DUPLEX,
	VIRTIO_NET_F_CTRL_RX_EXTRA,
	VIRTIO_NET_F_RSS,
	VIRTIO_NET_F_HASH_REPORT,
	VIRTIO_NET_F_NOTF_COAL,
	VIRTIO_NET_F_VQ_NOTF_COAL,
	VIRTIO_NET_F_GUEST_HDRLEN,
	VIRTIO_NET_F_HOST_USO,
	VIRTIO_NET_F_GUEST_UFO,
	VIRTIO_NET_F_GUEST_USO4,
	VIRTIO_NET_F_GUEST_USO6,
	VIRTIO_NET_F_DEVICE_STATS,
	VIRTIO_NET_F_RSC_EXT,
#if IS_ENABLED(CONFIG_NET_FAILOVER)
	VIRTIO_NET_F_STANDBY,
#endif
	/* Only for the legacy interface, see VNET_LEGACY_ONLY. */
	VIRTIO_NET_F_GSO,
	VIRTIO_F_ANY_LAYOUT,
};

/* How many entries at the end of vnet_features[] a modern device is not asked. */
#define VNET_LEGACY_ONLY	2

static const struct virtio_device_id vnet_id_table[] = {
	{ VIRTIO_ID_NET, VIRTIO_DEV_ANY_ID },
	{ 0 },
};

/* The device has to be told when its own idea of the address is another. */
static int vnet_sync_mac(struct vnet *vn)
{
	u8 addr[ETH_ALEN];

	if (!vnet_has(vn, VIRTIO_NET_F_CTRL_MAC_ADDR))
		return 0;

	if (vnet_has(vn, VIRTIO_NET_F_MAC)) {
		virtio_cread_bytes(vn->vdev,
				   offsetof(struct virtio_net_config, mac),
				   addr, sizeof(addr));
		if (ether_addr_equal_unaligned(addr, vn->dev->dev_addr))
			return 0;
	}

	return vnet_ctrl_set_mac(vn, vn->dev->dev_addr);
}

/**
 * vnet_push_config() - tell the device all that it does not know by default
 * @vn: the device
 * @again: it was not reset since the last time
 *
 * A device that refuses a command works with its defaults. Filters are not sent
 * here, see vnet_filter_restore().
 *
 * Context: RTNL held, or the interface not registered or detached; may sleep.
 */
void vnet_push_config(struct vnet *vn, bool again)
{
	int err;

	err = vnet_sync_mac(vn);
	if (err)
		dev_warn(&vn->vdev->dev, "address not set, error %d\n", err);

	if (vn->rss.report && !vn->rss.table) {
		err = vnet_rss_send(vn, vn->pairs);
		if (err)
			dev_warn(&vn->vdev->dev, "hash not set, error %d\n", err);
	}

	err = vnet_ctrl_set_pairs(vn, vn->pairs);
	if (err) {
		dev_warn(&vn->vdev->dev, "%u queue pairs refused, error %d%s\n",
			 vn->pairs, err, again ? "" : ": using one");
		if (!again)
			vn->pairs = 1;
	}

	/* After a reset the device has all of them on (virtio 1.3, 5.1.6.5.6.1). */
	vn->offloads_told = again ? VNET_OFFLOADS_UNKNOWN : vn->offloads_max;
	err = vnet_offloads_apply(vn);
	if (err)
		dev_warn(&vn->vdev->dev, "receive offloads not set, error %d\n",
			 err);
	vnet_coal_restore(vn);
}

/**
 * vnet_start_device() - bring a device that was reset into operation
 * @vn: the device, features negotiated
 *
 * Context: may sleep.
 * Return: 0 or a negative errno, with no virtqueues then.
 */
int vnet_start_device(struct vnet *vn)
{
	int err;

	err = vnet_vqs_find(vn);
	if (err)
		return err;

	err = virtio_ready_checked(vn->vdev);
	if (err) {
		vnet_vqs_abandon(vn);
		return err;
	}
	vnet_rings_restore(vn);
	vnet_push_config(vn, false);

	return 0;
}

/* Without indirect descriptors a small ring cannot take a packet in pieces. */
static void vnet_check_rings(struct vnet *vn)
{
	u16 i;

	if (vnet_has(vn, VIRTIO_RING_F_INDIRECT_DESC))
		return;

	for (i = 0; i < vn->max_pairs; i++) {
		if (vn->sq[i].ring_size >= VNET_TX_MAX_SG)
			continue;
		dev_info(&vn->vdev->dev, "transmit ring of %u: no scatter/gather\n",
			 vn->sq[i].ring_size);
		vn->dev->features &= ~(NETIF_F_SG | NETIF_F_ALL_TSO);
		vn->dev->hw_features &= ~(NETIF_F_SG | NETIF_F_ALL_TSO);
		return;
	}
}

static u16 vnet_max_pairs(struct virtio_device *vdev)
{
	u16 pairs;

	if (!virtio_has_feature(vdev, VIRTIO_NET_F_MQ) &&
	    !virtio_has_feature(vdev, VIRTIO_NET_F_RSS))
		return 1;

	/* Checked by vnet_validate(), but read again since. */
	pairs = virtio_cread16(vdev, offsetof(struct virtio_net_config,
					      max_virtqueue_pairs));
	return clamp_t(u16, pairs, VIRTIO_NET_CTRL_MQ_VQ_PAIRS_MIN,
		       VIRTIO_NET_CTRL_MQ_VQ_PAIRS_MAX);
}

/* The stack then uses the device that is passed through while it is there. */
static int vnet_failover_add(struct vnet *vn)
{
#if IS_ENABLED(CONFIG_NET_FAILOVER)
	if (vnet_has(vn, VIRTIO_NET_F_STANDBY)) {
		vn->failover = net_failover_create(vn->dev);
		if (IS_ERR(vn->failover))
			return PTR_ERR(vn->failover);
	}
#endif
	return 0;
}

static void vnet_failover_remove(struct vnet *vn)
{
#if IS_ENABLED(CONFIG_NET_FAILOVER)
	if (vn->failover)
		net_failover_destroy(vn->failover);
#endif
}

static int vnet_register(struct vnet *vn)
{
	int err;

	err = netif_set_real_num_tx_queues(vn->dev, vn->pairs);
	if (err)
		return err;
	err = netif_set_real_num_rx_queues(vn->dev, vn->pairs);
	if (err)
		return err;

	err = register_netdev(vn->dev);
	if (err)
		return err;

	err = vnet_failover_add(vn);
	if (err)
		unregister_netdev(vn->dev);

	return err;
}

static int vnet_probe(struct virtio_device *vdev)
{
	u16 max_pairs = vnet_max_pairs(vdev);
	struct net_device *dev;
	struct vnet *vn;
	int err;

	dev = alloc_etherdev_mq(sizeof(*vn), max_pairs);
	if (!dev)
		return -ENOMEM;
	SET_NETDEV_DEV(dev, &vdev->dev);

	vn = netdev_priv(dev);
	vn->vdev = vdev;
	vn->dev = dev;
	vn->max_pairs = max_pairs;
	vn->pairs = min_t(unsigned int, max_pairs, num_online_cpus());
	vn->napi_tx = READ_ONCE(napi_tx);
	vdev->priv = vn;
	INIT_WORK(&vn->config_work, vnet_config_work);
	INIT_WORK(&vn->rx_mode_work, vnet_rx_mode_work);
	vnet_ctrl_init(vn);
	vnet_recovery_init(vn);
	vnet_netdev_setup(vn, csum, gso);
	vnet_config_read_mac(vn);

	err = vnet_rss_setup(vn);
	if (err)
		goto err_netdev;
	err = vnet_queues_alloc(vn, napi_weight);
	if (err)
		goto err_netdev;
	vnet_coal_init(vn);

	err = vnet_start_device(vn);
	if (err)
		goto err_queues;

	vnet_check_rings(vn);
	vnet_devstats_init(vn);

	err = vnet_register(vn);
	if (err)
		goto err_vqs;

	/* Nobody is told about carriers of unregistered interfaces. */
	vnet_config_update_link(vn);

	err = vnet_affinity_add(vn);
	if (err)
		dev_warn(&vdev->dev, "queues will not follow CPUs, error %d\n",
			 err);

	return 0;

err_vqs:
	/* The interface may have been up for a moment. */
	vnet_recovery_stop(vn);
	cancel_work_sync(&vn->rx_mode_work);
	cancel_delayed_work_sync(&vn->ctrl.late_work);
	vnet_vqs_release(vn);
err_queues:
	vnet_queues_free(vn);
err_netdev:
	vnet_devstats_free(vn);
	kfree(vn->rss.table);
	free_netdev(dev);

	return err;
}

static void vnet_remove(struct virtio_device *vdev)
{
	struct vnet *vn = vdev->priv;

	vnet_recovery_stop(vn);
	/* The core lets no more configuration changes through. */
	cancel_work_sync(&vn->config_work);
	vnet_affinity_remove(vn);
	vnet_failover_remove(vn);
	unregister_netdev(vn->dev);
	/* Until now the watchdog may have asked for it again. */
	vnet_recovery_stop(vn);
	cancel_delayed_work_sync(&vn->ctrl.late_work);
	cancel_work_sync(&vn->rx_mode_work);
	vnet_vqs_release(vn);
	/* No interrupt from here on. */
	cancel_work_sync(&vn->config_work);
	vnet_queues_free(vn);
	vnet_devstats_free(vn);
	kfree(vn->rss.table);
	free_netdev(vn->dev);
}

/* What others depend on may be among these, so they come first. */
static int vnet_validate_wanted(struct virtio_device *vdev)
{
	virtio_disable_features(vdev);
	return vnet_validate(vdev);
}

static struct virtio_driver vnet_driver = {
	.driver.name		= KBUILD_MODNAME,
	.feature_table		= vnet_features,
	.feature_table_size	= ARRAY_SIZE(vnet_features) - VNET_LEGACY_ONLY,
	.feature_table_legacy	= vnet_features,
	.feature_table_size_legacy = ARRAY_SIZE(vnet_features),
	.id_table		= vnet_id_table,
	.validate		= vnet_validate_wanted,
	.probe			= vnet_probe,
	.remove			= vnet_remove,
	.config_changed		= vnet_config_changed,
#ifdef CONFIG_PM_SLEEP
	.freeze			= vnet_freeze,
	.restore		= vnet_restore,
#endif
};

static int __init vnet_init(void)
{
	int err;

	err = vnet_affinity_init();
	if (err)
		return err;

	err = register_virtio_driver(&vnet_driver);
	if (err)
		vnet_affinity_exit();

	return err;
}
module_init(vnet_init);

static void __exit vnet_exit(void)
{
	unregister_virtio_driver(&vnet_driver);
	vnet_affinity_exit();
}
module_exit(vnet_exit);

MODULE_DEVICE_TABLE(virtio, vnet_id_table);
MODULE_DESCRIPTION("Virtio network driver");
MODULE_AUTHOR("kvm-guest-drivers-linux authors");
MODULE_VERSION(KGD_VERSION);
MODULE_LICENSE("GPL");
