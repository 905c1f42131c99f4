/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KGD_LINUX_VIRTIO_H
#define _KGD_LINUX_VIRTIO_H

#include_next <linux/virtio.h>

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
#endif
