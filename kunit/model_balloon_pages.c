// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who has which page.
 *
 * One map for all balloons, so that a page which two of them hold is noticed.
 */
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/mutex.h>
#include <linux/nodemask.h>
#include <linux/page-flags.h>
#include <linux/vmalloc.h>

#include "model_balloon.h"

/* Entries of a buffer that are read at a time. */
#define MB_ENTRIES	64

/**
 * struct mb_page - what is known of a page
 * @seq: of the inflate request that brought it
 * @next: page of the same owner, 0 if it is the last
 * @prev: the opposite, 0 if it is the first
 * @owner: the balloon that holds it, 0 if none
 * @ever: it was in a balloon once
 * @filled: the device has written into it
 */
struct mb_page {
	u32 seq;
	u32 next;
	u32 prev;
	u8 owner;
	bool ever;
	bool filled;
};

static DEFINE_MUTEX(mb_mutex);	/* protects all that is below, and the balloons */
static struct mb_page *mb_map;
static u64 mb_map_len;
static unsigned int mb_map_users;
static struct mb_device *mb_devices[U8_MAX + 1];

/**
 * mb_lock() - keep the state of all balloons as it is
 *
 * Context: may sleep.
 */
void mb_lock(void)
{
	mutex_lock(&mb_mutex);
}

/**
 * mb_unlock() - the opposite of mb_lock()
 */
void mb_unlock(void)
{
	mutex_unlock(&mb_mutex);
}

/**
 * mb_map_get() - have the map, which all balloons need
 *
 * Context: may sleep.
 * Return: 0 or a negative error number
 */
int mb_map_get(void)
{
	unsigned long end = 0;
	int node, err = 0;

	mb_lock();
	if (!mb_map_users++) {
		for_each_online_node(node)
			end = max(end, node_end_pfn(node));
		mb_map_len = (u64)end << (PAGE_SHIFT - VIRTIO_BALLOON_PFN_SHIFT);
		mb_map = vzalloc(array_size(mb_map_len, sizeof(*mb_map)));
		if (!mb_map) {
			mb_map_users--;
			err = -ENOMEM;
		}
	}
	mb_unlock();
	return err;
}

/**
 * mb_map_put() - the opposite of mb_map_get()
 */
void mb_map_put(void)
{
	mb_lock();
	if (!--mb_map_users) {
		vfree(mb_map);
		mb_map = NULL;
	}
	mb_unlock();
}

/**
 * mb_number() - give a balloon a number
 * @mb: the balloon
 *
 * Context: may sleep.
 */
void mb_number(struct mb_device *mb)
{
	static u8 last;

	mb_lock();
	last = last == U8_MAX ? 1 : last + 1;
	mb->owner = last;
	mb_devices[last] = mb;
	mb_unlock();
}

static struct page *mb_pfn_to_page(u64 pfn)
{
	return pfn_to_page(pfn >> (PAGE_SHIFT - VIRTIO_BALLOON_PFN_SHIFT));
}

/**
 * mb_pfn_in_ram() - can it be a page of the guest's memory?
 * @pfn: in units of 4 KiB
 *
 * Context: any, while the map is there.
 * Return: true if so
 */
bool mb_pfn_in_ram(u64 pfn)
{
	return pfn < mb_map_len &&
	       pfn_valid(pfn >> (PAGE_SHIFT - VIRTIO_BALLOON_PFN_SHIFT)) &&
	       !PageReserved(mb_pfn_to_page(pfn));
}

/**
 * mb_pfn_held() - does a balloon hold a page?
 * @pfn: in units of 4 KiB
 *
 * Context: under mb_lock().
 * Return: true if so
 */
bool mb_pfn_held(u64 pfn)
{
	return pfn < mb_map_len && mb_map[pfn].owner;
}

static struct mb_page *mb_page(struct mb_device *mb, u64 pfn, const char *what)
{
	if (mb_pfn_in_ram(pfn))
		return &mb_map[pfn];
	fv_violation(mb->fv, "5.5.6", "%s of page %#llx, which is no memory of the guest",
		     what, pfn);
	return NULL;
}

/* The first page of the guest is nobody's: 0 stands for none. */
static void mb_own(struct mb_device *mb, u32 pfn)
{
	struct mb_page *page = &mb_map[pfn];

	page->owner = mb->owner;
	page->prev = 0;
	page->next = mb->first;
	if (mb->first)
		mb_map[mb->first].prev = pfn;
	mb->first = pfn;
	mb->held++;
}

static void mb_disown(struct mb_device *mb, u32 pfn)
{
	struct mb_page *page = &mb_map[pfn];

	page->owner = 0;
	if (page->next)
		mb_map[page->next].prev = page->prev;
	if (page->prev)
		mb_map[page->prev].next = page->next;
	else
		mb->first = page->next;
	mb->held--;
}

/*
 * A page that another balloon has may be given if that one need not be told before the
 * guest uses it: it hears of it later. So it may if that one has pretended to have given
 * it back.
 */
static bool mb_steal(struct mb_device *mb, u32 pfn)
{
	struct mb_device *other = mb_devices[mb_map[pfn].owner];

	if (!other || other == mb || (other->must_tell && !mb_lied(other)))
		return false;
	mb_disown(other, pfn);
	other->stolen++;
	return true;
}

/* The guest gives a page. The device may write to it from now on. */
static void mb_take(struct mb_device *mb, u64 pfn, u32 seq)
{
	struct mb_page *page = mb_page(mb, pfn, "inflate");

	if (!page)
		return;
	if (page->owner && !mb_steal(mb, pfn)) {
		if (!mb_lied(mb))
			fv_violation(mb->fv, "5.5.6", "inflate of page %#llx, which balloon %u has",
				     pfn, page->owner);
		return;
	}
	mb_own(mb, pfn);
	page->seq = seq;
	page->ever = true;
	page->filled = false;
	mb->peak = max(mb->peak, mb->held);
	mb->inflated++;

	/* A driver that was lied to may have it back already. */
	if (mb_lied(mb))
		return;
	if (!PageOffline(mb_pfn_to_page(pfn))) {
		fv_violation(mb->fv, "5.5.6", "inflate of page %#llx, which the guest uses", pfn);
		return;
	}
	mb_fill(pfn, mb->p.sparse);
	page->filled = true;
}

static bool mb_intact(struct mb_device *mb, u64 pfn, const char *when)
{
	if (!mb_map[pfn].filled)
		return true;
	if (!PageOffline(mb_pfn_to_page(pfn))) {
		fv_violation(mb->fv, "5.5.6", "page %#llx is used by the guest %s", pfn, when);
		return false;
	}
	if (!mb_filled(pfn, mb->p.sparse)) {
		fv_violation(mb->fv, "5.5.6", "page %#llx was written to by the guest %s", pfn,
			     when);
		return false;
	}
	return true;
}

/* Is the request that brought a page still with the device? */
static bool mb_in_flight(struct fv_queue *q, u32 seq)
{
	struct fv_chain *chain;
	bool found = false;
	unsigned long flags;

	spin_lock_irqsave(&q->lock, flags);
	list_for_each_entry(chain, &q->inflight, node) {
		if ((u32)chain->seq == seq) {
			found = true;
			break;
		}
	}
	spin_unlock_irqrestore(&q->lock, flags);
	return found;
}

/* The device must have acknowledged that it has a page of its own, before it is taken back. */
static void mb_check_answered(struct mb_device *mb, u64 pfn)
{
	if (mb_lied(mb))
		return;
	/* The pages of a request come together. */
	if (mb->answered_valid && mb->answered == mb_map[pfn].seq)
		return;
	mb->answered = mb_map[pfn].seq;
	mb->answered_valid = !mb_in_flight(mb_queue(mb, MB_INFLATE), mb->answered);
	if (!mb->answered_valid)
		fv_violation(mb->fv, "5.5.6",
			     "deflate of page %#llx, whose inflate is not acknowledged", pfn);
}

/* The guest takes a page back. */
static void mb_give(struct mb_device *mb, u64 pfn, u32 seq)
{
	struct mb_page *page = mb_page(mb, pfn, "deflate");

	if (!page)
		return;
	if (page->owner != mb->owner) {
		if (mb->stolen) {
			mb->stolen--;
			mb->deflated++;
			return;
		}
		/* Entries that were not read may be any page. */
		if (!mb_lied(mb) && !mb->unread)
			fv_violation(mb->fv, "5.5.6",
				     "deflate of page %#llx, which balloon %u has", pfn,
				     page->owner);
		return;
	}
	mb_check_answered(mb, pfn);
	if (mb->must_tell && !mb_lied(mb))
		mb_intact(mb, pfn, "before the device was told");
	mb_disown(mb, pfn);
	mb->deflated++;
}

/* Checks the form of a buffer; returns how many entries the device looks at. */
static unsigned int mb_entries(struct mb_device *mb, const struct fv_chain *chain,
			       const char *what)
{
	size_t nr = chain->out_len / sizeof(__virtio32), limit = nr;

	if (chain->nr_in)
		fv_violation(mb->fv, "5.5.6", "%s buffer with a part to write into", what);
	if (!nr || chain->out_len % sizeof(__virtio32))
		fv_violation(mb->fv, "5.5.6", "%s buffer of %zu bytes", what, chain->out_len);
	if (mb->p.first_only)
		limit = chain->nr_out ? chain->seg[0].len / sizeof(__virtio32) : 0;
	if (mb->p.max_pfns)
		limit = min_t(size_t, limit, mb->p.max_pfns);
	mb->largest = max_t(unsigned int, mb->largest, nr);
	mb->unread += nr - min(nr, limit);
	return min(nr, limit);
}

/* Calls a function for each entry of a buffer, as long as the device has a claim on it. */
static void mb_for_each(struct mb_device *mb, const struct fv_chain *chain, unsigned int nr,
			void (*fn)(struct mb_device *mb, u64 pfn, u32 seq))
{
	__virtio32 entries[MB_ENTRIES];
	unsigned int at, i, want, got;

	for (at = 0; at < nr; at += got) {
		want = min_t(unsigned int, nr - at, MB_ENTRIES);
		got = fv_read(chain, at * sizeof(entries[0]), entries,
			      want * sizeof(entries[0])) / sizeof(entries[0]);
		for (i = 0; i < got; i++)
			fn(mb, virtio32_to_cpu(&mb->fv->vdev, entries[i]), (u32)chain->seq);
		if (got < want)
			break;
	}
}

/**
 * mb_inflate() - do an inflate request
 * @mb: the balloon
 * @chain: the request
 *
 * Context: under mb_lock().
 * Return: 0, the bytes written
 */
int mb_inflate(struct mb_device *mb, struct fv_chain *chain)
{
	mb_for_each(mb, chain, mb_entries(mb, chain, "inflate"), mb_take);
	return 0;
}

/**
 * mb_deflate() - do a deflate request
 * @mb: the balloon
 * @chain: the request
 *
 * Context: under mb_lock().
 * Return: 0, the bytes written
 */
int mb_deflate(struct mb_device *mb, struct fv_chain *chain)
{
	mb->answered_valid = false;
	mb_for_each(mb, chain, mb_entries(mb, chain, "deflate"), mb_give);
	return 0;
}

/**
 * mb_forget() - the device is reset: no page is its any more
 * @mb: the balloon
 *
 * A driver that has to tell it first must not have used any of them before.
 *
 * Context: under mb_lock().
 */
void mb_forget(struct mb_device *mb)
{
	bool check = mb->must_tell && !mb_lied(mb);

	while (mb->first) {
		if (check)
			check = mb_intact(mb, mb->first, "before the device was reset");
		mb_disown(mb, mb->first);
	}
	mb->stolen = 0;
}

/**
 * mb_audit() - look at every page that a balloon holds
 * @mb: the balloon; how many it holds may change as soon as this has returned
 *
 * The guest must not use any of them, whether or not it has to tell the device first.
 * Each one that it uses is a violation, and so is a number that is not the one counted.
 *
 * Context: may sleep.
 * Return: number of pages
 */
unsigned long mb_audit(struct mb_device *mb)
{
	unsigned long nr = 0;
	u64 pfn;

	mb_lock();
	for (pfn = 0; pfn < mb_map_len; pfn++) {
		if (mb_map[pfn].owner != mb->owner)
			continue;
		nr++;
		if (!mb_lied(mb) && !mb_intact(mb, pfn, "while it is in the balloon"))
			break;
	}
	if (pfn == mb_map_len && nr != mb->held)
		fv_violation(mb->fv, "5.5.6", "%lu pages are marked as held, %lu were counted",
			     nr, mb->held);
	mb_unlock();
	return nr;
}

/**
 * mb_pages_lost() - did a page stay behind?
 *
 * To be called when no driver has a balloon. What was in one once must not be marked
 * as such any more. It is forgotten afterwards.
 *
 * Context: may sleep.
 * Return: number of pages that are still marked
 */
unsigned long mb_pages_lost(void)
{
	unsigned long lost = 0;
	u64 pfn;

	mb_lock();
	for (pfn = 0; pfn < mb_map_len; pfn++) {
		if (!mb_map[pfn].ever)
			continue;
		mb_map[pfn].ever = false;
		if (PageOffline(mb_pfn_to_page(pfn)))
			lost++;
	}
	mb_unlock();
	return lost;
}
