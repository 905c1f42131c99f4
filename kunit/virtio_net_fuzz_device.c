// SPDX-License-Identifier: GPL-2.0-only
/* Fuzzer of virtio_net: devices, from plug to unplug, and how they come to life again. */

#include <linux/etherdevice.h>
#include <linux/ethtool.h>
#include <linux/rtnetlink.h>
#include <linux/virtio_ring.h>

#include "virtio_net_fuzz.h"

#define NF_MAX_PAIRS	16

/* Of a thousand devices without any use left, gone before that is due. */
#define NF_EARLY	600

/* Of a thousand devices that are gone, and others, so many are replaced. */
#define NF_SURPRISES	25
#define NF_REPLUGS	5

/* Everything the driver knows, in all kinds of sets. */
static u64 nf_features(struct kgd_rng *rng)
{
	static const u64 optional[] = {
		NM_F_INDIRECT, NM_F_EVENT_IDX, NM_F_MRG_RXBUF, NM_F_CTRL_VLAN,
		NM_F_CTRL_MAC_ADDR, NM_F_GUEST_ANNOUNCE, NM_F_SPEED_DUPLEX, NM_F_MTU,
		NM_F_CSUM | NM_F_HOST_TSO4 | NM_F_HOST_TSO6 | NM_F_HOST_ECN,
		NM_F_GUEST_CSUM | NM_F_GUEST_TSO4 | NM_F_GUEST_TSO6 | NM_F_GUEST_ECN,
		NM_F_CTRL_GUEST_OFFLOADS, NM_F_ANY_LAYOUT, NM_F_STATUS,
	};
	u64 features = NM_F_MAC | NM_F_CTRL_VQ | NM_F_CTRL_RX | NM_F_MQ;
	static const u64 modern[] = {
		NM_F_RING_PACKED, NM_F_RING_RESET, NM_F_RSS, NM_F_HASH_REPORT,
		NM_F_CTRL_RX_EXTRA, NM_F_NOTF_COAL, NM_F_VQ_NOTF_COAL, NM_F_GUEST_HDRLEN,
		NM_F_HOST_USO, NM_F_GUEST_USO4, NM_F_GUEST_USO6,
		NM_F_DEVICE_STATS,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(optional); i++)
		if (kgd_rng_chance(rng, 700))
			features |= optional[i];
	if (!kgd_rng_chance(rng, 850))
		return features;

	features |= NM_F_VERSION_1;
	for (i = 0; i < ARRAY_SIZE(modern); i++)
		if (kgd_rng_chance(rng, 500))
			features |= modern[i];

	return features;
}

/* One with many queues takes long to be plugged or to sleep, so it is rare. */
static unsigned int nf_pairs(struct kgd_rng *rng)
{
	u32 dice = kgd_rng_below(rng, 100);

	if (dice < 20)
		return 1 + (dice >= 5);

	return dice < 98 ? 3 + (dice >= 65) : NF_MAX_PAIRS;
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

static void nf_put_dev(struct nf *nf)
{
	if (nf->dev) {
		nf_drop_xdp(nf);
		dev_put(nf->dev);
	}
	nf->dev = NULL;
}

/* What came of a plug. False: no interface. */
static bool nf_open(struct nf *nf)
{
	struct ethtool_channels channels = { .combined_count = nf->nm->max_pairs };

	nf->plugs++;
	if (!fv_bound(nf->nm->fv))
		return false;
	nf->dev = nm_netdev(nf->nm);
	if (!nf->dev)
		return false;

	rtnl_lock();
	/* It goes with the interface, and there is nothing to be freed. */
	netdev_rx_handler_register(nf->dev, nf_rx_handler, NULL);
	dev_open(nf->dev, NULL);
	/* As many queues as there are, however few CPUs. */
	nf->dev->ethtool_ops->set_channels(nf->dev, &channels);
	rtnl_unlock();
	nf_mutate_start(nf);

	return true;
}

/**
 * nf_create() - make a device, and plug it in
 * @nf: the thread, without a device
 *
 * Return: 0, also if the driver did not take it; -ENOMEM.
 */
int nf_create(struct nf *nf)
{
	struct nm_params params = {
		.features = nf_features(&nf->rng),
		.queue_num = 16 << kgd_rng_chance(&nf->rng, 200),
		.max_pairs = nf_pairs(&nf->rng),
		.mtu = kgd_rng_chance(&nf->rng, 700) ? 1500 : 9000,
		.mode = FV_RUN,
	};

	nf->nm = nm_create(NULL, &params);
	if (!nf->nm)
		return -ENOMEM;
	nf->nm->tx = kgd_rng_chance(&nf->rng, 500) ? NM_TX_LOOP : NM_TX_DROP;
	nf->nm->segment = kgd_rng_chance(&nf->rng, 200);
	nf->nm->fv->order = kgd_rng_below(&nf->rng, 3);
	nf->nm->mutate_arg = nf;
	nf->nm->plain_ctrl = true;
	if (!fv_plug(nf->nm->fv))
		nf_open(nf);

	return 0;
}

/**
 * nf_destroy() - pull the device out
 * @nf: the thread, with a device
 */
void nf_destroy(struct nf *nf)
{
	struct fv_device *fv = nf->nm->fv;

	nf_put_dev(nf);
	fv_fuzz_stop(fv);
	if (kgd_rng_chance(&nf->rng, 300))
		fv_surprise_unplug(fv);
	nm_destroy(nf->nm);
	nf->nm = NULL;
}

/**
 * nf_live() - how many receive queues are still of use?
 * @nf: the thread, with an interface
 *
 * Return: their number.
 */
unsigned int nf_live(struct nf *nf)
{
	unsigned int pair, n = 0;
	struct fv_queue *q;

	for (pair = 0; pair < nf->nm->max_pairs; pair++) {
		q = fv_queue(nf->nm->fv, 2 * pair);
		n += fv_usable(q);
	}

	return n;
}

/*
 * In the middle of the traffic. A command that is not answered costs ten seconds of the
 * driver's patience, so the transport sees it soon, as when a device is pulled out.
 */
static void nf_vanish(struct nf *nf)
{
	struct fv_device *fv = nf->nm->fv;

	fv_misbehave(fv, FV_EVIL_GONE, FV_ALL_QUEUES, 1);
	fuzz_mutated(nf->run, FV_EVIL_GONE);
	nf_traffic(nf);
	virtio_break_device(&fv->vdev);
}

/* What was said of the configuration is no longer true. */
static void nf_restore_config(struct nf *nf)
{
	fv_config_set(nf->nm->fv, 0, &nf->nm->config, sizeof(nf->nm->config));
}

/* A sleep heals a device, also one that was out of reach for a while. */
static bool nf_sleep(struct nf *nf)
{
	struct fv_device *fv = nf->nm->fv;

	nf->sleeps++;
	/* The core would call a device failed for ever that it cannot ask for its status. */
	fv_misbehave(fv, FV_EVIL_GONE, FV_ALL_QUEUES, 0);
	if (fv_fuzz_freeze(fv))
		return false;
	nf_restore_config(nf);

	return !fv_fuzz_restore(fv);
}

/* By surprise if it is gone. */
static bool nf_replug(struct nf *nf)
{
	nf_put_dev(nf);
	fv_fuzz_unplug(nf->nm->fv);
	nf_restore_config(nf);

	return !fv_fuzz_plug(nf->nm->fv) && nf_open(nf);
}

/**
 * nf_heal() - bring a device back to life
 * @nf: the thread, with an interface
 *
 * Context: may sleep.
 * Return: false if there is no interface any more.
 */
bool nf_heal(struct nf *nf)
{
	bool gone = fuzz_kind_due(nf->run, FV_EVIL_GONE) ||
		    kgd_rng_chance(&nf->rng, NF_EARLY);

	if (gone)
		nf_vanish(nf);
	if (kgd_rng_chance(&nf->rng, gone ? NF_SURPRISES : NF_REPLUGS))
		return nf_replug(nf);
	if (nf_sleep(nf))
		return true;
	nf_put_dev(nf);

	return false;
}
