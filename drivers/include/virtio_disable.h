/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The parameter disable_features: features that a person does not want, because the
 * device does them wrong, or because a confidential guest trusts it with less. To be
 * included by one file of a module: that gives the module the parameter.
 */
#ifndef _KGD_VIRTIO_DISABLE_H
#define _KGD_VIRTIO_DISABLE_H

#include <linux/bits.h>
#include <linux/device.h>
#include <linux/kernel.h>
#include <linux/moduleparam.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>

/*
 * Without VERSION_1 a modern device cannot be driven, and without ACCESS_PLATFORM one
 * behind an IOMMU, or one of a confidential guest, would be given wrong addresses.
 */
#define VIRTIO_DISABLE_NEVER	(BIT_ULL(VIRTIO_F_VERSION_1) | \
				 BIT_ULL(VIRTIO_F_ACCESS_PLATFORM))

static int virtio_disable_set(const char *val, const struct kernel_param *kp)
{
	u64 mask;
	int err;

	err = kstrtoull(val, 0, &mask);
	if (err || mask & VIRTIO_DISABLE_NEVER) {
		pr_err("%s: disable_features=%.*s: must be a mask of feature bits, as 0x20000000 for bit 29, without bits %d and %d\n",
		       KBUILD_MODNAME, (int)min_t(size_t, strcspn(val, "\n"), 32), val,
		       VIRTIO_F_VERSION_1, VIRTIO_F_ACCESS_PLATFORM);
		return err ?: -EINVAL;
	}
	WRITE_ONCE(*(u64 *)kp->arg, mask);
	return 0;
}

static int virtio_disable_get(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "0x%llx\n", READ_ONCE(*(u64 *)kp->arg));
}

static const struct kernel_param_ops virtio_disable_ops = {
	.set = virtio_disable_set,
	.get = virtio_disable_get,
};

static u64 disable_features;
module_param_cb(disable_features, &virtio_disable_ops, &disable_features, 0644);
__MODULE_PARM_TYPE(disable_features, "ullong");
MODULE_PARM_DESC(disable_features,
		 "Mask of feature bits not to use, for devices that are bound later (default 0)");

/**
 * virtio_disable_features() - do not accept features that are not wanted
 * @vdev: the device, in the driver's validate callback, before anything else is decided
 *	by its features
 *
 * Context: may sleep.
 */
static inline void virtio_disable_features(struct virtio_device *vdev)
{
	u64 mask = READ_ONCE(disable_features), offered = 0;
	unsigned int i;

	for (i = 0; i < 64; i++) {
		/* Not virtio_has_feature(): that is for what the driver knows. */
		if (!(mask & BIT_ULL(i)) || !__virtio_test_bit(vdev, i))
			continue;
		__virtio_clear_bit(vdev, i);
		offered |= BIT_ULL(i);
	}
	if (offered)
		dev_info(&vdev->dev, "features 0x%llx not used, as disable_features says\n",
			 offered);
}

#endif
