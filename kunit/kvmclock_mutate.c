// SPDX-License-Identifier: GPL-2.0-only
/*
 * The misbehaviours that kvmclock_mutate.h names.
 *
 * A time that jumps ahead by centuries stays there, as it must not go back, and
 * nothing more can be learned. So values are small as a rule, and any at all rarely.
 */
#include <linux/cache.h>
#include <linux/compiler.h>
#include <linux/limits.h>
#include <linux/time64.h>

#include <asm/barrier.h>
#include <asm/pvclock.h>

#include "kvmclock_mutate.h"
#include "pvclock_host.h"

#define RARELY		15		/* of a thousand */
#define NEAR_NS		3000000		/* how far the host's time is moved */

static const struct {
	const char *name;
	unsigned int weight;		/* of a thousand; the rest is CLOCK_SOUND */
} kinds[CLOCK_MUTATIONS] = {
	[CLOCK_SOUND] = { "sound", 0 },
	[CLOCK_VERSION_ODD] = { "version_odd", 50 },
	[CLOCK_VERSION_BACK] = { "version_back", 50 },
	[CLOCK_VERSION_ANY] = { "version_any", 50 },
	[CLOCK_VERSION_KEPT] = { "version_kept", 50 },
	[CLOCK_TORN] = { "torn", 50 },
	[CLOCK_STAMP_NEAR] = { "stamp_near", 50 },
	[CLOCK_STAMP_ANY] = { "stamp_any", 20 },
	[CLOCK_TIME_BACK] = { "time_back", 50 },
	[CLOCK_TIME_AHEAD] = { "time_ahead", 40 },
	[CLOCK_TIME_ANY] = { "time_any", 20 },
	[CLOCK_MUL] = { "mul", 50 },
	[CLOCK_MUL_EXTREME] = { "mul_extreme", 30 },
	[CLOCK_SHIFT_NEAR] = { "shift_near", 50 },
	[CLOCK_SHIFT_ANY] = { "shift_any", 20 },
	[CLOCK_FLAG_STABLE] = { "flag_stable", 80 },
	[CLOCK_FLAG_STOPPED] = { "flag_stopped", 40 },
	[CLOCK_FLAGS_ANY] = { "flags_any", 40 },
	[CLOCK_PADDING] = { "padding", 30 },
	[CLOCK_ALL_BYTES] = { "all_bytes", 20 },
};

/**
 * clock_mutation_name() - the name of a kind
 * @kind: the kind
 *
 * Context: any.
 * Return: its name.
 */
const char *clock_mutation_name(enum clock_mutation kind)
{
	return kinds[kind].name;
}

/**
 * clock_mutation_any() - choose a kind
 * @rng: the generator
 *
 * Context: any.
 * Return: the kind.
 */
enum clock_mutation clock_mutation_any(struct kgd_rng *rng)
{
	unsigned int dice = kgd_rng_below(rng, 1000);
	unsigned int kind;

	for (kind = 1; kind < CLOCK_MUTATIONS; kind++) {
		if (dice < kinds[kind].weight)
			return kind;
		dice -= kinds[kind].weight;
	}
	return CLOCK_SOUND;
}

static void mutate_line(struct kgd_rng *rng, enum clock_mutation kind,
			struct pvclock_vcpu_time_info *line)
{
	/* Nearly always a value that cannot be; else one that spoils the rest of a round. */
	bool wild = kgd_rng_chance(rng, RARELY);

	switch (kind) {
	case CLOCK_STAMP_NEAR:
		line->tsc_timestamp += kgd_rng_below(rng, NEAR_NS) - NEAR_NS / 2;
		break;
	case CLOCK_STAMP_ANY:
		line->tsc_timestamp += wild ? kgd_rng_u64(rng) : kgd_rng_u64(rng) >> 1;
		break;
	case CLOCK_TIME_BACK:
		line->system_time -= kgd_rng_below(rng, NEAR_NS);
		break;
	case CLOCK_TIME_AHEAD:
		line->system_time += kgd_rng_below(rng, NEAR_NS / 8);
		break;
	case CLOCK_TIME_ANY:
		line->system_time = wild ? kgd_rng_u64(rng) : U64_MAX - kgd_rng_u32(rng);
		break;
	case CLOCK_MUL:
		line->tsc_to_system_mul += kgd_rng_u32(rng) >> 4;
		break;
	case CLOCK_MUL_EXTREME:
		line->tsc_to_system_mul = kgd_rng_below(rng, 3) - 1;
		break;
	case CLOCK_SHIFT_NEAR:
		line->tsc_shift += wild ? 2 : 1 - (int)kgd_rng_below(rng, 4);
		break;
	case CLOCK_SHIFT_ANY:
		line->tsc_shift = kgd_rng_u32(rng);
		if (!wild && line->tsc_shift > 0 && line->tsc_shift < 32)
			line->tsc_shift = -line->tsc_shift;
		break;
	case CLOCK_FLAG_STABLE:
		line->flags ^= PVCLOCK_TSC_STABLE_BIT;
		break;
	case CLOCK_FLAG_STOPPED:
		line->flags |= PVCLOCK_GUEST_STOPPED;
		break;
	case CLOCK_FLAGS_ANY:
		line->flags = kgd_rng_u32(rng);
		break;
	default:
		break;
	}
}

static void mutate_bytes(struct kgd_rng *rng, struct pvclock_vcpu_time_info *area)
{
	unsigned int i;

	for (i = 0; i < sizeof(*area); i++)
		WRITE_ONCE(((u8 *)area)[i], kgd_rng_u32(rng));
	/* Seen by chance only once in a while, so that there is a chance at all. */
	if (!kgd_rng_chance(rng, RARELY))
		WRITE_ONCE(area->tsc_shift, 64);
}

/**
 * clock_mutate() - do something to a CPU's area
 * @rng: the generator
 * @cpu: the CPU
 * @kind: what to do
 * @sound: what a sound host would write
 *
 * Context: any. Other CPUs may read, and even mutate, at the same time.
 */
void clock_mutate(struct kgd_rng *rng, unsigned int cpu, enum clock_mutation kind,
		  const struct pvclock_vcpu_time_info *sound)
{
	struct pvclock_vcpu_time_info *area = pvclock_host_area(cpu);
	struct pvclock_vcpu_time_info line = *sound;

	if (!area)
		return;
	mutate_line(rng, kind, &line);
	switch (kind) {
	case CLOCK_VERSION_ODD:
		WRITE_ONCE(area->version, area->version | 1);
		WRITE_ONCE(area->system_time, line.system_time - kgd_rng_below(rng, NEAR_NS));
		break;
	case CLOCK_VERSION_BACK:
		line.system_time -= kgd_rng_below(rng, NEAR_NS);
		pvclock_host_update(cpu, &line);
		WRITE_ONCE(area->version, area->version - 2 * kgd_rng_below(rng, 4));
		break;
	case CLOCK_VERSION_ANY:
		WRITE_ONCE(area->version, kgd_rng_u32(rng));
		break;
	case CLOCK_VERSION_KEPT:
		WRITE_ONCE(area->system_time, line.system_time - kgd_rng_below(rng, NEAR_NS));
		WRITE_ONCE(area->tsc_to_system_mul, kgd_rng_u32(rng) >> 1);
		break;
	case CLOCK_TORN:
		WRITE_ONCE(area->version, area->version + 1);
		WRITE_ONCE(area->tsc_timestamp, line.tsc_timestamp);
		WRITE_ONCE(area->version, area->version + 1);
		break;
	case CLOCK_PADDING:
		WRITE_ONCE(area->pad0, kgd_rng_u32(rng));
		WRITE_ONCE(area->pad[0], kgd_rng_u32(rng));
		WRITE_ONCE(area->pad[1], kgd_rng_u32(rng));
		break;
	case CLOCK_ALL_BYTES:
		mutate_bytes(rng, area);
		break;
	default:
		/* By the protocol, but for some, whose data come without a version. */
		pvclock_host_update(cpu, &line);
		if (kgd_rng_chance(rng, 100))
			WRITE_ONCE(area->version, area->version - 2);
		break;
	}
}
