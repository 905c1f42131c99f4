/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KGD_NET_XDP_H
#define _KGD_NET_XDP_H

#include_next <net/xdp.h>
#include <kgd/config.h>

#ifndef KGD_HAVE_XDP_FEATURES
/* Nobody asks an older kernel. */
#define NETDEV_XDP_ACT_BASIC		1
#define NETDEV_XDP_ACT_REDIRECT		2
#define NETDEV_XDP_ACT_NDO_XMIT		4
#define NETDEV_XDP_ACT_RX_SG		32
#define NETDEV_XDP_ACT_NDO_XMIT_SG	64

static inline void kgd_xdp_set_features_flag(struct net_device *dev, u32 features)
{
}

#define xdp_set_features_flag kgd_xdp_set_features_flag
#endif

#endif
