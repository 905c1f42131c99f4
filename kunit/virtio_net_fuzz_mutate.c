// SPDX-License-Identifier: GPL-2.0-only
/* Fuzzer of virtio_net: what the model makes wrong. */

#include <linux/etherdevice.h>

#include "virtio_net_fuzz.h"

/* Of a thousand frames, commands and looks at the configuration. */
#define NF_RATE		500
#define NF_ACK_RATE	300

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
	[NF_FRAME] = "net_frame",
	[NF_ACK] = "net_ack",
	[NF_CONFIG] = "net_config",
};

/**
 * nf_kind_name() - what a mutation is called
 * @kind: which one
 *
 * Return: its name.
 */
const char *nf_kind_name(enum nf_kind kind)
{
	return nf_kind_names[kind];
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
	case NF_MISSING:
		bad->only = 1 + kgd_rng_below(rng, bufs);
		break;
	default:
		bad->set_len = true;
		bad->nth = kgd_rng_below(rng, bufs);
		bad->used_len = nf_length(rng);
		break;
	}
}

/**
 * nf_mutate() - perhaps make a received frame wrong
 * @nm: the device
 * @hdr: the header of the frame
 * @bad: what else is wrong with it
 * @bufs: buffers that it takes
 *
 * Context: the device's lock held.
 * Return: true if it is wrong now.
 */
bool nf_mutate(struct nm *nm, struct nm_hdr *hdr, struct nm_bad *bad, unsigned int bufs)
{
	struct nf *nf = nm->mutate_arg;
	struct kgd_rng *rng = &nf->dev_rng;
	unsigned int n;
	enum nf_kind kind;

	/* What the load makes is what the stack of another guest may have made. */
	if (!kgd_rng_chance(rng, NF_RATE))
		return true;

	/* Mostly one field: two that are wrong hide each other. */
	for (n = kgd_rng_chance(rng, 200) ? 2 : 1; n; n--) {
		kind = kgd_rng_below(rng, NF_FRAME);
		if (kind == NF_MISSING && bufs < 2)
			kind = NF_USED_LEN;
		nf_mutate_one(rng, kind, hdr, bad, bufs);
		nf->count(nf, kind);
	}

	return true;
}

/**
 * nf_mutate_ack() - perhaps give another answer to a command
 * @nm: the device
 * @ack: the right answer
 *
 * Return: the answer.
 */
u8 nf_mutate_ack(struct nm *nm, u8 ack)
{
	struct nf *nf = nm->mutate_arg;
	unsigned long flags;

	spin_lock_irqsave(&nm->lock, flags);
	if (kgd_rng_chance(&nf->dev_rng, NF_ACK_RATE)) {
		ack = kgd_rng_chance(&nf->dev_rng, 500) ? NM_ERR : kgd_rng_u32(&nf->dev_rng);
		nf->count(nf, NF_ACK);
	}
	spin_unlock_irqrestore(&nm->lock, flags);

	return ack;
}

/**
 * nf_mutate_config() - change a field of the configuration, and say so
 * @nf: the run
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
	nf->count(nf, NF_CONFIG);
}
