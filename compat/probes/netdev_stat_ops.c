/* v6.9 ab63a2387cb9: netlink asks a driver for the counters of its queues */
#include <net/netdev_queues.h>

void probe(struct net_device *dev, const struct netdev_stat_ops *ops);
void probe(struct net_device *dev, const struct netdev_stat_ops *ops)
{
	dev->stat_ops = ops;
}
