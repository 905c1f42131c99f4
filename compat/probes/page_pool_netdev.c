/* v6.8 083772c9f972: struct page_pool_params names the network device */
#include <net/page_pool/helpers.h>

struct page_pool *probe(struct page_pool_params *params, struct net_device *dev);
struct page_pool *probe(struct page_pool_params *params, struct net_device *dev)
{
	params->netdev = dev;
	return page_pool_create(params);
}
