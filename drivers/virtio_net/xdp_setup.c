// SPDX-License-Identifier: GPL-2.0-only
/* XDP programs: which are taken, and what they change. */

#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/if_vlan.h>
#include <linux/netdevice.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/xdp.h>

#include "rx.h"
#include "xdp.h"

/* Largest MTU whose frames lie in one buffer. */
static unsigned int vnet_xdp_mtu_max(const struct vnet *vn)
{
	return vnet_buf_room(VNET_XDP_BITS) - vn->hdr_len - VLAN_ETH_HLEN;
}

/* Without mergeable buffers each has to hold whatever the device may send, up to
 * the MTU it has promised: an interface of less changes nothing (virtio 1.3,
 * 5.1.6.3.1).
 */
static bool vnet_xdp_mtu_ok(const struct vnet *vn, const struct bpf_prog *prog,
			    unsigned int mtu)
{
	if (!vn->mergeable)
		return vn->dev->max_mtu <= vnet_xdp_mtu_max(vn);

	return bpf_prog_has_xdp_frags(prog) || mtu <= vnet_xdp_mtu_max(vn);
}

/**
 * vnet_change_mtu() - ip link set mtu
 * @dev: the net device
 * @mtu: the MTU, checked against the limits of the device by the core
 *
 * Context: RTNL held.
 * Return: 0 or -EINVAL, nothing has changed then.
 */
int vnet_change_mtu(struct net_device *dev, int mtu)
{
	struct vnet *vn = netdev_priv(dev);
	const struct bpf_prog *prog = rtnl_dereference(vn->xdp_prog);

	if (prog && !vnet_xdp_mtu_ok(vn, prog, mtu)) {
		netdev_err(dev, "MTU %d is more than %u, the most for an XDP program without frags\n",
			   mtu, vnet_xdp_mtu_max(vn));
		return -EINVAL;
	}
	WRITE_ONCE(dev->mtu, mtu);

	return 0;
}

static int vnet_xdp_check(struct vnet *vn, const struct bpf_prog *prog,
			  struct netlink_ext_ack *extack)
{
	if (vn->offloads_max && !vnet_has(vn, VIRTIO_NET_F_CTRL_GUEST_OFFLOADS)) {
		NL_SET_ERR_MSG_MOD(extack,
				   "receive offloads stay on; bind with disable_features=0xc0000000000782");
		return -EOPNOTSUPP;
	}

	if (!vnet_xdp_mtu_ok(vn, prog, vn->dev->mtu)) {
		netdev_err(vn->dev, "XDP: MTU %u is more than %u\n",
			   vn->mergeable ? vn->dev->mtu : vn->dev->max_mtu,
			   vnet_xdp_mtu_max(vn));
		NL_SET_ERR_MSG_MOD(extack,
				   "MTU is too large for buffers of a page, see the log");
		return -EINVAL;
	}

	return 0;
}

static int vnet_xdp_offloads_off(struct vnet *vn, struct netlink_ext_ack *extack)
{
	int err;

	if (!netif_device_present(vn->dev)) {
		NL_SET_ERR_MSG_MOD(extack, "the device is suspended or gone");
		return -ENODEV;
	}

	vn->xdp_on = true;
	err = vnet_offloads_apply(vn);
	if (!err)
		return 0;

	NL_SET_ERR_MSG_MOD(extack, "the device does not switch its receive offloads off");
	vn->xdp_on = false;
	vnet_offloads_apply(vn);

	return err;
}

/* The program is gone already, and a device without its offloads works too. */
static void vnet_xdp_offloads_back(struct vnet *vn)
{
	int err = 0;

	vn->xdp_on = false;
	/* A device that is resumed is told then. */
	if (vn->dev->reg_state == NETREG_REGISTERED && netif_device_present(vn->dev))
		err = vnet_offloads_apply(vn);
	if (err)
		netdev_warn(vn->dev, "receive offloads not set, error %d\n", err);
}

static int vnet_xdp_setup(struct vnet *vn, struct bpf_prog *prog,
			  struct netlink_ext_ack *extack)
{
	struct bpf_prog *old = rtnl_dereference(vn->xdp_prog);
	int err = 0;

	if (prog)
		err = vnet_xdp_check(vn, prog, extack);
	if (!err && prog && !old)
		err = vnet_xdp_offloads_off(vn, extack);
	if (err)
		return err;

	/* Buffers the device has keep their layout, whoever takes them next. */
	rcu_assign_pointer(vn->xdp_prog, prog);
	if (old && !prog)
		vnet_xdp_offloads_back(vn);

	/* rx-gro-hw is off, or may be on again. */
	if (!prog != !old && vn->dev->reg_state == NETREG_REGISTERED)
		netdev_update_features(vn->dev);
	if (old)
		bpf_prog_put(old);

	return 0;
}

/**
 * vnet_bpf() - load or remove an XDP program
 * @dev: the net device
 * @bpf: what is wanted
 *
 * Traffic goes on meanwhile.
 *
 * Context: RTNL held, may sleep.
 * Return: 0 or a negative errno, nothing has changed then; 0 for a removal.
 */
int vnet_bpf(struct net_device *dev, struct netdev_bpf *bpf)
{
	if (bpf->command != XDP_SETUP_PROG)
		return -EINVAL;

	return vnet_xdp_setup(netdev_priv(dev), bpf->prog, bpf->extack);
}

/**
 * vnet_xdp_features() - say what can be done with XDP
 * @vn: the device, net device not registered yet
 */
void vnet_xdp_features(struct vnet *vn)
{
	u32 features = NETDEV_XDP_ACT_NDO_XMIT | NETDEV_XDP_ACT_NDO_XMIT_SG;

	if (!vn->offloads_max || vnet_has(vn, VIRTIO_NET_F_CTRL_GUEST_OFFLOADS)) {
		features |= NETDEV_XDP_ACT_BASIC | NETDEV_XDP_ACT_REDIRECT;
		if (vn->mergeable)
			features |= NETDEV_XDP_ACT_RX_SG;
	}
	xdp_set_features_flag(vn->dev, features);
}
