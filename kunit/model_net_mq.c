// SPDX-License-Identifier: GPL-2.0-only
/* Model of a network device: queue pairs, RSS, coalescing (virtio 1.3, 5.1.6.5.5 to 10). */

#include <linux/log2.h>

#include "model_net.h"

/* What waits in a queue that is used no more was sent in time. &nm.lock is held. */
static void nm_use_pairs(struct nm *nm, u16 pairs)
{
	unsigned int pair;

	bitmap_zero(nm->stale, NM_MAX_PAIRS);
	for (pair = pairs; pair < nm->max_pairs; pair++)
		if (fv_untouched(fv_queue(nm->fv, 2 * pair + 1)))
			__set_bit(pair, nm->stale);
	nm->ctrl.pairs = pairs;
}

static u8 nm_set_pairs(struct nm *nm, const u8 *data)
{
	unsigned long flags;
	__virtio16 wire;
	__le16 max;
	u16 pairs;

	memcpy(&wire, data, sizeof(wire));
	pairs = nm16_to_cpu(nm, wire);
	max = nm->config.max_pairs;
	if (pairs < NM_PAIRS_MIN || pairs > le16_to_cpu(max)) {
		nm_violation(nm, "5.1.6.5.6.1", "%u queue pairs of %u asked for",
			     pairs, le16_to_cpu(max));
		return NM_ERR;
	}

	spin_lock_irqsave(&nm->lock, flags);
	nm->ctrl.rss.on = false;
	nm_use_pairs(nm, pairs);
	spin_unlock_irqrestore(&nm->lock, flags);

	return NM_OK;
}

/* hash_key_length and the key, at the end of both commands. */
static bool nm_take_key(struct nm *nm, struct nm_rss *rss, const u8 *data, unsigned int len)
{
	if (!len || len != 1U + data[0]) {
		nm_violation(nm, "5.1.6.5.7.1", "key of %u in %u bytes",
			     len ? data[0] : 0, len);
		return false;
	}
	if (data[0] > NM_KEY_MIN) {
		nm_violation(nm, "5.1.6.5.7.1", "key of %u, at most %u", data[0], NM_KEY_MIN);
		return false;
	}
	rss->key_len = data[0];
	memcpy(rss->key, data + 1, rss->key_len);

	return true;
}

static bool nm_take_types(struct nm *nm, struct nm_rss *rss, const u8 *data)
{
	__le32 types;
	u32 supported = le32_to_cpu(nm->config.hash_types);

	memcpy(&types, data, sizeof(types));
	rss->types = le32_to_cpu(types);
	if (rss->types & ~supported) {
		nm_violation(nm, "5.1.6.5.7.1.1", "hash types %#x of %#x",
			     rss->types, supported);
		return false;
	}

	return true;
}

static bool nm_take_queue(struct nm *nm, const u8 *data, u16 *pair)
{
	*pair = data[0] | data[1] << 8;
	if (*pair < nm->max_pairs)
		return true;

	nm_violation(nm, "5.1.6.5.7.1.1", "receive queue %u of %u", *pair, nm->max_pairs);

	return false;
}

/* hash_types, mask, unclassified queue, table, max_tx_vq, key. */
static u8 nm_set_rss(struct nm *nm, const u8 *data, unsigned int len)
{
	unsigned int entries, i, pos = 8;
	struct nm_rss rss = { .on = true };
	unsigned long flags;
	u16 tx;

	if (len < 11) {
		nm_violation(nm, "5.1.6.5.7.1", "configuration of %u bytes", len);
		return NM_ERR;
	}
	rss.mask = data[4] | data[5] << 8;
	entries = rss.mask + 1;
	if (!is_power_of_2(entries) || entries > NM_TABLE_MIN || len < 11 + 2 * entries) {
		nm_violation(nm, "5.1.6.5.7.1.1", "table of %u in %u bytes", entries, len);
		return NM_ERR;
	}
	if (!nm_take_types(nm, &rss, data) || !nm_take_queue(nm, data + 6, &rss.unclassified))
		return NM_ERR;
	for (i = 0; i < entries; i++, pos += 2)
		if (!nm_take_queue(nm, data + pos, &rss.table[i]))
			return NM_ERR;
	tx = data[pos] | data[pos + 1] << 8;
	if (!tx || tx > nm->max_pairs) {
		nm_violation(nm, "5.1.6.5.7.1", "%u transmit queues of %u", tx,
			     nm->max_pairs);
		return NM_ERR;
	}
	if (!nm_take_key(nm, &rss, data + pos + 2, len - pos - 2))
		return NM_ERR;

	spin_lock_irqsave(&nm->lock, flags);
	nm->ctrl.rss = rss;
	nm_use_pairs(nm, tx);
	spin_unlock_irqrestore(&nm->lock, flags);

	return NM_OK;
}

/* hash_types, four reserved words, key. */
static u8 nm_set_hash(struct nm *nm, const u8 *data, unsigned int len)
{
	struct nm_rss rss = {};
	unsigned long flags;
	unsigned int i;

	if (len < 13) {
		nm_violation(nm, "5.1.6.5.6.4", "configuration of %u bytes", len);
		return NM_ERR;
	}
	for (i = 4; i < 12; i++)
		if (data[i])
			nm_violation(nm, "5.1.6.5.6.4", "reserved byte %u is %#x", i, data[i]);
	if (!nm_take_types(nm, &rss, data) || !nm_take_key(nm, &rss, data + 12, len - 12))
		return NM_ERR;

	spin_lock_irqsave(&nm->lock, flags);
	rss.on = nm->ctrl.rss.on;
	rss.mask = nm->ctrl.rss.mask;
	rss.unclassified = nm->ctrl.rss.unclassified;
	memcpy(rss.table, nm->ctrl.rss.table, sizeof(rss.table));
	nm->ctrl.rss = rss;
	spin_unlock_irqrestore(&nm->lock, flags);

	return NM_OK;
}

/**
 * nm_ctrl_mq() - commands about queue pairs and the hash
 * @nm: the device
 * @command: NM_MQ_x, negotiated
 * @data: what it says
 * @len: bytes of that
 *
 * Return: NM_OK or NM_ERR.
 */
u8 nm_ctrl_mq(struct nm *nm, u8 command, const u8 *data, unsigned int len)
{
	switch (command) {
	case NM_MQ_PAIRS_SET:
		return nm_set_pairs(nm, data);
	case NM_MQ_RSS_CONFIG:
		return nm_set_rss(nm, data, len);
	default:
		return nm_set_hash(nm, data, len);
	}
}

static void nm_take_coal(struct nm_coal *coal, const u8 *data)
{
	struct nm_wire_coal wire;

	memcpy(&wire, data, sizeof(wire));
	coal->packets = le32_to_cpu(wire.packets);
	coal->usecs = le32_to_cpu(wire.usecs);
}

static void nm_coal_all(struct nm *nm, struct nm_coal *all, unsigned int first, const u8 *data)
{
	unsigned int i;

	nm_take_coal(all, data);
	for (i = first; i < 2 * nm->max_pairs; i += 2)
		nm->ctrl.coal[i] = *all;
}

static u8 nm_coal_one(struct nm *nm, bool set, const u8 *data, struct fv_chain *chain,
		      unsigned int *result)
{
	struct nm_wire_coal wire;
	struct nm_coal *coal;
	u16 vq = data[0] | data[1] << 8;

	if (vq >= 2 * nm->max_pairs || !READ_ONCE(fv_queue(nm->fv, vq)->enabled)) {
		nm_violation(nm, "5.1.6.5.10.4", "coalescing of queue %u", vq);
		return NM_ERR;
	}
	coal = &nm->ctrl.coal[vq];
	if (set) {
		nm_take_coal(coal, data + 4);
		return NM_OK;
	}

	wire.packets = cpu_to_le32(coal->packets);
	wire.usecs = cpu_to_le32(coal->usecs);
	*result = fv_write(chain, 1, &wire, sizeof(wire));
	if (*result != sizeof(wire))
		nm_violation(nm, "5.1.6.5.10", "answer of %zu bytes to VQ_GET",
			     chain->in_len);

	return NM_OK;
}

/**
 * nm_ctrl_coal() - commands about notification coalescing
 * @nm: the device
 * @command: NM_COAL_x, negotiated
 * @data: what it says, of the length it should have
 * @len: bytes of that
 * @chain: for what is answered
 * @result: bytes of that
 *
 * Return: NM_OK or NM_ERR.
 */
u8 nm_ctrl_coal(struct nm *nm, u8 command, const u8 *data, unsigned int len,
		struct fv_chain *chain, unsigned int *result)
{
	switch (command) {
	case NM_COAL_TX_SET:
		nm_coal_all(nm, &nm->ctrl.coal_tx, 1, data);
		return NM_OK;
	case NM_COAL_RX_SET:
		nm_coal_all(nm, &nm->ctrl.coal_rx, 0, data);
		return NM_OK;
	default:
		return nm_coal_one(nm, command == NM_COAL_VQ_SET, data, chain, result);
	}
}
