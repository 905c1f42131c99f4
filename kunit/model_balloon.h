/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A traditional memory balloon (virtio 1.3, 5.5) on the fake virtio device.
 *
 * It remembers each page that it holds, and writes over it: the memory belongs to the
 * host. What is found to be against the specification counts as a violation.
 *
 * A page is 4 KiB here, whatever the page size (virtio 1.3, 5.5.6).
 */
#ifndef KGD_MODEL_BALLOON_H
#define KGD_MODEL_BALLOON_H

#include <linux/bits.h>
#include <linux/types.h>
#include <linux/virtio_balloon.h>
#include <linux/wait.h>

#include "fake_virtio.h"

#define MB_STATS_MAX		64
#define MB_REPORTS_MAX		32
#define MB_BIT(name)		BIT_ULL(VIRTIO_BALLOON_F_##name)

/**
 * enum mb_role - what a queue is for
 * @MB_INFLATE: gives pages to the device
 * @MB_DEFLATE: takes pages back
 * @MB_STATS: statistics, asked for by using the buffer
 * @MB_HINT: free page hints
 * @MB_REPORT: free page reports
 * @MB_NR_ROLES: number of roles, or no role
 */
enum mb_role {
	MB_INFLATE,
	MB_DEFLATE,
	MB_STATS,
	MB_HINT,
	MB_REPORT,
	MB_NR_ROLES,
};

/**
 * struct mb_params - a balloon to be made
 * @device_id: VIRTIO_ID_BALLOON if 0; another one is not for the driver under test
 * @features: feature bits to offer, those of the balloon and of the ring
 * @queue_num: entries of each ring, 0 for 128
 * @mode: see fake_virtio.h
 * @num_pages: first target
 * @max_pfns: entries of a buffer that the device looks at, 0 for all
 * @first_only: it looks at the first descriptor of a buffer only
 * @dense: a queue that is not offered takes no number, against 5.5.2, like with QEMU
 * @sparse: write a few words into each page only
 */
struct mb_params {
	u32 device_id;
	u64 features;
	unsigned int queue_num;
	enum fv_mode mode;
	u32 num_pages;
	unsigned int max_pfns;
	bool first_only;
	bool dense;
	bool sparse;
};

/**
 * struct mb_stats - what came through the statistics queue
 * @chain: the buffer that waits to be used, or NULL
 * @buffers: how many came
 * @nr: statistics in the last one
 * @tags: their tags, those below 64
 * @val: their values
 */
struct mb_stats {
	struct fv_chain *chain;
	u64 buffers;
	unsigned int nr;
	u64 tags;
	u64 val[MB_STATS_MAX];
};

/**
 * struct mb_hints - what came through the free page hinting queue
 * @want: the command id in the configuration
 * @last: the last one that was not reserved
 * @round: the command id that the driver has sent, STOP if it has stopped
 * @started: rounds that it has started
 * @stopped: rounds that it has stopped
 * @pages: hinted in all rounds
 * @stale: hinted with a command id that is no longer valid
 */
struct mb_hints {
	u32 want;
	u32 last;
	u32 round;
	u64 started;
	u64 stopped;
	u64 pages;
	u64 stale;
};

/**
 * struct mb_reports - what came through the free page reporting queue
 * @hold: keep reports until mb_report_release()
 * @kept: those
 * @nr_kept: how many
 * @requests: how many came
 * @pages: in all of them
 * @smallest: bytes of the smallest range
 */
struct mb_reports {
	bool hold;
	struct fv_chain *kept[MB_REPORTS_MAX];
	unsigned int nr_kept;
	u64 requests;
	u64 pages;
	size_t smallest;
};

/**
 * struct mb_device - a balloon
 * @fv: the fake device
 * @model: what it does
 * @test: that it belongs to, NULL in a fuzzer
 * @p: what it was made with
 * @owner: number of it, from 1
 * @role: of each queue
 * @wait: woken after each change of what follows
 * @held: pages that the device holds
 * @first: one of them, 0 if there is none; the map has the others
 * @peak: the most that it held; a test may set it to 0
 * @stolen: pages that another balloon got before this one was told that they are free
 * @inflated: pages taken since it was made
 * @deflated: pages given back since it was made
 * @unread: entries that were not looked at, see &mb_params.max_pfns
 * @largest: entries of the longest buffer
 * @actual_writes: how often the driver has written actual
 * @answered: inflate request that is known to be acknowledged
 * @answered_valid: there is one, during a deflate request
 * @must_tell: MUST_TELL_HOST was negotiated
 * @poison_written: the driver has written poison_val since the last reset
 * @lies: misbehaviours after which the driver cannot know what the device has
 * @stats: statistics
 * @hints: free page hints
 * @reports: free page reports
 *
 * All but @wait and @actual_writes is written under the lock of all balloons, from the
 * thread of the device or from who steps it.
 */
struct mb_device {
	struct fv_device *fv;
	struct fv_model model;
	struct kunit *test;
	struct mb_params p;
	u8 owner;
	enum mb_role role[MB_NR_ROLES];
	wait_queue_head_t wait;
	unsigned long held;
	u32 first;
	unsigned long peak;
	unsigned long stolen;
	u64 inflated;
	u64 deflated;
	u64 unread;
	unsigned int largest;
	atomic_t actual_writes;
	u32 answered;
	bool answered_valid;
	bool must_tell;
	bool poison_written;
	int lies;
	struct mb_stats stats;
	struct mb_hints hints;
	struct mb_reports reports;
};

/* Life and configuration: model_balloon.c */
struct mb_device *mb_create(struct kunit *test, const struct mb_params *params);
void mb_destroy(struct mb_device *mb);
struct fv_queue *mb_queue(struct mb_device *mb, enum mb_role role);
void mb_set_target(struct mb_device *mb, u32 pages);
void mb_set_target_silently(struct mb_device *mb, u32 pages);
u32 mb_actual(struct mb_device *mb);
u32 mb_poison(struct mb_device *mb);
bool mb_wait_actual(struct mb_device *mb, u32 pages, unsigned int ms);
bool mb_wait_held(struct mb_device *mb, unsigned long at_least, unsigned int ms);
bool mb_lied(struct mb_device *mb);
void mb_changed(struct mb_device *mb);

/* Pages: model_balloon_pages.c */
int mb_map_get(void);
void mb_map_put(void);
void mb_number(struct mb_device *mb);
void mb_lock(void);
void mb_unlock(void);
int mb_inflate(struct mb_device *mb, struct fv_chain *chain);
int mb_deflate(struct mb_device *mb, struct fv_chain *chain);
void mb_forget(struct mb_device *mb);
unsigned long mb_audit(struct mb_device *mb);
bool mb_pfn_in_ram(u64 pfn);
bool mb_pfn_held(u64 pfn);
unsigned long mb_pages_lost(void);

/* Contents of pages: model_balloon_fill.c */
void mb_fill(u64 pfn, bool sparse);
bool mb_filled(u64 pfn, bool sparse);
bool mb_poisoned(u64 pfn, u32 poison);

/* Statistics: model_balloon_stats.c */
int mb_stats_buffer(struct mb_device *mb, struct fv_chain *chain);
bool mb_stats_poll(struct mb_device *mb, unsigned int ms);
bool mb_stat(struct mb_device *mb, u16 tag, u64 *val);

/* Hints and reports: model_balloon_free.c */
int mb_hint(struct mb_device *mb, struct fv_chain *chain);
u32 mb_hint_start(struct mb_device *mb);
void mb_hint_end(struct mb_device *mb, u32 cmd);
int mb_report(struct mb_device *mb, struct fv_chain *chain);
void mb_report_release(struct mb_device *mb);

#endif /* KGD_MODEL_BALLOON_H */
