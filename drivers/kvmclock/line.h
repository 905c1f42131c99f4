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
#include <linux/math64.h>
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

/* Cycles of the TSC for which a line is read before it is drawn anew, a second. */
#define KVMCLOCK_LINE_PIECE	BIT_ULL(32)

/**
 * struct kvmclock_line - what all CPUs read while TSCs agree
 * @state: see above
 * @latest: the latest time given out while there was no line, and how far the
 *	lines before that had come
 * @tsc_timestamp: as in an area. This and the rest are written by the one CPU that
 *	changed @state to KVMCLOCK_DRAWING, and mean something in the two modes after.
 * @span: so many cycles after @tsc_timestamp it is read at most, S64_MAX or fewer, and
 *	too few for @mul to overflow. So if the TSC has jumped ahead, say in a guest
 *	restored from a snapshot, that is noticed: the lower bound of what follows is
 *	not there, but here. A line that ends so is drawn anew.
 * @system_time: as in an area
 * @mul: as in an area, but shifted to the left by its shift if that is positive
 * @shift: by how much the cycles are shifted to the right before, 0 then
 */
struct kvmclock_line {
	atomic64_t state;
	atomic64_t latest;
	u64 tsc_timestamp;
	u64 span;
	u64 system_time;
	u64 mul;
	u32 shift;
} ____cacheline_aligned_in_smp;

extern struct kvmclock_line kvmclock_line;

/*
 * The time so many cycles after the stamp, to the same nanosecond as by an area. Means
 * something if the state of the line is the same afterwards, and the cycles within its span.
 */
static __always_inline u64 kvmclock_line_after(u64 cycles)
{
	const struct kvmclock_line *line = &kvmclock_line;
	u64 ns;

	/* Maybe another line's, but always one that was valid. */
	ns = mul_u64_u64_shr(cycles >> READ_ONCE(line->shift), READ_ONCE(line->mul), 32) +
	     READ_ONCE(line->system_time);
	return max_t(u64, ns, atomic64_read(&line->latest));
}

static __always_inline bool kvmclock_line_is(s64 state)
{
	/* The state is read again after the line. */
	smp_rmb();
	return atomic64_read(&kvmclock_line.state) == state;
}

/**
 * kvmclock_line_now() - the time by the line, the fast way
 * @tsc: the TSC
 * @ns: set to the time
 *
 * Means something if the state of the line is a known one afterwards.
 *
 * Context: any, NMI included.
 * Return: false beyond the span, and before the stamp: a negative number is a large one.
 */
static __always_inline bool kvmclock_line_now(u64 tsc, u64 *ns)
{
	u64 cycles = tsc - READ_ONCE(kvmclock_line.tsc_timestamp);

	*ns = kvmclock_line_after(cycles);
	return likely(cycles <= READ_ONCE(kvmclock_line.span));
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
bool kvmclock_line_at(s64 state, u64 tsc, u64 *ns);
bool kvmclock_line_agrees(const struct pvclock_vcpu_time_info *copy);
void kvmclock_line_leave(s64 state);
s64 kvmclock_line_draw(const struct pvclock_vcpu_time_info *copy, u64 tsc);
void kvmclock_line_reset(void);

#endif
