// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is left to the guest: parameter and attribute min_available.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <linux/vmstat.h>

#include "balloon.h"

/* What is left in any case, see vb_floor_pages(). */
#define VB_RESERVE_MIN	(SZ_8M >> PAGE_SHIFT)
#define VB_RESERVE_MAX	(SZ_64M >> PAGE_SHIFT)

static u64 vb_floor_default;

static int vb_floor_parse(const char *text, u64 *floor)
{
	u64 value, limit = LLONG_MAX;
	bool percent;
	char *end;

	value = memparse(text, &end);
	percent = *end == '%';
	if (end == text)
		goto refused;
	if (percent) {
		limit = 100;
		end++;
	}
	if (*end == '\n')
		end++;
	if (*end || value > limit)
		goto refused;
	WRITE_ONCE(*floor, percent ? value | VB_FLOOR_PERCENT : value);
	return 0;

refused:
	pr_err("virtio_balloon: min_available: \"%.32s\" is neither a number of bytes, with K, M, G or T, nor 0%% to 100%%\n",
	       text);
	return -EINVAL;
}

static int vb_floor_print(char *buf, const u64 *floor)
{
	u64 now = READ_ONCE(*floor);

	return sysfs_emit(buf, "%llu%s\n", now & ~VB_FLOOR_PERCENT,
			  now & VB_FLOOR_PERCENT ? "%" : "");
}

static int vb_floor_param_set(const char *text, const struct kernel_param *kp)
{
	return vb_floor_parse(text, kp->arg);
}

static int vb_floor_param_get(char *buf, const struct kernel_param *kp)
{
	return vb_floor_print(buf, kp->arg);
}

static const struct kernel_param_ops vb_floor_ops = {
	.set = vb_floor_param_set,
	.get = vb_floor_param_get,
};

module_param_cb(min_available, &vb_floor_ops, &vb_floor_default, 0644);
__MODULE_PARM_TYPE(min_available, "charp");
MODULE_PARM_DESC(min_available, "The balloon leaves the guest so much available memory: bytes with K, M or G, or percent (for devices that are bound later)");

/**
 * vb_floor_init() - begin with what the parameter says
 * @vb: the balloon
 */
void vb_floor_init(struct vb_device *vb)
{
	vb->floor = READ_ONCE(vb_floor_default);
}

static ssize_t min_available_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct vb_device *vb = dev_to_virtio(dev)->priv;

	return vb_floor_print(buf, &vb->floor);
}

static ssize_t min_available_store(struct device *dev, struct device_attribute *attr,
				   const char *buf, size_t count)
{
	struct vb_device *vb = dev_to_virtio(dev)->priv;
	int err = vb_floor_parse(buf, &vb->floor);

	if (err)
		return err;
	WRITE_ONCE(vb->retry_now, true);
	vb_wake(vb);
	return count;
}

struct device_attribute vb_attr_min_available = __ATTR_RW(min_available);

/**
 * vb_floor_pages() - what is to be left to the guest?
 * @vb: the balloon
 *
 * An allocation for the balloon kills nothing, but the next one of somebody else does
 * when the balloon has taken everything. So some is left whatever the administrator
 * says: a part of what the guest has, which gets less as the balloon grows.
 *
 * Return: pages
 */
unsigned long vb_floor_pages(const struct vb_device *vb)
{
	unsigned long reserve = clamp_t(unsigned long, totalram_pages() / 16, VB_RESERVE_MIN,
					VB_RESERVE_MAX);
	u64 floor = READ_ONCE(vb->floor), pages = floor >> PAGE_SHIFT;

	if (floor & VB_FLOOR_PERCENT)
		pages = (totalram_pages() + (vb->keep_total ? 0 : READ_ONCE(vb->nr_taken))) *
			(floor & ~VB_FLOOR_PERCENT) / 100;
	return max_t(u64, reserve, min_t(u64, pages, LONG_MAX));
}

/**
 * vb_available_pages() - what could the guest use without swapping?
 *
 * Free swap space does not count: a guest that has to use it for the balloon's sake is
 * busy with that only. Nor does half of the reclaimable slab memory, which the kernel
 * counts as available: in a small guest most of it is in use.
 *
 * Return: pages
 */
unsigned long vb_available_pages(void)
{
	long slab = global_node_page_state_pages(NR_SLAB_RECLAIMABLE_B);

	return max(si_mem_available() - slab / 2, 0L);
}

/**
 * vb_spare_pages() - what can the guest give and still get on?
 * @vb: the balloon
 *
 * Return: pages
 */
unsigned long vb_spare_pages(const struct vb_device *vb)
{
	unsigned long floor = vb_floor_pages(vb), available = vb_available_pages();

	return available > floor ? available - floor : 0;
}
