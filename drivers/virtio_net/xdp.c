// SPDX-License-Identifier: GPL-2.0-only
/* XDP on receive: buffers that suit it, the program, and what it wants done. */

#include <linux/bpf.h>
#include <linux/bpf_trace.h>
#include <linux/filter.h>
#include <net/xdp.h>

#include "rx_pkt.h"
#include "xdp.h"

/* Frames sent back under one lock. */
#define VNET_XDP_BULK		16

/* What one poll does with a program. */
struct vnet_xdp_run {
	struct vnet_rq *rq;
	struct bpf_prog *prog;
	struct vnet_rx_batch *batch;
	unsigned int packets;
	unsigned int tx;
	unsigned int redirects;
	unsigned int drops;
	unsigned int count;
	struct vnet_rx_hdr hdr;	/* of the packet at hand, as @xdp */
	struct xdp_buff xdp;
	struct xdp_frame *frames[VNET_XDP_BULK];
};

static void vnet_xdp_count_drop(struct vnet_xdp_run *run)
{
	run->drops++;
	run->batch->drops++;
}

/* Give a buffer back that is not needed any more; one of the other layout goes,
 * so that its successor is of this one.
 */
static void vnet_xdp_put(struct vnet_rq *rq, void *token)
{
	if (likely((unsigned long)token & VNET_BUF_XDP))
		vnet_rx_repost(rq, token);
	else
		vnet_rx_put(rq, token, true);
}

static bool vnet_xdp_copy(struct vnet_rq *rq, struct vnet_rx_used *used)
{
	void *token = NULL;

	if (used->len <= vnet_buf_room(VNET_XDP_BITS))
		token = vnet_rx_page_new(rq, GFP_ATOMIC);
	if (token)
		memcpy(vnet_buf_va(token) + VNET_XDP_PAD, used->va + used->pad, used->len);
	vnet_rx_put(rq, used->token, true);
	if (!token)
		return false;

	used->token = token;
	used->va = vnet_buf_va(token);
	used->size = 1U << VNET_XDP_SHIFT;
	used->pad = VNET_XDP_PAD;

	return true;
}

/* A buffer the device had before the program came is copied. Return: false if
 * that is not possible, it is gone then.
 */
static inline bool vnet_xdp_own(struct vnet_rq *rq, struct vnet_rx_used *used)
{
	return likely((unsigned long)used->token & VNET_BUF_XDP) || vnet_xdp_copy(rq, used);
}

/* For a program that wants packets in one piece. Return: false if the packet has
 * to be dropped, none of its buffers is left then but the first one.
 */
static bool vnet_xdp_append(struct vnet_xdp_run *run, struct vnet_rx_used *used,
			    unsigned int left)
{
	struct vnet_rq *rq = run->rq;
	struct vnet_rx_used part;
	bool fits;

	for (; left; left--) {
		if (!vnet_rx_part(rq, &part, left, used->len - rq->hdr_len, run->batch))
			return false;

		fits = used->len + part.len <= vnet_buf_room(VNET_XDP_BITS);
		if (fits) {
			memcpy(used->va + used->pad + used->len, part.va + part.pad, part.len);
			used->len += part.len;
		}
		vnet_xdp_put(rq, part.token);
		if (!fits) {
			vnet_rx_skip(rq, left - 1);
			return false;
		}
	}

	return true;
}

static void vnet_xdp_repost_frags(struct vnet_rq *rq, struct xdp_buff *xdp)
{
	const struct skb_shared_info *info = xdp_get_shared_info_from_buff(xdp);
	unsigned int i;

	for (i = 0; i < info->nr_frags; i++)
		vnet_rx_repost(rq, vnet_buf_token(page_address(skb_frag_page(&info->frags[i])),
						  VNET_XDP_BITS));
}

static inline void vnet_xdp_put_frags(struct vnet_rq *rq, struct xdp_buff *xdp)
{
	if (unlikely(xdp_buff_has_frags(xdp)))
		vnet_xdp_repost_frags(rq, xdp);
}

/* For a program that takes packets in pieces. Return: as vnet_xdp_append(). */
static bool vnet_xdp_add_frags(struct vnet_xdp_run *run, struct xdp_buff *xdp,
			       unsigned int left)
{
	struct skb_shared_info *info = xdp_get_shared_info_from_buff(xdp);
	unsigned int len = xdp->data_end - xdp->data;
	struct vnet_rx_used part;

	info->nr_frags = 0;
	info->xdp_frags_size = 0;
	xdp_buff_set_frags_flag(xdp);

	if (left > MAX_SKB_FRAGS) {
		vnet_rx_skip(run->rq, left);
		return false;
	}

	for (; left; left--) {
		if (!vnet_rx_part(run->rq, &part, left, len + info->xdp_frags_size,
				  run->batch))
			goto drop;
		if (!vnet_xdp_own(run->rq, &part)) {
			vnet_rx_skip(run->rq, left - 1);
			goto drop;
		}
		skb_frag_fill_page_desc(&info->frags[info->nr_frags++],
					virt_to_page(part.va), part.pad, part.len);
		info->xdp_frags_size += part.len;
	}

	return true;

drop:
	vnet_xdp_put_frags(run->rq, xdp);

	return false;
}

/* Make a packet one a program can see. @used is the first of its @bufs buffers.
 * Return: false if it was dropped.
 */
static bool vnet_xdp_prepare(struct vnet_xdp_run *run, struct vnet_rx_used *used,
			     unsigned int bufs, struct xdp_buff *xdp)
{
	struct vnet_rq *rq = run->rq;
	bool ok = true, frags = bpf_prog_has_xdp_frags(run->prog);

	if (!vnet_xdp_own(rq, used)) {
		vnet_rx_skip(rq, bufs - 1);
		return false;
	}

	if (unlikely(bufs > 1 && !frags))
		ok = vnet_xdp_append(run, used, bufs - 1);
	xdp_init_buff(xdp, used->size, &rq->xdp_rxq);
	xdp_prepare_buff(xdp, used->va, used->pad + rq->hdr_len,
			 used->len - rq->hdr_len, true);
	if (unlikely(bufs > 1 && frags))
		ok = vnet_xdp_add_frags(run, xdp, bufs - 1);
	if (unlikely(!ok))
		vnet_rx_repost(rq, used->token);

	return ok;
}

/* The stack gets the packet as the program has left it. What the device has said
 * of its checksum is not true of that.
 */
static struct sk_buff *vnet_xdp_build(struct vnet_rq *rq, const struct vnet_rx_used *used,
				      struct xdp_buff *xdp)
{
	unsigned int len = xdp->data_end - xdp->data, meta = xdp->data - xdp->data_meta;
	const struct skb_shared_info *info = xdp_get_shared_info_from_buff(xdp);
	unsigned int nr = 0, size = 0;
	struct sk_buff *skb;

	if (unlikely(xdp_buff_has_frags(xdp))) {
		nr = info->nr_frags;
		size = info->xdp_frags_size;
	} else if (len <= VNET_COPY_LEN && !meta) {
		return vnet_rx_copy_small(rq, used, xdp->data, len);
	}

	skb = napi_build_skb(used->va, used->size);
	if (unlikely(!skb)) {
		vnet_xdp_put_frags(rq, xdp);
		vnet_rx_repost(rq, used->token);
		return NULL;
	}

	skb_reserve(skb, xdp->data - xdp->data_hard_start);
	__skb_put(skb, len);
	if (meta)
		skb_metadata_set(skb, meta);
	skb_mark_for_recycle(skb);
	if (unlikely(nr)) {
		skb_shinfo(skb)->nr_frags = nr;
		skb->len += size;
		skb->data_len += size;
		skb->truesize += nr << VNET_XDP_SHIFT;
	}

	return skb;
}

static void vnet_xdp_flush_tx(struct vnet_xdp_run *run)
{
	int i = vnet_xdp_send(run->rq->vn, run->frames, run->count);

	for (; i < run->count; i++) {
		xdp_return_frame_rx_napi(run->frames[i]);
		vnet_xdp_count_drop(run);
	}
	run->count = 0;
}

static bool vnet_xdp_tx(struct vnet_xdp_run *run, struct xdp_buff *xdp)
{
	struct xdp_frame *frame;

	/* Neither what a program has made longer, nor what a device that forgets
	 * its MTU has sent itself (virtio 1.3, 5.1.4.2). The core checks what is
	 * redirected here.
	 */
	if (unlikely(xdp_get_buff_len(xdp) > run->rq->vn->xdp_len_max))
		return false;

	frame = xdp_convert_buff_to_frame(xdp);
	if (unlikely(!frame))
		return false;

	run->tx++;
	run->frames[run->count++] = frame;
	if (run->count == VNET_XDP_BULK)
		vnet_xdp_flush_tx(run);

	return true;
}

/* Return: what is left to be done: XDP_PASS, XDP_DROP, or XDP_TX for nothing. */
static u32 vnet_xdp_act(struct vnet_xdp_run *run, struct xdp_buff *xdp)
{
	struct net_device *dev = run->rq->vn->dev;
	u32 act = bpf_prog_run_xdp(run->prog, xdp);

	switch (act) {
	case XDP_PASS:
	case XDP_DROP:
		return act;
	case XDP_TX:
		if (likely(vnet_xdp_tx(run, xdp)))
			return XDP_TX;
		break;
	case XDP_REDIRECT:
		if (likely(!xdp_do_redirect(dev, xdp, run->prog))) {
			run->redirects++;
			return XDP_TX;
		}
		break;
	default:
		bpf_warn_invalid_xdp_action(dev, run->prog, act);
		break;
	case XDP_ABORTED:
		break;
	}
	trace_xdp_exception(dev, run->prog, act);

	return XDP_DROP;
}

static void vnet_xdp_one(struct vnet_xdp_run *run, struct vnet_rx_used *used)
{
	struct vnet_rx_batch *batch = run->batch;
	struct vnet_rx_hdr *hdr = &run->hdr;
	struct xdp_buff *xdp = &run->xdp;
	struct vnet_rq *rq = run->rq;
	struct sk_buff *skb;
	unsigned int bufs, len;
	u32 act;

	bufs = vnet_rx_begin(rq, used, hdr, batch);
	if (unlikely(!bufs)) {
		batch->drops++;
		return;
	}

	/* On its way since before the device was told to do without. */
	if (unlikely(!vnet_hdr_plain(&hdr->hdr))) {
		vnet_xdp_put(rq, used->token);
		vnet_rx_skip(rq, bufs - 1);
		vnet_xdp_count_drop(run);
		return;
	}

	if (unlikely(!vnet_xdp_prepare(run, used, bufs, xdp))) {
		vnet_xdp_count_drop(run);
		return;
	}

	len = xdp_get_buff_len(xdp);
	run->packets++;

	act = vnet_xdp_act(run, xdp);
	if (act == XDP_PASS) {
		skb = vnet_xdp_build(rq, used, xdp);
		if (likely(skb))
			vnet_rx_deliver(rq, skb, hdr, batch);
		else
			vnet_xdp_count_drop(run);
		return;
	}

	batch->packets++;
	batch->bytes += len;
	if (act == XDP_DROP) {
		vnet_xdp_put_frags(rq, xdp);
		vnet_rx_return(rq, used);
		vnet_xdp_count_drop(run);
	}
}

static void vnet_xdp_account(const struct vnet_xdp_run *run)
{
	struct vnet_rx_stats *stats = &run->rq->stats;

	u64_stats_update_begin(&stats->syncp);
	u64_stats_add(&stats->xdp_packets, run->packets);
	u64_stats_add(&stats->xdp_tx, run->tx);
	u64_stats_add(&stats->xdp_redirects, run->redirects);
	u64_stats_add(&stats->xdp_drops, run->drops);
	u64_stats_update_end(&stats->syncp);
}

/**
 * vnet_xdp_receive() - receive packets of a queue with an XDP program
 * @rq: the queue
 * @prog: the program
 * @budget: packets that may be received
 * @batch: what was done is added here
 *
 * Context: NAPI of the queue.
 * Return: packets received.
 */
int vnet_xdp_receive(struct vnet_rq *rq, struct bpf_prog *prog, int budget,
		     struct vnet_rx_batch *batch)
{
	struct vnet_xdp_run run = { .rq = rq, .prog = prog, .batch = batch };
	struct vnet_rx_used used;
	int done = 0;

	while (done < budget && vnet_rx_next(rq, &used)) {
		vnet_xdp_one(&run, &used);
		done++;
		if (vnet_rx_wants_refill(rq))
			vnet_rx_refill(rq, GFP_ATOMIC);
	}

	if (run.count)
		vnet_xdp_flush_tx(&run);
	if (run.redirects)
		xdp_do_flush();
	if (done)
		vnet_xdp_account(&run);

	return done;
}
