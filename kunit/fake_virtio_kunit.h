/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the suites of the fake device share: a tiny driver of its own and a model that
 * gives back what it got, so that the device can be tested without any other driver.
 */
#ifndef KGD_FAKE_VIRTIO_KUNIT_H
#define KGD_FAKE_VIRTIO_KUNIT_H

#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/scatterlist.h>
#include <linux/virtio.h>

#include <kunit/test.h>

#include "fake_virtio.h"

/* No device of the specification. */
#define FT_DEVICE_ID	0xf0
#define FT_QUEUES	4
#define FT_CONFIG_LEN	32
#define FT_BUF		64
#define FT_MAX_SEGS	8
#define FT_MS		5000

#define FT_MODERN	BIT_ULL(VIRTIO_F_VERSION_1)

/* A feature beyond bit 63. */
#define FT_HIGH		65

/**
 * enum ft_bad - what the tiny driver does wrong when it is told to
 * @FT_GOOD: nothing
 * @FT_KICK_EARLY: notifies before DRIVER_OK
 * @FT_CONFIG_EARLY: writes the configuration before FEATURES_OK
 * @FT_NO_RESET: removes its queues from a device that works
 * @FT_LEAVE_VQS: leaves its queues behind
 */
enum ft_bad {
	FT_GOOD,
	FT_KICK_EARLY,
	FT_CONFIG_EARLY,
	FT_NO_RESET,
	FT_LEAVE_VQS,
};

/**
 * struct ft_req - one request
 * @out: what the device reads
 * @in: what the device writes
 * @len: the used length, once it is completed
 * @done: number of the completion, 0 while it is not
 */
struct ft_req {
	u8 out[FT_BUF];
	u8 in[FT_BUF];
	unsigned int len;
	unsigned int done;
};

/**
 * struct ft_state - the tiny driver and what it has seen
 * @vdev: the device that it has bound, or NULL
 * @vqs: its queues
 * @nr_vqs: how many it asks for
 * @bad: see there; set before the device is plugged
 * @callbacks: interrupts of each queue
 * @hardirq: of those, in hard interrupt context
 * @irq_cpu: CPU of the last one
 * @config_changes: announced
 * @get_in_callback: requests are taken back there
 * @completed: so many were taken back
 * @lock: of the queues
 * @probe_err: result of the last probe
 */
struct ft_state {
	struct virtio_device *vdev;
	struct virtqueue *vqs[FT_QUEUES];
	unsigned int nr_vqs;
	enum ft_bad bad;
	atomic_t callbacks[FT_QUEUES];
	atomic_t hardirq;
	int irq_cpu;
	atomic_t config_changes;
	bool get_in_callback;
	unsigned int completed;
	spinlock_t lock;	/* of the queues */
	int probe_err;
};

extern struct ft_state ft;
extern const struct fv_model ft_model;
extern struct kunit_suite ft_ring_suite;
extern struct kunit_suite ft_evil_suite;
extern struct kunit_suite ft_life_suite;
extern struct kunit_suite ft_check_suite;
extern struct kunit_suite ft_fuzz_suite;

int ft_driver_register(void);
void ft_driver_unregister(void);

int ft_suite_init(struct kunit_suite *suite);
void ft_suite_exit(struct kunit_suite *suite);
int ft_init(struct kunit *test);
struct fv_device *ft_create(struct kunit *test, u64 features, unsigned int num);
struct fv_device *ft_plugged(struct kunit *test, u64 features, unsigned int num);
int ft_submit(struct fv_queue *q, struct ft_req *req, unsigned int outs, unsigned int ins);
bool ft_kick(struct fv_queue *q);
unsigned int ft_reap(struct fv_queue *q);
struct ft_req *ft_reqs(struct kunit *test, unsigned int n);
void ft_fill(struct ft_req *req, u8 seed);
bool ft_echoed(const struct ft_req *req);
bool ft_wait(atomic_t *count, int value);
void ft_expect_violation(struct kunit *test, struct fv_device *fv, const char *text);
bool ft_echo_works(struct fv_queue *q, struct ft_req *req);

#endif /* KGD_FAKE_VIRTIO_KUNIT_H */
