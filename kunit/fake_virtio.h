/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A virtio device without hardware, for tests: it does what a real one can do, and
 * what none may.
 *
 * The driver under test is bound by the virtio bus like with any other device. Its
 * virtqueues are made by the virtio core; the device side of the rings (split and
 * packed, indirect tables, event index) is walked here, in the memory that the
 * driver sees. What the requests mean is up to a model: struct fv_model.
 *
 * A test says when the device works (enum fv_mode), when it interrupts (enum fv_irq)
 * and how it misbehaves (enum fv_evil). What a driver does against the specification
 * is counted as a violation, which fails the test.
 *
 * Locking: the ring state of a queue belongs to &fv_queue.lock, which is held with
 * interrupts disabled and never across a call of the model or of the driver.
 */
#ifndef KGD_FAKE_VIRTIO_H
#define KGD_FAKE_VIRTIO_H

#include <linux/completion.h>
#include <linux/irq_work.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/platform_device.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#define FV_MAX_QUEUES		72
#define FV_MAX_CONFIG		256
#define FV_ALL_QUEUES		(-1)

/* Kernels from 6.18 on can negotiate features beyond bit 63. */
#ifdef VIRTIO_FEATURES_U64S
#define FV_FEATURES_HIGH
#endif

struct fv_device;
struct fv_queue;
struct kunit;
struct task_struct;

/**
 * enum fv_mode - when does the device take requests?
 * @FV_MANUAL: when the test calls fv_step(), fv_pop() or fv_drain()
 * @FV_RUN: on a kernel thread of its own, woken by each notification
 * @FV_SYNC: as long as the notification takes, so the answer is there when it returns; for
 *	drivers that notify where they may sleep. On the thread what is left over.
 */
enum fv_mode {
	FV_MANUAL,
	FV_RUN,
	FV_SYNC,
};

/**
 * enum fv_order - in which order are requests completed by the thread and fv_step()?
 * @FV_FIFO: as they came
 * @FV_LIFO: the newest of those that are available first
 * @FV_RANDOM: by the generator of the device, see fv_seed()
 */
enum fv_order {
	FV_FIFO,
	FV_LIFO,
	FV_RANDOM,
};

/**
 * enum fv_irq - when does the device interrupt?
 * @FV_IRQ_NOW: at once, unless the driver has suppressed it; in hard interrupt context
 * @FV_IRQ_LATE: so many jiffies later, see &fv_device.irq_delay
 * @FV_IRQ_STORM: always, &fv_device.irq_storm times, whatever the driver suppresses
 * @FV_IRQ_NEVER: never; the test may still call fv_interrupt()
 */
enum fv_irq {
	FV_IRQ_NOW,
	FV_IRQ_LATE,
	FV_IRQ_STORM,
	FV_IRQ_NEVER,
};

/**
 * enum fv_evil - what a device must not do, each to be armed with fv_misbehave()
 * @FV_EVIL_ID_RANGE: completes an id beyond the queue size
 * @FV_EVIL_ID_IDLE: completes an id that is not in flight
 * @FV_EVIL_TWICE: completes a request twice
 * @FV_EVIL_LEN_HUGE: a used length beyond what the driver made writable (U32_MAX)
 * @FV_EVIL_LEN_OVER: a used length one more than what is writable
 * @FV_EVIL_LEN_ZERO: a used length of zero, though something was written
 * @FV_EVIL_HALF: writes and claims only the first half of the writable part
 * @FV_EVIL_INDEX_JUMP: the used index runs away by more than the queue size (split),
 *	the descriptor flags say used where nothing was available (packed)
 * @FV_EVIL_GARBAGE: fills the writable part with random bytes, and claims it all; the
 *	last one is not 0
 * @FV_EVIL_SILENT: takes a request and never completes it
 * @FV_EVIL_LOST_KICK: a notification by the driver is not seen
 * @FV_EVIL_LOST_IRQ: an interrupt that is due is not delivered
 * @FV_EVIL_EMPTY_IRQ: interrupts a queue in which nothing was completed
 * @FV_EVIL_CONFIG_IRQ: announces a change of the configuration that did not happen
 * @FV_EVIL_CONFIG_FLIP: each read of the configuration sees other bytes, by
 *	&fv_device.flip, and the generation never settles
 * @FV_EVIL_CONFIG_ZERO: all of the configuration reads as zero
 * @FV_EVIL_CONFIG_ONES: all of the configuration reads as ones
 * @FV_EVIL_NEEDS_RESET: sets DEVICE_NEEDS_RESET and announces it
 * @FV_EVIL_GONE: the device is gone: status and configuration read as ones, no
 *	notification is seen, nothing is completed
 * @FV_EVIL_RESET_STUCK: a reset does not finish until fv_release_reset()
 * @FV_EVIL_FEATURES_REFUSED: FEATURES_OK does not stick
 * @FV_EVIL_NR: number of kinds
 */
enum fv_evil {
	FV_EVIL_ID_RANGE,
	FV_EVIL_ID_IDLE,
	FV_EVIL_TWICE,
	FV_EVIL_LEN_HUGE,
	FV_EVIL_LEN_OVER,
	FV_EVIL_LEN_ZERO,
	FV_EVIL_HALF,
	FV_EVIL_INDEX_JUMP,
	FV_EVIL_GARBAGE,
	FV_EVIL_SILENT,
	FV_EVIL_LOST_KICK,
	FV_EVIL_LOST_IRQ,
	FV_EVIL_EMPTY_IRQ,
	FV_EVIL_CONFIG_IRQ,
	FV_EVIL_CONFIG_FLIP,
	FV_EVIL_CONFIG_ZERO,
	FV_EVIL_CONFIG_ONES,
	FV_EVIL_NEEDS_RESET,
	FV_EVIL_GONE,
	FV_EVIL_RESET_STUCK,
	FV_EVIL_FEATURES_REFUSED,
	FV_EVIL_NR,
};

/**
 * enum fv_failure - what of the transport fails, see fv_fail()
 * @FV_FAIL_FIND_VQS: find_vqs() as a whole
 * @FV_FAIL_VQ: the n-th virtqueue cannot be made
 * @FV_FAIL_RESET_VQ: a queue cannot be reset (disable_vq_and_reset())
 * @FV_FAIL_ENABLE_VQ: a queue that was reset cannot be enabled again
 * @FV_FAIL_AFFINITY: set_vq_affinity() fails
 * @FV_FAIL_NR: number of kinds
 */
enum fv_failure {
	FV_FAIL_FIND_VQS,
	FV_FAIL_VQ,
	FV_FAIL_RESET_VQ,
	FV_FAIL_ENABLE_VQ,
	FV_FAIL_AFFINITY,
	FV_FAIL_NR,
};

/**
 * struct fv_seg - one part of a request, as the device sees it
 * @addr: where it is in the address space of the kernel
 * @len: in bytes
 */
struct fv_seg {
	void *addr;
	u32 len;
};

/**
 * struct fv_chain - one request, taken from the available ring
 * @node: in &fv_queue.inflight, oldest first
 * @q: where it was taken from
 * @id: head descriptor (split) or buffer id (packed)
 * @nr_descs: descriptors of the ring that it takes (1 with an indirect table)
 * @indirect: it was described by an indirect table
 * @nr_out: segments that the device may read, first in @seg
 * @nr_in: segments that the device may write, after them
 * @out_len: bytes in the former
 * @in_len: bytes in the latter
 * @seq: number of the request on this queue since the last reset
 * @priv: for the model
 * @stage: popped, but not done yet; see fake_virtio_run.c
 * @limit: no more than so many bytes are written (FV_EVIL_HALF)
 * @as_is: a fuzzer's model has made something wrong already: once is enough
 * @seg: the segments
 *
 * Valid from fv_pop() to fv_push(), or to the reset of the device, which frees it.
 */
struct fv_chain {
	struct list_head node;
	struct fv_queue *q;
	u16 id;
	u16 nr_descs;
	bool indirect;
	unsigned int nr_out;
	unsigned int nr_in;
	size_t out_len;
	size_t in_len;
	u64 seq;
	void *priv;
	struct list_head stage;
	size_t limit;
	bool as_is;
	struct fv_seg seg[];
};

/**
 * struct fv_counts - what happened on a queue since it was made, or fv_counts_clear()
 * @kicks: notifications by the driver
 * @kicks_lost: of those, not seen because of FV_EVIL_LOST_KICK
 * @popped: requests taken
 * @pushed: requests completed
 * @interrupts: delivered
 * @suppressed: interrupts not sent because the driver did not want them
 * @indirect: requests with an indirect table
 * @descs: descriptors of all requests, those of indirect tables too
 */
struct fv_counts {
	u64 kicks;
	u64 kicks_lost;
	u64 popped;
	u64 pushed;
	u64 interrupts;
	u64 suppressed;
	u64 indirect;
	u64 descs;
};

/**
 * struct fv_queue - device side of a virtqueue
 * @fv: the device
 * @index: of the queue
 * @vq: the virtqueue, NULL while the driver has none; changed with @lock held
 * @num: entries of the ring
 * @enabled: the driver has it, and it is not being reset
 * @lock: protects @vq, the ring state, @inflight and @counts; interrupts disabled
 * @inflight: chains that were popped and not pushed
 * @nr_inflight: entries of @inflight
 * @counts: for tests
 * @ring: where the device is in the ring; see fake_virtio_ring.c
 * @priv: for the model
 */
struct fv_queue {
	struct fv_device *fv;
	unsigned int index;
	struct virtqueue *vq;
	unsigned int num;
	bool enabled;
	spinlock_t lock;	/* protects vq, ring, inflight and counts */
	struct list_head inflight;
	unsigned int nr_inflight;
	struct fv_counts counts;
	struct {
		u16 avail;		/* next to look at (split: free running) */
		u16 used;		/* next to write (split: free running) */
		u16 signalled;		/* used index of the last interrupt considered */
		bool avail_wrap;	/* packed */
		bool used_wrap;		/* packed */
		bool signalled_valid;
	} ring;
	void *priv;
};

/**
 * struct fv_model - what a kind of device does
 * @name: for messages
 * @device_id: VIRTIO_ID_*
 * @nr_queues: queues that the device offers unless &fv_params.nr_queues says otherwise
 * @config_len: bytes of the configuration space
 * @handle: does a request: looks at the chain and writes its answer. Called without a
 *	lock, from the thread or from fv_step(). Returns the number of bytes written for
 *	the chain to be completed with, or -EINPROGRESS if the model keeps the chain and
 *	pushes it later.
 * @config_written: the driver has written @len bytes at @offset of the configuration,
 *	which are there already. Optional.
 * @driver_ok: the driver has set DRIVER_OK: negotiated features can be checked. Optional.
 * @reset: the device is reset: the model drops the chains that it keeps. Optional.
 * @queue_reset: one queue is reset: as above. Optional.
 */
struct fv_model {
	const char *name;
	u32 device_id;
	unsigned int nr_queues;
	unsigned int config_len;
	int (*handle)(struct fv_queue *q, struct fv_chain *chain);
	void (*config_written)(struct fv_device *fv, unsigned int offset, unsigned int len);
	void (*driver_ok)(struct fv_device *fv);
	void (*reset)(struct fv_device *fv);
	void (*queue_reset)(struct fv_queue *q);
};

/**
 * struct fv_params - a device to be made
 * @features: feature bits to offer. A device without VIRTIO_F_VERSION_1 is a legacy one.
 * @features_high: those from bit 64 on; a kernel without FV_FEATURES_HIGH never asks
 * @queue_num: entries of each ring, 0 for 128; a power of two unless packed
 * @nr_queues: queues that the device has, 0 for what the model says
 * @mode: see there
 * @config: first contents of the configuration space, may be NULL
 * @config_len: bytes of @config
 */
struct fv_params {
	u64 features;
	u64 features_high;
	unsigned int queue_num;
	unsigned int nr_queues;
	enum fv_mode mode;
	const void *config;
	unsigned int config_len;
};

/**
 * struct fv_device - a fake device
 * @vdev: the device on the virtio bus
 * @pdev: its parent
 * @model: what it is
 * @model_data: of the model
 * @test: the test that it belongs to, NULL in a fuzzer
 * @features: what is offered
 * @features_high: of the bits from 64 on
 * @status: the device status field
 * @status_lie: bits that are read as set besides, although nobody has set them; may be
 *	written while the device has none of them
 * @generation: of the configuration
 * @config: the configuration space, little endian as the driver reads it
 * @config_len: bytes of it
 * @config_lock: protects @config, @generation, @flip and @flip_count
 * @flip: for FV_EVIL_CONFIG_FLIP: what is exclusive-ored onto the configuration at
 *	every second read; random bytes if all of it is zero
 * @config_msecs: how long a read of the configuration takes; may be written at any time
 * @core_msecs: how long it takes when the core looks, after the driver has bound or resumed
 *	the device, whether the device runs; may be written at any time, to end it too
 * @core_looks: it is looking; a reset is a violation then
 * @config_reads: how often the driver has begun to read the configuration
 * @flip_count: reads of the configuration since FV_EVIL_CONFIG_FLIP was armed
 * @queues: all of them
 * @nr_queues: that the device has
 * @mode: when it works; changed with fv_set_mode()
 * @order: see there; may be written at any time
 * @irq: see there; may be written at any time
 * @irq_delay: jiffies, for FV_IRQ_LATE
 * @irq_storm: how many, for FV_IRQ_STORM
 * @resets: how often the driver has reset it
 * @evil: how often each kind of misbehaviour is still to happen, and on which queue
 * @evil_done: how often each kind has happened
 * @violations: what the driver has done against the specification
 * @priv: the rest, see fake_virtio_core.h
 */
struct fv_device {
	struct virtio_device vdev;
	struct platform_device *pdev;
	const struct fv_model *model;
	void *model_data;
	struct kunit *test;
	u64 features;
	u64 features_high;
	u8 status;
	u8 status_lie;
	u32 generation;
	u8 config[FV_MAX_CONFIG];
	unsigned int config_len;
	spinlock_t config_lock;	/* protects config, generation, flip, flip_count */
	u8 flip[FV_MAX_CONFIG];
	unsigned int flip_count;
	unsigned int config_msecs;
	unsigned int core_msecs;
	bool core_looks;
	atomic_t config_reads;
	struct fv_queue queues[FV_MAX_QUEUES];
	unsigned int nr_queues;
	enum fv_mode mode;
	enum fv_order order;
	enum fv_irq irq;
	unsigned long irq_delay;
	unsigned int irq_storm;
	unsigned int resets;
	struct {
		atomic_t left;
		int queue;
	} evil[FV_EVIL_NR];
	atomic_t evil_done[FV_EVIL_NR];
	atomic_t violations;
	struct fv_private *priv;
};

/* Life: fake_virtio.c */
struct fv_device *fv_create(struct kunit *test, const struct fv_model *model,
			    const struct fv_params *params);
int fv_plug(struct fv_device *fv);
bool fv_bound(const struct fv_device *fv);
void fv_unplug(struct fv_device *fv);
void fv_surprise_unplug(struct fv_device *fv);
void fv_destroy(struct fv_device *fv);
int fv_freeze(struct fv_device *fv);
int fv_restore(struct fv_device *fv);
bool fv_negotiated(const struct fv_device *fv, unsigned int bit);
struct fv_queue *fv_queue(struct fv_device *fv, unsigned int index);
bool fv_usable(struct fv_queue *q);
void fv_set_queue_num(struct fv_device *fv, unsigned int index, unsigned int num);

/* Working: fake_virtio_run.c */
void fv_set_mode(struct fv_device *fv, enum fv_mode mode);
unsigned int fv_step(struct fv_queue *q, unsigned int max);
unsigned int fv_drain(struct fv_device *fv);
bool fv_wait_kicks(struct fv_queue *q, u64 kicks, unsigned int ms);
bool fv_wait_popped(struct fv_queue *q, u64 popped, unsigned int ms);
bool fv_wait_idle(struct fv_device *fv, unsigned int ms);
void fv_interrupt(struct fv_queue *q);
void fv_counts_clear(struct fv_device *fv);

/* Rings: fake_virtio_ring.c */
bool fv_available(struct fv_queue *q);
bool fv_untouched(struct fv_queue *q);
struct fv_chain *fv_pop(struct fv_queue *q);
void fv_push(struct fv_chain *chain, u32 len);
void fv_push_many(struct fv_chain **chains, const u32 *lens, unsigned int nr);
void fv_push_raw(struct fv_queue *q, u32 id, u32 len);
size_t fv_read(const struct fv_chain *chain, size_t offset, void *buf, size_t len);
size_t fv_write(const struct fv_chain *chain, size_t offset, const void *buf, size_t len);
size_t fv_fill(const struct fv_chain *chain, size_t offset, u8 byte, size_t len);

/* Configuration: fake_virtio_config.c */
void fv_config_set(struct fv_device *fv, unsigned int offset, const void *buf,
		   unsigned int len);
void fv_config_get(struct fv_device *fv, unsigned int offset, void *buf, unsigned int len);
void fv_config_changed(struct fv_device *fv);
void fv_set_needs_reset(struct fv_device *fv);

/* Misbehaviour and failures: fake_virtio_evil.c */
void fv_misbehave(struct fv_device *fv, enum fv_evil kind, int queue, unsigned int times);
void fv_behave(struct fv_device *fv);
const char *fv_evil_name(enum fv_evil kind);
void fv_release_reset(struct fv_device *fv);
void fv_fail(struct fv_device *fv, enum fv_failure what, unsigned int nth);
void fv_seed(struct fv_device *fv, u64 seed);
__printf(3, 4) void fv_violation(struct fv_device *fv, const char *section,
				 const char *fmt, ...);

/* Parameters of tests: fake_virtio_param.c */
int fv_param_write(const char *module, const char *name, const char *value);
bool fv_thinned(void);
const void *fv_next_param(const void *prev, const void *array, size_t size, size_t nr);

/**
 * FV_ARRAY_PARAM() - KUNIT_ARRAY_PARAM() for suites that can be thinned
 * @name: of the generator, without its _gen_params
 * @array: the parameters
 * @describe: writes the name of one of them
 */
#define FV_ARRAY_PARAM(name, array, describe)						\
	static const void *name##_gen_params(const void *prev, char *desc)		\
	{										\
		__auto_type all = &(array);						\
		const void *next = fv_next_param(prev, *all, sizeof((*all)[0]),		\
						 ARRAY_SIZE(*all));			\
											\
		if (next)								\
			(describe)(next, desc);						\
		return next;								\
	}

#endif /* KGD_FAKE_VIRTIO_H */
