// SPDX-License-Identifier: GPL-2.0-only
/*
 * The device side of a packed ring, virtio 1.3, 2.8. All of it runs under the lock of
 * the queue.
 */
#include <linux/virtio_ring.h>

#include "fake_virtio_core.h"

#define FV_AVAIL	BIT(VRING_PACKED_DESC_F_AVAIL)
#define FV_USED		BIT(VRING_PACKED_DESC_F_USED)

static struct vring_packed_desc *fv_packed_desc(struct fv_queue *q, unsigned int i)
{
	struct vring_packed_desc *ring = fv_qp(q)->desc;

	return &ring[i];
}

static bool fv_flags_available(u16 flags, bool wrap)
{
	return !!(flags & FV_AVAIL) == wrap && !!(flags & FV_USED) != wrap;
}

/**
 * fv_packed_available() - is there a request that the device has not taken?
 * @q: a live queue, locked
 *
 * Return: true if there is one.
 */
bool fv_packed_available(struct fv_queue *q)
{
	u16 flags = le16_to_cpu(READ_ONCE(fv_packed_desc(q, q->ring.avail)->flags));

	return fv_flags_available(flags, q->ring.avail_wrap);
}

/* An indirect table: one after the other, 2.8.7. */
static int fv_packed_table(struct fv_walk *w, u64 addr, u32 len)
{
	struct fv_queue *q = w->q;
	const struct vring_packed_desc *table;
	unsigned int nr = len / sizeof(*table);
	unsigned int i;
	u16 flags;
	int err;

	if (!nr || len % sizeof(*table)) {
		fv_violation(q->fv, "2.8.7", "indirect table of %u bytes", len);
		return -EPROTO;
	}
	table = fv_map(addr, len);
	if (!table) {
		fv_violation(q->fv, "2.8.7", "indirect table at %#llx, which is no memory",
			     addr);
		return -EFAULT;
	}
	for (i = 0; i < nr; i++) {
		flags = le16_to_cpu(READ_ONCE(table[i].flags));
		if (flags & VRING_DESC_F_INDIRECT) {
			fv_violation(q->fv, "2.8.19", "indirect table in an indirect table");
			return -EPROTO;
		}
		err = fv_walk_add(w, "2.8.17", le64_to_cpu(READ_ONCE(table[i].addr)),
				  le32_to_cpu(READ_ONCE(table[i].len)),
				  flags & VRING_DESC_F_WRITE);
		if (err)
			return err;
	}
	q->counts.descs += nr;
	w->chain->indirect = true;
	return 0;
}

/* One descriptor of the ring; its flags, or what is wrong. */
static int fv_packed_one(struct fv_walk *w, struct vring_packed_desc *d, bool wrap,
			 bool first)
{
	struct fv_queue *q = w->q;
	u16 flags = le16_to_cpu(READ_ONCE(d->flags));
	u64 addr = le64_to_cpu(READ_ONCE(d->addr));
	u32 len = le32_to_cpu(READ_ONCE(d->len));
	int err;

	if (!fv_flags_available(flags, wrap)) {
		fv_violation(q->fv, "2.8.6",
			     "flags %#x in the middle of a list are not those of an available one",
			     flags);
		return -EPROTO;
	}
	if (flags & VRING_DESC_F_INDIRECT) {
		if (!fv_qp(q)->indirect) {
			fv_violation(q->fv, "2.8.19",
				     "indirect table, which is not negotiated");
			return -EPROTO;
		}
		if (!first || flags & VRING_DESC_F_NEXT) {
			fv_violation(q->fv, "2.8.19", "indirect table in a list");
			return -EPROTO;
		}
		err = fv_packed_table(w, addr, len);
	} else {
		err = fv_walk_add(w, "2.8.17", addr, len, flags & VRING_DESC_F_WRITE);
	}
	w->chain->id = le16_to_cpu(READ_ONCE(d->id));
	return err ?: flags;
}

static int fv_packed_check(struct fv_walk *w, unsigned int seen)
{
	struct fv_queue *q = w->q;
	u16 id = w->chain->id;

	if (id >= q->num) {
		fv_violation(q->fv, "2.8.12", "buffer id %u in a ring of %u", id, q->num);
		return -EPROTO;
	}
	if (test_bit(id, fv_qp(q)->busy)) {
		fv_violation(q->fv, "2.8.12",
			     "buffer id %u of queue %u is made available while in flight", id,
			     q->index);
		return -EPROTO;
	}
	if (fv_qp(q)->inflight_descs + seen > q->num) {
		fv_violation(q->fv, "2.8.17", "%u descriptors in flight in a ring of %u",
			     fv_qp(q)->inflight_descs + seen, q->num);
		return -EPROTO;
	}
	return 0;
}

/**
 * fv_packed_pop() - take a request
 * @q: a live queue, locked
 * @w: the chain to fill
 *
 * Return: see fv_split_pop()
 */
int fv_packed_pop(struct fv_queue *q, struct fv_walk *w)
{
	u64 descs = q->counts.descs;
	bool wrap = q->ring.avail_wrap;
	u16 pos = q->ring.avail;
	unsigned int seen = 0;
	int flags;

	if (!fv_packed_available(q))
		return 0;
	virt_rmb();	/* the flags before what they make visible */
	do {
		if (seen++ >= q->num) {
			fv_violation(q->fv, "2.8.17", "list longer than the ring of %u",
				     q->num);
			flags = -EPROTO;
			break;
		}
		flags = fv_packed_one(w, fv_packed_desc(q, pos), wrap, seen == 1);
		if (flags < 0)
			break;
		if (++pos >= q->num) {
			pos = 0;
			wrap = !wrap;
		}
	} while (flags & VRING_DESC_F_NEXT);

	if (flags >= 0 && fv_packed_check(w, seen))
		flags = -EPROTO;
	if (flags < 0) {
		q->counts.descs = descs;
		return flags;
	}
	q->counts.descs += seen;
	w->chain->nr_descs = seen;
	q->ring.avail = pos;
	q->ring.avail_wrap = wrap;
	return 1;
}

/**
 * fv_packed_add() - write a used descriptor
 * @q: a live queue, locked
 * @c: where; at first, where the queue is
 * @id: buffer id
 * @len: bytes written
 * @descs: descriptors that the buffer has taken
 *
 * The flags of the first one are kept for fv_packed_commit(), so that the driver sees
 * all of them or none.
 */
void fv_packed_add(struct fv_queue *q, struct fv_cursor *c, u32 id, u32 len,
		   unsigned int descs)
{
	struct vring_packed_desc *d;
	u16 flags = len ? VRING_DESC_F_WRITE : 0;

	if (!c->any) {
		c->pos = q->ring.used;
		c->wrap = q->ring.used_wrap;
	}
	d = fv_packed_desc(q, c->pos);
	if (c->wrap)
		flags |= FV_AVAIL | FV_USED;
	WRITE_ONCE(d->id, cpu_to_le16(id));
	WRITE_ONCE(d->len, cpu_to_le32(len));
	if (c->any) {
		virt_wmb();	/* the element before its flags */
		WRITE_ONCE(d->flags, cpu_to_le16(flags));
	} else {
		c->first_pos = c->pos;
		c->first_flags = flags;
		c->any = true;
	}
	c->descs += descs;
	c->pos += descs;
	if (c->pos >= q->num) {
		c->pos -= q->num;
		c->wrap = !c->wrap;
	}
}

/**
 * fv_packed_commit() - make the used descriptors visible
 * @q: a live queue, locked
 * @c: what was written
 */
void fv_packed_commit(struct fv_queue *q, struct fv_cursor *c)
{
	struct vring_packed_desc *d;
	u16 flags;

	if (!c->any)
		return;
	if (c->jump) {
		/* What comes next is used as well, though nobody has taken it. */
		d = fv_packed_desc(q, c->pos);
		flags = c->wrap ? FV_AVAIL | FV_USED : 0;
		WRITE_ONCE(d->flags, cpu_to_le16(flags));
	}
	virt_wmb();	/* all of it before the flags of the first */
	d = fv_packed_desc(q, c->first_pos);
	WRITE_ONCE(d->flags, cpu_to_le16(c->first_flags));
	q->ring.used = c->pos;
	q->ring.used_wrap = c->wrap;
	fv_qp(q)->used_total += c->descs;
}

/**
 * fv_packed_wants_irq() - does the driver want an interrupt for what was completed?
 * @q: a live queue, locked
 *
 * virtio 1.3, 2.8.10. Moves the mark of what was considered. Positions are compared as
 * free running counts of descriptors, which knows nothing of the end of the ring.
 *
 * Return: true if it does.
 */
bool fv_packed_wants_irq(struct fv_queue *q)
{
	struct fv_qpriv *qp = fv_qp(q);
	struct vring_packed_desc_event *driver = qp->driver;
	s64 old = qp->signalled_total;
	u16 flags, off_wrap;
	s64 event;

	qp->signalled_total = qp->used_total;
	virt_mb();	/* the used descriptors before what the driver says */
	flags = le16_to_cpu(READ_ONCE(driver->flags)) & 3;
	if (flags == VRING_PACKED_EVENT_FLAG_DISABLE)
		return false;
	if (flags != VRING_PACKED_EVENT_FLAG_DESC || !qp->event_idx)
		return true;

	virt_rmb();	/* the flags before the offset that they announce */
	off_wrap = le16_to_cpu(READ_ONCE(driver->off_wrap));
	event = (s64)qp->used_total - q->ring.used + (off_wrap & 0x7fff);
	if (!!(off_wrap & 0x8000) != q->ring.used_wrap)
		event -= q->num;
	return event >= old && event < (s64)qp->used_total;
}

/**
 * fv_packed_notify() - tell the driver whether notifications are wanted
 * @q: a live queue, locked
 * @on: for the next request, or not at all
 *
 * virtio 1.3, 2.8.10
 */
void fv_packed_notify(struct fv_queue *q, bool on)
{
	struct vring_packed_desc_event *device = fv_qp(q)->device;
	u16 flags = VRING_PACKED_EVENT_FLAG_DISABLE;

	if (on && fv_qp(q)->event_idx) {
		WRITE_ONCE(device->off_wrap,
			   cpu_to_le16(q->ring.avail | q->ring.avail_wrap << 15));
		virt_wmb();	/* the offset before the flags that announce it */
		flags = VRING_PACKED_EVENT_FLAG_DESC;
	} else if (on) {
		flags = VRING_PACKED_EVENT_FLAG_ENABLE;
	}
	WRITE_ONCE(device->flags, cpu_to_le16(flags));
	virt_mb();	/* before the descriptors are looked at once more */
}
