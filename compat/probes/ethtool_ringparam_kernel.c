/* v5.17: get_ringparam() and set_ringparam() have four arguments */
#include <linux/ethtool.h>

int probe(const struct ethtool_ops *ops, struct net_device *dev, struct ethtool_ringparam *ring,
	  struct kernel_ethtool_ringparam *kring);
int probe(const struct ethtool_ops *ops, struct net_device *dev, struct ethtool_ringparam *ring,
	  struct kernel_ethtool_ringparam *kring)
{
	ops->get_ringparam(dev, ring, kring, NULL);
	return ops->set_ringparam(dev, ring, kring, NULL);
}
