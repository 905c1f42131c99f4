// SPDX-License-Identifier: GPL-2.0-only
/* Memory of the receive queues: page pools, buffers, refill. */

#include <linux/scatterlist.h>
#include <net/page_pool/helpers.h>
#include <net/xdp.h>

#include "rx.h"

/* With mergeable buffers the device holds this much memory for each descriptor
 * of a ring: no more than if each buffer were just long enough for a frame, or a
 * page if packets are large. Larger buffers are fewer then.
 */
#define VNET_FILL_FRAME		1664U
#define VNET_FILL_LARGE		4096U

/* A device chooses the size of its rings, but never holds more than this, unless
 * so many buffers take more.
 */
#define VNET_FILL_BYTES		(4U << 20)
#define VNET_FILL_FRAMES	256U

/* A refill happens when this many buffers, or a quarter of them, are gone. */
#define VNET_REFILL_BATCH	64U

#define VNET_BACKOFF_MIN	(HZ / 50 ?: 1)
#define VNET_BACKOFF_MAX	HZ

/* Pages the pool keeps for reuse. */
#define VNET_POOL_KEEP		32
#define VNET_POOL_SMALL_KEEP	64

/**
 * vnet_rx_shift_for() - size of the buffer that holds a frame
 * @hdr_len: bytes of the virtio header
 * @frame_len: bytes of the frame
 *
 * Return: log2 of the buffer size; larger than VNET_BUF_MAX_SHIFT when no
 * buffer is large enough.
 */
unsigned int vnet_rx_shift_for(unsigned int hdr_len, unsigned int frame_len)
{
	unsigned int need = VNET_BUF_PAD + hdr_len + frame_len + VNET_BUF_TAIL;

	return max_t(unsigned int, order_base_2(need), VNET_BUF_MIN_SHIFT);
}

static struct page_pool *vnet_rx_head_pool(const struct vnet_rq *rq)
{
	return rq->pool_small ?: rq->pool;
}

static struct page_pool *vnet_rx_pool_new(struct vnet_rq *rq,
					  unsigned int order, unsigned int keep)
{
	struct page_pool_params params = {
		.order = order,
		.pool_size = keep,
		.nid = dev_to_node(rq->vn->vdev->dev.parent),
		.napi = &rq->napi,
		.netdev = rq->vn->dev,
	};

	return page_pool_create(&params);
}

static void vnet_rx_pools_free(struct vnet_rq *rq)
{
	if (rq->pool)
		page_pool_destroy(rq->pool);
	if (rq->pool_small)
		page_pool_destroy(rq->pool_small);
	rq->pool = NULL;
	rq->pool_small = NULL;
}

static int vnet_rx_pools_alloc(struct vnet_rq *rq)
{
	struct page_pool *pool;

	pool = vnet_rx_pool_new(rq, VNET_POOL_ORDER, VNET_POOL_KEEP);
	if (IS_ERR(pool))
		return PTR_ERR(pool);
	rq->pool = pool;

	if (VNET_POOL_ORDER) {
		pool = vnet_rx_pool_new(rq, 0, VNET_POOL_SMALL_KEEP);
		if (IS_ERR(pool)) {
			vnet_rx_pools_free(rq);
			return PTR_ERR(pool);
		}
		rq->pool_small = pool;
	}

	return 0;
}

/* XDP frames are single pages, so they come from one of the pools only: XDP
 * knows no more than one for a queue.
 */
static int vnet_rx_xdp_register(struct vnet_rq *rq)
{
	int err;

	err = __xdp_rxq_info_reg(&rq->xdp_rxq, rq->vn->dev, rq->index,
				 rq->napi.napi_id, 1U << VNET_XDP_SHIFT);
	if (err)
		return err;

	err = xdp_rxq_info_reg_mem_model(&rq->xdp_rxq, MEM_TYPE_PAGE_POOL,
					 vnet_rx_head_pool(rq));
	if (err)
		xdp_rxq_info_unreg(&rq->xdp_rxq);

	return err;
}

/**
 * vnet_rx_pools_create() - make the page pools of a queue
 * @rq: the queue, not in use yet
 *
 * The ring core maps each buffer when it is posted, so the pools do no DMA
 * mapping of their own.
 *
 * Context: may sleep.
 * Return: 0 or a negative errno, with nothing left behind.
 */
int vnet_rx_pools_create(struct vnet_rq *rq)
{
	int err;

	err = vnet_rx_pools_alloc(rq);
	if (err)
		return err;

	err = vnet_rx_xdp_register(rq);
	if (err)
		vnet_rx_pools_free(rq);

	return err;
}

/**
 * vnet_rx_pools_destroy() - give up the page pools of a queue
 * @rq: the queue; NAPI is disabled and the device holds no buffer
 *
 * Pages still in the hands of the stack return when it is done with them.
 *
 * Context: may sleep.
 */
void vnet_rx_pools_destroy(struct vnet_rq *rq)
{
	while (rq->carve_left) {
		vnet_rx_put(rq, vnet_buf_token(rq->carve, rq->carve_shift), false);
		rq->carve += 1UL << rq->carve_shift;
		rq->carve_left--;
	}

	for (; rq->head_left; rq->head_left--)
		page_pool_put_full_page(vnet_rx_head_pool(rq),
					virt_to_head_page(rq->heads), false);

	if (xdp_rxq_info_is_reg(&rq->xdp_rxq))
		xdp_rxq_info_unreg(&rq->xdp_rxq);
	vnet_rx_pools_free(rq);
}

/**
 * vnet_rx_ring_reset() - start with an empty ring
 * @rq: the queue, its virtqueue freshly made
 */
void vnet_rx_ring_reset(struct vnet_rq *rq)
{
	rq->posted = 0;
	rq->fill_max = virtqueue_get_vring_size(rq->vq);
	rq->refill_mark = 1;
	rq->starved = false;
	rq->need_kick = false;
	rq->backoff = VNET_BACKOFF_MIN;
}

/* Smallest buffer that would hold the average packet in one piece, with an XDP
 * program a page. Return: as in a token.
 */
static unsigned int vnet_rx_pick_shift(const struct vnet_rq *rq)
{
	unsigned int shift;

	if (unlikely(rcu_access_pointer(rq->vn->xdp_prog)))
		return VNET_XDP_BITS;
	if (rq->min_shift == rq->max_shift)
		return rq->min_shift;

	shift = vnet_rx_shift_for(rq->hdr_len, rq->len_avg / 64);
	return clamp_t(unsigned int, shift, rq->min_shift, rq->max_shift);
}

static void vnet_rx_set_fill(struct vnet_rq *rq, unsigned int bits)
{
	u32 size = virtqueue_get_vring_size(rq->vq), bytes = VNET_FILL_BYTES;
	unsigned int shift = bits & VNET_BUF_SHIFT_MASK, least = VNET_FILL_FRAMES;

	if (rq->mergeable) {
		bytes = min(bytes, size * (shift == VNET_BUF_MIN_SHIFT ?
					   VNET_FILL_FRAME : VNET_FILL_LARGE));
		/* Two of the largest packets. Of the smallest buffers, for all may be
		 * from when packets were small: the device does not begin a packet
		 * that they cannot hold, and while it uses none no refill comes.
		 */
		least = 2 * DIV_ROUND_UP(VNET_FRAME_MAX + rq->hdr_len,
					 vnet_buf_room(VNET_BUF_MIN_SHIFT));
	}
	rq->fill_max = min(max(bytes >> shift, least), size);
	rq->refill_mark = clamp(rq->fill_max / 4, 1U, VNET_REFILL_BATCH);
}

/* Take a page and have it cut into buffers of 1 << shift. Larger pages are
 * worth a look, but not the reserves; single pages are the last resort.
 */
static bool vnet_rx_carve_new(struct vnet_rq *rq, unsigned int shift, gfp_t gfp)
{
	unsigned int page_shift = VNET_POOL_SHIFT;
	struct page *page;

	page = page_pool_alloc_pages(rq->pool,
				     (gfp & ~__GFP_HIGH) | __GFP_NORETRY |
				     __GFP_NOWARN);
	if (unlikely(!page)) {
		page_shift = PAGE_SHIFT;
		shift = min_t(unsigned int, shift, page_shift);
		if (!rq->pool_small || shift < rq->min_shift)
			return false;
		page = page_pool_alloc_pages(rq->pool_small,
					     gfp | __GFP_NOWARN);
		if (!page)
			return false;
	}

	page_pool_fragment_page(page, 1L << (page_shift - shift));
	rq->carve = page_address(page);
	rq->carve_shift = shift;
	rq->carve_left = 1U << (page_shift - shift);

	return true;
}

/**
 * vnet_rx_page_new() - get a buffer for XDP
 * @rq: the queue
 * @gfp: GFP_ATOMIC in NAPI context
 *
 * Context: NAPI of the queue, or the queue not in use.
 * Return: its token, or NULL.
 */
void *vnet_rx_page_new(struct vnet_rq *rq, gfp_t gfp)
{
	struct page *page = page_pool_alloc_pages(vnet_rx_head_pool(rq),
						  gfp | __GFP_NOWARN);

	if (unlikely(!page))
		return NULL;

	/* The pool takes it for one in pieces, as all others. */
	page_pool_fragment_page(page, 1);

	return vnet_buf_token(page_address(page), VNET_XDP_BITS);
}

/* What is left of a page is used up before the size changes. */
static void *vnet_rx_buf_new(struct vnet_rq *rq, unsigned int shift, gfp_t gfp)
{
	void *va;

	if (unlikely(shift & VNET_BUF_XDP))
		return vnet_rx_page_new(rq, gfp);
	if (!rq->carve_left && !vnet_rx_carve_new(rq, shift, gfp))
		return NULL;

	va = rq->carve;
	rq->carve_left--;
	rq->carve += 1UL << rq->carve_shift;

	return vnet_buf_token(va, rq->carve_shift);
}

/**
 * vnet_rx_heads_new() - get memory for more small packets
 * @rq: the queue
 *
 * Context: NAPI of the queue.
 * Return: false if there is none.
 */
bool vnet_rx_heads_new(struct vnet_rq *rq)
{
	struct page *page = page_pool_dev_alloc_pages(vnet_rx_head_pool(rq));

	if (unlikely(!page))
		return false;

	rq->head_left = page_size(page) / VNET_HEAD_SIZE;
	page_pool_fragment_page(page, rq->head_left);
	rq->heads = page_address(page);

	return true;
}

/**
 * vnet_rx_head_put() - return memory for a small packet
 * @rq: the queue
 * @head: the memory
 *
 * Context: NAPI of the queue.
 */
void vnet_rx_head_put(struct vnet_rq *rq, void *head)
{
	page_pool_put_full_page(vnet_rx_head_pool(rq), virt_to_head_page(head),
				true);
}

/**
 * vnet_rx_put() - return a buffer to its pool
 * @rq: the queue it came from
 * @token: the buffer
 * @in_napi: called from the queue's NAPI context
 */
void vnet_rx_put(struct vnet_rq *rq, void *token, bool in_napi)
{
	struct page *page = virt_to_head_page(vnet_buf_va(token));
	struct page_pool *pool = rq->pool;

	if (rq->pool_small && !PageHead(page))
		pool = rq->pool_small;

	page_pool_put_full_page(pool, page, in_napi);
}

/**
 * vnet_rx_post() - give a buffer to the device
 * @rq: the queue
 * @token: the buffer, still the caller's when this fails
 *
 * Context: NAPI of the queue, or the queue not in use.
 * Return: 0 or a negative errno.
 */
int vnet_rx_post(struct vnet_rq *rq, void *token)
{
	return vnet_rx_add(rq, token,
			   vnet_buf_va(token) + vnet_buf_pad((unsigned long)token),
			   vnet_buf_room((unsigned long)token));
}

/**
 * vnet_rx_kick() - tell the device about buffers posted since the last time
 * @rq: the queue
 *
 * Context: NAPI of the queue, or the queue not in use.
 */
void vnet_rx_kick(struct vnet_rq *rq)
{
	if (!rq->need_kick)
		return;

	rq->need_kick = false;
	if (virtqueue_kick_prepare(rq->vq) && virtqueue_notify(rq->vq)) {
		u64_stats_update_begin(&rq->stats.syncp);
		u64_stats_inc(&rq->stats.kicks);
		u64_stats_update_end(&rq->stats.syncp);
	}
}

/* No memory: stop asking until the timer fires. The ring may be empty, then
 * nothing but the timer would ever bring the queue back.
 */
static void vnet_rx_starve(struct vnet_rq *rq)
{
	rq->starved = true;
	mod_timer(&rq->refill_timer, jiffies + rq->backoff);
	rq->backoff = min_t(unsigned long, rq->backoff * 2, VNET_BACKOFF_MAX);
}

/**
 * vnet_rx_refill() - give the device all the buffers it may have
 * @rq: the queue
 * @gfp: GFP_ATOMIC in NAPI context, GFP_KERNEL while the queue is not in use
 *
 * The caller kicks.
 *
 * Context: NAPI of the queue, or the queue not in use.
 */
void vnet_rx_refill(struct vnet_rq *rq, gfp_t gfp)
{
	unsigned int shift = vnet_rx_pick_shift(rq);

	WRITE_ONCE(rq->want_shift, shift);
	vnet_rx_set_fill(rq, shift);

	while (rq->posted < rq->fill_max && rq->vq->num_free) {
		void *token = vnet_rx_buf_new(rq, shift, gfp);
		int err;

		if (unlikely(!token)) {
			vnet_rx_starve(rq);
			return;
		}

		err = vnet_rx_post(rq, token);
		if (unlikely(err)) {
			vnet_rx_put(rq, token, false);
			/* A broken queue takes nothing ever again. */
			if (err == -ENOMEM)
				vnet_rx_starve(rq);
			return;
		}
	}

	rq->backoff = VNET_BACKOFF_MIN;
}

/**
 * vnet_rx_timer() - memory may be there again
 * @timer: the refill timer of a queue
 */
void vnet_rx_timer(struct timer_list *timer)
{
	struct vnet_rq *rq = container_of(timer, struct vnet_rq, refill_timer);

	/* Only the poll routine touches the queue. It sees that the timer is
	 * no longer pending.
	 */
	napi_schedule(&rq->napi);
}

/**
 * vnet_rx_drain() - take back what the device never used
 * @rq: the queue; the device is reset, NAPI is disabled
 */
void vnet_rx_drain(struct vnet_rq *rq)
{
	void *token;

	while ((token = virtqueue_detach_unused_buf(rq->vq)))
		vnet_rx_put(rq, token, false);
	rq->posted = 0;
}

/**
 * vnet_rx_recycle() - a buffer comes back from a queue that is reset
 * @vq: the virtqueue
 * @buf: the buffer
 */
void vnet_rx_recycle(struct virtqueue *vq, void *buf)
{
	struct vnet *vn = vq->vdev->priv;

	vnet_rx_put(&vn->rq[VNET_PAIR(vq->index)], buf, false);
}

/**
 * vnet_rx_recycled() - all buffers have come back
 * @vq: the virtqueue, its NAPI disabled
 */
void vnet_rx_recycled(struct virtqueue *vq)
{
	struct vnet *vn = vq->vdev->priv;

	vnet_rx_ring_reset(&vn->rq[VNET_PAIR(vq->index)]);
}
