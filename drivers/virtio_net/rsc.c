// SPDX-License-Identifier: GPL-2.0-only
/* TCP segments that the device has put together (VIRTIO_NET_F_RSC_EXT). */

#include <linux/moduleparam.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>

#include "rsc.h"

static bool rsc_ext;
module_param(rsc_ext, bool, 0644);
MODULE_PARM_DESC(rsc_ext, "let the device put received TCP segments together, unverified ones too, for devices probed from now on (default off)");

/**
 * vnet_rsc_validate() - drop the feature unless a person wants it
 * @vdev: the virtio device, features not final yet
 *
 * The specification wants such a device to have verified what it puts together.
 * QEMU's does not verify it, neither checksum of the packet is right any more, and
 * packets that it has held back but not put together have lost what their header said.
 */
void vnet_rsc_validate(struct virtio_device *vdev)
{
	if (!READ_ONCE(rsc_ext) ||
	    (!virtio_has_feature(vdev, VIRTIO_NET_F_GUEST_TSO4) &&
	     !virtio_has_feature(vdev, VIRTIO_NET_F_GUEST_TSO6)) ||
	    (!virtio_has_feature(vdev, VIRTIO_NET_F_HOST_TSO4) &&
	     !virtio_has_feature(vdev, VIRTIO_NET_F_HOST_TSO6)))
		__virtio_clear_bit(vdev, VIRTIO_NET_F_RSC_EXT);
}

/* Bytes up to the TCP header of a plain IPv4 packet whose checksums are made good. */
static unsigned int vnet_rsc_fix4(struct sk_buff *skb)
{
	unsigned int l4 = ETH_HLEN + sizeof(struct iphdr);
	struct tcphdr *tcp;
	struct iphdr *ip;

	if (!pskb_may_pull(skb, l4 + sizeof(*tcp)))
		return 0;
	ip = (struct iphdr *)(skb->data + ETH_HLEN);
	tcp = (struct tcphdr *)(skb->data + l4);
	if (((struct ethhdr *)skb->data)->h_proto != htons(ETH_P_IP) || ip->version != 4 ||
	    ip->ihl != 5 || ip->protocol != IPPROTO_TCP || ip_is_fragment(ip) ||
	    ntohs(ip->tot_len) != skb->len - ETH_HLEN)
		return 0;

	ip_send_check(ip);
	tcp->check = ~csum_tcpudp_magic(ip->saddr, ip->daddr, skb->len - l4, IPPROTO_TCP, 0);

	return l4;
}

static unsigned int vnet_rsc_fix6(struct sk_buff *skb)
{
	unsigned int l4 = ETH_HLEN + sizeof(struct ipv6hdr);
	struct ipv6hdr *ip;
	struct tcphdr *tcp;

	if (!pskb_may_pull(skb, l4 + sizeof(*tcp)))
		return 0;
	ip = (struct ipv6hdr *)(skb->data + ETH_HLEN);
	tcp = (struct tcphdr *)(skb->data + l4);
	if (((struct ethhdr *)skb->data)->h_proto != htons(ETH_P_IPV6) || ip->version != 6 ||
	    ip->nexthdr != IPPROTO_TCP || ntohs(ip->payload_len) != skb->len - l4)
		return 0;

	tcp->check = ~csum_ipv6_magic(&ip->saddr, &ip->daddr, skb->len - l4, IPPROTO_TCP, 0);

	return l4;
}

/**
 * vnet_rsc_begin() - make an ordinary header out of one with coalescing information
 * @vn: the device, with VIRTIO_NET_F_RSC_EXT
 * @skb: the packet, starts with the Ethernet header
 * @hdr: its header, with VIRTIO_NET_HDR_F_RSC_INFO; csum_start and csum_offset are
 *	numbers of segments (virtio 1.3, 5.1.6.4.1)
 *
 * Context: NAPI of a receive queue.
 * Return: segments that came for it, 0 if the header is wrong.
 */
static unsigned int vnet_rsc_begin(const struct vnet *vn, struct sk_buff *skb,
				   struct virtio_net_hdr *hdr)
{
	unsigned int segs = vnet16_to_cpu(vn, hdr->csum_start);
	unsigned int acks = vnet16_to_cpu(vn, hdr->csum_offset);
	u8 type = hdr->gso_type & ~VIRTIO_NET_HDR_GSO_ECN;
	unsigned int l4 = 0, payload, hlen;

	if (type == VIRTIO_NET_HDR_GSO_TCPV4)
		l4 = vnet_rsc_fix4(skb);
	else if (type == VIRTIO_NET_HDR_GSO_TCPV6)
		l4 = vnet_rsc_fix6(skb);
	if (!l4)
		return 0;

	hlen = __tcp_hdrlen((struct tcphdr *)(skb->data + l4));
	if (hlen < sizeof(struct tcphdr) || l4 + hlen > skb->len)
		return 0;
	/* No segment but a first one is without payload. */
	payload = skb->len - l4 - hlen;
	if (!segs || segs > max(payload, 1U) + 1 || segs + acks > U16_MAX)
		return 0;

	if (!hdr->gso_size)
		hdr->gso_size = __cpu_to_virtio16(vn->little_endian,
						  max(DIV_ROUND_UP(payload, segs), 1U));
	hdr->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	hdr->csum_start = __cpu_to_virtio16(vn->little_endian, l4);
	hdr->csum_offset = __cpu_to_virtio16(vn->little_endian, offsetof(struct tcphdr, check));

	return segs + acks;
}

/**
 * vnet_rsc_to_skb() - bring such a header into the packet
 * @vn: the device, with VIRTIO_NET_F_RSC_EXT
 * @skb: the packet, starts with the Ethernet header
 * @hdr: a copy of its header that the device cannot change
 *
 * Context: NAPI of a receive queue.
 * Return: 0 or -EINVAL.
 */
int vnet_rsc_to_skb(const struct vnet *vn, struct sk_buff *skb,
		    const struct virtio_net_hdr *hdr)
{
	struct virtio_net_hdr plain = *hdr;
	unsigned int segs = vnet_rsc_begin(vn, skb, &plain);
	int err;

	if (!segs || !vnet_hdr_sane(vn, &plain))
		return -EINVAL;

	err = virtio_net_hdr_to_skb(skb, &plain, vn->little_endian);
	if (!err && skb_is_gso(skb))
		skb_shinfo(skb)->gso_segs = segs;

	return err;
}
