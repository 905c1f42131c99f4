// SPDX-License-Identifier: GPL-2.0-only
/*
 * Traditional memory balloon (virtio 1.3, 5.5): the driver and its devices.
 */
#include <linux/device.h>
#include <linux/module.h>
#include <linux/pm.h>
#include <linux/reboot.h>
#include <linux/slab.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ids.h>

#include "balloon.h"
#include "virtio_disable.h"
#include "virtio_ready.h"

static int vb_validate(struct virtio_device *vdev)
{
	if (!vdev->config->get) {
		dev_err(&vdev->dev, "the device has no configuration to read\n");
		return -EINVAL;
	}
	virtio_disable_features(vdev);
	/*
	 * What the device gets are physical addresses of the guest, in the contents
	 * of a buffer where no IOMMU translates them.
	 */
	__virtio_clear_bit(vdev, VIRTIO_F_ACCESS_PLATFORM);

	/* The device may change what is in a page that it is told to be free. */
	if (!vb_free_pages_matter())
		__virtio_clear_bit(vdev, VIRTIO_BALLOON_F_PAGE_POISON);
	else if (!virtio_has_feature(vdev, VIRTIO_BALLOON_F_PAGE_POISON))
		__virtio_clear_bit(vdev, VIRTIO_BALLOON_F_REPORTING);
	return 0;
}

static int vb_probe(struct virtio_device *vdev)
{
	struct vb_device *vb;
	int err;

	vb = kzalloc(sizeof(*vb), GFP_KERNEL);
	if (!vb)
		return -ENOMEM;

	vdev->priv = vb;
	vb->vdev = vdev;
	vb->stopped = true;
	vb->must_tell = virtio_has_feature(vdev, VIRTIO_BALLOON_F_MUST_TELL_HOST);
	spin_lock_init(&vb->lock);
	INIT_DELAYED_WORK(&vb->work, vb_work);
	vb->keep_total = virtio_has_feature(vdev, VIRTIO_BALLOON_F_DEFLATE_ON_OOM);
	mutex_init(&vb->mutex);
	init_waitqueue_head(&vb->reports.wait);
	vb_floor_init(vb);
	vb_held_init(vb);

	/* Memory may be freed by it, so it has to run when there is none. */
	vb->wq = alloc_ordered_workqueue("balloon-%s", WQ_FREEZABLE | WQ_MEM_RECLAIM,
					 dev_name(&vdev->dev));
	if (!vb->wq) {
		err = -ENOMEM;
		goto err_free;
	}

	err = vb_queues_create(vb);
	if (err)
		goto err_wq;

	vb->reboot_nb.notifier_call = vb_reboot;
	err = register_reboot_notifier(&vb->reboot_nb);
	if (err)
		goto err_queues;
	err = vb_oom_init(vb);
	if (err)
		goto err_reboot;

	vb_poison_write(vb);
	err = virtio_ready_checked(vdev);
	if (err)
		goto err_oom;
	vb_debug_add(vb);
	vb_start(vb);
	return 0;

err_oom:
	vb_oom_exit(vb);
err_reboot:
	unregister_reboot_notifier(&vb->reboot_nb);
err_queues:
	vb_queues_destroy(vb);
err_wq:
	destroy_workqueue(vb->wq);
err_free:
	vdev->priv = NULL;
	kfree(vb);
	return err;
}

static void vb_remove(struct virtio_device *vdev)
{
	struct vb_device *vb = vdev->priv;
	bool closed;

	vb_debug_del(vb);
	unregister_reboot_notifier(&vb->reboot_nb);
	vb_oom_exit(vb);
	closed = vb_close(vb);
	destroy_workqueue(vb->wq);
	vdev->priv = NULL;
	if (closed)
		kfree(vb);
	else
		/* Whoever lets go of the page later on comes here. */
		__module_get(THIS_MODULE);
}

static void vb_config_changed(struct virtio_device *vdev)
{
	struct vb_device *vb = vdev->priv;

	WRITE_ONCE(vb->changed, true);
	vb_wake(vb);
}

static const struct virtio_device_id vb_ids[] = {
	{ VIRTIO_ID_BALLOON, VIRTIO_DEV_ANY_ID },
	{ }
};
MODULE_DEVICE_TABLE(virtio, vb_ids);

static const unsigned int vb_features[] = {
	VIRTIO_BALLOON_F_MUST_TELL_HOST,
	VIRTIO_BALLOON_F_STATS_VQ,
	VIRTIO_BALLOON_F_DEFLATE_ON_OOM,
	VIRTIO_BALLOON_F_FREE_PAGE_HINT,
	VIRTIO_BALLOON_F_PAGE_POISON,
	VIRTIO_BALLOON_F_REPORTING,
};

static struct virtio_driver vb_driver = {
	.driver.name = "virtio_balloon",
	.driver.dev_groups = vb_groups,
	.id_table = vb_ids,
	.feature_table = vb_features,
	.feature_table_size = ARRAY_SIZE(vb_features),
	.validate = vb_validate,
	.probe = vb_probe,
	.remove = vb_remove,
	.config_changed = vb_config_changed,
#ifdef CONFIG_PM_SLEEP
	.freeze = vb_freeze,
	.restore = vb_restore,
#endif
};

static int __init vb_init(void)
{
	int err;

	vb_debug_init();
	err = register_virtio_driver(&vb_driver);
	if (err)
		vb_debug_exit();
	return err;
}
module_init(vb_init);

static void __exit vb_exit(void)
{
	unregister_virtio_driver(&vb_driver);
	vb_debug_exit();
}
module_exit(vb_exit);

MODULE_DESCRIPTION("Virtio memory balloon driver");
MODULE_AUTHOR("kvm-guest-drivers-linux authors");
MODULE_VERSION(KGD_VERSION);
MODULE_LICENSE("GPL");
