/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KVMCLOCK_AREA_H
#define _KVMCLOCK_AREA_H

#include <linux/cache.h>
#include <linux/percpu.h>

#include <asm/pvclock.h>

/**
 * struct kvmclock_cpu - one CPU's view of its area
 * @area: the area; NULL until it is registered and filled in, and again once the
 *	CPU is dead. Written by the CPU itself, or when it does not run.
 * @joined: the state of the line that this CPU's area agreed with, or 0. This and the
 *	next two are the CPU's own, and change in read_slowly() or while @area is NULL.
 * @version: version of the area when it was last compared with the line
 * @seen: where that version was read, or, if @joined is 0, something that can be read
 * @good: what the host filled in first: the way to tell the time should it ever
 *	leave the area unusable. Written while @area is NULL.
 */
struct kvmclock_cpu {
	const struct pvclock_vcpu_time_info *area;
	s64 joined;
	u32 version;
	const u32 *seen;
	struct pvclock_vcpu_time_info good;
};

DECLARE_PER_CPU_ALIGNED(struct kvmclock_cpu, kvmclock_cpu);

extern const u32 kvmclock_no_version;

/* A CPU whose area is registered, or NULL; changed under the CPU hotplug lock. */
extern const struct kvmclock_cpu *kvmclock_any_cpu;

#endif
