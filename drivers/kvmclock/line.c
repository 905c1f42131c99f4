// SPDX-License-Identifier: GPL-2.0-only
/*
 * Drawing and leaving the line that time follows while TSCs agree; see line.h.
 *
 * Why time does not go back, whatever the host writes. Take a read that begins after
 * another one is complete; the state is what the later one finds first.
 *
 *  - Both read one line: the TSCs agree, and a line only rises.
 *  - The first had no line: it has raised the latest time, which is a lower bound of
 *    all reads after it, with a line or without.
 *  - The first had a line that was left since. Its TSC was read before the state was
 *    found unchanged, so before the line was left, and was within the limit. Whoever
 *    ends KVMCLOCK_LEAVING reads the TSC and the limit later, and raises the latest
 *    time to where the line is at the earlier of the two.
 */
#include <linux/atomic.h>
#include <linux/compiler.h>
#include <linux/limits.h>

#include "line.h"

/* No state is ever 0, so that 0 can stand for none. */
struct kvmclock_line kvmclock_line = {
	.state = ATOMIC64_INIT(KVMCLOCK_NEXT_LINE),
};

/**
 * kvmclock_not_before() - a time that is no less than any CPU was given without a line
 * @ns: the time to be given out
 *
 * Context: any, NMI included.
 * Return: @ns, or the latest time if that is later.
 */
u64 notrace kvmclock_not_before(u64 ns)
{
	s64 last = atomic64_read(&kvmclock_line.latest);

	do {
		if (ns <= (u64)last)
			return last;
	} while (!atomic64_try_cmpxchg(&kvmclock_line.latest, &last, ns));
	return ns;
}

/**
 * kvmclock_line_agrees() - compare an area with the line
 * @copy: a valid copy of the area
 *
 * Context: any, NMI included. Means something if the state of the line is the same,
 * KVMCLOCK_STABLE, before and after.
 * Return: whether it gives the same time.
 */
bool notrace kvmclock_line_agrees(const struct pvclock_vcpu_time_info *copy)
{
	const struct kvmclock_line *line = &kvmclock_line;

	return READ_ONCE(line->tsc_timestamp) == copy->tsc_timestamp &&
	       READ_ONCE(line->system_time) == copy->system_time &&
	       READ_ONCE(line->tsc_to_system_mul) == copy->tsc_to_system_mul &&
	       READ_ONCE(line->tsc_shift) == copy->tsc_shift;
}

/**
 * kvmclock_line_prolong() - read the line for some more time, if its end is reached
 * @tsc: the TSC of a CPU whose area still agrees with the line
 *
 * Context: any, NMI included.
 */
void notrace kvmclock_line_prolong(u64 tsc)
{
	s64 limit = atomic64_read(&kvmclock_line.limit);

	if ((s64)(tsc - limit) > 0)
		atomic64_cmpxchg(&kvmclock_line.limit, limit, tsc + KVMCLOCK_LINE_PIECE);
}

/**
 * kvmclock_line_leave() - go on without a line, if there is one
 * @state: the state of the line as the caller found it
 *
 * Afterwards all that was read of the line in that state is no later than the latest
 * time. A line that another CPU draws meanwhile stays.
 *
 * Context: any, NMI included.
 */
void notrace kvmclock_line_leave(s64 state)
{
	s64 leaving = state | KVMCLOCK_LEAVING;
	u64 tsc, limit, ns;

	if (kvmclock_line_mode(state) < KVMCLOCK_STABLE)
		return;
	if (state != leaving)
		atomic64_cmpxchg(&kvmclock_line.state, state, leaving);
	tsc = rdtsc_ordered();
	limit = atomic64_read(&kvmclock_line.limit);
	ns = kvmclock_line_time((s64)(tsc - limit) > 0 ? limit : tsc);
	/* If it is another state by now, somebody else has done what follows. */
	if (!kvmclock_line_is(leaving))
		return;
	kvmclock_not_before(ns);
	atomic64_cmpxchg(&kvmclock_line.state, leaving, leaving - KVMCLOCK_LEAVING);
}

/**
 * kvmclock_line_draw() - make an area the line, if there is none
 * @copy: a valid copy of the area of a CPU whose TSC agrees with the others'
 * @tsc: what the TSC was when it was copied
 *
 * Context: any, NMI included.
 * Return: the state of the new line; 0 if there is one, or another CPU is about it,
 * or this one would not rise for as long as time may last.
 */
s64 notrace kvmclock_line_draw(const struct pvclock_vcpu_time_info *copy, u64 tsc)
{
	struct kvmclock_line *line = &kvmclock_line;
	s64 state = atomic64_read(&line->state);
	s64 drawing = state | KVMCLOCK_DRAWING;

	/* Beyond half of what counts as past, which is decades, comes the future. */
	if ((s64)(tsc - copy->tsc_timestamp) > S64_MAX / 2)
		return 0;
	if (kvmclock_line_mode(state) != KVMCLOCK_APART ||
	    atomic64_cmpxchg(&line->state, state, drawing) != state)
		return 0;
	atomic64_set(&line->limit, tsc + KVMCLOCK_LINE_PIECE);
	WRITE_ONCE(line->tsc_timestamp, copy->tsc_timestamp);
	WRITE_ONCE(line->system_time, copy->system_time);
	WRITE_ONCE(line->tsc_to_system_mul, copy->tsc_to_system_mul);
	WRITE_ONCE(line->tsc_shift, copy->tsc_shift);
	state += KVMCLOCK_NEXT_LINE | KVMCLOCK_STABLE;
	/* The line is complete before it is read. */
	atomic64_set_release(&line->state, state);
	return state;
}

/**
 * kvmclock_line_reset() - forget the line and the latest time
 *
 * Context: this is the only CPU that runs, and time is stopped; or nobody reads it.
 */
void kvmclock_line_reset(void)
{
	s64 state = atomic64_read(&kvmclock_line.state) & ~(s64)KVMCLOCK_MODE_MASK;

	atomic64_set(&kvmclock_line.latest, 0);
	atomic64_set(&kvmclock_line.state, state + KVMCLOCK_NEXT_LINE);
}
