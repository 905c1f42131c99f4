/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VIRTIO_NET_QSTATS_H
#define VIRTIO_NET_QSTATS_H

#include <net/netdev_queues.h>

#ifdef NETDEV_HAS_STAT_OPS
void vnet_qstats_setup(struct net_device *dev);
#else
/* The kernel has nobody who would ask. */
static inline void vnet_qstats_setup(struct net_device *dev) {}
#endif

#endif /* VIRTIO_NET_QSTATS_H */
