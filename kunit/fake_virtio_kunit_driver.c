// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tiny driver, and the model of its device.
 */
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/smp.h>
#include <linux/virtio_config.h>

#include "fake_virtio_kunit.h"

struct ft_state ft;

static void ft_take_back(struct virtqueue *vq)
{
	struct ft_req *req;
	unsigned int len;

	do {
		req = virtqueue_get_buf(vq, &len);
		if (req) {
			req->len = len;
			req->done = ++ft.completed;
		}
	} while (req);
}

static void ft_callback(struct virtqueue *vq)
{
	unsigned long flags;

	WRITE_ONCE(ft.irq_cpu, smp_processor_id());
	if (in_hardirq())
		atomic_inc(&ft.hardirq);
	atomic_inc(&ft.callbacks[vq->index]);
	if (!READ_ONCE(ft.get_in_callback))
		return;
	spin_lock_irqsave(&ft.lock, flags);
	do {
		virtqueue_disable_cb(vq);
		ft_take_back(vq);
	} while (!virtqueue_enable_cb(vq) && !virtqueue_is_broken(vq));
	spin_unlock_irqrestore(&ft.lock, flags);
}

/**
 * ft_reap() - take back what the device has completed
 * @q: the queue
 *
 * Return: how many.
 */
unsigned int ft_reap(struct fv_queue *q)
{
	unsigned int before = ft.completed;
	unsigned long flags;

	spin_lock_irqsave(&ft.lock, flags);
	ft_take_back(q->vq);
	spin_unlock_irqrestore(&ft.lock, flags);
	return ft.completed - before;
}

/**
 * ft_submit() - make a request available
 * @q: the queue
 * @req: the request
 * @outs: segments in which @req->out is passed
 * @ins: segments in which @req->in is passed
 *
 * Return: 0, or a negative error code.
 */
int ft_submit(struct fv_queue *q, struct ft_req *req, unsigned int outs, unsigned int ins)
{
	struct scatterlist sg[2 * FT_MAX_SEGS];
	struct scatterlist *sgs[2 * FT_MAX_SEGS];
	unsigned long flags;
	unsigned int i, at;
	int err;

	for (i = 0; i < outs + ins; i++) {
		unsigned int n = i < outs ? outs : ins;
		u8 *buf = i < outs ? req->out : req->in;

		at = (i < outs ? i : i - outs) * (FT_BUF / n);
		sg_init_one(&sg[i], buf + at, FT_BUF / n);
		sgs[i] = &sg[i];
	}
	req->done = 0;
	spin_lock_irqsave(&ft.lock, flags);
	err = virtqueue_add_sgs(q->vq, sgs, outs, ins, req, GFP_ATOMIC);
	spin_unlock_irqrestore(&ft.lock, flags);
	return err;
}

/**
 * ft_kick() - notify the device, if it wants that
 * @q: the queue
 *
 * Return: true if it wanted it.
 */
bool ft_kick(struct fv_queue *q)
{
	unsigned long flags;
	bool wanted;

	spin_lock_irqsave(&ft.lock, flags);
	wanted = virtqueue_kick_prepare(q->vq);
	spin_unlock_irqrestore(&ft.lock, flags);
	if (wanted)
		virtqueue_notify(q->vq);
	return wanted;
}

static int ft_make_vqs(struct virtio_device *vdev)
{
	static const char * const names[FT_QUEUES] = { "a", "b", "c", "d" };
	struct virtqueue_info info[FT_QUEUES] = { };
	unsigned int i;

	for (i = 0; i < ft.nr_vqs; i++) {
		info[i].name = names[i];
		info[i].callback = ft_callback;
	}
	return virtio_find_vqs(vdev, ft.nr_vqs, ft.vqs, info, NULL);
}

static int ft_validate(struct virtio_device *vdev)
{
	if (ft.bad == FT_CONFIG_EARLY)
		virtio_cwrite8(vdev, 0, 1);
	return 0;
}

static int ft_probe(struct virtio_device *vdev)
{
	ft.probe_err = ft_make_vqs(vdev);
	if (ft.probe_err)
		return ft.probe_err;
	ft.vdev = vdev;
	if (ft.bad == FT_KICK_EARLY)
		virtqueue_notify(ft.vqs[0]);
	virtio_device_ready(vdev);
	return 0;
}

/* What is left in a ring has an indirect table, which goes with it. */
static void ft_del_vqs(struct virtio_device *vdev)
{
	struct virtqueue *vq;

	virtio_device_for_each_vq(vdev, vq)
		while (virtqueue_detach_unused_buf(vq))
			cond_resched();
	vdev->config->del_vqs(vdev);
}

static void ft_remove(struct virtio_device *vdev)
{
	if (ft.bad == FT_NO_RESET)
		vdev->config->del_vqs(vdev);
	/* The virtio core insists on it. */
	virtio_reset_device(vdev);
	if (ft.bad != FT_NO_RESET && ft.bad != FT_LEAVE_VQS)
		ft_del_vqs(vdev);
	ft.vdev = NULL;
}

static void ft_config_changed(struct virtio_device *vdev)
{
	atomic_inc(&ft.config_changes);
}

static int __maybe_unused ft_freeze(struct virtio_device *vdev)
{
	virtio_reset_device(vdev);
	ft_del_vqs(vdev);
	return 0;
}

static int __maybe_unused ft_restore(struct virtio_device *vdev)
{
	int err = ft_make_vqs(vdev);

	if (!err)
		virtio_device_ready(vdev);
	return err;
}

static const struct virtio_device_id ft_ids[] = {
	{ FT_DEVICE_ID, VIRTIO_DEV_ANY_ID },
	{ },
};

static unsigned int ft_features[] = {
	/* Some of its own, and what a device of any kind may have. */
	0,
#ifdef FV_FEATURES_HIGH
	FT_HIGH,
#endif
};

static struct virtio_driver ft_driver = {
	.driver.name = "fake_virtio_kunit",
	.id_table = ft_ids,
	.feature_table = ft_features,
	.feature_table_size = ARRAY_SIZE(ft_features),
	.validate = ft_validate,
	.probe = ft_probe,
	.remove = ft_remove,
	.config_changed = ft_config_changed,
#ifdef CONFIG_PM_SLEEP
	.freeze = ft_freeze,
	.restore = ft_restore,
#endif
};

/**
 * ft_driver_register() - make the tiny driver known to the virtio bus
 *
 * Return: 0, or a negative error code.
 */
int ft_driver_register(void)
{
	spin_lock_init(&ft.lock);
	return register_virtio_driver(&ft_driver);
}

/**
 * ft_driver_unregister() - take it away
 */
void ft_driver_unregister(void)
{
	unregister_virtio_driver(&ft_driver);
}

static int ft_handle(struct fv_queue *q, struct fv_chain *chain)
{
	u8 buf[FT_BUF];
	size_t n;

	n = fv_read(chain, 0, buf, sizeof(buf));
	return fv_write(chain, 0, buf, n);
}

const struct fv_model ft_model = {
	.name = "echo",
	.device_id = FT_DEVICE_ID,
	.nr_queues = FT_QUEUES,
	.config_len = FT_CONFIG_LEN,
	.handle = ft_handle,
};
