/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VIRTIO_NET_RX_PKT_H
#define VIRTIO_NET_RX_PKT_H

/* What the parts of the receive path share: used buffers and packets of one
 * buffer. Inline, since every packet goes through it.
 */

#include <linux/etherdevice.h>
#include <net/page_pool/helpers.h>

#include "rx.h"

/* Largest frame the header fields can describe: 64 KiB of IP and two tags. */
#define VNET_FRAME_MAX		(65535 + ETH_HLEN + 2 * VLAN_HLEN)

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
 */
struct vnet_rx_used {
	void *token;
	void *va;
	unsigned int len;
	unsigned int size;
};

/* Keep the buffer out of the hands of the stack: the device gets it again. No
 * memory is needed for that, so small packets get through when there is none.
 */
static inline void vnet_rx_repost(struct vnet_rq *rq, void *token)
{
	if (unlikely(rq->posted >= rq->fill_max) || vnet_rx_post(rq, token))
		vnet_rx_put(rq, token, true);
}

static inline bool vnet_rx_next(struct vnet_rq *rq, struct vnet_rx_used *used)
{
	unsigned int shift;

	used->token = virtqueue_get_buf(rq->vq, &used->len);
	if (!used->token)
		return false;

	rq->posted--;
	shift = vnet_buf_shift(used->token);
	used->va = vnet_buf_va(used->token);
	used->size = 1U << shift;

	return true;
}

static inline bool vnet_rx_len_ok(const struct vnet_rq *rq,
				  const struct vnet_rx_used *used,
				  unsigned int min_len)
{
	return used->len >= min_len &&
	       used->len <= used->size - rq->headroom - VNET_BUF_TAIL;
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

	skb_reserve(skb, rq->headroom + rq->hdr_len);
	__skb_put(skb, len);
	skb_mark_for_recycle(skb);

	return skb;
}

/* rx.c */
void vnet_rx_complain(struct vnet_rq *rq, const char *what, unsigned int value);

/* rx_merge.c */
void vnet_rx_skip(struct vnet_rq *rq, unsigned int left);
struct sk_buff *vnet_rx_gather(struct vnet_rq *rq, struct sk_buff *head,
			       unsigned int left, struct vnet_rx_batch *batch);

#endif /* VIRTIO_NET_RX_PKT_H */
