/* v6.14: virtqueue_reset() says when all buffers have come back */
#include <linux/virtio.h>

int probe(struct virtqueue *vq, void (*buf)(struct virtqueue *vq, void *buf),
	  void (*done)(struct virtqueue *vq));
int probe(struct virtqueue *vq, void (*buf)(struct virtqueue *vq, void *buf),
	  void (*done)(struct virtqueue *vq))
{
	return virtqueue_reset(vq, buf, done);
}
