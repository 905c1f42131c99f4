// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attributes of the disk: serial and cache_type.
 */
#include <linux/blkdev.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <linux/virtio_config.h>

#include "vblk.h"
#include "config.h"
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

/* The value of the configuration field is the index. */
static const char * const cache_types[] = { "write through", "write back" };

static ssize_t cache_type_show(struct device *dev,
			       struct device_attribute *attr, char *buf)
{
	struct vblk *vblk = dev_to_disk(dev)->private_data;

	return sysfs_emit(buf, "%s\n",
			  cache_types[READ_ONCE(vblk->writeback)]);
}

/* Tell the block layer; also waits for every request that is under way. */
static int vblk_set_cache_feature(struct vblk *vblk, bool writeback)
{
	struct request_queue *q = vblk->disk->queue;
	struct queue_limits lim = queue_limits_start_update(q);

	if (writeback)
		lim.features |= BLK_FEAT_WRITE_CACHE;
	else
		lim.features &= ~BLK_FEAT_WRITE_CACHE;
	return queue_limits_commit_update_frozen(q, &lim);
}

/*
 * A write that was under way when the cache went off can still be in it, and
 * switching it off makes nothing stable (virtio 1.3, 5.2.6.1). So those writes
 * have to end first, then comes a flush, and only then no more flushes.
 *
 * Caller holds vblk->cache_lock.
 */
static int vblk_set_writeback(struct vblk *vblk, bool writeback)
{
	struct virtio_device *vdev = vblk->vdev;
	u8 wce = writeback;
	int err;

	virtio_cwrite(vdev, struct virtio_blk_config, wce, &wce);
	if (vblk_read_writeback(vblk) != writeback) {
		dev_err_ratelimited(&vdev->dev,
				    "device does not switch its cache to %s\n",
				    cache_types[writeback]);
		return -EIO;
	}

	if (!writeback && vblk->writeback) {
		err = vblk_set_cache_feature(vblk, true);
		if (!err)
			err = blkdev_issue_flush(vblk->disk->part0);
		if (err)
			return err;
	}

	err = vblk_set_cache_feature(vblk, writeback);
	if (!err)
		WRITE_ONCE(vblk->writeback, writeback);
	return err;
}

static ssize_t cache_type_store(struct device *dev,
				struct device_attribute *attr, const char *buf,
				size_t count)
{
	struct vblk *vblk = dev_to_disk(dev)->private_data;
	int type, err;

	type = sysfs_match_string(cache_types, buf);
	if (type < 0) {
		dev_err(&vblk->vdev->dev,
			"[%s] cache_type '%.*s': must be '%s' or '%s'\n",
			vblk->disk->disk_name,
			(int)min_t(size_t, strcspn(buf, "\n"), 32), buf,
			cache_types[0], cache_types[1]);
		return type;
	}

	err = mutex_lock_killable(&vblk->cache_lock);
	if (err)
		return err;
	err = vblk_set_writeback(vblk, type);
	mutex_unlock(&vblk->cache_lock);
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
	NULL
};
