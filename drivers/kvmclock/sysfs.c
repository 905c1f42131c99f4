// SPDX-License-Identifier: GPL-2.0-only
/*
 * /sys/devices/platform/kvmclock: see Documentation/ABI/testing/sysfs-platform-kvmclock.
 */
#include <linux/device.h>
#include <linux/sysfs.h>
#include <linux/time64.h>

#include "event.h"
#include "kvmclock.h"

static ssize_t mode_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n",
			  kvmclock_mode == KVMCLOCK_OWNER ? "owner" : "companion");
}
static DEVICE_ATTR_RO(mode);

static ssize_t features_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "0x%08x\n", kvmclock_info.features);
}
static DEVICE_ATTR_RO(features);

static ssize_t host_wall_time_show(struct device *dev, struct device_attribute *attr,
				   char *buf)
{
	struct timespec64 ts;
	int err = kvmclock_wall_time(&ts);

	if (err)
		return err;
	return sysfs_emit(buf, "%lld.%09ld\n", ts.tv_sec, ts.tv_nsec);
}
static DEVICE_ATTR_RO(host_wall_time);

static ssize_t tsc_stable_show(struct device *dev, struct device_attribute *attr,
			       char *buf)
{
	u8 flags;
	u64 ns;
	int err = kvmclock_look(&ns, &flags);

	if (err)
		return err;
	return sysfs_emit(buf, "%d\n", !!(flags & PVCLOCK_TSC_STABLE_BIT));
}
static DEVICE_ATTR_RO(tsc_stable);

static ssize_t bad_reads_show(struct device *dev, struct device_attribute *attr,
			      char *buf)
{
	return sysfs_emit(buf, "%llu\n", kvmclock_bad_reads());
}
static DEVICE_ATTR_RO(bad_reads);

static ssize_t show_count(enum kvmclock_event_kind kind, char *buf)
{
	struct kvmclock_watch watch;

	kvmclock_sampler_get(&watch);
	return sysfs_emit(buf, "%llu\n", watch.count[kind]);
}

static ssize_t pauses_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return show_count(KVMCLOCK_PAUSE, buf);
}
static DEVICE_ATTR_RO(pauses);

static ssize_t restores_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return show_count(KVMCLOCK_RESTORE, buf);
}
static DEVICE_ATTR_RO(restores);

static ssize_t host_steps_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return show_count(KVMCLOCK_HOST_STEP, buf);
}
static DEVICE_ATTR_RO(host_steps);

static ssize_t merged_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct kvmclock_watch watch;

	kvmclock_sampler_get(&watch);
	return sysfs_emit(buf, "%llu\n", watch.absorbed);
}
static DEVICE_ATTR_RO(merged);

static ssize_t largest_jump_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct kvmclock_watch watch;

	kvmclock_sampler_get(&watch);
	return sysfs_emit(buf, "%llu\n", watch.largest);
}
static DEVICE_ATTR_RO(largest_jump);

static ssize_t last_event_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct kvmclock_watch watch;

	kvmclock_sampler_get(&watch);
	return sysfs_emit(buf, "%s %lld %lld\n", kvmclock_event_name(watch.latest.kind),
			  watch.latest.epoch_jump, watch.latest.area_jump);
}
static DEVICE_ATTR_RO(last_event);

static struct attribute *kvmclock_attrs[] = {
	&dev_attr_mode.attr,
	&dev_attr_features.attr,
	&dev_attr_host_wall_time.attr,
	&dev_attr_tsc_stable.attr,
	&dev_attr_bad_reads.attr,
	&dev_attr_pauses.attr,
	&dev_attr_restores.attr,
	&dev_attr_host_steps.attr,
	&dev_attr_merged.attr,
	&dev_attr_largest_jump.attr,
	&dev_attr_last_event.attr,
	NULL
};

static const struct attribute_group kvmclock_group = {
	.attrs = kvmclock_attrs,
};

const struct attribute_group *kvmclock_groups[] = {
	&kvmclock_group,
	NULL
};
