/* v5.18: __xdp_rxq_info_reg() is told the size of buffers; before v5.11 not even of NAPI */
#include <net/xdp.h>

int probe(struct xdp_rxq_info *rxq, struct net_device *dev);
int probe(struct xdp_rxq_info *rxq, struct net_device *dev)
{
	return __xdp_rxq_info_reg(rxq, dev, 0, 0, 4096);
}
