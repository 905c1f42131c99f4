/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VIRTIO_NET_DEVSTATS_H
#define VIRTIO_NET_DEVSTATS_H

#include "net.h"

void vnet_devstats_init(struct vnet *vn);
void vnet_devstats_free(struct vnet *vn);
unsigned int vnet_devstats_count(const struct vnet *vn);
void vnet_devstats_strings(const struct vnet *vn, u8 **data);
void vnet_devstats_fill(struct vnet *vn, u64 *data);
void vnet_devstats_refresh(struct vnet *vn);
bool vnet_devstats_value(const struct vnet *vn, bool tx, unsigned int pair, const char *name,
			 u64 *value);

#endif /* VIRTIO_NET_DEVSTATS_H */
