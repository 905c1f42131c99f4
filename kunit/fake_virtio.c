// SPDX-License-Identifier: GPL-2.0-only
/*
 * A virtio device without hardware: made, plugged, unplugged, put to sleep, destroyed.
 */
#include <linux/dma-mapping.h>
#include <linux/export.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>

#include <kunit/test.h>

#include "fake_virtio_core.h"

#define FV_QUEUE_NUM		128
#define FV_QUEUE_NUM_MAX	32768
#define FV_VENDOR		0x4b47

/* The driver core lets go of a device that is unplugged in no time, unless tests debug it. */
#define FV_RELEASE_SECONDS	30

static void fv_release(struct device *dev)
{
	struct fv_device *fv = fv_of(dev_to_virtio(dev));

	complete(&fv->priv->released);
}

static bool fv_queue_num_ok(const struct fv_device *fv, unsigned int num)
{
	return num && num <= FV_QUEUE_NUM_MAX &&
	       (is_power_of_2(num) || fv->features & BIT_ULL(VIRTIO_F_RING_PACKED));
}

static void fv_init(struct fv_device *fv, const struct fv_params *params, unsigned int num)
{
	struct fv_private *priv = fv->priv;
	unsigned int i;

	priv->fv = fv;
	mutex_init(&priv->run_lock);
	init_waitqueue_head(&priv->work);
	init_waitqueue_head(&priv->event);
	init_waitqueue_head(&priv->reset_wait);
	init_waitqueue_head(&priv->fatal_wait);
	spin_lock_init(&priv->rng_lock);
	spin_lock_init(&priv->message_lock);
	init_completion(&priv->released);
	spin_lock_init(&fv->config_lock);
	fv->irq_delay = 1;
	fv->irq_storm = 16;
	for (i = 0; i < FV_EVIL_NR; i++)
		fv->evil[i].queue = FV_ALL_QUEUES;
	for (i = 0; i < FV_MAX_QUEUES; i++) {
		struct fv_queue *q = &fv->queues[i];

		q->fv = fv;
		q->index = i;
		spin_lock_init(&q->lock);
		INIT_LIST_HEAD(&q->inflight);
		INIT_LIST_HEAD(&priv->q[i].staged);
		priv->q[i].q = q;
		priv->q[i].num_max = num;
	}
	fv_irq_init(fv);
	if (params->config)
		memcpy(fv->config, params->config, params->config_len);
}

static int fv_make_parent(struct fv_device *fv)
{
	struct platform_device *pdev;
	int err;

	pdev = platform_device_alloc("kgd_fake_virtio", PLATFORM_DEVID_AUTO);
	if (!pdev)
		return -ENOMEM;
	err = platform_device_add(pdev);
	if (!err) {
		err = dma_coerce_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(64));
		if (err)
			platform_device_del(pdev);
	}
	if (err) {
		platform_device_put(pdev);
		return err;
	}
	fv->pdev = pdev;
	return 0;
}

static void fv_free(struct fv_device *fv)
{
	fv_thread_stop(fv);
	if (fv->pdev)
		platform_device_unregister(fv->pdev);
	kvfree(fv->priv);
	kvfree(fv);
}

static void fv_report(struct fv_device *fv)
{
	int violations = atomic_read(&fv->violations);
	unsigned int i;

	if (!fv->test)
		return;
	for (i = 0; violations && i < fv->priv->nr_messages; i++)
		kunit_err(fv->test, "%s\n", fv->priv->message[i]);
	KUNIT_EXPECT_EQ_MSG(fv->test, violations, 0,
			    "what the driver of \"%s\" has done against the specification",
			    fv->model->name);
}

static void fv_teardown(struct fv_device *fv)
{
	struct fv_private *priv = fv->priv;

	if (priv->registered && priv->gone) {
		fv_surprise_unplug(fv);
	} else if (priv->registered) {
		/* A driver that waits for what it was denied is to get it now. */
		fv_behave(fv);
		if (fv->test && READ_ONCE(fv->test->status) == KUNIT_FAILURE)
			fv_set_mode(fv, FV_RUN);
	}
	fv_unplug(fv);
	fv_report(fv);
	/* What is still used by others cannot be freed; that was reported. */
	if (!priv->registered)
		fv_free(fv);
}

static int fv_resource_init(struct kunit_resource *res, void *fv)
{
	res->data = fv;
	return 0;
}

static void fv_resource_free(struct kunit_resource *res)
{
	fv_teardown(res->data);
}

static bool fv_resource_match(struct kunit *test, struct kunit_resource *res, void *fv)
{
	return res->free == fv_resource_free && res->data == fv;
}

/**
 * fv_create() - make a device, which is not plugged yet
 * @test: the test that it belongs to, which destroys it at its end; or NULL
 * @model: what it is
 * @params: what it offers
 *
 * Context: may sleep.
 *
 * Return: the device, or NULL if there is no memory or @params make no sense.
 */
struct fv_device *fv_create(struct kunit *test, const struct fv_model *model,
			    const struct fv_params *params)
{
	unsigned int num = params->queue_num ?: FV_QUEUE_NUM;
	struct fv_device *fv;

	fv = kvzalloc(sizeof(*fv), GFP_KERNEL);
	if (!fv)
		return NULL;
	fv->priv = kvzalloc(sizeof(*fv->priv), GFP_KERNEL);
	if (!fv->priv)
		goto free;
	fv->model = model;
	fv->test = test;
	fv->features = params->features;
	fv->features_high = params->features_high;
	fv->mode = params->mode;
	fv->nr_queues = params->nr_queues ?: model->nr_queues;
	fv->config_len = max(params->config_len, model->config_len);
	if (fv->nr_queues > FV_MAX_QUEUES || fv->config_len > FV_MAX_CONFIG ||
	    !fv_queue_num_ok(fv, num)) {
		pr_err("kgd_fake_virtio: %s: %u queues of %u, configuration of %u bytes; allowed: %u, a power of two unless packed, %u\n",
		       model->name, fv->nr_queues, num, fv->config_len, FV_MAX_QUEUES,
		       FV_MAX_CONFIG);
		goto free;
	}
	fv_init(fv, params, num);
	if (fv_make_parent(fv) || fv_thread_start(fv))
		goto free;
	if (test && !kunit_alloc_resource(test, fv_resource_init, fv_resource_free, GFP_KERNEL,
					  fv))
		goto free;
	return fv;
free:
	if (fv->priv)
		fv_free(fv);
	else
		kvfree(fv);
	return NULL;
}
EXPORT_SYMBOL_GPL(fv_create);

/**
 * fv_set_queue_num() - offer another size of one queue, from the next plug on
 * @fv: a device that is not plugged
 * @index: of the queue
 * @num: entries; a power of two unless packed. Anything else changes nothing.
 *
 * Context: may sleep.
 */
void fv_set_queue_num(struct fv_device *fv, unsigned int index, unsigned int num)
{
	if (index < FV_MAX_QUEUES && fv_queue_num_ok(fv, num))
		fv->priv->q[index].num_max = num;
}
EXPORT_SYMBOL_GPL(fv_set_queue_num);

static bool fv_wait_released(struct fv_device *fv)
{
	return wait_for_completion_timeout(&fv->priv->released, FV_RELEASE_SECONDS * HZ);
}

/**
 * fv_plug() - put the device on the virtio bus, where its driver finds it
 * @fv: a device that is not plugged
 *
 * Context: may sleep.
 *
 * Return: 0, also if no driver wanted it (see fv_bound()), or a negative error code.
 */
int fv_plug(struct fv_device *fv)
{
	struct virtio_device *vdev = &fv->vdev;
	int err;

	if (fv->priv->registered)
		return -EBUSY;
	memset(vdev, 0, sizeof(*vdev));
	vdev->dev.parent = &fv->pdev->dev;
	vdev->dev.release = fv_release;
	vdev->config = &fv_config_ops;
	vdev->id.device = fv->model->device_id;
	vdev->id.vendor = FV_VENDOR;
	reinit_completion(&fv->priv->released);
	WRITE_ONCE(fv->priv->config_ok, true);
	fv->priv->registered = true;
	err = register_virtio_device(vdev);
	if (!err)
		return 0;

	WRITE_ONCE(fv->priv->config_ok, false);
	irq_work_sync(&fv->priv->config_irq);
	put_device(&vdev->dev);
	if (fv_wait_released(fv))
		fv->priv->registered = false;
	return err;
}
EXPORT_SYMBOL_GPL(fv_plug);

/**
 * fv_bound() - has a driver taken the device?
 * @fv: the device
 *
 * Return: true if one has.
 */
bool fv_bound(const struct fv_device *fv)
{
	return fv->priv->registered && READ_ONCE(fv->vdev.dev.driver);
}
EXPORT_SYMBOL_GPL(fv_bound);

static bool fv_has_vqs(struct fv_device *fv)
{
	unsigned int i;

	for (i = 0; i < fv->nr_queues; i++)
		if (fv->queues[i].vq)
			return true;
	return false;
}

/**
 * fv_unplug() - take the device from the bus
 * @fv: the device; nothing happens if it is not plugged
 *
 * Context: may sleep.
 */
void fv_unplug(struct fv_device *fv)
{
	struct fv_private *priv = fv->priv;

	if (!priv->registered)
		return;
	get_device(&fv->vdev.dev);
	unregister_virtio_device(&fv->vdev);
	WRITE_ONCE(priv->config_ok, false);
	irq_work_sync(&priv->config_irq);
	if (fv_has_vqs(fv)) {
		fv_violation(fv, "2.4", "the driver has left virtqueues behind");
		fv_op_del_vqs(&fv->vdev);
	}
	fv_stop(fv);
	put_device(&fv->vdev.dev);
	if (!fv_wait_released(fv))
		fv_violation(fv, "driver model", "the device is still used after its removal");
	else
		priv->registered = false;
}
EXPORT_SYMBOL_GPL(fv_unplug);

/**
 * fv_surprise_unplug() - the device is gone first, and then taken from the bus
 * @fv: a plugged device
 *
 * As the PCI transport does it when a device was pulled out.
 *
 * Context: may sleep.
 */
void fv_surprise_unplug(struct fv_device *fv)
{
	if (!fv->priv->registered)
		return;
	fv_misbehave(fv, FV_EVIL_GONE, FV_ALL_QUEUES, 1);
	virtio_break_device(&fv->vdev);
	fv_unplug(fv);
	fv_misbehave(fv, FV_EVIL_GONE, FV_ALL_QUEUES, 0);
}
EXPORT_SYMBOL_GPL(fv_surprise_unplug);

/**
 * fv_destroy() - unplug and free a device, and judge the driver
 * @fv: the device, or NULL
 *
 * A violation of the specification fails the test that the device belongs to.
 *
 * Context: may sleep.
 */
void fv_destroy(struct fv_device *fv)
{
	if (!fv)
		return;
	if (fv->test)
		kunit_destroy_resource(fv->test, fv_resource_match, fv);
	else
		fv_teardown(fv);
}
EXPORT_SYMBOL_GPL(fv_destroy);

#ifdef CONFIG_PM_SLEEP

/**
 * fv_freeze() - let the driver prepare for the sleep of the machine
 * @fv: a plugged device
 *
 * Context: may sleep.
 *
 * Return: 0, or a negative error code.
 */
int fv_freeze(struct fv_device *fv)
{
	int err;

	device_lock(&fv->vdev.dev);
	err = virtio_device_freeze(&fv->vdev);
	device_unlock(&fv->vdev.dev);
	return err;
}
EXPORT_SYMBOL_GPL(fv_freeze);

/**
 * fv_restore() - let the driver go on after the sleep of the machine
 * @fv: a device after fv_freeze()
 *
 * Context: may sleep.
 *
 * Return: 0, or a negative error code.
 */
int fv_restore(struct fv_device *fv)
{
	int err;

	device_lock(&fv->vdev.dev);
	err = virtio_device_restore(&fv->vdev);
	device_unlock(&fv->vdev.dev);
	return err;
}
EXPORT_SYMBOL_GPL(fv_restore);

#else /* !CONFIG_PM_SLEEP */

int fv_freeze(struct fv_device *fv)
{
	return -EOPNOTSUPP;
}
EXPORT_SYMBOL_GPL(fv_freeze);

int fv_restore(struct fv_device *fv)
{
	return -EOPNOTSUPP;
}
EXPORT_SYMBOL_GPL(fv_restore);

#endif /* !CONFIG_PM_SLEEP */

/**
 * fv_negotiated() - has the driver accepted a feature?
 * @fv: the device
 * @bit: of the feature
 *
 * Return: true if it has.
 */
bool fv_negotiated(const struct fv_device *fv, unsigned int bit)
{
	if (bit < 64)
		return fv->priv->negotiated & BIT_ULL(bit);
	return bit < 128 && fv->priv->negotiated_high & BIT_ULL(bit - 64);
}
EXPORT_SYMBOL_GPL(fv_negotiated);

/**
 * fv_queue() - one of the queues
 * @fv: the device
 * @index: of the queue
 *
 * Return: the queue, or NULL if the device has not so many.
 */
struct fv_queue *fv_queue(struct fv_device *fv, unsigned int index)
{
	return index < fv->nr_queues ? &fv->queues[index] : NULL;
}
EXPORT_SYMBOL_GPL(fv_queue);

/**
 * fv_usable() - has the driver a queue, and not given it up?
 * @q: the queue, or NULL
 *
 * For those who are not called by the device: a driver that recovers frees its queues
 * meanwhile.
 *
 * Context: any. Takes &fv_queue.lock.
 *
 * Return: true if it has.
 */
bool fv_usable(struct fv_queue *q)
{
	unsigned long flags;
	bool usable;

	if (!q)
		return false;
	spin_lock_irqsave(&q->lock, flags);
	usable = q->vq && !virtqueue_is_broken(q->vq);
	spin_unlock_irqrestore(&q->lock, flags);
	return usable;
}
EXPORT_SYMBOL_GPL(fv_usable);

MODULE_DESCRIPTION("Virtio device without hardware, for tests");
MODULE_AUTHOR("kvm-guest-drivers-linux authors");
MODULE_LICENSE("GPL");
MODULE_VERSION(KGD_VERSION);
