// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory statistics (virtio 1.3, 5.5.6.3): the device keeps a buffer, and asks for the
 * next one by using it.
 *
 * The specification wants a multiple of 6 bytes, but an entry of its own has 10.
 */
#include <linux/jiffies.h>
#include <linux/kernel.h>

#include "model_balloon.h"

static void mb_stats_entry(struct mb_device *mb, const struct virtio_balloon_stat *entry)
{
	u16 tag = virtio16_to_cpu(&mb->fv->vdev, entry->tag);

	if (tag >= MB_STATS_MAX) {
		fv_violation(mb->fv, "5.5.6.4", "statistic with the tag %u", tag);
		return;
	}
	if (mb->stats.tags & BIT_ULL(tag))
		fv_violation(mb->fv, "5.5.6.3", "statistic %u twice in a buffer", tag);
	mb->stats.tags |= BIT_ULL(tag);
	mb->stats.val[tag] = virtio64_to_cpu(&mb->fv->vdev, entry->val);
}

/**
 * mb_stats_buffer() - take the statistics out of a buffer, and keep it
 * @mb: the balloon
 * @chain: the buffer
 *
 * Context: under mb_lock().
 * Return: -EINPROGRESS, or 0 if there is one already
 */
int mb_stats_buffer(struct mb_device *mb, struct fv_chain *chain)
{
	bool first = !mb->stats.tags;
	struct virtio_balloon_stat entry;
	u64 before = mb->stats.tags;
	size_t at;

	if (chain->nr_in)
		fv_violation(mb->fv, "5.5.6.3", "statistics buffer with a part to write into");
	if (!chain->out_len || chain->out_len % sizeof(entry))
		fv_violation(mb->fv, "5.5.6.3", "statistics buffer of %zu bytes", chain->out_len);
	if (mb->stats.chain) {
		fv_violation(mb->fv, "5.5.6.3", "a second statistics buffer");
		return 0;
	}

	mb->stats.tags = 0;
	mb->stats.nr = 0;
	for (at = 0; at + sizeof(entry) <= chain->out_len; at += sizeof(entry)) {
		if (fv_read(chain, at, &entry, sizeof(entry)) < sizeof(entry))
			return 0;
		mb_stats_entry(mb, &entry);
		mb->stats.nr++;
	}
	if (!first && mb->stats.tags != before)
		fv_violation(mb->fv, "5.5.6.3", "statistics %#llx instead of %#llx",
			     mb->stats.tags, before);
	mb->stats.chain = chain;
	mb->stats.buffers++;
	return -EINPROGRESS;
}

/**
 * mb_stats_poll() - ask for statistics, and wait for them
 * @mb: the balloon
 * @ms: wait no longer than this
 *
 * Context: may sleep.
 * Return: true if there are new ones
 */
bool mb_stats_poll(struct mb_device *mb, unsigned int ms)
{
	struct fv_chain *chain;
	u64 before;

	if (!wait_event_timeout(mb->wait, mb->stats.chain, msecs_to_jiffies(ms)))
		return false;
	mb_lock();
	chain = mb->stats.chain;
	mb->stats.chain = NULL;
	before = mb->stats.buffers;
	mb_unlock();
	if (!chain)
		return false;
	fv_push(chain, 0);
	return wait_event_timeout(mb->wait, mb->stats.buffers > before, msecs_to_jiffies(ms));
}

/**
 * mb_stat() - look at a statistic
 * @mb: the balloon
 * @tag: which one
 * @val: is set to it
 *
 * Return: false if the driver does not supply it
 */
bool mb_stat(struct mb_device *mb, u16 tag, u64 *val)
{
	bool there;

	mb_lock();
	there = tag < MB_STATS_MAX && (mb->stats.tags & BIT_ULL(tag));
	if (there)
		*val = mb->stats.val[tag];
	mb_unlock();
	return there;
}
