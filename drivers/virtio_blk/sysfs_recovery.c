// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attributes of the disk: when a request is late, what is done about it, and what
 * came of that.
 */
#include <linux/blkdev.h>
#include <linux/sysfs.h>

#include "vblk.h"
#include "params.h"
#include "sysfs.h"
#include "timeout.h"

static struct vblk *vblk_of(struct device *dev)
{
	return dev_to_disk(dev)->private_data;
}

static ssize_t io_timeout_show(struct device *dev,
			       struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", READ_ONCE(vblk_of(dev)->rec.timeout));
}

static ssize_t io_timeout_store(struct device *dev,
				struct device_attribute *attr, const char *buf,
				size_t count)
{
	unsigned int seconds;
	int err;

	err = vblk_parse_io_timeout(buf, &seconds);
	if (err)
		return err;
	vblk_set_timeout(vblk_of(dev), seconds);
	return count;
}
static DEVICE_ATTR_RW(io_timeout);

static ssize_t timeout_action_show(struct device *dev,
				   struct device_attribute *attr, char *buf)
{
	unsigned int action = READ_ONCE(vblk_of(dev)->rec.action);

	return sysfs_emit(buf, "%s\n", vblk_action_names[action]);
}

static ssize_t timeout_action_store(struct device *dev,
				    struct device_attribute *attr,
				    const char *buf, size_t count)
{
	unsigned int action;
	int err;

	err = vblk_parse_action(buf, &action);
	if (err)
		return err;
	WRITE_ONCE(vblk_of(dev)->rec.action, action);
	return count;
}
static DEVICE_ATTR_RW(timeout_action);

static ssize_t reset_timeout_show(struct device *dev,
				  struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n",
			  READ_ONCE(vblk_of(dev)->rec.reset_timeout));
}

static ssize_t reset_timeout_store(struct device *dev,
				   struct device_attribute *attr,
				   const char *buf, size_t count)
{
	unsigned int seconds;
	int err;

	err = vblk_parse_reset_timeout(buf, &seconds);
	if (err)
		return err;
	WRITE_ONCE(vblk_of(dev)->rec.reset_timeout, seconds);
	return count;
}
static DEVICE_ATTR_RW(reset_timeout);

static ssize_t recovery_state_show(struct device *dev,
				   struct device_attribute *attr, char *buf)
{
	unsigned long state = READ_ONCE(vblk_of(dev)->rec.state);
	const char *name = "running";

	if (state & BIT(VBLK_DEAD))
		name = "dead";
	else if (state & BIT(VBLK_FAILED))
		name = "failed";
	else if (state & BIT(VBLK_DOWN))
		name = "resetting";
	return sysfs_emit(buf, "%s\n", name);
}
static DEVICE_ATTR_RO(recovery_state);

#define VBLK_COUNTER(name, field)						\
static ssize_t name##_show(struct device *dev, struct device_attribute *attr,	\
			   char *buf)						\
{										\
	return sysfs_emit(buf, "%ld\n",					\
			  atomic_long_read(&vblk_of(dev)->rec.field));		\
}										\
static DEVICE_ATTR_RO(name)

VBLK_COUNTER(timeouts, timeouts);
VBLK_COUNTER(timeouts_healed, healed);
VBLK_COUNTER(resets, resets);
VBLK_COUNTER(replayed, replayed);
VBLK_COUNTER(stuck, stuck);

static struct attribute *vblk_recovery_attrs[] = {
	&dev_attr_io_timeout.attr,
	&dev_attr_timeout_action.attr,
	&dev_attr_reset_timeout.attr,
	&dev_attr_recovery_state.attr,
	&dev_attr_timeouts.attr,
	&dev_attr_timeouts_healed.attr,
	&dev_attr_resets.attr,
	&dev_attr_replayed.attr,
	&dev_attr_stuck.attr,
	NULL
};

const struct attribute_group vblk_recovery_group = {
	.attrs = vblk_recovery_attrs,
};
