/* v5.18 52cc6ffc0ab2: a page of a pool is cut into fragments, and comes back from packets */
#if __has_include(<net/page_pool/helpers.h>)
#include <net/page_pool/helpers.h>
#else
#include <net/page_pool.h>
#endif
#include <linux/skbuff.h>

void probe(struct page *page, struct sk_buff *skb);
void probe(struct page *page, struct sk_buff *skb)
{
	page_pool_fragment_page(page, 2);
	skb_mark_for_recycle(skb);
}
