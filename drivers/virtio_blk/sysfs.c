// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attributes of the disk: serial, cache_type, and how worn it is.
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

/* Names and form are those of the attributes of an MMC, where the numbers come from. */
static ssize_t pre_eol_info_show(struct device *dev,
				 struct device_attribute *attr, char *buf)
{
	struct vblk_lifetime lifetime;
	int err;

	err = vblk_lifetime_read(dev_to_disk(dev)->private_data, &lifetime);
	if (err)
		return err;
	return sysfs_emit(buf, "0x%02x\n", le16_to_cpu(lifetime.pre_eol_info));
}
static DEVICE_ATTR_RO(pre_eol_info);

static ssize_t life_time_show(struct device *dev,
			      struct device_attribute *attr, char *buf)
{
	struct vblk_lifetime lifetime;
	int err;

	err = vblk_lifetime_read(dev_to_disk(dev)->private_data, &lifetime);
	if (err)
		return err;
	return sysfs_emit(buf, "0x%02x 0x%02x\n", le16_to_cpu(lifetime.typ_a),
			  le16_to_cpu(lifetime.typ_b));
}
static DEVICE_ATTR_RO(life_time);

static struct attribute *vblk_attrs[] = {
	&dev_attr_serial.attr,
	&dev_attr_cache_type.attr,
	&dev_attr_pre_eol_info.attr,
	&dev_attr_life_time.attr,
	NULL
};

static umode_t vblk_attr_mode(struct kobject *kobj, struct attribute *attr,
			      int n)
{
	struct vblk *vblk = dev_to_disk(kobj_to_dev(kobj))->private_data;

	if (attr == &dev_attr_cache_type.attr &&
	    !virtio_has_feature(vblk->vdev, VIRTIO_BLK_F_CONFIG_WCE))
		return 0444;
	if ((attr == &dev_attr_pre_eol_info.attr ||
	     attr == &dev_attr_life_time.attr) &&
	    !virtio_has_feature(vblk->vdev, VBLK_F_LIFETIME))
		return 0;
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
