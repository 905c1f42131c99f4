/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KGD_LINUX_VIRTIO_CONFIG_H
#define _KGD_LINUX_VIRTIO_CONFIG_H

#include_next <linux/virtio_config.h>
#include <kgd/config.h>

/* v6.1, v6.4: the ring of an older kernel does not know of it. */
#ifndef VIRTIO_F_RING_RESET
#define VIRTIO_F_RING_RESET 40
#endif
#ifndef VIRTIO_F_NOTIFICATION_DATA
#define VIRTIO_F_NOTIFICATION_DATA 38
#endif

#ifndef KGD_HAVE_VIRTIO_RESET_DEVICE
/*
 * There virtio_device_ready() reads the status itself and is a BUG() if DRIVER_OK is set:
 * a device could set it after it was looked at.
 */
static inline void kgd_virtio_device_ready(struct virtio_device *vdev)
{
	vdev->config->set_status(vdev, vdev->config->get_status(vdev) |
				       VIRTIO_CONFIG_S_DRIVER_OK);
}

#define virtio_device_ready kgd_virtio_device_ready
#endif

/*
 * A module that is a transport has this function, with the newest arguments, and names
 * kgd_find_vqs_op in its struct virtio_config_ops.
 */
struct virtqueue_info;
int kgd_transport_find_vqs(struct virtio_device *vdev, unsigned int nvqs,
			   struct virtqueue *vqs[], struct virtqueue_info *info,
			   struct irq_affinity *desc);

#ifdef KGD_HAVE_FIND_VQS_INFO

#define kgd_find_vqs_op kgd_transport_find_vqs

#else /* !KGD_HAVE_FIND_VQS_INFO */

#include <linux/slab.h>

/* The names, callbacks and contexts of the old interface, in one record each. */
struct virtqueue_info {
	const char *name;
	vq_callback_t *callback;
	bool ctx;
};

static inline int kgd_virtio_find_vqs(struct virtio_device *vdev,
				      unsigned int nvqs, struct virtqueue *vqs[],
				      struct virtqueue_info vqs_info[],
				      struct irq_affinity *desc)
{
	vq_callback_t **callbacks;
	const char **names;
	bool *ctx;
	unsigned int i;
	int err = -ENOMEM;

	names = kcalloc(nvqs, sizeof(*names), GFP_KERNEL);
	callbacks = kcalloc(nvqs, sizeof(*callbacks), GFP_KERNEL);
	ctx = kcalloc(nvqs, sizeof(*ctx), GFP_KERNEL);
	if (!names || !callbacks || !ctx)
		goto out;

	for (i = 0; i < nvqs; i++) {
		names[i] = vqs_info[i].name;
		callbacks[i] = vqs_info[i].callback;
		ctx[i] = vqs_info[i].ctx;
	}

	err = virtio_find_vqs_ctx(vdev, nvqs, vqs, callbacks, names, ctx, desc);
out:
	kfree(ctx);
	kfree(callbacks);
	kfree(names);
	return err;
}

#define virtio_find_vqs kgd_virtio_find_vqs

static inline int kgd_find_vqs_op(struct virtio_device *vdev, unsigned int nvqs,
				  struct virtqueue *vqs[],
				  vq_callback_t *callbacks[],
				  const char * const names[], const bool *ctx,
				  struct irq_affinity *desc)
{
	struct virtqueue_info *info;
	unsigned int i;
	int err;

	info = kcalloc(nvqs, sizeof(*info), GFP_KERNEL);
	if (!info)
		return -ENOMEM;
	for (i = 0; i < nvqs; i++) {
		info[i].name = names[i];
		info[i].callback = callbacks[i];
		info[i].ctx = ctx && ctx[i];
	}
	err = kgd_transport_find_vqs(vdev, nvqs, vqs, info, desc);
	kfree(info);
	return err;
}

#endif /* KGD_HAVE_FIND_VQS_INFO */
#endif
