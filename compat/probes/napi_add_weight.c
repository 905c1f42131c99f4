/* v5.19: netif_napi_add_weight() was netif_napi_add(), and that of transmission alike */
#include <linux/netdevice.h>

void probe(struct net_device *dev, struct napi_struct *napi,
	   int (*poll)(struct napi_struct *napi, int budget));
void probe(struct net_device *dev, struct napi_struct *napi,
	   int (*poll)(struct napi_struct *napi, int budget))
{
	netif_napi_add_weight(dev, napi, poll, 64);
	netif_napi_add_tx_weight(dev, napi, poll, 64);
}
