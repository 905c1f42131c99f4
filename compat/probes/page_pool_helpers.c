/* v6.6 a9ca9f9ceff3: net/page_pool.h is split */
#include <net/page_pool/helpers.h>

struct page *probe(struct page_pool *pool);
struct page *probe(struct page_pool *pool)
{
	return page_pool_dev_alloc_pages(pool);
}
