/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The fuzzer of virtio_balloon: devices that lie, and whose targets never rest.
 */
#ifndef KGD_VIRTIO_BALLOON_FUZZ_H
#define KGD_VIRTIO_BALLOON_FUZZ_H

#include <linux/rwsem.h>
#include <linux/sched.h>
#include <linux/types.h>

#include "fuzz.h"
#include "model_balloon.h"

/* Pages of the largest target that is meant seriously. */
#define BF_TARGET	8192

/**
 * enum bf_kind - kinds of mutation that only a balloon has
 * @BF_TARGET_JUMP: a target that is out of reach
 * @BF_TARGET_SILENT: a target that is not announced
 * @BF_ACTUAL: the device writes over actual
 * @BF_NR_KINDS: number of kinds
 */
enum bf_kind {
	BF_TARGET_JUMP,
	BF_TARGET_SILENT,
	BF_ACTUAL,
	BF_NR_KINDS,
};

/**
 * struct bf - a balloon of the fuzzer
 * @run: see there; of all balloons
 * @thread: plugs it, and puts it to sleep
 * @index: number of the balloon
 * @err: what has gone wrong
 * @mb: the balloon
 * @fv: the device
 * @held: for reading while the driver may have pages
 * @rng: of @thread
 * @move_rng: of the device, under its lock
 * @handle: what the model does with a request
 * @handled: requests that it has got
 * @still: the target stays where it is
 * @hangs: how often nothing happened, for no reason
 */
struct bf {
	struct fuzz_run *run;
	struct task_struct *thread;
	unsigned int index;
	int err;
	struct mb_device *mb;
	struct fv_device *fv;
	struct rw_semaphore *held;
	struct kgd_rng rng;
	struct kgd_rng move_rng;
	int (*handle)(struct fv_queue *q, struct fv_chain *chain);
	unsigned int handled;
	bool still;
	unsigned int hangs;
};

/* The targets: virtio_balloon_fuzz_move.c */
int bf_move_init(struct fuzz_run *run);
void bf_move_start(struct bf *bf);
u32 bf_next_target(struct bf *bf, struct kgd_rng *rng);

#endif /* KGD_VIRTIO_BALLOON_FUZZ_H */
