// SPDX-License-Identifier: GPL-2.0-only
/*
 * The configuration space of the fake device, virtio 1.3, 2.5.
 */
#include <linux/delay.h>
#include <linux/export.h>
#include <linux/string.h>

#include "fake_virtio_core.h"

static bool fv_in_config(struct fv_device *fv, unsigned int offset, unsigned int len)
{
	return offset <= fv->config_len && len <= fv->config_len - offset;
}

/* The configuration lock is held. */
static void fv_flip(struct fv_device *fv, unsigned int offset, u8 *buf, unsigned int len)
{
	bool random = !memchr_inv(fv->flip, 0, sizeof(fv->flip));
	unsigned int i;

	if (fv->flip_count < FV_FLIPS)
		fv->generation++;
	if (!(fv->flip_count++ & 1))
		return;
	for (i = 0; i < len; i++)
		buf[i] ^= random ? (u8)fv_random(fv) : fv->flip[offset + i];
}

/**
 * fv_op_get() - see &struct virtio_config_ops
 * @vdev: the device
 * @offset: in its configuration
 * @buf: where to
 * @len: bytes
 */
void fv_op_get(struct virtio_device *vdev, unsigned int offset, void *buf, unsigned int len)
{
	struct fv_device *fv = fv_of(vdev);
	unsigned long flags;

	atomic_inc(&fv->config_reads);
	if (READ_ONCE(fv->config_msecs))
		msleep(READ_ONCE(fv->config_msecs));
	memset(buf, 0xff, len);
	if (READ_ONCE(fv->priv->gone))
		return;
	if (!(READ_ONCE(fv->status) & VIRTIO_CONFIG_S_DRIVER) && fv_in_step(fv))
		fv_violation(fv, "3.1.1", "configuration read at %u before DRIVER", offset);
	if (!fv_in_config(fv, offset, len)) {
		fv_violation(fv, "2.5", "configuration read at %u, %u bytes of %u", offset, len,
			     fv->config_len);
		return;
	}
	spin_lock_irqsave(&fv->config_lock, flags);
	if (fv_evil_take(fv, FV_EVIL_CONFIG_ZERO, FV_ALL_QUEUES)) {
		memset(buf, 0, len);
	} else if (!fv_evil_take(fv, FV_EVIL_CONFIG_ONES, FV_ALL_QUEUES)) {
		memcpy(buf, fv->config + offset, len);
		if (fv_evil_take(fv, FV_EVIL_CONFIG_FLIP, FV_ALL_QUEUES))
			fv_flip(fv, offset, buf, len);
	}
	spin_unlock_irqrestore(&fv->config_lock, flags);
}

/**
 * fv_op_set() - see &struct virtio_config_ops
 * @vdev: the device
 * @offset: in its configuration
 * @buf: what the driver writes
 * @len: bytes
 */
void fv_op_set(struct virtio_device *vdev, unsigned int offset, const void *buf,
	       unsigned int len)
{
	struct fv_device *fv = fv_of(vdev);
	u8 needs = fv_modern(fv) ? VIRTIO_CONFIG_S_FEATURES_OK : VIRTIO_CONFIG_S_DRIVER;
	unsigned long flags;

	if (READ_ONCE(fv->priv->gone))
		return;
	if (!(READ_ONCE(fv->status) & needs) && fv_in_step(fv))
		fv_violation(fv, "3.1.1",
			     "configuration written at %u before features were accepted",
			     offset);
	if (!fv_in_config(fv, offset, len)) {
		fv_violation(fv, "2.5", "configuration written at %u, %u bytes of %u", offset,
			     len, fv->config_len);
		return;
	}
	spin_lock_irqsave(&fv->config_lock, flags);
	memcpy(fv->config + offset, buf, len);
	spin_unlock_irqrestore(&fv->config_lock, flags);
	if (fv->model->config_written)
		fv->model->config_written(fv, offset, len);
	fv_wake_tests(fv);
}

/**
 * fv_op_generation() - see &struct virtio_config_ops
 * @vdev: the device
 *
 * Return: the generation of the configuration.
 */
u32 fv_op_generation(struct virtio_device *vdev)
{
	struct fv_device *fv = fv_of(vdev);

	return READ_ONCE(fv->priv->gone) ? U32_MAX : READ_ONCE(fv->generation);
}

/**
 * fv_config_set() - change the configuration, which is a new generation of it
 * @fv: the device
 * @offset: in the configuration
 * @buf: little endian, as the driver reads it
 * @len: bytes; what is beyond the end is not written
 *
 * The driver is not told: see fv_config_changed().
 *
 * Context: any.
 */
void fv_config_set(struct fv_device *fv, unsigned int offset, const void *buf,
		   unsigned int len)
{
	unsigned long flags;

	if (WARN_ON_ONCE(!fv_in_config(fv, offset, len)))
		return;
	spin_lock_irqsave(&fv->config_lock, flags);
	memcpy(fv->config + offset, buf, len);
	fv->generation++;
	spin_unlock_irqrestore(&fv->config_lock, flags);
}
EXPORT_SYMBOL_GPL(fv_config_set);

/**
 * fv_config_get() - read the configuration, as the device sees it
 * @fv: the device
 * @offset: in the configuration
 * @buf: where to
 * @len: bytes; what is beyond the end reads as zero
 *
 * Context: any.
 */
void fv_config_get(struct fv_device *fv, unsigned int offset, void *buf, unsigned int len)
{
	unsigned long flags;

	memset(buf, 0, len);
	if (WARN_ON_ONCE(!fv_in_config(fv, offset, len)))
		return;
	spin_lock_irqsave(&fv->config_lock, flags);
	memcpy(buf, fv->config + offset, len);
	spin_unlock_irqrestore(&fv->config_lock, flags);
}
EXPORT_SYMBOL_GPL(fv_config_get);

/**
 * fv_config_changed() - tell the driver that the configuration has changed
 * @fv: the device
 *
 * Context: any. The driver hears of it in hard interrupt context, soon.
 */
void fv_config_changed(struct fv_device *fv)
{
	if (!READ_ONCE(fv->priv->gone))
		fv_irq_config(fv);
}
EXPORT_SYMBOL_GPL(fv_config_changed);

/**
 * fv_set_needs_reset() - the device has met an error which only a reset mends
 * @fv: the device
 *
 * virtio 1.3, 2.1.2
 *
 * Context: any.
 */
void fv_set_needs_reset(struct fv_device *fv)
{
	WRITE_ONCE(fv->status, fv->status | VIRTIO_CONFIG_S_NEEDS_RESET);
	fv_config_changed(fv);
}
EXPORT_SYMBOL_GPL(fv_set_needs_reset);
