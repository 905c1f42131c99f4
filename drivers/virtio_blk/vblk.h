/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The objects of the driver: a disk, its queues, and what rides along with
 * every request.
 */
#ifndef _VBLK_H
#define _VBLK_H

#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/blk-mq.h>
#include <linux/completion.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/scatterlist.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <linux/virtio.h>
#include <linux/virtio_blk.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

/* Partition bits of a minor number, as user space knows them from vdX. */
#define VBLK_PART_BITS		4

/*
 * Segments that fit into the request itself. Four hold a 16 KiB request whose
 * pages are scattered; only longer lists come from the scatterlist pools.
 */
#define VBLK_INLINE_SG		4

/* A status that no device gives: what is left if it does not write one. */
#define VBLK_STATUS_UNWRITTEN	0xff

/* Header, status and at least one piece of data (virtio 1.3, 5.2.6). */
#define VBLK_MIN_RING		3

/* What the latencies are told apart by; index of the names. */
enum vblk_kind {
	VBLK_KIND_READ,
	VBLK_KIND_WRITE,
	VBLK_KIND_FLUSH,
	VBLK_KIND_OTHER,
	VBLK_KINDS
};

/* What else is counted. */
enum vblk_event {
	VBLK_NOTIFIED,	/* the device was notified */
	VBLK_INTERRUPT,	/* the virtqueue called back */
	VBLK_EMPTY,	/* and there was nothing */
	VBLK_RUN,	/* a look into the ring found something, of whatever cause */
	VBLK_FULL,	/* the ring had no room */
	VBLK_EVENTS
};

/* Below 1 us, then twice as long each; the last begins at 33.5 s. */
#define VBLK_BUCKETS		27

/**
 * struct vblk_stats - what a queue has done since somebody asked to count
 * @since_ns: when that was
 * @sent: requests put into the ring, without those that were sent again
 * @done: requests that the device completed
 * @errors: of these, those without success
 * @events: how often each of &enum vblk_event
 * @latency: completed requests by the time that the device took
 *
 * All of it is protected by the lock of the queue.
 */
struct vblk_stats {
	u64 since_ns;
	u64 sent;
	u64 done;
	u64 errors;
	u64 events[VBLK_EVENTS];
	u64 latency[VBLK_KINDS][VBLK_BUCKETS];
};

/**
 * struct vblk_queue - a virtqueue and the blk-mq hardware queue in front of it
 * @lock: protects the ring of @vq and every other field that changes
 * @dead: there is no device behind @vq; nothing is added to it or taken from it
 * @stopped: the ring was full, @hctx is stopped and waits for a completion
 * @len_mask: bits of the used length to check; none with a legacy device
 * @seq: number of the next request that goes into the ring; wraps
 * @vq: the virtqueue; constant while not @dead
 * @hctx: the hardware queue; constant once the disk exists
 * @reaped: completion runs that found something; only their change matters
 * @stall_mark: @reaped as the watchdog of the removal last saw it
 * @name: name of the virtqueue, also of its interrupt
 * @stats: @counters while they count, else NULL; only looked at with a static key
 * @counters: what was counted, NULL if nothing ever was; lives as long as the queue
 *
 * Everything that a request touches is in the first cache line.
 */
struct vblk_queue {
	spinlock_t lock;	/* the ring, and what changes below */
	bool dead;
	bool stopped;
	u32 len_mask;
	u32 seq;
	struct virtqueue *vq;
	struct blk_mq_hw_ctx *hctx;
	unsigned long reaped;
	unsigned long stall_mark;
	char name[16];
	struct vblk_stats *stats;
	struct vblk_stats *counters;
} ____cacheline_aligned_in_smp;

/* What the kernel's header does not have (virtio 1.3, 5.2.3, 5.2.6). */
#define VBLK_F_LIFETIME		15
#define VBLK_T_GET_LIFETIME	10

/**
 * struct vblk_lifetime - data of a GET_LIFETIME command (virtio 1.3, 5.2.6)
 * @pre_eol_info: 0 not known, 1 normal, 2 80 % of the spare blocks are used, 3 90 %
 * @typ_a: wear of the SLC part in steps of 10 %, 0 not known, 11 beyond what was expected
 * @typ_b: the same of the MLC part
 */
struct vblk_lifetime {
	__le16 pre_eol_info;
	__le16 typ_a;
	__le16 typ_b;
};

/**
 * struct vblk_serial - the one command that asks for something and can be under way
 * @lock: one reader at a time; protects @busy and @type
 * @type: GET_ID or GET_LIFETIME; constant while @busy
 * @busy: a command was sent and its answer is not yet taken
 * @done: the answer is there
 * @status: how the command ended; valid once @done
 * @id: what the device answered; valid once @done
 */
struct vblk_serial {
	struct mutex lock;	/* one reader; @busy, @type */
	u32 type;
	bool busy;
	struct completion done;
	blk_status_t status;
	char id[VIRTIO_BLK_ID_BYTES + 1];
};

/* What to do about a request that is not answered in time; index of the names. */
enum vblk_action {
	VBLK_ACTION_WAIT,	/* say so */
	VBLK_ACTION_KICK,	/* and look for a lost notification or interrupt */
	VBLK_ACTION_RESET,	/* and reset the device and send everything again */
	VBLK_ACTION_FAIL,	/* the same, but what was late fails */
	VBLK_ACTIONS
};

/* Bits of &vblk_recovery.state. */
enum vblk_state {
	VBLK_QUIESCED,	/* the block layer sends nothing */
	VBLK_DOWN,	/* no ring is in use; a reset is on its way, or was done */
	VBLK_FROZEN,	/* until the system wakes up again */
	VBLK_CORE_LOOKS, /* bound or resumed; the core looks yet whether it runs */
	VBLK_FAILED,	/* the device is reset, and every request fails */
	VBLK_DEAD,	/* a reset was not confirmed in time; for good */
	VBLK_DELETED,	/* the queues of the block layer are gone */
};

/* Bits of &vblk_recovery.wanted. */
enum vblk_want {
	VBLK_WANT_RESTART	= BIT(0), /* reset, send again */
	VBLK_WANT_FAIL		= BIT(1), /* with it: what was late fails */
	VBLK_WANT_NEEDED	= BIT(2), /* with it: the device asked for it */
	VBLK_WANT_FREEZE	= BIT(3), /* reset, keep what the device had */
	VBLK_WANT_KILL		= BIT(4), /* reset, everything fails */
};

/**
 * struct vblk_recovery - resets, and requests that are late
 * @wq: where the works below run, also when memory is short
 * @reset_work: the only one that resets the device once it is in use
 * @timeout_work: looks after requests that are late
 * @dead_work: tells the users of a disk that it is dead
 * @watch: runs out if a reset is not confirmed in time
 * @lock: protects @wanted, @asked and @done
 * @wanted: what the next run of @reset_work is to do
 * @asked: how often something was wanted; wraps
 * @done: @asked as the last finished run of @reset_work has seen it
 * @wait: for changes of @done and of VBLK_DEAD
 * @state: see enum vblk_state
 * @held: what the device had, from a confirmed reset until it is sent again or
 *	failed, oldest first; of @reset_work, or of whoever resumes the device
 * @timeout: seconds until a request is late; 0 for never
 * @action: what happens then
 * @reset_timeout: seconds that a reset may take
 * @needed: resets in a row that the device asked for, with no request completed
 *	between them; of @reset_work
 * @reaped: sum of &vblk_queue.reaped at the last restart; of @reset_work
 * @timeouts: how often a request was late
 * @healed: how often a look into the ring found what was thought late
 * @resets: confirmed resets that were not asked for by removal or sleep
 * @replayed: requests sent again after those
 * @stuck: requests that a dead device still has
 */
struct vblk_recovery {
	struct workqueue_struct *wq;
	struct work_struct reset_work;
	struct work_struct timeout_work;
	struct work_struct dead_work;
	struct timer_list watch;
	spinlock_t lock;	/* @wanted, @asked, @done */
	unsigned int wanted;
	unsigned int asked;
	unsigned int done;
	wait_queue_head_t wait;
	unsigned long state;
	struct list_head held;
	unsigned int timeout;
	unsigned int action;
	unsigned int reset_timeout;
	unsigned int needed;
	unsigned long reaped;
	atomic_long_t timeouts;
	atomic_long_t healed;
	atomic_long_t resets;
	atomic_long_t replayed;
	atomic_long_t stuck;
};

/**
 * struct vblk - a disk
 * @vdev: the virtio device; not to be used once the driver is unbound, though
 *	the disk lives until its last opener is gone
 * @disk: the disk
 * @tag_set: the tags of its queues
 * @queues: @nr_queues queues, those for polling last
 * @nr_queues: number of virtqueues
 * @nr_poll: number of them without interrupt, for polled I/O
 * @ring_size: entries of the smallest ring, as @tag_set and limits know it
 * @index: number of the disk, hence its letters and minors
 * @major: major number of the disk
 * @config_work: looks at the configuration after it changed
 * @config_lock: protects @config_open, and what is done while it is set
 * @config_open: the configuration may be read and written; not once the device
 *	is reset, when nothing may be until it is found again (virtio 1.3, 3.1.1)
 * @stall_work: watches over a removal that waits for the device
 * @cache_lock: protects @writeback and the field of the device behind it
 * @writeback: the device has a volatile write cache
 * @rec: resets and time-outs
 * @serial: state of the attributes that ask the device
 * @debug: directory of the disk in debugfs
 * @stats_lock: protects @counting and &vblk_queue.counters of all queues
 * @counting: the queues count
 * @geometry: what the device says its geometry is; all zero if nothing
 * @zone_sectors: size of a zone, a power of two; 0 if there are none. Constant once the
 *	disk exists, and with it the capacity if it is not 0
 */
struct vblk {
	struct virtio_device *vdev;
	struct gendisk *disk;
	struct blk_mq_tag_set tag_set;
	struct vblk_queue *queues;
	unsigned int nr_queues;
	unsigned int nr_poll;
	unsigned int ring_size;
	int index;
	int major;
	struct work_struct config_work;
	struct mutex config_lock;	/* @config_open and what it allows */
	bool config_open;
	struct delayed_work stall_work;
	struct mutex cache_lock;	/* @writeback and the device's field */
	bool writeback;
	struct vblk_recovery rec;
	struct vblk_serial serial;
	struct dentry *debug;
	struct mutex stats_lock;	/* @counting, and the counters of queues */
	bool counting;
	struct {
		u16 cylinders;
		u8 heads;
		u8 sectors;
	} geometry;
	u32 zone_sectors;
};

/**
 * struct vblk_req - what belongs to a request, behind struct request
 * @hdr: header of the command, read by the device
 * @status: status of the command, written by the device
 * @slow: the completion has more to do than to end the request
 * @nr_out: scatterlists that the device reads
 * @nr_in: scatterlists that the device writes, the one of @status included
 * @ready: @hdr_sg and @status_sg are set up, which is done once
 * @result: how the request ended; not set for what is ended as part of a batch
 * @expired: it was late; set by the timer of the block layer, cleared when it is
 *	sent
 * @replayed: it was sent again, and its timer did not start again
 * @in_len: bytes of data that the device has to write
 * @seq: its place among all requests of the queue
 * @sent_ns: when it was first sent, if somebody counted then; else anything older
 * @data: data of the command, or NULL
 * @next: links requests of one batch; the holder of the batch owns it
 * @table: the scatterlist behind @data if it can be longer than @sg
 * @hdr_sg: describes @hdr
 * @status_sg: describes @status
 * @sg: data, or the first part of it
 * @range: data of a discard, secure erase or write zeroes command
 * @id: data of a GET_ID command
 * @lifetime: data of a GET_LIFETIME command
 * @zone: sector of a ZONE_REPORT command
 * @append: what the device writes for a ZONE_APPEND command (struct virtio_blk_req_za in
 *	virtio 1.3, 5.2.6); @status_sg describes it then, and @status is not used
 *
 * While the device owns the request, nothing writes to the memory that the
 * device can see.
 */
struct vblk_req {
	struct virtio_blk_outhdr hdr;
	u8 status;
	bool slow;
	u8 nr_out;
	u8 nr_in;
	bool ready;
	bool expired;
	bool replayed;
	blk_status_t result;
	u32 in_len;
	u32 seq;
	u64 sent_ns;
	struct scatterlist *data;
	struct vblk_req *next;
	struct sg_table table;
	struct scatterlist hdr_sg;
	struct scatterlist status_sg;
	struct scatterlist sg[VBLK_INLINE_SG];
	union {
		struct virtio_blk_discard_write_zeroes range;
		u8 id[VIRTIO_BLK_ID_BYTES];
		struct vblk_lifetime lifetime;
		u64 zone;
		struct {
			__virtio64 sector;
			u8 status;
		} append;
	};
};

#endif
