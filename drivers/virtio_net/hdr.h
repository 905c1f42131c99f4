/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VIRTIO_NET_HDR_H
#define VIRTIO_NET_HDR_H

#include <linux/etherdevice.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <linux/virtio_net.h>

#include "net.h"

/* rsc.c */
int vnet_rsc_to_skb(const struct vnet *vn, struct sk_buff *skb,
		    const struct virtio_net_hdr *hdr);

/* The legacy interface uses the byte order of the guest. */
static inline u16 vnet16_to_cpu(const struct vnet *vn, __virtio16 val)
{
	return __virtio16_to_cpu(vn->little_endian, val);
}

static inline bool vnet_hdr_plain(const struct virtio_net_hdr *hdr)
{
	return hdr->gso_type == VIRTIO_NET_HDR_GSO_NONE &&
	       !(hdr->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM);
}

/* Segmented UDP has a checksum to be completed, and no ECN of its own
 * (virtio 1.3, 5.1.6.4.1).
 */
static inline bool vnet_hdr_uso_sane(const struct vnet *vn,
				     const struct virtio_net_hdr *hdr)
{
	return hdr->gso_type == VIRTIO_NET_HDR_GSO_UDP_L4 &&
	       hdr->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM &&
	       vnet16_to_cpu(vn, hdr->csum_offset) == offsetof(struct udphdr, check);
}

/* What virtio_net_hdr_to_skb() of older kernels lets pass. */
static inline bool vnet_hdr_sane(const struct vnet *vn,
				 const struct virtio_net_hdr *hdr)
{
	u8 gso_type = hdr->gso_type & ~VIRTIO_NET_HDR_GSO_ECN;
	unsigned int min_start = ETH_HLEN + sizeof(struct iphdr);

	/* ECN goes with a segmentation type, and only with one that was
	 * negotiated (virtio 1.3, 5.1.6.4).
	 */
	if (hdr->gso_type != VIRTIO_NET_HDR_GSO_NONE &&
	    (gso_type >= BITS_PER_TYPE(vn->gso_types) ||
	     !(vn->gso_types & BIT(gso_type))))
		return false;

	if (gso_type == VIRTIO_NET_HDR_GSO_TCPV6)
		min_start = ETH_HLEN + sizeof(struct ipv6hdr);

	if (gso_type == VIRTIO_NET_HDR_GSO_UDP_L4 && !vnet_hdr_uso_sane(vn, hdr))
		return false;

	/* A checksum to be completed has to be negotiated too. */
	return !(hdr->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) ||
	       (vn->guest_csum &&
		vnet16_to_cpu(vn, hdr->csum_start) >= min_start);
}

/* Most packets of other guests: a checksum to be completed, and nothing else. What it
 * covers and where it goes is checked against the packet.
 */
static inline int vnet_hdr_csum_to_skb(const struct vnet *vn, struct sk_buff *skb,
				       const struct virtio_net_hdr *hdr)
{
	unsigned int start = vnet16_to_cpu(vn, hdr->csum_start);
	unsigned int offset = vnet16_to_cpu(vn, hdr->csum_offset);

	if (unlikely(!vn->guest_csum || start < ETH_HLEN + sizeof(struct iphdr)))
		return -EINVAL;
	/* More of it may be in other buffers. */
	if (unlikely(start + offset + sizeof(__sum16) > skb_headlen(skb)) &&
	    !pskb_may_pull(skb, start + offset + sizeof(__sum16)))
		return -EINVAL;

	return skb_partial_csum_set(skb, start, offset) ? 0 : -EINVAL;
}

/* Bring the offload fields of a received packet into the skb, whose data still
 * starts with the Ethernet header. @hdr is a copy the device cannot change.
 */
static inline int vnet_hdr_to_skb(const struct vnet *vn, struct sk_buff *skb,
				  const struct virtio_net_hdr *hdr)
{
	if (likely(vnet_hdr_plain(hdr))) {
		if (hdr->flags & VIRTIO_NET_HDR_F_DATA_VALID && vn->guest_csum)
			skb->ip_summed = CHECKSUM_UNNECESSARY;
		return 0;
	}

	if (unlikely(vn->rsc) && hdr->flags & VIRTIO_NET_HDR_F_RSC_INFO)
		return vnet_rsc_to_skb(vn, skb, hdr);
	if (hdr->gso_type == VIRTIO_NET_HDR_GSO_NONE)
		return vnet_hdr_csum_to_skb(vn, skb, hdr);
	if (!vnet_hdr_sane(vn, hdr))
		return -EINVAL;

	return virtio_net_hdr_to_skb(skb, hdr, vn->little_endian);
}

/* Length of the headers up to the TCP or UDP payload. The packet may come from
 * another guest and be unchecked: nothing outside of its linear part is read.
 */
static inline unsigned int vnet_l4_hdr_len(const struct sk_buff *skb)
{
	unsigned int start;

	if (skb->ip_summed != CHECKSUM_PARTIAL)
		return skb_headlen(skb);

	start = skb_checksum_start_offset(skb);
	if (skb_shinfo(skb)->gso_type & SKB_GSO_UDP_L4)
		return min_t(unsigned int, start + sizeof(struct udphdr), skb_headlen(skb));
	if (start + sizeof(struct tcphdr) > skb_headlen(skb))
		return skb_headlen(skb);

	return start + __tcp_hdrlen((struct tcphdr *)(skb->data + start));
}

static inline int vnet_hdr_set_gso(const struct vnet_sq *sq,
				   const struct sk_buff *skb,
				   struct virtio_net_hdr *hdr)
{
	const struct skb_shared_info *info = skb_shinfo(skb);
	bool le = sq->little_endian;

	if (info->gso_type & SKB_GSO_TCPV4)
		hdr->gso_type = VIRTIO_NET_HDR_GSO_TCPV4;
	else if (info->gso_type & SKB_GSO_TCPV6)
		hdr->gso_type = VIRTIO_NET_HDR_GSO_TCPV6;
	else if (info->gso_type & SKB_GSO_UDP_L4)
		hdr->gso_type = VIRTIO_NET_HDR_GSO_UDP_L4;
	else
		return -EINVAL;

	if (info->gso_type & SKB_GSO_TCP_ECN)
		hdr->gso_type |= VIRTIO_NET_HDR_GSO_ECN;

	hdr->gso_size = __cpu_to_virtio16(le, info->gso_size);
	/* Exact, as VIRTIO_NET_F_GUEST_HDRLEN wants it. */
	hdr->hdr_len = __cpu_to_virtio16(le, vnet_l4_hdr_len(skb));

	return 0;
}

/* Write the header of a packet to be sent. @buf has room for sq->hdr_len. */
static inline int vnet_hdr_from_skb(const struct vnet_sq *sq,
				    const struct sk_buff *skb, void *buf)
{
	struct virtio_net_hdr_mrg_rxbuf *mrg = buf;
	struct virtio_net_hdr *hdr = &mrg->hdr;

	/* The transmitted num_buffers has to be zero (virtio 1.3, 5.1.6.2.1),
	 * legacy headers do not have it.
	 */
	memset(hdr, 0, sizeof(*hdr));
	if (likely(sq->hdr_len >= sizeof(*mrg)))
		mrg->num_buffers = 0;
	if (unlikely(sq->hdr_len > sizeof(*mrg)))
		memset(mrg + 1, 0, sq->hdr_len - sizeof(*mrg));

	if (skb->ip_summed == CHECKSUM_PARTIAL) {
		hdr->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
		hdr->csum_start = __cpu_to_virtio16(sq->little_endian,
						    skb_checksum_start_offset(skb));
		hdr->csum_offset = __cpu_to_virtio16(sq->little_endian,
						     skb->csum_offset);
	}

	return skb_is_gso(skb) ? vnet_hdr_set_gso(sq, skb, hdr) : 0;
}

#endif /* VIRTIO_NET_HDR_H */
