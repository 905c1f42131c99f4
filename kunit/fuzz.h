/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the fuzzers have in common: a run with a seed and an end, mutations chosen and
 * counted by kind, and the result in debugfs.
 *
 * A fuzzer's module does, in its init function:
 *
 *	fuzz_begin(&run);
 *	fv = fv_create(NULL, ...); fv_fuzz_start(fv, &run, 500, FUZZ_ALL); fv_plug(fv);
 *	while (fuzz_more(&run)) {
 *		... load ...
 *		if (fv_dead_queues(fv) > nr_queues / 2 || stuck)
 *			fv_fuzz_replug(fv);
 *	}
 *	fv_fuzz_stop(fv); fv_destroy(fv);
 *	fuzz_end(&run);
 *
 * and in its exit function fuzz_remove(&run).
 */
#ifndef KGD_FUZZ_H
#define KGD_FUZZ_H

#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#include "fake_virtio.h"
#include "fuzz_rng.h"

/* Kinds of mutation: those of enum fv_evil, and then a fuzzer's own. */
#define FUZZ_OWN_KINDS	24
#define FUZZ_KINDS	(FV_EVIL_NR + FUZZ_OWN_KINDS)

/* A run that has too few mutations goes on for so many times the seconds it was given. */
#define FUZZ_SLOW	15

/* All that a device can do to a driver. */
#define FUZZ_ALL	(BIT(FV_EVIL_NR) - 1)

/* The queue, or the device, is of no use after one of these. */
#define FUZZ_FATAL	(BIT(FV_EVIL_ID_RANGE) | BIT(FV_EVIL_ID_IDLE) | BIT(FV_EVIL_TWICE) | \
			 BIT(FV_EVIL_INDEX_JUMP) | BIT(FV_EVIL_SILENT) | BIT(FV_EVIL_GONE) | \
			 BIT(FV_EVIL_NEEDS_RESET) | BIT(FV_EVIL_RESET_STUCK) | \
			 BIT(FV_EVIL_FEATURES_REFUSED))

/*
 * These happen when the device is plugged anew: see fv_fuzz_replug(),
 * or when it sleeps: see fv_fuzz_freeze().
 */
#define FUZZ_REPLUG	(BIT(FV_EVIL_RESET_STUCK) | BIT(FV_EVIL_FEATURES_REFUSED))

/* A queue, or the device, is of no use from then on. */
#define FUZZ_ENDS	(FUZZ_FATAL & ~(FUZZ_REPLUG | BIT(FV_EVIL_SILENT) | \
					BIT(FV_EVIL_NEEDS_RESET)))

/**
 * struct fuzz_run - one run of a fuzzer
 * @module: its name in debugfs
 * @seed: decides all
 * @seconds: how long
 * @least: go on until there are so many mutations, FUZZ_SLOW times as long at most
 * @end: in jiffies
 * @lock: protects what follows; any context
 * @rng: the generator
 * @permille: so many completions of a thousand are mutated
 * @allowed: kinds of enum fv_evil that may be chosen
 * @completions: of the device
 * @mutated: of those, and what a fuzzer counts with fuzz_mutated()
 * @violations: of the specification by the driver
 * @rare: kinds of enum fv_evil that are chosen only when they are due
 * @costly: kinds that are chosen four times less often than others that are not due
 * @asleep: of FUZZ_REPLUG, kinds that happen when a device sleeps, too
 * @frail: nothing is mutated after a kind of FUZZ_ENDS: the driver gives up the whole
 *	device, and would not see it
 * @starved: allocations of the driver fail at random: a device that it does not take is
 *	plugged again
 * @devices: so many were given to fv_fuzz_start()
 * @plugs: how often fv_fuzz_plug() was called
 * @sleeps: how often fv_fuzz_restore() was called
 * @nr_own: kinds of the fuzzer's own
 * @own: their names
 * @count: of each kind
 * @text: the result, for debugfs
 * @priv: of fuzz.c
 */
struct fuzz_run {
	const char *module;
	u64 seed;
	unsigned int seconds;
	unsigned int least;
	unsigned long end;
	spinlock_t lock;	/* protects rng and the counts */
	struct kgd_rng rng;
	unsigned int permille;
	unsigned long allowed;
	u64 completions;
	u64 mutated;
	u64 violations;
	unsigned long rare;
	unsigned long costly;
	unsigned long asleep;
	bool frail;
	bool starved;
	unsigned int devices;
	unsigned int plugs;
	unsigned int sleeps;
	unsigned int nr_own;
	const char *own[FUZZ_OWN_KINDS];
	u64 count[FUZZ_KINDS];
	char *text;
	void *priv;
};

int fuzz_begin(struct fuzz_run *run);
bool fuzz_more(const struct fuzz_run *run);
void fuzz_stop(struct fuzz_run *run);
int fuzz_end(struct fuzz_run *run);
void fuzz_remove(struct fuzz_run *run);

u32 fuzz_below(struct fuzz_run *run, u32 n);
bool fuzz_chance(struct fuzz_run *run, u32 permille);
int fuzz_kind(struct fuzz_run *run, const char *name);
bool fuzz_kind_due(struct fuzz_run *run, int kind);
void fuzz_mutated(struct fuzz_run *run, int kind);
void fuzz_completed(struct fuzz_run *run, unsigned int nr);
void fuzz_violated(struct fuzz_run *run, unsigned int nr);

void fv_fuzz_start(struct fv_device *fv, struct fuzz_run *run, unsigned int permille,
		   unsigned long allowed);
void fv_fuzz_stop(struct fv_device *fv);
unsigned long fv_fuzz_wait(struct fv_device *fv, unsigned long kinds, unsigned long timeout);
unsigned long fv_fuzz_pause(struct fv_device *fv);
void fv_fuzz_unplug(struct fv_device *fv);
int fv_fuzz_plug_first(struct fv_device *fv, struct fuzz_run *run);
int fv_fuzz_plug(struct fv_device *fv);
int fv_fuzz_replug(struct fv_device *fv);
int fv_fuzz_freeze(struct fv_device *fv);
int fv_fuzz_restore(struct fv_device *fv);
unsigned int fv_dead_queues(struct fv_device *fv);

#endif /* KGD_FUZZ_H */
