/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KGD_LINUX_SKBUFF_H
#define _KGD_LINUX_SKBUFF_H

#include_next <linux/skbuff.h>
#include <kgd/config.h>

#ifndef KGD_HAVE_SKB_FRAG_FILL
static inline void kgd_skb_frag_fill_page_desc(skb_frag_t *frag, struct page *page,
					       int off, int size)
{
	__skb_frag_set_page(frag, page);
	skb_frag_off_set(frag, off);
	skb_frag_size_set(frag, size);
}

#define skb_frag_fill_page_desc kgd_skb_frag_fill_page_desc
#endif

#ifndef KGD_HAVE_NAPI_BUILD_SKB
#define napi_build_skb build_skb
#endif

#ifndef KGD_HAVE_PAGE_POOL_FRAGMENT
/* Of such pages each piece has a reference, which is put when the packet is freed. */
static inline void kgd_skb_mark_for_recycle(struct sk_buff *skb)
{
}

#define skb_mark_for_recycle kgd_skb_mark_for_recycle
#endif

/* For code that is not reached, see xdp_buff_has_frags() in <net/xdp.h>. */
#ifndef KGD_HAVE_XDP_FRAGS
#define xdp_frags_size gso_type
#endif

#endif
