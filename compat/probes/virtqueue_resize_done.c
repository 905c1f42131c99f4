/* v6.13: virtqueue_resize() also says when all buffers were given back */
#include <linux/virtio.h>

int probe(struct virtqueue *vq, void (*recycle)(struct virtqueue *vq, void *buf),
	  void (*done)(struct virtqueue *vq));
int probe(struct virtqueue *vq, void (*recycle)(struct virtqueue *vq, void *buf),
	  void (*done)(struct virtqueue *vq))
{
	return virtqueue_resize(vq, 1, recycle, done);
}
