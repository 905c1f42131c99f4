// SPDX-License-Identifier: GPL-2.0-only
/* Fuzzer of virtio_net: traffic both ways, and what people do to interfaces. */

#include <linux/etherdevice.h>
#include <linux/ethtool.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/mm.h>
#include <linux/rtnetlink.h>
#include <linux/tcp.h>
#include <linux/udp.h>

#include "virtio_net_fuzz.h"

/* Frames of a turn. */
#define NF_BURST	24

/* How long to wait for the device, which has a thread of its own, to see new buffers. */
#define NF_BUFFERS_MS	20

static void nf_set_channels(struct nf *nf, unsigned int combined)
{
	struct ethtool_channels channels = { .combined_count = combined };

	nf->dev->ethtool_ops->set_channels(nf->dev, &channels);
}

/* Headers of a TCP or UDP packet, at the start of @data. Return: their length. */
static unsigned int nf_headers(struct nf *nf, u8 *data, unsigned int payload, bool v6, bool udp)
{
	unsigned int l4 = ETH_HLEN + (v6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr));
	unsigned int l4_len = (udp ? sizeof(struct udphdr) : sizeof(struct tcphdr)) + payload;
	struct ethhdr *eth = (void *)data;
	struct ipv6hdr *ip6 = (void *)(data + ETH_HLEN);
	struct iphdr *ip = (void *)ip6;
	struct tcphdr *tcp = (void *)(data + l4);
	struct nm_pkt pkt;
	u16 sum;

	memset(data, 0, 128);
	ether_addr_copy(eth->h_dest, nf->dev->dev_addr);
	eth->h_source[0] = 2;
	/* For the program, if there is one: see nf_insns. */
	eth->h_source[4] = kgd_rng_below(&nf->rng, 2);
	eth->h_source[5] = kgd_rng_below(&nf->rng, 8);
	eth->h_proto = htons(v6 ? ETH_P_IPV6 : ETH_P_IP);
	if (v6) {
		ip6->version = 6;
		ip6->payload_len = htons(l4_len);
		ip6->nexthdr = udp ? IPPROTO_UDP : IPPROTO_TCP;
		ip6->saddr.s6_addr[15] = 1;
		ip6->daddr.s6_addr[15] = 2;
	} else {
		ip->version = 4;
		ip->ihl = 5;
		ip->tot_len = htons(l4_len + sizeof(*ip));
		ip->protocol = udp ? IPPROTO_UDP : IPPROTO_TCP;
		ip->ttl = 64;
		ip->saddr = htonl(0x0a000001);
		ip->daddr = htonl(0x0a000002);
		ip->check = ip_fast_csum(ip, ip->ihl);
	}
	tcp->source = htons(1000 + kgd_rng_below(&nf->rng, 4));
	tcp->dest = htons(2000);
	if (udp) {
		((struct udphdr *)tcp)->len = htons(l4_len);
	} else {
		tcp->doff = 5;
		tcp->ack = 1;
	}
	if (nm_parse(data, l4 + l4_len, &pkt)) {
		sum = nm_pseudo_sum(data, l4 + l4_len, &pkt);
		memcpy(data + l4 + (udp ? 6 : 16), &sum, sizeof(sum));
	}

	return l4 + l4_len - payload;
}

/* Mostly short, because copies cost more than what is tested. */
static unsigned int nf_payload(struct nf *nf)
{
	u32 dice = kgd_rng_below(&nf->rng, 1000);

	if (dice < 950)
		return kgd_rng_below(&nf->rng, 200);

	return kgd_rng_below(&nf->rng, dice < 995 ? 1400 : 20000);
}

/* More than the next buffer holds, if frames may be that long. */
static unsigned int nf_long_payload(struct nf *nf, unsigned int pair)
{
	struct nm *nm = nf->nm;
	unsigned long flags;
	unsigned int len = 0;

	spin_lock_irqsave(&nm->lock, flags);
	if (nm->rxq[pair].count > 1)
		len = nm->rxq[pair].bufs[nm->rxq[pair].head]->in_len;
	spin_unlock_irqrestore(&nm->lock, flags);

	return min_t(unsigned int, len, 20000);
}

/* A queue that takes a frame. */
static int nf_rx_pair(struct nf *nf)
{
	unsigned int pairs = nf->nm->max_pairs, i, pair = kgd_rng_below(&nf->rng, pairs);
	struct fv_queue *q;

	for (i = 0; i < pairs; i++, pair = (pair + 1) % pairs) {
		q = fv_queue(nf->nm->fv, 2 * pair);
		if (fv_usable(q) && READ_ONCE(nf->nm->rxq[pair].count))
			return pair;
	}

	return -1;
}

/* True if the driver has something to receive. */
static bool nf_receive(struct nf *nf)
{
	bool v6 = kgd_rng_chance(&nf->rng, 300), udp = kgd_rng_chance(&nf->rng, 300);
	unsigned int payload = nf_payload(nf), len, i;
	bool forged = kgd_rng_chance(&nf->rng, 150);
	struct nm_hdr hdr = {};
	int pair = nf_rx_pair(nf);

	if (pair < 0)
		return false;
	if (nf_due(nf, NF_MISSING) && nm_has(nf->nm, NM_F_MRG_RXBUF))
		payload = nf_long_payload(nf, pair);
	len = nf_headers(nf, nf->data, payload, v6, udp);
	if (kgd_rng_chance(&nf->rng, 500)) {
		hdr.flags = NM_HDR_NEEDS_CSUM;
		hdr.csum_start = ETH_HLEN + (v6 ? 40 : 20);
		hdr.csum_offset = udp ? 6 : 16;
		if (!udp && payload > 100) {
			hdr.gso_type = v6 ? NM_GSO_TCPV6 : NM_GSO_TCPV4;
			hdr.gso_size = min(payload - 50, 1000U);
			hdr.hdr_len = len;
		}
	}
	/* Headers that are not what they seem. */
	if (forged)
		for (i = 1 + kgd_rng_below(&nf->rng, 4); i; i--)
			nf->data[kgd_rng_below(&nf->rng, len)] = kgd_rng_u32(&nf->rng);
	if (nm_receive(nf->nm, pair, &hdr, nf->data, len + payload, NULL))
		return false;
	if (forged)
		nf_count(nf, NF_FRAME);

	return true;
}

/* A queue that takes a packet. */
static int nf_tx_queue(struct nf *nf)
{
	unsigned int queues = nf->dev->real_num_tx_queues, i;
	unsigned int queue = kgd_rng_below(&nf->rng, queues);
	struct fv_queue *q;

	for (i = 0; i < queues; i++, queue = (queue + 1) % queues) {
		q = fv_queue(nf->nm->fv, 2 * queue + 1);
		if (fv_usable(q) &&
		    !netif_xmit_frozen_or_stopped(netdev_get_tx_queue(nf->dev, queue)))
			return queue;
	}

	return -1;
}

static void nf_send(struct nf *nf)
{
	bool v6 = kgd_rng_chance(&nf->rng, 300), udp = kgd_rng_chance(&nf->rng, 300);
	unsigned int payload = nf_payload(nf), len;
	int queue = nf_tx_queue(nf);
	struct skb_shared_info *info;
	struct sk_buff *skb;

	if (queue < 0)
		return;
	if (payload > 1400 && (udp || !(nf->dev->features & NETIF_F_TSO)))
		payload = 1400;
	skb = alloc_skb(LL_RESERVED_SPACE(nf->dev) + 128 + payload, GFP_ATOMIC);
	if (!skb)
		return;
	skb_reserve(skb, LL_RESERVED_SPACE(nf->dev));
	len = nf_headers(nf, skb->data, payload, v6, udp);
	memset(skb->data + len, 0, payload);
	skb_put(skb, len + payload);
	skb->dev = nf->dev;
	skb_reset_mac_header(skb);
	skb_set_network_header(skb, ETH_HLEN);
	skb_set_transport_header(skb, ETH_HLEN + (v6 ? 40 : 20));
	skb->protocol = eth_hdr(skb)->h_proto;
	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_start = skb_headroom(skb) + skb_transport_offset(skb);
	skb->csum_offset = udp ? 6 : 16;
	if (payload > 1400) {
		info = skb_shinfo(skb);
		info->gso_size = 1400;
		info->gso_type = v6 ? SKB_GSO_TCPV6 : SKB_GSO_TCPV4;
		info->gso_segs = DIV_ROUND_UP(payload, 1400);
	}
	/* Mostly past the queueing discipline, which is not what is tested. */
	if (kgd_rng_chance(&nf->rng, 100))
		dev_queue_xmit(skb);
	else
		dev_direct_xmit(skb, queue);
}

static void nf_set_mac(struct nf *nf)
{
	struct sockaddr_storage ss = { .ss_family = nf->dev->type };
	u8 *mac = ((struct sockaddr *)&ss)->sa_data;

	mac[0] = 2;
	mac[5] = kgd_rng_u32(&nf->rng);
	nf->dev->netdev_ops->ndo_set_mac_address(nf->dev, (struct sockaddr *)&ss);
}

static void nf_set_filter(struct nf *nf)
{
	u8 mac[ETH_ALEN] = { 2, 1 };
	unsigned int i;

	for (i = kgd_rng_below(&nf->rng, 8); i; i--) {
		mac[5] = kgd_rng_below(&nf->rng, 16);
		if (kgd_rng_chance(&nf->rng, 500))
			dev_uc_add(nf->dev, mac);
		else
			dev_uc_del(nf->dev, mac);
	}
	dev_set_promiscuity(nf->dev, nf->dev->promiscuity ? -1 : 1);
}

static void nf_set_vlan(struct nf *nf)
{
	u16 vid = kgd_rng_below(&nf->rng, VLAN_N_VID);

	if (!(nf->dev->features & NETIF_F_HW_VLAN_CTAG_FILTER))
		return;
	nf->dev->netdev_ops->ndo_vlan_rx_add_vid(nf->dev, htons(ETH_P_8021Q), vid);
	nf->dev->netdev_ops->ndo_vlan_rx_kill_vid(nf->dev, htons(ETH_P_8021Q), vid);
}

static void nf_restart(struct nf *nf)
{
	dev_close(nf->dev);
	dev_open(nf->dev, NULL);
}

/**
 * nf_control() - what a person does to an interface
 * @nf: the thread, with an interface
 *
 * What takes long is rare.
 *
 * Context: may sleep.
 */
void nf_control(struct nf *nf)
{
	u32 dice = kgd_rng_below(&nf->rng, 1000);

	rtnl_lock();
	if (dice < 20) {
		nf_set_channels(nf, kgd_rng_below(&nf->rng, nf->nm->max_pairs + 2));
		nf_set_channels(nf, nf->nm->max_pairs);
	} else if (dice < 40) {
		nf_restart(nf);
	} else if (dice < 70) {
		nf_set_xdp(nf);
	} else if (dice < 100) {
		/* A person can change only what the driver offers. */
		nf->dev->wanted_features ^= nf->dev->hw_features & NETIF_F_GRO_HW;
		netdev_update_features(nf->dev);
	} else if (dice < 200) {
		nf_set_filter(nf);
	} else if (dice < 500) {
		nf_set_vlan(nf);
	} else {
		nf_set_mac(nf);
	}
	rtnl_unlock();
}

/**
 * nf_traffic() - one turn of traffic both ways
 * @nf: the thread, with an interface
 *
 * Context: may sleep.
 * Return: how many frames the driver has to receive.
 */
unsigned int nf_traffic(struct nf *nf)
{
	bool at_once = kgd_rng_chance(&nf->rng, 900);
	unsigned int i, got = 0;

	/* As with a device that interrupts late: one poll for all of them. */
	if (at_once)
		local_bh_disable();
	for (i = 0; i < NF_BURST; i++) {
		got += nf_receive(nf);
		if (kgd_rng_chance(&nf->rng, 300))
			nf_send(nf);
	}
	if (at_once && kgd_rng_chance(&nf->rng, 100))
		nf_redirect(nf);
	if (at_once)
		local_bh_enable();
	if (got < NF_BURST / 2)
		nm_wait_buffers(nf->nm, kgd_rng_below(&nf->rng, nf->nm->max_pairs), 4,
				NF_BUFFERS_MS);

	return got;
}
