// SPDX-License-Identifier: GPL-2.0-only
/*
 * /sys/devices/platform/kvmclock: see Documentation/ABI/testing/sysfs-platform-kvmclock.
 */
#include <linux/device.h>
#include <linux/sysfs.h>
#include <linux/time64.h>

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

static struct attribute *kvmclock_attrs[] = {
	&dev_attr_mode.attr,
	&dev_attr_features.attr,
	&dev_attr_host_wall_time.attr,
	&dev_attr_tsc_stable.attr,
	&dev_attr_bad_reads.attr,
	NULL
};

static const struct attribute_group kvmclock_group = {
	.attrs = kvmclock_attrs,
};

const struct attribute_group *kvmclock_groups[] = {
	&kvmclock_group,
	NULL
};
