/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VIRTIO_NET_RSC_H
#define VIRTIO_NET_RSC_H

#include "hdr.h"

void vnet_rsc_validate(struct virtio_device *vdev);

#endif /* VIRTIO_NET_RSC_H */
