/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a hostile host does to an area, one kind at a time.
 */
#ifndef KGD_KVMCLOCK_MUTATE_H
#define KGD_KVMCLOCK_MUTATE_H

#include <linux/types.h>

#include "fuzz_rng.h"

struct pvclock_vcpu_time_info;

enum clock_mutation {
	CLOCK_SOUND,
	CLOCK_VERSION_ODD,
	CLOCK_VERSION_BACK,
	CLOCK_VERSION_ANY,
	CLOCK_VERSION_KEPT,
	CLOCK_TORN,
	CLOCK_STAMP_NEAR,
	CLOCK_STAMP_ANY,
	CLOCK_TIME_BACK,
	CLOCK_TIME_AHEAD,
	CLOCK_TIME_ANY,
	CLOCK_MUL,
	CLOCK_MUL_EXTREME,
	CLOCK_SHIFT_NEAR,
	CLOCK_SHIFT_ANY,
	CLOCK_FLAG_STABLE,
	CLOCK_FLAG_STOPPED,
	CLOCK_FLAGS_ANY,
	CLOCK_PADDING,
	CLOCK_ALL_BYTES,
	CLOCK_MUTATIONS,
};

const char *clock_mutation_name(enum clock_mutation kind);
enum clock_mutation clock_mutation_any(struct kgd_rng *rng);
void clock_mutate(struct kgd_rng *rng, unsigned int cpu, enum clock_mutation kind,
		  const struct pvclock_vcpu_time_info *sound);

#endif /* KGD_KVMCLOCK_MUTATE_H */
