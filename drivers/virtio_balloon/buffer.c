// SPDX-License-Identifier: GPL-2.0-only
/*
 * How long a buffer may be: parameter buffer_pfns.
 *
 * A host whose memory is in huge pages of 2 MiB gets one back if a single buffer names
 * all of it; but not every device reads a buffer that is longer than 256 entries.
 * QEMU does, and says in its ACPI tables that it is QEMU.
 */
#include <linux/acpi.h>
#include <linux/moduleparam.h>
#include <linux/pci.h>
#include <linux/virtio.h>

#include "balloon.h"

/* The device through which QEMU hands files to the firmware. */
#define VB_QEMU_HID	"QEMU0002"

static unsigned int vb_buffer_param;

static int vb_buffer_param_set(const char *text, const struct kernel_param *kp)
{
	unsigned int value;

	if (kstrtouint(text, 0, &value) ||
	    (value && value != VB_PFNS_PER_BUF && value != VB_PFNS_PER_CHUNK)) {
		pr_err("virtio_balloon: buffer_pfns: \"%.32s\" is not 0, %u or %u\n", text,
		       VB_PFNS_PER_BUF, VB_PFNS_PER_CHUNK);
		return -EINVAL;
	}
	WRITE_ONCE(*(unsigned int *)kp->arg, value);
	return 0;
}

static const struct kernel_param_ops vb_buffer_ops = {
	.set = vb_buffer_param_set,
	.get = param_get_uint,
};

module_param_cb(buffer_pfns, &vb_buffer_ops, &vb_buffer_param, 0644);
__MODULE_PARM_TYPE(buffer_pfns, "uint");
MODULE_PARM_DESC(buffer_pfns, "Entries of a buffer: 256, which all devices read, 512, or 0 to choose by device (for devices that are bound later)");

/**
 * vb_buffer_pfns() - how many entries of a buffer does a device read?
 * @vdev: the device
 *
 * Return: the number
 */
unsigned int vb_buffer_pfns(const struct virtio_device *vdev)
{
	const struct device *parent = vdev->dev.parent;
	unsigned int param = READ_ONCE(vb_buffer_param);

	if (param)
		return param;
	/* A device elsewhere may be anybody's. */
	if (!parent || !dev_is_pci(parent))
		return VB_PFNS_PER_BUF;
	return acpi_dev_present(VB_QEMU_HID, NULL, -1) ? VB_PFNS_PER_CHUNK : VB_PFNS_PER_BUF;
}
