/* v6.1 c790e8e1817f: virtqueue_resize(), until v6.13 without recycle_done */
#include <linux/virtio.h>

int probe(struct virtqueue *vq, void (*recycle)(struct virtqueue *vq, void *buf));
int probe(struct virtqueue *vq, void (*recycle)(struct virtqueue *vq, void *buf))
{
	return virtqueue_resize(vq, 1, recycle);
}
