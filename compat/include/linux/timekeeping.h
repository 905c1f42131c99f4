/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KGD_LINUX_TIMEKEEPING_H
#define _KGD_LINUX_TIMEKEEPING_H

#include_next <linux/timekeeping.h>
#include <linux/clocksource_ids.h>
#include <linux/errno.h>
#include <kgd/config.h>

#ifndef KGD_HAVE_COUNTERVAL_CS_ID
/*
 * A counter's value came with a pointer to its clocksource, which for the TSC no module
 * can get hold of. So there are no cross time stamps.
 */
struct kgd_system_counterval {
	u64 cycles;
	enum clocksource_ids cs_id;
};

static inline int
kgd_get_device_system_crosststamp(int (*get_time)(ktime_t *device,
						  struct kgd_system_counterval *system,
						  void *ctx),
				  void *ctx, struct system_time_snapshot *history,
				  struct system_device_crosststamp *stamp)
{
	return -EOPNOTSUPP;
}

#define system_counterval_t		kgd_system_counterval
#define get_device_system_crosststamp	kgd_get_device_system_crosststamp
#endif
#endif
