/* all versions: control, must compile; if not, the tool chain is broken */
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/virtio.h>

void *probe(struct virtio_device *vdev);
void *probe(struct virtio_device *vdev)
{
	return vdev ? kzalloc(sizeof(*vdev), GFP_KERNEL) : NULL;
}
