/* v5.16: __virtqueue_break(), of one queue */
#include <linux/virtio.h>

void probe(struct virtqueue *vq);
void probe(struct virtqueue *vq)
{
	__virtqueue_break(vq);
}
