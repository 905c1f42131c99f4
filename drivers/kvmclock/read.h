/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reading an area that the host writes: the version protocol and the arithmetic
 * (Documentation/virt/kvm/x86/msr.rst, MSR_KVM_SYSTEM_TIME_NEW).
 *
 * Each field is loaded once, and a value that arithmetic would choke on is
 * refused: the host can change the area between any two instructions.
 */
#ifndef _KVMCLOCK_READ_H
#define _KVMCLOCK_READ_H

#include <linux/cache.h>
#include <linux/compiler.h>
#include <linux/time64.h>
#include <linux/types.h>

#include <asm/barrier.h>
#include <asm/msr.h>
#include <asm/processor.h>
#include <asm/pvclock.h>

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
 * Nanoseconds from @stamp to @tsc. A time stamp in the future counts as now: the
 * TSCs of two CPUs may be a little apart, and wrapping around would be centuries.
 */
static __always_inline u64 kvmclock_elapsed(u64 tsc, u64 stamp, u32 mul, s8 shift)
{
	s64 delta = tsc - stamp;

	return pvclock_scale_delta(delta < 0 ? 0 : delta, mul, shift);
}

/**
 * kvmclock_time_at() - the time that an area gives for a value of the TSC
 * @area: an area nobody else writes, with a valid shift
 * @tsc: the value of the TSC
 *
 * Context: any, NMI included.
 * Return: nanoseconds since the host's epoch, its boot or the guest's start.
 */
static __always_inline u64
kvmclock_time_at(const struct pvclock_vcpu_time_info *area, u64 tsc)
{
	return area->system_time + kvmclock_elapsed(tsc, area->tsc_timestamp,
						    area->tsc_to_system_mul,
						    area->tsc_shift);
}

/**
 * kvmclock_read_area() - the time now, by an area that the host writes
 * @area: the area; of this CPU, or of any CPU if its flags say that TSCs agree
 * @ns: set to nanoseconds since the host's epoch
 * @flags: set to the area's flags
 *
 * Context: any, NMI included. The caller stays on this CPU.
 * Return: false if the host left the area half-written or with a shift that
 * cannot be; @ns and @flags then mean nothing.
 */
static __always_inline bool
kvmclock_read_area(const struct pvclock_vcpu_time_info *area, u64 *ns, u8 *flags)
{
	unsigned int tries = KVMCLOCK_TRIES;

	do {
		u32 version = READ_ONCE(area->version);
		s8 shift;

		/* The version is read before the data. */
		virt_rmb();
		shift = READ_ONCE(area->tsc_shift);
		if (likely(kvmclock_shift_valid(shift) && !(version & 1))) {
			*ns = kvmclock_elapsed(rdtsc_ordered(),
					       READ_ONCE(area->tsc_timestamp),
					       READ_ONCE(area->tsc_to_system_mul),
					       shift) +
			      READ_ONCE(area->system_time);
			*flags = READ_ONCE(area->flags);
			/* The version is read again after the data. */
			virt_rmb();
			if (likely(version == READ_ONCE(area->version)))
				return true;
		}
		cpu_relax();
	} while (--tries);
	return false;
}

/**
 * kvmclock_copy_area() - take a consistent copy of an area that the host writes
 * @area: the area
 * @copy: set to what it holds
 *
 * Context: any.
 * Return: false if the host has not filled it in, left it half-written, or with
 * a multiplier or shift that cannot be; @copy then means nothing.
 */
static inline bool kvmclock_copy_area(const struct pvclock_vcpu_time_info *area,
				      struct pvclock_vcpu_time_info *copy)
{
	unsigned int tries = KVMCLOCK_TRIES;

	do {
		u32 version = READ_ONCE(area->version);

		/* The version is read before the data. */
		virt_rmb();
		copy->tsc_timestamp = READ_ONCE(area->tsc_timestamp);
		copy->system_time = READ_ONCE(area->system_time);
		copy->tsc_to_system_mul = READ_ONCE(area->tsc_to_system_mul);
		copy->tsc_shift = READ_ONCE(area->tsc_shift);
		copy->flags = READ_ONCE(area->flags);
		/* The version is read again after the data. */
		virt_rmb();
		if (version && !(version & 1) && version == READ_ONCE(area->version)) {
			copy->version = version;
			return copy->tsc_to_system_mul &&
			       kvmclock_shift_valid(copy->tsc_shift);
		}
		cpu_relax();
	} while (--tries);
	return false;
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
	unsigned int tries = KVMCLOCK_TRIES;

	do {
		u32 version = READ_ONCE(wall->version);

		/* The version is read before the data. */
		virt_rmb();
		copy->sec = READ_ONCE(wall->sec);
		copy->nsec = READ_ONCE(wall->nsec);
		/* The version is read again after the data. */
		virt_rmb();
		if (version && !(version & 1) && version == READ_ONCE(wall->version)) {
			copy->version = version;
			return copy->nsec < NSEC_PER_SEC;
		}
		cpu_relax();
	} while (--tries);
	return false;
}

#endif
