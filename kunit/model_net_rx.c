// SPDX-License-Identifier: GPL-2.0-only
/* Model of a network device: frames for the driver (virtio 1.3, 5.1.6.3 and 5.1.6.4). */

#include <linux/if_ether.h>
#include <linux/in.h>

#include "model_net.h"

/* A frame takes no more buffers than this, however small they are. */
#define NM_MAX_BUFS	64

/* Looped frames that wait for buffers. */
#define NM_MAX_BACKLOG	512

/* 5.1.6.3.1 */
static unsigned int nm_least_buffer(struct nm *nm)
{
	unsigned int hdr_len = nm_hdr_len(nm);

	if (nm_has(nm, NM_F_MRG_RXBUF))
		return hdr_len;
	if (nm_has(nm, NM_F_GUEST_GSO))
		return hdr_len + NM_FRAME_BIG;

	return hdr_len + NM_FRAME_SMALL;
}

static void nm_check_buffer(struct nm *nm, const struct fv_chain *chain)
{
	unsigned int least = nm_least_buffer(nm);

	if (chain->nr_out)
		nm_violation(nm, "2.7.4.2", "receive buffer with %u segments to read",
			     chain->nr_out);
	if (chain->in_len < least)
		nm_violation(nm, "5.1.6.3.1", "receive buffer of %zu bytes, not %u",
			     chain->in_len, least);
	if (!nm_loose_layout(nm) && (!chain->nr_in || chain->seg[0].len != nm_hdr_len(nm)))
		nm_violation(nm, "5.1.6.6", "no descriptor for the header alone");

	if (nm_has(nm, NM_F_MTU) && !nm_has(nm, NM_F_MRG_RXBUF)) {
		least = nm_hdr_len(nm) + ETH_HLEN + le16_to_cpu(nm->config.mtu);
		if (chain->in_len < least)
			nm_violation(nm, "5.1.4.2", "receive buffer of %zu bytes, not %u",
				     chain->in_len, least);
	}
}

static struct nm_frame *nm_next_backlog(struct nm *nm, unsigned int pair)
{
	struct nm_frame *frame;
	unsigned long flags;

	spin_lock_irqsave(&nm->lock, flags);
	list_for_each_entry(frame, &nm->backlog, node) {
		if (frame->pair != pair)
			continue;
		list_del_init(&frame->node);
		nm->nr_backlog--;
		spin_unlock_irqrestore(&nm->lock, flags);
		return frame;
	}
	spin_unlock_irqrestore(&nm->lock, flags);

	return NULL;
}

/* Lock held. False: no room, the frame is lost. */
static bool nm_put_back(struct nm *nm, struct nm_frame *frame, bool again)
{
	if (nm->nr_backlog >= NM_MAX_BACKLOG) {
		nm->counts[2 * frame->pair].drops++;
		nm->counts[2 * frame->pair].overruns++;
		return false;
	}

	if (again)
		list_add(&frame->node, &nm->backlog);
	else
		list_add_tail(&frame->node, &nm->backlog);
	nm->nr_backlog++;

	return true;
}

/* @again: it has waited already. Return: false if it waits now. */
static bool nm_deliver(struct nm *nm, struct nm_frame *frame, bool again)
{
	unsigned long flags;
	int err = -ENOBUFS;

	/* Not ahead of those that wait. */
	if (again || !READ_ONCE(nm->nr_backlog))
		err = nm_receive(nm, frame->pair, &frame->hdr, frame->data, frame->len, NULL);
	if (err == -ENOBUFS) {
		spin_lock_irqsave(&nm->lock, flags);
		if (nm_put_back(nm, frame, again))
			frame = NULL;
		spin_unlock_irqrestore(&nm->lock, flags);
	}
	if (frame)
		nm_free_frame(frame);

	return err != -ENOBUFS;
}

/**
 * nm_handle_rx() - a receive buffer came
 * @nm: the device
 * @q: receive queue
 * @chain: the buffer
 *
 * Return: -EINPROGRESS, the buffer is kept for a frame.
 */
int nm_handle_rx(struct nm *nm, struct fv_queue *q, struct fv_chain *chain)
{
	struct nm_rxq *rxq = &nm->rxq[q->index / 2];
	struct nm_frame *frame;
	unsigned long flags;

	nm_check_buffer(nm, chain);

	spin_lock_irqsave(&nm->lock, flags);
	if (rxq->count < q->num && rxq->bufs) {
		rxq->bufs[(rxq->head + rxq->count) % q->num] = chain;
		rxq->count++;
	}
	spin_unlock_irqrestore(&nm->lock, flags);

	while (READ_ONCE(nm->nr_backlog)) {
		frame = nm_next_backlog(nm, q->index / 2);
		if (!frame || !nm_deliver(nm, frame, true))
			break;
	}
	wake_up_all(&nm->wait);

	return -EINPROGRESS;
}

/**
 * nm_rx_forget() - the buffers of a queue are gone
 * @nm: the device
 * @pair: which queue
 */
void nm_rx_forget(struct nm *nm, unsigned int pair)
{
	unsigned long flags;

	spin_lock_irqsave(&nm->lock, flags);
	nm->rxq[pair].count = 0;
	spin_unlock_irqrestore(&nm->lock, flags);
}

/**
 * nm_wait_buffers() - wait for receive buffers
 * @nm: the device, running
 * @pair: which queue
 * @count: how many
 * @ms: how long
 *
 * Return: true if they came.
 */
bool nm_wait_buffers(struct nm *nm, unsigned int pair, unsigned int count, unsigned int ms)
{
	return nm_wait(nm, READ_ONCE(nm->rxq[pair].count) >= count, ms);
}

/* What the tests say must be something that this device may do (5.1.6.4.1). */
static bool nm_hdr_negotiated(struct nm *nm, const struct nm_hdr *hdr)
{
	u64 need = 0;

	if (hdr->flags && !(nm->ctrl.offloads & NM_F_GUEST_CSUM))
		return false;

	switch (hdr->gso_type & ~NM_GSO_ECN) {
	case NM_GSO_NONE:
		break;
	case NM_GSO_TCPV4:
		need = NM_F_GUEST_TSO4;
		break;
	case NM_GSO_TCPV6:
		need = NM_F_GUEST_TSO6;
		break;
	case NM_GSO_UDP:
		need = NM_F_GUEST_UFO;
		break;
	case NM_GSO_UDP_L4:
		need = NM_F_GUEST_USO4 | NM_F_GUEST_USO6;
		break;
	default:
		return false;
	}
	if (hdr->gso_type & NM_GSO_ECN && !(nm->ctrl.offloads & NM_F_GUEST_ECN))
		return false;

	return !need || nm->ctrl.offloads & need;
}

static bool nm_rsc_type(u8 gso_type)
{
	gso_type &= ~NM_GSO_ECN;

	return gso_type == NM_GSO_TCPV4 || gso_type == NM_GSO_TCPV6;
}

static void nm_write_hdr(struct nm *nm, struct nm_wire_hdr *wire, const struct nm_hdr *hdr,
			 const void *data, unsigned int len, u16 bufs)
{
	unsigned int payload;
	u32 hash;
	u16 report;

	memset(wire, 0, sizeof(*wire));
	wire->flags = hdr->flags;
	wire->gso_type = hdr->gso_type;
	wire->hdr_len = nm16_from_cpu(nm, hdr->hdr_len);
	wire->gso_size = nm16_from_cpu(nm, hdr->gso_size);
	wire->csum_start = nm16_from_cpu(nm, hdr->csum_start);
	wire->csum_offset = nm16_from_cpu(nm, hdr->csum_offset);
	wire->num_buffers = nm16_from_cpu(nm, bufs);

	if (nm_rsc_type(hdr->gso_type) && hdr->gso_size && nm_has(nm, NM_F_RSC_EXT) &&
	    !(hdr->flags & NM_HDR_RSC_INFO)) {
		/* Coalesced segments, duplicate acknowledgements. */
		wire->flags |= NM_HDR_RSC_INFO;
		payload = len - min_t(unsigned int, hdr->hdr_len, len);
		wire->csum_start = nm16_from_cpu(nm, DIV_ROUND_UP(payload, hdr->gso_size));
		wire->csum_offset = 0;
	}
	if (nm_has(nm, NM_F_HASH_REPORT)) {
		report = nm_hash(&nm->ctrl.rss, data, len, &hash);
		wire->hash_report = cpu_to_le16(report);
		wire->hash_value = cpu_to_le32(hash);
	}
}

/* How many of the oldest buffers hold this much. 0: all of them do not. */
static unsigned int nm_buffers_for(struct nm *nm, struct fv_queue *q, unsigned int pair,
				   unsigned int len)
{
	struct nm_rxq *rxq = &nm->rxq[pair];
	unsigned int i, room = 0;
	unsigned int most = nm_has(nm, NM_F_MRG_RXBUF) ? NM_MAX_BUFS : 1;

	for (i = 0; i < rxq->count && i < most; i++) {
		room += rxq->bufs[(rxq->head + i) % q->num]->in_len;
		if (room >= len)
			return i + 1;
	}

	return 0;
}

/* Spread header and frame over the buffers: all but the last one are full. */
static void nm_fill(struct fv_chain **bufs, u32 *lens, unsigned int nr,
		    const struct nm_wire_hdr *wire, unsigned int hdr_len,
		    const u8 *data, unsigned int len)
{
	unsigned int i, offset = hdr_len, part;

	fv_write(bufs[0], 0, wire, hdr_len);
	for (i = 0; i < nr; i++) {
		part = min_t(unsigned int, bufs[i]->in_len - offset, len);
		fv_write(bufs[i], offset, data, part);
		lens[i] = offset + part;
		data += part;
		len -= part;
		offset = 0;
	}
}

static void nm_count_rx(struct nm *nm, unsigned int pair, const struct nm_hdr *hdr,
			unsigned int len)
{
	struct nm_count *count = &nm->counts[2 * pair];

	count->packets++;
	count->bytes += len;
	if (hdr->flags & NM_HDR_DATA_VALID)
		count->csum_valid++;
	else if (hdr->flags & NM_HDR_NEEDS_CSUM)
		count->needs_csum++;
	else
		count->csum_none++;
	if (hdr->gso_type) {
		count->gso_packets++;
		count->gso_bytes += len;
	}
}

/* Lock held, so nobody else completes anything there. */
static void nm_push(struct nm *nm, struct fv_queue *q, struct fv_chain **bufs, const u32 *lens,
		    unsigned int nr, const struct nm_bad *bad)
{
	u64 before = READ_ONCE(q->counts.pushed);

	if (bad->plain && nr == 1)
		fv_push_raw(q, bufs[0]->id, lens[0]);
	else
		fv_push_many(bufs, lens, nr);

	/* Not into a ring that is dead, and not if it is kept for ever (FV_EVIL_SILENT). */
	if (nm->mutated)
		nm->mutated(nm, READ_ONCE(q->counts.pushed) != before);
}

/* Lock held: the buffers cannot go away. */
static int nm_receive_locked(struct nm *nm, struct fv_queue *q, unsigned int pair,
			     struct nm_hdr *hdr, const void *data, unsigned int len,
			     struct nm_bad *bad)
{
	unsigned int hdr_len = nm_hdr_len(nm), i, nr, push;
	struct fv_chain *bufs[NM_MAX_BUFS];
	struct nm_rxq *rxq = &nm->rxq[pair];
	struct nm_wire_hdr wire;
	u32 lens[NM_MAX_BUFS];

	nr = nm_buffers_for(nm, q, pair, hdr_len + len);
	if (!nr)
		return -ENOBUFS;
	if (nm->mutate && nm->mutate(nm, hdr, bad, nr))
		bad->unchecked = true;
	if (!bad->unchecked && !nm_hdr_negotiated(nm, hdr))
		return -EPERM;

	push = bad->only ? min(bad->only, nr) : nr;
	for (i = 0; i < nr; i++)
		bufs[i] = rxq->bufs[(rxq->head + i) % q->num];
	rxq->head = (rxq->head + push) % q->num;
	rxq->count -= push;

	if (bad->lost) {
		if (nm->mutated)
			nm->mutated(nm, fv_usable(q));
		return 0;
	}

	nm_write_hdr(nm, &wire, hdr, data, len, bad->set_buffers ? bad->num_buffers : nr);
	if (bad->set_hash) {
		wire.hash_value = cpu_to_le32(bad->hash_value);
		wire.hash_report = cpu_to_le16(bad->hash_report);
	}
	nm_fill(bufs, lens, nr, &wire, hdr_len, data, len);
	if (bad->set_len && bad->nth < push)
		lens[bad->nth] = bad->used_len;
	nm_count_rx(nm, pair, hdr, len);
	nm_push(nm, q, bufs, lens, push, bad);

	return 0;
}

/* Which queue a frame goes to (5.1.6.5.7.1). */
static unsigned int nm_steer(struct nm *nm, unsigned int pair, const void *data,
			     unsigned int len)
{
	const struct nm_rss *rss = &nm->ctrl.rss;
	u32 hash;

	if (!rss->on)
		return pair < nm->ctrl.pairs ? pair : 0;
	if (nm_hash(rss, data, len, &hash) == NM_HASH_NONE)
		return rss->unclassified;

	return rss->table[hash & rss->mask];
}

/**
 * nm_receive() - have the driver receive a frame
 * @nm: the device
 * @pair: queue, unless the device steers itself
 * @hdr: header, NULL for one without offloads
 * @data: the frame
 * @len: its length
 * @bad: what is to be wrong with it, may be NULL
 *
 * Context: any but hard interrupts of the device itself.
 * Return: 0; -ENOBUFS if the driver has not given enough buffers; -EPERM if the header
 * was not negotiated; -ENODEV if the driver does not use the device.
 */
int nm_receive(struct nm *nm, unsigned int pair, const struct nm_hdr *hdr,
	       const void *data, unsigned int len, const struct nm_bad *bad)
{
	struct nm_hdr copy = {};
	struct nm_bad wrong = {};
	struct fv_queue *q;
	unsigned long flags;
	int err = 0;

	if (hdr)
		copy = *hdr;
	if (bad)
		wrong = *bad;

	spin_lock_irqsave(&nm->lock, flags);
	pair = nm_steer(nm, pair, data, len);
	q = fv_queue(nm->fv, 2 * pair);
	if (!q || !READ_ONCE(q->enabled) || !q->num)
		err = -ENODEV;
	else if (!nm->filter || nm_passes(nm, data, len))
		err = nm_receive_locked(nm, q, pair, &copy, data, len, &wrong);
	spin_unlock_irqrestore(&nm->lock, flags);

	return err;
}

/* Can the driver take a frame as it was sent? */
static bool nm_acceptable(struct nm *nm, const struct nm_frame *frame)
{
	return !(nm->segment && frame->hdr.gso_type) && nm_hdr_negotiated(nm, &frame->hdr) &&
	       (nm_has(nm, NM_F_MRG_RXBUF | NM_F_GUEST_GSO) ||
		frame->hdr.gso_type == NM_GSO_NONE);
}

static void nm_loop_segments(struct nm *nm, struct nm_frame *frame)
{
	struct nm_frame *seg, *next;
	unsigned long flags;
	LIST_HEAD(list);
	int nr;

	nr = nm_segment(frame, &list);
	spin_lock_irqsave(&nm->lock, flags);
	if (nr > 0)
		nm->counts[2 * frame->pair + 1].gso_segments += nr;
	spin_unlock_irqrestore(&nm->lock, flags);

	list_for_each_entry_safe(seg, next, &list, node) {
		list_del_init(&seg->node);
		nm->counts[2 * frame->pair + 1].gso_seg_bytes += seg->len;
		nm_deliver(nm, seg, false);
	}
	nm_free_frame(frame);
}

/**
 * nm_loop() - have the driver receive what it has sent
 * @nm: the device
 * @frame: the frame, consumed
 *
 * What the driver cannot receive as it was sent is cut and checksummed.
 *
 * Context: may sleep.
 */
void nm_loop(struct nm *nm, struct nm_frame *frame)
{
	if (!nm_acceptable(nm, frame)) {
		if (frame->hdr.gso_type) {
			nm_loop_segments(nm, frame);
			return;
		}
		if (frame->hdr.flags & NM_HDR_NEEDS_CSUM)
			nm_complete_csum(frame->data, frame->len, frame->hdr.csum_start,
					 frame->hdr.csum_offset);
		memset(&frame->hdr, 0, sizeof(frame->hdr));
	}
	frame->hdr.num_buffers = 0;
	nm_deliver(nm, frame, false);
}
