// SPDX-License-Identifier: GPL-2.0-only
/* Receive side scaling and the hash of received packets (virtio 1.3, 5.1.6.5.6, 7). */

#include <linux/ethtool.h>
#include <linux/log2.h>
#include <linux/slab.h>

#include "ctrl.h"
#include "rss.h"

#define VNET_HASH_IP4	VIRTIO_NET_RSS_HASH_TYPE_IPv4
#define VNET_HASH_TCP4	VIRTIO_NET_RSS_HASH_TYPE_TCPv4
#define VNET_HASH_UDP4	VIRTIO_NET_RSS_HASH_TYPE_UDPv4
#define VNET_HASH_IP6	(VIRTIO_NET_RSS_HASH_TYPE_IPv6 | VIRTIO_NET_RSS_HASH_TYPE_IP_EX)
#define VNET_HASH_TCP6	(VIRTIO_NET_RSS_HASH_TYPE_TCPv6 | VIRTIO_NET_RSS_HASH_TYPE_TCP_EX)
#define VNET_HASH_UDP6	(VIRTIO_NET_RSS_HASH_TYPE_UDPv6 | VIRTIO_NET_RSS_HASH_TYPE_UDP_EX)
#define VNET_HASH_ALL	(VNET_HASH_IP4 | VNET_HASH_TCP4 | VNET_HASH_UDP4 | \
			 VNET_HASH_IP6 | VNET_HASH_TCP6 | VNET_HASH_UDP6)

#define VNET_RXH_IP	(RXH_IP_SRC | RXH_IP_DST)
#define VNET_RXH_L4	(VNET_RXH_IP | RXH_L4_B_0_1 | RXH_L4_B_2_3)

/* Larger tables are used up to this size. */
#define VNET_RSS_TABLE_MAX	4096U

/* Both commands, apart from the table. */
struct vnet_rss_head {
	__le32 types;
	__le16 mask;
	__le16 unclassified;
} __packed;

struct vnet_rss_tail {
	__le16 max_tx_vq;
	u8 key_len;
	u8 key[VNET_RSS_KEY_LEN];
} __packed;

struct vnet_hash_config {
	__le32 types;
	__le16 reserved[4];
	u8 key_len;
	u8 key[VNET_RSS_KEY_LEN];
} __packed;

static u32 vnet_rss_config_types(struct virtio_device *vdev)
{
	return virtio_cread32(vdev, offsetof(struct virtio_net_config,
					     supported_hash_types)) & VNET_HASH_ALL;
}

static u16 vnet_rss_config_table(struct virtio_device *vdev)
{
	u16 len = virtio_cread16(vdev, offsetof(struct virtio_net_config,
						rss_max_indirection_table_length));

	return len ? rounddown_pow_of_two(min_t(u32, len, VNET_RSS_TABLE_MAX)) : 0;
}

/**
 * vnet_rss_validate() - drop RSS and hash reports of a device that cannot do them
 * @vdev: the virtio device, features not final yet
 */
void vnet_rss_validate(struct virtio_device *vdev)
{
	u8 key_len;

	if (!virtio_has_feature(vdev, VIRTIO_NET_F_RSS) &&
	    !virtio_has_feature(vdev, VIRTIO_NET_F_HASH_REPORT))
		return;

	key_len = virtio_cread8(vdev, offsetof(struct virtio_net_config,
					       rss_max_key_size));
	if (key_len < VNET_RSS_KEY_LEN || !vnet_rss_config_types(vdev)) {
		dev_warn(&vdev->dev, "no RSS and no hash reports: key of %u bytes, hash types %#x\n",
			 key_len, vnet_rss_config_types(vdev));
		__virtio_clear_bit(vdev, VIRTIO_NET_F_RSS);
		__virtio_clear_bit(vdev, VIRTIO_NET_F_HASH_REPORT);
	}

	if (virtio_has_feature(vdev, VIRTIO_NET_F_RSS) &&
	    !vnet_rss_config_table(vdev)) {
		dev_warn(&vdev->dev, "no RSS: a table without entries\n");
		__virtio_clear_bit(vdev, VIRTIO_NET_F_RSS);
	}
}

static void vnet_rss_spread(struct vnet *vn, u16 pairs)
{
	unsigned int i;

	for (i = 0; i < vn->rss.table_len; i++)
		vn->rss.table[i] = ethtool_rxfh_indir_default(i, pairs);
}

/**
 * vnet_rss_setup() - prepare what the features need
 * @vn: the device
 *
 * Return: 0 or -ENOMEM.
 */
int vnet_rss_setup(struct vnet *vn)
{
	struct vnet_rss *rss = &vn->rss;

	rss->report = vnet_has(vn, VIRTIO_NET_F_HASH_REPORT);
	if (!rss->report && !vnet_has(vn, VIRTIO_NET_F_RSS))
		return 0;

	rss->supported = vnet_rss_config_types(vn->vdev);
	rss->types = rss->supported;
	netdev_rss_key_fill(rss->key, sizeof(rss->key));
	if (rss->report) {
		vn->dev->hw_features |= NETIF_F_RXHASH;
		vn->dev->features |= NETIF_F_RXHASH;
	}
	if (!vnet_has(vn, VIRTIO_NET_F_RSS))
		return 0;

	/* Checked by vnet_rss_validate(), but read again since. */
	rss->table_len = max_t(u16, vnet_rss_config_table(vn->vdev), 1);
	rss->table = kcalloc(rss->table_len, sizeof(*rss->table), GFP_KERNEL);
	if (!rss->table)
		return -ENOMEM;
	vnet_rss_spread(vn, vn->pairs);

	return 0;
}

static int vnet_rss_send_hash(struct vnet *vn)
{
	struct vnet_hash_config config = {
		.types = cpu_to_le32(vn->rss.types),
		.key_len = VNET_RSS_KEY_LEN,
	};

	memcpy(config.key, vn->rss.key, sizeof(config.key));

	return vnet_ctrl_send(vn, VIRTIO_NET_CTRL_MQ,
			      VIRTIO_NET_CTRL_MQ_HASH_CONFIG, &config, sizeof(config));
}

/**
 * vnet_rss_send() - tell the device all about hashes and where they lead
 * @vn: the device, with VIRTIO_NET_F_RSS or VIRTIO_NET_F_HASH_REPORT
 * @pairs: queue pairs in use
 *
 * Context: RTNL held or the interface not registered; may sleep.
 * Return: 0 or a negative errno.
 */
int vnet_rss_send(struct vnet *vn, u16 pairs)
{
	const struct vnet_rss *rss = &vn->rss;
	struct vnet_rss_head *head;
	struct vnet_rss_tail *tail;
	unsigned int i;
	__le16 *table;
	size_t len;
	int err;

	if (!rss->table)
		return vnet_rss_send_hash(vn);

	len = sizeof(*head) + rss->table_len * sizeof(*table) + sizeof(*tail);
	head = kzalloc(len, GFP_KERNEL);
	if (!head)
		return -ENOMEM;

	head->types = cpu_to_le32(rss->types);
	head->mask = cpu_to_le16(rss->table_len - 1);
	table = (__le16 *)(head + 1);
	for (i = 0; i < rss->table_len; i++)
		table[i] = cpu_to_le16(rss->table[i]);
	tail = (struct vnet_rss_tail *)(table + rss->table_len);
	tail->max_tx_vq = cpu_to_le16(pairs);
	tail->key_len = VNET_RSS_KEY_LEN;
	memcpy(tail->key, rss->key, sizeof(tail->key));

	err = vnet_ctrl_send(vn, VIRTIO_NET_CTRL_MQ,
			     VIRTIO_NET_CTRL_MQ_RSS_CONFIG, head, len);
	kfree(head);

	return err;
}

/**
 * vnet_rss_set_pairs() - have the device use a number of queue pairs
 * @vn: the device, with VIRTIO_NET_F_RSS
 * @pairs: 1 to vn->max_pairs
 *
 * A table that somebody has set is left alone; the core sees to it that it does
 * not lead to queues that are not in use.
 *
 * Context: RTNL held or the interface not registered; may sleep.
 * Return: 0 or a negative errno.
 */
int vnet_rss_set_pairs(struct vnet *vn, u16 pairs)
{
	bool spread = pairs != vn->pairs && !netif_is_rxfh_configured(vn->dev);
	int err;

	if (spread)
		vnet_rss_spread(vn, pairs);
	err = vnet_rss_send(vn, pairs);
	if (err && spread)
		vnet_rss_spread(vn, vn->pairs);

	return err;
}

/**
 * vnet_get_rxfh_key_size() - ethtool -x
 * @dev: the net device
 *
 * Return: bytes of the key.
 */
u32 vnet_get_rxfh_key_size(struct net_device *dev)
{
	struct vnet *vn = netdev_priv(dev);

	return vn->rss.supported ? VNET_RSS_KEY_LEN : 0;
}

/**
 * vnet_get_rxfh_indir_size() - ethtool -x
 * @dev: the net device
 *
 * Return: entries of the table.
 */
u32 vnet_get_rxfh_indir_size(struct net_device *dev)
{
	struct vnet *vn = netdev_priv(dev);

	return vn->rss.table_len;
}

/**
 * kgd_get_rxfh() - ethtool -x
 * @dev: the net device
 * @rxfh: what is asked for
 *
 * Context: RTNL held.
 * Return: 0.
 */
int kgd_get_rxfh(struct net_device *dev, struct ethtool_rxfh_param *rxfh)
{
	struct vnet *vn = netdev_priv(dev);
	unsigned int i;

	if (rxfh->indir)
		for (i = 0; i < vn->rss.table_len; i++)
			rxfh->indir[i] = vn->rss.table[i];
	if (rxfh->key && vn->rss.supported)
		memcpy(rxfh->key, vn->rss.key, VNET_RSS_KEY_LEN);
	rxfh->hfunc = ETH_RSS_HASH_TOP;

	return 0;
}

/**
 * kgd_set_rxfh() - ethtool -X
 * @dev: the net device
 * @rxfh: what is to change, the table checked by the core
 * @extack: for messages
 *
 * Context: RTNL held.
 * Return: 0 or a negative errno, nothing has changed then.
 */
int kgd_set_rxfh(struct net_device *dev, struct ethtool_rxfh_param *rxfh,
		 struct netlink_ext_ack *extack)
{
	struct vnet *vn = netdev_priv(dev);
	u8 key[VNET_RSS_KEY_LEN];
	u16 *table = NULL;
	unsigned int i;
	int err;

	if (!vn->rss.supported)
		return -EOPNOTSUPP;
	if (rxfh->hfunc != ETH_RSS_HASH_NO_CHANGE && rxfh->hfunc != ETH_RSS_HASH_TOP) {
		netdev_err(dev, "hash function %u: only toeplitz exists\n", rxfh->hfunc);
		return -EOPNOTSUPP;
	}

	memcpy(key, vn->rss.key, sizeof(key));
	if (rxfh->indir && vn->rss.table) {
		table = kmemdup(vn->rss.table, vn->rss.table_len * sizeof(*table), GFP_KERNEL);
		if (!table)
			return -ENOMEM;
		for (i = 0; i < vn->rss.table_len; i++)
			vn->rss.table[i] = rxfh->indir[i];
	}
	if (rxfh->key)
		memcpy(vn->rss.key, rxfh->key, sizeof(key));

	err = vnet_rss_send(vn, vn->pairs);
	if (err) {
		memcpy(vn->rss.key, key, sizeof(key));
		if (table)
			memcpy(vn->rss.table, table, vn->rss.table_len * sizeof(*table));
	}
	kfree(table);

	return err;
}

/* The hash types of a flow: with ports, and without. */
static bool vnet_rss_flow(u32 flow_type, u32 *l4, u32 *ip)
{
	bool v6 = flow_type == TCP_V6_FLOW || flow_type == UDP_V6_FLOW ||
		  flow_type == IPV6_FLOW;

	*ip = v6 ? VNET_HASH_IP6 : VNET_HASH_IP4;
	*l4 = 0;
	switch (flow_type) {
	case TCP_V4_FLOW:
		*l4 = VNET_HASH_TCP4;
		return true;
	case UDP_V4_FLOW:
		*l4 = VNET_HASH_UDP4;
		return true;
	case TCP_V6_FLOW:
		*l4 = VNET_HASH_TCP6;
		return true;
	case UDP_V6_FLOW:
		*l4 = VNET_HASH_UDP6;
		return true;
	case IPV4_FLOW:
	case IPV6_FLOW:
		return true;
	default:
		return false;
	}
}

/**
 * vnet_get_rxfh_fields() - ethtool -n rx-flow-hash
 * @dev: the net device
 * @fields: the flow, and which of its fields are hashed
 *
 * Context: RTNL held.
 * Return: 0 or -EOPNOTSUPP.
 */
int vnet_get_rxfh_fields(struct net_device *dev, struct ethtool_rxfh_fields *fields)
{
	struct vnet *vn = netdev_priv(dev);
	u32 l4, ip;

	if (!vn->rss.supported)
		return -EOPNOTSUPP;

	fields->data = 0;
	if (!vnet_rss_flow(fields->flow_type, &l4, &ip))
		return 0;
	if (vn->rss.types & l4)
		fields->data = VNET_RXH_L4;
	else if (vn->rss.types & ip)
		fields->data = VNET_RXH_IP;

	return 0;
}

/**
 * vnet_set_rxfh_fields() - ethtool -N rx-flow-hash
 * @dev: the net device
 * @fields: the flow, and which of its fields are to be hashed
 * @extack: for messages
 *
 * A packet whose ports are not hashed has its addresses hashed as any packet of
 * that IP version has (virtio 1.3, 5.1.6.4.3), so that goes for all of them.
 *
 * Context: RTNL held.
 * Return: 0 or a negative errno, nothing has changed then.
 */
int vnet_set_rxfh_fields(struct net_device *dev, const struct ethtool_rxfh_fields *fields,
			 struct netlink_ext_ack *extack)
{
	struct vnet *vn = netdev_priv(dev);
	u32 old = vn->rss.types, l4, ip;
	int err;

	if (!vn->rss.supported)
		return -EOPNOTSUPP;
	if (!vnet_rss_flow(fields->flow_type, &l4, &ip))
		return -EINVAL;

	if (fields->data == VNET_RXH_L4 && l4 & vn->rss.supported) {
		vn->rss.types |= l4 & vn->rss.supported;
	} else if (fields->data == VNET_RXH_IP && ip & vn->rss.supported) {
		vn->rss.types &= ~l4;
		vn->rss.types |= ip & vn->rss.supported;
	} else if (!fields->data && (!l4 || !(vn->rss.types & ip))) {
		vn->rss.types &= ~(l4 ?: ip);
	} else {
		netdev_err(dev, "hash of fields %#llx: sd or sdfn if the device can, none only if addresses are not hashed\n",
			   (u64)fields->data);
		return -EINVAL;
	}
	if (vn->rss.types == old)
		return 0;

	err = vnet_rss_send(vn, vn->pairs);
	if (err)
		vn->rss.types = old;

	return err;
}
