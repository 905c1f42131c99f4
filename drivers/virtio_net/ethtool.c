// SPDX-License-Identifier: GPL-2.0-only
/* ethtool operations other than statistics. */

#include <linux/ethtool.h>
#include <linux/module.h>

#include "coal.h"
#include "net.h"
#include "rss.h"

static void vnet_get_drvinfo(struct net_device *dev,
			     struct ethtool_drvinfo *info)
{
	struct vnet *vn = netdev_priv(dev);

	strscpy(info->driver, KBUILD_MODNAME, sizeof(info->driver));
	strscpy(info->version, KGD_VERSION, sizeof(info->version));
	strscpy(info->bus_info, virtio_bus_name(vn->vdev),
		sizeof(info->bus_info));
}

static void vnet_get_ringparam(struct net_device *dev,
			       struct ethtool_ringparam *ring,
			       struct kernel_ethtool_ringparam *kernel_ring,
			       struct netlink_ext_ack *extack)
{
	struct vnet *vn = netdev_priv(dev);

	ring->rx_max_pending = virtqueue_num_max(vn->rq[0].vq);
	ring->tx_max_pending = virtqueue_num_max(vn->sq[0].vq);
	ring->rx_pending = virtqueue_get_vring_size(vn->rq[0].vq);
	ring->tx_pending = virtqueue_get_vring_size(vn->sq[0].vq);
}

static void vnet_get_channels(struct net_device *dev,
			      struct ethtool_channels *channels)
{
	struct vnet *vn = netdev_priv(dev);

	channels->max_combined = vn->max_pairs;
	channels->combined_count = vn->pairs;
}

static int vnet_set_channels(struct net_device *dev,
			     struct ethtool_channels *channels)
{
	struct vnet *vn = netdev_priv(dev);
	unsigned int pairs = channels->combined_count;

	/* A pair is a receive and a transmit queue and nothing else. */
	if (channels->rx_count || channels->tx_count || channels->other_count) {
		netdev_err(dev, "rx %u, tx %u, other %u: only combined channels exist\n",
			   channels->rx_count, channels->tx_count,
			   channels->other_count);
		return -EINVAL;
	}

	if (!pairs || pairs > vn->max_pairs) {
		netdev_err(dev, "combined %u is not from 1 to %u\n",
			   pairs, vn->max_pairs);
		return -EINVAL;
	}

	return vnet_set_pairs(vn, pairs);
}

static int vnet_get_link_ksettings(struct net_device *dev,
				   struct ethtool_link_ksettings *cmd)
{
	struct vnet *vn = netdev_priv(dev);

	cmd->base.speed = READ_ONCE(vn->speed);
	cmd->base.duplex = READ_ONCE(vn->duplex);
	cmd->base.port = PORT_OTHER;

	return 0;
}

static int vnet_set_link_ksettings(struct net_device *dev,
				   const struct ethtool_link_ksettings *cmd)
{
	struct vnet *vn = netdev_priv(dev);

	return ethtool_virtdev_set_link_ksettings(dev, cmd, &vn->speed,
						  &vn->duplex);
}

static int vnet_get_rxnfc(struct net_device *dev, struct ethtool_rxnfc *info, u32 *rules)
{
	struct vnet *vn = netdev_priv(dev);
	struct ethtool_rxfh_fields fields = { .flow_type = info->flow_type };
	int err;

	switch (info->cmd) {
	case ETHTOOL_GRXRINGS:
		info->data = vn->pairs;
		return 0;
	case ETHTOOL_GRXFH:
		err = vnet_get_rxfh_fields(dev, &fields);
		info->data = fields.data;
		return err;
	default:
		return -EOPNOTSUPP;
	}
}

static int vnet_set_rxnfc(struct net_device *dev, struct ethtool_rxnfc *info)
{
	const struct ethtool_rxfh_fields fields = {
		.flow_type = info->flow_type,
		.data = info->data,
	};

	if (info->cmd != ETHTOOL_SRXFH)
		return -EOPNOTSUPP;

	return vnet_set_rxfh_fields(dev, &fields, NULL);
}

ETHTOOL_GET_RINGPARAM(vnet_get_ringparam);
ETHTOOL_SET_RINGPARAM(vnet_set_ringparam);
ETHTOOL_COALESCE(vnet_get_coalesce);
ETHTOOL_COALESCE(vnet_set_coalesce);

const struct ethtool_ops vnet_ethtool_ops = {
	.supported_coalesce_params = ETHTOOL_COALESCE_USECS |
				     ETHTOOL_COALESCE_MAX_FRAMES |
				     ETHTOOL_COALESCE_USE_ADAPTIVE_RX,
	.get_drvinfo		= vnet_get_drvinfo,
	.get_link		= ethtool_op_get_link,
	.get_ringparam		= ethtool_ringparam_op(vnet_get_ringparam),
	.set_ringparam		= ethtool_ringparam_op(vnet_set_ringparam),
	.get_coalesce		= ethtool_coalesce_op(vnet_get_coalesce),
	.set_coalesce		= ethtool_coalesce_op(vnet_set_coalesce),
	.get_per_queue_coalesce	= vnet_get_queue_coalesce,
	.set_per_queue_coalesce	= vnet_set_queue_coalesce,
	.get_rxfh_key_size	= vnet_get_rxfh_key_size,
	.get_rxfh_indir_size	= vnet_get_rxfh_indir_size,
	.get_rxfh		= kgd_get_rxfh_op,
	.set_rxfh		= kgd_set_rxfh_op,
	KGD_ETHTOOL_FIELDS_OPS(vnet_get_rxfh_fields, vnet_set_rxfh_fields)
	.get_rxnfc		= vnet_get_rxnfc,
	.set_rxnfc		= vnet_set_rxnfc,
	.get_channels		= vnet_get_channels,
	.set_channels		= vnet_set_channels,
	.get_link_ksettings	= vnet_get_link_ksettings,
	.set_link_ksettings	= vnet_set_link_ksettings,
	.get_ts_info		= ethtool_op_get_ts_info,
	.get_sset_count		= vnet_get_sset_count,
	.get_strings		= vnet_get_strings,
	.get_ethtool_stats	= vnet_get_ethtool_stats,
};
