// SPDX-License-Identifier: GPL-2.0-only
/* Model of a network device: frames that the driver sends (virtio 1.3, 5.1.6.2). */

#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/mm.h>

#include "model_net.h"

/**
 * nm_free_frame() - give up a frame
 * @frame: the frame, in no list
 */
void nm_free_frame(struct nm_frame *frame)
{
	kvfree(frame);
}

/* The header has the length that was negotiated, and stands alone if it has to. */
static bool nm_check_shape(struct nm *nm, const struct fv_chain *chain)
{
	unsigned int hdr_len = nm_hdr_len(nm);

	if (chain->nr_in) {
		nm_violation(nm, "2.7.4.2", "%u segments to write in a frame to be sent",
			     chain->nr_in);
		return false;
	}
	if (chain->out_len < hdr_len + ETH_HLEN) {
		nm_violation(nm, "5.1.6.2.1", "%zu bytes are no frame with a header of %u",
			     chain->out_len, hdr_len);
		return false;
	}
	if (chain->out_len > hdr_len + NM_MAX_FRAME) {
		nm_violation(nm, "5.1.6.2.1", "frame of %zu bytes", chain->out_len - hdr_len);
		return false;
	}
	if (!nm_loose_layout(nm) && chain->seg[0].len != hdr_len) {
		nm_violation(nm, "5.1.6.6", "header of %u in a descriptor of %u",
			     hdr_len, chain->seg[0].len);
		return false;
	}

	return true;
}

static void nm_read_hdr(struct nm *nm, const struct nm_wire_hdr *wire, struct nm_hdr *hdr)
{
	hdr->flags = wire->flags;
	hdr->gso_type = wire->gso_type;
	hdr->hdr_len = nm16_to_cpu(nm, wire->hdr_len);
	hdr->gso_size = nm16_to_cpu(nm, wire->gso_size);
	hdr->csum_start = nm16_to_cpu(nm, wire->csum_start);
	hdr->csum_offset = nm16_to_cpu(nm, wire->csum_offset);
	hdr->num_buffers = nm16_to_cpu(nm, wire->num_buffers);
}

static bool nm_check_csum(struct nm *nm, const struct nm_frame *frame)
{
	const struct nm_hdr *hdr = &frame->hdr;
	struct nm_pkt pkt;
	u16 sum;

	if (hdr->flags & ~NM_HDR_NEEDS_CSUM) {
		nm_violation(nm, "5.1.6.2.1", "flags %#x", hdr->flags);
		return false;
	}
	if (!hdr->flags) {
		/* Without use, but what else than zero could it be? */
		if (hdr->csum_start || hdr->csum_offset)
			nm_violation(nm, "5.1.6.2", "checksum at %u+%u without a flag",
				     hdr->csum_start, hdr->csum_offset);
		return true;
	}
	if (!nm_has(nm, NM_F_CSUM)) {
		nm_violation(nm, "5.1.6.2.1", "NEEDS_CSUM without VIRTIO_NET_F_CSUM");
		return false;
	}
	if (hdr->csum_start < ETH_HLEN ||
	    hdr->csum_start + hdr->csum_offset + sizeof(sum) > frame->len) {
		nm_violation(nm, "5.1.6.2.1", "checksum at %u+%u of %u bytes",
			     hdr->csum_start, hdr->csum_offset, frame->len);
		return false;
	}
	if (!nm_parse(frame->data, frame->len, &pkt))
		return true;

	if (hdr->csum_start != pkt.l4 || hdr->csum_offset != (pkt.proto == IPPROTO_TCP ? 16 : 6))
		nm_violation(nm, "5.1.6.2.1", "checksum at %u+%u, transport header at %u",
			     hdr->csum_start, hdr->csum_offset, pkt.l4);
	memcpy(&sum, frame->data + hdr->csum_start + hdr->csum_offset, sizeof(sum));
	if (sum != nm_pseudo_sum(frame->data, frame->len, &pkt))
		nm_violation(nm, "5.1.6.2.1", "%#06x is not the pseudo header's sum", sum);

	return true;
}

static u64 nm_gso_feature(u8 type, const struct nm_pkt *pkt)
{
	switch (type) {
	case NM_GSO_TCPV4:
		return !pkt->v6 && pkt->proto == IPPROTO_TCP ? NM_F_HOST_TSO4 | NM_F_GSO : 0;
	case NM_GSO_TCPV6:
		return pkt->v6 && pkt->proto == IPPROTO_TCP ? NM_F_HOST_TSO6 | NM_F_GSO : 0;
	case NM_GSO_UDP_L4:
		return pkt->proto == IPPROTO_UDP ? NM_F_HOST_USO : 0;
	case NM_GSO_UDP:
		return pkt->proto == IPPROTO_UDP ? NM_F_HOST_UFO | NM_F_GSO : 0;
	default:
		return 0;
	}
}

static bool nm_check_gso(struct nm *nm, const struct nm_frame *frame)
{
	const struct nm_hdr *hdr = &frame->hdr;
	u8 type = hdr->gso_type & ~NM_GSO_ECN;
	struct nm_pkt pkt;

	if (hdr->gso_type == NM_GSO_NONE) {
		if (hdr->gso_size)
			nm_violation(nm, "5.1.6.2", "gso_size %u of a frame without GSO",
				     hdr->gso_size);
		return true;
	}
	if (!nm_parse(frame->data, frame->len, &pkt) || !nm_has(nm, nm_gso_feature(type, &pkt))) {
		nm_violation(nm, "5.1.6.2.1", "gso_type %#x of this packet was not negotiated",
			     hdr->gso_type);
		return false;
	}
	if (hdr->gso_type & NM_GSO_ECN && !nm_has(nm, NM_F_HOST_ECN | NM_F_GSO))
		nm_violation(nm, "5.1.6.2.1", "ECN without VIRTIO_NET_F_HOST_ECN");
	if (!(hdr->flags & NM_HDR_NEEDS_CSUM))
		nm_violation(nm, "5.1.6.2.1", "gso_type %#x without NEEDS_CSUM", hdr->gso_type);
	if (!hdr->gso_size) {
		nm_violation(nm, "5.1.6.2.1", "gso_size of zero");
		return false;
	}
	if (hdr->hdr_len < pkt.payload ||
	    (nm_has(nm, NM_F_GUEST_HDRLEN) && hdr->hdr_len > pkt.payload))
		nm_violation(nm, "5.1.6.2.1", "hdr_len %u, headers are %u",
			     hdr->hdr_len, pkt.payload);
	if (hdr->hdr_len > frame->len)
		nm_violation(nm, "5.1.6.2.1", "hdr_len %u of %u bytes",
			     hdr->hdr_len, frame->len);

	return true;
}

static bool nm_check_frame(struct nm *nm, const struct nm_wire_hdr *wire,
			   const struct nm_frame *frame)
{
	bool good = true;
	u16 mtu;

	if (frame->hdr.num_buffers) {
		nm_violation(nm, "5.1.6.2.1", "num_buffers %u in a frame to be sent",
			     frame->hdr.num_buffers);
		good = false;
	}
	if (wire->hash_value || wire->hash_report || wire->padding)
		nm_violation(nm, "5.1.6.2", "hash of a frame to be sent");
	if (!nm_check_csum(nm, frame))
		good = false;
	if (!nm_check_gso(nm, frame))
		good = false;

	if (nm_has(nm, NM_F_MTU) && frame->hdr.gso_type == NM_GSO_NONE) {
		mtu = le16_to_cpu(nm->config.mtu);
		/* A VLAN tag is not part of what the MTU counts. */
		if (frame->len > mtu + ETH_HLEN + 2 * 4)
			nm_violation(nm, "5.1.4.2", "frame of %u bytes, MTU %u",
				     frame->len, mtu);
	}

	return good;
}

/* 5.1.6.5.6.1; what was in the ring when the number was lowered may still come. */
static void nm_check_pair(struct nm *nm, struct fv_queue *q)
{
	unsigned int pair = q->index / 2;
	bool wrong = false, more = fv_untouched(q);
	unsigned long flags;

	spin_lock_irqsave(&nm->lock, flags);
	if (pair >= nm->ctrl.pairs) {
		wrong = !test_bit(pair, nm->stale);
		if (!more)
			__clear_bit(pair, nm->stale);
	}
	spin_unlock_irqrestore(&nm->lock, flags);

	if (wrong)
		nm_violation(nm, "5.1.6.5.6.1", "frame on pair %u, %u in use",
			     pair, nm->ctrl.pairs);
}

static void nm_count_tx(struct nm *nm, struct fv_queue *q, const struct nm_frame *frame)
{
	struct nm_count *count = &nm->counts[q->index];

	count->packets++;
	count->bytes += frame->len;
	if (frame->hdr.flags & NM_HDR_NEEDS_CSUM)
		count->needs_csum++;
	else
		count->csum_none++;
	if (frame->hdr.gso_type) {
		count->gso_packets++;
		count->gso_bytes += frame->len;
	}
}

static void nm_dispose(struct nm *nm, struct fv_queue *q, struct nm_frame *frame)
{
	struct nm_frame *copy = NULL;
	unsigned long flags;
	enum nm_tx tx = READ_ONCE(nm->tx);

	if (tx == NM_TX_BOTH) {
		copy = nm_new_frame(frame->len);
		if (copy) {
			copy->pair = frame->pair;
			copy->hdr = frame->hdr;
			memcpy(copy->data, frame->data, frame->len);
		}
	}

	spin_lock_irqsave(&nm->lock, flags);
	nm_count_tx(nm, q, frame);
	if (tx == NM_TX_KEEP || tx == NM_TX_BOTH) {
		list_add_tail(&frame->node, &nm->sent);
		frame = NULL;
	}
	nm->nr_sent++;
	spin_unlock_irqrestore(&nm->lock, flags);

	if (tx == NM_TX_LOOP)
		nm_loop(nm, frame);
	else if (copy)
		nm_loop(nm, copy);
	else if (frame)
		nm_free_frame(frame);
	wake_up_all(&nm->wait);
}

static void nm_malformed(struct nm *nm, struct fv_queue *q)
{
	unsigned long flags;

	spin_lock_irqsave(&nm->lock, flags);
	nm->counts[q->index].drops++;
	nm->counts[q->index].malformed++;
	spin_unlock_irqrestore(&nm->lock, flags);
}

/**
 * nm_handle_tx() - a frame was sent
 * @nm: the device
 * @q: transmit queue
 * @chain: the frame
 *
 * Context: may sleep.
 * Return: 0, nothing is written.
 */
int nm_handle_tx(struct nm *nm, struct fv_queue *q, struct fv_chain *chain)
{
	unsigned int hdr_len = nm_hdr_len(nm);
	struct nm_wire_hdr wire = {};
	struct nm_frame *frame;

	if (!nm_check_shape(nm, chain)) {
		nm_malformed(nm, q);
		return 0;
	}
	nm_check_pair(nm, q);

	frame = nm_new_frame(chain->out_len - hdr_len);
	if (!frame) {
		nm_malformed(nm, q);
		return 0;
	}
	frame->pair = q->index / 2;
	fv_read(chain, 0, &wire, hdr_len);
	fv_read(chain, hdr_len, frame->data, frame->len);
	nm_read_hdr(nm, &wire, &frame->hdr);

	if (nm_check_frame(nm, &wire, frame)) {
		nm_dispose(nm, q, frame);
	} else {
		nm_malformed(nm, q);
		nm_free_frame(frame);
	}

	return 0;
}

/**
 * nm_take_sent() - get the oldest frame that was kept
 * @nm: the device
 *
 * Return: the frame, for nm_free_frame(), or NULL.
 */
struct nm_frame *nm_take_sent(struct nm *nm)
{
	struct nm_frame *frame;
	unsigned long flags;

	spin_lock_irqsave(&nm->lock, flags);
	frame = list_first_entry_or_null(&nm->sent, struct nm_frame, node);
	if (frame)
		list_del_init(&frame->node);
	spin_unlock_irqrestore(&nm->lock, flags);

	return frame;
}

/**
 * nm_drop_sent() - forget the frames that were kept
 * @nm: the device
 */
void nm_drop_sent(struct nm *nm)
{
	struct nm_frame *frame;

	while ((frame = nm_take_sent(nm)))
		nm_free_frame(frame);
}

/**
 * nm_wait_sent() - wait for frames from the driver
 * @nm: the device, running
 * @total: number of frames since the device was made
 * @ms: how long
 *
 * Return: true if they came.
 */
bool nm_wait_sent(struct nm *nm, u64 total, unsigned int ms)
{
	return nm_wait(nm, READ_ONCE(nm->nr_sent) >= total, ms);
}
