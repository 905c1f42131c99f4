// SPDX-License-Identifier: GPL-2.0-only
/*
 * virtio block device driver (virtio 1.3, 5.2).
 *
 * main.c binds and unbinds; disk.c has the disk, queue.c its queues, config.c
 * what the device says about itself, io.c and complete.c the way of a request,
 * timeout.c what is done about requests that are late, recover.c resets, stop.c and
 * pm.c the ways to end.
 */
#include <linux/blkdev.h>
#include <linux/blk-mq.h>
#include <linux/module.h>
#include <linux/virtio.h>
#include <linux/virtio_blk.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ids.h>

#include "virtio_disable.h"
#include "vblk.h"
#include "config.h"
#include "disk.h"
#include "pm.h"
#include "queue.h"
#include "recover.h"
#include "stats.h"
#include "stop.h"
#include "sysfs.h"
#include "zoned.h"

static int vblk_validate(struct virtio_device *vdev)
{
	virtio_disable_features(vdev);
	if (!blk_can_secure_erase())
		__virtio_clear_bit(vdev, VIRTIO_BLK_F_SECURE_ERASE);
	return vblk_zoned_validate(vdev);
}

static int vblk_probe(struct virtio_device *vdev)
{
	struct vblk *vblk;
	int err;

	if (!vdev->config->get) {
		dev_err(&vdev->dev, "device has no configuration space\n");
		return -EINVAL;
	}

	vblk = vblk_alloc();
	if (IS_ERR(vblk))
		return PTR_ERR(vblk);
	vblk->vdev = vdev;
	vdev->priv = vblk;

	err = vblk_alloc_queues(vblk);
	if (err)
		goto free;
	err = vblk_find_vqs(vblk);
	if (err)
		goto free;
	err = vblk_alloc_tags(vblk);
	if (err)
		goto del_vqs;
	err = vblk_alloc_disk(vblk);
	if (err)
		goto free_tags;

	/* Partitions are read while the disk is added. */
	vblk_config_open(vblk);
	err = vblk_start_device(vblk);
	if (err)
		goto put_disk;
	err = vblk_zoned_revalidate(vblk);
	if (err)
		goto put_disk;
	err = device_add_disk(&vdev->dev, vblk->disk, vblk_attr_groups);
	if (err)
		goto put_disk;
	vblk_stats_add(vblk);
	vblk_await_resets(vblk);

	return 0;

put_disk:
	vblk_stop_device(vblk);
	put_disk(vblk->disk);
free_tags:
	blk_mq_free_tag_set(&vblk->tag_set);
del_vqs:
	vblk_del_vqs(vblk);
free:
	vdev->priv = NULL;
	vblk_free(vblk);
	return err;
}

static void vblk_remove(struct virtio_device *vdev)
{
	struct vblk *vblk = vdev->priv;

	vblk_remove_disk(vblk);
	vblk_stats_del(vblk);
	blk_mq_free_tag_set(&vblk->tag_set);

	/* Openers keep the disk, and with it @vblk. */
	vdev->priv = NULL;
	vblk->vdev = NULL;
	put_disk(vblk->disk);
}

static const struct virtio_device_id vblk_ids[] = {
	{ VIRTIO_ID_BLOCK, VIRTIO_DEV_ANY_ID },
	{ 0 },
};
MODULE_DEVICE_TABLE(virtio, vblk_ids);

static const unsigned int vblk_features[] = {
	VIRTIO_BLK_F_SIZE_MAX,
	VIRTIO_BLK_F_SEG_MAX,
	VIRTIO_BLK_F_GEOMETRY,
	VIRTIO_BLK_F_RO,
	VIRTIO_BLK_F_BLK_SIZE,
	VIRTIO_BLK_F_FLUSH,
	VIRTIO_BLK_F_TOPOLOGY,
	VIRTIO_BLK_F_CONFIG_WCE,
	VIRTIO_BLK_F_MQ,
	VIRTIO_BLK_F_DISCARD,
	VIRTIO_BLK_F_WRITE_ZEROES,
	VBLK_F_LIFETIME,
	VIRTIO_BLK_F_SECURE_ERASE,
#ifdef BLK_DEV_HAS_ZONES
	VIRTIO_BLK_F_ZONED,
#endif
};

static struct virtio_driver vblk_driver = {
	.feature_table		= vblk_features,
	.feature_table_size	= ARRAY_SIZE(vblk_features),
	.driver.name		= KBUILD_MODNAME,
	.id_table		= vblk_ids,
	.validate		= vblk_validate,
	.probe			= vblk_probe,
	.remove			= vblk_remove,
	.config_changed		= vblk_config_changed,
#ifdef CONFIG_PM_SLEEP
	.freeze			= vblk_freeze,
	.restore		= vblk_restore,
#endif
	/* The bus resets the function (PCI FLR): no more than sleep does, but under load. */
	VIRTIO_DRIVER_RESET(vblk_freeze, vblk_restore)
};

static int __init vblk_init(void)
{
	int err;

	err = vblk_disk_init();
	if (err)
		return err;
	vblk_stats_init();
	err = register_virtio_driver(&vblk_driver);
	if (err) {
		vblk_stats_exit();
		vblk_disk_exit();
	}
	return err;
}
module_init(vblk_init);

static void __exit vblk_exit(void)
{
	unregister_virtio_driver(&vblk_driver);
	vblk_stats_exit();
	vblk_disk_exit();
}
module_exit(vblk_exit);

MODULE_DESCRIPTION("Virtio block driver");
MODULE_AUTHOR("kvm-guest-drivers-linux authors");
MODULE_VERSION(KGD_VERSION);
MODULE_LICENSE("GPL");
