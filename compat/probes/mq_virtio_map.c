/* v6.14: blk_mq_virtio_map_queues() is gone, the virtio bus has irq_get_affinity instead */
#include <linux/blk-mq.h>
#include <linux/blk-mq-virtio.h>

void probe(struct blk_mq_queue_map *qmap, struct virtio_device *vdev);
void probe(struct blk_mq_queue_map *qmap, struct virtio_device *vdev)
{
	blk_mq_virtio_map_queues(qmap, vdev, 0);
}
