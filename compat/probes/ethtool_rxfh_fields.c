/* v6.17: get_rxfh_fields() is apart from get_rxnfc() */
#include <linux/ethtool.h>

int probe(const struct ethtool_ops *ops, struct net_device *dev,
	  struct ethtool_rxfh_fields *fields);
int probe(const struct ethtool_ops *ops, struct net_device *dev,
	  struct ethtool_rxfh_fields *fields)
{
	return ops->get_rxfh_fields(dev, fields);
}
