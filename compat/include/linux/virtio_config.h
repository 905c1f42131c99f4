/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KGD_LINUX_VIRTIO_CONFIG_H
#define _KGD_LINUX_VIRTIO_CONFIG_H

#include_next <linux/virtio_config.h>
#include <kgd/config.h>

#ifndef KGD_HAVE_FIND_VQS_INFO

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

#endif /* !KGD_HAVE_FIND_VQS_INFO */
#endif
