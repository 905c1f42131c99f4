// SPDX-License-Identifier: GPL-2.0-only
/* Model of a network device: what is in a frame. */

#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/mm.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/checksum.h>
#include <net/ip6_checksum.h>

#include "model_net.h"

/* Options, routing headers and the like would need more; the tests do without. */
static bool nm_parse_l3(const u8 *data, unsigned int len, struct nm_pkt *pkt, u16 type)
{
	const struct iphdr *ip = (const void *)(data + pkt->l3);

	if (type == ETH_P_IP) {
		if (pkt->l3 + sizeof(*ip) > len || ip->version != 4 || ip->ihl < 5)
			return false;
		if (ip->frag_off & htons(0x3fff))
			return false;
		pkt->proto = ip->protocol;
		pkt->l4 = pkt->l3 + 4 * ip->ihl;
	} else if (type == ETH_P_IPV6) {
		if (pkt->l3 + sizeof(struct ipv6hdr) > len)
			return false;
		pkt->v6 = true;
		pkt->proto = ((const struct ipv6hdr *)ip)->nexthdr;
		pkt->l4 = pkt->l3 + sizeof(struct ipv6hdr);
	} else {
		return false;
	}

	return pkt->l4 <= len;
}

/**
 * nm_parse() - find the headers of a frame
 * @data: from the Ethernet header on
 * @len: of the frame
 * @pkt: what was found
 *
 * Return: true if it is a TCP or UDP packet, not a fragment.
 */
bool nm_parse(const u8 *data, unsigned int len, struct nm_pkt *pkt)
{
	unsigned int pos = 2 * ETH_ALEN;
	u16 type;

	memset(pkt, 0, sizeof(*pkt));
	if (len < ETH_HLEN)
		return false;

	type = data[pos] << 8 | data[pos + 1];
	while (type == ETH_P_8021Q && pos + 6 <= len) {
		pos += 4;
		type = data[pos] << 8 | data[pos + 1];
	}
	pkt->l3 = pos + 2;
	if (!nm_parse_l3(data, len, pkt, type))
		return false;

	if (pkt->proto == IPPROTO_TCP && pkt->l4 + sizeof(struct tcphdr) <= len)
		pkt->payload = pkt->l4 + 4 * (data[pkt->l4 + 12] >> 4);
	else if (pkt->proto == IPPROTO_UDP && pkt->l4 + sizeof(struct udphdr) <= len)
		pkt->payload = pkt->l4 + sizeof(struct udphdr);
	else
		return false;

	pkt->ip = pkt->payload <= len;

	return pkt->ip;
}

/* End of the packet: short frames are padded. */
static unsigned int nm_l4_end(const u8 *data, unsigned int len, const struct nm_pkt *pkt)
{
	unsigned int end;

	if (pkt->v6)
		end = pkt->l4 + ntohs(((const struct ipv6hdr *)(data + pkt->l3))->payload_len);
	else
		end = pkt->l3 + ntohs(((const struct iphdr *)(data + pkt->l3))->tot_len);

	return min(end, len);
}

/**
 * nm_pseudo_sum() - checksum of the pseudo header
 * @data: the frame
 * @len: its length
 * @pkt: what nm_parse() found
 *
 * Return: the folded sum, not complemented, as it is in a packet whose checksum is
 * left to the device; the bytes as they are in memory.
 */
u16 nm_pseudo_sum(const u8 *data, unsigned int len, const struct nm_pkt *pkt)
{
	unsigned int l4_len = nm_l4_end(data, len, pkt) - pkt->l4;

	if (pkt->v6) {
		const struct ipv6hdr *ip6 = (const void *)(data + pkt->l3);

		return (__force u16)~csum_ipv6_magic(&ip6->saddr, &ip6->daddr, l4_len,
						     pkt->proto, 0);
	} else {
		const struct iphdr *ip = (const void *)(data + pkt->l3);

		return (__force u16)~csum_tcpudp_magic(ip->saddr, ip->daddr, l4_len,
						       pkt->proto, 0);
	}
}

/**
 * nm_complete_csum() - do what a driver leaves to the device
 * @data: the frame
 * @len: its length
 * @start: csum_start
 * @offset: csum_offset
 *
 * Return: false if they are not inside of the frame.
 */
bool nm_complete_csum(u8 *data, unsigned int len, unsigned int start, unsigned int offset)
{
	__sum16 sum;

	if (start + offset + sizeof(sum) > len)
		return false;

	sum = csum_fold(csum_partial(data + start, len - start, 0));
	memcpy(data + start + offset, &sum, sizeof(sum));

	return true;
}

/**
 * nm_csum_good() - is the transport checksum right?
 * @data: the frame
 * @len: its length
 * @pkt: what nm_parse() found
 *
 * Return: true if it is, or if there is none (UDP on IPv4).
 */
bool nm_csum_good(const u8 *data, unsigned int len, const struct nm_pkt *pkt)
{
	unsigned int end = nm_l4_end(data, len, pkt);
	__wsum sum;

	if (pkt->proto == IPPROTO_UDP && !pkt->v6 &&
	    !data[pkt->l4 + 6] && !data[pkt->l4 + 7])
		return true;

	sum = csum_partial(data + pkt->l4, end - pkt->l4,
			   (__force __wsum)nm_pseudo_sum(data, len, pkt));

	return !csum_fold(sum);
}

/**
 * nm_new_frame() - get memory for a frame
 * @len: its length
 *
 * Return: the frame, zeroed, or NULL.
 */
struct nm_frame *nm_new_frame(unsigned int len)
{
	struct nm_frame *frame = kvzalloc(struct_size(frame, data, len), GFP_KERNEL);

	if (frame) {
		INIT_LIST_HEAD(&frame->node);
		frame->len = len;
	}

	return frame;
}

static void nm_fix_segment(struct nm_frame *seg, const struct nm_pkt *pkt,
			   unsigned int done, unsigned int nr, bool last)
{
	struct iphdr *ip = (void *)(seg->data + pkt->l3);
	struct tcphdr *tcp = (void *)(seg->data + pkt->l4);
	struct udphdr *udp = (void *)tcp;
	u16 sum;

	if (pkt->v6) {
		((struct ipv6hdr *)ip)->payload_len = htons(seg->len - pkt->l4);
	} else {
		ip->tot_len = htons(seg->len - pkt->l3);
		ip->id = htons(ntohs(ip->id) + nr);
		ip->check = 0;
		ip->check = ip_fast_csum(ip, ip->ihl);
	}

	if (pkt->proto == IPPROTO_TCP) {
		tcp->seq = htonl(ntohl(tcp->seq) + done);
		if (!last) {
			tcp->fin = 0;
			tcp->psh = 0;
		}
		if (nr)
			tcp->cwr = 0;
	} else {
		udp->len = htons(seg->len - pkt->l4);
	}

	sum = nm_pseudo_sum(seg->data, seg->len, pkt);
	memcpy(seg->data + pkt->l4 + (pkt->proto == IPPROTO_TCP ? 16 : 6), &sum, sizeof(sum));
	nm_complete_csum(seg->data, seg->len, pkt->l4, pkt->proto == IPPROTO_TCP ? 16 : 6);
}

/**
 * nm_segment() - cut a large frame
 * @frame: the frame, with a GSO type
 * @list: where the pieces go, complete with checksums
 *
 * Return: how many, or a negative errno.
 */
int nm_segment(const struct nm_frame *frame, struct list_head *list)
{
	unsigned int done = 0, total, size = frame->hdr.gso_size;
	struct nm_pkt pkt;
	int nr = 0;

	if (!size || !nm_parse(frame->data, frame->len, &pkt))
		return -EINVAL;

	total = frame->len - pkt.payload;
	do {
		unsigned int part = min(size, total - done);
		struct nm_frame *seg = nm_new_frame(pkt.payload + part);

		if (!seg)
			return -ENOMEM;
		memcpy(seg->data, frame->data, pkt.payload);
		memcpy(seg->data + pkt.payload, frame->data + pkt.payload + done, part);
		seg->pair = frame->pair;
		nm_fix_segment(seg, &pkt, done, nr, done + part == total);
		list_add_tail(&seg->node, list);
		done += part;
		nr++;
	} while (done < total);

	return nr;
}

/**
 * nm_toeplitz() - the hash of receive side scaling
 * @key: secret key
 * @key_len: its bytes, 4 more than @len at least; zeroes follow if not
 * @data: what is hashed
 * @len: its bytes
 *
 * Return: the hash.
 */
u32 nm_toeplitz(const u8 *key, unsigned int key_len, const u8 *data, unsigned int len)
{
	u32 window = 0, hash = 0;
	unsigned int i, bit;

	for (i = 0; i < 4; i++)
		window = window << 8 | (i < key_len ? key[i] : 0);

	for (i = 0; i < len; i++) {
		u8 next = i + 4 < key_len ? key[i + 4] : 0;

		for (bit = 0; bit < 8; bit++) {
			if (data[i] & (0x80 >> bit))
				hash ^= window;
			window = window << 1 | ((next >> (7 - bit)) & 1);
		}
	}

	return hash;
}

/**
 * nm_hash() - hash of a received frame (virtio 1.3, 5.1.6.4.3)
 * @rss: how
 * @data: the frame
 * @len: its length
 * @hash: the hash
 *
 * Return: what it was made from.
 */
enum nm_hash_report nm_hash(const struct nm_rss *rss, const u8 *data, unsigned int len,
			    u32 *hash)
{
	enum nm_hash_report report, plain;
	u8 input[36];
	struct nm_pkt pkt;
	unsigned int addrs;

	*hash = 0;
	nm_parse(data, len, &pkt);
	if (!pkt.l4)
		return NM_HASH_NONE;

	addrs = pkt.v6 ? 32 : 8;
	memcpy(input, data + pkt.l3 + (pkt.v6 ? 8 : 12), addrs);
	plain = pkt.v6 ? NM_HASH_IPV6 : NM_HASH_IPV4;
	report = NM_HASH_NONE;
	if (pkt.ip && pkt.proto == IPPROTO_TCP)
		report = plain + 1;
	else if (pkt.ip)
		report = plain + 2;

	if (report && rss->types & NM_HASH_TYPE(report)) {
		memcpy(input + addrs, data + pkt.l4, 4);
		addrs += 4;
	} else if (rss->types & NM_HASH_TYPE(plain)) {
		report = plain;
	} else {
		return NM_HASH_NONE;
	}
	*hash = nm_toeplitz(rss->key, rss->key_len, input, addrs);

	return report;
}
