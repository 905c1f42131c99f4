/* v5.12 f450d539c05a: napi_build_skb() */
#include <linux/skbuff.h>

struct sk_buff *probe(void *data);
struct sk_buff *probe(void *data)
{
	return napi_build_skb(data, 2048);
}
