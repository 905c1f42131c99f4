// SPDX-License-Identifier: GPL-2.0-only
/*
 * The balloon as a device: its queues, its configuration, its resets.
 */
#include <kunit/test.h>
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/slab.h>

#include "model_balloon.h"

#define MB_CONFIG(field)	offsetof(struct virtio_balloon_config, field)

/* What each queue depends on; the first two are always there (virtio 1.3, 5.5.2). */
static const u64 mb_role_feature[MB_NR_ROLES] = {
	[MB_STATS] = MB_BIT(STATS_VQ),
	[MB_HINT] = MB_BIT(FREE_PAGE_HINT),
	[MB_REPORT] = MB_BIT(REPORTING),
};

static const unsigned int mb_role_bit[MB_NR_ROLES] = {
	[MB_STATS] = VIRTIO_BALLOON_F_STATS_VQ,
	[MB_HINT] = VIRTIO_BALLOON_F_FREE_PAGE_HINT,
	[MB_REPORT] = VIRTIO_BALLOON_F_REPORTING,
};

/**
 * mb_changed() - wake who waits for something to happen
 * @mb: the balloon
 */
void mb_changed(struct mb_device *mb)
{
	if (wq_has_sleeper(&mb->wait))
		wake_up_all(&mb->wait);
}

static int mb_lies_told(const struct fv_device *fv)
{
	return atomic_read(&fv->evil_done[FV_EVIL_TWICE]) +
	       atomic_read(&fv->evil_done[FV_EVIL_ID_IDLE]) +
	       atomic_read(&fv->evil_done[FV_EVIL_INDEX_JUMP]);
}

/**
 * mb_lied() - has the device pretended, since its reset, to be done with a buffer?
 * @mb: the balloon
 *
 * The driver cannot know what the device has then, and must not be blamed for it.
 *
 * Return: true if so
 */
bool mb_lied(struct mb_device *mb)
{
	return mb_lies_told(mb->fv) != mb->lies;
}

static bool mb_role_usable(const struct mb_device *mb, enum mb_role role)
{
	return !mb_role_feature[role] || fv_negotiated(mb->fv, mb_role_bit[role]);
}

static int mb_handle(struct fv_queue *q, struct fv_chain *chain)
{
	struct mb_device *mb = q->fv->model_data;
	enum mb_role role = q->index < MB_NR_ROLES ? mb->role[q->index] : MB_NR_ROLES;
	int ret = 0;

	if (role == MB_NR_ROLES || !mb_role_usable(mb, role)) {
		fv_violation(mb->fv, "5.5.2", "queue %u is used, whose feature was not negotiated",
			     q->index);
		return 0;
	}
	mb_lock();
	switch (role) {
	case MB_INFLATE:
		ret = mb_inflate(mb, chain);
		break;
	case MB_DEFLATE:
		ret = mb_deflate(mb, chain);
		break;
	case MB_STATS:
		ret = mb_stats_buffer(mb, chain);
		break;
	case MB_HINT:
		ret = mb_hint(mb, chain);
		break;
	case MB_REPORT:
		ret = mb_report(mb, chain);
		break;
	default:
		break;
	}
	mb_unlock();
	mb_changed(mb);
	return ret;
}

static void mb_poison_written(struct mb_device *mb)
{
	if (!fv_negotiated(mb->fv, VIRTIO_BALLOON_F_PAGE_POISON))
		fv_violation(mb->fv, "5.5.4", "poison_val is written without PAGE_POISON");
	if (mb->fv->status & VIRTIO_CONFIG_S_DRIVER_OK)
		fv_violation(mb->fv, "5.5.6.6", "poison_val is written after DRIVER_OK");
	mb->poison_written = true;
}

static void mb_config_written(struct fv_device *fv, unsigned int offset, unsigned int len)
{
	struct mb_device *mb = fv->model_data;

	if (len == sizeof(__le32) && offset == MB_CONFIG(actual)) {
		atomic_inc(&mb->actual_writes);
		mb_changed(mb);
	} else if (len == sizeof(__le32) && offset == MB_CONFIG(poison_val)) {
		mb_poison_written(mb);
	} else if (offset < MB_CONFIG(actual) + sizeof(__le32) &&
		   offset + len > MB_CONFIG(actual)) {
		fv_violation(fv, "5.5.6.2.1", "actual is written in parts: %u bytes at %u", len,
			     offset);
	} else {
		fv_violation(fv, "5.5.4", "%u bytes at %u of the configuration are written", len,
			     offset);
	}
}

static void mb_driver_ok(struct fv_device *fv)
{
	struct mb_device *mb = fv->model_data;

	mb->must_tell = fv_negotiated(fv, VIRTIO_BALLOON_F_MUST_TELL_HOST);
	if (fv_negotiated(fv, VIRTIO_BALLOON_F_PAGE_POISON) && !mb->poison_written)
		fv_violation(fv, "5.5.6.6", "DRIVER_OK without poison_val");
}

static void mb_reset(struct fv_device *fv)
{
	struct mb_device *mb = fv->model_data;
	u64 buffers;

	if (!mb)
		return;
	mb_lock();
	mb_forget(mb);
	mb->must_tell = false;
	mb->poison_written = false;
	mb->lies = mb_lies_told(fv);
	buffers = mb->stats.buffers;
	memset(&mb->stats, 0, sizeof(mb->stats));
	mb->stats.buffers = buffers;
	mb->hints.round = VIRTIO_BALLOON_CMD_ID_STOP;
	mb->reports.nr_kept = 0;
	mb_unlock();
	mb_changed(mb);
}

static const struct fv_model mb_model = {
	.name = "balloon",
	.device_id = VIRTIO_ID_BALLOON,
	.nr_queues = MB_NR_ROLES,
	.config_len = sizeof(struct virtio_balloon_config),
	.handle = mb_handle,
	.config_written = mb_config_written,
	.driver_ok = mb_driver_ok,
	.reset = mb_reset,
};

/* Gives the queues their numbers; returns how many the device has. */
static unsigned int mb_assign_roles(struct mb_device *mb)
{
	unsigned int i, nr = 0;
	enum mb_role role;

	for (i = 0; i < MB_NR_ROLES; i++)
		mb->role[i] = MB_NR_ROLES;
	for (role = 0; role < MB_NR_ROLES; role++) {
		if (mb_role_feature[role] && !(mb->p.features & mb_role_feature[role]))
			continue;
		i = mb->p.dense ? nr : role;
		mb->role[i] = role;
		nr = i + 1;
	}
	return nr;
}

/**
 * mb_create() - make a balloon, not yet plugged in
 * @test: that it ends with, or NULL
 * @params: what it is like
 *
 * The map must be there: mb_map_get().
 *
 * Context: may sleep.
 * Return: the balloon, or NULL
 */
struct mb_device *mb_create(struct kunit *test, const struct mb_params *params)
{
	struct virtio_balloon_config config = { .num_pages = cpu_to_le32(params->num_pages) };
	struct fv_params fp = {
		.features = params->features,
		.queue_num = params->queue_num,
		.mode = params->mode,
		.config = &config,
		.config_len = sizeof(config),
	};
	struct mb_device *mb;

	/* It has to be there until the fake device is gone, which was made after it. */
	if (test)
		mb = kunit_kzalloc(test, sizeof(*mb), GFP_KERNEL);
	else
		mb = kzalloc(sizeof(*mb), GFP_KERNEL);
	if (!mb)
		return NULL;

	mb->test = test;
	mb->p = *params;
	mb->model = mb_model;
	if (params->device_id)
		mb->model.device_id = params->device_id;
	mb_number(mb);
	init_waitqueue_head(&mb->wait);
	mb->hints.last = VIRTIO_BALLOON_CMD_ID_DONE;
	fp.nr_queues = mb_assign_roles(mb);

	mb->fv = fv_create(test, &mb->model, &fp);
	if (IS_ERR_OR_NULL(mb->fv)) {
		if (!test)
			kfree(mb);
		return NULL;
	}
	mb->fv->model_data = mb;
	return mb;
}

/**
 * mb_destroy() - the opposite of mb_create(), for a balloon without a test
 * @mb: the balloon
 *
 * Context: may sleep.
 */
void mb_destroy(struct mb_device *mb)
{
	fv_destroy(mb->fv);
	if (!mb->test)
		kfree(mb);
}

/**
 * mb_queue() - find a queue
 * @mb: the balloon
 * @role: what it is for
 *
 * Return: the queue, or NULL if the device has none
 */
struct fv_queue *mb_queue(struct mb_device *mb, enum mb_role role)
{
	unsigned int i;

	for (i = 0; i < MB_NR_ROLES; i++)
		if (mb->role[i] == role)
			return fv_queue(mb->fv, i);
	return NULL;
}

/**
 * mb_set_target_silently() - change the target, and do not announce it
 * @mb: the balloon
 * @pages: num_pages
 */
void mb_set_target_silently(struct mb_device *mb, u32 pages)
{
	__le32 num_pages = cpu_to_le32(pages);

	fv_config_set(mb->fv, MB_CONFIG(num_pages), &num_pages, sizeof(num_pages));
}

/**
 * mb_set_target() - change the target, and announce it
 * @mb: the balloon
 * @pages: num_pages
 */
void mb_set_target(struct mb_device *mb, u32 pages)
{
	mb_set_target_silently(mb, pages);
	fv_config_changed(mb->fv);
}

static u32 mb_config_field(struct mb_device *mb, unsigned int offset)
{
	__le32 val;

	fv_config_get(mb->fv, offset, &val, sizeof(val));
	return le32_to_cpu(val);
}

/**
 * mb_actual() - what does the driver say that the balloon has?
 * @mb: the balloon
 *
 * Return: pages
 */
u32 mb_actual(struct mb_device *mb)
{
	return mb_config_field(mb, MB_CONFIG(actual));
}

/**
 * mb_poison() - what has the driver put into poison_val?
 * @mb: the balloon
 *
 * Return: that
 */
u32 mb_poison(struct mb_device *mb)
{
	return mb_config_field(mb, MB_CONFIG(poison_val));
}

/**
 * mb_wait_actual() - wait for the driver to say that the balloon has so many pages
 * @mb: the balloon
 * @pages: so many
 * @ms: wait no longer than this
 *
 * Context: may sleep.
 * Return: true if it does, and the device thinks so too
 */
bool mb_wait_actual(struct mb_device *mb, u32 pages, unsigned int ms)
{
	return wait_event_timeout(mb->wait, mb_actual(mb) == pages && mb->held == pages,
				  msecs_to_jiffies(ms));
}

/**
 * mb_wait_held() - wait for the device to have so many pages
 * @mb: the balloon
 * @at_least: so many
 * @ms: wait no longer than this
 *
 * Context: may sleep.
 * Return: true if it has
 */
bool mb_wait_held(struct mb_device *mb, unsigned long at_least, unsigned int ms)
{
	return wait_event_timeout(mb->wait, mb->held >= at_least, msecs_to_jiffies(ms));
}
