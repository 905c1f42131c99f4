// SPDX-License-Identifier: GPL-2.0-only
/* Model of a network device: life, configuration space, features. */

#include <linux/bitops.h>
#include <linux/etherdevice.h>
#include <linux/err.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>
#include <linux/virtio_ids.h>

#include "model_net.h"

/* 5.1.3.1: what a feature needs; one bit of @any is enough */
static const struct {
	u64 feature;
	u64 any;
} nm_deps[] = {
	{ NM_F_GUEST_TSO4, NM_F_GUEST_CSUM },
	{ NM_F_GUEST_TSO6, NM_F_GUEST_CSUM },
	{ NM_F_GUEST_ECN, NM_F_GUEST_TSO4 | NM_F_GUEST_TSO6 },
	{ NM_F_GUEST_UFO, NM_F_GUEST_CSUM },
	{ NM_F_GUEST_USO4, NM_F_GUEST_CSUM },
	{ NM_F_GUEST_USO6, NM_F_GUEST_CSUM },
	{ NM_F_HOST_TSO4, NM_F_CSUM },
	{ NM_F_HOST_TSO6, NM_F_CSUM },
	{ NM_F_HOST_ECN, NM_F_HOST_TSO4 | NM_F_HOST_TSO6 },
	{ NM_F_HOST_UFO, NM_F_CSUM },
	{ NM_F_HOST_USO, NM_F_CSUM },
	{ NM_F_CTRL_RX, NM_F_CTRL_VQ },
	{ NM_F_CTRL_RX_EXTRA, NM_F_CTRL_VQ },
	{ NM_F_CTRL_VLAN, NM_F_CTRL_VQ },
	{ NM_F_GUEST_ANNOUNCE, NM_F_CTRL_VQ },
	{ NM_F_MQ, NM_F_CTRL_VQ },
	{ NM_F_CTRL_MAC_ADDR, NM_F_CTRL_VQ },
	{ NM_F_NOTF_COAL, NM_F_CTRL_VQ },
	{ NM_F_VQ_NOTF_COAL, NM_F_CTRL_VQ },
	{ NM_F_RSC_EXT, NM_F_HOST_TSO4 | NM_F_HOST_TSO6 },
	{ NM_F_RSS, NM_F_CTRL_VQ },
	{ NM_F_HASH_REPORT, NM_F_CTRL_VQ },
	{ NM_F_HASH_TUNNEL, NM_F_RSS | NM_F_HASH_REPORT },
};

/**
 * nm_has() - was one of these features negotiated?
 * @nm: the device
 * @features: NM_F_x
 *
 * Return: true if the driver has set one of them.
 */
bool nm_has(const struct nm *nm, u64 features)
{
	for (; features; features &= features - 1)
		if (fv_negotiated(nm->fv, __ffs64(features)))
			return true;

	return false;
}

/**
 * nm_hdr_len() - length of the header in front of each frame
 * @nm: the device, its features negotiated
 *
 * Return: bytes (virtio 1.3, 5.1.6 and 5.1.6.1).
 */
unsigned int nm_hdr_len(const struct nm *nm)
{
	if (nm_has(nm, NM_F_HASH_REPORT))
		return NM_HDR_LEN_HASH;
	if (nm_has(nm, NM_F_VERSION_1 | NM_F_MRG_RXBUF))
		return NM_HDR_LEN;

	return NM_HDR_LEN_LEGACY;
}

/**
 * nm_loose_layout() - may the driver cut requests into descriptors at will?
 * @nm: the device
 *
 * Return: false for the framing of 5.1.6.6.
 */
bool nm_loose_layout(const struct nm *nm)
{
	return nm_has(nm, NM_F_VERSION_1 | NM_F_ANY_LAYOUT);
}

static bool nm_little_endian(const struct nm *nm)
{
	return nm_has(nm, NM_F_VERSION_1) || virtio_legacy_is_little_endian();
}

/**
 * nm16_to_cpu() - read a field
 * @nm: the device
 * @val: as the driver wrote it
 *
 * Return: the value.
 */
u16 nm16_to_cpu(const struct nm *nm, __virtio16 val)
{
	return __virtio16_to_cpu(nm_little_endian(nm), val);
}

/**
 * nm16_from_cpu() - write a field
 * @nm: the device
 * @val: the value
 *
 * Return: as the driver reads it.
 */
__virtio16 nm16_from_cpu(const struct nm *nm, u16 val)
{
	return __cpu_to_virtio16(nm_little_endian(nm), val);
}

/**
 * nm32_to_cpu() - read a field
 * @nm: the device
 * @val: as the driver wrote it
 *
 * Return: the value.
 */
u32 nm32_to_cpu(const struct nm *nm, __virtio32 val)
{
	return __virtio32_to_cpu(nm_little_endian(nm), val);
}

/**
 * nm64_to_cpu() - read a field
 * @nm: the device
 * @val: as the driver wrote it
 *
 * Return: the value.
 */
u64 nm64_to_cpu(const struct nm *nm, __virtio64 val)
{
	return __virtio64_to_cpu(nm_little_endian(nm), val);
}

/**
 * nm_ctrl_index() - where is the control queue?
 * @nm: the device
 *
 * Return: its index (virtio 1.3, 5.1.2), or one beyond all without a control queue.
 */
unsigned int nm_ctrl_index(const struct nm *nm)
{
	if (!nm_has(nm, NM_F_CTRL_VQ))
		return FV_MAX_QUEUES;

	return nm_has(nm, NM_F_MQ | NM_F_RSS) ? 2 * nm->max_pairs : 2;
}

static int nm_handle(struct fv_queue *q, struct fv_chain *chain)
{
	struct nm *nm = q->fv->model_data;

	if (q->index == nm_ctrl_index(nm))
		return nm_handle_ctrl(nm, q, chain);
	if (q->index / 2 >= nm->max_pairs) {
		nm_violation(nm, "5.1.2", "use of queue %u", q->index);
		return 0;
	}

	return q->index & 1 ? nm_handle_tx(nm, q, chain) : nm_handle_rx(nm, q, chain);
}

static void nm_driver_ok(struct fv_device *fv)
{
	struct nm *nm = fv->model_data;
	unsigned long flags;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(nm_deps); i++)
		if (nm_has(nm, nm_deps[i].feature) && !nm_has(nm, nm_deps[i].any))
			nm_violation(nm, "5.1.3.1", "features %#llx without one of %#llx",
				     nm_deps[i].feature, nm_deps[i].any);

	if (!nm_has(nm, NM_F_VERSION_1) && nm_has(nm, NM_F_RING_PACKED))
		nm_violation(nm, "6.1", "packed ring without VERSION_1");

	/* 5.1.6.5.9.1: what was negotiated is on at first. */
	spin_lock_irqsave(&nm->lock, flags);
	nm->ctrl.offloads = 0;
	for (i = 0; i < 64; i++)
		if (NM_F_GUEST_OFFLOADS & BIT_ULL(i) && fv_negotiated(fv, i))
			nm->ctrl.offloads |= BIT_ULL(i);
	spin_unlock_irqrestore(&nm->lock, flags);
	wake_up_all(&nm->wait);
}

/* Only the legacy interface has a field that may be written (5.1.4.2, 5.1.4.3). */
static void nm_config_written(struct fv_device *fv, unsigned int offset, unsigned int len)
{
	struct nm *nm = fv->model_data;

	if (nm_has(nm, NM_F_VERSION_1))
		nm_violation(nm, "5.1.4.2", "%u bytes at %u of the configuration written",
			     len, offset);
	else if (offset + len > ETH_ALEN)
		nm_violation(nm, "5.1.4.3", "%u bytes at %u of the configuration written",
			     len, offset);
	else
		WRITE_ONCE(nm->mac_writes, nm->mac_writes + len);
	wake_up_all(&nm->wait);
}

static void nm_reset(struct fv_device *fv)
{
	struct nm *nm = fv->model_data;
	struct nm_frame *frame, *next;
	unsigned long flags;
	unsigned int i;
	LIST_HEAD(drop);

	spin_lock_irqsave(&nm->lock, flags);
	for (i = 0; i < nm->max_pairs; i++)
		nm->rxq[i].count = 0;
	list_splice_init(&nm->backlog, &drop);
	nm->nr_backlog = 0;
	bitmap_zero(nm->stale, NM_MAX_PAIRS);
	nm->resets++;
	nm_ctrl_reset(nm);
	spin_unlock_irqrestore(&nm->lock, flags);

	list_for_each_entry_safe(frame, next, &drop, node)
		nm_free_frame(frame);
	wake_up_all(&nm->wait);
}

static void nm_queue_reset(struct fv_queue *q)
{
	struct nm *nm = q->fv->model_data;

	if (q->index >= 2 * nm->max_pairs)
		return;
	/* It comes back with what all of its kind were given last. */
	nm->ctrl.coal[q->index] = q->index & 1 ? nm->ctrl.coal_tx : nm->ctrl.coal_rx;
	if (!(q->index & 1))
		nm_rx_forget(nm, q->index / 2);
}

static const struct fv_model nm_model = {
	.name = "net",
	.device_id = VIRTIO_ID_NET,
	.nr_queues = 3,
	.config_len = sizeof(struct nm_config),
	.handle = nm_handle,
	.config_written = nm_config_written,
	.driver_ok = nm_driver_ok,
	.reset = nm_reset,
	.queue_reset = nm_queue_reset,
};

static void nm_fill_config(struct nm_config *config, const struct nm_params *params,
			   unsigned int pairs)
{
	static const u8 mac[ETH_ALEN] = { 0x52, 0x54, 0x00, 0x4b, 0x47, 0x44 };

	ether_addr_copy(config->mac, params->bad_mac || !is_zero_ether_addr(params->mac) ?
			params->mac : mac);
	config->status = cpu_to_le16(params->link_down ? 0 : NM_S_LINK_UP);
	config->max_pairs = cpu_to_le16(params->claim_pairs ? params->config_pairs : pairs);
	config->mtu = cpu_to_le16(params->mtu);
	config->speed = cpu_to_le32(10000);
	config->duplex = 1;
	config->rss_max_key_size = NM_KEY_MIN;
	config->rss_max_table = cpu_to_le16(NM_TABLE_MIN);
	config->hash_types = cpu_to_le32(NM_HASH_TYPES);
}

static void nm_free(struct nm *nm)
{
	struct nm_frame *frame, *next;
	unsigned int i;

	nm_drop_sent(nm);
	list_for_each_entry_safe(frame, next, &nm->backlog, node)
		nm_free_frame(frame);
	for (i = 0; i < NM_MAX_PAIRS; i++)
		kvfree(nm->rxq[i].bufs);
	kvfree(nm->ctrl.macs);
	kvfree(nm);
}

static int nm_alloc_tables(struct nm *nm, unsigned int queue_num)
{
	unsigned int i;

	nm->ctrl.macs = kvcalloc(NM_MAX_MACS, ETH_ALEN, GFP_KERNEL);
	if (!nm->ctrl.macs)
		return -ENOMEM;

	for (i = 0; i < nm->max_pairs; i++) {
		nm->rxq[i].bufs = kvcalloc(queue_num, sizeof(*nm->rxq[i].bufs), GFP_KERNEL);
		if (!nm->rxq[i].bufs)
			return -ENOMEM;
	}

	return 0;
}

/**
 * nm_create() - make a network device, not plugged in yet
 * @test: the test that it belongs to, NULL in a fuzzer
 * @params: what it is like
 *
 * Context: may sleep.
 * Return: the device, for nm_destroy(), or NULL.
 */
struct nm *nm_create(struct kunit *test, const struct nm_params *params)
{
	unsigned int pairs = clamp_t(unsigned int, params->max_pairs, 1, NM_MAX_PAIRS);
	struct nm_config config = {};
	struct fv_params fvp = {
		.features = params->features,
		.queue_num = params->queue_num,
		.nr_queues = 2 * pairs + 1,
		.mode = params->mode,
		.config = &config,
		.config_len = sizeof(config),
	};
	struct nm *nm;

	nm = kvzalloc(sizeof(*nm), GFP_KERNEL);
	if (!nm)
		return NULL;

	spin_lock_init(&nm->lock);
	init_waitqueue_head(&nm->wait);
	INIT_LIST_HEAD(&nm->sent);
	INIT_LIST_HEAD(&nm->backlog);
	nm->max_pairs = pairs;
	nm->lie = params->lie;
	nm_fill_config(&config, params, pairs);
	nm->config = config;
	if (nm_alloc_tables(nm, params->queue_num ?: 128))
		goto err;

	nm->fv = fv_create(test, &nm_model, &fvp);
	if (IS_ERR_OR_NULL(nm->fv))
		goto err;
	nm->fv->model_data = nm;
	nm_ctrl_reset(nm);

	return nm;

err:
	nm_free(nm);

	return NULL;
}

/**
 * nm_destroy() - unplug the device and forget it
 * @nm: the device, may be NULL
 *
 * Context: may sleep.
 */
void nm_destroy(struct nm *nm)
{
	if (!nm)
		return;

	fv_destroy(nm->fv);
	nm->fv = NULL;
	nm_free(nm);
}

/**
 * nm_netdev() - find the interface that the driver has made
 * @nm: the device
 *
 * Context: takes RTNL.
 * Return: the interface, to be released with dev_put(), or NULL.
 */
struct net_device *nm_netdev(struct nm *nm)
{
	struct net_device *dev, *found = NULL;

	rtnl_lock();
	for_each_netdev(&init_net, dev) {
		if (dev->dev.parent != &nm->fv->vdev.dev)
			continue;
		found = dev;
		dev_hold(found);
		break;
	}
	rtnl_unlock();

	return found;
}

static void nm_status(struct nm *nm, u16 set, u16 clear)
{
	unsigned int offset = offsetof(struct nm_config, status);
	__le16 status;

	fv_config_get(nm->fv, offset, &status, sizeof(status));
	status = cpu_to_le16((le16_to_cpu(status) | set) & ~clear);
	fv_config_set(nm->fv, offset, &status, sizeof(status));
	fv_config_changed(nm->fv);
}

/**
 * nm_set_link() - change the state of the link, and say so
 * @nm: the device
 * @up: the new state
 */
void nm_set_link(struct nm *nm, bool up)
{
	nm_status(nm, up ? NM_S_LINK_UP : 0, up ? 0 : NM_S_LINK_UP);
}

/**
 * nm_announce() - ask the driver to announce itself
 * @nm: the device
 */
void nm_announce(struct nm *nm)
{
	nm_status(nm, NM_S_ANNOUNCE, 0);
}

/**
 * nm_set_speed() - change what the device says of its link, and say so
 * @nm: the device
 * @speed: in Mbit/s
 * @duplex: 0 half, 1 full
 */
void nm_set_speed(struct nm *nm, u32 speed, u8 duplex)
{
	__le32 val = cpu_to_le32(speed);

	fv_config_set(nm->fv, offsetof(struct nm_config, speed), &val, sizeof(val));
	fv_config_set(nm->fv, offsetof(struct nm_config, duplex), &duplex, sizeof(duplex));
	fv_config_changed(nm->fv);
}
