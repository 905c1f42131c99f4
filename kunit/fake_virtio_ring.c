// SPDX-License-Identifier: GPL-2.0-only
/*
 * What split and packed rings have in common: requests are taken and completed, and the
 * memory that they describe is read and written.
 */
#include <linux/bitmap.h>
#include <linux/export.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/virtio_ring.h>

#include "fake_virtio_core.h"

/* Segments for which there is room at the first try. */
#define FV_SEGMENTS	24

/* Pages from one look at the memory map to the next. */
#define FV_MAP_STEP	4096

/**
 * fv_map() - where the kernel sees memory that the driver has named
 * @addr: bus address, which is the physical one: there is no IOMMU before the device
 * @len: bytes
 *
 * Return: the address, or NULL if that is no memory.
 */
void *fv_map(u64 addr, u64 len)
{
	u64 last = addr + (len ? len - 1 : 0);
	u64 pfn = addr >> PAGE_SHIFT;

	if (last < addr)
		return NULL;
	while (pfn < last >> PAGE_SHIFT) {
		if (!pfn_valid(pfn))
			return NULL;
		pfn += FV_MAP_STEP;
	}
	return pfn_valid(last >> PAGE_SHIFT) ? phys_to_virt(addr) : NULL;
}

/**
 * fv_walk_add() - add a segment to a chain
 * @w: the chain
 * @section: of the specification, on the order of segments
 * @addr: bus address
 * @len: bytes
 * @write: the device may write it
 *
 * Context: the lock of the queue is held.
 *
 * Return: 0, -ENOSPC if there is no room, another negative code for what is wrong.
 */
int fv_walk_add(struct fv_walk *w, const char *section, u64 addr, u32 len, bool write)
{
	struct fv_chain *chain = w->chain;
	struct fv_device *fv = w->q->fv;
	void *p;

	if (w->nr >= w->max) {
		if (w->max < w->q->num)
			return -ENOSPC;
		fv_violation(fv, section, "chain of more than %u segments", w->q->num);
		return -EPROTO;
	}
	w->total += len;
	if (w->total > U32_MAX) {
		fv_violation(fv, "2.7.5.1", "chain of more than 2^32 bytes");
		return -EPROTO;
	}
	if (!write && chain->nr_in) {
		fv_violation(fv, section, "segment to read after one to write");
		return -EPROTO;
	}
	p = fv_map(addr, len);
	if (!p) {
		fv_violation(fv, section, "%u bytes at %#llx are no memory", len, addr);
		return -EFAULT;
	}
	if (!len)
		fv_violation(fv, section, "segment of no bytes");
	chain->seg[w->nr++] = (struct fv_seg){ .addr = p, .len = len };
	if (write) {
		chain->nr_in++;
		chain->in_len += len;
	} else {
		chain->nr_out++;
		chain->out_len += len;
	}
	return 0;
}

static bool fv_live(struct fv_queue *q)
{
	return q->enabled && !fv_qp(q)->dead && !q->fv->priv->gone &&
	       q->fv->status & VIRTIO_CONFIG_S_DRIVER_OK;
}

/**
 * fv_available() - is there a request that the device has not taken?
 * @q: the queue
 *
 * Context: any.
 *
 * Return: true if there is one.
 */
bool fv_available(struct fv_queue *q)
{
	unsigned long flags;
	bool any = false;

	spin_lock_irqsave(&q->lock, flags);
	if (fv_live(q))
		any = fv_qp(q)->packed ? fv_packed_available(q) : fv_split_available(q);
	spin_unlock_irqrestore(&q->lock, flags);
	return any;
}
EXPORT_SYMBOL_GPL(fv_available);

/* Takes one into a chain with room for so many segments. Same result as fv_split_pop(). */
static int fv_pop_into(struct fv_queue *q, struct fv_chain *chain, unsigned int max)
{
	struct fv_walk w = { .q = q, .chain = chain, .max = max };
	struct fv_qpriv *qp = fv_qp(q);
	unsigned long flags;
	int got = 0;

	spin_lock_irqsave(&q->lock, flags);
	if (fv_live(q))
		got = qp->packed ? fv_packed_pop(q, &w) : fv_split_pop(q, &w);
	if (got > 0) {
		chain->q = q;
		chain->seq = qp->seq++;
		chain->limit = chain->in_len;
		list_add_tail(&chain->node, &q->inflight);
		q->nr_inflight++;
		qp->inflight_descs += chain->nr_descs;
		__set_bit(chain->id, qp->busy);
		q->counts.popped++;
		q->counts.indirect += chain->indirect;
		fv_evil_at_pop(q, chain);
		if (qp->notify)
			fv_notify_enable(q, true);
	} else if (got < 0 && got != -ENOSPC) {
		fv_queue_kill(q);
	}
	spin_unlock_irqrestore(&q->lock, flags);
	return got;
}

/* Memory for a chain. The driver under test may be what memory is written back to. */
static struct fv_chain *fv_chain_alloc(struct fv_queue *q, unsigned int max)
{
	struct fv_chain *chain = NULL;

	if (max <= FV_SEGMENTS) {
		chain = xchg(&fv_qp(q)->spare, NULL);
		if (chain)
			memset(chain, 0, struct_size(chain, seg, FV_SEGMENTS));
	}
	if (!chain)
		chain = kzalloc(struct_size(chain, seg, max(max, (unsigned int)FV_SEGMENTS)),
				GFP_NOIO);
	return chain;
}

/*
 * A device whose speed matters keeps one, because allocations are dear on a kernel that
 * watches them. Of the others, KASAN is to see who uses a chain that is done.
 */
static void fv_chain_free(struct fv_queue *q, struct fv_chain *chain)
{
	if (READ_ONCE(q->fv->mode) == FV_SYNC && q->enabled)
		chain = xchg(&fv_qp(q)->spare, chain);
	kfree(chain);
}

/**
 * fv_pop() - take the next request
 * @q: the queue
 *
 * A ring that the driver has broken is a violation, and dead until the next reset.
 *
 * Context: may sleep.
 *
 * Return: the request, or NULL if there is none. It is completed with fv_push().
 */
struct fv_chain *fv_pop(struct fv_queue *q)
{
	unsigned int max = min_t(unsigned int, FV_SEGMENTS, q->num);
	struct fv_chain *chain;
	int got;

	if (!fv_available(q))
		return NULL;
	do {
		chain = fv_chain_alloc(q, max);
		if (!chain)
			return NULL;
		INIT_LIST_HEAD(&chain->stage);
		got = fv_pop_into(q, chain, max);
		if (got > 0)
			break;
		kfree(chain);
		chain = NULL;
		max = q->num;
	} while (got == -ENOSPC);

	if (chain)
		fv_wake_tests(q->fv);
	return chain;
}
EXPORT_SYMBOL_GPL(fv_pop);

/* The queue's lock is held. */
static void fv_forget(struct fv_chain *chain)
{
	struct fv_queue *q = chain->q;

	list_del(&chain->node);
	q->nr_inflight--;
	fv_qp(q)->inflight_descs -= chain->nr_descs;
	__clear_bit(chain->id, fv_qp(q)->busy);
}

static void fv_add(struct fv_queue *q, struct fv_cursor *c, u32 id, u32 len,
		   unsigned int descs)
{
	if (fv_qp(q)->packed)
		fv_packed_add(q, c, id, len, descs);
	else
		fv_split_add(q, c, id, len);
}

static void fv_commit(struct fv_queue *q, struct fv_cursor *c)
{
	if (!c->any && !c->jump)
		return;
	if (fv_qp(q)->packed)
		fv_packed_commit(q, c);
	else
		fv_split_commit(q, c);
}

static void fv_garbage(struct fv_chain *chain)
{
	size_t done = 0;
	u64 word;
	u8 last;

	do {
		word = fv_random(chain->q->fv);
		done += fv_write(chain, done, &word, min(sizeof(word), chain->in_len - done));
	} while (done < chain->in_len && done < SZ_64K);
	/* A status comes last: it must not say by chance that what failed was done. */
	last = 1 + fv_random(chain->q->fv) % U8_MAX;
	fv_write(chain, chain->in_len - 1, &last, sizeof(last));
}

static u32 fv_idle_id(struct fv_queue *q)
{
	u32 id = find_first_zero_bit(fv_qp(q)->busy, q->num);

	return id < q->num ? id : q->num;
}

/* Completes one chain as it should be, or worse. True if it can be freed. */
static bool fv_push_one(struct fv_queue *q, struct fv_cursor *c, struct fv_chain *chain,
			u32 len)
{
	int evil = fv_evil_for_push(q, chain, len);
	u32 id = chain->id;

	/* Of half a chain no more can be claimed; else a model may say what it likes. */
	if (chain->limit < chain->in_len && chain->limit < len)
		len = chain->limit;
	switch (evil) {
	case FV_EVIL_SILENT:
		return false;
	case FV_EVIL_ID_RANGE:
		id = q->num + (u16)fv_random(q->fv) % (U16_MAX - q->num);
		break;
	case FV_EVIL_ID_IDLE:
		id = fv_idle_id(q);
		break;
	case FV_EVIL_LEN_HUGE:
		len = U32_MAX;
		break;
	case FV_EVIL_LEN_OVER:
		len = chain->in_len + 1;
		break;
	case FV_EVIL_LEN_ZERO:
		len = 0;
		break;
	case FV_EVIL_HALF:
		len = min_t(size_t, len, chain->in_len / 2);
		break;
	case FV_EVIL_GARBAGE:
		fv_garbage(chain);
		len = chain->in_len;
		break;
	case FV_EVIL_TWICE:
		fv_add(q, c, id, len, chain->nr_descs);
		break;
	case FV_EVIL_INDEX_JUMP:
		c->jump = true;
		break;
	}
	fv_add(q, c, id, len, chain->nr_descs);
	fv_forget(chain);
	q->counts.pushed++;
	if (evil == FV_EVIL_ID_RANGE || evil == FV_EVIL_ID_IDLE || evil == FV_EVIL_TWICE ||
	    evil == FV_EVIL_INDEX_JUMP)
		fv_queue_kill(q);
	return true;
}

/* Pushes chains of one queue, which become visible together. */
static void fv_push_queue(struct fv_queue *q, struct fv_chain **chains, const u32 *lens,
			  unsigned int nr)
{
	struct fv_cursor c = { };
	unsigned long flags;
	bool wanted = false;
	bool any = false;
	unsigned int i;

	spin_lock_irqsave(&q->lock, flags);
	for (i = 0; i < nr; i++) {
		if (fv_live(q)) {
			if (!fv_push_one(q, &c, chains[i], lens[i]))
				continue;
		} else {
			/* The ring is nobody's any more. */
			fv_forget(chains[i]);
		}
		fv_chain_free(q, chains[i]);
	}
	any = c.any || c.jump;
	if (any) {
		fv_commit(q, &c);
		wanted = fv_qp(q)->packed ? fv_packed_wants_irq(q) : fv_split_wants_irq(q);
	}
	spin_unlock_irqrestore(&q->lock, flags);

	if (any)
		fv_irq_signal(q, wanted);
	fv_wake_tests(q->fv);
}

/**
 * fv_push_many() - complete requests, which the driver sees all at once
 * @chains: the requests; freed
 * @lens: bytes written for each
 * @nr: how many
 *
 * There is one interrupt for each run of requests of the same queue.
 *
 * Context: any.
 */
void fv_push_many(struct fv_chain **chains, const u32 *lens, unsigned int nr)
{
	unsigned int from = 0;
	unsigned int i;

	for (i = 1; i <= nr; i++) {
		if (i < nr && chains[i]->q == chains[from]->q)
			continue;
		fv_push_queue(chains[from]->q, &chains[from], &lens[from], i - from);
		from = i;
	}
}
EXPORT_SYMBOL_GPL(fv_push_many);

/**
 * fv_push() - complete a request
 * @chain: the request; freed
 * @len: bytes written
 *
 * Context: any.
 */
void fv_push(struct fv_chain *chain, u32 len)
{
	fv_push_many(&chain, &len, 1);
}
EXPORT_SYMBOL_GPL(fv_push);

/**
 * fv_push_raw() - write any used element
 * @q: the queue
 * @id: any id
 * @len: any length
 *
 * With the id of a request in flight, that one is completed, and freed. With another,
 * the queue is dead until the next reset.
 *
 * Context: any, but not while the thread works on the queue.
 */
void fv_push_raw(struct fv_queue *q, u32 id, u32 len)
{
	struct fv_chain *chain, *found = NULL;
	struct fv_cursor c = { };
	unsigned long flags;
	bool wanted;

	spin_lock_irqsave(&q->lock, flags);
	if (!fv_live(q)) {
		spin_unlock_irqrestore(&q->lock, flags);
		return;
	}
	list_for_each_entry(chain, &q->inflight, node) {
		if (chain->id == id) {
			found = chain;
			break;
		}
	}
	fv_add(q, &c, id, len, found ? found->nr_descs : 1);
	if (found) {
		fv_forget(found);
		if (!list_empty(&found->stage)) {
			list_del(&found->stage);
			fv_qp(q)->nr_staged--;
		}
		q->counts.pushed++;
	} else {
		fv_queue_kill(q);
	}
	fv_commit(q, &c);
	wanted = fv_qp(q)->packed ? fv_packed_wants_irq(q) : fv_split_wants_irq(q);
	spin_unlock_irqrestore(&q->lock, flags);

	kfree(found);
	fv_irq_signal(q, wanted);
	fv_wake_tests(q->fv);
}
EXPORT_SYMBOL_GPL(fv_push_raw);

/**
 * fv_notify_enable() - tell the driver whether notifications are wanted
 * @q: a queue, locked
 * @on: they are
 */
void fv_notify_enable(struct fv_queue *q, bool on)
{
	fv_qp(q)->notify = on;
	if (!fv_live(q))
		return;
	if (fv_qp(q)->packed)
		fv_packed_notify(q, on);
	else
		fv_split_notify(q, on);
}

/**
 * fv_queue_kill() - never touch the ring or its buffers again, until a reset
 * @q: a queue, locked
 *
 * After a lie in the ring the driver may have got back any of the buffers.
 */
void fv_queue_kill(struct fv_queue *q)
{
	WRITE_ONCE(fv_qp(q)->dead, true);
}

/**
 * fv_queue_drop() - forget all requests of a queue
 * @q: a queue that is stopped
 *
 * Context: &fv_private.run_lock is held.
 */
void fv_queue_drop(struct fv_queue *q)
{
	struct fv_chain *chain, *next;
	unsigned long flags;
	LIST_HEAD(list);

	spin_lock_irqsave(&q->lock, flags);
	list_splice_init(&q->inflight, &list);
	q->nr_inflight = 0;
	spin_unlock_irqrestore(&q->lock, flags);

	INIT_LIST_HEAD(&fv_qp(q)->staged);
	fv_qp(q)->nr_staged = 0;
	kfree(xchg(&fv_qp(q)->spare, NULL));
	list_for_each_entry_safe(chain, next, &list, node)
		kfree(chain);
}

static int fv_areas(struct fv_queue *q)
{
	struct fv_qpriv *qp = fv_qp(q);
	unsigned int num = q->num;
	size_t desc = num * sizeof(struct vring_desc);
	size_t driver = qp->packed ? 4 : 6 + 2 * num;
	size_t device = qp->packed ? 4 : 6 + num * sizeof(struct vring_used_elem);

	qp->desc = fv_map(virtqueue_get_desc_addr(q->vq), desc);
	qp->driver = fv_map(virtqueue_get_avail_addr(q->vq), driver);
	qp->device = fv_map(virtqueue_get_used_addr(q->vq), device);
	return qp->desc && qp->driver && qp->device ? 0 : -EFAULT;
}

/**
 * fv_queue_start() - begin with a ring that the driver has just made
 * @q: the queue, whose &fv_queue.vq is set
 *
 * Context: may sleep.
 *
 * Return: 0, or a negative error code.
 */
int fv_queue_start(struct fv_queue *q)
{
	struct fv_qpriv *qp = fv_qp(q);
	unsigned long *busy;
	unsigned long flags;

	q->num = virtqueue_get_vring_size(q->vq);
	busy = bitmap_zalloc(q->num, GFP_KERNEL);
	if (!busy)
		return -ENOMEM;
	qp->packed = fv_negotiated(q->fv, VIRTIO_F_RING_PACKED);
	qp->event_idx = fv_negotiated(q->fv, VIRTIO_RING_F_EVENT_IDX);
	qp->indirect = fv_negotiated(q->fv, VIRTIO_RING_F_INDIRECT_DESC);
	if (fv_areas(q)) {
		fv_violation(q->fv, "2.6", "the ring of queue %u is no memory", q->index);
		bitmap_free(busy);
		return -EFAULT;
	}
	spin_lock_irqsave(&q->lock, flags);
	swap(qp->busy, busy);
	memset(&q->ring, 0, sizeof(q->ring));
	q->ring.avail_wrap = true;
	q->ring.used_wrap = true;
	qp->seq = 0;
	qp->used_total = 0;
	qp->signalled_total = 0;
	qp->inflight_descs = 0;
	qp->dead = false;
	qp->notify = true;
	q->enabled = true;
	fv_notify_enable(q, true);
	spin_unlock_irqrestore(&q->lock, flags);
	bitmap_free(busy);
	WRITE_ONCE(qp->irq_ok, true);
	return 0;
}

/**
 * fv_queue_stop() - do not touch the ring any more, nor interrupt
 * @q: the queue
 *
 * Context: &fv_private.run_lock is held. Its chains are still there.
 */
void fv_queue_stop(struct fv_queue *q)
{
	unsigned long flags;

	WRITE_ONCE(fv_qp(q)->irq_ok, false);
	clear_bit(q->index, q->fv->priv->pending);
	spin_lock_irqsave(&q->lock, flags);
	q->enabled = false;
	spin_unlock_irqrestore(&q->lock, flags);
}
