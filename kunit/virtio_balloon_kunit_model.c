// SPDX-License-Identifier: GPL-2.0-only
/*
 * Is the model to be trusted? Suite virtio_balloon_model: a driver of its own, on a
 * device id of its own, uses each queue rightly and wrongly.
 */
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/page-flags.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/virtio_config.h>

#include "virtio_balloon_kunit.h"

/* Not given to any kind of device. */
#define VBM_DEVICE_ID	0xfba1

#define VBM_ALL		(VBT_F_MODERN | VBT_F_TELL | MB_BIT(STATS_VQ) | MB_BIT(FREE_PAGE_HINT) | \
			 MB_BIT(REPORTING))

/**
 * struct vbm - what the driver of this file knows of its device
 * @vqs: by role, NULL if not negotiated
 * @buf: what the device reads
 */
struct vbm {
	struct virtqueue *vqs[MB_NR_ROLES];
	__le32 buf[512];
};

static int vbm_probe(struct virtio_device *vdev)
{
	struct virtqueue_info info[MB_NR_ROLES] = {
		{ .name = "inflate" },
		{ .name = "deflate" },
	};
	struct vbm *vbm = kzalloc(sizeof(*vbm), GFP_KERNEL);
	int err;

	if (!vbm)
		return -ENOMEM;
	if (virtio_has_feature(vdev, VIRTIO_BALLOON_F_STATS_VQ))
		info[MB_STATS].name = "stats";
	if (virtio_has_feature(vdev, VIRTIO_BALLOON_F_FREE_PAGE_HINT))
		info[MB_HINT].name = "hint";
	if (virtio_has_feature(vdev, VIRTIO_BALLOON_F_REPORTING))
		info[MB_REPORT].name = "report";
	err = virtio_find_vqs(vdev, MB_NR_ROLES, vbm->vqs, info, NULL);
	if (err) {
		kfree(vbm);
		return err;
	}
	vdev->priv = vbm;
	return 0;
}

static void vbm_remove(struct virtio_device *vdev)
{
	virtio_reset_device(vdev);
	vdev->config->del_vqs(vdev);
	kfree(vdev->priv);
}

static const struct virtio_device_id vbm_ids[] = {
	{ VBM_DEVICE_ID, VIRTIO_DEV_ANY_ID },
	{ }
};

static const unsigned int vbm_features[] = {
	VIRTIO_BALLOON_F_MUST_TELL_HOST, VIRTIO_BALLOON_F_STATS_VQ,
	VIRTIO_BALLOON_F_FREE_PAGE_HINT, VIRTIO_BALLOON_F_PAGE_POISON,
	VIRTIO_BALLOON_F_REPORTING,
};

static struct virtio_driver vbm_driver = {
	.driver.name = "kgd_balloon_model",
	.id_table = vbm_ids,
	.feature_table = vbm_features,
	.feature_table_size = ARRAY_SIZE(vbm_features),
	.probe = vbm_probe,
	.remove = vbm_remove,
};

static int vbm_suite_init(struct kunit_suite *suite)
{
	int err = vbt_suite_init(suite);

	if (err)
		return err;
	err = register_virtio_driver(&vbm_driver);
	if (err)
		vbt_suite_exit(suite);
	return err;
}

static void vbm_suite_exit(struct kunit_suite *suite)
{
	unregister_virtio_driver(&vbm_driver);
	vbt_suite_exit(suite);
}

static struct vbt *vbm_new(struct kunit *test, struct mb_params params)
{
	struct vbt *t;

	params.device_id = VBM_DEVICE_ID;
	t = vbt_new(test, &params);
	vbt_plug(t);
	return t;
}

static struct vbm *vbm_of(struct vbt *t)
{
	return t->fv->vdev.priv;
}

/* Gives one buffer to the device, and has it answered if it is. */
static void vbm_send(struct vbt *t, enum mb_role role, void *buf, size_t len, bool in)
{
	struct virtqueue *vq = vbm_of(t)->vqs[role];
	struct scatterlist sg;
	unsigned int used;
	int err;

	sg_init_one(&sg, buf, len);
	if (in)
		err = virtqueue_add_inbuf(vq, &sg, 1, buf, GFP_KERNEL);
	else
		err = virtqueue_add_outbuf(vq, &sg, 1, buf, GFP_KERNEL);
	KUNIT_ASSERT_EQ(t->test, err, 0);
	virtqueue_kick(vq);
	fv_step(mb_queue(t->mb, role), 1);
	virtqueue_get_buf(vq, &used);
}

/* Sends page frame numbers. */
static void vbm_pfns(struct vbt *t, enum mb_role role, unsigned int nr, u64 first)
{
	struct vbm *vbm = vbm_of(t);
	unsigned int i;

	for (i = 0; i < nr; i++)
		vbm->buf[i] = cpu_to_le32((u32)(first + i));
	vbm_send(t, role, vbm->buf, nr * sizeof(vbm->buf[0]), false);
}

/* Was there something wrong since the last call? It is forgiven. */
static void vbm_violations(struct vbt *t, bool wrong, int line)
{
	int nr = atomic_xchg(&t->fv->violations, 0);

	KUNIT_EXPECT_EQ_MSG(t->test, !!nr, wrong, "line %d, %d violations", line, nr);
}

#define VBM_RIGHT(t)	vbm_violations(t, false, __LINE__)
#define VBM_WRONG(t)	vbm_violations(t, true, __LINE__)

static struct page *vbm_page(struct vbt *t)
{
	struct page *page = alloc_page(GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(t->test, page);
	return page;
}

static u64 vbm_pfn(struct page *page)
{
	return page_to_phys(page) >> VIRTIO_BALLOON_PFN_SHIFT;
}

static void vbm_done(struct vbt *t)
{
	fv_unplug(t->fv);
	VBM_RIGHT(t);
}

static void model_inflate_deflate(struct kunit *test)
{
	struct vbt *t = vbm_new(test, (struct mb_params){ .features = VBM_ALL });
	struct page *page = vbm_page(t);
	u64 pfn = vbm_pfn(page);
	u8 *bytes = page_address(page);

	vbm_pfns(t, MB_INFLATE, 1, pfn);	/* not marked: the guest uses it */
	VBM_WRONG(t);
	vbm_pfns(t, MB_DEFLATE, 1, pfn);
	VBM_RIGHT(t);

	__SetPageOffline(page);
	vbm_pfns(t, MB_INFLATE, 1, pfn);
	VBM_RIGHT(t);
	KUNIT_EXPECT_EQ(test, mb_audit(t->mb), 1UL);
	VBM_RIGHT(t);
	vbm_pfns(t, MB_INFLATE, 1, pfn);	/* twice */
	VBM_WRONG(t);
	bytes[4088] ^= 1;			/* it is the host's */
	mb_audit(t->mb);
	VBM_WRONG(t);
	vbm_pfns(t, MB_DEFLATE, 1, pfn);
	VBM_WRONG(t);
	vbm_pfns(t, MB_DEFLATE, 1, pfn);	/* not in the balloon */
	VBM_WRONG(t);

	vbm_pfns(t, MB_INFLATE, 1, pfn);
	__ClearPageOffline(page);
	vbm_pfns(t, MB_DEFLATE, 1, pfn);	/* freed before the device was told */
	VBM_WRONG(t);
	vbm_pfns(t, MB_INFLATE, 1, U32_MAX);	/* no memory */
	VBM_WRONG(t);
	vbm_pfns(t, MB_DEFLATE, 1, U32_MAX);
	VBM_WRONG(t);
	__free_page(page);
	vbm_done(t);
}

static void model_form_of_buffers(struct kunit *test)
{
	struct vbt *t = vbm_new(test, (struct mb_params){ .features = VBM_ALL });
	struct vbm *vbm = vbm_of(t);

	vbm->buf[0] = cpu_to_le32(U32_MAX);
	vbm_send(t, MB_INFLATE, vbm->buf, 3, false);
	VBM_WRONG(t);
	vbm_send(t, MB_DEFLATE, vbm->buf, 2, false);
	VBM_WRONG(t);
	vbm_send(t, MB_INFLATE, vbm->buf, 4, true);
	VBM_WRONG(t);
	vbm_done(t);
}

/* Gives a page to the device, which takes it and does not answer. */
static struct fv_chain *vbm_owe(struct vbt *t, __le32 *entry, u64 pfn)
{
	struct virtqueue *vq = vbm_of(t)->vqs[MB_INFLATE];
	struct scatterlist sg;
	struct fv_chain *chain;

	*entry = cpu_to_le32((u32)pfn);
	sg_init_one(&sg, entry, sizeof(*entry));
	KUNIT_ASSERT_EQ(t->test, virtqueue_add_outbuf(vq, &sg, 1, entry, GFP_KERNEL), 0);
	virtqueue_kick(vq);
	chain = fv_pop(mb_queue(t->mb, MB_INFLATE));
	KUNIT_ASSERT_NOT_NULL(t->test, chain);
	mb_lock();
	mb_inflate(t->mb, chain);
	mb_unlock();
	return chain;
}

/* The answer to the inflate is not given before the deflate. */
static void model_deflate_too_early(struct kunit *test)
{
	struct vbt *t = vbm_new(test, (struct mb_params){ .features = VBM_ALL });
	struct page *page = vbm_page(t);
	u64 pfn = vbm_pfn(page);
	struct fv_chain *chain;

	__SetPageOffline(page);
	chain = vbm_owe(t, &vbm_of(t)->buf[100], pfn);
	VBM_RIGHT(t);
	vbm_pfns(t, MB_DEFLATE, 1, pfn);
	VBM_WRONG(t);
	fv_push(chain, 0);
	__ClearPageOffline(page);
	__free_page(page);
	vbm_done(t);
}

/*
 * Who need not tell the device first uses a page again before the device hears of it, and
 * that may be in another balloon by then. What this one owes an answer to is another page.
 */
static void model_deflate_late(struct kunit *test)
{
	struct mb_params params = { .features = VBM_ALL & ~VBT_F_TELL };
	struct vbt *t = vbm_new(test, params), *other = vbm_new(test, params);
	struct page *pages = alloc_pages(GFP_KERNEL, 1);
	struct fv_chain *chain;
	u64 pfn;

	KUNIT_ASSERT_NOT_NULL(test, pages);
	pfn = vbm_pfn(pages);
	__SetPageOffline(pages);
	__SetPageOffline(pages + 1);
	vbm_pfns(t, MB_INFLATE, 1, pfn);
	chain = vbm_owe(t, &vbm_of(t)->buf[100], pfn + 1);
	vbm_pfns(other, MB_INFLATE, 1, pfn);
	vbm_pfns(other, MB_DEFLATE, 1, pfn);
	vbm_pfns(other, MB_INFLATE, 1, pfn);	/* as many requests as the first one had */
	VBM_RIGHT(other);
	vbm_pfns(t, MB_DEFLATE, 1, pfn);
	VBM_RIGHT(t);
	vbm_pfns(t, MB_DEFLATE, 1, pfn + 1);
	VBM_WRONG(t);
	fv_push(chain, 0);
	vbm_pfns(other, MB_DEFLATE, 1, pfn);
	__ClearPageOffline(pages);
	__ClearPageOffline(pages + 1);
	__free_pages(pages, 1);
	vbm_done(t);
	vbm_done(other);
}

/* Devices that look at a part of a buffer only. */
static void model_reads_a_part(struct kunit *test)
{
	struct vbt *t = vbm_new(test, (struct mb_params){ .features = VBM_ALL, .max_pfns = 4 });
	struct page *pages = alloc_pages(GFP_KERNEL, 3);
	u64 pfn;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, pages);
	for (i = 0; i < 8; i++)
		__SetPageOffline(pages + i);
	pfn = vbm_pfn(pages);
	vbm_pfns(t, MB_INFLATE, 4, pfn);
	KUNIT_EXPECT_EQ(test, t->mb->unread, 0ULL);
	vbm_pfns(t, MB_DEFLATE, 4, pfn);
	vbm_pfns(t, MB_INFLATE, 8, pfn);
	KUNIT_EXPECT_EQ(test, t->mb->unread, 4ULL);
	KUNIT_EXPECT_EQ(test, t->mb->held, 4UL);
	KUNIT_EXPECT_EQ(test, t->mb->largest, 8U);
	vbm_pfns(t, MB_DEFLATE, 8, pfn);
	KUNIT_EXPECT_EQ(test, t->mb->held, 0UL);
	VBM_RIGHT(t);
	for (i = 0; i < 8; i++)
		__ClearPageOffline(pages + i);
	__free_pages(pages, 3);
	vbm_done(t);
}

static void vbm_stats(struct vbt *t, size_t len, u16 tag0, u16 tag1)
{
	struct virtio_balloon_stat *stats = (void *)vbm_of(t)->buf;

	memset(stats, 0, sizeof(*stats) * 4);
	stats[0].tag = cpu_to_virtio16(&t->fv->vdev, tag0);
	stats[0].val = cpu_to_virtio64(&t->fv->vdev, 1000 + tag0);
	stats[1].tag = cpu_to_virtio16(&t->fv->vdev, tag1);
	stats[1].val = cpu_to_virtio64(&t->fv->vdev, 1000 + tag1);
	vbm_send(t, MB_STATS, stats, len, false);
}

static void model_statistics(struct kunit *test)
{
	struct vbt *t = vbm_new(test, (struct mb_params){ .features = VBM_ALL });
	u64 val = 0;

	vbm_stats(t, 20, VIRTIO_BALLOON_S_MEMFREE, VIRTIO_BALLOON_S_MEMTOT);
	VBM_RIGHT(t);
	KUNIT_EXPECT_EQ(test, t->mb->stats.nr, 2U);
	KUNIT_EXPECT_TRUE(test, mb_stat(t->mb, VIRTIO_BALLOON_S_MEMTOT, &val));
	KUNIT_EXPECT_EQ(test, val, 1005ULL);
	KUNIT_EXPECT_FALSE(test, mb_stat(t->mb, VIRTIO_BALLOON_S_CACHES, &val));

	vbm_stats(t, 20, VIRTIO_BALLOON_S_MEMFREE, VIRTIO_BALLOON_S_MEMTOT);
	VBM_WRONG(t);			/* a second buffer */
	KUNIT_EXPECT_FALSE(test, mb_stats_poll(t->mb, 1));
	vbm_stats(t, 20, VIRTIO_BALLOON_S_MEMTOT, VIRTIO_BALLOON_S_MEMFREE);
	VBM_RIGHT(t);
	KUNIT_EXPECT_FALSE(test, mb_stats_poll(t->mb, 1));
	vbm_stats(t, 20, VIRTIO_BALLOON_S_MEMTOT, VIRTIO_BALLOON_S_AVAIL);
	VBM_WRONG(t);			/* not the same ones */
	mb_stats_poll(t->mb, 1);
	vbm_stats(t, 20, VIRTIO_BALLOON_S_AVAIL, VIRTIO_BALLOON_S_AVAIL);
	VBM_WRONG(t);			/* twice */
	mb_stats_poll(t->mb, 1);
	vbm_stats(t, 12, VIRTIO_BALLOON_S_AVAIL, VIRTIO_BALLOON_S_AVAIL);
	VBM_WRONG(t);			/* no whole entries */
	mb_stats_poll(t->mb, 1);
	vbm_stats(t, 10, 999, 0);
	VBM_WRONG(t);			/* no tag */
	vbm_done(t);
}

static void vbm_hint(struct vbt *t, u32 cmd, size_t len)
{
	vbm_of(t)->buf[0] = cpu_to_le32(cmd);
	vbm_send(t, MB_HINT, vbm_of(t)->buf, len, false);
}

static void model_hints(struct kunit *test)
{
	struct vbt *t = vbm_new(test, (struct mb_params){ .features = VBM_ALL });
	struct page *page = vbm_page(t);
	void *bytes = page_address(page);
	u32 id = mb_hint_start(t->mb);

	KUNIT_EXPECT_GE(test, id, 2U);
	vbm_send(t, MB_HINT, bytes, PAGE_SIZE, true);	/* before the command id */
	VBM_WRONG(t);
	vbm_hint(t, id, 4);
	vbm_send(t, MB_HINT, bytes, PAGE_SIZE, true);
	VBM_RIGHT(t);
	KUNIT_EXPECT_EQ(test, t->mb->hints.pages, (u64)PAGE_SIZE >> VIRTIO_BALLOON_PFN_SHIFT);
	vbm_hint(t, id, 4);				/* twice */
	VBM_WRONG(t);
	vbm_send(t, MB_HINT, bytes, 100, true);		/* no page */
	VBM_WRONG(t);
	vbm_hint(t, id + 5, 4);				/* never asked for */
	VBM_WRONG(t);
	vbm_hint(t, VIRTIO_BALLOON_CMD_ID_STOP, 2);	/* half of it */
	VBM_WRONG(t);
	mb_hint_end(t->mb, VIRTIO_BALLOON_CMD_ID_STOP);
	vbm_hint(t, VIRTIO_BALLOON_CMD_ID_STOP, 4);
	VBM_RIGHT(t);

	vbm_hint(t, id, 4);				/* too late, which may happen */
	vbm_send(t, MB_HINT, bytes, PAGE_SIZE, true);
	VBM_RIGHT(t);
	KUNIT_EXPECT_GE(test, t->mb->hints.stale, 1ULL);
	mb_hint_end(t->mb, VIRTIO_BALLOON_CMD_ID_DONE);
	__free_page(page);
	vbm_done(t);
}

static void model_reports(struct kunit *test)
{
	struct vbt *t = vbm_new(test, (struct mb_params){ .features = VBM_ALL });
	struct page *page = vbm_page(t);
	u8 *bytes = page_address(page);

	vbm_send(t, MB_REPORT, bytes, PAGE_SIZE, true);
	VBM_RIGHT(t);
	KUNIT_EXPECT_EQ(test, t->mb->reports.requests, 1ULL);
	KUNIT_EXPECT_EQ(test, t->mb->reports.smallest, PAGE_SIZE);
	vbm_send(t, MB_REPORT, bytes, PAGE_SIZE, false);	/* not to be written to */
	VBM_WRONG(t);
	vbm_send(t, MB_REPORT, bytes + 8, PAGE_SIZE / 2, true);
	VBM_WRONG(t);

	t->mb->reports.hold = true;
	vbm_send(t, MB_REPORT, bytes, PAGE_SIZE, true);
	mb_report_release(t->mb);
	VBM_RIGHT(t);
	vbm_send(t, MB_REPORT, bytes, PAGE_SIZE, true);
	bytes[0] ^= 1;						/* used too early */
	mb_report_release(t->mb);
	VBM_WRONG(t);
	__free_page(page);
	vbm_done(t);
}

static void model_poison(struct kunit *test)
{
	struct mb_params params = { .features = VBM_ALL | MB_BIT(PAGE_POISON) };
	struct vbt *t = vbm_new(test, params);
	struct page *page = vbm_page(t);
	u8 *bytes = page_address(page);
	__le32 val = cpu_to_le32(0xaaaaaaaa);

	VBM_WRONG(t);		/* DRIVER_OK without poison_val */
	t->fv->vdev.config->set(&t->fv->vdev, offsetof(struct virtio_balloon_config, poison_val),
				&val, sizeof(val));
	VBM_WRONG(t);		/* after DRIVER_OK */
	KUNIT_EXPECT_EQ(test, mb_poison(t->mb), 0xaaaaaaaaU);
	memset(bytes, 0xaa, PAGE_SIZE);
	vbm_send(t, MB_REPORT, bytes, PAGE_SIZE, true);
	VBM_RIGHT(t);
	bytes[77] = 0;
	vbm_send(t, MB_REPORT, bytes, PAGE_SIZE, true);
	VBM_WRONG(t);
	__free_page(page);
	vbm_done(t);
}

static void model_configuration(struct kunit *test)
{
	struct vbt *t = vbm_new(test, (struct mb_params){ .features = VBT_F_MODERN });
	struct virtio_device *vdev = &t->fv->vdev;
	__le32 val = cpu_to_le32(5);

	vdev->config->set(vdev, offsetof(struct virtio_balloon_config, actual), &val, 4);
	VBM_RIGHT(t);
	KUNIT_EXPECT_EQ(test, mb_actual(t->mb), 5U);
	vdev->config->set(vdev, offsetof(struct virtio_balloon_config, actual), &val, 2);
	VBM_WRONG(t);
	vdev->config->set(vdev, offsetof(struct virtio_balloon_config, num_pages), &val, 4);
	VBM_WRONG(t);
	vdev->config->set(vdev, offsetof(struct virtio_balloon_config, poison_val), &val, 4);
	VBM_WRONG(t);
	vbm_done(t);
}

/* Which queue has which number. */
static void model_queue_numbers(struct kunit *test)
{
	struct mb_params params = {
		.device_id = VBM_DEVICE_ID, .features = VBT_F_MODERN | MB_BIT(REPORTING),
	};
	struct vbt *t = vbt_new(test, &params);

	KUNIT_EXPECT_EQ(test, t->fv->nr_queues, 5U);
	KUNIT_EXPECT_PTR_EQ(test, mb_queue(t->mb, MB_REPORT), fv_queue(t->fv, 4));
	params.dense = true;
	t = vbt_new(test, &params);
	KUNIT_EXPECT_EQ(test, t->fv->nr_queues, 3U);
	KUNIT_EXPECT_PTR_EQ(test, mb_queue(t->mb, MB_REPORT), fv_queue(t->fv, 2));
	KUNIT_EXPECT_NULL(test, mb_queue(t->mb, MB_STATS));
}

static struct kunit_case vbt_model_cases[] = {
	KUNIT_CASE(model_inflate_deflate),
	KUNIT_CASE(model_form_of_buffers),
	KUNIT_CASE(model_deflate_too_early),
	KUNIT_CASE(model_deflate_late),
	KUNIT_CASE(model_reads_a_part),
	KUNIT_CASE(model_statistics),
	KUNIT_CASE(model_hints),
	KUNIT_CASE(model_reports),
	KUNIT_CASE(model_poison),
	KUNIT_CASE(model_configuration),
	KUNIT_CASE(model_queue_numbers),
	{ }
};

struct kunit_suite vbt_model_suite = {
	.name = "virtio_balloon_model",
	.suite_init = vbm_suite_init,
	.suite_exit = vbm_suite_exit,
	.test_cases = vbt_model_cases,
};
