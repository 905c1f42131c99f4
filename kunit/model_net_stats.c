// SPDX-License-Identifier: GPL-2.0-only
/* Model of a network device: device statistics (virtio 1.3, 5.1.6.5.11). */

#include "model_net.h"

#define NM_TYPE(name)	BIT_ULL(NM_STATS_##name)

static u64 nm_stats_types(struct nm *nm)
{
	u64 types = NM_TYPE(RX_BASIC) | NM_TYPE(TX_BASIC) | NM_TYPE(CVQ);

	if (nm_has(nm, NM_F_GUEST_CSUM))
		types |= NM_TYPE(RX_CSUM);
	if (nm_has(nm, NM_F_CSUM))
		types |= NM_TYPE(TX_CSUM);
	if (nm_has(nm, NM_F_GUEST_TSO4 | NM_F_GUEST_TSO6))
		types |= NM_TYPE(RX_GSO);
	if (nm_has(nm, NM_F_HOST_TSO4 | NM_F_HOST_TSO6 | NM_F_HOST_USO))
		types |= NM_TYPE(TX_GSO);
	if (nm_has(nm, NM_F_SPEED_DUPLEX))
		types |= NM_TYPE(RX_SPEED) | NM_TYPE(TX_SPEED);

	return types;
}

static u64 nm_types_of(struct nm *nm, unsigned int vq)
{
	if (vq == nm_ctrl_index(nm))
		return NM_TYPE(CVQ);

	return vq & 1 ? NM_TYPE(TX_BASIC) | NM_TYPE(TX_CSUM) | NM_TYPE(TX_GSO) | NM_TYPE(TX_SPEED) :
			NM_TYPE(RX_BASIC) | NM_TYPE(RX_CSUM) | NM_TYPE(RX_GSO) | NM_TYPE(RX_SPEED);
}

/* The counters of one type, in the order of the specification. Return: how many. */
static unsigned int nm_stats_values(struct nm *nm, unsigned int vq, unsigned int type,
				    u64 *val)
{
	const struct nm_count *count = &nm->counts[vq];
	const struct fv_counts *ring = &fv_queue(nm->fv, vq)->counts;
	unsigned int n = 0;

	switch (type) {
	case NM_STATS_RX_BASIC:
	case NM_STATS_TX_BASIC:
		val[n++] = ring->kicks;
		val[n++] = count->packets;
		val[n++] = count->bytes;
		val[n++] = ring->interrupts;
		val[n++] = count->drops;
		val[n++] = type == NM_STATS_RX_BASIC ? count->overruns : count->malformed;
		break;
	case NM_STATS_RX_CSUM:
		val[n++] = count->csum_valid;
		val[n++] = count->needs_csum;
		val[n++] = count->csum_none;
		val[n++] = 0;
		break;
	case NM_STATS_TX_CSUM:
		val[n++] = count->csum_none;
		val[n++] = count->needs_csum;
		break;
	case NM_STATS_RX_GSO:
		val[n++] = count->gso_packets;
		val[n++] = count->gso_bytes;
		val[n++] = 0;
		val[n++] = 0;
		break;
	case NM_STATS_TX_GSO:
		val[n++] = count->gso_packets;
		val[n++] = count->gso_bytes;
		val[n++] = count->gso_segments;
		val[n++] = count->gso_seg_bytes;
		val[n++] = 0;
		val[n++] = 0;
		break;
	case NM_STATS_CVQ:
		val[n++] = nm->ctrl.commands + 1;
		val[n++] = nm->ctrl.ok + 1;
		break;
	default:	/* nothing is ever beyond the speed */
		val[n++] = 0;
		val[n++] = 0;
		break;
	}

	return n;
}

static unsigned int nm_stats_reply(struct nm *nm, unsigned int vq, unsigned int type,
				   struct fv_chain *chain, unsigned int pos)
{
	struct {
		struct nm_wire_stats_hdr hdr;
		__le64 val[8];
	} __packed reply = {};
	unsigned int n, i;
	u64 val[8];

	n = nm_stats_values(nm, vq, type, val);
	for (i = 0; i < n; i++)
		reply.val[i] = cpu_to_le64(val[i]);
	reply.hdr.type = type;
	reply.hdr.vq = cpu_to_le16(vq);
	reply.hdr.size = cpu_to_le16(sizeof(reply.hdr) + n * sizeof(reply.val[0]));

	if (nm->lie.at == type) {
		if (nm->lie.set_type)
			reply.hdr.type = nm->lie.type;
		if (nm->lie.set_vq)
			reply.hdr.vq = cpu_to_le16(nm->lie.vq);
		if (nm->lie.set_size)
			reply.hdr.size = cpu_to_le16(nm->lie.size);
	}

	/* A result that does not fit is cut off. */
	return fv_write(chain, pos, &reply, sizeof(reply.hdr) + n * sizeof(reply.val[0]));
}

static bool nm_stats_asked(struct nm *nm, const struct nm_wire_stats_get *get)
{
	u64 types = le64_to_cpu(get->types);
	u16 vq = le16_to_cpu(get->vq);

	if (vq >= 2 * nm->max_pairs && vq != nm_ctrl_index(nm)) {
		nm_violation(nm, "5.1.6.5.11.1", "statistics of queue %u", vq);
		return false;
	}
	if (types & ~(nm_stats_types(nm) & nm_types_of(nm, vq))) {
		nm_violation(nm, "5.1.6.5.11.1", "statistics %#llx of queue %u", types, vq);
		return false;
	}

	return true;
}

/**
 * nm_ctrl_stats() - commands about device statistics
 * @nm: the device
 * @command: NM_STATS_x, negotiated
 * @data: what it says
 * @len: bytes of that
 * @chain: for what is answered
 * @result: bytes of that
 *
 * Return: NM_OK or NM_ERR.
 */
u8 nm_ctrl_stats(struct nm *nm, u8 command, const u8 *data, unsigned int len,
		 struct fv_chain *chain, unsigned int *result)
{
	struct nm_wire_stats_get get;
	unsigned int i, type;
	__le64 types;

	if (command == NM_STATS_QUERY) {
		types = cpu_to_le64(nm->lie.set_types ? nm->lie.types : nm_stats_types(nm));
		*result = fv_write(chain, 1, &types, sizeof(types)) + nm->lie.more;
		return NM_OK;
	}

	if (!len || len % sizeof(get)) {
		nm_violation(nm, "5.1.6.5.11.1", "%u bytes asked for statistics", len);
		return NM_ERR;
	}
	for (i = 0; i < len; i += sizeof(get)) {
		memcpy(&get, data + i, sizeof(get));
		if (!nm_stats_asked(nm, &get))
			return NM_ERR;
	}
	for (i = 0; i < len; i += sizeof(get)) {
		memcpy(&get, data + i, sizeof(get));
		for (type = 0; type < 64; type++)
			if (le64_to_cpu(get.types) & BIT_ULL(type))
				*result += nm_stats_reply(nm, le16_to_cpu(get.vq), type, chain,
							  1 + *result);
	}
	*result += nm->lie.more;

	return NM_OK;
}
