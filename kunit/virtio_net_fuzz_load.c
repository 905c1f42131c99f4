// SPDX-License-Identifier: GPL-2.0-only
/* Fuzzer of virtio_net: devices, traffic both ways, and what people do to interfaces. */

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

#define NF_PAIRS	16

/* Everything the driver knows, in all kinds of sets. */
static u64 nf_features(struct kgd_rng *rng)
{
	static const u64 optional[] = {
		NM_F_INDIRECT, NM_F_EVENT_IDX, NM_F_MRG_RXBUF, NM_F_CTRL_VLAN,
		NM_F_CTRL_MAC_ADDR, NM_F_GUEST_ANNOUNCE, NM_F_SPEED_DUPLEX, NM_F_MTU,
		NM_F_CSUM | NM_F_HOST_TSO4 | NM_F_HOST_TSO6 | NM_F_HOST_ECN,
		NM_F_GUEST_CSUM | NM_F_GUEST_TSO4 | NM_F_GUEST_TSO6 | NM_F_GUEST_ECN,
		NM_F_CTRL_GUEST_OFFLOADS, NM_F_ANY_LAYOUT,
	};
	u64 features = NM_F_MAC | NM_F_STATUS | NM_F_CTRL_VQ | NM_F_CTRL_RX | NM_F_MQ;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(optional); i++)
		if (kgd_rng_chance(rng, 700))
			features |= optional[i];
	if (kgd_rng_chance(rng, 800))
		features |= NM_F_VERSION_1;
	if (features & NM_F_VERSION_1 && kgd_rng_chance(rng, 500))
		features |= NM_F_RING_PACKED;

	return features;
}

static void nf_set_channels(struct nf *nf, unsigned int combined)
{
	struct ethtool_channels channels = { .combined_count = combined };

	nf->dev->ethtool_ops->set_channels(nf->dev, &channels);
}

static rx_handler_result_t nf_rx_handler(struct sk_buff **pskb)
{
	struct sk_buff *skb = *pskb;

	/* All of it has to be there. */
	if (skb_is_nonlinear(skb) && skb_linearize(skb))
		skb = NULL;
	kfree_skb(*pskb);

	return RX_HANDLER_CONSUMED;
}

/**
 * nf_plug() - plug in a device
 * @nf: the run, without a device
 *
 * Return: 0, also if the driver did not take it; -ENOMEM.
 */
int nf_plug(struct nf *nf)
{
	struct nm_params params = {
		.features = nf_features(&nf->rng),
		.queue_num = 32 << kgd_rng_below(&nf->rng, 2),
		.max_pairs = kgd_rng_chance(&nf->rng, 800) ? NF_PAIRS : 1,
		.mtu = kgd_rng_chance(&nf->rng, 500) ? 1500 : 9000,
		.mode = FV_RUN,
	};

	nf->features = params.features;
	nf->nm = nm_create(NULL, &params);
	if (!nf->nm)
		return -ENOMEM;

	nf->nm->tx = kgd_rng_chance(&nf->rng, 700) ? NM_TX_LOOP : NM_TX_DROP;
	nf->nm->segment = kgd_rng_chance(&nf->rng, 200);
	nf->nm->mutate_arg = nf;
	nf->nm->plain_ctrl = true;
	if (fv_plug(nf->nm->fv) || !fv_bound(nf->nm->fv))
		return 0;
	nf->nm->mutate_ack = nf_mutate_ack;
	nf->nm->mutate = nf_mutate;

	nf->dev = nm_netdev(nf->nm);
	if (!nf->dev)
		return 0;
	rtnl_lock();
	netdev_rx_handler_register(nf->dev, nf_rx_handler, NULL);
	dev_open(nf->dev, NULL);
	/* As many queues as there are, however few CPUs. */
	nf_set_channels(nf, nf->nm->max_pairs);
	rtnl_unlock();

	return 0;
}

/**
 * nf_unplug() - pull the device out
 * @nf: the run
 */
void nf_unplug(struct nf *nf)
{
	if (nf->dev) {
		rtnl_lock();
		netdev_rx_handler_unregister(nf->dev);
		rtnl_unlock();
		dev_put(nf->dev);
		nf->dev = NULL;
	}
	if (nf->nm && kgd_rng_chance(&nf->rng, 200))
		fv_surprise_unplug(nf->nm->fv);
	nm_destroy(nf->nm);
	nf->nm = NULL;
}

/**
 * nf_worn() - is there no more to be had from this device?
 * @nf: the run
 *
 * Return: true if all of its receive queues are broken, or it has no interface.
 */
bool nf_worn(struct nf *nf)
{
	struct fv_queue *q;
	unsigned int i;

	if (!nf->dev)
		return true;
	for (i = 0; i < nf->nm->max_pairs; i++) {
		q = fv_queue(nf->nm->fv, 2 * i);
		if (q && q->vq && !virtqueue_is_broken(q->vq))
			return false;
	}

	return true;
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

static unsigned int nf_payload(struct nf *nf)
{
	if (kgd_rng_chance(&nf->rng, 850))
		return kgd_rng_below(&nf->rng, 1400);

	return kgd_rng_below(&nf->rng, 20000);
}

static void nf_receive(struct nf *nf)
{
	bool v6 = kgd_rng_chance(&nf->rng, 300), udp = kgd_rng_chance(&nf->rng, 300);
	unsigned int payload = nf_payload(nf), len, i;
	struct nm_hdr hdr = {};

	len = nf_headers(nf, nf->data, payload, v6, udp);
	if (kgd_rng_chance(&nf->rng, 500)) {
		hdr.flags = NM_HDR_NEEDS_CSUM;
		hdr.csum_start = ETH_HLEN + (v6 ? 40 : 20);
		hdr.csum_offset = udp ? 6 : 16;
		if (!udp && payload > 1000) {
			hdr.gso_type = v6 ? NM_GSO_TCPV6 : NM_GSO_TCPV4;
			hdr.gso_size = 1000;
			hdr.hdr_len = len;
		}
	}
	/* Headers that are not what they seem. */
	if (kgd_rng_chance(&nf->rng, 150)) {
		for (i = 1 + kgd_rng_below(&nf->rng, 4); i; i--)
			nf->data[kgd_rng_below(&nf->rng, len)] = kgd_rng_u32(&nf->rng);
		nf->count(nf, NF_FRAME);
	}
	nm_receive(nf->nm, kgd_rng_below(&nf->rng, nf->nm->max_pairs), &hdr, nf->data,
		   len + payload, NULL);
}

static void nf_send(struct nf *nf)
{
	bool v6 = kgd_rng_chance(&nf->rng, 300), udp = kgd_rng_chance(&nf->rng, 300);
	unsigned int payload = nf_payload(nf), len;
	struct skb_shared_info *info;
	struct sk_buff *skb;

	if (payload > 1400 && (udp || !(nf->dev->features & NETIF_F_TSO)))
		payload = 1400;
	skb = alloc_skb(LL_RESERVED_SPACE(nf->dev) + 128 + payload, GFP_KERNEL);
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
	dev_queue_xmit(skb);
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

/* What a person does to an interface. */
static void nf_control(struct nf *nf)
{
	rtnl_lock();
	switch (kgd_rng_below(&nf->rng, 7)) {
	case 0:
		nf_set_channels(nf, kgd_rng_below(&nf->rng, NF_PAIRS + 1));
		nf_set_channels(nf, nf->nm->max_pairs);
		break;
	case 1:
		nf_set_filter(nf);
		break;
	case 2:
		nf_set_vlan(nf);
		break;
	case 3:
		nf->dev->wanted_features ^= NETIF_F_GRO_HW;
		netdev_update_features(nf->dev);
		break;
	case 4:
		nf_restart(nf);
		break;
	default:
		nf_set_mac(nf);
		break;
	}
	rtnl_unlock();
}

static void nf_suspend(struct nf *nf)
{
	if (fv_freeze(nf->nm->fv))
		return;
	/* A device that does not come back has no interface either. */
	if (fv_restore(nf->nm->fv)) {
		rtnl_lock();
		netdev_rx_handler_unregister(nf->dev);
		rtnl_unlock();
		dev_put(nf->dev);
		nf->dev = NULL;
	}
}

/**
 * nf_load() - one turn of everything
 * @nf: the run, with an interface
 *
 * Context: may sleep.
 */
void nf_load(struct nf *nf)
{
	unsigned int i;

	for (i = 0; i < 16; i++) {
		nf_receive(nf);
		if (kgd_rng_chance(&nf->rng, 500))
			nf_send(nf);
	}
	if (kgd_rng_chance(&nf->rng, 100))
		nf_mutate_config(nf);
	if (kgd_rng_chance(&nf->rng, 100))
		nf_control(nf);
	if (kgd_rng_chance(&nf->rng, 2))
		nf_suspend(nf);
}
