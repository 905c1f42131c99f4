// SPDX-License-Identifier: GPL-2.0-only
/*
 * A host that says anything about its clocks, to those who tell events from samples.
 *
 * Each event is told once, of a kind that exists, for a reason; and after a time in which
 * all clocks were sound, nothing is one. UBSAN looks at the arithmetic.
 */
#include <linux/seq_file.h>
#include <linux/string.h>
#include <linux/time64.h>

#include <asm/msr.h>
#include <asm/tsc.h>

#include "../drivers/kvmclock/event.h"
#include "../drivers/kvmclock/read.h"
#include "kvmclock_fuzz_watch.h"
#include "pvclock_host.h"

#define EPOCH_NS	(1700000000LL * NSEC_PER_SEC)
#define SOURCES		(KVMCLOCK_FROM_FLAG | KVMCLOCK_FROM_EPOCH | KVMCLOCK_FROM_AREA | \
			 KVMCLOCK_FROM_VMFORK)
/* What was done to the sample before still shows in this one, and may be told with the next. */
#define SOUND_AFTER	3

enum watch_mutation {
	WATCH_SOUND,
	WATCH_EPOCH_NEAR,
	WATCH_EPOCH_ANY,
	WATCH_AREA_ANY,
	WATCH_TSC_BACK,
	WATCH_STOPPED,
	WATCH_FORKED,
	WATCH_MUTATIONS,
};

static const char *const names[WATCH_MUTATIONS] = {
	"watch_sound", "watch_epoch_near", "watch_epoch_any", "watch_area_any",
	"watch_tsc_back", "watch_stopped", "watch_forked",
};

/* All of it belongs to the one reader who looks at samples. */
static struct kvmclock_watch watch;
static u64 true_tsc;
static s64 true_epoch;
static unsigned int sound;
static u64 kind_count[WATCH_MUTATIONS];

/**
 * clock_watch_reset() - begin anew, at this moment
 *
 * Context: any; nobody looks at samples meanwhile.
 */
void clock_watch_reset(void)
{
	memset(&watch, 0, sizeof(watch));
	true_tsc = rdtsc_ordered();
	true_epoch = EPOCH_NS;
	sound = 0;
}

/* Any values that the sampler would let through. */
static void any_area(struct kgd_rng *rng, struct kvmclock_sample *sample)
{
	struct pvclock_vcpu_time_info *area = &sample->area;

	area->tsc_timestamp = kgd_rng_u64(rng);
	area->system_time = kgd_rng_u64(rng) >> 1;
	area->tsc_to_system_mul = kgd_rng_u32(rng) | 1;
	area->tsc_shift = (s8)kgd_rng_below(rng, 2 * KVMCLOCK_SHIFT_MAX + 1) - KVMCLOCK_SHIFT_MAX;
	area->flags = kgd_rng_u32(rng);
	sample->tsc = kgd_rng_u64(rng);
	sample->ns = kvmclock_time_at(area, sample->tsc);
}

static void mutate(struct kgd_rng *rng, enum watch_mutation kind, struct kvmclock_sample *sample)
{
	switch (kind) {
	case WATCH_EPOCH_NEAR:
		true_epoch += (s64)kgd_rng_below(rng, 2 * NSEC_PER_SEC) - NSEC_PER_SEC;
		sample->epoch = true_epoch;
		break;
	case WATCH_EPOCH_ANY:
		sample->epoch = kgd_rng_u64(rng);
		break;
	case WATCH_AREA_ANY:
		any_area(rng, sample);
		break;
	case WATCH_TSC_BACK:
		sample->tsc -= kgd_rng_u64(rng) >> (1 + kgd_rng_below(rng, 63));
		sample->ns = kvmclock_time_at(&sample->area, sample->tsc);
		break;
	case WATCH_STOPPED:
		sample->stopped = true;
		break;
	case WATCH_FORKED:
		sample->forked = true;
		break;
	default:
		break;
	}
}

static bool counts_differ(const struct kvmclock_watch *before, bool told)
{
	unsigned int kind;
	u64 want;

	for (kind = 0; kind < KVMCLOCK_EVENT_KINDS; kind++) {
		want = before->count[kind] + (told && kind == watch.latest.kind);
		if (watch.count[kind] != want)
			return true;
	}

	return false;
}

static bool wrong(const struct kvmclock_watch *before, bool told)
{
	const struct kvmclock_event *event = &watch.latest;

	if (counts_differ(before, told) || watch.absorbed < before->absorbed ||
	    watch.largest < before->largest)
		return true;
	/* It is told by the sample after the one that it was noticed with. */
	if (watch.open && (before->open || told))
		return true;
	if (told && (!before->open || event->kind <= KVMCLOCK_NO_EVENT ||
		     event->kind >= KVMCLOCK_EVENT_KINDS || !event->sources ||
		     event->sources & ~SOURCES))
		return true;
	return sound >= SOUND_AFTER && (told || watch.open);
}

/**
 * clock_watch_step() - have those who watch look at one more sample
 * @rng: the generator
 *
 * Context: any; one caller at a time.
 * Return: how many rules they broke.
 */
unsigned int clock_watch_step(struct kgd_rng *rng)
{
	const struct kvmclock_watch before = watch;
	struct kvmclock_sample sample = { .area = pvclock_host.line };
	enum watch_mutation kind = WATCH_SOUND;

	/* Three quarters of a second, or up to four times that. */
	true_tsc += (u64)(tsc_khz ?: 1000000) * (750 + kgd_rng_below(rng, 2250));
	sample.tsc = true_tsc;
	sample.ns = kvmclock_time_at(&sample.area, sample.tsc);
	sample.epoch = true_epoch;
	if (kgd_rng_chance(rng, 500))
		kind = 1 + kgd_rng_below(rng, WATCH_MUTATIONS - 1);
	mutate(rng, kind, &sample);
	kind_count[kind]++;
	sound = kind == WATCH_SOUND ? sound + 1 : 0;

	return wrong(&before, kvmclock_watch_feed(&watch, &sample));
}

/**
 * clock_watch_mutated() - how many samples were not sound
 *
 * Context: any.
 * Return: how many.
 */
u64 clock_watch_mutated(void)
{
	unsigned int kind;
	u64 sum = 0;

	for (kind = WATCH_SOUND + 1; kind < WATCH_MUTATIONS; kind++)
		sum += kind_count[kind];

	return sum;
}

/**
 * clock_watch_show() - show how many samples of each kind there were
 * @file: where
 *
 * Context: process; nobody looks at samples meanwhile.
 */
void clock_watch_show(struct seq_file *file)
{
	unsigned int kind;

	for (kind = WATCH_SOUND + 1; kind < WATCH_MUTATIONS; kind++)
		seq_printf(file, "kind.%s %llu\n", names[kind], kind_count[kind]);
	seq_printf(file, "events %llu\n", watch.count[KVMCLOCK_PAUSE] +
		   watch.count[KVMCLOCK_RESTORE] + watch.count[KVMCLOCK_HOST_STEP]);
}
