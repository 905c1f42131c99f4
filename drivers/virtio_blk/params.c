// SPDX-License-Identifier: GPL-2.0-only
/*
 * Module parameters. Names, types and modes are those of the in-tree driver.
 * Each is read once for a disk, when the driver is bound to it.
 */
#include <linux/blk-mq.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/moduleparam.h>

#include "params.h"

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
