/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The line that time follows while TSCs agree: what the host wrote to all areas,
 * in memory that it cannot write to. All CPUs read the same line, so that no host
 * can make them differ, and nobody writes to it, so that reading it is cheap.
 *
 * An area that does not agree with the line, or says that TSCs do not, ends that.
 * Then each CPU reads its own area, and the latest time that was given to any of
 * them is remembered: a cache line that all CPUs fight for.
 *
 * The life of a line is in its state: a mode, and a number that tells lines apart.
 *
 *	KVMCLOCK_APART		there is no line
 *	KVMCLOCK_DRAWING	likewise; one CPU writes the next line
 *	KVMCLOCK_STABLE		the line is read
 *	KVMCLOCK_LEAVING	it is not any more, but what was read of it is not yet
 *				part of the latest time. Whoever comes by sees to that.
 *
 * Nobody ever waits for another CPU: an NMI may find any of these.
 */
#ifndef _KVMCLOCK_LINE_H
#define _KVMCLOCK_LINE_H

#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/cache.h>
#include <linux/compiler.h>
#include <linux/minmax.h>
#include <linux/types.h>

#include <asm/tsc.h>

#include "read.h"

enum kvmclock_line_mode {
	KVMCLOCK_APART,
	KVMCLOCK_DRAWING,
	KVMCLOCK_STABLE,
	KVMCLOCK_LEAVING,
};

#define KVMCLOCK_MODE_MASK	3
#define KVMCLOCK_NEXT_LINE	4

/* Cycles of the TSC for which a line is read before it is looked at again, a second. */
#define KVMCLOCK_LINE_PIECE	BIT_ULL(32)

/**
 * struct kvmclock_line - what all CPUs read while TSCs agree
 * @state: see above
 * @latest: the latest time given out while there was no line, and how far the
 *	lines before that had come
 * @limit: up to where of the TSC it has been read at most. So if the TSC has jumped
 *	ahead, say in a guest restored from a snapshot, that is noticed: the lower bound
 *	of what follows is not there, but here.
 * @tsc_timestamp: as in an area. This and the rest are written by the one CPU that
 *	changed @state to KVMCLOCK_DRAWING, and mean something in the two modes after.
 * @system_time: likewise
 * @tsc_to_system_mul: likewise
 * @tsc_shift: likewise
 */
struct kvmclock_line {
	atomic64_t state;
	atomic64_t latest;
	atomic64_t limit;
	u64 tsc_timestamp;
	u64 system_time;
	u32 tsc_to_system_mul;
	s8 tsc_shift;
} ____cacheline_aligned_in_smp;

extern struct kvmclock_line kvmclock_line;

/* Means something if the state of the line is the same before and after. */
static __always_inline u64 kvmclock_line_time(u64 tsc)
{
	const struct kvmclock_line *line = &kvmclock_line;
	u64 stamp = READ_ONCE(line->tsc_timestamp);
	u32 mul = READ_ONCE(line->tsc_to_system_mul);
	/* Maybe another line's, but always one that was valid. */
	s8 shift = READ_ONCE(line->tsc_shift);
	u64 ns;

	ns = READ_ONCE(line->system_time) + kvmclock_elapsed(tsc, stamp, mul, shift);
	return max_t(u64, ns, atomic64_read(&line->latest));
}

static __always_inline bool kvmclock_line_is(s64 state)
{
	/* The state is read again after the line. */
	smp_rmb();
	return atomic64_read(&kvmclock_line.state) == state;
}

/* The time by the line that was found in @state; false if that one is over. */
static __always_inline bool kvmclock_line_at(s64 state, u64 tsc, u64 *ns)
{
	bool within = (s64)(tsc - (u64)atomic64_read(&kvmclock_line.limit)) <= 0;

	*ns = kvmclock_line_time(tsc);
	return likely(within) && likely(kvmclock_line_is(state));
}

/**
 * kvmclock_line_mode() - whether a line is read
 * @state: a state of the line
 *
 * Context: any, NMI included.
 * Return: the mode in it.
 */
static __always_inline enum kvmclock_line_mode kvmclock_line_mode(s64 state)
{
	return state & KVMCLOCK_MODE_MASK;
}

u64 kvmclock_not_before(u64 ns);
bool kvmclock_line_agrees(const struct pvclock_vcpu_time_info *copy);
void kvmclock_line_prolong(u64 tsc);
void kvmclock_line_leave(s64 state);
s64 kvmclock_line_draw(const struct pvclock_vcpu_time_info *copy, u64 tsc);
void kvmclock_line_reset(void);

#endif
