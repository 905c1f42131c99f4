// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tells of an event: one line in the log and a uevent, with the numbers. There is one in
 * five seconds at most, whatever the host does; see event.c.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/device.h>
#include <linux/kernel.h>
#include <linux/kobject.h>
#include <linux/printk.h>
#include <linux/string.h>

#include "event.h"
#include "kvmclock.h"

static void sources_text(unsigned int sources, char *text, size_t size)
{
	scnprintf(text, size, "%s%s%s%s",
		  sources & KVMCLOCK_FROM_FLAG ? "flag " : "",
		  sources & KVMCLOCK_FROM_EPOCH ? "epoch " : "",
		  sources & KVMCLOCK_FROM_AREA ? "area " : "",
		  sources & KVMCLOCK_FROM_VMFORK ? "vmfork " : "");
	text[strlen(text) - 1] = '\0';
}

/**
 * kvmclock_report() - tell of an event
 * @dev: the device that it is told of
 * @event: the event, with one source at least
 * @count: how many of its kind there were, with this one
 *
 * Context: process, may sleep.
 */
void kvmclock_report(struct device *dev, const struct kvmclock_event *event, u64 count)
{
	const char *kind = kvmclock_event_name(event->kind);
	char sources[32], of_kind[32], of_sources[56], epoch[48], area[48], number[48];
	char *env[6];

	sources_text(event->sources, sources, sizeof(sources));
	pr_info("%s %llu: the host's epoch moved by %lld ns, its clock against the TSC by %lld ns (%s)\n",
		kind, count, event->epoch_jump, event->area_jump, sources);
	snprintf(of_kind, sizeof(of_kind), "KVMCLOCK_EVENT=%s", kind);
	snprintf(of_sources, sizeof(of_sources), "KVMCLOCK_SOURCES=%s", sources);
	snprintf(epoch, sizeof(epoch), "KVMCLOCK_EPOCH_JUMP=%lld", event->epoch_jump);
	snprintf(area, sizeof(area), "KVMCLOCK_AREA_JUMP=%lld", event->area_jump);
	snprintf(number, sizeof(number), "KVMCLOCK_COUNT=%llu", count);
	env[0] = of_kind;
	env[1] = of_sources;
	env[2] = epoch;
	env[3] = area;
	env[4] = number;
	env[5] = NULL;
	kobject_uevent_env(&dev->kobj, KOBJ_CHANGE, env);
}
