/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KGD_LINUX_VIRTIO_H
#define _KGD_LINUX_VIRTIO_H

#include_next <linux/virtio.h>
#include <kgd/config.h>

/* v6.11: a macro that names the owner, who had to be in the driver before. */
#ifndef register_virtio_driver

static inline int kgd_register_virtio_driver(struct virtio_driver *drv,
					     struct module *owner)
{
	drv->driver.owner = owner;
	return register_virtio_driver(drv);
}

#define register_virtio_driver(drv) \
	kgd_register_virtio_driver(drv, THIS_MODULE)

#endif

/* v6.12: told apart from a flag of the driver's, which none had before. */
#ifndef KGD_HAVE_VIRTIO_CONFIG_CORE
#define config_core_enabled config_enabled
#endif

/* Stands for .reset_prepare = prepare, .reset_done = done, in an initializer. */
#ifdef KGD_HAVE_VIRTIO_DRIVER_RESET
#define VIRTIO_DRIVER_RESET(prepare, done)	.reset_prepare = (prepare), .reset_done = (done),
#else
#define VIRTIO_DRIVER_RESET(prepare, done)
#endif

#ifndef KGD_HAVE_VIRTQUEUE_RESET

/* Without it a queue cannot be reset on its own. */
static inline int
kgd_virtqueue_reset(struct virtqueue *vq,
		    void (*recycle)(struct virtqueue *vq, void *buf),
		    void (*recycle_done)(struct virtqueue *vq))
{
	return -EOPNOTSUPP;
}

#define virtqueue_reset kgd_virtqueue_reset

#endif

#ifndef KGD_HAVE_VIRTQUEUE_RESIZE_DONE

static inline int
kgd_virtqueue_resize(struct virtqueue *vq, u32 num,
		     void (*recycle)(struct virtqueue *vq, void *buf),
		     void (*recycle_done)(struct virtqueue *vq))
{
#ifdef KGD_HAVE_VIRTQUEUE_RESIZE
	int err = virtqueue_resize(vq, num, recycle);

	/* It may have changed nothing; then there was nothing to be given back. */
	if (!err)
		recycle_done(vq);
	return err;
#else
	return -EOPNOTSUPP;
#endif
}

#define virtqueue_resize kgd_virtqueue_resize

#endif

/* A ring whose size cannot be changed is as large as it may be. */
#ifdef KGD_HAVE_VIRTQUEUE_NUM_MAX
#define virtqueue_num_max(vq)	((vq)->num_max)
#else
#define virtqueue_num_max(vq)	virtqueue_get_vring_size(vq)
#endif

#ifndef KGD_HAVE_VIRTQUEUE_BREAK
/* With one queue the others are given up: a device that breaks one is not to be trusted. */
#define __virtqueue_break(vq)	virtio_break_device((vq)->vdev)
#endif

#ifndef KGD_HAVE_VIRTIO_RESET_DEVICE
/* A macro, since the operations are declared by <linux/virtio_config.h> only. */
#define virtio_reset_device(vdev)	((vdev)->config->reset(vdev))
#endif

#endif
