/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reading what the host writes: the version protocol and the arithmetic
 * (Documentation/virt/kvm/x86/msr.rst, MSR_KVM_SYSTEM_TIME_NEW).
 *
 * Each word is loaded once, into memory that the host cannot reach, and judged
 * there: the host can change the original between any two instructions.
 */
#ifndef _KVMCLOCK_READ_H
#define _KVMCLOCK_READ_H

#include <linux/cache.h>
#include <linux/compiler.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/time64.h>
#include <linux/types.h>

#include <asm/barrier.h>
#include <asm/processor.h>
#include <asm/pvclock.h>
#include <asm/tsc.h>

/*
 * A CPU's own area is not written while that CPU runs, so one try is the rule.
 * The area of another CPU can be found half-written for as long as the host's
 * thread for that CPU is preempted, which is not waited for.
 */
#define KVMCLOCK_TRIES 128

/*
 * The multiplier alone scales by up to 2, so this covers TSC frequencies from
 * 1 Hz to beyond 10^18 Hz. A shift by 64 or more would be undefined.
 */
#define KVMCLOCK_SHIFT_MAX 31

static __always_inline bool kvmclock_shift_valid(s8 shift)
{
	return (unsigned int)(shift + KVMCLOCK_SHIFT_MAX) <=
	       2 * KVMCLOCK_SHIFT_MAX;
}

/*
 * Can it tell the time? The scale has to be possible, and the clock less than 292
 * years old: to it another 292 years can be added without an overflow.
 */
static __always_inline bool
kvmclock_valid(const struct pvclock_vcpu_time_info *copy)
{
	return kvmclock_shift_valid(copy->tsc_shift) && copy->tsc_to_system_mul &&
	       (s64)copy->system_time >= 0;
}

/*
 * Nanoseconds from @stamp to @tsc, 2^63 - 1 at most. A time stamp in the future
 * counts as now: the TSCs of two CPUs may be a little apart, and wrapping around
 * would be centuries. What the shift would push out at the top stays there.
 */
static __always_inline u64 kvmclock_elapsed(u64 tsc, u64 stamp, u32 mul, s8 shift)
{
	s64 delta = tsc - stamp;

	if (delta < 0)
		delta = 0;
	if (shift > 0)
		delta = min_t(s64, delta, S64_MAX >> shift);
	return pvclock_scale_delta(delta, mul, shift);
}

/**
 * kvmclock_time_at() - the time that an area gives for a value of the TSC
 * @copy: a valid copy of the area
 * @tsc: the value of the TSC
 *
 * Context: any, NMI included.
 * Return: nanoseconds since the host's epoch, its boot or the guest's start.
 */
static __always_inline u64
kvmclock_time_at(const struct pvclock_vcpu_time_info *copy, u64 tsc)
{
	return copy->system_time + kvmclock_elapsed(tsc, copy->tsc_timestamp,
						    copy->tsc_to_system_mul,
						    copy->tsc_shift);
}

/*
 * The version protocol, for anything that begins with a version: take a copy, word
 * by word, and the TSC at a moment when the copy was up to date.
 */
static __always_inline bool kvmclock_copy(const u32 *from, u32 *to,
					  unsigned int words, u64 *tsc)
{
	unsigned int tries = KVMCLOCK_TRIES;
	unsigned int i;

	do {
		to[0] = READ_ONCE(from[0]);
		/* The version is read before the data. */
		virt_rmb();
		for (i = 1; i < words; i++)
			to[i] = READ_ONCE(from[i]);
		if (tsc)
			*tsc = rdtsc_ordered();
		/* The version is read again after the data. */
		virt_rmb();
		if (likely(to[0] == READ_ONCE(from[0]) && !(to[0] & 1)))
			return true;
		cpu_relax();
	} while (--tries);
	return false;
}

/**
 * kvmclock_copy_area() - take a consistent copy of an area that the host writes
 * @area: the area
 * @copy: set to what it holds
 * @tsc: set to what the TSC was meanwhile
 *
 * Context: any, NMI included. The caller stays on this CPU.
 * Return: false if the host left the area half-written, or with values that
 * cannot be; @copy and @tsc then mean nothing.
 */
static __always_inline bool
kvmclock_copy_area(const struct pvclock_vcpu_time_info *area,
		   struct pvclock_vcpu_time_info *copy, u64 *tsc)
{
	return kvmclock_copy((const u32 *)area, (u32 *)copy, sizeof(*area) / sizeof(u32),
			     tsc) && kvmclock_valid(copy);
}

/**
 * kvmclock_copy_wall() - take a consistent copy of a wall clock the host filled in
 * @wall: what the host writes, cleared before it was asked to
 * @copy: set to what it holds
 *
 * Context: any.
 * Return: false if the host did not fill it in, left it half-written, or with
 * more nanoseconds than a second has; @copy then means nothing.
 */
static inline bool kvmclock_copy_wall(const struct pvclock_wall_clock *wall,
				      struct pvclock_wall_clock *copy)
{
	return kvmclock_copy((const u32 *)wall, (u32 *)copy, sizeof(*wall) / sizeof(u32),
			     NULL) && copy->version && copy->nsec < NSEC_PER_SEC;
}

#endif
