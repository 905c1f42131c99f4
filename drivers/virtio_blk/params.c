// SPDX-License-Identifier: GPL-2.0-only
/*
 * Module parameters. Names, types and modes are those of the in-tree driver, which
 * has none of those about time. Each is read once for a disk, when the driver is bound to it.
 */
#include <linux/blk-mq.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "vblk.h"
#include "params.h"

/* A day. */
#define VBLK_MAX_TIMEOUT	86400
#define VBLK_RESET_TIMEOUT	30

static unsigned int queue_depth;

static int queue_depth_set(const char *val, const struct kernel_param *kp)
{
	unsigned int depth;
	int err;

	err = kstrtouint(val, 0, &depth);
	if (err || depth > BLK_MQ_MAX_DEPTH) {
		pr_err("%s: queue_depth=%s: must be 0 (as deep as the device allows) to %u\n",
		       KBUILD_MODNAME, val, BLK_MQ_MAX_DEPTH);
		return err ?: -EINVAL;
	}

	WRITE_ONCE(*(unsigned int *)kp->arg, depth);
	return 0;
}

static const struct kernel_param_ops queue_depth_ops = {
	.set = queue_depth_set,
	.get = param_get_uint,
};

module_param_cb(queue_depth, &queue_depth_ops, &queue_depth, 0444);
__MODULE_PARM_TYPE(queue_depth, "uint");

static unsigned int num_request_queues;
module_param(num_request_queues, uint, 0644);
MODULE_PARM_DESC(num_request_queues,
		 "Limit the number of request queues to use for blk device. 0 for no limit. Values > nr_cpu_ids truncated to nr_cpu_ids.");

static unsigned int poll_queues;
module_param(poll_queues, uint, 0644);
MODULE_PARM_DESC(poll_queues,
		 "The number of dedicated virtqueues for polling I/O");

static unsigned int io_timeout;
static unsigned int timeout_action = VBLK_ACTION_RESET;
static unsigned int reset_timeout = VBLK_RESET_TIMEOUT;

const char * const vblk_action_names[VBLK_ACTIONS] = {
	"wait", "kick", "reset", "fail"
};

/* How much of what was written to show: its first line, if that is short. */
static int vblk_text_len(const char *val)
{
	return min_t(size_t, strcspn(val, "\n"), 32);
}

/**
 * vblk_parse_io_timeout() - read a number of seconds until a request is late
 * @val: the text
 * @seconds: where to put it
 *
 * Context: any.
 * Return: 0, or a negative error number after a message.
 */
int vblk_parse_io_timeout(const char *val, unsigned int *seconds)
{
	unsigned int s;
	int err;

	err = kstrtouint(val, 0, &s);
	if (err || s > VBLK_MAX_TIMEOUT) {
		pr_err("%s: io_timeout=%.*s: must be 0 (wait for ever) to %u seconds\n",
		       KBUILD_MODNAME, vblk_text_len(val), val, VBLK_MAX_TIMEOUT);
		return err ?: -EINVAL;
	}
	*seconds = s;
	return 0;
}

/**
 * vblk_parse_reset_timeout() - read a number of seconds that a reset may take
 * @val: the text
 * @seconds: where to put it
 *
 * Context: any.
 * Return: 0, or a negative error number after a message.
 */
int vblk_parse_reset_timeout(const char *val, unsigned int *seconds)
{
	unsigned int s;
	int err;

	err = kstrtouint(val, 0, &s);
	if (err || !s || s > VBLK_MAX_TIMEOUT) {
		pr_err("%s: reset_timeout=%.*s: must be 1 to %u seconds\n",
		       KBUILD_MODNAME, vblk_text_len(val), val, VBLK_MAX_TIMEOUT);
		return err ?: -EINVAL;
	}
	*seconds = s;
	return 0;
}

/**
 * vblk_parse_action() - read what to do about a request that is late
 * @val: the text
 * @action: where to put it
 *
 * Context: any.
 * Return: 0, or a negative error number after a message.
 */
int vblk_parse_action(const char *val, unsigned int *action)
{
	int i = __sysfs_match_string(vblk_action_names, VBLK_ACTIONS, val);

	if (i < 0) {
		pr_err("%s: timeout_action=%.*s: must be wait, kick, reset or fail\n",
		       KBUILD_MODNAME, vblk_text_len(val), val);
		return i;
	}
	*action = i;
	return 0;
}

static int io_timeout_set(const char *val, const struct kernel_param *kp)
{
	return vblk_parse_io_timeout(val, kp->arg);
}

static const struct kernel_param_ops io_timeout_ops = {
	.set = io_timeout_set,
	.get = param_get_uint,
};

module_param_cb(io_timeout, &io_timeout_ops, &io_timeout, 0644);
__MODULE_PARM_TYPE(io_timeout, "uint");
MODULE_PARM_DESC(io_timeout,
		 "Seconds until a request without answer is late. 0 (default) to wait for ever.");

static int action_set(const char *val, const struct kernel_param *kp)
{
	return vblk_parse_action(val, kp->arg);
}

static int action_get(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%s\n", vblk_action_names[*(unsigned int *)kp->arg]);
}

static const struct kernel_param_ops action_ops = {
	.set = action_set,
	.get = action_get,
};

module_param_cb(timeout_action, &action_ops, &timeout_action, 0644);
__MODULE_PARM_TYPE(timeout_action, "charp");
MODULE_PARM_DESC(timeout_action,
		 "What to do about late requests: wait, kick, reset (default) or fail");

static int reset_timeout_set(const char *val, const struct kernel_param *kp)
{
	return vblk_parse_reset_timeout(val, kp->arg);
}

static const struct kernel_param_ops reset_timeout_ops = {
	.set = reset_timeout_set,
	.get = param_get_uint,
};

module_param_cb(reset_timeout, &reset_timeout_ops, &reset_timeout, 0644);
__MODULE_PARM_TYPE(reset_timeout, "uint");
MODULE_PARM_DESC(reset_timeout,
		 "Seconds that a device may take to confirm a reset before its disk is dead (default 30)");

/**
 * vblk_param_io_timeout() - when a request is late
 *
 * Context: any.
 * Return: seconds; 0 for never.
 */
unsigned int vblk_param_io_timeout(void)
{
	return READ_ONCE(io_timeout);
}

/**
 * vblk_param_timeout_action() - what to do about a request that is late
 *
 * Context: any.
 * Return: enum vblk_action.
 */
unsigned int vblk_param_timeout_action(void)
{
	return READ_ONCE(timeout_action);
}

/**
 * vblk_param_reset_timeout() - how long a reset may take
 *
 * Context: any.
 * Return: seconds.
 */
unsigned int vblk_param_reset_timeout(void)
{
	return READ_ONCE(reset_timeout);
}

/**
 * vblk_param_queue_depth() - requests that one queue may have under way
 *
 * Context: any.
 * Return: what was asked for; 0 if the device decides.
 */
unsigned int vblk_param_queue_depth(void)
{
	return READ_ONCE(queue_depth);
}

/**
 * vblk_param_request_queues() - how many queues to use at most
 *
 * Context: any.
 * Return: what was asked for; 0 if there is no limit.
 */
unsigned int vblk_param_request_queues(void)
{
	return READ_ONCE(num_request_queues);
}

/**
 * vblk_param_poll_queues() - how many of the queues are for polling
 *
 * Context: any.
 * Return: what was asked for.
 */
unsigned int vblk_param_poll_queues(void)
{
	return READ_ONCE(poll_queues);
}
