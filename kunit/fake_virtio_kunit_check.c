// SPDX-License-Identifier: GPL-2.0-only
/*
 * Each thing that a driver must not do is noticed, and none of them does the device any
 * harm. Rings are written by hand: the virtio core would not do that.
 */
#include <linux/io.h>
#include <linux/slab.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>

#include "fake_virtio_kunit.h"

#define FT_PACKED	BIT_ULL(VIRTIO_F_RING_PACKED)
#define FT_INDIRECT	BIT_ULL(VIRTIO_RING_F_INDIRECT_DESC)
#define FT_NUM		8

#define FT_W		VRING_DESC_F_WRITE
#define FT_N		VRING_DESC_F_NEXT
#define FT_I		VRING_DESC_F_INDIRECT

/* Available in the first lap of a packed ring. */
#define FT_A		BIT(VRING_PACKED_DESC_F_AVAIL)

/**
 * struct ft_desc - a descriptor that is written into the ring, or into a table
 * @where: which page of the test it names: 0 for data, 1 for the table, 2 for no memory
 * @len: in bytes
 * @flags: as they are written
 * @next: next descriptor (split), buffer id (packed)
 */
struct ft_desc {
	unsigned int where;
	u32 len;
	u16 flags;
	u16 next;
};

/**
 * struct ft_wrong - a ring as no driver may write it
 * @name: of the case
 * @text: what the device says about it
 * @features: beyond FT_MODERN
 * @nr: descriptors in the ring
 * @ring: those
 * @nr_table: descriptors in the table
 * @table: those
 * @head: made available first (split)
 * @twice: is made available a second time
 * @ahead: the available index is so much more ahead
 */
struct ft_wrong {
	const char *name;
	const char *text;
	u64 features;
	unsigned int nr;
	struct ft_desc ring[FT_NUM + 1];
	unsigned int nr_table;
	struct ft_desc table[4];
	u16 head;
	bool twice;
	u16 ahead;
};

static const struct ft_wrong ft_wrongs[] = {
	{ .name = "split loop", .text = "or loops", .nr = 2,
	  .ring = { { 0, 8, FT_N, 1 }, { 0, 8, FT_N, 0 } } },
	{ .name = "split next beyond", .text = "leaves the ring", .nr = 1,
	  .ring = { { 0, 8, FT_N, FT_NUM } } },
	{ .name = "split head beyond", .text = "head 8", .nr = 1, .head = FT_NUM,
	  .ring = { { 0, 8, 0, 0 } } },
	{ .name = "split read after write", .text = "read after", .nr = 2,
	  .ring = { { 0, 8, FT_W | FT_N, 1 }, { 0, 8, 0, 0 } } },
	{ .name = "split no memory", .text = "no memory", .nr = 1,
	  .ring = { { 2, 8, FT_W, 0 } } },
	{ .name = "split no bytes", .text = "no bytes", .nr = 1,
	  .ring = { { 0, 0, FT_W, 0 } } },
	{ .name = "split in flight", .text = "while in flight", .nr = 1, .twice = true,
	  .ring = { { 0, 8, FT_W, 0 } } },
	{ .name = "split index", .text = "ahead in a ring", .nr = 1, .ahead = FT_NUM,
	  .ring = { { 0, 8, FT_W, 0 } } },
	{ .name = "split indirect not negotiated", .text = "not negotiated", .nr = 1,
	  .ring = { { 1, 16, FT_I, 0 } }, .nr_table = 1, .table = { { 0, 8, FT_W, 0 } } },
	{ .name = "split indirect and next", .text = "has a next", .nr = 2,
	  .features = FT_INDIRECT, .ring = { { 1, 16, FT_I | FT_N, 1 }, { 0, 8, FT_W, 0 } },
	  .nr_table = 1, .table = { { 0, 8, FT_W, 0 } } },
	{ .name = "split indirect in indirect", .text = "in an indirect table", .nr = 1,
	  .features = FT_INDIRECT, .ring = { { 1, 16, FT_I, 0 } },
	  .nr_table = 1, .table = { { 1, 16, FT_I, 0 } } },
	{ .name = "split table size", .text = "table of 17 bytes", .nr = 1,
	  .features = FT_INDIRECT, .ring = { { 1, 17, FT_I, 0 } },
	  .nr_table = 1, .table = { { 0, 8, FT_W, 0 } } },
	{ .name = "split table empty", .text = "table of 0 bytes", .nr = 1,
	  .features = FT_INDIRECT, .ring = { { 1, 0, FT_I, 0 } } },
	{ .name = "split table loop", .text = "leaves its table", .nr = 1,
	  .features = FT_INDIRECT, .ring = { { 1, 32, FT_I, 0 } },
	  .nr_table = 2, .table = { { 0, 8, FT_N, 1 }, { 0, 8, FT_N, 0 } } },
	{ .name = "split table no memory", .text = "which is no memory", .nr = 1,
	  .features = FT_INDIRECT, .ring = { { 2, 16, FT_I, 0 } } },
	{ .name = "packed read after write", .text = "read after", .nr = 2,
	  .features = FT_PACKED,
	  .ring = { { 0, 8, FT_A | FT_W | FT_N, 0 }, { 0, 8, FT_A, 0 } } },
	{ .name = "packed id beyond", .text = "buffer id 8", .nr = 1,
	  .features = FT_PACKED, .ring = { { 0, 8, FT_A | FT_W, FT_NUM } } },
	{ .name = "packed in flight", .text = "while in flight", .nr = 2,
	  .features = FT_PACKED,
	  .ring = { { 0, 8, FT_A | FT_W, 3 }, { 0, 8, FT_A | FT_W, 3 } } },
	{ .name = "packed list not available", .text = "not those of an available", .nr = 2,
	  .features = FT_PACKED,
	  .ring = { { 0, 8, FT_A | FT_N, 0 }, { 0, 8, 0, 0 } } },
	{ .name = "packed no memory", .text = "no memory", .nr = 1,
	  .features = FT_PACKED, .ring = { { 2, 8, FT_A | FT_W, 0 } } },
	{ .name = "packed indirect not negotiated", .text = "not negotiated", .nr = 1,
	  .features = FT_PACKED, .ring = { { 1, 16, FT_A | FT_I, 0 } },
	  .nr_table = 1, .table = { { 0, 8, FT_W, 0 } } },
	{ .name = "packed indirect in a list", .text = "table in a list", .nr = 2,
	  .features = FT_PACKED | FT_INDIRECT,
	  .ring = { { 0, 8, FT_A | FT_N, 0 }, { 1, 16, FT_A | FT_I, 0 } },
	  .nr_table = 1, .table = { { 0, 8, FT_W, 0 } } },
	{ .name = "packed indirect in indirect", .text = "in an indirect table", .nr = 1,
	  .features = FT_PACKED | FT_INDIRECT, .ring = { { 1, 16, FT_A | FT_I, 0 } },
	  .nr_table = 1, .table = { { 1, 16, FT_I, 0 } } },
	{ .name = "packed table size", .text = "table of 15 bytes", .nr = 1,
	  .features = FT_PACKED | FT_INDIRECT, .ring = { { 1, 15, FT_A | FT_I, 0 } } },
	{ .name = "packed longer than the ring", .text = "longer than the ring", .nr = FT_NUM,
	  .features = FT_PACKED,
	  .ring = { { 0, 8, FT_A | FT_N, 0 }, { 0, 8, FT_A | FT_N, 0 },
		    { 0, 8, FT_A | FT_N, 0 }, { 0, 8, FT_A | FT_N, 0 },
		    { 0, 8, FT_A | FT_N, 0 }, { 0, 8, FT_A | FT_N, 0 },
		    { 0, 8, FT_A | FT_N, 0 }, { 0, 8, FT_A | FT_N, 0 } } },
};

static void ft_wrong_name(const struct ft_wrong *w, char *desc)
{
	strscpy(desc, w->name, KUNIT_PARAM_DESC_SIZE);
}

FV_ARRAY_PARAM(ft_wrong, ft_wrongs, ft_wrong_name);

static u64 ft_address(const struct ft_desc *d, void *page)
{
	if (d->where == 2)
		return BIT_ULL(51);
	return virt_to_phys(page) + (d->where == 1 ? PAGE_SIZE / 2 : 0);
}

/* Both layouts have the same members, only the last two change places. */
static void ft_write_desc(struct fv_device *fv, void *at, const struct ft_desc *d, void *page,
			  bool packed)
{
	if (packed) {
		struct vring_packed_desc *p = at;

		p->addr = cpu_to_le64(ft_address(d, page));
		p->len = cpu_to_le32(d->len);
		p->id = cpu_to_le16(d->next);
		p->flags = cpu_to_le16(d->flags);
	} else {
		struct vring_desc *s = at;

		s->addr = cpu_to_virtio64(&fv->vdev, ft_address(d, page));
		s->len = cpu_to_virtio32(&fv->vdev, d->len);
		s->flags = cpu_to_virtio16(&fv->vdev, d->flags);
		s->next = cpu_to_virtio16(&fv->vdev, d->next);
	}
}

static void ft_write_ring(struct fv_queue *q, const struct ft_wrong *w, void *page)
{
	bool packed = w->features & FT_PACKED;
	struct virtio_device *vdev = &q->fv->vdev;
	struct vring_desc *table = page + PAGE_SIZE / 2;
	struct vring_desc *ring = phys_to_virt(virtqueue_get_desc_addr(q->vq));
	struct vring_avail *avail = phys_to_virt(virtqueue_get_avail_addr(q->vq));
	unsigned int i;

	for (i = 0; i < w->nr_table; i++)
		ft_write_desc(q->fv, &table[i], &w->table[i], page, packed);
	for (i = 0; i < w->nr; i++)
		ft_write_desc(q->fv, &ring[i], &w->ring[i], page, packed);
	if (packed)
		return;
	avail->ring[0] = cpu_to_virtio16(vdev, w->head);
	avail->ring[1] = cpu_to_virtio16(vdev, w->head);
	virt_wmb();	/* as a driver does */
	avail->idx = cpu_to_virtio16(vdev, 1 + w->twice + w->ahead);
}

static void ft_wrong(struct kunit *test)
{
	const struct ft_wrong *w = test->param_value;
	struct fv_device *fv = ft_plugged(test, w->features, FT_NUM);
	struct fv_queue *q = fv_queue(fv, 0);
	void *page = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);
	struct fv_chain *first;

	KUNIT_ASSERT_NOT_NULL(test, page);
	ft_write_ring(q, w, page);
	first = fv_pop(q);
	if (first)
		fv_pop(q);
	ft_expect_violation(test, fv, w->text);
	/* A reset makes it good. */
	fv_unplug(fv);
	KUNIT_ASSERT_EQ(test, fv_plug(fv), 0);
	KUNIT_EXPECT_TRUE(test, ft_echo_works(fv_queue(fv, 0), ft_reqs(test, 1)));
}

/* However they are thinned: tests that follow each other have each parameter once. */
static void ft_thin(struct kunit *test)
{
	char desc[KUNIT_PARAM_DESC_SIZE];
	unsigned int seen[ARRAY_SIZE(ft_wrongs)] = { };
	const struct ft_wrong *w, *prev;
	unsigned int nr = 0, i;

	while (nr < ARRAY_SIZE(seen)) {
		prev = NULL;
		while ((w = ft_wrong_gen_params(prev, desc))) {
			KUNIT_ASSERT_TRUE(test, !prev || w > prev);
			KUNIT_EXPECT_STREQ(test, desc, w->name);
			seen[w - ft_wrongs]++;
			nr++;
			prev = w;
		}
		KUNIT_ASSERT_NOT_NULL(test, prev);
	}
	for (i = 0; i < ARRAY_SIZE(seen); i++)
		KUNIT_EXPECT_EQ(test, seen[i], 1U);
}

static void ft_bad_driver(struct kunit *test)
{
	static const struct {
		enum ft_bad bad;
		const char *text;
	} cases[] = {
		{ FT_KICK_EARLY, "before DRIVER_OK" },
		{ FT_CONFIG_EARLY, "before features were accepted" },
		{ FT_NO_RESET, "not reset" },
		{ FT_LEAVE_VQS, "left virtqueues behind" },
	};
	struct fv_device *fv = ft_create(test, 0, 0);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		ft.bad = cases[i].bad;
		KUNIT_ASSERT_EQ(test, fv_plug(fv), 0);
		fv_unplug(fv);
		ft_expect_violation(test, fv, cases[i].text);
	}
	ft.bad = FT_GOOD;
}

static void ft_bad_status(struct kunit *test)
{
	struct fv_device *fv = ft_plugged(test, 0, 0);
	struct virtio_device *vdev = &fv->vdev;
	const struct virtio_config_ops *ops = vdev->config;

	ops->set_status(vdev, VIRTIO_CONFIG_S_ACKNOWLEDGE);
	ft_expect_violation(test, fv, "cleared");
	ops->set_status(vdev, 0);
	ft_expect_violation(test, fv, "zero");
	ops->reset(vdev);
	virtio_cread8(vdev, 0);
	ft_expect_violation(test, fv, "before DRIVER");
	ops->set_status(vdev, VIRTIO_CONFIG_S_DRIVER);
	ft_expect_violation(test, fv, "DRIVER before ACKNOWLEDGE");
	ops->reset(vdev);
	ops->set_status(vdev, VIRTIO_CONFIG_S_ACKNOWLEDGE);
	ops->set_status(vdev, VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_FEATURES_OK);
	ft_expect_violation(test, fv, "FEATURES_OK before DRIVER");
	ops->reset(vdev);
	ops->set_status(vdev, VIRTIO_CONFIG_S_ACKNOWLEDGE);
	ops->set_status(vdev, VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER);
	ops->finalize_features(vdev);
	ops->set_status(vdev, VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER |
			VIRTIO_CONFIG_S_DRIVER_OK);
	ft_expect_violation(test, fv, "DRIVER_OK before FEATURES_OK");
	ops->reset(vdev);
}

static void ft_bad_features(struct kunit *test)
{
	struct fv_device *fv = ft_plugged(test, 0, 0);
	struct virtio_device *vdev = &fv->vdev;
	const struct virtio_config_ops *ops = vdev->config;
	u8 status = VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER;

	ops->reset(vdev);
	ops->set_status(vdev, VIRTIO_CONFIG_S_ACKNOWLEDGE);
	ops->set_status(vdev, status);
	__virtio_set_bit(vdev, 7);
	ops->finalize_features(vdev);
	ops->set_status(vdev, status | VIRTIO_CONFIG_S_FEATURES_OK);
	ft_expect_violation(test, fv, "not offered");
	KUNIT_EXPECT_EQ(test, ops->get_status(vdev), status);
	ops->reset(vdev);
}

static void ft_bad_access(struct kunit *test)
{
	struct fv_device *fv = ft_plugged(test, BIT_ULL(VIRTIO_F_RING_RESET), 0);
	struct virtio_device *vdev = &fv->vdev;
	const struct virtio_config_ops *ops = vdev->config;
	u8 byte = 0;

	ops->get(vdev, FT_CONFIG_LEN, &byte, 1);
	ft_expect_violation(test, fv, "configuration read at 32");
	KUNIT_EXPECT_EQ(test, byte, 0xff);
	ops->set(vdev, FT_CONFIG_LEN, &byte, 1);
	ft_expect_violation(test, fv, "configuration written at 32");
	KUNIT_ASSERT_EQ(test, ops->disable_vq_and_reset(ft.vqs[1]), 0);
	virtqueue_notify(ft.vqs[1]);
	ft_expect_violation(test, fv, "which was reset");
	KUNIT_ASSERT_EQ(test, ops->enable_vq_after_reset(ft.vqs[1]), 0);
}

static struct kunit_case ft_check_cases[] = {
	KUNIT_CASE_PARAM(ft_wrong, ft_wrong_gen_params),
	KUNIT_CASE(ft_thin),
	KUNIT_CASE(ft_bad_driver),
	KUNIT_CASE(ft_bad_status),
	KUNIT_CASE(ft_bad_features),
	KUNIT_CASE(ft_bad_access),
	{ }
};

struct kunit_suite ft_check_suite = {
	.name = "fake_virtio_check",
	.suite_init = ft_suite_init,
	.suite_exit = ft_suite_exit,
	.init = ft_init,
	.test_cases = ft_check_cases,
};
