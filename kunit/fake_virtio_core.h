/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the parts of the fake virtio device share with each other, and with nobody else.
 */
#ifndef KGD_FAKE_VIRTIO_CORE_H
#define KGD_FAKE_VIRTIO_CORE_H

#include <linux/cpumask.h>
#include <linux/smp.h>

#include "fake_virtio.h"
#include "fuzz_rng.h"

/* Kept of each device, for the report of the test. */
#define FV_MESSAGES		8
#define FV_MESSAGE_LEN		192

/* Chains that the device takes at one go, and completes with one interrupt. */
#define FV_BATCH		64

/* A stuck reset ends by itself, lest a forgotten one hangs the machine. */
#define FV_STUCK_SECONDS	30

/* Reads of the configuration which see the generation move, at most. */
#define FV_FLIPS		65536

/**
 * struct fv_qpriv - the private part of a queue
 * @q: the public one
 * @desc: descriptor area of the ring
 * @driver: driver area
 * @device: device area
 * @packed: layout of the ring
 * @event_idx: VIRTIO_F_EVENT_IDX is negotiated
 * @indirect: VIRTIO_F_INDIRECT_DESC is negotiated
 * @dead: the ring was lied about (or the driver broke it) and is not touched any more,
 *	nor are the buffers in it, which the driver may believe to be its own again.
 *	Until the next reset. Written under &fv_queue.lock.
 * @notify: the device wants notifications; under &fv_queue.lock
 * @seq: next &fv_chain.seq; under &fv_queue.lock
 * @used_total: descriptors used since the reset (packed); under &fv_queue.lock
 * @signalled_total: of those, at the last interrupt considered
 * @inflight_descs: descriptors of the chains in flight; under &fv_queue.lock
 * @busy: ids in flight; under &fv_queue.lock
 * @staged: chains taken, and not yet given to the model; under &fv_private.run_lock
 * @nr_staged: how many
 * @spare: a chain for the next request, with FV_SYNC; exchanged
 * @irq_ok: interrupts may be delivered
 * @irq: delivers them
 * @csd: carries an interrupt to another CPU
 * @csd_busy: @csd is on its way
 * @late: carries it to another time
 * @again: makes good what was lost on purpose, see fuzz_fv.c
 * @num_max: entries that the device offers
 * @affinity: CPUs for the interrupt, when @has_affinity
 * @has_affinity: the driver or find_vqs() has chosen
 */
struct fv_qpriv {
	struct fv_queue *q;
	void *desc;
	void *driver;
	void *device;
	bool packed;
	bool event_idx;
	bool indirect;
	bool dead;
	bool notify;
	u64 seq;
	u64 used_total;
	u64 signalled_total;
	unsigned int inflight_descs;
	unsigned long *busy;
	struct list_head staged;
	unsigned int nr_staged;
	struct fv_chain *spare;
	bool irq_ok;
	struct irq_work irq;
	call_single_data_t csd;
	atomic_t csd_busy;
	struct delayed_work late;
	struct delayed_work again;
	unsigned int num_max;
	struct cpumask affinity;
	bool has_affinity;
};

/**
 * struct fv_private - the private part of a device
 * @fv: the public one
 * @run_lock: held while requests are taken and done, and while a reset stops that
 * @thread: does it in FV_RUN
 * @work: where it sleeps
 * @event: where tests wait
 * @pending: queues with a notification that was not looked at
 * @busy: the thread is at it
 * @gone: FV_EVIL_GONE
 * @gone_reset: it was reset since
 * @back: it was gone, and was not reset since it is there again
 * @registered: is on the bus
 * @released: by the driver core, after it was
 * @negotiated: features that the driver has accepted
 * @negotiated_high: and those beyond bit 63
 * @config_irq: announces changes of the configuration
 * @config_ok: it may
 * @rng_lock: protects @rng
 * @rng: state of the generator
 * @fail: counts down to the failure of each kind
 * @starter: who has set DRIVER_OK last; only compared
 * @reset_wait: where a stuck reset waits
 * @reset_stuck: that it is
 * @message_lock: protects the messages
 * @nr_messages: how many are kept
 * @message: what the driver has done against the specification
 * @mutate: chooses what is done to a completion (enum fv_evil), or -1; called under
 *	&fv_queue.lock
 * @mutate_data: for it
 * @mutate_rng: for its choices; under the lock of the run
 * @fatal: kinds of FUZZ_FATAL that happened since the last reset
 * @fatal_wait: woken when there is one more
 * @unstick: ends a stuck reset
 * @q: the queues
 */
struct fv_private {
	struct fv_device *fv;
	struct mutex run_lock;	/* serialises the work of the device and its resets */
	struct task_struct *thread;
	wait_queue_head_t work;
	wait_queue_head_t event;
	unsigned long pending[BITS_TO_LONGS(FV_MAX_QUEUES)];
	bool busy;
	bool gone;
	bool gone_reset;
	bool back;
	bool registered;
	struct completion released;
	u64 negotiated;
	u64 negotiated_high;
	struct irq_work config_irq;
	bool config_ok;
	spinlock_t rng_lock;	/* protects rng */
	struct kgd_rng rng;
	atomic_t fail[FV_FAIL_NR];
	const struct task_struct *starter;
	wait_queue_head_t reset_wait;
	bool reset_stuck;
	spinlock_t message_lock;	/* protects nr_messages and message */
	unsigned int nr_messages;
	char message[FV_MESSAGES][FV_MESSAGE_LEN];
	int (*mutate)(void *data, const struct fv_chain *chain, u32 len);
	void *mutate_data;
	struct kgd_rng mutate_rng;
	unsigned long fatal;
	wait_queue_head_t fatal_wait;
	struct delayed_work unstick;
	struct fv_qpriv q[FV_MAX_QUEUES];
};

/**
 * struct fv_cursor - used elements that are being written
 * @pos: next slot (packed) or index (split)
 * @wrap: packed
 * @descs: descriptors used so far (packed), elements written so far (split)
 * @first_pos: slot of the first element, whose flags make all visible (packed)
 * @first_flags: those
 * @any: there is a first element
 * @jump: added to the used index at the end, FV_EVIL_INDEX_JUMP
 */
struct fv_cursor {
	u16 pos;
	bool wrap;
	unsigned int descs;
	u16 first_pos;
	u16 first_flags;
	bool any;
	bool jump;
};

/**
 * struct fv_walk - a chain that is being read
 * @q: where from
 * @chain: where to
 * @max: segments that fit
 * @nr: segments seen
 * @total: bytes seen
 */
struct fv_walk {
	struct fv_queue *q;
	struct fv_chain *chain;
	unsigned int max;
	unsigned int nr;
	u64 total;
};

static inline struct fv_device *fv_of(struct virtio_device *vdev)
{
	return container_of(vdev, struct fv_device, vdev);
}

static inline struct fv_qpriv *fv_qp(const struct fv_queue *q)
{
	return &q->fv->priv->q[q->index];
}

static inline bool fv_modern(const struct fv_device *fv)
{
	return fv->features & BIT_ULL(VIRTIO_F_VERSION_1);
}

/* The driver can know what the device has been told. */
static inline bool fv_in_step(const struct fv_device *fv)
{
	return !READ_ONCE(fv->priv->gone) && !READ_ONCE(fv->priv->back);
}

/* fake_virtio_ring.c */
void *fv_map(u64 addr, u64 len);
int fv_walk_add(struct fv_walk *w, const char *section, u64 addr, u32 len, bool write);
void fv_queue_drop(struct fv_queue *q);
void fv_queue_kill(struct fv_queue *q);
int fv_queue_start(struct fv_queue *q);
void fv_queue_stop(struct fv_queue *q);
void fv_notify_enable(struct fv_queue *q, bool on);

/* fake_virtio_split.c */
bool fv_split_available(struct fv_queue *q);
int fv_split_pop(struct fv_queue *q, struct fv_walk *w);
void fv_split_add(struct fv_queue *q, struct fv_cursor *c, u32 id, u32 len);
void fv_split_commit(struct fv_queue *q, struct fv_cursor *c);
bool fv_split_wants_irq(struct fv_queue *q);
void fv_split_notify(struct fv_queue *q, bool on);

/* fake_virtio_packed.c */
bool fv_packed_available(struct fv_queue *q);
int fv_packed_pop(struct fv_queue *q, struct fv_walk *w);
void fv_packed_add(struct fv_queue *q, struct fv_cursor *c, u32 id, u32 len,
		   unsigned int descs);
void fv_packed_commit(struct fv_queue *q, struct fv_cursor *c);
bool fv_packed_wants_irq(struct fv_queue *q);
void fv_packed_notify(struct fv_queue *q, bool on);

/* fake_virtio_ops.c, fake_virtio_vqs.c, fake_virtio_config.c */
extern const struct virtio_config_ops fv_config_ops;
void fv_stop(struct fv_device *fv);
void fv_op_del_vqs(struct virtio_device *vdev);
int fv_op_set_vq_affinity(struct virtqueue *vq, const struct cpumask *mask);
const struct cpumask *fv_op_get_vq_affinity(struct virtio_device *vdev, int index);
int fv_op_disable_vq_and_reset(struct virtqueue *vq);
int fv_op_enable_vq_after_reset(struct virtqueue *vq);
void fv_op_get(struct virtio_device *vdev, unsigned int offset, void *buf,
	       unsigned int len);
void fv_op_set(struct virtio_device *vdev, unsigned int offset, const void *buf,
	       unsigned int len);
u32 fv_op_generation(struct virtio_device *vdev);

/* fake_virtio_irq.c */
void fv_irq_init(struct fv_device *fv);
void fv_irq_signal(struct fv_queue *q, bool wanted);
void fv_irq_fire(struct fv_queue *q);
void fv_irq_sync(struct fv_queue *q);
void fv_irq_wait_all(struct fv_device *fv);
void fv_irq_sync_all(struct fv_device *fv);
void fv_irq_config(struct fv_device *fv);
bool fv_irq_pending(struct fv_device *fv);

/* fake_virtio_run.c */
bool fv_op_notify(struct virtqueue *vq);
int fv_thread_start(struct fv_device *fv);
void fv_thread_stop(struct fv_device *fv);
void fv_wake_tests(struct fv_device *fv);

/* fake_virtio_evil.c */
bool fv_evil_take(struct fv_device *fv, enum fv_evil kind, int queue);
bool fv_evil_armed(struct fv_device *fv, enum fv_evil kind, int queue);
void fv_evil_happened(struct fv_device *fv, enum fv_evil kind);
int fv_evil_for_push(struct fv_queue *q, struct fv_chain *chain, u32 len);
void fv_evil_at_pop(struct fv_queue *q, struct fv_chain *chain);
bool fv_fail_now(struct fv_device *fv, enum fv_failure what);
u64 fv_random(struct fv_device *fv);

#endif /* KGD_FAKE_VIRTIO_CORE_H */
