// SPDX-License-Identifier: GPL-2.0-only
/* Counters of the device itself (virtio 1.3, 5.1.6.5.11). */

#include <linux/ethtool.h>
#include <linux/jiffies.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/virtio_net.h>

#include "ctrl.h"
#include "devstats.h"

/* Queue pairs that one command asks for, so that its answer is 20 KiB at most. */
#define VNET_DEVSTATS_PAIRS	64

/* A device that is slow time and again must not keep RTNL for ever: the counters of
 * further queues stay as they were.
 */
#define VNET_DEVSTATS_TIME	(10 * HZ)

/* Most counters of a queue. */
#define VNET_DEVSTATS_MAX	16

/**
 * struct vnet_devstat - a counter
 * @name: second part of its name, the first one names the queue
 * @type: VIRTIO_NET_STATS_TYPE_REPLY_x that has it
 *
 * Counters of a type are next to each other, in the order of the reply.
 */
struct vnet_devstat {
	const char *name;
	u8 type;
};

static const struct vnet_devstat vnet_devstats_rx[] = {
	{ "notifications", VIRTIO_NET_STATS_TYPE_REPLY_RX_BASIC },
	{ "packets", VIRTIO_NET_STATS_TYPE_REPLY_RX_BASIC },
	{ "bytes", VIRTIO_NET_STATS_TYPE_REPLY_RX_BASIC },
	{ "interrupts", VIRTIO_NET_STATS_TYPE_REPLY_RX_BASIC },
	{ "drops", VIRTIO_NET_STATS_TYPE_REPLY_RX_BASIC },
	{ "drop_overruns", VIRTIO_NET_STATS_TYPE_REPLY_RX_BASIC },
	{ "csum_valid", VIRTIO_NET_STATS_TYPE_REPLY_RX_CSUM },
	{ "needs_csum", VIRTIO_NET_STATS_TYPE_REPLY_RX_CSUM },
	{ "csum_none", VIRTIO_NET_STATS_TYPE_REPLY_RX_CSUM },
	{ "csum_bad", VIRTIO_NET_STATS_TYPE_REPLY_RX_CSUM },
	{ "gso_packets", VIRTIO_NET_STATS_TYPE_REPLY_RX_GSO },
	{ "gso_bytes", VIRTIO_NET_STATS_TYPE_REPLY_RX_GSO },
	{ "gso_packets_coalesced", VIRTIO_NET_STATS_TYPE_REPLY_RX_GSO },
	{ "gso_bytes_coalesced", VIRTIO_NET_STATS_TYPE_REPLY_RX_GSO },
	{ "ratelimit_packets", VIRTIO_NET_STATS_TYPE_REPLY_RX_SPEED },
	{ "ratelimit_bytes", VIRTIO_NET_STATS_TYPE_REPLY_RX_SPEED },
};

static const struct vnet_devstat vnet_devstats_tx[] = {
	{ "notifications", VIRTIO_NET_STATS_TYPE_REPLY_TX_BASIC },
	{ "packets", VIRTIO_NET_STATS_TYPE_REPLY_TX_BASIC },
	{ "bytes", VIRTIO_NET_STATS_TYPE_REPLY_TX_BASIC },
	{ "interrupts", VIRTIO_NET_STATS_TYPE_REPLY_TX_BASIC },
	{ "drops", VIRTIO_NET_STATS_TYPE_REPLY_TX_BASIC },
	{ "drop_malformed", VIRTIO_NET_STATS_TYPE_REPLY_TX_BASIC },
	{ "csum_none", VIRTIO_NET_STATS_TYPE_REPLY_TX_CSUM },
	{ "needs_csum", VIRTIO_NET_STATS_TYPE_REPLY_TX_CSUM },
	{ "gso_packets", VIRTIO_NET_STATS_TYPE_REPLY_TX_GSO },
	{ "gso_bytes", VIRTIO_NET_STATS_TYPE_REPLY_TX_GSO },
	{ "gso_segments", VIRTIO_NET_STATS_TYPE_REPLY_TX_GSO },
	{ "gso_segments_bytes", VIRTIO_NET_STATS_TYPE_REPLY_TX_GSO },
	{ "gso_packets_noseg", VIRTIO_NET_STATS_TYPE_REPLY_TX_GSO },
	{ "gso_bytes_noseg", VIRTIO_NET_STATS_TYPE_REPLY_TX_GSO },
	{ "ratelimit_packets", VIRTIO_NET_STATS_TYPE_REPLY_TX_SPEED },
	{ "ratelimit_bytes", VIRTIO_NET_STATS_TYPE_REPLY_TX_SPEED },
};

static const struct vnet_devstat vnet_devstats_cvq[] = {
	{ "command_num", VIRTIO_NET_STATS_TYPE_REPLY_CVQ },
	{ "ok_num", VIRTIO_NET_STATS_TYPE_REPLY_CVQ },
};

/**
 * struct vnet_devstats_set - the counters of a kind of queue
 * @desc: the counters
 * @num: how many
 * @total: format of the name of a total, or of the only one
 * @queue: format of the name of that of a queue
 */
struct vnet_devstats_set {
	const struct vnet_devstat *desc;
	unsigned int num;
	const char *total;
	const char *queue;
};

static const struct vnet_devstats_set vnet_devstats_sets[] = {
	{ vnet_devstats_rx, ARRAY_SIZE(vnet_devstats_rx), "rx_hw_%s", "rx%u_hw_%s" },
	{ vnet_devstats_tx, ARRAY_SIZE(vnet_devstats_tx), "tx_hw_%s", "tx%u_hw_%s" },
	{ vnet_devstats_cvq, ARRAY_SIZE(vnet_devstats_cvq), "cq_hw_%s" },
};

enum { VNET_DEVSTATS_RX, VNET_DEVSTATS_TX, VNET_DEVSTATS_CVQ };

/* What is asked for a queue; there are as many of these as queues in a command. */
struct vnet_devstats_get {
	__le16 vq_index;
	__le16 reserved[3];
	__le64 types;
};

/**
 * struct vnet_devstats_cmd - a command and what its answer may be about
 * @first: first virtqueue
 * @end: virtqueue after the last one
 * @cvq: the control queue, or @first
 * @answer: bytes of the answer
 */
struct vnet_devstats_cmd {
	unsigned int first;
	unsigned int end;
	unsigned int cvq;
	size_t answer;
};

static unsigned int vnet_devstats_cvq_index(const struct vnet *vn)
{
	return VNET_RXQ(vn->max_pairs);
}

static const struct vnet_devstats_set *vnet_devstats_set(const struct vnet *vn,
							 unsigned int vq)
{
	if (vq == vnet_devstats_cvq_index(vn))
		return &vnet_devstats_sets[VNET_DEVSTATS_CVQ];

	return &vnet_devstats_sets[vq & 1 ? VNET_DEVSTATS_TX : VNET_DEVSTATS_RX];
}

/* Where the counters of a virtqueue are kept, in the order of their table. */
static u64 *vnet_devstats_values(const struct vnet *vn, unsigned int vq)
{
	return vn->devstats + vq * VNET_DEVSTATS_MAX;
}

static bool vnet_devstats_has(const struct vnet *vn, const struct vnet_devstat *desc)
{
	return vn->devstats_types & BIT_ULL(desc->type);
}

/* Types of which the feature was negotiated (5.1.6.5.11.1 and what is above it). */
static u64 vnet_devstats_allowed(const struct vnet *vn)
{
	u64 types = BIT_ULL(VIRTIO_NET_STATS_TYPE_REPLY_RX_BASIC) |
		    BIT_ULL(VIRTIO_NET_STATS_TYPE_REPLY_TX_BASIC) |
		    BIT_ULL(VIRTIO_NET_STATS_TYPE_REPLY_CVQ);

	if (vnet_has(vn, VIRTIO_NET_F_GUEST_CSUM))
		types |= BIT_ULL(VIRTIO_NET_STATS_TYPE_REPLY_RX_CSUM);
	if (vnet_has(vn, VIRTIO_NET_F_CSUM))
		types |= BIT_ULL(VIRTIO_NET_STATS_TYPE_REPLY_TX_CSUM);
	if (vnet_has(vn, VIRTIO_NET_F_GUEST_TSO4) || vnet_has(vn, VIRTIO_NET_F_GUEST_TSO6))
		types |= BIT_ULL(VIRTIO_NET_STATS_TYPE_REPLY_RX_GSO);
	if (vnet_has(vn, VIRTIO_NET_F_HOST_TSO4) || vnet_has(vn, VIRTIO_NET_F_HOST_TSO6) ||
	    vnet_has(vn, VIRTIO_NET_F_HOST_USO))
		types |= BIT_ULL(VIRTIO_NET_STATS_TYPE_REPLY_TX_GSO);
	if (vnet_has(vn, VIRTIO_NET_F_SPEED_DUPLEX))
		types |= BIT_ULL(VIRTIO_NET_STATS_TYPE_REPLY_RX_SPEED) |
			 BIT_ULL(VIRTIO_NET_STATS_TYPE_REPLY_TX_SPEED);

	return types;
}

/**
 * vnet_devstats_init() - find out which counters the device has
 * @vn: the device, in operation, its interface not registered yet
 *
 * Which names ethtool shows does not change from here on. A device that does not
 * answer has none.
 *
 * Context: may sleep.
 */
void vnet_devstats_init(struct vnet *vn)
{
	__le64 types = 0;
	const struct vnet_msg msg = {
		.class = VIRTIO_NET_CTRL_STATS,
		.command = VIRTIO_NET_CTRL_STATS_QUERY,
		.result = &types,
		.result_len = sizeof(types),
		.result_min = sizeof(types),
	};
	int err;

	if (!vnet_has(vn, VIRTIO_NET_F_DEVICE_STATS))
		return;

	err = vnet_ctrl_msg(vn, &msg);
	if (err >= 0) {
		vn->devstats = kvcalloc(vnet_devstats_cvq_index(vn) + 1,
					VNET_DEVSTATS_MAX * sizeof(u64), GFP_KERNEL);
		err = vn->devstats ? 0 : -ENOMEM;
	}
	if (err) {
		dev_warn(&vn->vdev->dev, "no device statistics, error %d\n", err);
		return;
	}

	vn->devstats_types = le64_to_cpu(types) & vnet_devstats_allowed(vn);
}

/**
 * vnet_devstats_free() - forget the counters
 * @vn: the device, its interface unregistered
 */
void vnet_devstats_free(struct vnet *vn)
{
	kvfree(vn->devstats);
}

/* Fill in what is asked for a virtqueue. Return: false if there is nothing. */
static bool vnet_devstats_ask(const struct vnet *vn, unsigned int vq,
			      struct vnet_devstats_get *get, size_t *answer)
{
	const struct vnet_devstats_set *set = vnet_devstats_set(vn, vq);
	u64 types = 0;
	unsigned int i;

	for (i = 0; i < set->num; i++) {
		if (!vnet_devstats_has(vn, &set->desc[i]))
			continue;
		if (!(types & BIT_ULL(set->desc[i].type)))
			*answer += sizeof(struct virtio_net_stats_reply_hdr);
		*answer += sizeof(__le64);
		types |= BIT_ULL(set->desc[i].type);
	}
	if (!types)
		return false;

	memset(get, 0, sizeof(*get));
	get->vq_index = cpu_to_le16(vq);
	get->types = cpu_to_le64(types);

	return true;
}

/* One reply of an answer. Return: its bytes, 0 if it is not one that was asked for. */
static size_t vnet_devstats_reply(const struct vnet *vn, const struct vnet_devstats_cmd *cmd,
				  const u8 *data, size_t left, bool store)
{
	struct virtio_net_stats_reply_hdr hdr;
	const struct vnet_devstats_set *set;
	size_t size, pos = sizeof(hdr);
	unsigned int i, vq;
	__le64 val;

	if (left < sizeof(hdr))
		return 0;
	memcpy(&hdr, data, sizeof(hdr));
	size = le16_to_cpu(hdr.size);
	vq = le16_to_cpu(hdr.vq_index);
	if (size > left || ((vq < cmd->first || vq >= cmd->end) && vq != cmd->cvq))
		return 0;

	set = vnet_devstats_set(vn, vq);
	for (i = 0; i < set->num; i++) {
		if (set->desc[i].type != hdr.type || !vnet_devstats_has(vn, &set->desc[i]))
			continue;
		if (pos + sizeof(val) > size)
			return 0;
		memcpy(&val, data + pos, sizeof(val));
		if (store)
			vnet_devstats_values(vn, vq)[i] = le64_to_cpu(val);
		pos += sizeof(val);
	}

	return pos == size && pos > sizeof(hdr) ? size : 0;
}

/* Nothing is taken out of an answer of which something is wrong. */
static int vnet_devstats_parse(const struct vnet *vn, const struct vnet_devstats_cmd *cmd,
			       const u8 *data)
{
	size_t pos, len;

	for (pos = 0; pos < cmd->answer; pos += len) {
		len = vnet_devstats_reply(vn, cmd, data + pos, cmd->answer - pos, false);
		if (!len)
			return -EPROTO;
	}
	for (pos = 0; pos < cmd->answer; pos += len)
		len = vnet_devstats_reply(vn, cmd, data + pos, cmd->answer - pos, true);

	return 0;
}

/* Ask for the counters of some queue pairs, and of the control queue with the first. */
static int vnet_devstats_update(struct vnet *vn, unsigned int pair, unsigned int end)
{
	struct vnet_devstats_cmd cmd = {
		.first = VNET_RXQ(pair),
		.end = VNET_RXQ(end),
		.cvq = pair ? VNET_RXQ(pair) : vnet_devstats_cvq_index(vn),
	};
	struct vnet_msg msg = {
		.class = VIRTIO_NET_CTRL_STATS,
		.command = VIRTIO_NET_CTRL_STATS_GET,
	};
	struct vnet_devstats_get *gets;
	unsigned int vq, n = 0;
	int err = -ENOMEM;

	gets = kcalloc(cmd.end - cmd.first + 1, sizeof(*gets), GFP_KERNEL);
	if (!gets)
		return -ENOMEM;
	for (vq = cmd.first; vq < cmd.end; vq++)
		n += vnet_devstats_ask(vn, vq, &gets[n], &cmd.answer);
	if (!pair)
		n += vnet_devstats_ask(vn, cmd.cvq, &gets[n], &cmd.answer);

	msg.data = gets;
	msg.len = n * sizeof(*gets);
	msg.result_len = cmd.answer;
	msg.result_min = cmd.answer;
	msg.result = kzalloc(cmd.answer, GFP_KERNEL);
	if (msg.result) {
		err = n ? vnet_ctrl_msg(vn, &msg) : 0;
		if (err > 0)
			err = vnet_devstats_parse(vn, &cmd, msg.result);
		kfree(msg.result);
	}
	kfree(gets);

	return err;
}

static unsigned int vnet_devstats_num(const struct vnet *vn, unsigned int kind)
{
	const struct vnet_devstats_set *set = &vnet_devstats_sets[kind];
	unsigned int i, n = 0;

	for (i = 0; i < set->num; i++)
		n += vnet_devstats_has(vn, &set->desc[i]);

	return n;
}

/**
 * vnet_devstats_count() - number of counters ethtool -S shows
 * @vn: the device
 *
 * Context: RTNL held.
 * Return: their number, 0 if the device has none.
 */
unsigned int vnet_devstats_count(const struct vnet *vn)
{
	return (vn->pairs + 1) * (vnet_devstats_num(vn, VNET_DEVSTATS_RX) +
				  vnet_devstats_num(vn, VNET_DEVSTATS_TX)) +
	       vnet_devstats_num(vn, VNET_DEVSTATS_CVQ);
}

/**
 * vnet_devstats_strings() - names of these counters
 * @vn: the device
 * @data: ETH_GSTRING_LEN bytes for each; moved on
 *
 * Context: RTNL held.
 */
void vnet_devstats_strings(const struct vnet *vn, u8 **data)
{
	const struct vnet_devstats_set *set;
	unsigned int kind, i, pair;

	for (kind = 0; kind < ARRAY_SIZE(vnet_devstats_sets); kind++) {
		set = &vnet_devstats_sets[kind];
		for (i = 0; i < set->num; i++)
			if (vnet_devstats_has(vn, &set->desc[i]))
				ethtool_sprintf(data, set->total, set->desc[i].name);
	}
	for (kind = 0; kind < VNET_DEVSTATS_CVQ; kind++) {
		set = &vnet_devstats_sets[kind];
		for (pair = 0; pair < vn->pairs; pair++)
			for (i = 0; i < set->num; i++)
				if (vnet_devstats_has(vn, &set->desc[i]))
					ethtool_sprintf(data, set->queue, pair,
							set->desc[i].name);
	}
}

/* The sum over queue pairs @pair to @end of each counter of a kind of queue. */
static u64 *vnet_devstats_sums(const struct vnet *vn, unsigned int kind, unsigned int pair,
			       unsigned int end, u64 *data)
{
	const struct vnet_devstats_set *set = &vnet_devstats_sets[kind];
	unsigned int i, p;

	for (i = 0; i < set->num; i++) {
		if (!vnet_devstats_has(vn, &set->desc[i]))
			continue;
		*data = 0;
		for (p = pair; p < end; p++)
			*data += vnet_devstats_values(vn, VNET_RXQ(p) + kind)[i];
		data++;
	}

	return data;
}

/* Ask for all. Those that the device does not tell, or not in time, stay as they were. */
static void vnet_devstats_ask_all(struct vnet *vn)
{
	unsigned long end = jiffies + VNET_DEVSTATS_TIME;
	unsigned int pair;
	int err = 0;

	for (pair = 0; pair < vn->pairs && !err && time_before(jiffies, end);
	     pair += VNET_DEVSTATS_PAIRS)
		err = vnet_devstats_update(vn, pair, min_t(unsigned int, vn->pairs,
							   pair + VNET_DEVSTATS_PAIRS));
	if (err && net_ratelimit())
		netdev_warn(vn->dev, "device statistics not updated, error %d\n", err);
	vn->devstats_asked = jiffies;
}

/**
 * vnet_devstats_refresh() - have values that are no older than a second
 * @vn: the device
 *
 * For those who ask queue by queue: a device that does not answer is not asked as often.
 *
 * Context: RTNL held, may sleep.
 */
void vnet_devstats_refresh(struct vnet *vn)
{
	if (vn->devstats_types &&
	    (!vn->devstats_asked || time_after(jiffies, vn->devstats_asked + HZ)))
		vnet_devstats_ask_all(vn);
}

/**
 * vnet_devstats_value() - a counter of a queue as it was when it was last asked for
 * @vn: the device
 * @tx: of the transmit queue
 * @pair: of this queue pair
 * @name: as in the name that ethtool -S shows, after hw_
 * @value: where to put it
 *
 * Context: RTNL held.
 * Return: false if the device does not count that.
 */
bool vnet_devstats_value(const struct vnet *vn, bool tx, unsigned int pair, const char *name,
			 u64 *value)
{
	unsigned int kind = tx ? VNET_DEVSTATS_TX : VNET_DEVSTATS_RX;
	const struct vnet_devstats_set *set = &vnet_devstats_sets[kind];
	unsigned int i;

	for (i = 0; i < set->num; i++) {
		if (strcmp(set->desc[i].name, name) || !vnet_devstats_has(vn, &set->desc[i]))
			continue;
		*value = vnet_devstats_values(vn, VNET_RXQ(pair) + kind)[i];
		return true;
	}

	return false;
}

/**
 * vnet_devstats_fill() - values of these counters
 * @vn: the device
 * @data: one for each, in the order of the names
 *
 * Those that the device does not tell, or not in time, or not as it should, are what
 * they were when it did.
 *
 * Context: RTNL held, may sleep.
 */
void vnet_devstats_fill(struct vnet *vn, u64 *data)
{
	unsigned int kind, pair;

	if (!vn->devstats_types)
		return;

	vnet_devstats_ask_all(vn);

	data = vnet_devstats_sums(vn, VNET_DEVSTATS_RX, 0, vn->pairs, data);
	data = vnet_devstats_sums(vn, VNET_DEVSTATS_TX, 0, vn->pairs, data);
	/* Of the only one there is, which comes after the last pair. */
	data = vnet_devstats_sums(vn, VNET_DEVSTATS_CVQ, vn->max_pairs - 1, vn->max_pairs, data);
	for (kind = 0; kind < VNET_DEVSTATS_CVQ; kind++)
		for (pair = 0; pair < vn->pairs; pair++)
			data = vnet_devstats_sums(vn, kind, pair, pair + 1, data);
}
