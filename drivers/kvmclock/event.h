/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What happened to the guest, told from samples of its clocks.
 *
 * Three clocks are compared from one sample to the next: the TSC, the host's clock in
 * the area, and the host's wall clock, given as its epoch, the wall time at which the
 * clock in the area was zero.
 *
 *	pause		the area's clock stood still, the TSC did not: the epoch has moved
 *			by as much as the area's clock lacks
 *	restore		the guest goes on from where it was, on this host or another: wall
 *			time is ahead of the TSC, or the area's clock jumped
 *	host step	somebody set the host's clock: the epoch moved, nothing else
 *
 * KVM says in the areas that the host stopped the guest (PVCLOCK_GUEST_STOPPED), in the
 * first two cases; it need not. A generation id that changed (vmfork) is a restore.
 */
#ifndef _KVMCLOCK_EVENT_H
#define _KVMCLOCK_EVENT_H

#include <linux/cache.h>
#include <linux/types.h>

#include <asm/barrier.h>
#include <asm/pvclock.h>

enum kvmclock_event_kind {
	KVMCLOCK_NO_EVENT,
	KVMCLOCK_PAUSE,
	KVMCLOCK_RESTORE,
	KVMCLOCK_HOST_STEP,
	KVMCLOCK_EVENT_KINDS,
};

/* What an event was told from, a bit each. */
#define KVMCLOCK_FROM_FLAG	1	/* PVCLOCK_GUEST_STOPPED */
#define KVMCLOCK_FROM_EPOCH	2	/* the host's epoch moved */
#define KVMCLOCK_FROM_AREA	4	/* the area's clock jumped against the TSC */
#define KVMCLOCK_FROM_VMFORK	8	/* the virtual machine's generation id changed */

/**
 * struct kvmclock_sample - all clocks at one moment
 * @area: a valid copy of this CPU's area
 * @tsc: the TSC of this CPU
 * @ns: the area's time for it
 * @epoch: the host's wall time, in ns since 1970, at which the area's was 0
 * @stopped: an area says that the host stopped the guest, and did not at the last sample
 * @forked: the generation id has changed since the last sample
 */
struct kvmclock_sample {
	struct pvclock_vcpu_time_info area;
	u64 tsc;
	s64 ns;
	s64 epoch;
	bool stopped;
	bool forked;
};

/**
 * struct kvmclock_change - from one sample to a later one
 * @epoch: by how much the host's epoch moved, in ns
 * @area: by how much the area's clock differs from what the TSC says, in ns
 * @elapsed: how much time passed by the area's clock, in ns
 * @age: how old the earlier area was when it was written anew, in ns; else 0
 * @anew: the area was written anew, with another time stamp or time
 * @stable: the TSCs agreed all along, so that @area means something
 * @stopped: see struct kvmclock_sample
 * @forked: likewise
 */
struct kvmclock_change {
	s64 epoch;
	s64 area;
	s64 elapsed;
	s64 age;
	bool anew;
	bool stable;
	bool stopped;
	bool forked;
};

/**
 * struct kvmclock_event - what is told of an event
 * @kind: of what kind it is
 * @sources: KVMCLOCK_FROM_*
 * @epoch_jump: by how much the host's epoch moved, in ns
 * @area_jump: by how much the area's clock jumped against the TSC, in ns; 0 if the
 *	host does not say that TSCs agree
 */
struct kvmclock_event {
	enum kvmclock_event_kind kind;
	unsigned int sources;
	s64 epoch_jump;
	s64 area_jump;
};

/**
 * struct kvmclock_watch - the state of those who watch
 * @last: the last sample
 * @change: what changed since the event that is open was noticed
 * @told_at: host's wall time in ns when the last event was told
 * @has_last: there is a last sample
 * @open: an event was noticed; the next sample says what all it is
 * @told: there was an event
 * @absorbed: how often something was taken for a part of the event before it
 * @count: events of each kind
 * @largest: the largest jump of an epoch, without a sign, in ns
 * @latest: the last event
 */
struct kvmclock_watch {
	struct kvmclock_sample last;
	struct kvmclock_change change;
	s64 told_at;
	bool has_last;
	bool open;
	bool told;
	u64 absorbed;
	u64 count[KVMCLOCK_EVENT_KINDS];
	u64 largest;
	struct kvmclock_event latest;
};

enum kvmclock_event_kind kvmclock_event_kind(const struct kvmclock_change *change,
					     unsigned int *sources);
bool kvmclock_watch_feed(struct kvmclock_watch *watch, const struct kvmclock_sample *sample);
bool kvmclock_epoch_moved(const struct kvmclock_watch *watch, s64 epoch);
const char *kvmclock_event_name(enum kvmclock_event_kind kind);

#endif
