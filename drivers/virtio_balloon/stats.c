// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory statistics (virtio 1.3, 5.5.6.3). The device has one buffer and asks for the
 * next one by using it, whenever it likes.
 */
#include <linux/hugetlb.h>
#include <linux/mm.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/swap.h>
#include <linux/virtio_config.h>
#include <linux/vmstat.h>

#include "balloon.h"

static u64 vb_stats_bytes(unsigned long pages)
{
	return (u64)pages << PAGE_SHIFT;
}

#ifdef CONFIG_VM_EVENT_COUNTERS

static u64 vb_stats_stalls(const unsigned long *events)
{
	unsigned int zone;
	u64 stalls = 0;

	for (zone = 0; zone <= ZONE_MOVABLE; zone++)
		stalls += events[ALLOCSTALL_NORMAL - ZONE_NORMAL + zone];
	return stalls;
}

static void vb_stats_events(u64 *val)
{
	unsigned long events[NR_VM_EVENT_ITEMS];

	all_vm_events(events);
	val[VIRTIO_BALLOON_S_SWAP_IN] = vb_stats_bytes(events[PSWPIN]);
	val[VIRTIO_BALLOON_S_SWAP_OUT] = vb_stats_bytes(events[PSWPOUT]);
	val[VIRTIO_BALLOON_S_MAJFLT] = events[PGMAJFAULT];
	val[VIRTIO_BALLOON_S_MINFLT] = events[PGFAULT];
#ifdef CONFIG_HUGETLB_PAGE
	val[VIRTIO_BALLOON_S_HTLB_PGALLOC] = events[HTLB_BUDDY_PGALLOC];
	val[VIRTIO_BALLOON_S_HTLB_PGFAIL] = events[HTLB_BUDDY_PGALLOC_FAIL];
#endif
	val[VIRTIO_BALLOON_S_OOM_KILL] = events[OOM_KILL];
	val[VIRTIO_BALLOON_S_ALLOC_STALL] = vb_stats_stalls(events);
	val[VIRTIO_BALLOON_S_ASYNC_SCAN] = vb_stats_bytes(events[PGSCAN_KSWAPD]);
	val[VIRTIO_BALLOON_S_DIRECT_SCAN] = vb_stats_bytes(events[PGSCAN_DIRECT]);
	val[VIRTIO_BALLOON_S_ASYNC_RECLAIM] = vb_stats_bytes(events[PGSTEAL_KSWAPD]);
	val[VIRTIO_BALLOON_S_DIRECT_RECLAIM] = vb_stats_bytes(events[PGSTEAL_DIRECT]);
}

#else /* !CONFIG_VM_EVENT_COUNTERS */

static void vb_stats_events(u64 *val)
{
}

#endif /* !CONFIG_VM_EVENT_COUNTERS */

/* Each time the same ones, which the specification wants. */
static void vb_stats_fill(struct vb_device *vb)
{
	u64 val[VB_NR_STATS] = { };
	unsigned int i;

	vb_stats_events(val);
	val[VIRTIO_BALLOON_S_MEMFREE] = vb_stats_bytes(global_zone_page_state(NR_FREE_PAGES));
	val[VIRTIO_BALLOON_S_MEMTOT] = vb_stats_bytes(totalram_pages());
	val[VIRTIO_BALLOON_S_AVAIL] = vb_stats_bytes(max(si_mem_available(), 0L));
	val[VIRTIO_BALLOON_S_CACHES] = vb_stats_bytes(global_node_page_state(NR_FILE_PAGES));
	for (i = 0; i < VB_NR_STATS; i++) {
		vb->stats.buf[i].tag = cpu_to_virtio16(vb->vdev, i);
		vb->stats.buf[i].val = cpu_to_virtio64(vb->vdev, val[i]);
	}
}

/**
 * vb_stats_answer() - give the device statistics, if it has asked for them
 * @vb: the balloon
 *
 * One buffer a pass at most: a device that asks all the time gets no more than that.
 *
 * Context: the worker, under &vb_device.mutex.
 */
void vb_stats_answer(struct vb_device *vb)
{
	struct vb_stats_queue *stats = &vb->stats;
	struct scatterlist sg;
	unsigned int len;

	if (!stats->vq || virtqueue_is_broken(stats->vq))
		return;
	if (stats->busy && virtqueue_get_buf(stats->vq, &len))
		stats->busy = false;
	if (stats->busy)
		return;

	vb_stats_fill(vb);
	sg_init_one(&sg, stats->buf, VB_NR_STATS * sizeof(*stats->buf));
	/* A queue that refuses it is broken, and what else there is goes on. */
	if (virtqueue_add_outbuf(stats->vq, &sg, 1, stats, GFP_NOWAIT))
		return;
	stats->busy = true;
	vb_queue_kick(stats->vq);
}

/**
 * vb_stats_init() - have a statistics queue
 * @vb: the balloon
 * @vq: the queue, NULL if there is none
 *
 * Return: 0 or a negative error number
 */
int vb_stats_init(struct vb_device *vb, struct virtqueue *vq)
{
	vb->stats.busy = false;
	vb->stats.vq = NULL;
	if (!vq)
		return 0;
	vb->stats.buf = kcalloc(VB_NR_STATS, sizeof(*vb->stats.buf), GFP_KERNEL);
	if (!vb->stats.buf)
		return -ENOMEM;
	vb->stats.vq = vq;
	return 0;
}

/**
 * vb_stats_exit() - the opposite of vb_stats_init()
 * @vb: the balloon, without queues
 */
void vb_stats_exit(struct vb_device *vb)
{
	vb->stats.vq = NULL;
	kfree(vb->stats.buf);
	vb->stats.buf = NULL;
}
