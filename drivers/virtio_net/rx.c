// SPDX-License-Identifier: GPL-2.0-only
/* Receive path: from used buffers to the stack. */

#include "coal.h"
#include "rx_pkt.h"
#include "tx.h"
#include "xdp.h"

/* Frames that would pin a buffer this many times their size (log2) are copied
 * too: the socket they end up in is charged for the whole buffer.
 */
#define VNET_COPY_RATIO_SHIFT	3

/**
 * vnet_rx_complain() - the device has broken the rules
 * @rq: the queue
 * @what: what is wrong
 * @value: what was found
 *
 * Context: any.
 */
noinline void vnet_rx_complain(struct vnet_rq *rq, const char *what,
			       unsigned int value)
{
	if (net_ratelimit())
		netdev_warn(rq->vn->dev, "rx%u: %s %u, packet dropped\n",
			    rq->index, what, value);
}

/* The buffer is too large for its packets. It must not come back for ever, so
 * it goes to the pool and its successor gets the size that fits by now.
 */
static struct sk_buff *vnet_rx_copy_large(struct vnet_rq *rq,
					  const struct vnet_rx_used *used,
					  unsigned int len)
{
	struct sk_buff *skb = napi_alloc_skb(&rq->napi, len);

	if (unlikely(!skb)) {
		vnet_rx_repost(rq, used->token);
		return NULL;
	}

	skb_put_data(skb, used->va + used->pad + rq->hdr_len, len);
	vnet_rx_put(rq, used->token, true);

	return skb;
}

/* Turn a used buffer, and those that follow it, into a packet. */
static struct sk_buff *vnet_rx_packet(struct vnet_rq *rq,
				      const struct vnet_rx_used *used,
				      struct vnet_rx_hdr *hdr,
				      struct vnet_rx_batch *batch)
{
	unsigned int len, bufs;
	struct sk_buff *skb;

	bufs = vnet_rx_begin(rq, used, hdr, batch);
	if (unlikely(!bufs))
		return NULL;
	len = used->len - rq->hdr_len;

	if (likely(bufs == 1)) {
		if (len <= VNET_COPY_LEN)
			return vnet_rx_copy_small(rq, used, used->va + used->pad +
						  rq->hdr_len, len);
		if (unlikely(len <= used->size >> VNET_COPY_RATIO_SHIFT))
			return vnet_rx_copy_large(rq, used, len);
		return vnet_rx_build(rq, used, len);
	}

	skb = vnet_rx_build(rq, used, len);
	if (unlikely(!skb)) {
		vnet_rx_skip(rq, bufs - 1);
		return NULL;
	}

	return vnet_rx_gather(rq, skb, bufs - 1, batch);
}

static void vnet_rx_one(struct vnet_rq *rq, const struct vnet_rx_used *used,
			struct vnet_rx_hdr *hdr, struct vnet_rx_batch *batch)
{
	struct sk_buff *skb;

	skb = vnet_rx_packet(rq, used, hdr, batch);
	if (unlikely(!skb)) {
		batch->drops++;
		return;
	}

	if (unlikely(vnet_hdr_to_skb(rq->vn, skb, &hdr->hdr))) {
		vnet_rx_complain(rq, "bad offload header, gso type",
				 hdr->hdr.gso_type);
		batch->frame_errors++;
		batch->drops++;
		dev_kfree_skb_any(skb);
		return;
	}

	vnet_rx_deliver(rq, skb, hdr, batch);
}

static int vnet_rx_receive(struct vnet_rq *rq, int budget,
			   struct vnet_rx_batch *batch)
{
	struct vnet_rx_used used;
	struct vnet_rx_hdr hdr;
	int done = 0;

	while (done < budget && vnet_rx_next(rq, &used)) {
		vnet_rx_one(rq, &used, &hdr, batch);
		done++;
		if (vnet_rx_wants_refill(rq))
			vnet_rx_refill(rq, GFP_ATOMIC);
	}

	return done;
}

/* Each packet counts for a 64th, up to all of it. */
static void vnet_rx_average(struct vnet_rq *rq, unsigned int packets, unsigned int bytes)
{
	if (likely(packets < 64))
		rq->len_avg += bytes - packets * (rq->len_avg / 64);
	else
		rq->len_avg = bytes / packets * 64;
}

static void vnet_rx_account(struct vnet_rq *rq, const struct vnet_rx_batch *b)
{
	struct vnet_rx_stats *stats = &rq->stats;

	vnet_rx_average(rq, b->packets, b->bytes);
	u64_stats_update_begin(&stats->syncp);
	u64_stats_add(&stats->packets, b->packets);
	u64_stats_add(&stats->bytes, b->bytes);
	if (unlikely(b->drops)) {
		u64_stats_add(&stats->drops, b->drops);
		u64_stats_add(&stats->length_errors, b->length_errors);
		u64_stats_add(&stats->frame_errors, b->frame_errors);
		u64_stats_add(&stats->malformed, b->length_errors + b->frame_errors);
	}
	u64_stats_update_end(&stats->syncp);
}

/**
 * vnet_rx_schedule() - have a receive queue polled
 * @rq: the queue
 *
 * Context: any, interrupts included.
 */
void vnet_rx_schedule(struct vnet_rq *rq)
{
	if (napi_schedule_prep(&rq->napi)) {
		virtqueue_disable_cb(rq->vq);
		__napi_schedule(&rq->napi);
	}
}

/**
 * vnet_rx_irq() - the device has used receive buffers
 * @vq: the virtqueue
 *
 * Context: interrupt.
 */
void vnet_rx_irq(struct virtqueue *vq)
{
	struct vnet *vn = vq->vdev->priv;
	struct vnet_rq *rq = &vn->rq[VNET_PAIR(vq->index)];

	rq->calls++;
	vnet_rx_schedule(rq);
}

/**
 * vnet_rx_poll() - NAPI poll routine of a receive queue
 * @napi: NAPI context of the queue
 * @budget: packets that may be received
 *
 * Also reclaims what the transmit queue of the pair has finished: traffic that
 * goes both ways then hardly needs transmit interrupts.
 *
 * Return: packets received.
 */
int vnet_rx_poll(struct napi_struct *napi, int budget)
{
	struct vnet_rq *rq = container_of(napi, struct vnet_rq, napi);
	struct vnet_rx_batch batch = {};
	struct bpf_prog *prog;
	unsigned int opaque;
	int done;

	vnet_tx_poll_from_rx(&rq->vn->sq[rq->index], budget);

	if (unlikely(rq->starved) && budget &&
	    !timer_pending(&rq->refill_timer)) {
		rq->starved = false;
		vnet_rx_refill(rq, GFP_ATOMIC);
	}

	prog = rcu_dereference_bh(rq->vn->xdp_prog);
	if (unlikely(prog))
		done = vnet_xdp_receive(rq, prog, budget, &batch);
	else
		done = vnet_rx_receive(rq, budget, &batch);

	if (done)
		vnet_rx_account(rq, &batch);
	if (unlikely(rq->watched)) {
		rq->watched = false;
		if (done && READ_ONCE(rq->calls) == rq->watch_calls)
			vnet_rx_healed(rq->vn);
	}
	vnet_rx_kick(rq);

	if (done < budget) {
		opaque = virtqueue_enable_cb_prepare(rq->vq);
		if (!napi_complete_done(napi, done))
			virtqueue_disable_cb(rq->vq);
		else if (unlikely(virtqueue_poll(rq->vq, opaque)))
			vnet_rx_schedule(rq);
		else if (unlikely(READ_ONCE(rq->adaptive)) && done)
			vnet_coal_sample(rq);
	}

	return done;
}
