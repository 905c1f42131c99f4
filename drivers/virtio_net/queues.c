// SPDX-License-Identifier: GPL-2.0-only
/* Queue objects and their virtqueues. */

#include <linux/slab.h>

#include "ctrl.h"
#include "rx.h"
#include "tx.h"

/* Largest receive buffer of a device with mergeable buffers: a 64 KiB packet
 * takes nine, and a page of the pool holds four.
 */
#define VNET_BUF_MRG_SHIFT	13

static void vnet_rq_init(struct vnet *vn, u16 pair, int napi_weight)
{
	struct vnet_rq *rq = &vn->rq[pair];
	size_t max_dma = virtio_max_dma_size(vn->vdev);

	rq->vn = vn;
	rq->index = pair;
	rq->hdr_len = vn->hdr_len;
	rq->mergeable = vn->mergeable;
	rq->split_hdr = !vn->any_layout;
	rq->report = vn->rss.report;
	if (vn->mergeable) {
		rq->min_shift = VNET_BUF_MIN_SHIFT;
		rq->max_shift = VNET_BUF_MRG_SHIFT;
		while (rq->max_shift > rq->min_shift &&
		       (1UL << rq->max_shift) > max_dma)
			rq->max_shift--;
	} else {
		rq->min_shift = vn->rx_shift;
		rq->max_shift = vn->rx_shift;
	}
	sg_init_table(rq->sg, rq->split_hdr ? 2 : 1);
	rq->want_shift = rq->min_shift;
	snprintf(rq->name, sizeof(rq->name), "input.%u", pair);
	u64_stats_init(&rq->stats.syncp);
	timer_setup(&rq->refill_timer, vnet_rx_timer, 0);
	netif_napi_add_weight(vn->dev, &rq->napi, vnet_rx_poll, napi_weight);
}

static void vnet_sq_init(struct vnet *vn, u16 pair, int napi_weight)
{
	struct vnet_sq *sq = &vn->sq[pair];

	sq->vn = vn;
	sq->index = pair;
	sq->hdr_len = vn->hdr_len;
	sq->hdr_inline = vn->any_layout;
	sq->napi_tx = vn->napi_tx;
	sq->little_endian = vn->little_endian;
	sg_init_table(sq->sg, ARRAY_SIZE(sq->sg));
	sg_unmark_end(&sq->sg[ARRAY_SIZE(sq->sg) - 1]);
	snprintf(sq->name, sizeof(sq->name), "output.%u", pair);
	u64_stats_init(&sq->stats.syncp);
	netif_napi_add_tx_weight(vn->dev, &sq->napi, vnet_tx_poll, napi_weight);
}

/**
 * vnet_queues_alloc() - make the queue objects
 * @vn: the device, its features known
 * @napi_weight: packets per poll
 *
 * Return: 0 or -ENOMEM.
 */
int vnet_queues_alloc(struct vnet *vn, int napi_weight)
{
	u16 i;

	vn->rq = kvcalloc(vn->max_pairs, sizeof(*vn->rq), GFP_KERNEL);
	vn->sq = kvcalloc(vn->max_pairs, sizeof(*vn->sq), GFP_KERNEL);
	if (!vn->rq || !vn->sq) {
		kvfree(vn->rq);
		kvfree(vn->sq);
		return -ENOMEM;
	}

	for (i = 0; i < vn->max_pairs; i++) {
		vnet_rq_init(vn, i, napi_weight);
		vnet_sq_init(vn, i, napi_weight);
	}

	return 0;
}

/**
 * vnet_queues_free() - release queue objects and receive memory
 * @vn: the device; its virtqueues are gone, the interface is down
 */
void vnet_queues_free(struct vnet *vn)
{
	u16 i;

	for (i = 0; i < vn->max_pairs; i++) {
		vnet_rx_pools_destroy(&vn->rq[i]);
		__netif_napi_del(&vn->rq[i].napi);
		__netif_napi_del(&vn->sq[i].napi);
	}
	/* As __netif_napi_del() asks for, once for all. */
	synchronize_net();

	kvfree(vn->rq);
	kvfree(vn->sq);
}

static unsigned int vnet_vqs_count(const struct vnet *vn)
{
	return 2 * vn->max_pairs + vnet_has(vn, VIRTIO_NET_F_CTRL_VQ);
}

static void vnet_vqs_attach(struct vnet *vn, struct virtqueue **vqs)
{
	u16 i;

	for (i = 0; i < vn->max_pairs; i++) {
		vn->rq[i].vq = vqs[VNET_RXQ(i)];
		vnet_rx_ring_reset(&vn->rq[i]);
		vn->sq[i].vq = vqs[VNET_TXQ(i)];
		vnet_tx_ring_reset(&vn->sq[i]);
	}

	if (vnet_has(vn, VIRTIO_NET_F_CTRL_VQ))
		vnet_ctrl_attach(vn, vqs[2 * vn->max_pairs]);
}

/**
 * vnet_vqs_find() - set up all virtqueues of the device
 * @vn: the device, DRIVER_OK not set yet
 *
 * Return: 0 or a negative errno.
 */
int vnet_vqs_find(struct vnet *vn)
{
	unsigned int count = vnet_vqs_count(vn);
	struct virtqueue_info *info;
	struct virtqueue **vqs;
	int err = -ENOMEM;
	u16 i;

	vqs = kvcalloc(count, sizeof(*vqs), GFP_KERNEL);
	info = kvcalloc(count, sizeof(*info), GFP_KERNEL);
	if (!vqs || !info)
		goto out;

	for (i = 0; i < vn->max_pairs; i++) {
		info[VNET_RXQ(i)].name = vn->rq[i].name;
		info[VNET_RXQ(i)].callback = vnet_rx_irq;
		info[VNET_TXQ(i)].name = vn->sq[i].name;
		info[VNET_TXQ(i)].callback = vnet_tx_irq;
	}
	/* Without a callback the control queue takes no interrupt vector. */
	if (vnet_has(vn, VIRTIO_NET_F_CTRL_VQ))
		info[count - 1].name = "control";

	err = virtio_find_vqs(vn->vdev, count, vqs, info, NULL);
	if (err)
		dev_err(&vn->vdev->dev, "no use of %u virtqueues, error %d\n",
			count, err);
	else
		vnet_vqs_attach(vn, vqs);
out:
	kvfree(info);
	kvfree(vqs);

	return err;
}

/* No command can be sent any more, and the device uses nothing. */
static void vnet_vqs_free(struct vnet *vn, struct virtqueue *ctrl_vq)
{
	u16 i;

	if (ctrl_vq)
		vnet_ctrl_drain(ctrl_vq);
	for (i = 0; i < vn->max_pairs; i++) {
		vnet_rx_drain(&vn->rq[i]);
		vnet_tx_drain(&vn->sq[i]);
	}

	vn->vdev->config->del_vqs(vn->vdev);

	for (i = 0; i < vn->max_pairs; i++) {
		vn->rq[i].vq = NULL;
		vn->sq[i].vq = NULL;
	}
}

/**
 * vnet_vqs_abandon() - take everything back from a device that was not started
 * @vn: the device, with nothing in its virtqueues
 *
 * It is not reset: one that is gone would never confirm that.
 *
 * Context: may sleep.
 */
void vnet_vqs_abandon(struct vnet *vn)
{
	struct virtqueue *ctrl_vq = vn->ctrl.vq;

	vnet_ctrl_detach(vn);
	vnet_vqs_free(vn, ctrl_vq);
}

/**
 * vnet_vqs_release() - take everything back from the device
 * @vn: the device; NAPI and work are disabled, nothing is sent
 *
 * The device is reset before any memory it may write to is freed.
 *
 * Context: may sleep.
 */
void vnet_vqs_release(struct vnet *vn)
{
	struct virtqueue *ctrl_vq = vn->ctrl.vq;

	/* Nothing to take back after a resume that failed, but the device
	 * must not be left as the failure has left it.
	 */
	if (!vn->rq[0].vq) {
		virtio_reset_device(vn->vdev);
		return;
	}

	vnet_ctrl_detach(vn);
	virtio_reset_device(vn->vdev);
	vnet_vqs_free(vn, ctrl_vq);
}
