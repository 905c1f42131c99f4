/* v5.17 d9679d0013a6: virtio_reset_device() */
#include <linux/virtio.h>

void probe(struct virtio_device *vdev);
void probe(struct virtio_device *vdev)
{
	virtio_reset_device(vdev);
}
