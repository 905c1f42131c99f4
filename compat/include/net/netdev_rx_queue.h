/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KGD_NET_NETDEV_RX_QUEUE_H
#define _KGD_NET_NETDEV_RX_QUEUE_H

#include <kgd/config.h>

#ifdef KGD_HAVE_NETDEV_RX_QUEUE_H
#include_next <net/netdev_rx_queue.h>
#else
/* Where it was before. */
#include <linux/netdevice.h>
#endif

#endif
