// SPDX-License-Identifier: GPL-2.0-only
/* Receive path: packets that span several buffers (VIRTIO_NET_F_MRG_RXBUF). */

#include "rx_pkt.h"

/* Another skb to hang more fragments on, when @head has no room for them. */
static struct sk_buff *vnet_rx_extend(struct vnet_rq *rq, struct sk_buff *head,
				      struct sk_buff *tail)
{
	struct sk_buff *skb = napi_alloc_skb(&rq->napi, 0);

	if (unlikely(!skb))
		return NULL;

	skb_mark_for_recycle(skb);
	if (tail == head)
		skb_shinfo(head)->frag_list = skb;
	else
		tail->next = skb;
	head->truesize += skb->truesize;

	return skb;
}

static struct sk_buff *vnet_rx_add_frag(struct vnet_rq *rq,
					struct sk_buff *head,
					struct sk_buff *tail,
					const struct vnet_rx_used *used)
{
	struct page *page = virt_to_head_page(used->va);
	unsigned int nr = skb_shinfo(tail)->nr_frags;

	if (unlikely(nr == MAX_SKB_FRAGS)) {
		tail = vnet_rx_extend(rq, head, tail);
		if (!tail)
			return NULL;
		nr = 0;
	}

	skb_add_rx_frag(tail, nr, page,
			used->va + used->pad - page_address(page),
			used->len, used->size);
	if (tail != head) {
		head->len += used->len;
		head->data_len += used->len;
		head->truesize += used->size;
	}

	return tail;
}

/**
 * vnet_rx_skip() - throw away the rest of a packet
 * @rq: the queue
 * @left: buffers it spans that were not taken out of the ring yet
 *
 * Context: NAPI of the queue.
 */
void vnet_rx_skip(struct vnet_rq *rq, unsigned int left)
{
	struct vnet_rx_used used;

	while (left-- && vnet_rx_next(rq, &used))
		vnet_rx_repost(rq, used.token);
}

/**
 * vnet_rx_part() - take the next buffer of a packet out of the ring
 * @rq: the queue
 * @used: the buffer
 * @left: buffers to come, this one included
 * @len: bytes of the packet so far
 * @batch: where errors are counted
 *
 * The device makes all of them used together (virtio 1.3, 5.1.6.4), so none can
 * still be to come.
 *
 * Context: NAPI of the queue.
 * Return: false if the packet has to be dropped: its other buffers are taken
 * care of then.
 */
bool vnet_rx_part(struct vnet_rq *rq, struct vnet_rx_used *used,
		  unsigned int left, unsigned int len,
		  struct vnet_rx_batch *batch)
{
	if (unlikely(!vnet_rx_next(rq, used))) {
		vnet_rx_complain(rq, "buffers missing:", left);
		batch->length_errors++;
		return false;
	}

	if (unlikely(!vnet_rx_len_ok(used, 1) ||
		     len + used->len > VNET_FRAME_MAX)) {
		vnet_rx_complain(rq, "bad buffer length", used->len);
		batch->length_errors++;
		vnet_rx_repost(rq, used->token);
		vnet_rx_skip(rq, left - 1);
		return false;
	}

	return true;
}

/**
 * vnet_rx_gather() - add the other buffers of a packet to its first one
 * @rq: the queue
 * @head: the packet so far
 * @left: buffers to come
 * @batch: where errors are counted
 *
 * Context: NAPI of the queue.
 * Return: @head, or NULL: the packet is dropped and its buffers are taken care of.
 */
struct sk_buff *vnet_rx_gather(struct vnet_rq *rq, struct sk_buff *head,
			       unsigned int left, struct vnet_rx_batch *batch)
{
	struct sk_buff *tail = head;
	struct vnet_rx_used used;

	for (; left; left--) {
		if (unlikely(!vnet_rx_part(rq, &used, left, head->len, batch)))
			goto drop;

		tail = vnet_rx_add_frag(rq, head, tail, &used);
		if (unlikely(!tail)) {
			vnet_rx_repost(rq, used.token);
			vnet_rx_skip(rq, left - 1);
			goto drop;
		}
	}

	return head;

drop:
	dev_kfree_skb_any(head);

	return NULL;
}
