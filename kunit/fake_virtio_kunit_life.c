// SPDX-License-Identifier: GPL-2.0-only
/*
 * Life of the fake device: configuration, status, resets, failures, plugging.
 */
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/virtio_config.h>

#include "fake_virtio_kunit_params.h"

static void ft_config(struct kunit *test)
{
	struct fv_device *fv = ft_plugged(test, 0, 0);
	struct virtio_device *vdev = &fv->vdev;
	u32 before = vdev->config->generation(vdev);
	__le32 value = cpu_to_le32(0x12345678);
	u8 buf[4];

	fv_config_set(fv, 4, &value, sizeof(value));
	KUNIT_EXPECT_NE(test, vdev->config->generation(vdev), before);
	KUNIT_EXPECT_EQ(test, virtio_cread32(vdev, 4), 0x12345678U);
	KUNIT_EXPECT_EQ(test, atomic_read(&ft.config_changes), 0);
	fv_config_changed(fv);
	KUNIT_EXPECT_TRUE(test, ft_wait(&ft.config_changes, 1));
	virtio_cwrite32(vdev, 8, 0xcafe);
	fv_config_get(fv, 8, buf, 4);
	KUNIT_EXPECT_EQ(test, buf[0], 0xfe);
	KUNIT_EXPECT_EQ(test, buf[1], 0xca);

	fv_misbehave(fv, FV_EVIL_CONFIG_ZERO, FV_ALL_QUEUES, 1);
	KUNIT_EXPECT_EQ(test, virtio_cread32(vdev, 4), 0U);
	fv_misbehave(fv, FV_EVIL_CONFIG_ONES, FV_ALL_QUEUES, 1);
	KUNIT_EXPECT_EQ(test, virtio_cread32(vdev, 4), U32_MAX);
	KUNIT_EXPECT_EQ(test, virtio_cread32(vdev, 4), 0x12345678U);
	KUNIT_EXPECT_EQ(test, atomic_read(&fv->evil_done[FV_EVIL_CONFIG_ZERO]), 1);

	fv->flip[4] = 0x0f;
	fv_misbehave(fv, FV_EVIL_CONFIG_FLIP, FV_ALL_QUEUES, 3);
	before = vdev->config->generation(vdev);
	KUNIT_EXPECT_EQ(test, virtio_cread8(vdev, 4), 0x78);
	KUNIT_EXPECT_NE(test, vdev->config->generation(vdev), before);
	KUNIT_EXPECT_EQ(test, virtio_cread8(vdev, 4), 0x77);
	KUNIT_EXPECT_EQ(test, virtio_cread8(vdev, 4), 0x78);
	KUNIT_EXPECT_EQ(test, virtio_cread8(vdev, 4), 0x78);
	fv_misbehave(fv, FV_EVIL_CONFIG_IRQ, FV_ALL_QUEUES, 1);
	KUNIT_EXPECT_TRUE(test, ft_wait(&ft.config_changes, 2));
}

static void ft_needs_reset(struct kunit *test)
{
	struct fv_device *fv = ft_plugged(test, 0, 0);
	struct virtio_device *vdev = &fv->vdev;

	fv_misbehave(fv, FV_EVIL_NEEDS_RESET, FV_ALL_QUEUES, 1);
	KUNIT_EXPECT_TRUE(test, ft_wait(&ft.config_changes, 1));
	KUNIT_EXPECT_TRUE(test, vdev->config->get_status(vdev) & VIRTIO_CONFIG_S_NEEDS_RESET);
	virtio_reset_device(vdev);
	KUNIT_EXPECT_EQ(test, vdev->config->get_status(vdev), 0);
}

static void ft_gone(struct kunit *test)
{
	struct fv_device *fv = ft_plugged(test, 0, 0);
	struct fv_queue *q = fv_queue(fv, 0);
	struct ft_req *req = ft_reqs(test, 1);
	struct virtio_device *vdev = &fv->vdev;

	fv_misbehave(fv, FV_EVIL_GONE, FV_ALL_QUEUES, 1);
	KUNIT_EXPECT_EQ(test, vdev->config->get_status(vdev), 0xff);
	KUNIT_EXPECT_EQ(test, virtio_cread32(vdev, 4), U32_MAX);
	KUNIT_ASSERT_EQ(test, ft_submit(q, req, 1, 1), 0);
	ft_kick(q);
	KUNIT_EXPECT_FALSE(test, fv_available(q));
	KUNIT_EXPECT_EQ(test, fv_drain(fv), 0U);
	fv_config_changed(fv);
	KUNIT_EXPECT_TRUE(test, fv_wait_idle(fv, FT_MS));
	KUNIT_EXPECT_EQ(test, atomic_read(&ft.config_changes), 0);
	fv_surprise_unplug(fv);
	KUNIT_EXPECT_FALSE(test, fv_bound(fv));
	KUNIT_EXPECT_NULL(test, ft.vdev);
	/* Another one is plugged in. */
	KUNIT_ASSERT_EQ(test, fv_plug(fv), 0);
	KUNIT_EXPECT_TRUE(test, ft_echo_works(q, req));
}

/* What was told a device that was gone does not count, until its next reset. */
static void ft_back(struct kunit *test)
{
	struct fv_device *fv = ft_plugged(test, 0, 0);
	struct virtio_device *vdev = &fv->vdev;

	fv_misbehave(fv, FV_EVIL_GONE, FV_ALL_QUEUES, 1);
	virtio_reset_device(vdev);
	vdev->config->set_status(vdev, VIRTIO_CONFIG_S_ACKNOWLEDGE);
	fv_misbehave(fv, FV_EVIL_GONE, FV_ALL_QUEUES, 0);
	vdev->config->set_status(vdev, VIRTIO_CONFIG_S_DRIVER);
	KUNIT_EXPECT_EQ(test, atomic_read(&fv->violations), 0);
	virtio_reset_device(vdev);
	vdev->config->set_status(vdev, VIRTIO_CONFIG_S_DRIVER);
	ft_expect_violation(test, fv, "DRIVER before ACKNOWLEDGE");
	virtio_reset_device(vdev);
}

static int ft_unplugger(void *data)
{
	fv_unplug(data);
	return 0;
}

static void ft_reset_stuck(struct kunit *test)
{
	struct fv_device *fv = ft_plugged(test, 0, 0);
	struct task_struct *task;
	unsigned int resets;

	fv_misbehave(fv, FV_EVIL_RESET_STUCK, FV_ALL_QUEUES, 1);
	resets = fv->resets;
	task = kthread_create(ft_unplugger, fv, "ft_unplug");
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	get_task_struct(task);
	wake_up_process(task);
	msleep(100);
	KUNIT_EXPECT_NOT_NULL(test, READ_ONCE(ft.vdev));
	KUNIT_EXPECT_EQ(test, fv->resets, resets + 1);
	fv_release_reset(fv);
	kthread_stop(task);
	put_task_struct(task);
	KUNIT_EXPECT_NULL(test, ft.vdev);
	KUNIT_EXPECT_EQ(test, atomic_read(&fv->evil_done[FV_EVIL_RESET_STUCK]), 1);
}

static void ft_features(struct kunit *test)
{
	u64 features = BIT_ULL(0) | BIT_ULL(5) | BIT_ULL(VIRTIO_F_NOTIFICATION_DATA);
	struct fv_device *fv = ft_create(test, features, 0);

	fv_misbehave(fv, FV_EVIL_FEATURES_REFUSED, FV_ALL_QUEUES, 1);
	KUNIT_ASSERT_EQ(test, fv_plug(fv), 0);
	KUNIT_EXPECT_FALSE(test, fv_bound(fv));
	fv_unplug(fv);
	KUNIT_ASSERT_EQ(test, fv_plug(fv), 0);
	KUNIT_EXPECT_TRUE(test, fv_bound(fv));
	KUNIT_EXPECT_TRUE(test, fv_negotiated(fv, 0));
	KUNIT_EXPECT_FALSE(test, fv_negotiated(fv, 5));
	KUNIT_EXPECT_FALSE(test, fv_negotiated(fv, VIRTIO_F_NOTIFICATION_DATA));
	KUNIT_EXPECT_TRUE(test, fv_negotiated(fv, VIRTIO_F_VERSION_1));
}

#ifdef FV_FEATURES_HIGH
static void ft_features_high(struct kunit *test)
{
	struct fv_params params = {
		.features = FT_MODERN,
		.features_high = BIT_ULL(FT_HIGH - 64) | BIT_ULL(FT_HIGH - 63),
	};
	struct fv_device *fv = fv_create(test, &ft_model, &params);

	KUNIT_ASSERT_NOT_NULL(test, fv);
	KUNIT_ASSERT_EQ(test, fv_plug(fv), 0);
	KUNIT_EXPECT_TRUE(test, fv_bound(fv));
	KUNIT_EXPECT_TRUE(test, fv_negotiated(fv, FT_HIGH));
	KUNIT_EXPECT_FALSE(test, fv_negotiated(fv, FT_HIGH + 1));
	KUNIT_EXPECT_FALSE(test, fv_negotiated(fv, FT_HIGH - 64));
	KUNIT_EXPECT_TRUE(test, fv_negotiated(fv, VIRTIO_F_VERSION_1));
}
#endif

static void ft_failures(struct kunit *test)
{
	struct fv_device *fv = ft_create(test, 0, 0);
	unsigned int n;

	fv_fail(fv, FV_FAIL_FIND_VQS, 1);
	KUNIT_ASSERT_EQ(test, fv_plug(fv), 0);
	KUNIT_EXPECT_FALSE(test, fv_bound(fv));
	KUNIT_EXPECT_EQ(test, ft.probe_err, -ENODEV);
	fv_unplug(fv);
	for (n = 1; n <= 3; n++) {
		fv_fail(fv, FV_FAIL_VQ, n);
		KUNIT_ASSERT_EQ(test, fv_plug(fv), 0);
		KUNIT_EXPECT_EQ(test, fv_bound(fv), n > 2);
		if (n <= 2)
			KUNIT_EXPECT_EQ(test, ft.probe_err, -ENOMEM);
		fv_unplug(fv);
	}
	fv_fail(fv, FV_FAIL_VQ, 0);
	ft.nr_vqs = FT_QUEUES;
	KUNIT_ASSERT_EQ(test, fv_plug(fv), 0);
	KUNIT_EXPECT_TRUE(test, fv_bound(fv));
	fv_fail(fv, FV_FAIL_AFFINITY, 2);
	KUNIT_EXPECT_EQ(test, virtqueue_set_affinity(ft.vqs[0], NULL), 0);
	KUNIT_EXPECT_LT(test, virtqueue_set_affinity(ft.vqs[0], NULL), 0);
	KUNIT_EXPECT_EQ(test, virtqueue_set_affinity(ft.vqs[0], NULL), 0);
}

static void ft_affinity(struct kunit *test)
{
	struct fv_device *fv = ft_plugged(test, 0, 0);
	struct fv_queue *q = fv_queue(fv, 0);
	struct ft_req *req = ft_reqs(test, 1);
	int cpu;

	for_each_online_cpu(cpu) {
		KUNIT_ASSERT_EQ(test, virtqueue_set_affinity(q->vq, cpumask_of(cpu)), 0);
		virtqueue_enable_cb(q->vq);
		ft.irq_cpu = -1;
		KUNIT_EXPECT_TRUE(test, ft_echo_works(q, req));
		KUNIT_EXPECT_TRUE(test, fv_wait_idle(fv, FT_MS));
		KUNIT_EXPECT_EQ(test, READ_ONCE(ft.irq_cpu), cpu);
	}
}

static unsigned int ft_recycled;

static void ft_recycle(struct virtqueue *vq, void *buf)
{
	ft_recycled++;
}

static void ft_recycle_done(struct virtqueue *vq)
{
}

static int ft_resize(struct virtqueue *vq, unsigned int num)
{
	return virtqueue_resize(vq, num, ft_recycle, ft_recycle_done);
}

static void ft_queue_reset(struct kunit *test)
{
	struct fv_device *fv = ft_plugged(test, ft_param_features(test) |
					  BIT_ULL(VIRTIO_F_RING_RESET), 64);
	struct fv_queue *q = fv_queue(fv, 0);
	struct ft_req *reqs = ft_reqs(test, 4);

	KUNIT_ASSERT_TRUE(test, ft_echo_works(q, &reqs[0]));
	KUNIT_ASSERT_EQ(test, ft_submit(q, &reqs[1], 1, 1), 0);
	KUNIT_ASSERT_EQ(test, ft_submit(q, &reqs[2], 1, 1), 0);
	ft_kick(q);
	KUNIT_EXPECT_NOT_NULL(test, fv_pop(q));
	ft_recycled = 0;
	KUNIT_EXPECT_EQ(test, ft_resize(q->vq, 16), 0);
	KUNIT_EXPECT_EQ(test, ft_recycled, 2U);
	KUNIT_EXPECT_EQ(test, q->num, 16U);
	KUNIT_EXPECT_EQ(test, q->nr_inflight, 0U);
	KUNIT_EXPECT_TRUE(test, ft_echo_works(q, &reqs[3]));

	fv_fail(fv, FV_FAIL_RESET_VQ, 1);
	KUNIT_EXPECT_NE(test, ft_resize(q->vq, 8), 0);
	KUNIT_EXPECT_EQ(test, q->num, 16U);
	KUNIT_EXPECT_TRUE(test, ft_echo_works(q, &reqs[3]));
	fv_fail(fv, FV_FAIL_ENABLE_VQ, 1);
	KUNIT_EXPECT_NE(test, ft_resize(q->vq, 8), 0);
	KUNIT_EXPECT_FALSE(test, q->enabled);
}

static void ft_reset_frees(struct kunit *test)
{
	struct fv_device *fv = ft_plugged(test, ft_param_features(test), 16);
	struct fv_queue *q = fv_queue(fv, 0);
	struct ft_req *reqs = ft_reqs(test, 2);
	unsigned int resets = fv->resets;

	KUNIT_ASSERT_EQ(test, ft_submit(q, &reqs[0], 1, 1), 0);
	KUNIT_ASSERT_EQ(test, ft_submit(q, &reqs[1], 1, 1), 0);
	ft_kick(q);
	KUNIT_EXPECT_NOT_NULL(test, fv_pop(q));
	KUNIT_EXPECT_EQ(test, q->nr_inflight, 1U);
	virtio_reset_device(ft.vdev);
	KUNIT_EXPECT_EQ(test, fv->resets, resets + 1);
	KUNIT_EXPECT_EQ(test, q->nr_inflight, 0U);
	KUNIT_EXPECT_FALSE(test, fv_available(q));
	KUNIT_EXPECT_EQ(test, fv_drain(fv), 0U);
	fv_counts_clear(fv);
	fv_interrupt(q);
	KUNIT_EXPECT_TRUE(test, fv_wait_idle(fv, FT_MS));
	KUNIT_EXPECT_EQ(test, q->counts.interrupts, 0ULL);
}

static void ft_sleep(struct kunit *test)
{
	struct fv_device *fv = ft_plugged(test, ft_param_features(test), 16);
	struct fv_queue *q = fv_queue(fv, 0);
	struct ft_req *req = ft_reqs(test, 1);

	KUNIT_ASSERT_TRUE(test, ft_echo_works(q, req));
	KUNIT_ASSERT_EQ(test, fv_freeze(fv), 0);
	KUNIT_EXPECT_NULL(test, q->vq);
	KUNIT_ASSERT_EQ(test, fv_restore(fv), 0);
	KUNIT_EXPECT_TRUE(test, ft_echo_works(q, req));
}

/* Rings and buffers by the DMA API, and a device of the time before virtio 1.0. */
static void ft_kinds(struct kunit *test)
{
	struct fv_params params = { .mode = FV_MANUAL };
	struct ft_req *req = ft_reqs(test, 1);
	struct fv_device *fv;

	fv = ft_plugged(test, ft_param_features(test) | BIT_ULL(VIRTIO_F_ACCESS_PLATFORM), 16);
	KUNIT_EXPECT_TRUE(test, fv_negotiated(fv, VIRTIO_F_ACCESS_PLATFORM));
	KUNIT_EXPECT_TRUE(test, ft_echo_works(fv_queue(fv, 0), req));
	fv_destroy(fv);

	params.features = ft_param_features(test) & ~FT_PACKED;
	fv = fv_create(test, &ft_model, &params);
	KUNIT_ASSERT_NOT_NULL(test, fv);
	KUNIT_ASSERT_EQ(test, fv_plug(fv), 0);
	KUNIT_EXPECT_TRUE(test, fv_bound(fv));
	KUNIT_EXPECT_FALSE(test, fv_negotiated(fv, VIRTIO_F_VERSION_1));
	KUNIT_EXPECT_TRUE(test, ft_echo_works(fv_queue(fv, 1), req));
}

static void ft_refused_params(struct kunit *test)
{
	struct fv_params params = { .features = FT_MODERN, .queue_num = 100 };

	KUNIT_EXPECT_NULL(test, fv_create(test, &ft_model, &params));
	params.queue_num = 0;
	params.nr_queues = FV_MAX_QUEUES + 1;
	KUNIT_EXPECT_NULL(test, fv_create(test, &ft_model, &params));
	params.nr_queues = 1;
	params.config_len = FV_MAX_CONFIG + 1;
	KUNIT_EXPECT_NULL(test, fv_create(test, &ft_model, &params));
}

static struct kunit_case ft_life_cases[] = {
	KUNIT_CASE(ft_config),
	KUNIT_CASE(ft_needs_reset),
	KUNIT_CASE(ft_gone),
	KUNIT_CASE(ft_back),
	KUNIT_CASE(ft_reset_stuck),
	KUNIT_CASE(ft_features),
#ifdef FV_FEATURES_HIGH
	KUNIT_CASE(ft_features_high),
#endif
	KUNIT_CASE(ft_failures),
	KUNIT_CASE(ft_affinity),
	KUNIT_CASE_PARAM(ft_queue_reset, ft_gen_params),
	KUNIT_CASE_PARAM(ft_reset_frees, ft_gen_params),
	KUNIT_CASE_PARAM(ft_sleep, ft_gen_params),
	KUNIT_CASE_PARAM(ft_kinds, ft_gen_params),
	KUNIT_CASE(ft_refused_params),
	{ }
};

struct kunit_suite ft_life_suite = {
	.name = "fake_virtio_life",
	.suite_init = ft_suite_init,
	.suite_exit = ft_suite_exit,
	.init = ft_init,
	.test_cases = ft_life_cases,
};
