// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the guest does not need at present: free page hints (virtio 1.3, 5.5.6.5) and
 * free page reports (5.5.6.7).
 *
 * A hinted page may be the guest's again before the device looks at the hint, so the
 * model does not write into it. A reported one is the device's until it has answered.
 */
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/string.h>

#include "model_balloon.h"

#define MB_PAGE_BYTES	BIT(VIRTIO_BALLOON_PFN_SHIFT)

static u64 mb_seg_pfn(const struct fv_seg *seg)
{
	return virt_to_phys(seg->addr) >> VIRTIO_BALLOON_PFN_SHIFT;
}

/* Checks a range of pages; returns how many it has. */
static unsigned long mb_seg_pages(struct mb_device *mb, const struct fv_seg *seg,
				  const char *section)
{
	unsigned long i, nr = seg->len >> VIRTIO_BALLOON_PFN_SHIFT;
	u64 pfn = mb_seg_pfn(seg);

	if (!IS_ALIGNED((unsigned long)seg->addr | seg->len, MB_PAGE_BYTES) || !nr)
		fv_violation(mb->fv, section, "%u bytes at %#llx are not whole pages", seg->len,
			     (u64)virt_to_phys(seg->addr));
	for (i = 0; i < nr; i++) {
		if (!mb_pfn_in_ram(pfn + i)) {
			fv_violation(mb->fv, section, "page %#llx is no memory of the guest",
				     pfn + i);
			return 0;
		}
		if (mb_pfn_held(pfn + i))
			fv_violation(mb->fv, section, "page %#llx is in a balloon", pfn + i);
	}
	return nr;
}

static void mb_hint_command(struct mb_device *mb, const struct fv_chain *chain)
{
	__virtio32 raw = 0;
	u32 cmd;

	if (chain->out_len != sizeof(raw)) {
		fv_violation(mb->fv, "5.5.6.5", "command of %zu bytes", chain->out_len);
		return;
	}
	if (fv_read(chain, 0, &raw, sizeof(raw)) < sizeof(raw))
		return;
	cmd = virtio32_to_cpu(&mb->fv->vdev, raw);

	if (cmd == VIRTIO_BALLOON_CMD_ID_STOP) {
		mb->hints.stopped++;
	} else if (cmd == VIRTIO_BALLOON_CMD_ID_DONE || cmd > mb->hints.last) {
		fv_violation(mb->fv, "5.5.6.5", "command id %u, which was never asked for", cmd);
	} else {
		if (cmd == mb->hints.round)
			fv_violation(mb->fv, "5.5.6.5", "command id %u is sent twice", cmd);
		mb->hints.started++;
	}
	mb->hints.round = cmd;
}

/**
 * mb_hint() - take a hint, or a command
 * @mb: the balloon
 * @chain: the request
 *
 * Context: under mb_lock().
 * Return: 0, the bytes written
 */
int mb_hint(struct mb_device *mb, struct fv_chain *chain)
{
	unsigned long pages = 0;
	unsigned int i;

	if (chain->nr_out && chain->nr_in)
		fv_violation(mb->fv, "5.5.6.5", "a command and pages in one buffer");
	if (chain->nr_out) {
		mb_hint_command(mb, chain);
		return 0;
	}
	if (mb->hints.round == VIRTIO_BALLOON_CMD_ID_STOP)
		fv_violation(mb->fv, "5.5.6.5", "pages without a command id");
	for (i = 0; i < chain->nr_in; i++)
		pages += mb_seg_pages(mb, &chain->seg[i], "5.5.6.5");
	if (mb->hints.round == mb->hints.want)
		mb->hints.pages += pages;
	else
		mb->hints.stale += pages;
	return 0;
}

static void mb_hint_set(struct mb_device *mb, u32 cmd)
{
	__le32 val = cpu_to_le32(cmd);

	mb_lock();
	mb->hints.want = cmd;
	mb_unlock();
	fv_config_set(mb->fv, offsetof(struct virtio_balloon_config, free_page_hint_cmd_id), &val,
		      sizeof(val));
	fv_config_changed(mb->fv);
}

/**
 * mb_hint_start() - ask for hints
 * @mb: the balloon
 *
 * Context: may sleep.
 * Return: the command id
 */
u32 mb_hint_start(struct mb_device *mb)
{
	u32 cmd;

	mb_lock();
	cmd = ++mb->hints.last;
	mb_unlock();
	mb_hint_set(mb, cmd);
	return cmd;
}

/**
 * mb_hint_end() - want no more hints
 * @mb: the balloon
 * @cmd: VIRTIO_BALLOON_CMD_ID_STOP or _DONE
 *
 * Context: may sleep.
 */
void mb_hint_end(struct mb_device *mb, u32 cmd)
{
	mb_hint_set(mb, cmd);
}

/* What is in a range of free pages that are the device's for now. */
static void mb_report_seg(struct mb_device *mb, const struct fv_seg *seg, bool answer)
{
	bool poison = fv_negotiated(mb->fv, VIRTIO_BALLOON_F_PAGE_POISON);
	unsigned long i, nr = seg->len >> VIRTIO_BALLOON_PFN_SHIFT;
	u64 pfn = mb_seg_pfn(seg);

	/* Free pages are not mapped then. */
	if (debug_pagealloc_enabled())
		return;
	for (i = 0; i < nr; i++, pfn++) {
		if (poison) {
			if (!mb_poisoned(pfn, mb_poison(mb)))
				fv_violation(mb->fv, "5.5.6.7", "page %#llx is not poisoned", pfn);
		} else if (!answer) {
			mb_fill(pfn, mb->p.sparse);
		} else if (!mb_filled(pfn, mb->p.sparse)) {
			fv_violation(mb->fv, "5.5.6.7",
				     "page %#llx was used before the answer to its report", pfn);
		}
	}
}

static void mb_report_segs(struct mb_device *mb, const struct fv_chain *chain, bool answer)
{
	unsigned int i;

	for (i = 0; i < chain->nr_in; i++)
		mb_report_seg(mb, &chain->seg[i], answer);
}

/**
 * mb_report() - take a report
 * @mb: the balloon
 * @chain: the request
 *
 * Context: under mb_lock().
 * Return: 0, the bytes written, or -EINPROGRESS if it is kept
 */
int mb_report(struct mb_device *mb, struct fv_chain *chain)
{
	struct mb_reports *reports = &mb->reports;
	unsigned long nr, pages = 0;
	unsigned int i;

	if (chain->nr_out || !chain->nr_in)
		fv_violation(mb->fv, "5.5.6.7", "report of %u parts to read, %u to write",
			     chain->nr_out, chain->nr_in);
	for (i = 0; i < chain->nr_in; i++) {
		nr = mb_seg_pages(mb, &chain->seg[i], "5.5.6.7");
		if (!nr)
			return 0;
		pages += nr;
		if (!reports->requests || chain->seg[i].len < reports->smallest)
			reports->smallest = chain->seg[i].len;
	}
	reports->pages += pages;
	reports->requests++;

	if (mb_lied(mb))
		return 0;
	mb_report_segs(mb, chain, false);
	if (reports->hold && reports->nr_kept < ARRAY_SIZE(reports->kept)) {
		reports->kept[reports->nr_kept++] = chain;
		return -EINPROGRESS;
	}
	mb_report_segs(mb, chain, true);
	return 0;
}

/**
 * mb_report_release() - answer the reports that are kept
 * @mb: the balloon
 *
 * Context: may sleep.
 */
void mb_report_release(struct mb_device *mb)
{
	struct fv_chain *kept[ARRAY_SIZE(mb->reports.kept)];
	unsigned int i, nr;

	mb_lock();
	nr = mb->reports.nr_kept;
	memcpy(kept, mb->reports.kept, sizeof(kept));
	mb->reports.nr_kept = 0;
	for (i = 0; i < nr; i++)
		mb_report_segs(mb, kept[i], true);
	mb_unlock();
	for (i = 0; i < nr; i++)
		fv_push(kept[i], 0);
}
