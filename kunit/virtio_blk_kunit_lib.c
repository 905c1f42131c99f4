// SPDX-License-Identifier: GPL-2.0-only
/*
 * A modelled disk for a test: made, bound, opened, and taken apart again whatever the
 * test has done to it.
 */
#include <kunit/test.h>
#include <linux/bits.h>
#include <linux/device.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/virtio_ring.h>

#include "virtio_blk_kunit.h"

#define VB_1	BIT_ULL(VIRTIO_F_VERSION_1)
#define VB_P	BIT_ULL(VIRTIO_F_RING_PACKED)
#define VB_I	BIT_ULL(VIRTIO_RING_F_INDIRECT_DESC)
#define VB_E	BIT_ULL(VIRTIO_RING_F_EVENT_IDX)

/* A legacy device has no packed ring (virtio 1.3, 6.2). */
const struct vb_ring vb_rings[VB_NR_RINGS] = {
	{ "split", VB_1 },
	{ "split,indirect", VB_1 | VB_I },
	{ "split,event_idx", VB_1 | VB_E },
	{ "split,indirect,event_idx", VB_1 | VB_I | VB_E },
	{ "packed", VB_1 | VB_P },
	{ "packed,indirect", VB_1 | VB_P | VB_I },
	{ "packed,event_idx", VB_1 | VB_P | VB_E },
	{ "packed,indirect,event_idx", VB_1 | VB_P | VB_I | VB_E },
	{ "legacy", 0 },
	{ "legacy,indirect", VB_I },
	{ "legacy,event_idx", VB_E },
	{ "legacy,indirect,event_idx", VB_I | VB_E },
};

/**
 * vb_ring_desc() - name of a parameter
 * @ring: the parameter
 * @desc: room for KUNIT_PARAM_DESC_SIZE bytes
 *
 * Context: any.
 */
void vb_ring_desc(const struct vb_ring *ring, char *desc)
{
	strscpy(desc, ring->name, KUNIT_PARAM_DESC_SIZE);
}

/**
 * vb_params() - a usual disk
 * @params: to be filled in
 * @ring: what rings it has
 *
 * Context: any.
 */
void vb_params(struct bm_params *params, const struct vb_ring *ring)
{
	bm_defaults(params);
	params->features |= ring->features;
}

static void vb_plug(struct work_struct *work)
{
	fv_plug(container_of(work, struct vb, plug)->fv);
}

/**
 * vb_create() - make a disk and do not plug it in
 * @test: the test
 * @params: what disk
 *
 * Context: process; ends the test if it fails.
 * Return: the disk.
 */
struct vb *vb_create(struct kunit *test, const struct bm_params *params)
{
	struct vb *vb = kzalloc(sizeof(*vb), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, vb);
	INIT_LIST_HEAD(&vb->ios);
	INIT_WORK(&vb->plug, vb_plug);
	vb->test = test;
	vb->bm = bm_create(test, params);
	KUNIT_ASSERT_NOT_NULL(test, vb->bm);
	vb->fv = vb->bm->fv;
	test->priv = vb;
	return vb;
}

static int vb_is_disk(struct device *dev, void *data)
{
	struct device **found = data;

	if (strncmp(dev_name(dev), "vd", 2))
		return 0;
	*found = get_device(dev);
	return 1;
}

/**
 * vb_open() - find and open the disk that the driver has made
 * @vb: the disk, plugged in
 *
 * Context: process; ends the test if it fails.
 */
void vb_open(struct vb *vb)
{
	struct kunit *test = vb->test;
	struct file *file;

	KUNIT_ASSERT_TRUE_MSG(test, fv_bound(vb->fv) || READ_ONCE(vb->fv->core_looks),
			      "driver is not bound");
	device_for_each_child(&vb->fv->vdev.dev, &vb->dev, vb_is_disk);
	KUNIT_ASSERT_NOT_NULL_MSG(test, vb->dev, "no disk");
	vb->disk = dev_to_disk(vb->dev);

	file = bdev_file_open_by_dev(vb->dev->devt, BLK_OPEN_READ | BLK_OPEN_WRITE, NULL, NULL);
	/* A read-only disk. */
	if (IS_ERR(file))
		file = bdev_file_open_by_dev(vb->dev->devt, BLK_OPEN_READ, NULL, NULL);
	KUNIT_ASSERT_FALSE_MSG(test, IS_ERR(file), "disk cannot be opened: %ld", PTR_ERR(file));
	vb->file = file;
	vb->bdev = file_bdev(file);
}

/**
 * vb_close() - close the disk
 * @vb: the disk
 *
 * Context: process.
 */
void vb_close(struct vb *vb)
{
	if (vb->file) {
		bdev_fput(vb->file);
		/* That of a kernel thread comes later, if not asked for. */
		flush_delayed_fput();
	}
	if (vb->dev)
		put_device(vb->dev);
	vb->file = NULL;
	vb->bdev = NULL;
	vb->disk = NULL;
	vb->dev = NULL;
}

/**
 * vb_start() - make a disk, plug it in and open it
 * @test: the test
 * @params: what disk
 *
 * Context: process; ends the test if it fails.
 * Return: the disk.
 */
struct vb *vb_start(struct kunit *test, const struct bm_params *params)
{
	struct vb *vb = vb_create(test, params);

	KUNIT_ASSERT_EQ(test, fv_plug(vb->fv), 0);
	vb_open(vb);
	return vb;
}

/**
 * vb_start_ring() - the same, a usual disk with the rings of the parameter
 * @test: the test, whose parameter is a struct vb_ring
 *
 * The rings have room for all that a test has under way, also without indirect tables.
 *
 * Context: process; ends the test if it fails.
 * Return: the disk.
 */
struct vb *vb_start_ring(struct kunit *test)
{
	struct bm_params params;

	vb_params(&params, test->param_value);
	params.queue_num = 1024;
	return vb_start(test, &params);
}

static void vb_free_ios(struct vb *vb)
{
	struct vb_io *io, *next;
	unsigned int i;

	list_for_each_entry_safe(io, next, &vb->ios, node) {
		/* The pages are not ours until the request has ended. */
		if (io->submitted && !atomic_read(&io->ended)) {
			KUNIT_FAIL(vb->test, "a request of %u bytes at %llu never ended",
				   io->len, (u64)io->sector);
			continue;
		}
		if (io->bio)
			bio_put(io->bio);
		for (i = 0; i < io->nr_pages; i++)
			__free_pages(io->pages[i], io->order);
		kfree(io->pages);
		list_del(&io->node);
		kfree(io);
	}
}

/**
 * vb_exit() - take everything apart; the exit function of the suites
 * @test: the test
 *
 * Whatever is still under way is completed, as far as the device can.
 *
 * Context: process.
 */
void vb_exit(struct kunit *test)
{
	struct vb *vb = test->priv;

	if (!vb)
		return;
	test->priv = NULL;
	fv_behave(vb->fv);
	fv_release_reset(vb->fv);
	vb->fv->irq = FV_IRQ_NOW;
	bm_clear_rules(vb->bm);
	bm_release(vb->bm, FV_FIFO, UINT_MAX);
	fv_set_mode(vb->fv, FV_RUN);

	WRITE_ONCE(vb->fv->core_msecs, 0);
	flush_work(&vb->plug);
	fv_unplug(vb->fv);
	vb_close(vb);
	vb_wait_all(vb, VB_WAIT_MS);
	vb_ended_once(vb);
	vb_free_ios(vb);
	bm_destroy(vb->bm);
	if (list_empty(&vb->ios))
		kfree(vb);
}

/* The disk's groups of attributes, which are the driver's. */
static struct attribute *vb_find_attr(struct vb *vb, const char *name,
				      const struct attribute_group **group)
{
	const struct attribute_group **g;
	struct attribute **a;

	for (g = vb->dev->groups; g && *g; g++) {
		for (a = (*g)->attrs; a && *a; a++) {
			if (!strcmp((*a)->name, name)) {
				*group = *g;
				return *a;
			}
		}
	}
	KUNIT_FAIL(vb->test, "no attribute '%s'", name);
	return NULL;
}

/**
 * vb_attr_show() - read an attribute of the disk
 * @vb: the disk
 * @name: of the attribute
 * @buf: room for a page
 *
 * Context: process.
 * Return: length, or a negative error number.
 */
ssize_t vb_attr_show(struct vb *vb, const char *name, char *buf)
{
	const struct attribute_group *group;
	struct attribute *attr = vb_find_attr(vb, name, &group);
	struct device_attribute *dattr;

	if (!attr)
		return -ENOENT;
	dattr = container_of(attr, struct device_attribute, attr);
	return dattr->show(vb->dev, dattr, buf);
}

/**
 * vb_attr_store() - write an attribute of the disk
 * @vb: the disk
 * @name: of the attribute
 * @value: what
 *
 * Context: process.
 * Return: length, or a negative error number.
 */
ssize_t vb_attr_store(struct vb *vb, const char *name, const char *value)
{
	const struct attribute_group *group;
	struct attribute *attr = vb_find_attr(vb, name, &group);
	struct device_attribute *dattr;

	if (!attr)
		return -ENOENT;
	dattr = container_of(attr, struct device_attribute, attr);
	if (!dattr->store)
		return -EACCES;
	return dattr->store(vb->dev, dattr, value, strlen(value));
}

/**
 * vb_attr_mode() - who may read and write an attribute of the disk
 * @vb: the disk
 * @name: of the attribute
 *
 * Context: process.
 * Return: its mode.
 */
umode_t vb_attr_mode(struct vb *vb, const char *name)
{
	const struct attribute_group *group;
	struct attribute *attr = vb_find_attr(vb, name, &group);

	if (!attr)
		return 0;
	return group->is_visible ? group->is_visible(&vb->dev->kobj, attr, 0) : attr->mode;
}
