/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * State of one balloon device, and what the files of the driver call of each other.
 *
 * Memory is taken from the guest in blocks of 2^order pages, and split at once, so that
 * each page that the balloon holds can be moved. A run is some pages that follow each
 * other: a block, or what is left of it. A chunk carries the page frame numbers of some
 * runs to the device, in one or more buffers; many chunks are with the device at a time.
 *
 * Locks: &vb_device.mutex is held for short only, never while memory is allocated, for
 * who allocates may need it: to move a page, or because there is no more memory. What
 * may be taken with it held: &vb_device.lock, and the kernel's lock of the held pages.
 */
#ifndef KGD_VIRTIO_BALLOON_H
#define KGD_VIRTIO_BALLOON_H

#include <linux/balloon.h>
#include <linux/jiffies.h>
#include <linux/list.h>
#include <linux/mm_types.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/page_reporting.h>
#include <linux/sizes.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/virtio.h>
#include <linux/virtio_balloon.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

/* The device counts in units of 4 KiB whatever the page size (virtio 1.3, 5.5.6). */
#define VB_PFN_SHIFT		(PAGE_SHIFT - VIRTIO_BALLOON_PFN_SHIFT)

/*
 * The specification sets no limit to the length of a buffer, but devices do: 256 entries
 * in one descriptor is the most that all known ones read in full. See buffer.c.
 */
#define VB_PFNS_PER_BUF		256

/* A chunk has room for one block of the largest order: 2 MiB. */
#define VB_PFNS_PER_CHUNK	512
#define VB_BUFS_PER_CHUNK	(VB_PFNS_PER_CHUNK / VB_PFNS_PER_BUF)
#define VB_MAX_ORDER		(9 - VB_PFN_SHIFT)

/* 128 buffers, the ring of the most common device, describe 128 MiB. */
#define VB_MAX_CHUNKS		64

/*
 * No more are with the device unless it is urgent. QEMU works through all buffers that it
 * finds before it looks at anything else, timers of the guest included.
 */
#define VB_CHUNKS_BUSY		16

/* Start the device on what it has while the rest of a batch is collected. */
#define VB_CHUNKS_PER_KICK	8

/* A device that uses no buffer for so long is reported and left alone. */
#define VB_STALL_JIFFIES	(10 * HZ)

/**
 * enum vb_role - what the queues are for, in the order of their numbers
 * @VB_INFLATE: gives pages to the device
 * @VB_DEFLATE: takes pages back
 * @VB_STATS: statistics
 * @VB_HINT: free page hints
 * @VB_REPORT: free page reports
 * @VB_NR_QUEUES: number of queues
 */
enum vb_role {
	VB_INFLATE,
	VB_DEFLATE,
	VB_STATS,
	VB_HINT,
	VB_REPORT,
	VB_NR_QUEUES,
};

struct seq_file;
struct vb_chunk;
struct virtqueue_info;

/**
 * struct vb_buf - one buffer, the token that the ring hands back
 * @chunk: what it is a part of
 * @busy: with the device
 */
struct vb_buf {
	struct vb_chunk *chunk;
	bool busy;
};

/**
 * struct vb_chunk - page frame numbers on their way to the device
 * @node: in &vb_device.idle or &vb_queue.busy
 * @runs: the runs it describes, while they are neither held nor free
 * @moved: a page that has been moved away, and must not be free before the answer
 * @nr_pfns: entries of @pfns in use
 * @nr_busy: buffers with the device
 * @bufs: the buffers, each a part of @pfns
 * @pfns: what the device reads
 */
struct vb_chunk {
	struct list_head node;
	struct list_head runs;
	struct page *moved;
	unsigned int nr_pfns;
	unsigned int nr_busy;
	struct vb_buf bufs[VB_BUFS_PER_CHUNK];
	__virtio32 *pfns;
};

/**
 * struct vb_queue - a virtqueue and the chunks in it
 * @vq: the virtqueue, NULL while there is none
 * @busy: chunks with the device, oldest first
 * @nr_bufs: buffers with the device
 * @nr_pages: pages that the chunks in @busy describe
 */
struct vb_queue {
	struct virtqueue *vq;
	struct list_head busy;
	unsigned int nr_bufs;
	unsigned long nr_pages;
};

/**
 * struct vb_held - pages in the balloon that came in blocks of one order
 * @info: the kernel's list of them, which has those of a block one after the other
 * @vb: the balloon
 * @nr_pages: how many there are, those included that are being moved
 */
struct vb_held {
	struct balloon_dev_info info;
	struct vb_device *vb;
	unsigned long nr_pages;
};

/* Statistics in a buffer, one for each tag that there is. */
#define VB_NR_STATS		VIRTIO_BALLOON_S_NR

/**
 * struct vb_stats_queue - the queue through which the device asks for statistics
 * @vq: the virtqueue, NULL while there is none
 * @busy: @buf is with the device
 * @buf: what the device reads
 */
struct vb_stats_queue {
	struct virtqueue *vq;
	bool busy;
	struct virtio_balloon_stat *buf;
};

/* What the administrator wants to be left to the guest: bytes, or percent. */
#define VB_FLOOR_PERCENT	BIT_ULL(63)

/**
 * struct vb_oom - what is done when the guest has run out of memory
 * @nb: called then
 * @registered: it is
 * @deflate: VIRTIO_BALLOON_F_DEFLATE_ON_OOM was negotiated
 * @last: jiffies of the last time
 * @size: pages that were wanted then
 * @until: jiffies before which nothing is inflated, with @pages
 * @pages: given back since something was inflated last
 */
struct vb_oom {
	struct notifier_block nb;
	bool registered;
	bool deflate;
	unsigned long last;
	unsigned long size;
	unsigned long until;
	unsigned long pages;
};

/**
 * enum vb_state - how far the balloon is
 * @VB_IDLE: at its target
 * @VB_INFLATING: on its way up
 * @VB_DEFLATING: on its way down
 * @VB_FLOOR: the guest has no more to give
 * @VB_OOM: the guest ran out of memory not long ago
 * @VB_STALLED: the device does not answer
 * @VB_BROKEN: the device is of no use until it is reset
 */
enum vb_state {
	VB_IDLE,
	VB_INFLATING,
	VB_DEFLATING,
	VB_FLOOR,
	VB_OOM,
	VB_STALLED,
	VB_BROKEN,
};

/**
 * struct vb_event - what user space has been told
 * @state: that
 * @valid: it has been told at all
 * @pending: it is about to be
 * @uevent: it is worth an event of the device
 * @last: jiffies of the last change
 * @way_start: jiffies when the balloon left its last target
 * @way_from: pages it had then
 *
 * All but @state belongs to the worker.
 */
struct vb_event {
	enum vb_state state;
	bool valid;
	bool pending;
	bool uevent;
	unsigned long last;
	unsigned long way_start;
	unsigned long way_from;
};

/**
 * struct vb_hints - free page hints
 * @vq: the virtqueue, NULL while there is none
 * @blocks: what the guest lacks for them, by the lru field; the order is in private
 * @nr_pages: in all of them
 * @cmd: what the device reads, a command id
 * @cmd_busy: @cmd is with the device
 * @id: as it was in the configuration
 * @start: @id is to be sent, and pages after it
 * @stop: VIRTIO_BALLOON_CMD_ID_STOP is to be sent
 * @active: pages are being sent
 * @order: of the next ones
 */
struct vb_hints {
	struct virtqueue *vq;
	struct list_head blocks;
	unsigned long nr_pages;
	__virtio32 *cmd;
	bool cmd_busy;
	u32 id;
	bool start;
	bool stop;
	bool active;
	unsigned int order;
};

/**
 * struct vb_reports - free page reports
 * @info: what the kernel knows of us
 * @vq: the virtqueue, NULL while there is none
 * @wait: for an answer, or the reset
 * @registered: the kernel reports
 */
struct vb_reports {
	struct page_reporting_dev_info info;
	struct virtqueue *vq;
	wait_queue_head_t wait;
	bool registered;
};

/**
 * struct vb_count - what has been done since the driver was bound
 * @freed: pages that came back
 * @shortages: how often the guest had not enough
 * @failed: blocks that the guest had not
 * @moved: pages that were moved away
 * @oom: how often pages were given back because there was no memory
 * @oom_pages: so many
 * @hinted: pages
 * @reports: requests
 * @reported: pages in them
 */
struct vb_count {
	u64 freed;
	u64 shortages;
	u64 failed;
	u64 moved;
	u64 oom;
	u64 oom_pages;
	u64 hinted;
	u64 reports;
	u64 reported;
};

/**
 * enum vb_phase - what may be done with the pages in the balloon
 * @VB_DOWN: the device is reset and has a claim on none, there are no queues
 * @VB_UP: the queues are used
 * @VB_CLOSING: nothing, the device is about to be reset
 */
enum vb_phase {
	VB_DOWN,
	VB_UP,
	VB_CLOSING,
};

/**
 * struct vb_device - one balloon
 * @vdev: the virtio device
 * @wq: runs @work only, frozen with user space
 * @work: the state machine of work.c
 * @mutex: protects all that says nothing of a lock
 * @phase: see there
 * @lock: protects @stopped against @work being queued behind its back
 * @stopped: @work must not be queued; also read without @lock, to end a pass early
 * @draining: @work is stopped for good, its steps are run by vb_close()
 * @changed: the configuration may have changed since it was last read
 * @must_tell: VIRTIO_BALLOON_F_MUST_TELL_HOST was negotiated
 * @stalled: the device has not answered for VB_STALL_JIFFIES
 * @broken: a queue is broken, or the device was reset: nothing to be had any more
 * @short_reported: the present shortage has been reported
 * @waiting: for @wait_until, to ask for memory again
 * @actual_valid: the device has been told @actual
 * @actual: pages in the balloon, as last told to the device
 * @inflate: gives pages to the device
 * @deflate: takes pages back
 * @idle: chunks that are not in use
 * @chunks: all of them
 * @nr_chunks: entries of @chunks
 * @pfns_per_buf: entries of a full buffer
 * @bufs_per_chunk: buffers that a full chunk needs
 * @max_order: of a block that fits a chunk
 * @held: pages that the device has acknowledged to be in the balloon
 * @nr_held: the sum of them
 * @moving: describes pages that have been moved away, not yet with the device
 * @moved: so many since the target was reached last
 * @settle_at: jiffies before which they are not replaced
 * @stats: the statistics queue
 * @hints: free page hints
 * @reports: free page reports
 * @floor: what is left to the guest; read without a lock
 * @retry_now: a shortage may be over; set without a lock
 * @oom: when the guest runs out of memory
 * @keep_total: what is in the balloon is the guest's still, as far as it knows
 * @nr_taken: pages that the guest lacks, by the worker; read without a lock
 * @target: what the host wants, in pages
 * @event: what user space knows
 * @count: for debugfs
 * @debug: directory there
 * @last_answer: jiffies when the device last used a buffer, or was given the first
 * @wait_until: jiffies when there is something to do that nothing else announces
 * @retry_at: jiffies before which no memory is asked for, with @retry_delay
 * @retry_delay: jiffies to wait after a shortage, 0 without one
 * @reboot_nb: stops the balloon before the machine goes down
 *
 * @draining, @short_reported, @waiting, @wait_until, @retry_at and @retry_delay
 * belong to @work, and to whoever has stopped it.
 */
struct vb_device {
	struct virtio_device *vdev;
	struct workqueue_struct *wq;
	struct delayed_work work;
	struct mutex mutex;	/* see the head of this file */
	enum vb_phase phase;
	spinlock_t lock;	/* protects stopped */
	bool stopped;
	bool draining;
	bool changed;
	bool must_tell;
	bool stalled;
	bool broken;
	bool short_reported;
	bool waiting;
	bool actual_valid;
	u32 actual;
	struct vb_queue inflate;
	struct vb_queue deflate;
	struct list_head idle;
	struct vb_chunk *chunks;
	unsigned int nr_chunks;
	unsigned int pfns_per_buf;
	unsigned int bufs_per_chunk;
	unsigned int max_order;
	struct vb_held held[VB_MAX_ORDER + 1];
	unsigned long nr_held;
	struct vb_chunk *moving;
	unsigned long moved;
	unsigned long settle_at;
	struct vb_stats_queue stats;
	struct vb_hints hints;
	struct vb_reports reports;
	u64 floor;
	bool retry_now;
	struct vb_oom oom;
	bool keep_total;
	unsigned long nr_taken;
	unsigned long target;
	struct vb_event event;
	struct vb_count count;
	struct dentry *debug;
	unsigned long last_answer;
	unsigned long wait_until;
	unsigned long retry_at;
	unsigned long retry_delay;
	struct notifier_block reboot_nb;
};

/**
 * vb_interrupted() - is there something more urgent than to go on?
 * @vb: the balloon
 *
 * Context: the worker or vb_close(), between two chunks.
 * Return: true if the pass should end
 */
static inline bool vb_interrupted(const struct vb_device *vb)
{
	return !vb->draining && (READ_ONCE(vb->stopped) || READ_ONCE(vb->changed));
}

/**
 * vb_wait_until() - have another pass at some time, if there is no other reason for one
 * @vb: the balloon
 * @when: jiffies
 *
 * Context: the worker.
 */
static inline void vb_wait_until(struct vb_device *vb, unsigned long when)
{
	if (!vb->waiting || time_before(when, vb->wait_until))
		vb->wait_until = when;
	vb->waiting = true;
}

/**
 * vb_nr_bufs() - what does the device have?
 * @vb: the balloon
 *
 * Context: under &vb_device.mutex.
 * Return: number of buffers
 */
static inline unsigned int vb_nr_bufs(const struct vb_device *vb)
{
	return vb->inflate.nr_bufs + vb->deflate.nr_bufs;
}

/**
 * vb_queue_busy() - does the device have enough to do?
 * @vb: the balloon
 * @q: the queue
 *
 * Context: under &vb_device.mutex.
 * Return: true if so
 */
static inline bool vb_queue_busy(const struct vb_device *vb, const struct vb_queue *q)
{
	return q->nr_bufs >= VB_CHUNKS_BUSY * vb->bufs_per_chunk;
}

/* work.c */
void vb_work(struct work_struct *work);
void vb_wake(struct vb_device *vb);
void vb_start(struct vb_device *vb);
void vb_stop(struct vb_device *vb);
bool vb_close(struct vb_device *vb);
void vb_break(struct vb_device *vb);
unsigned int vb_collect(struct vb_device *vb);

/* inflate.c */
void vb_inflate(struct vb_device *vb, unsigned long want);

/* deflate.c */
unsigned long vb_deflate(struct vb_device *vb, unsigned long want, bool urgent);
void vb_deflated(struct vb_device *vb, struct vb_chunk *chunk);

/* move.c */
int vb_migrate(struct balloon_dev_info *info, struct page *newpage, struct page *page,
	       enum migrate_mode mode);
void vb_moving_submit(struct vb_device *vb);
unsigned long vb_moving_pages(const struct vb_device *vb);

/* stats.c */
int vb_stats_init(struct vb_device *vb, struct virtqueue *vq);
void vb_stats_exit(struct vb_device *vb);
void vb_stats_answer(struct vb_device *vb);

/* buffer.c */
unsigned int vb_buffer_pfns(const struct virtio_device *vdev);

/* queue.c */
int vb_queues_create(struct vb_device *vb);
void vb_queues_destroy(struct vb_device *vb);
struct vb_chunk *vb_chunk_get(struct vb_device *vb, const struct vb_queue *q);
void vb_chunk_put(struct vb_device *vb, struct vb_chunk *chunk);
void vb_chunk_hold(struct vb_device *vb, struct vb_chunk *chunk);
void vb_chunk_add(struct vb_device *vb, struct vb_chunk *chunk, struct page *run);
void vb_chunk_add_page(struct vb_device *vb, struct vb_chunk *chunk, const struct page *page);
void vb_chunk_free_pages(struct vb_device *vb, struct vb_chunk *chunk);
unsigned int vb_chunk_room(const struct vb_device *vb, const struct vb_chunk *chunk);
bool vb_queue_submit(struct vb_device *vb, struct vb_queue *q, struct vb_chunk *chunk);
void vb_queue_kick(struct virtqueue *vq);
unsigned int vb_queue_reap(struct vb_device *vb, struct vb_queue *q,
			   void (*done)(struct vb_device *vb, struct vb_chunk *chunk));

/* held.c */
void vb_held_init(struct vb_device *vb);
void vb_held_add(struct vb_device *vb, struct page *run);
unsigned int vb_held_take(struct vb_device *vb, struct list_head *runs, unsigned long max_pages,
			  bool split);
bool vb_held_free_all(struct vb_device *vb);

/* pages.c */
void vb_adjust(struct vb_device *vb, struct page *page, long nr);
struct page *vb_run_alloc(struct vb_device *vb, unsigned int order);
void vb_run_set_pages(struct page *run, unsigned int nr);
unsigned int vb_run_pages(const struct page *run);
void vb_runs_free(struct vb_device *vb, struct list_head *runs);

/* floor.c */
extern struct device_attribute vb_attr_min_available;
void vb_floor_init(struct vb_device *vb);
unsigned long vb_floor_pages(const struct vb_device *vb);
unsigned long vb_available_pages(void);
unsigned long vb_spare_pages(const struct vb_device *vb);

/* oom.c */
int vb_oom_init(struct vb_device *vb);
void vb_oom_exit(struct vb_device *vb);
unsigned long vb_oom_wait(struct vb_device *vb);

/* event.c */
extern const struct attribute_group *vb_groups[];
void vb_event_look(struct vb_device *vb);
void vb_event_tell(struct vb_device *vb);
const char *vb_state_name(const struct vb_device *vb);

/* debug.c */
void vb_debug_init(void);
void vb_debug_exit(void);
void vb_debug_add(struct vb_device *vb);
void vb_debug_del(struct vb_device *vb);

/* hint.c */
int vb_hints_init(struct vb_device *vb, struct virtqueue *vq);
void vb_hints_exit(struct vb_device *vb);
void vb_hints_step(struct vb_device *vb);
unsigned long vb_hints_release(struct vb_device *vb);
void vb_hints_show(struct seq_file *m, const struct vb_device *vb);

/* report.c */
void vb_reports_name(struct vb_device *vb, struct virtqueue_info *info);
void vb_reports_start(struct vb_device *vb);
void vb_reports_stop(struct vb_device *vb);
void vb_reports_show(struct seq_file *m, const struct vb_device *vb);
bool vb_free_pages_matter(void);
void vb_poison_write(struct vb_device *vb);

/* pm.c */
int vb_freeze(struct virtio_device *vdev);
int vb_restore(struct virtio_device *vdev);
int vb_reboot(struct notifier_block *nb, unsigned long action, void *data);

#endif /* KGD_VIRTIO_BALLOON_H */
