/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KGD_NET_NETDEV_RX_QUEUE_H
#define _KGD_NET_NETDEV_RX_QUEUE_H

/* Split from linux/netdevice.h in v6.6 49e47a5b6145. */
#if __has_include_next(<net/netdev_rx_queue.h>)
#include_next <net/netdev_rx_queue.h>
#else
#include <linux/netdevice.h>
#endif

#endif
