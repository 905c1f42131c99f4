// SPDX-License-Identifier: GPL-2.0-only
/* Receive filters: promiscuous modes, MAC table, VLANs. */

#include <linux/etherdevice.h>
#include <linux/slab.h>

#include "ctrl.h"

/* Unicast addresses in the table of a device that can do without; QEMU's holds 64
 * of both kinds.
 */
#define VNET_UNICAST_MAX	64

/**
 * vnet_set_rx_mode() - the filters the stack wants have changed
 * @dev: the net device
 *
 * Context: address lock held; the control queue sleeps, so work does the rest.
 */
void vnet_set_rx_mode(struct net_device *dev)
{
	struct vnet *vn = netdev_priv(dev);

	if (vnet_has(vn, VIRTIO_NET_F_CTRL_RX))
		schedule_work(&vn->rx_mode_work);
}

static u8 *vnet_mac_list(struct vnet *vn, u8 *pos,
			 const struct netdev_hw_addr_list *list)
{
	struct virtio_net_ctrl_mac *table = (void *)pos;
	const struct netdev_hw_addr *ha;

	if (!list) {
		table->entries = 0;
		return pos + sizeof(*table);
	}

	table->entries = cpu_to_virtio32(vn->vdev, netdev_hw_addr_list_count(list));
	pos += sizeof(*table);
	netdev_hw_addr_list_for_each(ha, list) {
		memcpy(pos, ha->addr, ETH_ALEN);
		pos += ETH_ALEN;
	}

	return pos;
}

/* Without any multicast group nothing but broadcasts need come. */
static bool vnet_wants_no_multicast(struct vnet *vn)
{
	return vnet_has(vn, VIRTIO_NET_F_CTRL_RX_EXTRA) && !netdev_mc_count(vn->dev);
}

/* Beyond this a table costs the device more than the packets it keeps away. */
static bool vnet_wants_all_unicast(struct vnet *vn)
{
	return vnet_has(vn, VIRTIO_NET_F_CTRL_RX_EXTRA) &&
	       netdev_uc_count(vn->dev) > VNET_UNICAST_MAX;
}

/* The unicast table, then the multicast table (virtio 1.3, 5.1.6.5.2). */
static void *vnet_mac_tables(struct vnet *vn, size_t *len, size_t *first_len)
{
	struct net_device *dev = vn->dev;
	u8 *buf, *pos;

	netif_addr_lock_bh(dev);

	vn->all_unicast = vnet_wants_all_unicast(vn);
	vn->no_multicast = vnet_wants_no_multicast(vn);
	*first_len = sizeof(struct virtio_net_ctrl_mac) +
		     (vn->all_unicast ? 0 : netdev_uc_count(dev)) * ETH_ALEN;
	*len = *first_len + sizeof(struct virtio_net_ctrl_mac) +
	       netdev_mc_count(dev) * ETH_ALEN;
	buf = kzalloc(*len, GFP_ATOMIC);
	if (buf) {
		pos = vnet_mac_list(vn, buf, vn->all_unicast ? NULL : &dev->uc);
		vnet_mac_list(vn, pos, &dev->mc);
	}

	netif_addr_unlock_bh(dev);

	return buf;
}

static int vnet_rx_flag(struct vnet *vn, u8 command, bool on)
{
	u8 val = on;

	return vnet_ctrl_send(vn, VIRTIO_NET_CTRL_RX, command, &val, sizeof(val));
}

/**
 * vnet_rx_mode_work() - make the device filter as the stack wants it
 * @work: rx_mode_work of the device
 *
 * Takes no RTNL, so that it can be waited for with RTNL held.
 */
void vnet_rx_mode_work(struct work_struct *work)
{
	struct vnet *vn = container_of(work, struct vnet, rx_mode_work);
	unsigned int flags = READ_ONCE(vn->dev->flags);
	struct vnet_msg msg = {
		.class = VIRTIO_NET_CTRL_MAC,
		.command = VIRTIO_NET_CTRL_MAC_TABLE_SET,
	};
	int err, err2;
	void *tables;

	/* Filters are advice to the device: a refusal means more packets. */
	err = vnet_rx_flag(vn, VIRTIO_NET_CTRL_RX_PROMISC, flags & IFF_PROMISC);
	err2 = vnet_rx_flag(vn, VIRTIO_NET_CTRL_RX_ALLMULTI, flags & IFF_ALLMULTI);
	err = err ?: err2;

	tables = vnet_mac_tables(vn, &msg.len, &msg.first_len);
	msg.data = tables;
	err2 = tables ? vnet_ctrl_msg(vn, &msg) : -ENOMEM;
	kfree(tables);
	err = err ?: err2;

	if (tables && vnet_has(vn, VIRTIO_NET_F_CTRL_RX_EXTRA)) {
		err2 = vnet_rx_flag(vn, VIRTIO_NET_CTRL_RX_ALLUNI, vn->all_unicast);
		err = err ?: err2;
		err2 = vnet_rx_flag(vn, VIRTIO_NET_CTRL_RX_NOMULTI,
				    vn->no_multicast && !(flags & IFF_ALLMULTI));
		err = err ?: err2;
	}

	if (err && net_ratelimit())
		netdev_warn(vn->dev, "receive filters not set, error %d\n", err);
}

/**
 * vnet_vlan_add() - let packets of a VLAN pass
 * @dev: the net device
 * @proto: always ETH_P_8021Q
 * @vid: VLAN id
 *
 * Context: RTNL held, may sleep.
 * Return: 0 or a negative errno.
 */
int vnet_vlan_add(struct net_device *dev, __be16 proto, u16 vid)
{
	struct vnet *vn = netdev_priv(dev);
	int err;

	err = vnet_ctrl_vlan(vn, vid, true);
	if (err) {
		netdev_warn(dev, "VLAN %u not added to the filter, error %d\n",
			    vid, err);
		return err;
	}
	__set_bit(vid, vn->vlans);

	return 0;
}

/**
 * vnet_vlan_kill() - packets of a VLAN need not pass any more
 * @dev: the net device
 * @proto: always ETH_P_8021Q
 * @vid: VLAN id
 *
 * Context: RTNL held, may sleep.
 * Return: 0 or a negative errno.
 */
int vnet_vlan_kill(struct net_device *dev, __be16 proto, u16 vid)
{
	struct vnet *vn = netdev_priv(dev);
	int err;

	__clear_bit(vid, vn->vlans);
	err = vnet_ctrl_vlan(vn, vid, false);
	if (err)
		netdev_warn(dev, "VLAN %u not removed from the filter, error %d\n",
			    vid, err);

	return err;
}

/**
 * vnet_filter_restore() - bring all filters to a device that was reset
 * @vn: the device
 *
 * Context: RTNL held.
 */
void vnet_filter_restore(struct vnet *vn)
{
	unsigned int vid;
	int err;

	vnet_set_rx_mode(vn->dev);

	if (!vnet_has(vn, VIRTIO_NET_F_CTRL_VLAN))
		return;

	for_each_set_bit(vid, vn->vlans, VLAN_N_VID) {
		err = vnet_ctrl_vlan(vn, vid, true);
		if (err) {
			netdev_warn(vn->dev, "VLAN filter not restored, error %d\n",
				    err);
			return;
		}
	}
}
