/* v5.15 f3ccfda19319: get_coalesce() and set_coalesce() have four arguments */
#include <linux/ethtool.h>

int probe(const struct ethtool_ops *ops, struct net_device *dev, struct ethtool_coalesce *ec,
	  struct kernel_ethtool_coalesce *kec);
int probe(const struct ethtool_ops *ops, struct net_device *dev, struct ethtool_coalesce *ec,
	  struct kernel_ethtool_coalesce *kec)
{
	return ops->get_coalesce(dev, ec, kec, NULL) ? : ops->set_coalesce(dev, ec, kec, NULL);
}
