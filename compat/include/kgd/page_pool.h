/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KGD_PAGE_POOL_H
#define _KGD_PAGE_POOL_H

/*
 * Before v5.18 a pool does not know pages in fragments, and before v5.14 packets do not
 * give pages back to one. There a pool here is no more than its parameters: each fragment
 * is a reference of its page, which comes from the page allocator and goes back to it with
 * the last one, whoever puts that. The kernel never sees such a pool.
 */
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/page_ref.h>
#include <linux/slab.h>
#include <net/page_pool.h>

static inline struct page_pool *kgd_plain_pool_create(const struct page_pool_params *params)
{
	struct page_pool *pool = kzalloc_node(sizeof(*pool), GFP_KERNEL, params->nid);

	if (!pool)
		return ERR_PTR(-ENOMEM);
	pool->p = *params;
	return pool;
}

static inline struct page *kgd_plain_pool_alloc(struct page_pool *pool, gfp_t gfp)
{
	if (pool->p.order)
		gfp |= __GFP_COMP;
	return alloc_pages_node(pool->p.nid, gfp, pool->p.order);
}

static inline struct page *kgd_plain_pool_dev_alloc(struct page_pool *pool)
{
	return kgd_plain_pool_alloc(pool, GFP_ATOMIC | __GFP_NOWARN);
}

static inline void kgd_plain_pool_fragment(struct page *page, long nr)
{
	page_ref_add(page, nr - 1);
}

static inline void kgd_plain_pool_put(struct page_pool *pool, struct page *page, bool direct)
{
	put_page(page);
}

static inline void kgd_plain_pool_destroy(struct page_pool *pool)
{
	kfree(pool);
}

#define page_pool_create kgd_plain_pool_create
#define page_pool_destroy kgd_plain_pool_destroy
#define page_pool_alloc_pages kgd_plain_pool_alloc
#define page_pool_dev_alloc_pages kgd_plain_pool_dev_alloc
#define page_pool_fragment_page kgd_plain_pool_fragment
#define page_pool_put_full_page kgd_plain_pool_put

#endif
