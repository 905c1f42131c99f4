// SPDX-License-Identifier: GPL-2.0-only
/* Fuzzer of virtio_net: what the model makes wrong. */

#include <linux/etherdevice.h>

#include "virtio_net_fuzz.h"

/* Of a thousand frames; and of commands, while that kind is due, and later. */
#define NF_RATE		550
#define NF_ACK_RATE	700
#define NF_ACK_LATER	50

/* These take buffers away for good, so they are no more frequent than they have to be. */
#define NF_COSTLY	(BIT(NF_LOST) | BIT(NF_MISSING) | BIT(NF_NUM_BUFFERS))

static const char * const nf_kind_names[NF_NR] = {
	[NF_FLAGS] = "net_flags",
	[NF_GSO_TYPE] = "net_gso_type",
	[NF_GSO_SIZE] = "net_gso_size",
	[NF_HDR_LEN] = "net_hdr_len",
	[NF_CSUM_START] = "net_csum_start",
	[NF_CSUM_OFFSET] = "net_csum_offset",
	[NF_NUM_BUFFERS] = "net_num_buffers",
	[NF_USED_LEN] = "net_used_len",
	[NF_MISSING] = "net_missing",
	[NF_LOST] = "net_lost",
	[NF_HASH] = "net_hash",
	[NF_FRAME] = "net_frame",
	[NF_ACK] = "net_ack",
	[NF_CONFIG] = "net_config",
};

static int nf_kinds[NF_NR];

/**
 * nf_mutate_init() - have kinds of mutation
 * @run: a run that has begun
 *
 * Return: 0 or a negative error number.
 */
int nf_mutate_init(struct fuzz_run *run)
{
	unsigned int kind;

	for (kind = 0; kind < NF_NR; kind++) {
		nf_kinds[kind] = fuzz_kind(run, nf_kind_names[kind]);
		if (nf_kinds[kind] < 0)
			return nf_kinds[kind];
	}

	return 0;
}

/**
 * nf_due() - has a kind happened too rarely so far?
 * @nf: a device
 * @kind: which one
 *
 * Context: any.
 * Return: true if it had less than its share.
 */
bool nf_due(struct nf *nf, enum nf_kind kind)
{
	return fuzz_kind_due(nf->run, nf_kinds[kind]);
}

/**
 * nf_count() - count a mutation that the driver gets to see
 * @nf: a device
 * @kind: which one
 *
 * Context: any.
 */
void nf_count(struct nf *nf, enum nf_kind kind)
{
	fuzz_mutated(nf->run, nf_kinds[kind]);
}

/* Numbers at edges are worth more than others. */
static u16 nf_number(struct kgd_rng *rng)
{
	static const u16 edges[] = {
		0, 1, 2, 13, 14, 15, 16, 20, 33, 34, 35, 40, 54, 63, 64, 66, 74, 127, 128, 255,
		256, 536, 1448, 1500, 1514, 2048, 0x7fff, 0x8000, 0xfffe, 0xffff,
	};

	if (kgd_rng_chance(rng, 600))
		return edges[kgd_rng_below(rng, ARRAY_SIZE(edges))];

	return kgd_rng_u32(rng);
}

static u32 nf_length(struct kgd_rng *rng)
{
	switch (kgd_rng_below(rng, 4)) {
	case 0:
		return kgd_rng_below(rng, 64);
	case 1:
		return 1U << kgd_rng_below(rng, 32);
	case 2:
		return ~kgd_rng_below(rng, 4);
	default:
		return nf_number(rng);
	}
}

/* Types that exist are worth more. */
static u8 nf_gso_type(struct kgd_rng *rng)
{
	static const u8 types[] = {
		NM_GSO_TCPV4, NM_GSO_TCPV6, NM_GSO_UDP, NM_GSO_UDP_L4, NM_GSO_ECN,
		NM_GSO_TCPV4 | NM_GSO_ECN, NM_GSO_TCPV6 | NM_GSO_ECN, 0x20 | NM_GSO_TCPV4, 0xff,
	};

	if (kgd_rng_chance(rng, 800))
		return types[kgd_rng_below(rng, ARRAY_SIZE(types))];

	return kgd_rng_u32(rng);
}

static void nf_mutate_one(struct kgd_rng *rng, enum nf_kind kind, struct nm_hdr *hdr,
			  struct nm_bad *bad, unsigned int bufs)
{
	switch (kind) {
	case NF_FLAGS:
		hdr->flags = kgd_rng_u32(rng);
		break;
	case NF_GSO_TYPE:
		hdr->gso_type = nf_gso_type(rng);
		break;
	case NF_GSO_SIZE:
		hdr->gso_type = nf_gso_type(rng);
		hdr->gso_size = nf_number(rng);
		break;
	case NF_HDR_LEN:
		hdr->hdr_len = nf_number(rng);
		break;
	case NF_CSUM_START:
		hdr->flags |= NM_HDR_NEEDS_CSUM;
		hdr->csum_start = nf_number(rng);
		break;
	case NF_CSUM_OFFSET:
		hdr->flags |= NM_HDR_NEEDS_CSUM;
		hdr->csum_offset = nf_number(rng);
		break;
	case NF_NUM_BUFFERS:
		bad->set_buffers = true;
		bad->num_buffers = kgd_rng_chance(rng, 500) ? kgd_rng_below(rng, 20) :
							      nf_number(rng);
		break;
	case NF_LOST:
		bad->lost = true;
		break;
	case NF_HASH:
		bad->set_hash = true;
		bad->hash_value = kgd_rng_u32(rng);
		bad->hash_report = kgd_rng_chance(rng, 500) ? kgd_rng_below(rng, 12) :
							      nf_number(rng);
		break;
	case NF_MISSING:
		bad->only = 1 + kgd_rng_below(rng, bufs - 1);
		break;
	default:
		bad->set_len = true;
		bad->nth = kgd_rng_below(rng, bufs);
		bad->used_len = nf_length(rng);
		break;
	}
}

/* Those below their share come first. */
static enum nf_kind nf_choose(struct nf *nf, unsigned int bufs)
{
	unsigned long kinds = GENMASK(NF_FRAME - 1, 0), due = 0;
	unsigned int kind, n;

	if (bufs < 2)
		kinds &= ~BIT(NF_MISSING);
	if (!nm_has(nf->nm, NM_F_MRG_RXBUF))
		kinds &= ~BIT(NF_NUM_BUFFERS);
	if (!nm_has(nf->nm, NM_F_HASH_REPORT))
		kinds &= ~BIT(NF_HASH);
	for_each_set_bit(kind, &kinds, NF_FRAME)
		if (nf_due(nf, kind))
			due |= BIT(kind);
	if (!due)
		due = kinds & ~NF_COSTLY;
	for (n = kgd_rng_below(&nf->dev_rng, hweight_long(due)); n; n--)
		due &= due - 1;

	return __ffs(due);
}

/* Perhaps make a received frame wrong. &nm.lock is held. */
static bool nf_mutate(struct nm *nm, struct nm_hdr *hdr, struct nm_bad *bad, unsigned int bufs)
{
	struct nf *nf = nm->mutate_arg;
	struct kgd_rng *rng = &nf->dev_rng;
	unsigned int n;
	enum nf_kind kind;

	nf->pending = 0;
	/* What the load makes is what the stack of another guest may have made. */
	if (!kgd_rng_chance(rng, NF_RATE))
		return true;

	/* Mostly one field: two that are wrong hide each other. */
	for (n = kgd_rng_chance(rng, 100) ? 2 : 1; n; n--) {
		kind = nf_choose(nf, bufs);
		nf_mutate_one(rng, kind, hdr, bad, bufs);
		nf->pending |= BIT(kind);
	}
	bad->plain = true;

	return true;
}

/* What was made wrong is on its way, or not. &nm.lock is held. */
static void nf_mutated(struct nm *nm, bool sent)
{
	struct nf *nf = nm->mutate_arg;
	unsigned int kind;

	if (!sent)
		return;
	for_each_set_bit(kind, &nf->pending, NF_FRAME)
		nf_count(nf, kind);
	if (nf->pending)
		fuzz_completed(nf->run, 1);
}

/* Perhaps give another answer to a command. */
static u8 nf_mutate_ack(struct nm *nm, u8 ack)
{
	struct nf *nf = nm->mutate_arg;
	unsigned long flags;

	spin_lock_irqsave(&nm->lock, flags);
	if (kgd_rng_chance(&nf->dev_rng, nf_due(nf, NF_ACK) ? NF_ACK_RATE : NF_ACK_LATER)) {
		ack = kgd_rng_chance(&nf->dev_rng, 500) ? NM_ERR : kgd_rng_u32(&nf->dev_rng);
		/* It may have been about these, and then nobody knows how many there are. */
		nm->ctrl.pairs = nm->max_pairs;
		nf_count(nf, NF_ACK);
	}
	spin_unlock_irqrestore(&nm->lock, flags);

	return ack;
}

/**
 * nf_mutate_start() - let the model lie from now on
 * @nf: a device
 */
void nf_mutate_start(struct nf *nf)
{
	nf->nm->mutate_ack = nf_mutate_ack;
	nf->nm->mutated = nf_mutated;
	nf->nm->mutate = nf_mutate;
}

/**
 * nf_mutate_config() - change a field of the configuration, and say so
 * @nf: a device
 */
void nf_mutate_config(struct nf *nf)
{
	u8 bytes[sizeof(struct nm_config)];
	unsigned int offset = kgd_rng_below(&nf->rng, sizeof(bytes));
	unsigned int len = 1 + kgd_rng_below(&nf->rng, min_t(unsigned int, 8,
							     sizeof(bytes) - offset));
	unsigned int i;

	/* The link stays up most of the time, or nothing would be sent. */
	for (i = 0; i < len; i++)
		bytes[i] = kgd_rng_u32(&nf->rng);
	if (offset <= 6 && offset + len > 6)
		bytes[6 - offset] |= NM_S_LINK_UP;
	fv_config_set(nf->nm->fv, offset, bytes, len);
	fv_config_changed(nf->nm->fv);
	nf_count(nf, NF_CONFIG);
}
