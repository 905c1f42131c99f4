/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KGD_LINUX_VIRTIO_BALLOON_H
#define _KGD_LINUX_VIRTIO_BALLOON_H

#include_next <linux/virtio_balloon.h>

/* v6.12: a device that does not know them ignores them. */
#ifndef VIRTIO_BALLOON_S_OOM_KILL
#define VIRTIO_BALLOON_S_OOM_KILL	10
#define VIRTIO_BALLOON_S_ALLOC_STALL	11
#define VIRTIO_BALLOON_S_ASYNC_SCAN	12
#define VIRTIO_BALLOON_S_DIRECT_SCAN	13
#define VIRTIO_BALLOON_S_ASYNC_RECLAIM	14
#define VIRTIO_BALLOON_S_DIRECT_RECLAIM	15
#undef VIRTIO_BALLOON_S_NR
#define VIRTIO_BALLOON_S_NR		16
#endif

#endif
