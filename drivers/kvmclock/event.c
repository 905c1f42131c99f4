// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tells events from samples; see event.h. Nothing but arithmetic: no host, no locks.
 *
 * What is no event: a host that disciplines its clock (500 ppm at most), an area that is
 * written anew, or a TSC that loses time between two hosts' CPUs where TSCs do not agree.
 * All values are the host's: sums that may overflow are of unsigned 64 bits, and wrap.
 */
#include <linux/limits.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <linux/time64.h>

#include "event.h"
#include "read.h"

/* Sources this close to each other are one event. */
#define ONE_EVENT_NS	(5LL * NSEC_PER_SEC)

/* An epoch moved by less moved for no reason; by less than that, if there is one. */
#define MOVED_NS	(100LL * NSEC_PER_MSEC)
#define MOVED_SURELY_NS	(10LL * NSEC_PER_MSEC)

/* A thousandth of what passed: twice what a host may slew its clock by. */
#define SLEW_PART	1000

/* What KVM's two ways to scale the TSC may differ by, when it writes an area anew. */
#define SCALE_PART	100000

static const char *const kind_names[] = {
	[KVMCLOCK_NO_EVENT] = "none",
	[KVMCLOCK_PAUSE] = "pause",
	[KVMCLOCK_RESTORE] = "restore",
	[KVMCLOCK_HOST_STEP] = "host-step",
};

/**
 * kvmclock_event_name() - what a person is told of a kind
 * @kind: the kind
 *
 * Context: any.
 * Return: its name.
 */
const char *kvmclock_event_name(enum kvmclock_event_kind kind)
{
	return kind_names[kind];
}

static s64 sum(s64 a, s64 b)
{
	return (u64)a + (u64)b;
}

static s64 difference(s64 a, s64 b)
{
	return (u64)a - (u64)b;
}

static s64 size_of(s64 ns)
{
	if (ns == S64_MIN)
		return S64_MAX;
	return ns < 0 ? -ns : ns;
}

/* By what was said before, with a TSC that may have gone back. */
static s64 expected(const struct kvmclock_sample *old, u64 tsc)
{
	const struct pvclock_vcpu_time_info *area = &old->area;
	bool back = (s64)(tsc - old->tsc) < 0;
	u64 from = back ? tsc : old->tsc;
	u64 to = back ? old->tsc : tsc;
	s64 passed = kvmclock_elapsed(to, from, area->tsc_to_system_mul, area->tsc_shift);

	return back ? difference(old->ns, passed) : sum(old->ns, passed);
}

static bool tscs_agree(const struct kvmclock_sample *sample)
{
	return sample->area.flags & PVCLOCK_TSC_STABLE_BIT;
}

static bool written_anew(const struct kvmclock_sample *old, const struct kvmclock_sample *new)
{
	return old->area.tsc_timestamp != new->area.tsc_timestamp ||
	       old->area.system_time != new->area.system_time;
}

static void compare(const struct kvmclock_sample *old, const struct kvmclock_sample *new,
		    struct kvmclock_change *change)
{
	change->epoch = difference(new->epoch, old->epoch);
	change->area = difference(new->ns, expected(old, new->tsc));
	change->elapsed = size_of(difference(new->ns, old->ns));
	change->anew = written_anew(old, new);
	change->age = change->anew ? size_of(difference(old->ns, old->area.system_time)) : 0;
	change->stable = tscs_agree(old) && tscs_agree(new);
	change->stopped = new->stopped;
	change->forked = new->forked;
}

static void add(struct kvmclock_change *to, const struct kvmclock_change *more)
{
	to->epoch = sum(to->epoch, more->epoch);
	to->area = sum(to->area, more->area);
	to->elapsed = size_of(sum(to->elapsed, more->elapsed));
	to->age = max(to->age, more->age);
	to->anew = to->anew || more->anew;
	to->stable = to->stable && more->stable;
	to->stopped = to->stopped || more->stopped;
	to->forked = to->forked || more->forked;
}

static s64 tolerance(const struct kvmclock_change *change, bool sure)
{
	s64 ns = (sure ? MOVED_SURELY_NS : MOVED_NS) + div_s64(change->elapsed, SLEW_PART);

	return sure ? ns : ns + div_s64(change->age, SCALE_PART);
}

/* The wall clock went on as the TSC did, so it was only the area's clock that stood. */
static bool only_stood(const struct kvmclock_change *change, s64 limit)
{
	s64 ahead = size_of(sum(change->epoch, change->area));

	return change->epoch > 0 && ahead <= max(limit, change->epoch / 4);
}

/**
 * kvmclock_event_kind() - what a change is
 * @change: the change
 * @sources: set to what says so, KVMCLOCK_FROM_*
 *
 * Context: any.
 * Return: the kind; KVMCLOCK_NO_EVENT if nothing happened.
 */
enum kvmclock_event_kind kvmclock_event_kind(const struct kvmclock_change *change,
					     unsigned int *sources)
{
	bool sure = change->stopped || change->forked;
	s64 limit = tolerance(change, sure);
	bool moved = size_of(change->epoch) > limit;
	bool jumped = change->stable && size_of(change->area) > limit;

	*sources = (change->stopped ? KVMCLOCK_FROM_FLAG : 0) |
		   (change->forked ? KVMCLOCK_FROM_VMFORK : 0) |
		   (moved ? KVMCLOCK_FROM_EPOCH : 0) | (jumped ? KVMCLOCK_FROM_AREA : 0);
	if (!*sources)
		return KVMCLOCK_NO_EVENT;
	if (change->forked)
		return KVMCLOCK_RESTORE;
	if (moved && only_stood(change, limit))
		return KVMCLOCK_PAUSE;
	if (change->stopped)
		return moved || jumped ? KVMCLOCK_RESTORE : KVMCLOCK_PAUSE;
	/* Whoever sets the host's clock does not write to areas. */
	if (change->stable)
		return jumped || change->anew ? KVMCLOCK_RESTORE : KVMCLOCK_HOST_STEP;
	return size_of(change->area) > size_of(change->epoch) / 4 ?
	       KVMCLOCK_RESTORE : KVMCLOCK_HOST_STEP;
}

/**
 * kvmclock_epoch_moved() - is an epoch worth a second question?
 * @watch: those who watch
 * @epoch: what the host says
 *
 * Context: process. The watch does not change meanwhile.
 * Return: whether it differs from that of the last sample by what may be an event.
 */
bool kvmclock_epoch_moved(const struct kvmclock_watch *watch, s64 epoch)
{
	return watch->has_last &&
	       size_of(difference(epoch, watch->last.epoch)) > MOVED_SURELY_NS / 2;
}

static void tell(struct kvmclock_watch *watch, enum kvmclock_event_kind kind,
		 unsigned int sources)
{
	struct kvmclock_event *event = &watch->latest;

	event->kind = kind;
	event->sources = sources;
	event->epoch_jump = watch->change.epoch;
	event->area_jump = watch->change.stable ? watch->change.area : 0;
	watch->count[kind]++;
	watch->largest = max_t(u64, watch->largest, size_of(event->epoch_jump));
	watch->told = true;
	watch->told_at = sum(watch->last.epoch, watch->last.ns);
}

/* By the host's wall clock: a guest that was restored does not know its own. */
static bool just_told(const struct kvmclock_watch *watch)
{
	s64 since = difference(sum(watch->last.epoch, watch->last.ns), watch->told_at);

	return watch->told && since >= 0 && since < ONE_EVENT_NS;
}

/**
 * kvmclock_watch_feed() - have a look at the next sample
 * @watch: those who watch
 * @sample: the sample
 *
 * What was noticed is told with the sample after it: a host may restore the clocks one
 * after the other.
 *
 * Context: process. The caller sees to it that nobody else uses @watch.
 * Return: whether an event is to be told now, which is in watch->latest.
 */
bool kvmclock_watch_feed(struct kvmclock_watch *watch, const struct kvmclock_sample *sample)
{
	struct kvmclock_change change;
	enum kvmclock_event_kind kind;
	unsigned int sources;

	if (!watch->has_last) {
		watch->last = *sample;
		watch->has_last = true;
		return false;
	}
	compare(&watch->last, sample, &change);
	watch->last = *sample;
	if (watch->open) {
		add(&watch->change, &change);
		watch->open = false;
		kind = kvmclock_event_kind(&watch->change, &sources);
		if (kind == KVMCLOCK_NO_EVENT)
			return false;
		tell(watch, kind, sources);
		return true;
	}
	if (kvmclock_event_kind(&change, &sources) == KVMCLOCK_NO_EVENT)
		return false;
	if (just_told(watch)) {
		watch->absorbed++;
		return false;
	}
	watch->change = change;
	watch->open = true;
	return false;
}
