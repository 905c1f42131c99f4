/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KGD_NET_NETDEV_QUEUES_H
#define _KGD_NET_NETDEV_QUEUES_H

#include <kgd/config.h>

#ifdef KGD_HAVE_NETDEV_STAT_OPS
#include_next <net/netdev_queues.h>

#define NETDEV_HAS_STAT_OPS
#endif

#endif
