/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KGD_NET_PAGE_POOL_TYPES_H
#define _KGD_NET_PAGE_POOL_TYPES_H

#include <kgd/config.h>

/* Before v6.6 a9ca9f9ceff3 there is one header. */
#ifdef KGD_HAVE_PAGE_POOL_HELPERS
#include_next <net/page_pool/types.h>
#else
#include <net/page_pool.h>
#endif

#ifndef KGD_HAVE_PAGE_POOL_FRAGMENT
#include <kgd/page_pool.h>
#endif

#ifndef KGD_HAVE_PAGE_POOL_NETDEV

/*
 * Before v6.8 a pool does not know its network device, and before v6.3
 * 8c48eea3adf3 is not tied to a NAPI context. Before v6.7 09d96ee5674a a page is
 * only cut into fragments if the pool was asked to allow it: without the flag the
 * first fragment that comes back would free the whole page.
 */
#include <linux/err.h>
#include <linux/netdevice.h>

#ifdef PP_FLAG_PAGE_FRAG
#define KGD_PP_FLAG_PAGE_FRAG	PP_FLAG_PAGE_FRAG
#else
#define KGD_PP_FLAG_PAGE_FRAG	0
#endif

struct kgd_page_pool_params {
	unsigned int order;
	unsigned int pool_size;
	int nid;
	struct device *dev;
	struct napi_struct *napi;
	enum dma_data_direction dma_dir;
	unsigned int max_len;
	unsigned int offset;
	struct net_device *netdev;
	unsigned int queue_idx;
	unsigned int flags;
};

static inline struct page_pool *
kgd_page_pool_create(const struct kgd_page_pool_params *params)
{
	struct page_pool_params old = {
		.flags = params->flags | KGD_PP_FLAG_PAGE_FRAG,
		.order = params->order,
		.pool_size = params->pool_size,
		.nid = params->nid,
		.dev = params->dev,
		.dma_dir = params->dma_dir,
		.max_len = params->max_len,
		.offset = params->offset,
	};

	return page_pool_create(&old);
}

#define page_pool_params kgd_page_pool_params
#undef page_pool_create
#define page_pool_create kgd_page_pool_create

#endif
#endif
