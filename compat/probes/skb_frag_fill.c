/* v6.5 b51f4113ebb0: skb_frag_fill_page_desc() fills a fragment that is not of an skb yet */
#include <linux/skbuff.h>

void probe(skb_frag_t *frag, struct page *page);
void probe(skb_frag_t *frag, struct page *page)
{
	skb_frag_fill_page_desc(frag, page, 0, 1);
}
