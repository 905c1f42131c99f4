/* v6.8 fb6e30a72539: get_rxfh() takes a struct ethtool_rxfh_param */
#include <linux/ethtool.h>

int probe(const struct ethtool_ops *ops, struct net_device *dev, struct ethtool_rxfh_param *rxfh);
int probe(const struct ethtool_ops *ops, struct net_device *dev, struct ethtool_rxfh_param *rxfh)
{
	return ops->get_rxfh(dev, rxfh);
}
