/* v6.3 d3d854fd6a1d: a network device says what it can do with XDP */
#include <net/xdp.h>

void probe(struct net_device *dev);
void probe(struct net_device *dev)
{
	xdp_set_features_flag(dev, NETDEV_XDP_ACT_NDO_XMIT_SG);
}
