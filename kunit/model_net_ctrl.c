// SPDX-License-Identifier: GPL-2.0-only
/* Model of a network device: control queue and receive filters (virtio 1.3, 5.1.6.5). */

#include <linux/etherdevice.h>
#include <linux/mm.h>

#include "model_net.h"

/* More than any command needs: two full MAC tables. */
#define NM_MAX_CMD	(2 + 8 + NM_MAX_MACS * ETH_ALEN)

/* Commands: what has to be negotiated, and how long their data is (-1: it varies). */
static const struct nm_known {
	u8 class;
	u8 command;
	u64 feature;
	int len;
	const char *section;
} nm_known[] = {
	{ NM_CTRL_RX, NM_RX_PROMISC, NM_F_CTRL_RX, 1, "5.1.6.5.1.2" },
	{ NM_CTRL_RX, NM_RX_ALLMULTI, NM_F_CTRL_RX, 1, "5.1.6.5.1.2" },
	{ NM_CTRL_RX, NM_RX_ALLUNI, NM_F_CTRL_RX_EXTRA, 1, "5.1.6.5.1.2" },
	{ NM_CTRL_RX, NM_RX_NOMULTI, NM_F_CTRL_RX_EXTRA, 1, "5.1.6.5.1.2" },
	{ NM_CTRL_RX, NM_RX_NOUNI, NM_F_CTRL_RX_EXTRA, 1, "5.1.6.5.1.2" },
	{ NM_CTRL_RX, NM_RX_NOBCAST, NM_F_CTRL_RX_EXTRA, 1, "5.1.6.5.1.2" },
	{ NM_CTRL_MAC, NM_MAC_TABLE_SET, NM_F_CTRL_RX, -1, "5.1.6.5.2.2" },
	/* The text asks for CTRL_RX, the feature bit of its own is what counts. */
	{ NM_CTRL_MAC, NM_MAC_ADDR_SET, NM_F_CTRL_MAC_ADDR, ETH_ALEN, "5.1.6.5.2.2" },
	{ NM_CTRL_VLAN, NM_VLAN_ADD, NM_F_CTRL_VLAN, 2, "5.1.6.5.3" },
	{ NM_CTRL_VLAN, NM_VLAN_DEL, NM_F_CTRL_VLAN, 2, "5.1.6.5.3" },
	{ NM_CTRL_ANNOUNCE, NM_ANNOUNCE_ACK, NM_F_GUEST_ANNOUNCE, 0, "5.1.6.5.4.1" },
	{ NM_CTRL_MQ, NM_MQ_PAIRS_SET, NM_F_MQ, 2, "5.1.6.5.6.1" },
	{ NM_CTRL_MQ, NM_MQ_RSS_CONFIG, NM_F_RSS, -1, "5.1.6.5.7.1" },
	{ NM_CTRL_MQ, NM_MQ_HASH_CONFIG, NM_F_HASH_REPORT, -1, "5.1.6.5.6.4" },
	{ NM_CTRL_OFFLOADS, NM_OFFLOADS_SET, NM_F_CTRL_GUEST_OFFLOADS, 8, "5.1.6.5.9.1" },
	{ NM_CTRL_COAL, NM_COAL_TX_SET, NM_F_NOTF_COAL, 8, "5.1.6.5.10" },
	{ NM_CTRL_COAL, NM_COAL_RX_SET, NM_F_NOTF_COAL, 8, "5.1.6.5.10" },
	{ NM_CTRL_COAL, NM_COAL_VQ_SET, NM_F_VQ_NOTF_COAL, 12, "5.1.6.5.10" },
	{ NM_CTRL_COAL, NM_COAL_VQ_GET, NM_F_VQ_NOTF_COAL, 4, "5.1.6.5.10" },
	{ NM_CTRL_HASH_TUNNEL, 0, NM_F_HASH_TUNNEL, 4, "5.1.6.4.4" },
	{ NM_CTRL_STATS, NM_STATS_QUERY, NM_F_DEVICE_STATS, 0, "5.1.6.5.11" },
	{ NM_CTRL_STATS, NM_STATS_GET, NM_F_DEVICE_STATS, -1, "5.1.6.5.11" },
};

static const struct nm_known *nm_find_known(u8 class, u8 command)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(nm_known); i++)
		if (nm_known[i].class == class && nm_known[i].command == command)
			return &nm_known[i];

	return NULL;
}

static bool nm_check_command(struct nm *nm, u8 class, u8 command, unsigned int len)
{
	const struct nm_known *known = nm_find_known(class, command);

	if (!known) {
		nm_violation(nm, "5.1.6.5", "no command %u/%u", class, command);
		return false;
	}
	if (!nm_has(nm, known->feature)) {
		nm_violation(nm, known->section, "command %u/%u was not negotiated",
			     class, command);
		return false;
	}
	if (known->len >= 0 && len != known->len) {
		nm_violation(nm, known->section, "command %u/%u with %u bytes, not %d",
			     class, command, len, known->len);
		return false;
	}

	return true;
}

/* 5.1.6.6: descriptors of a driver without ANY_LAYOUT. */
static void nm_check_framing(struct nm *nm, const struct fv_chain *chain, const u8 *cmd)
{
	unsigned int want = 1;

	if (nm_loose_layout(nm))
		return;

	if (chain->out_len > 2)
		want = cmd[0] == NM_CTRL_MAC && cmd[1] == NM_MAC_TABLE_SET ? 3 : 2;
	if (chain->nr_out != want || chain->seg[0].len != 2)
		nm_violation(nm, "5.1.6.6", "command %u/%u in %u descriptors, the first of %u",
			     cmd[0], cmd[1], chain->nr_out, chain->seg[0].len);
	if (chain->nr_in != 1 || chain->in_len != 1)
		nm_violation(nm, "5.1.6.6", "answer of %zu bytes in %u descriptors",
			     chain->in_len, chain->nr_in);
	if (want == 3 && chain->nr_out == 3) {
		const __virtio32 *entries = chain->seg[1].addr;

		if (chain->seg[1].len < 4 ||
		    chain->seg[1].len != 4 + nm32_to_cpu(nm, *entries) * ETH_ALEN)
			nm_violation(nm, "5.1.6.6", "unicast table in a descriptor of %u",
				     chain->seg[1].len);
	}
}

static u8 nm_ctrl_rx(struct nm *nm, u8 command, const u8 *data)
{
	if (data[0] > 1) {
		nm_violation(nm, "5.1.6.5.1.1", "receive mode %u set to %u", command, data[0]);
		return NM_ERR;
	}
	nm->ctrl.mode[command] = data[0];

	return NM_OK;
}

/* One table: its number of entries and that many addresses. */
static int nm_mac_table(struct nm *nm, const u8 *data, unsigned int len, bool multicast)
{
	__virtio32 wire;
	u32 entries, i;

	if (len < sizeof(wire)) {
		nm_violation(nm, "5.1.6.5.2.2", "%u bytes are no MAC table", len);
		return -EINVAL;
	}
	memcpy(&wire, data, sizeof(wire));
	entries = nm32_to_cpu(nm, wire);
	if (entries > (len - sizeof(wire)) / ETH_ALEN) {
		nm_violation(nm, "5.1.6.5.2.2", "%u addresses in %u bytes", entries, len);
		return -EINVAL;
	}

	for (i = 0; i < entries; i++) {
		const u8 *mac = data + sizeof(wire) + i * ETH_ALEN;

		if (!!(mac[0] & 1) != multicast)
			nm_violation(nm, "5.1.6.5.2.2", "%pM is in the wrong table", mac);
	}

	return entries;
}

static u8 nm_ctrl_mac(struct nm *nm, u8 command, const u8 *data, unsigned int len)
{
	int unicast, multicast, used;

	if (command == NM_MAC_ADDR_SET) {
		if (!is_valid_ether_addr(data))
			return NM_ERR;
		memcpy(nm->ctrl.mac, data, ETH_ALEN);
		if (nm_has(nm, NM_F_MAC))
			fv_config_set(nm->fv, offsetof(struct nm_config, mac), data, ETH_ALEN);
		return NM_OK;
	}

	unicast = nm_mac_table(nm, data, len, false);
	if (unicast < 0)
		return NM_ERR;
	used = 4 + unicast * ETH_ALEN;
	multicast = nm_mac_table(nm, data + used, len - used, true);
	if (multicast < 0)
		return NM_ERR;
	if (used + 4 + multicast * ETH_ALEN != len)
		nm_violation(nm, "5.1.6.5.2.2", "%u bytes for %d and %d addresses",
			     len, unicast, multicast);
	if (unicast + multicast > NM_MAX_MACS)
		return NM_ERR;

	memcpy(nm->ctrl.macs, data + 4, unicast * ETH_ALEN);
	memcpy(nm->ctrl.macs + unicast, data + used + 4, multicast * ETH_ALEN);
	nm->ctrl.unicast = unicast;
	nm->ctrl.multicast = multicast;
	nm->ctrl.tables++;

	return NM_OK;
}

static u8 nm_ctrl_vlan(struct nm *nm, u8 command, const u8 *data)
{
	__virtio16 wire;
	u16 vid;

	memcpy(&wire, data, sizeof(wire));
	vid = nm16_to_cpu(nm, wire);
	if (vid >= VLAN_N_VID) {
		nm_violation(nm, "5.1.6.5.3", "VLAN id %u", vid);
		return NM_ERR;
	}
	if (command == NM_VLAN_ADD)
		__set_bit(vid, nm->ctrl.vlans);
	else
		__clear_bit(vid, nm->ctrl.vlans);

	return NM_OK;
}

static u8 nm_ctrl_announce(struct nm *nm)
{
	unsigned int offset = offsetof(struct nm_config, status);
	__le16 status;

	/* 5.1.6.5.4.2: cleared before the command is used */
	fv_config_get(nm->fv, offset, &status, sizeof(status));
	status &= ~cpu_to_le16(NM_S_ANNOUNCE);
	fv_config_set(nm->fv, offset, &status, sizeof(status));
	nm->ctrl.announces++;

	return NM_OK;
}

static u8 nm_ctrl_offloads(struct nm *nm, const u8 *data)
{
	__virtio64 wire;
	u64 offloads, bit;

	memcpy(&wire, data, sizeof(wire));
	offloads = nm64_to_cpu(nm, wire);
	for (bit = 0; bit < 64; bit++) {
		if (!(offloads & BIT_ULL(bit)) ||
		    (NM_F_GUEST_OFFLOADS & BIT_ULL(bit) && fv_negotiated(nm->fv, bit)))
			continue;
		nm_violation(nm, "5.1.6.5.9.1.1", "offload %llu was not negotiated", bit);
		return NM_ERR;
	}
	WRITE_ONCE(nm->ctrl.offloads, offloads);

	return NM_OK;
}

static u8 nm_run_command(struct nm *nm, u8 *cmd, unsigned int len, struct fv_chain *chain,
			 unsigned int *result)
{
	u8 class = cmd[0], command = cmd[1], *data = cmd + 2;
	__le32 tunnels;

	switch (class) {
	case NM_CTRL_RX:
		return nm_ctrl_rx(nm, command, data);
	case NM_CTRL_MAC:
		return nm_ctrl_mac(nm, command, data, len);
	case NM_CTRL_VLAN:
		return nm_ctrl_vlan(nm, command, data);
	case NM_CTRL_ANNOUNCE:
		return nm_ctrl_announce(nm);
	case NM_CTRL_MQ:
		return nm_ctrl_mq(nm, command, data, len);
	case NM_CTRL_OFFLOADS:
		return nm_ctrl_offloads(nm, data);
	case NM_CTRL_COAL:
		return nm_ctrl_coal(nm, command, data, len, chain, result);
	case NM_CTRL_HASH_TUNNEL:
		memcpy(&tunnels, data, sizeof(tunnels));
		nm->ctrl.tunnels = le32_to_cpu(tunnels);
		return nm->ctrl.tunnels ? NM_ERR : NM_OK;
	case NM_CTRL_STATS:
		return nm_ctrl_stats(nm, command, data, len, chain, result);
	default:
		return NM_ERR;
	}
}

static void nm_log_command(struct nm *nm, const u8 *cmd, unsigned int len, u8 ack)
{
	struct nm_cmd *log = &nm->ctrl.log[nm->ctrl.commands % NM_LOG_LEN];
	unsigned long flags;

	spin_lock_irqsave(&nm->lock, flags);
	log->class = cmd[0];
	log->command = cmd[1];
	log->ack = ack;
	log->len = len;
	if (ack == NM_OK)
		nm->ctrl.ok++;
	nm->ctrl.commands++;
	spin_unlock_irqrestore(&nm->lock, flags);
	wake_up_all(&nm->wait);
}

static u8 nm_answer(struct nm *nm, u8 *cmd, unsigned int len, struct fv_chain *chain,
		    unsigned int *result)
{
	if (!nm_check_command(nm, cmd[0], cmd[1], len))
		return NM_ERR;
	if (nm->refuse & BIT(cmd[0]))
		return NM_ERR;
	if (nm->garbage_ack & BIT(cmd[0]))
		return 0xa5;

	return nm_run_command(nm, cmd, len, chain, result);
}

/**
 * nm_handle_ctrl() - a command came
 * @nm: the device
 * @q: control queue
 * @chain: the command
 *
 * Context: may sleep.
 * Return: bytes of the answer.
 */
int nm_handle_ctrl(struct nm *nm, struct fv_queue *q, struct fv_chain *chain)
{
	unsigned int result = 0;
	u8 *cmd, ack = NM_ERR;

	if (chain->out_len < 2 || chain->out_len > NM_MAX_CMD || !chain->in_len) {
		nm_violation(nm, "5.1.6.5", "command of %zu bytes, answer of %zu",
			     chain->out_len, chain->in_len);
		return 0;
	}

	cmd = kvzalloc(chain->out_len, GFP_KERNEL);
	if (cmd) {
		fv_read(chain, 0, cmd, chain->out_len);
		nm_check_framing(nm, chain, cmd);
		ack = nm_answer(nm, cmd, chain->out_len - 2, chain, &result);
	}
	if (nm->mutate_ack)
		ack = nm->mutate_ack(nm, ack);
	fv_write(chain, 0, &ack, 1);
	if (cmd)
		nm_log_command(nm, cmd, chain->out_len - 2, ack);
	kvfree(cmd);

	if (nm->plain_ctrl) {
		fv_push_raw(q, chain->id, 1 + result);
		return -EINPROGRESS;
	}

	return 1 + result;
}

/**
 * nm_ctrl_reset() - what the driver has set is forgotten
 * @nm: the device
 *
 * Context: lock held, or nobody else knows the device.
 */
void nm_ctrl_reset(struct nm *nm)
{
	u8 (*macs)[ETH_ALEN] = nm->ctrl.macs;
	u64 commands = nm->ctrl.commands;

	memset(&nm->ctrl, 0, sizeof(nm->ctrl));
	nm->ctrl.macs = macs;
	nm->ctrl.commands = commands;
	nm->ctrl.pairs = 1;
	fv_config_get(nm->fv, offsetof(struct nm_config, mac), nm->ctrl.mac, ETH_ALEN);
}

static bool nm_logged(struct nm *nm, u8 class, u8 command, u64 since)
{
	unsigned long flags;
	bool found = false;
	u64 i;

	spin_lock_irqsave(&nm->lock, flags);
	i = nm->ctrl.commands > NM_LOG_LEN ? nm->ctrl.commands - NM_LOG_LEN : 0;
	for (i = max(i, since); i < nm->ctrl.commands && !found; i++)
		found = nm->ctrl.log[i % NM_LOG_LEN].class == class &&
			nm->ctrl.log[i % NM_LOG_LEN].command == command;
	spin_unlock_irqrestore(&nm->lock, flags);

	return found;
}

/**
 * nm_wait_command() - wait for a command
 * @nm: the device, running
 * @class: NM_CTRL_x
 * @command: of that class
 * @since: &nm_ctrl.commands at some time before
 * @ms: how long
 *
 * Return: true if it has come since then.
 */
bool nm_wait_command(struct nm *nm, u8 class, u8 command, u64 since, unsigned int ms)
{
	return nm_wait(nm, nm_logged(nm, class, command, since), ms);
}

static bool nm_mac_passes(const struct nm *nm, const u8 *mac)
{
	const u8 *mode = nm->ctrl.mode;
	unsigned int i, first, last;

	if (mode[NM_RX_PROMISC])
		return true;
	if (is_broadcast_ether_addr(mac))
		return !mode[NM_RX_NOBCAST];

	if (is_multicast_ether_addr(mac)) {
		if (mode[NM_RX_NOMULTI])
			return false;
		if (mode[NM_RX_ALLMULTI])
			return true;
		first = nm->ctrl.unicast;
		last = first + nm->ctrl.multicast;
	} else {
		if (mode[NM_RX_NOUNI])
			return false;
		if (mode[NM_RX_ALLUNI] || ether_addr_equal_unaligned(mac, nm->ctrl.mac))
			return true;
		first = 0;
		last = nm->ctrl.unicast;
	}
	for (i = first; i < last; i++)
		if (ether_addr_equal_unaligned(mac, nm->ctrl.macs[i]))
			return true;

	return false;
}

/**
 * nm_passes() - do the receive filters let a frame pass?
 * @nm: the device
 * @data: the frame
 * @len: its length
 *
 * Return: true if they do.
 */
bool nm_passes(const struct nm *nm, const u8 *data, unsigned int len)
{
	if (len < ETH_HLEN)
		return true;

	if (nm_has(nm, NM_F_CTRL_VLAN) && len >= ETH_HLEN + 4 &&
	    data[12] == 0x81 && data[13] == 0 &&
	    !test_bit((data[14] & 0xf) << 8 | data[15], nm->ctrl.vlans))
		return false;

	return !nm_has(nm, NM_F_CTRL_RX) || nm_mac_passes(nm, data);
}
