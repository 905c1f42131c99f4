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
 *    ends KVMCLOCK_LEAVING reads the TSC and the span later, and raises the latest
 *    time to where the line is then, or at the end of its span.
 *
 * A read on the fast way finds the state last. That will do: a state does not come back, so
 * if it is that of the line the CPU has joined, it was so from there on.
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

/* A multiplier that needs no shift to the left, and how far an area's shift is to the right. */
static u64 line_mul(const struct pvclock_vcpu_time_info *copy)
{
	return (u64)copy->tsc_to_system_mul << max_t(s8, copy->tsc_shift, 0);
}

static u32 line_shift(const struct pvclock_vcpu_time_info *copy)
{
	return max(-copy->tsc_shift, 0);
}

/* Cycles from the stamp to @tsc; a stamp in the future is now. */
static s64 cycles_at(u64 tsc)
{
	return max_t(s64, tsc - READ_ONCE(kvmclock_line.tsc_timestamp), 0);
}

/**
 * kvmclock_line_at() - the time by the line that was found in a state
 * @state: the state
 * @tsc: the TSC
 * @ns: set to the time
 *
 * Context: any, NMI included.
 * Return: false if that line is over, or the TSC beyond its span.
 */
bool notrace kvmclock_line_at(s64 state, u64 tsc, u64 *ns)
{
	s64 cycles = cycles_at(tsc);

	*ns = kvmclock_line_after(cycles);
	return cycles <= (s64)READ_ONCE(kvmclock_line.span) && kvmclock_line_is(state);
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
	       READ_ONCE(line->mul) == line_mul(copy) &&
	       READ_ONCE(line->shift) == line_shift(copy);
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
	u64 ns;

	if (kvmclock_line_mode(state) < KVMCLOCK_STABLE)
		return;
	if (state != leaving)
		atomic64_cmpxchg(&kvmclock_line.state, state, leaving);
	ns = kvmclock_line_after(min_t(u64, cycles_at(rdtsc_ordered()),
				       READ_ONCE(kvmclock_line.span)));
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
	s64 cycles = tsc - copy->tsc_timestamp;
	/* Where kvmclock_elapsed() has time stop. */
	s64 most = S64_MAX >> max_t(s8, copy->tsc_shift, 0);

	/* Beyond half of what counts as past, which is decades, comes the future. */
	if (cycles > min_t(s64, most, S64_MAX / 2))
		return 0;
	if (kvmclock_line_mode(state) != KVMCLOCK_APART ||
	    atomic64_cmpxchg(&line->state, state, drawing) != state)
		return 0;
	WRITE_ONCE(line->span, clamp_t(s64, cycles + KVMCLOCK_LINE_PIECE, 0, most));
	WRITE_ONCE(line->tsc_timestamp, copy->tsc_timestamp);
	WRITE_ONCE(line->system_time, copy->system_time);
	WRITE_ONCE(line->mul, line_mul(copy));
	WRITE_ONCE(line->shift, line_shift(copy));
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
