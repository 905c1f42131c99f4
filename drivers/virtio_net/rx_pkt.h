/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VIRTIO_NET_RX_PKT_H
#define VIRTIO_NET_RX_PKT_H

/* What the parts of the receive path share: used buffers and packets of one
 * buffer. Inline, since every packet goes through it.
 */

#include <linux/etherdevice.h>
#include <net/page_pool/helpers.h>

#include "hdr.h"
#include "rss.h"
#include "rx.h"

/**
 * struct vnet_rx_batch - what one poll has done, added to the counters at its end
 * @packets: packets handed to the stack
 * @bytes: their bytes
 * @drops: packets lost
 * @length_errors: of these, for an impossible length or buffer count
 * @frame_errors: of these, for impossible offload fields
 */
struct vnet_rx_batch {
	unsigned int packets;
	unsigned int bytes;
	unsigned int drops;
	unsigned int length_errors;
	unsigned int frame_errors;
};

/**
 * struct vnet_rx_hdr - what a received header says, copied
 * @hdr: offload fields
 * @hash: hash, if the device reports one
 * @report: which hash
 */
struct vnet_rx_hdr {
	struct virtio_net_hdr hdr;
	u32 hash;
	u16 report;
};

/**
 * struct vnet_rx_used - a used buffer
 * @token: the buffer
 * @va: where it is
 * @len: bytes the device claims to have written
 * @size: of the buffer
 * @pad: bytes in front of the virtio header
 */
struct vnet_rx_used {
	void *token;
	void *va;
	unsigned int len;
	unsigned int size;
	unsigned long pad;
};

/* rx.c */
void vnet_rx_complain(struct vnet_rq *rq, const char *what, unsigned int value);

/* rx_merge.c */
void vnet_rx_skip(struct vnet_rq *rq, unsigned int left);
bool vnet_rx_part(struct vnet_rq *rq, struct vnet_rx_used *used,
		  unsigned int left, unsigned int len,
		  struct vnet_rx_batch *batch);
struct sk_buff *vnet_rx_gather(struct vnet_rq *rq, struct sk_buff *head,
			       unsigned int left, struct vnet_rx_batch *batch);

/* Keep the buffer out of the hands of the stack: the device gets it again. No
 * memory is needed for that, so small packets get through when there is none.
 */
static inline void vnet_rx_repost(struct vnet_rq *rq, void *token)
{
	if (unlikely(rq->posted >= rq->fill_max) || vnet_rx_post(rq, token))
		vnet_rx_put(rq, token, true);
}

/* The same for the buffer of a whole packet, whose place is at hand. */
static inline void vnet_rx_return(struct vnet_rq *rq, const struct vnet_rx_used *used)
{
	if (unlikely(rq->posted >= rq->fill_max) ||
	    unlikely(vnet_rx_add(rq, used->token, used->va + used->pad,
				 used->size - used->pad - VNET_BUF_TAIL)))
		vnet_rx_put(rq, used->token, true);
}

static inline bool vnet_rx_next(struct vnet_rq *rq, struct vnet_rx_used *used)
{
	unsigned int len;

	used->token = virtqueue_get_buf(rq->vq, &len);
	if (!used->token)
		return false;

	rq->posted--;
	used->len = len;
	used->va = vnet_buf_va(used->token);
	used->size = 1U << vnet_buf_shift(used->token);
	used->pad = vnet_buf_pad((unsigned long)used->token);

	return true;
}

static inline bool vnet_rx_len_ok(const struct vnet_rx_used *used,
				  unsigned int min_len)
{
	return used->len >= min_len &&
	       used->len <= used->size - used->pad - VNET_BUF_TAIL;
}

/* Check a used buffer and copy what its header says. Return: buffers of the
 * packet, 0 if it is dropped.
 */
static inline unsigned int vnet_rx_begin(struct vnet_rq *rq,
					 const struct vnet_rx_used *used,
					 struct vnet_rx_hdr *hdr,
					 struct vnet_rx_batch *batch)
{
	const void *start = used->va + used->pad;
	unsigned int bufs = 1;

	if (unlikely(!vnet_rx_len_ok(used, rq->hdr_len + ETH_HLEN))) {
		vnet_rx_complain(rq, "bad frame length", used->len);
		batch->length_errors++;
		vnet_rx_repost(rq, used->token);
		return 0;
	}

	/* The device can write to the buffer at any time: what is checked has
	 * to be a copy.
	 */
	memcpy(&hdr->hdr, start, sizeof(hdr->hdr));
	if (unlikely(rq->report)) {
		const struct virtio_net_hdr_v1_hash *hash = start;

		hdr->hash = le16_to_cpu(READ_ONCE(hash->hash_value_lo)) |
			    (u32)le16_to_cpu(READ_ONCE(hash->hash_value_hi)) << 16;
		hdr->report = le16_to_cpu(READ_ONCE(hash->hash_report));
	}

	if (rq->mergeable) {
		const struct virtio_net_hdr_mrg_rxbuf *mrg = start;

		bufs = vnet16_to_cpu(rq->vn, READ_ONCE(mrg->num_buffers));
		if (unlikely(!bufs || bufs > rq->posted + 1)) {
			vnet_rx_complain(rq, "bad number of buffers", bufs);
			batch->length_errors++;
			vnet_rx_repost(rq, used->token);
			return 0;
		}
	}

	return bufs;
}

/* A known number of bytes is copied in less time than the right one. What follows the
 * packet in its buffer stays behind the end of the new one.
 */
static inline void vnet_rx_copy(void *to, const void *from, unsigned int len)
{
	if (len <= VNET_COPY_SHORT)
		memcpy(to, from, VNET_COPY_SHORT);
	else
		memcpy(to, from, VNET_COPY_LEN);
}

/* Most small packets: acknowledgments, requests. */
static inline struct sk_buff *vnet_rx_copy_small(struct vnet_rq *rq,
						 const struct vnet_rx_used *used,
						 const void *data,
						 unsigned int len)
{
	struct sk_buff *skb = NULL;
	void *head;

	head = vnet_rx_head_new(rq);
	if (likely(head)) {
		skb = napi_build_skb(head, VNET_HEAD_SIZE);
		if (unlikely(!skb))
			vnet_rx_head_put(rq, head);
	}
	if (likely(skb)) {
		skb_reserve(skb, VNET_BUF_PAD);
		skb_mark_for_recycle(skb);
		vnet_rx_copy(__skb_put(skb, len), data, len);
	}
	vnet_rx_return(rq, used);

	return skb;
}

/* The buffer becomes the packet, nothing is copied. */
static inline struct sk_buff *vnet_rx_build(struct vnet_rq *rq,
					    const struct vnet_rx_used *used,
					    unsigned int len)
{
	struct sk_buff *skb = napi_build_skb(used->va, used->size);

	if (unlikely(!skb)) {
		vnet_rx_repost(rq, used->token);
		return NULL;
	}

	skb_reserve(skb, used->pad + rq->hdr_len);
	__skb_put(skb, len);
	skb_mark_for_recycle(skb);

	return skb;
}

/* Give a packet, its offload fields taken over, to the stack. */
static inline void vnet_rx_deliver(struct vnet_rq *rq, struct sk_buff *skb,
				   const struct vnet_rx_hdr *hdr,
				   struct vnet_rx_batch *batch)
{
	if (unlikely(rq->report) &&
	    unlikely(!vnet_rss_hash(rq->vn, skb, hdr->hash, hdr->report))) {
		vnet_rx_complain(rq, "bad hash report", hdr->report);
		batch->frame_errors++;
		batch->drops++;
		dev_kfree_skb_any(skb);
		return;
	}

	batch->packets++;
	batch->bytes += skb->len;
	skb_record_rx_queue(skb, rq->index);
	skb->protocol = eth_type_trans(skb, rq->vn->dev);
	napi_gro_receive(&rq->napi, skb);
}

#endif /* VIRTIO_NET_RX_PKT_H */
