/* v6.14: a driver is told of a reset of its function, before and after */
#include <linux/virtio.h>

int probe(struct virtio_driver *drv, struct virtio_device *vdev);
int probe(struct virtio_driver *drv, struct virtio_device *vdev)
{
	return drv->reset_prepare(vdev) ?: drv->reset_done(vdev);
}
