// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attributes of the disk: serial and cache_type.
 */
#include <linux/blkdev.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <linux/virtio_config.h>

#include "vblk.h"
#include "cache.h"
#include "serial.h"
#include "sysfs.h"

static ssize_t serial_show(struct device *dev, struct device_attribute *attr,
			   char *buf)
{
	struct gendisk *disk = dev_to_disk(dev);
	int len;

	len = vblk_serial_read(disk->private_data, buf);
	/* A device that has none says so with an error. */
	return len == -EIO || len == -EOPNOTSUPP ? 0 : len;
}
static DEVICE_ATTR_RO(serial);

static ssize_t cache_type_show(struct device *dev,
			       struct device_attribute *attr, char *buf)
{
	struct vblk *vblk = dev_to_disk(dev)->private_data;

	return sysfs_emit(buf, "%s\n",
			  vblk_cache_types[READ_ONCE(vblk->writeback)]);
}

static ssize_t cache_type_store(struct device *dev,
				struct device_attribute *attr, const char *buf,
				size_t count)
{
	struct vblk *vblk = dev_to_disk(dev)->private_data;
	int type, err;

	type = __sysfs_match_string(vblk_cache_types, VBLK_CACHE_TYPES, buf);
	if (type < 0) {
		dev_err(&vblk->vdev->dev,
			"[%s] cache_type '%.*s': must be '%s' or '%s'\n",
			vblk->disk->disk_name,
			(int)min_t(size_t, strcspn(buf, "\n"), 32), buf,
			vblk_cache_types[0], vblk_cache_types[1]);
		return type;
	}

	err = vblk_cache_set(vblk, type);
	return err ?: count;
}
static DEVICE_ATTR_RW(cache_type);

static struct attribute *vblk_attrs[] = {
	&dev_attr_serial.attr,
	&dev_attr_cache_type.attr,
	NULL
};

static umode_t vblk_attr_mode(struct kobject *kobj, struct attribute *attr,
			      int n)
{
	struct vblk *vblk = dev_to_disk(kobj_to_dev(kobj))->private_data;

	if (attr == &dev_attr_cache_type.attr &&
	    !virtio_has_feature(vblk->vdev, VIRTIO_BLK_F_CONFIG_WCE))
		return 0444;
	return attr->mode;
}

static const struct attribute_group vblk_attr_group = {
	.attrs = vblk_attrs,
	.is_visible = vblk_attr_mode,
};

const struct attribute_group *vblk_attr_groups[] = {
	&vblk_attr_group,
	&vblk_recovery_group,
	NULL
};
