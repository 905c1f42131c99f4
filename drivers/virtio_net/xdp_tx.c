// SPDX-License-Identifier: GPL-2.0-only
/* XDP frames to be sent: of our own program, and of other interfaces. */

#include <linux/netdevice.h>
#include <linux/virtio_net.h>
#include <net/xdp.h>

#include "tx.h"
#include "xdp.h"

/* Describe a frame to the device. Its header, all zero, goes in front of it. */
static int vnet_xdp_add(struct vnet_sq *sq, struct xdp_frame *frame)
{
	void *hdr = frame->data - sq->hdr_len;
	struct scatterlist *sg = sq->sg;
	unsigned int i, num = 0;
	int err;

	if (unlikely(frame->headroom < sq->hdr_len))
		return -EOVERFLOW;

	memset(hdr, 0, sq->hdr_len);
	if (likely(sq->hdr_inline)) {
		sg_set_buf(&sg[num++], hdr, sq->hdr_len + frame->len);
	} else {
		sg_set_buf(&sg[num++], hdr, sq->hdr_len);
		sg_set_buf(&sg[num++], frame->data, frame->len);
	}

	if (unlikely(xdp_frame_has_frags(frame))) {
		const struct skb_shared_info *info = xdp_get_shared_info_from_frame(frame);

		for (i = 0; i < info->nr_frags; i++) {
			const skb_frag_t *frag = &info->frags[i];

			sg_set_page(&sg[num++], skb_frag_page(frag),
				    skb_frag_size(frag), skb_frag_off(frag));
		}
	}

	sg_mark_end(&sg[num - 1]);
	err = virtqueue_add_outbuf(sq->vq, sg, num, vnet_tx_frame_token(frame),
				   GFP_ATOMIC);
	sg_unmark_end(&sg[num - 1]);
	if (likely(!err))
		sq->frames++;

	return err;
}

/* Whether the queue takes frames. It is stopped while its ring is full, and
 * while it is reset or resized; under its lock this cannot change.
 */
static bool vnet_xdp_may_send(const struct vnet *vn, const struct netdev_queue *txq)
{
	return netif_running(vn->dev) && netif_device_present(vn->dev) &&
	       !netif_xmit_frozen_or_drv_stopped(txq);
}

/* Room for one more packet of the stack is left at any time, or the queue is
 * stopped. Return: frames the device has got, the first ones.
 */
static int vnet_xdp_add_all(struct vnet_sq *sq, struct netdev_queue *txq,
			    struct xdp_frame **frames, int n)
{
	int sent = 0;

	if (sq->vq->num_free < sq->wake_mark)
		vnet_tx_reclaim(sq, txq, 0);

	while (sent < n && !netif_tx_queue_stopped(txq)) {
		if (vnet_xdp_add(sq, frames[sent]))
			break;
		sent++;
		if (unlikely(sq->vq->num_free < sq->stop_mark))
			vnet_tx_stop(sq, txq);
	}

	/* Not left to who comes next: he may be led to another queue. */
	if (sent) {
		txq_trans_cond_update(txq);
		vnet_tx_flush(sq, txq);
	}

	return sent;
}

/**
 * vnet_xdp_send() - send XDP frames
 * @vn: the device
 * @frames: the frames
 * @n: how many
 *
 * There are no queues for XDP only. Each CPU takes the one that the stack takes
 * there too, if there are as many, and its lock with it.
 *
 * Context: bottom halves disabled, no transmit lock held.
 * Return: how many were sent, the first ones; the others are still the caller's.
 */
int vnet_xdp_send(struct vnet *vn, struct xdp_frame **frames, int n)
{
	int sent = 0, cpu = smp_processor_id();
	struct netdev_queue *txq;
	struct vnet_sq *sq;

	sq = &vn->sq[cpu % READ_ONCE(vn->dev->real_num_tx_queues)];
	txq = netdev_get_tx_queue(vn->dev, sq->index);

	__netif_tx_lock(txq, cpu);
	if (likely(vnet_xdp_may_send(vn, txq)))
		sent = vnet_xdp_add_all(sq, txq, frames, n);

	u64_stats_update_begin(&sq->stats.syncp);
	u64_stats_add(&sq->stats.xdp_tx, n);
	u64_stats_add(&sq->stats.xdp_tx_drops, n - sent);
	u64_stats_update_end(&sq->stats.syncp);
	__netif_tx_unlock(txq);

	return sent;
}

/**
 * vnet_xdp_xmit() - send frames that were redirected to this interface
 * @dev: the net device
 * @n: how many
 * @frames: the frames
 * @flags: XDP_XMIT_x
 *
 * Needs no program on this interface.
 *
 * Context: bottom halves disabled.
 * Return: how many were sent, the others are still the caller's, or -EINVAL.
 */
int vnet_xdp_xmit(struct net_device *dev, int n, struct xdp_frame **frames,
		  u32 flags)
{
	if (unlikely(flags & ~XDP_XMIT_FLAGS_MASK))
		return -EINVAL;

	return vnet_xdp_send(netdev_priv(dev), frames, n);
}
