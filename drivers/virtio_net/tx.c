// SPDX-License-Identifier: GPL-2.0-only
/* Transmit path: from the stack to the ring, and completions. */

#include <linux/etherdevice.h>
#include <linux/netfilter.h>
#include <net/tcp.h>

#include "hdr.h"
#include "tx.h"

/* Asking for a late completion interrupt fails when the completions are there
 * already. Reclaim and ask again, but leave it to NAPI if that goes on.
 */
#define VNET_TX_ARM_TRIES	2

static struct netdev_queue *vnet_tx_queue(const struct vnet_sq *sq)
{
	return netdev_get_tx_queue(sq->vn->dev, sq->index);
}

static noinline unsigned int vnet_tx_free_frame(const void *token)
{
	struct xdp_frame *frame = vnet_tx_token_frame(token);
	unsigned int len = xdp_get_frame_len(frame);

	xdp_return_frame(frame);

	return len;
}

static void vnet_tx_free(void *token)
{
	if (vnet_tx_is_frame(token))
		vnet_tx_free_frame(token);
	else
		dev_kfree_skb_any(token);
}

/* Whether the end of something in the ring matters before more is sent or received. It
 * does not of packets that nobody waits for, which have been orphaned, unless the queue
 * is stopped, by us or by byte queue limits. Transmit lock held.
 */
static bool vnet_tx_awaited(const struct vnet_sq *sq, const struct netdev_queue *txq)
{
	if (unlikely(netif_xmit_stopped(txq)))
		return true;

	return sq->awaited || (sq->frames && sq->napi_tx);
}

/**
 * vnet_tx_reclaim() - free what the device has sent
 * @sq: the queue
 * @txq: likewise
 * @budget: as for napi_consume_skb(): zero outside of NAPI
 *
 * Ends because nothing is added meanwhile and the ring core returns each packet
 * once. Byte queue limits know of packets of the stack only.
 *
 * Context: transmit lock of the queue held.
 */
void vnet_tx_reclaim(struct vnet_sq *sq, struct netdev_queue *txq, int budget)
{
	unsigned int packets = 0, bytes = 0, frames = 0, frame_bytes = 0, len;
	struct sk_buff *skb;

	/* netpoll: page pools are not for those who have switched interrupts
	 * off. NAPI comes later.
	 */
	if (unlikely(sq->frames && irqs_disabled()))
		return;

	while ((skb = virtqueue_get_buf(sq->vq, &len))) {
		if (unlikely(vnet_tx_is_frame(skb))) {
			frames++;
			frame_bytes += vnet_tx_free_frame(skb);
			continue;
		}
		packets++;
		bytes += skb->len;
		napi_consume_skb(skb, budget);
	}

	if (!(packets + frames))
		return;

	sq->frames -= frames;
	if (sq->vq->num_free == sq->ring_size)
		sq->awaited = false;
	u64_stats_update_begin(&sq->stats.syncp);
	u64_stats_add(&sq->stats.packets, packets + frames);
	u64_stats_add(&sq->stats.bytes, bytes + frame_bytes);
	u64_stats_update_end(&sq->stats.syncp);

	if (sq->napi_tx)
		netdev_tx_completed_queue(txq, packets, bytes);
}

static void vnet_tx_try_wake(struct vnet_sq *sq, struct netdev_queue *txq)
{
	if (likely(!netif_tx_queue_stopped(txq)) ||
	    sq->vq->num_free < sq->wake_mark)
		return;

	u64_stats_update_begin(&sq->stats.syncp);
	u64_stats_inc(&sq->stats.wake);
	u64_stats_update_end(&sq->stats.syncp);
	netif_tx_wake_queue(txq);
}

/* Reclaim, then ask for an interrupt once most of what is left is done, if that
 * matters. Transmit lock held. Return: false if NAPI has to look again.
 */
static bool vnet_tx_reclaim_and_arm(struct vnet_sq *sq,
				    struct netdev_queue *txq, int budget)
{
	bool armed = false;
	int i;

	for (i = 0; i < VNET_TX_ARM_TRIES && !armed; i++) {
		vnet_tx_reclaim(sq, txq, budget);
		vnet_tx_try_wake(sq, txq);
		armed = !vnet_tx_awaited(sq, txq) || virtqueue_enable_cb_delayed(sq->vq);
	}
	if (!vnet_tx_awaited(sq, txq))
		virtqueue_disable_cb(sq->vq);

	return armed;
}

/**
 * vnet_tx_schedule() - have a transmit queue polled
 * @sq: the queue
 *
 * Context: any, interrupts included.
 */
void vnet_tx_schedule(struct vnet_sq *sq)
{
	if (napi_schedule_prep(&sq->napi)) {
		virtqueue_disable_cb(sq->vq);
		__napi_schedule(&sq->napi);
	}
}

/**
 * vnet_tx_irq() - the device has sent packets
 * @vq: the virtqueue
 *
 * Context: interrupt.
 */
void vnet_tx_irq(struct virtqueue *vq)
{
	struct vnet *vn = vq->vdev->priv;

	vnet_tx_schedule(&vn->sq[VNET_PAIR(vq->index)]);
}

/**
 * vnet_tx_poll() - NAPI poll routine of a transmit queue
 * @napi: NAPI context of the queue
 * @budget: non-zero in softirq, zero when netpoll calls
 *
 * Return: @budget to be called again, else 0.
 */
int vnet_tx_poll(struct napi_struct *napi, int budget)
{
	struct vnet_sq *sq = container_of(napi, struct vnet_sq, napi);
	struct netdev_queue *txq = vnet_tx_queue(sq);
	bool armed;

	/* netpoll may have interrupted the owner of the lock. */
	if (!budget) {
		if (!__netif_tx_trylock(txq))
			return 0;
	} else {
		__netif_tx_lock(txq, raw_smp_processor_id());
	}

	armed = vnet_tx_reclaim_and_arm(sq, txq, budget);
	__netif_tx_unlock(txq);

	if (!armed)
		return budget;

	/* An interrupt since then has made NAPI come back by itself. */
	napi_complete_done(napi, 0);

	return 0;
}

/**
 * vnet_tx_poll_from_rx() - reclaim from the receive side of the pair
 * @sq: the transmit queue
 * @budget: of the receive poll
 *
 * Context: NAPI of the receive queue.
 */
void vnet_tx_poll_from_rx(struct vnet_sq *sq, int budget)
{
	struct netdev_queue *txq;
	bool armed;

	/* A look without the lock: what comes later has its own interrupt. */
	if (!sq->napi_tx || READ_ONCE(sq->vq->num_free) == sq->ring_size)
		return;

	txq = vnet_tx_queue(sq);
	if (!__netif_tx_trylock(txq))
		return;
	armed = vnet_tx_reclaim_and_arm(sq, txq, budget);
	__netif_tx_unlock(txq);

	if (unlikely(!armed))
		vnet_tx_schedule(sq);
}

/* Describe the packet and its header to the device. The header goes in front
 * of the packet data if there is room that nobody else uses, which saves a
 * descriptor; else into the control block.
 */
static int vnet_tx_add(struct vnet_sq *sq, struct sk_buff *skb)
{
	const struct skb_shared_info *info = skb_shinfo(skb);
	struct scatterlist *sg = sq->sg;
	unsigned int i, num = 0;
	void *hdr;
	int err;

	BUILD_BUG_ON(sizeof(struct virtio_net_hdr_mrg_rxbuf) >
		     sizeof_field(struct sk_buff, cb));

	hdr = skb->data - sq->hdr_len;
	if (likely(sq->hdr_inline && skb_headroom(skb) >= sq->hdr_len &&
		   !skb_header_cloned(skb) &&
		   IS_ALIGNED((unsigned long)hdr, __alignof__(struct virtio_net_hdr)))) {
		sg_set_buf(&sg[num++], hdr, skb_headlen(skb) + sq->hdr_len);
	} else {
		hdr = skb->cb;
		sg_set_buf(&sg[num++], hdr, sq->hdr_len);
		sg_set_buf(&sg[num++], skb->data, skb_headlen(skb));
	}

	err = vnet_hdr_from_skb(sq, skb, hdr);
	if (unlikely(err))
		return err;

	for (i = 0; i < info->nr_frags; i++) {
		const skb_frag_t *frag = &info->frags[i];

		sg_set_page(&sg[num++], skb_frag_page(frag),
			    skb_frag_size(frag), skb_frag_off(frag));
	}

	/* The table is terminated for this call only, so that it need not be
	 * initialised for each packet.
	 */
	sg_mark_end(&sg[num - 1]);
	err = virtqueue_add_outbuf(sq->vq, sg, num, skb, GFP_ATOMIC);
	sg_unmark_end(&sg[num - 1]);

	return err;
}

static void vnet_tx_drop(struct vnet_sq *sq, struct sk_buff *skb, int err)
{
	if (net_ratelimit())
		netdev_warn(sq->vn->dev, "tx%u: packet not accepted, error %d\n",
			    sq->index, err);

	u64_stats_update_begin(&sq->stats.syncp);
	u64_stats_inc(&sq->stats.drops);
	u64_stats_update_end(&sq->stats.syncp);
	dev_kfree_skb_any(skb);
}

static void vnet_tx_kick(struct vnet_sq *sq)
{
	if (virtqueue_kick_prepare(sq->vq) && virtqueue_notify(sq->vq)) {
		u64_stats_update_begin(&sq->stats.syncp);
		u64_stats_inc(&sq->stats.kicks);
		u64_stats_update_end(&sq->stats.syncp);
	}
}

/**
 * vnet_tx_stop() - the ring may have no room for another packet
 * @sq: the queue
 * @txq: likewise
 *
 * Context: transmit lock of the queue held. The caller has the queue flushed.
 */
void vnet_tx_stop(struct vnet_sq *sq, struct netdev_queue *txq)
{
	netif_tx_stop_queue(txq);
	u64_stats_update_begin(&sq->stats.syncp);
	u64_stats_inc(&sq->stats.stop);
	u64_stats_update_end(&sq->stats.syncp);
}

/**
 * vnet_tx_flush() - tell the device of packets
 * @sq: the queue
 * @txq: likewise
 *
 * From here the queue is woken by the interrupt asked for, or by NAPI if the
 * completions were faster.
 *
 * Context: transmit lock of the queue held.
 */
void vnet_tx_flush(struct vnet_sq *sq, struct netdev_queue *txq)
{
	vnet_tx_kick(sq);

	if (vnet_tx_awaited(sq, txq) && unlikely(!virtqueue_enable_cb_delayed(sq->vq)))
		vnet_tx_schedule(sq);
}

/* Without a completion interrupt nobody would free the packet for a long time:
 * what others wait for is given back now, the pages of a sender that does not
 * copy (MSG_ZEROCOPY) included. A route must not outlive the device it leads to.
 */
static int vnet_tx_orphan(struct sk_buff *skb)
{
	skb_orphan(skb);
	skb_dst_drop(skb);
	nf_reset_ct(skb);

	return skb_orphan_frags_rx(skb, GFP_ATOMIC);
}

/**
 * vnet_tx_start() - send a packet
 * @skb: the packet
 * @dev: the net device
 *
 * Context: transmit lock of the queue held, bottom halves disabled.
 * Return: NETDEV_TX_OK, the packet is consumed in any case.
 */
netdev_tx_t vnet_tx_start(struct sk_buff *skb, struct net_device *dev)
{
	struct vnet *vn = netdev_priv(dev);
	struct vnet_sq *sq = &vn->sq[skb_get_queue_mapping(skb)];
	struct netdev_queue *txq = vnet_tx_queue(sq);
	bool more = netdev_xmit_more();
	unsigned int len = skb->len;
	bool kick;
	int err = 0;

	/* Once per burst is enough while there is room. */
	if (!more || sq->vq->num_free < sq->wake_mark)
		vnet_tx_reclaim(sq, txq, 0);

	skb_tx_timestamp(skb);

	if (unlikely(!sq->napi_tx) || skb_is_tcp_pure_ack(skb))
		err = vnet_tx_orphan(skb);
	else
		sq->awaited = true;
	if (likely(!err))
		err = vnet_tx_add(sq, skb);
	if (unlikely(err)) {
		vnet_tx_drop(sq, skb, err);
		if (!more)
			vnet_tx_flush(sq, txq);
		return NETDEV_TX_OK;
	}

	if (unlikely(sq->vq->num_free < sq->stop_mark))
		vnet_tx_stop(sq, txq);

	if (likely(sq->napi_tx))
		kick = __netdev_tx_sent_queue(txq, len, more);
	else
		kick = !more || netif_xmit_stopped(txq);

	if (kick)
		vnet_tx_flush(sq, txq);

	return NETDEV_TX_OK;
}

/**
 * vnet_tx_reclaim_all() - free what the device has sent
 * @sq: the queue
 *
 * Context: transmit lock of the queue held.
 */
void vnet_tx_reclaim_all(struct vnet_sq *sq)
{
	struct netdev_queue *txq = vnet_tx_queue(sq);

	vnet_tx_reclaim(sq, txq, 0);
	vnet_tx_try_wake(sq, txq);
}

/**
 * vnet_tx_recycle() - a packet comes back from a queue that is reset
 * @vq: the virtqueue
 * @buf: the packet
 */
void vnet_tx_recycle(struct virtqueue *vq, void *buf)
{
	vnet_tx_free(buf);
}

/**
 * vnet_tx_recycled() - all packets have come back
 * @vq: the virtqueue, nothing is being sent
 */
void vnet_tx_recycled(struct virtqueue *vq)
{
	struct vnet *vn = vq->vdev->priv;

	vnet_tx_ring_reset(&vn->sq[VNET_PAIR(vq->index)]);
}

/**
 * vnet_tx_ring_reset() - start with an empty ring
 * @sq: the queue, its virtqueue freshly made
 */
void vnet_tx_ring_reset(struct vnet_sq *sq)
{
	sq->ring_size = virtqueue_get_vring_size(sq->vq);
	sq->stop_mark = min_t(u32, VNET_TX_MAX_SG, sq->ring_size);
	sq->wake_mark = max_t(u32, sq->stop_mark, sq->ring_size / 4);
	sq->frames = 0;
	sq->awaited = false;
	netdev_tx_reset_queue(vnet_tx_queue(sq));
	if (!sq->napi_tx)
		virtqueue_disable_cb(sq->vq);
}

/**
 * vnet_tx_drain() - free what the device never sent
 * @sq: the queue; the device is reset, nothing is being sent
 */
void vnet_tx_drain(struct vnet_sq *sq)
{
	void *token;

	while ((token = virtqueue_detach_unused_buf(sq->vq)))
		vnet_tx_free(token);
}
