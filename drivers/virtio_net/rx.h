/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VIRTIO_NET_RX_H
#define VIRTIO_NET_RX_H

#include <linux/bits.h>
#include <linux/etherdevice.h>
#include <linux/log2.h>
#include <linux/scatterlist.h>
#include <linux/skbuff.h>

#include "net.h"

/* Receive buffers are pieces of page pool pages. Their size is a power of two
 * and they are aligned to at least VNET_BUF_MIN, so that log2 of the size fits
 * into the low bits of the address given to the ring as a token, and a bit that
 * says for which layout: what the driver needs to know about a buffer is then in
 * a register when the buffer comes back.
 *
 * Layout: headroom | virtio header, frame | room for struct skb_shared_info
 * Only the middle part is given to the device.
 */
#define VNET_BUF_MIN_SHIFT	11
#define VNET_BUF_MIN		BIT(VNET_BUF_MIN_SHIFT)
#define VNET_BUF_MAX_SHIFT	15
#define VNET_BUF_SHIFT_MASK	0xf
#define VNET_BUF_XDP		BIT(4)
#define VNET_BUF_TOKEN_MASK	(VNET_BUF_MIN - 1)

/* Largest frame the header fields can describe: 64 KiB of IP and two tags. */
#define VNET_FRAME_MAX		(65535 + ETH_HLEN + 2 * VLAN_HLEN)

/* Pages of the main pool: 32 KiB, or one page where that is larger. */
#define VNET_POOL_SHIFT		max(PAGE_SHIFT, VNET_BUF_MAX_SHIFT)
#define VNET_POOL_ORDER		(VNET_POOL_SHIFT - PAGE_SHIFT)

#define VNET_BUF_PAD		(NET_SKB_PAD + NET_IP_ALIGN)
#define VNET_BUF_TAIL		SKB_DATA_ALIGN(sizeof(struct skb_shared_info))

/* Buffers for XDP have more headroom, and a page each: older kernels take a
 * page out of its pool as a whole when its XDP frame becomes a packet.
 */
#define VNET_XDP_PAD		(XDP_PACKET_HEADROOM + NET_IP_ALIGN)
#define VNET_XDP_SHIFT		min(PAGE_SHIFT, VNET_BUF_MAX_SHIFT)
#define VNET_XDP_BITS		(VNET_XDP_SHIFT | VNET_BUF_XDP)

/* Frames up to this length are copied into a piece of VNET_HEAD_SIZE, and
 * their buffer goes straight back to the device.
 */
#define VNET_COPY_LEN		128
#define VNET_COPY_SHORT		64
#define VNET_HEAD_SIZE \
	roundup_pow_of_two(SKB_DATA_ALIGN(VNET_BUF_PAD + VNET_COPY_LEN) + \
			   VNET_BUF_TAIL)

static inline void *vnet_buf_token(void *va, unsigned int bits)
{
	return (void *)((unsigned long)va | bits);
}

static inline unsigned int vnet_buf_shift(const void *token)
{
	return (unsigned long)token & VNET_BUF_SHIFT_MASK;
}

static inline void *vnet_buf_va(const void *token)
{
	return (void *)((unsigned long)token & ~VNET_BUF_TOKEN_MASK);
}

/* Bytes in front of the virtio header. */
static inline unsigned long vnet_buf_pad(unsigned long bits)
{
	return bits & VNET_BUF_XDP ? VNET_XDP_PAD : VNET_BUF_PAD;
}

/* Bytes of a buffer the device may write, virtio header included. */
static inline unsigned int vnet_buf_room(unsigned long bits)
{
	return (1U << (bits & VNET_BUF_SHIFT_MASK)) - vnet_buf_pad(bits) - VNET_BUF_TAIL;
}

/* rx.c */
int vnet_rx_poll(struct napi_struct *napi, int budget);
void vnet_rx_irq(struct virtqueue *vq);
void vnet_rx_schedule(struct vnet_rq *rq);

/* rxbuf.c */
unsigned int vnet_rx_shift_for(unsigned int hdr_len, unsigned int frame_len);
int vnet_rx_pools_create(struct vnet_rq *rq);
void vnet_rx_pools_destroy(struct vnet_rq *rq);
void vnet_rx_ring_reset(struct vnet_rq *rq);
void vnet_rx_refill(struct vnet_rq *rq, gfp_t gfp);
void vnet_rx_kick(struct vnet_rq *rq);
int vnet_rx_post(struct vnet_rq *rq, void *token);
void *vnet_rx_page_new(struct vnet_rq *rq, gfp_t gfp);
bool vnet_rx_heads_new(struct vnet_rq *rq);
void vnet_rx_head_put(struct vnet_rq *rq, void *head);
void vnet_rx_put(struct vnet_rq *rq, void *token, bool in_napi);
void vnet_rx_drain(struct vnet_rq *rq);
void vnet_rx_recycle(struct virtqueue *vq, void *buf);
void vnet_rx_recycled(struct virtqueue *vq);
void vnet_rx_timer(struct timer_list *timer);

/* Memory for a small packet: VNET_HEAD_SIZE bytes, or NULL. From the page pool rather
 * than the slab, because memory that comes round again needs no clearing.
 */
static inline void *vnet_rx_head_new(struct vnet_rq *rq)
{
	if (unlikely(!rq->head_left) && unlikely(!vnet_rx_heads_new(rq)))
		return NULL;

	return rq->heads + --rq->head_left * VNET_HEAD_SIZE;
}

/* Give the middle part of a buffer, @room bytes from @start on, to the device. Inline, for
 * most small packets give theirs back. Return: 0 or a negative errno.
 */
static inline int vnet_rx_add(struct vnet_rq *rq, void *token, void *start, unsigned int room)
{
	unsigned int num = 1;
	int err;

	if (unlikely(rq->split_hdr)) {
		/* virtio 1.3, 5.1.6.6: header in a descriptor of its own. */
		sg_set_buf(&rq->sg[0], start, rq->hdr_len);
		sg_set_buf(&rq->sg[1], start + rq->hdr_len, room - rq->hdr_len);
		num = 2;
	} else {
		sg_set_buf(&rq->sg[0], start, room);
	}

	err = virtqueue_add_inbuf(rq->vq, rq->sg, num, token, GFP_ATOMIC);
	if (unlikely(err))
		return err;

	rq->posted++;
	rq->need_kick = true;

	return 0;
}

static inline bool vnet_rx_wants_refill(const struct vnet_rq *rq)
{
	return rq->posted + rq->refill_mark <= rq->fill_max && !rq->starved;
}

#endif /* VIRTIO_NET_RX_H */
