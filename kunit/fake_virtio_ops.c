// SPDX-License-Identifier: GPL-2.0-only
/*
 * Status and features of the fake device, virtio 1.3, 2.1, 2.2 and 3.1.
 */
#include <linux/delay.h>
#include <linux/virtio_ring.h>

#include "fake_virtio_core.h"

/*
 * The core looks whether the driver has started the device, and starts it if not. Only then
 * does it report changes of the configuration. Until then the task that binds or resumes does
 * not look itself at a device that it has started.
 */
static void fv_core_looks(struct fv_device *fv)
{
	unsigned int msecs;

	if (!READ_ONCE(fv->core_msecs) || READ_ONCE(fv->vdev.config_core_enabled) ||
	    READ_ONCE(fv->priv->starter) != current)
		return;

	WRITE_ONCE(fv->core_looks, true);
	fv_wake_tests(fv);
	for (msecs = 0; msecs < READ_ONCE(fv->core_msecs); msecs += 20)
		msleep(20);
	WRITE_ONCE(fv->core_looks, false);
}

static u8 fv_op_get_status(struct virtio_device *vdev)
{
	struct fv_device *fv = fv_of(vdev);

	fv_core_looks(fv);
	/* Transports remember a reset of a device that is gone: the core asks for it. */
	if (READ_ONCE(fv->priv->gone) && !READ_ONCE(fv->priv->gone_reset))
		return 0xff;
	return READ_ONCE(fv->status) | READ_ONCE(fv->status_lie);
}

/* What has to be there before each bit, 3.1.1. */
static void fv_check_status(struct fv_device *fv, u8 old, u8 new)
{
	u8 set = new & ~old;

	if (!new)
		fv_violation(fv, "2.1.1", "status set to zero other than by a reset");
	else if (old & ~new)
		fv_violation(fv, "2.1.1", "status bits %#x cleared", old & ~new);
	if (set & VIRTIO_CONFIG_S_DRIVER && !(new & VIRTIO_CONFIG_S_ACKNOWLEDGE))
		fv_violation(fv, "3.1.1", "DRIVER before ACKNOWLEDGE");
	if (set & VIRTIO_CONFIG_S_FEATURES_OK && !(old & VIRTIO_CONFIG_S_DRIVER))
		fv_violation(fv, "3.1.1", "FEATURES_OK before DRIVER");
	if (set & VIRTIO_CONFIG_S_DRIVER_OK) {
		if (!(old & VIRTIO_CONFIG_S_DRIVER))
			fv_violation(fv, "3.1.1", "DRIVER_OK before DRIVER");
		if (fv->priv->negotiated & BIT_ULL(VIRTIO_F_VERSION_1) &&
		    !(old & VIRTIO_CONFIG_S_FEATURES_OK))
			fv_violation(fv, "3.1.1", "DRIVER_OK before FEATURES_OK");
		if (old & VIRTIO_CONFIG_S_FAILED)
			fv_violation(fv, "2.1.1", "DRIVER_OK after FAILED");
	}
}

static bool fv_features_ok(struct fv_device *fv)
{
	u64 odd = fv->priv->negotiated & ~fv->features;
	u64 odd_high = fv->priv->negotiated_high & ~fv->features_high;

	if (!odd && !odd_high)
		return !fv_evil_take(fv, FV_EVIL_FEATURES_REFUSED, FV_ALL_QUEUES);
	if (fv_in_step(fv))
		fv_violation(fv, "2.2.1",
			     "features %#llx (and %#llx beyond bit 63) accepted, which were not offered",
			     odd, odd_high);
	return false;
}

static void fv_driver_ok(struct fv_device *fv)
{
	unsigned long flags;
	unsigned int i;

	for (i = 0; i < fv->nr_queues; i++) {
		struct fv_queue *q = &fv->queues[i];

		spin_lock_irqsave(&q->lock, flags);
		if (q->enabled)
			fv_notify_enable(q, true);
		spin_unlock_irqrestore(&q->lock, flags);
	}
	if (fv->model->driver_ok)
		fv->model->driver_ok(fv);
}

static void fv_op_set_status(struct virtio_device *vdev, u8 status)
{
	struct fv_device *fv = fv_of(vdev);
	u8 old = fv->status & ~VIRTIO_CONFIG_S_NEEDS_RESET;
	/* Who adds a bit to what was read means that bit only. */
	u8 new = status & ~(VIRTIO_CONFIG_S_NEEDS_RESET | READ_ONCE(fv->status_lie));

	if (READ_ONCE(fv->priv->gone))
		return;
	if (fv_in_step(fv))
		fv_check_status(fv, old, new);
	if (new & ~old & VIRTIO_CONFIG_S_FEATURES_OK && !fv_features_ok(fv))
		new &= ~VIRTIO_CONFIG_S_FEATURES_OK;
	WRITE_ONCE(fv->status, new | (fv->status & VIRTIO_CONFIG_S_NEEDS_RESET));
	if (new & ~old & VIRTIO_CONFIG_S_DRIVER_OK) {
		WRITE_ONCE(fv->priv->starter, current);
		fv_driver_ok(fv);
	}
}

/**
 * fv_stop() - what a reset does: the device forgets everything
 * @fv: the device
 *
 * When it returns, the device touches no memory of the driver, and no callback of the
 * driver runs.
 *
 * Context: may sleep.
 */
void fv_stop(struct fv_device *fv)
{
	unsigned int i;

	mutex_lock(&fv->priv->run_lock);
	WRITE_ONCE(fv->status, 0);
	WRITE_ONCE(fv->priv->starter, NULL);
	WRITE_ONCE(fv->priv->back, false);
	for (i = 0; i < fv->nr_queues; i++)
		fv_queue_stop(&fv->queues[i]);
	if (fv->model->reset)
		fv->model->reset(fv);
	for (i = 0; i < fv->nr_queues; i++)
		fv_queue_drop(&fv->queues[i]);
	fv->priv->negotiated = 0;
	fv->priv->negotiated_high = 0;
	mutex_unlock(&fv->priv->run_lock);
	fv_irq_sync_all(fv);
}

static void fv_op_reset(struct virtio_device *vdev)
{
	struct fv_device *fv = fv_of(vdev);
	struct fv_private *priv = fv->priv;

	might_sleep();
	if (READ_ONCE(fv->core_looks))
		fv_violation(fv, "3.1.1", "reset while the core looks whether the device runs");
	fv->resets++;
	if (!READ_ONCE(priv->gone) && fv_evil_take(fv, FV_EVIL_RESET_STUCK, FV_ALL_QUEUES)) {
		WRITE_ONCE(priv->reset_stuck, true);
		fv_wake_tests(fv);
		if (!wait_event_timeout(priv->reset_wait, !READ_ONCE(priv->reset_stuck),
					FV_STUCK_SECONDS * HZ))
			dev_err(&fv->pdev->dev, "nobody has released the reset in %u s\n",
				FV_STUCK_SECONDS);
		WRITE_ONCE(priv->reset_stuck, false);
	}
	fv_stop(fv);
	WRITE_ONCE(priv->gone_reset, READ_ONCE(priv->gone));
	fv_wake_tests(fv);
}

static void fv_op_synchronize_cbs(struct virtio_device *vdev)
{
	fv_irq_wait_all(fv_of(vdev));
}

static u64 fv_op_get_features(struct virtio_device *vdev)
{
	return fv_of(vdev)->features;
}

#ifdef FV_FEATURES_HIGH
static void fv_op_get_extended_features(struct virtio_device *vdev, u64 *features)
{
	virtio_features_zero(features);
	features[0] = fv_of(vdev)->features;
	features[1] = fv_of(vdev)->features_high;
}

static u64 fv_accepted_high(const struct virtio_device *vdev)
{
	return vdev->features_array[1];
}
#else
static u64 fv_accepted_high(const struct virtio_device *vdev)
{
	return 0;
}
#endif

static int fv_op_finalize_features(struct virtio_device *vdev)
{
	struct fv_device *fv = fv_of(vdev);
	bool ring_reset = __virtio_test_bit(vdev, VIRTIO_F_RING_RESET);

	vring_transport_features(vdev);
	/* Of the transport, not of the ring. Notifications here carry no data. */
	if (ring_reset)
		__virtio_set_bit(vdev, VIRTIO_F_RING_RESET);
	__virtio_clear_bit(vdev, VIRTIO_F_NOTIFICATION_DATA);
	if (fv_modern(fv) && !__virtio_test_bit(vdev, VIRTIO_F_VERSION_1))
		return -EINVAL;
	fv->priv->negotiated = vdev->features;
	fv->priv->negotiated_high = fv_accepted_high(vdev);
	return 0;
}

static const char *fv_op_bus_name(struct virtio_device *vdev)
{
	return dev_name(&fv_of(vdev)->pdev->dev);
}

const struct virtio_config_ops fv_config_ops = {
	.get = fv_op_get,
	.set = fv_op_set,
	.generation = fv_op_generation,
	.get_status = fv_op_get_status,
	.set_status = fv_op_set_status,
	.reset = fv_op_reset,
	.find_vqs = kgd_find_vqs_op,
	.del_vqs = fv_op_del_vqs,
	.synchronize_cbs = fv_op_synchronize_cbs,
	.get_features = fv_op_get_features,
#ifdef FV_FEATURES_HIGH
	.get_extended_features = fv_op_get_extended_features,
#endif
	.finalize_features = fv_op_finalize_features,
	.bus_name = fv_op_bus_name,
	.set_vq_affinity = fv_op_set_vq_affinity,
	.get_vq_affinity = fv_op_get_vq_affinity,
	.disable_vq_and_reset = fv_op_disable_vq_and_reset,
	.enable_vq_after_reset = fv_op_enable_vq_after_reset,
};
