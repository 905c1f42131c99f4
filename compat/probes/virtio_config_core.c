/* v6.12: the core has a flag of its own for whether it reports changes of the configuration */
#include <linux/virtio.h>

int probe(const struct virtio_device *vdev);
int probe(const struct virtio_device *vdev)
{
	return vdev->config_core_enabled;
}
