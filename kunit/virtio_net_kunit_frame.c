// SPDX-License-Identifier: GPL-2.0-only
/* What the suites of virtio_net share: frames made, sent, received and compared. */

#include <linux/delay.h>
#include <linux/etherdevice.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/mm.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/checksum.h>

#include "virtio_net_kunit.h"

/**
 * nt_fill() - make data that is easy to tell from other data
 * @data: where it goes
 * @len: bytes
 * @seed: other data for another seed
 */
void nt_fill(u8 *data, unsigned int len, u32 seed)
{
	unsigned int i;

	for (i = 0; i < len; i++)
		data[i] = seed + i * 7 + (i >> 8) * 13;
}

/**
 * nt_filled() - is it that data?
 * @data: where it is
 * @len: bytes
 * @seed: as for nt_fill()
 *
 * Return: true if it is.
 */
bool nt_filled(const u8 *data, unsigned int len, u32 seed)
{
	unsigned int i;

	for (i = 0; i < len; i++)
		if (data[i] != (u8)(seed + i * 7 + (i >> 8) * 13))
			return false;

	return true;
}

/**
 * nt_make_frame() - make a frame to the interface itself
 * @nt: the test
 * @data: where it goes
 * @len: bytes, at least ETH_HLEN
 * @seed: for the payload
 */
void nt_make_frame(struct nt *nt, u8 *data, unsigned int len, u32 seed)
{
	struct ethhdr *eth = (void *)data;

	ether_addr_copy(eth->h_dest, nt->dev->dev_addr);
	eth_zero_addr(eth->h_source);
	eth->h_source[0] = 2;
	eth->h_proto = htons(NT_ETHERTYPE);
	nt_fill(data + ETH_HLEN, len - ETH_HLEN, seed);
}

/**
 * nt_frame_is() - is it that frame?
 * @nt: the test
 * @data: the frame
 * @len: bytes
 * @seed: as for nt_make_frame()
 *
 * Return: true if it is.
 */
bool nt_frame_is(struct nt *nt, const u8 *data, unsigned int len, u32 seed)
{
	const struct ethhdr *eth = (const void *)data;

	return len >= ETH_HLEN && eth->h_proto == htons(NT_ETHERTYPE) &&
	       ether_addr_equal(eth->h_dest, nt->dev->dev_addr) &&
	       nt_filled(data + ETH_HLEN, len - ETH_HLEN, seed);
}

/* Packets given to the driver and not freed yet. */
static atomic_t nt_live_skbs = ATOMIC_INIT(0);

static void nt_skb_freed(struct sk_buff *skb)
{
	atomic_dec(&nt_live_skbs);
}

/**
 * nt_live() - how many packets does the driver hold?
 *
 * Return: packets sent and not freed.
 */
int nt_live(void)
{
	return atomic_read(&nt_live_skbs);
}

/**
 * nt_send_skb() - give a packet to the driver
 * @nt: the test
 * @pair: transmit queue
 * @skb: the packet, consumed
 *
 * As dev_queue_xmit(), but on a queue of choice and without a queueing discipline.
 *
 * Return: 0, or what the driver or the core said.
 */
int nt_send_skb(struct nt *nt, unsigned int pair, struct sk_buff *skb)
{
	int err;

	atomic_inc(&nt_live_skbs);
	skb->destructor = nt_skb_freed;
	local_bh_disable();
	err = dev_direct_xmit(skb, pair);
	local_bh_enable();

	return err;
}

static struct sk_buff *nt_finish_skb(struct nt *nt, struct sk_buff *skb)
{
	skb->dev = nt->dev;
	skb_reset_mac_header(skb);
	skb_set_network_header(skb, ETH_HLEN);
	skb->protocol = eth_hdr(skb)->h_proto;

	return skb;
}

/**
 * nt_send() - send a frame in one piece
 * @nt: the test
 * @pair: transmit queue
 * @len: bytes
 * @seed: for the payload
 *
 * Return: 0 or an error.
 */
int nt_send(struct nt *nt, unsigned int pair, unsigned int len, u32 seed)
{
	unsigned int room = LL_RESERVED_SPACE(nt->dev);
	struct sk_buff *skb = alloc_skb(room + len, GFP_KERNEL);

	if (!skb)
		return -ENOMEM;

	skb_reserve(skb, room);
	nt_make_frame(nt, skb_put(skb, len), len, seed);

	return nt_send_skb(nt, pair, nt_finish_skb(nt, skb));
}

/**
 * nt_send_wait() - send a frame, as soon as the queue has room
 * @nt: the test, its device running
 * @pair: transmit queue
 * @len: bytes
 * @seed: for the payload
 *
 * Return: 0 or an error.
 */
int nt_send_wait(struct nt *nt, unsigned int pair, unsigned int len, u32 seed)
{
	unsigned long end = jiffies + msecs_to_jiffies(NT_MS);
	int err;

	for (err = nt_send(nt, pair, len, seed);
	     err == NETDEV_TX_BUSY && time_before(jiffies, end);
	     err = nt_send(nt, pair, len, seed))
		nt_nap();

	return err;
}

/**
 * nt_send_nonlinear() - send a frame in pieces
 * @nt: the test
 * @pair: transmit queue
 * @len: bytes
 * @seed: for the payload
 *
 * Return: 0 or an error.
 */
int nt_send_nonlinear(struct nt *nt, unsigned int pair, unsigned int len, u32 seed)
{
	unsigned int head = min(len, 64U);
	struct sk_buff *skb;
	u8 *data;
	int err;

	skb = alloc_skb_with_frags(head, len - head, 0, &err, GFP_KERNEL);
	data = kvmalloc(len, GFP_KERNEL);
	if (!skb || !data) {
		kfree_skb(skb);
		kvfree(data);
		return -ENOMEM;
	}

	nt_make_frame(nt, data, len, seed);
	skb_put(skb, head);
	skb->data_len = len - head;
	skb->len = len;
	err = skb_store_bits(skb, 0, data, len);
	kvfree(data);
	if (err) {
		kfree_skb(skb);
		return err;
	}

	return nt_send_skb(nt, pair, nt_finish_skb(nt, skb));
}

/**
 * nt_inject() - have a frame received
 * @nt: the test
 * @pair: receive queue
 * @len: bytes
 * @seed: for the payload
 * @hdr: virtio header, may be NULL
 * @bad: what is wrong with it, may be NULL
 *
 * Return: as nm_receive().
 */
int nt_inject(struct nt *nt, unsigned int pair, unsigned int len, u32 seed,
	      const struct nm_hdr *hdr, const struct nm_bad *bad)
{
	u8 *data = kvmalloc(max_t(unsigned int, len, ETH_HLEN), GFP_KERNEL);
	int err;

	if (!data)
		return -ENOMEM;
	nt_make_frame(nt, data, max_t(unsigned int, len, ETH_HLEN), seed);
	err = nm_receive(nt->nm, pair, hdr, data, len, bad);
	kvfree(data);

	return err;
}

/**
 * nt_inject_wait() - have a frame received, as soon as there are buffers
 * @nt: the test
 * @pair: receive queue
 * @len: bytes
 * @seed: for the payload
 * @hdr: virtio header, may be NULL
 *
 * The driver gives more buffers when it has seen those that came back.
 *
 * Return: as nm_receive().
 */
int nt_inject_wait(struct nt *nt, unsigned int pair, unsigned int len, u32 seed,
		   const struct nm_hdr *hdr)
{
	unsigned long end = jiffies + msecs_to_jiffies(NT_MS);
	int err;

	while ((err = nt_inject(nt, pair, len, seed, hdr, NULL)) == -ENOBUFS &&
	       time_before(jiffies, end))
		nt_nap();

	return err;
}

/**
 * nt_next_sent() - the next frame that was sent
 * @nt: the test
 *
 * Skips what IPv6 says by itself.
 *
 * Return: the frame or NULL.
 */
struct nm_frame *nt_next_sent(struct nt *nt)
{
	struct nm_frame *frame;

	for (frame = nm_take_sent(nt->nm); frame; frame = nm_take_sent(nt->nm)) {
		if (frame->len < 2 || frame->data[0] != 0x33 || frame->data[1] != 0x33)
			break;
		nm_free_frame(frame);
	}

	return frame;
}

/**
 * nt_next_rx() - the next frame that was received
 * @nt: the test
 *
 * Waits for it. Data and length of the packet are those of the frame.
 *
 * Return: the packet, or NULL.
 */
struct sk_buff *nt_next_rx(struct nt *nt)
{
	struct sk_buff *skb;

	wait_event_timeout(nt->wait, !skb_queue_empty(&nt->rx), msecs_to_jiffies(NT_MS));
	skb = skb_dequeue(&nt->rx);
	if (skb)
		skb_push(skb, skb->data - skb_mac_header(skb));

	return skb;
}

/**
 * nt_skb_is() - is it that frame?
 * @nt: the test
 * @skb: a received packet
 * @len: bytes
 * @seed: as for nt_make_frame()
 *
 * Return: true if it is.
 */
bool nt_skb_is(struct nt *nt, struct sk_buff *skb, unsigned int len, u32 seed)
{
	bool same = false;
	u8 *data;

	if (skb->len != len) {
		kunit_info(nt->test, "%u bytes received, not %u\n", skb->len, len);
		return false;
	}
	data = kvmalloc(len, GFP_KERNEL);
	if (data && !skb_copy_bits(skb, 0, data, len))
		same = nt_frame_is(nt, data, len, seed);
	kvfree(data);

	return same;
}

/**
 * nt_rx_arrives() - is this the next frame that is received?
 * @nt: the test
 * @len: bytes
 * @seed: as for nt_make_frame()
 *
 * Return: true if it is.
 */
bool nt_rx_arrives(struct nt *nt, unsigned int len, u32 seed)
{
	struct sk_buff *skb = nt_next_rx(nt);
	bool same;

	if (!skb)
		return false;
	same = nt_skb_is(nt, skb, len, seed);
	kfree_skb(skb);

	return same;
}

static void nt_make_l3(const struct nt_flow *flow, u8 *l3, unsigned int l4_len)
{
	struct ipv6hdr *ip6 = (void *)l3;
	struct iphdr *ip = (void *)l3;
	u8 proto = flow->udp ? IPPROTO_UDP : IPPROTO_TCP;

	if (flow->v6) {
		ip6->version = 6;
		ip6->payload_len = htons(min(l4_len, 65535U));
		ip6->nexthdr = proto;
		ip6->hop_limit = 64;
		ip6->saddr.s6_addr[0] = 0xfd;
		ip6->saddr.s6_addr[15] = 1;
		ip6->daddr.s6_addr[0] = 0xfd;
		ip6->daddr.s6_addr[15] = 2;
		return;
	}

	ip->version = 4;
	ip->ihl = 5;
	ip->tot_len = htons(min_t(unsigned int, l4_len + sizeof(*ip), 65535));
	ip->ttl = 64;
	ip->protocol = proto;
	ip->saddr = htonl(0x0a000001);
	ip->daddr = htonl(0x0a000002);
	ip->tos = flow->ecn ? 2 : 0;
	ip->check = ip_fast_csum(ip, ip->ihl);
}

static void nt_make_l4(const struct nt_flow *flow, u8 *l4)
{
	struct tcphdr *tcp = (void *)l4;
	struct udphdr *udp = (void *)l4;

	if (flow->udp) {
		udp->source = htons(1000);
		udp->dest = htons(2000);
		udp->len = htons(sizeof(*udp) + flow->payload);
		return;
	}

	tcp->source = htons(1000);
	tcp->dest = htons(2000);
	tcp->seq = htonl(0x11223344);
	tcp->doff = 5;
	tcp->ack = 1;
	tcp->psh = 1;
	tcp->cwr = flow->ecn;
	tcp->window = htons(1000);
}

/**
 * nt_make_packet() - make a TCP or UDP packet to the interface itself
 * @nt: the test
 * @flow: what it is like
 * @data: where it goes, 128 bytes more than the payload
 * @pkt: where its parts are
 * @partial: leave the checksum to somebody else
 *
 * Return: bytes of the frame.
 */
unsigned int nt_make_packet(struct nt *nt, const struct nt_flow *flow, u8 *data,
			    struct nm_pkt *pkt, bool partial)
{
	unsigned int l3 = ETH_HLEN + (flow->vlan ? 4 : 0);
	unsigned int l4 = l3 + (flow->v6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr));
	unsigned int payload = l4 + (flow->udp ? sizeof(struct udphdr) : sizeof(struct tcphdr));
	unsigned int len = payload + flow->payload;
	unsigned int offset = flow->udp ? 6 : 16;
	struct ethhdr *eth = (void *)data;
	u16 sum;

	memset(data, 0, payload);
	ether_addr_copy(eth->h_dest, nt->dev->dev_addr);
	eth->h_source[0] = 2;
	eth->h_proto = htons(flow->vlan ? ETH_P_8021Q : flow->v6 ? ETH_P_IPV6 : ETH_P_IP);
	if (flow->vlan) {
		data[15] = 5;
		data[16] = flow->v6 ? 0x86 : 0x08;
		data[17] = flow->v6 ? 0xdd : 0x00;
	}
	nt_make_l3(flow, data + l3, len - l4);
	nt_make_l4(flow, data + l4);
	nt_fill(data + payload, flow->payload, flow->payload);
	KUNIT_EXPECT_TRUE(nt->test, nm_parse(data, len, pkt));

	sum = nm_pseudo_sum(data, len, pkt);
	memcpy(data + l4 + offset, &sum, sizeof(sum));
	if (!partial)
		nm_complete_csum(data, len, l4, offset);

	return len;
}

/**
 * nt_packet_skb() - make a packet as the stack does that leaves work to the device
 * @nt: the test
 * @flow: what it is like
 *
 * Return: the packet, with a partial checksum, or NULL.
 */
struct sk_buff *nt_packet_skb(struct nt *nt, const struct nt_flow *flow)
{
	unsigned int room = LL_RESERVED_SPACE(nt->dev);
	struct skb_shared_info *info;
	struct sk_buff *skb;
	struct nm_pkt pkt;
	unsigned int len;

	skb = alloc_skb(room + 128 + flow->payload, GFP_KERNEL);
	if (!skb)
		return NULL;
	skb_reserve(skb, room);
	len = nt_make_packet(nt, flow, skb->data, &pkt, true);
	skb_put(skb, len);
	nt_finish_skb(nt, skb);
	skb_set_network_header(skb, pkt.l3);
	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_start = skb_headroom(skb) + pkt.l4;
	skb->csum_offset = flow->udp ? 6 : 16;
	skb_set_transport_header(skb, pkt.l4);

	if (flow->gso_size) {
		info = skb_shinfo(skb);
		info->gso_size = flow->gso_size;
		info->gso_type = flow->udp ? SKB_GSO_UDP_L4 :
				 flow->v6 ? SKB_GSO_TCPV6 : SKB_GSO_TCPV4;
		if (flow->ecn)
			info->gso_type |= SKB_GSO_TCP_ECN;
		info->gso_segs = DIV_ROUND_UP(flow->payload, flow->gso_size);
	}

	return skb;
}
