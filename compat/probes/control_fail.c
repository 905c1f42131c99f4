/* all versions: control, must not compile; if it does, no answer means anything */
#include <linux/virtio.h>

int probe(struct virtio_device *vdev);
int probe(struct virtio_device *vdev)
{
	return kgd_no_such_function_in_any_kernel(vdev);
}
