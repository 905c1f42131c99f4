/* v6.6 49e47a5b6145: struct netdev_rx_queue has a header of its own */
#include <net/netdev_rx_queue.h>

struct net_device *probe(struct netdev_rx_queue *queue);
struct net_device *probe(struct netdev_rx_queue *queue)
{
	return queue->dev;
}
