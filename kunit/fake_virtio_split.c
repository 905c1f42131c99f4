// SPDX-License-Identifier: GPL-2.0-only
/*
 * The device side of a split ring, virtio 1.3, 2.7. All of it runs under the lock of
 * the queue, on memory that the driver may change at any time: what is looked at twice
 * is read once.
 */
#include <linux/virtio_ring.h>

#include "fake_virtio_core.h"

static u16 fv_get16(struct fv_queue *q, const __virtio16 *p)
{
	return virtio16_to_cpu(&q->fv->vdev, READ_ONCE(*p));
}

static u16 fv_avail_idx(struct fv_queue *q)
{
	struct vring_avail *avail = fv_qp(q)->driver;

	return fv_get16(q, &avail->idx);
}

/**
 * fv_split_available() - is there a request that the device has not taken?
 * @q: a live queue, locked
 *
 * Return: true if there is one.
 */
bool fv_split_available(struct fv_queue *q)
{
	return fv_avail_idx(q) != q->ring.avail;
}

/* One descriptor, read once. */
struct fv_desc {
	u64 addr;
	u32 len;
	u16 flags;
	u16 next;
};

static struct fv_desc fv_read_desc(struct fv_queue *q, const struct vring_desc *d)
{
	struct virtio_device *vdev = &q->fv->vdev;

	return (struct fv_desc){
		.addr = virtio64_to_cpu(vdev, READ_ONCE(d->addr)),
		.len = virtio32_to_cpu(vdev, READ_ONCE(d->len)),
		.flags = virtio16_to_cpu(vdev, READ_ONCE(d->flags)),
		.next = virtio16_to_cpu(vdev, READ_ONCE(d->next)),
	};
}

/* An indirect table: chained by next like the ring, but in a table of its own. */
static int fv_split_table(struct fv_walk *w, const struct fv_desc *ind)
{
	struct fv_queue *q = w->q;
	const struct vring_desc *table;
	unsigned int nr = ind->len / sizeof(*table);
	unsigned int seen = 0;
	struct fv_desc d;
	u16 i = 0;
	int err;

	if (!nr || ind->len % sizeof(*table)) {
		fv_violation(q->fv, "2.7.5.3", "indirect table of %u bytes", ind->len);
		return -EPROTO;
	}
	if (ind->flags & VRING_DESC_F_NEXT) {
		fv_violation(q->fv, "2.7.5.3.1", "a descriptor is indirect and has a next");
		return -EPROTO;
	}
	table = fv_map(ind->addr, ind->len);
	if (!table) {
		fv_violation(q->fv, "2.7.5.3", "indirect table at %#llx, which is no memory",
			     ind->addr);
		return -EFAULT;
	}
	do {
		if (seen++ >= nr || i >= nr) {
			fv_violation(q->fv, "2.7.5.3.1",
				     "chain leaves its table of %u, or loops", nr);
			return -EPROTO;
		}
		d = fv_read_desc(q, &table[i]);
		if (d.flags & VRING_DESC_F_INDIRECT) {
			fv_violation(q->fv, "2.7.5.3.1", "indirect table in an indirect table");
			return -EPROTO;
		}
		err = fv_walk_add(w, "2.7.4.2", d.addr, d.len,
				  d.flags & VRING_DESC_F_WRITE);
		if (err)
			return err;
		i = d.next;
	} while (d.flags & VRING_DESC_F_NEXT);

	q->counts.descs += seen;
	w->chain->indirect = true;
	return 0;
}

static int fv_split_chain(struct fv_walk *w, u16 head)
{
	struct fv_queue *q = w->q;
	const struct vring_desc *ring = fv_qp(q)->desc;
	unsigned int seen = 0;
	struct fv_desc d;
	u16 i = head;
	int err;

	do {
		if (seen++ >= q->num || i >= q->num) {
			fv_violation(q->fv, "2.7.5",
				     "chain from %u leaves the ring of %u, or loops", head,
				     q->num);
			return -EPROTO;
		}
		d = fv_read_desc(q, &ring[i]);
		if (d.flags & VRING_DESC_F_INDIRECT) {
			if (!fv_qp(q)->indirect) {
				fv_violation(q->fv, "2.7.5.3.1",
					     "indirect table, which is not negotiated");
				return -EPROTO;
			}
			err = fv_split_table(w, &d);
		} else {
			err = fv_walk_add(w, "2.7.4.2", d.addr, d.len,
					  d.flags & VRING_DESC_F_WRITE);
		}
		if (err)
			return err;
		i = d.next;
	} while (d.flags & VRING_DESC_F_NEXT);

	q->counts.descs += seen;
	w->chain->nr_descs = seen;
	return 0;
}

/**
 * fv_split_pop() - take a request
 * @q: a live queue, locked
 * @w: the chain to fill
 *
 * Return: 1, 0 if there is none, -ENOSPC if it does not fit, another negative code if
 * the driver has broken the ring, which is counted.
 */
int fv_split_pop(struct fv_queue *q, struct fv_walk *w)
{
	struct vring_avail *avail = fv_qp(q)->driver;
	u16 ready = fv_avail_idx(q) - q->ring.avail;
	u64 descs = q->counts.descs;
	u16 head;
	int err;

	if (!ready)
		return 0;
	if (ready > q->num) {
		fv_violation(q->fv, "2.7.6",
			     "available index of queue %u is %u ahead in a ring of %u",
			     q->index, ready, q->num);
		return -EPROTO;
	}
	virt_rmb();	/* the index before what it makes visible */
	head = fv_get16(q, &avail->ring[q->ring.avail & (q->num - 1)]);
	if (head >= q->num) {
		fv_violation(q->fv, "2.7.6", "head %u in a ring of %u", head, q->num);
		return -EPROTO;
	}
	if (test_bit(head, fv_qp(q)->busy)) {
		fv_violation(q->fv, "2.7.13",
			     "head %u of queue %u is made available while in flight", head,
			     q->index);
		return -EPROTO;
	}
	err = fv_split_chain(w, head);
	if (err) {
		q->counts.descs = descs;
		return err;
	}
	w->chain->id = head;
	q->ring.avail++;
	return 1;
}

/**
 * fv_split_add() - write a used element, which the driver does not see yet
 * @q: a live queue, locked
 * @c: where
 * @id: of the element
 * @len: of the element
 */
void fv_split_add(struct fv_queue *q, struct fv_cursor *c, u32 id, u32 len)
{
	struct vring_used *used = fv_qp(q)->device;
	struct vring_used_elem *e;

	e = &used->ring[(u16)(q->ring.used + c->descs) & (q->num - 1)];
	WRITE_ONCE(e->id, cpu_to_virtio32(&q->fv->vdev, id));
	WRITE_ONCE(e->len, cpu_to_virtio32(&q->fv->vdev, len));
	c->descs++;
	c->any = true;
}

/**
 * fv_split_commit() - make the used elements visible
 * @q: a live queue, locked
 * @c: what was written
 */
void fv_split_commit(struct fv_queue *q, struct fv_cursor *c)
{
	struct vring_used *used = fv_qp(q)->device;

	q->ring.used += c->descs;
	if (c->jump)
		q->ring.used += q->num + 1;
	virt_wmb();	/* the elements before the index */
	WRITE_ONCE(used->idx, cpu_to_virtio16(&q->fv->vdev, q->ring.used));
}

/**
 * fv_split_wants_irq() - does the driver want an interrupt for what was completed?
 * @q: a live queue, locked
 *
 * virtio 1.3, 2.7.7. Moves the mark of what was considered.
 *
 * Return: true if it does.
 */
bool fv_split_wants_irq(struct fv_queue *q)
{
	struct vring_avail *avail = fv_qp(q)->driver;
	u16 old = q->ring.signalled;
	bool valid = q->ring.signalled_valid;

	q->ring.signalled = q->ring.used;
	q->ring.signalled_valid = true;
	virt_mb();	/* the used index before what the driver says about it */
	if (!fv_qp(q)->event_idx)
		return !(fv_get16(q, &avail->flags) & VRING_AVAIL_F_NO_INTERRUPT);

	return !valid || vring_need_event(fv_get16(q, &avail->ring[q->num]),
					  q->ring.used, old);
}

/**
 * fv_split_notify() - tell the driver whether notifications are wanted
 * @q: a live queue, locked
 * @on: for the next request, or not at all
 *
 * virtio 1.3, 2.7.10
 */
void fv_split_notify(struct fv_queue *q, bool on)
{
	struct vring_used *used = fv_qp(q)->device;
	struct virtio_device *vdev = &q->fv->vdev;
	__virtio16 *event = (__virtio16 *)&used->ring[q->num];

	if (fv_qp(q)->event_idx) {
		if (on)
			WRITE_ONCE(*event, cpu_to_virtio16(vdev, q->ring.avail));
	} else {
		WRITE_ONCE(used->flags,
			   cpu_to_virtio16(vdev, on ? 0 : VRING_USED_F_NO_NOTIFY));
	}
	virt_mb();	/* before the available index is looked at once more */
}
