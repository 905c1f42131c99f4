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
	int err = virtqueue_resize(vq, num, recycle);

	/* It may have changed nothing; then there was nothing to be given back. */
	if (!err)
		recycle_done(vq);
	return err;
}

#define virtqueue_resize kgd_virtqueue_resize

#endif
#endif
