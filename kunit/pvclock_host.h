/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A host in software for kvmclock: CPUID, MSRs and areas. The driver's sources are
 * compiled once more into the module that tests them (kvmclock_src_*.c), where
 * kvmclock_host is this one. No real MSR is touched, so it works without KVM.
 */
#ifndef KGD_PVCLOCK_HOST_H
#define KGD_PVCLOCK_HOST_H

#include <linux/atomic.h>
#include <linux/cpumask.h>
#include <linux/threads.h>
#include <linux/time64.h>
#include <linux/types.h>

#include <asm/pvclock.h>

#include <uapi/asm/kvm_para.h>

/**
 * enum pvclock_fill - what does the host write when it is told of an area?
 * @PVCLOCK_FILL_GOOD: what it should
 * @PVCLOCK_FILL_NOTHING: nothing
 * @PVCLOCK_FILL_ODD: it never completes the update
 * @PVCLOCK_FILL_SHIFT: a shift of 127
 * @PVCLOCK_FILL_MUL: a multiplier of 0
 */
enum pvclock_fill {
	PVCLOCK_FILL_GOOD,
	PVCLOCK_FILL_NOTHING,
	PVCLOCK_FILL_ODD,
	PVCLOCK_FILL_SHIFT,
	PVCLOCK_FILL_MUL,
};

/**
 * struct pvclock_host - the host
 * @base: where its CPUID leaves begin, 0 for no hypervisor
 * @max_leaf: what it gives as its last leaf
 * @features: eax of its features leaf
 * @max_extended: its last extended leaf
 * @apm: edx of the leaf for power management
 * @tsc_unstable: the kernel has found the TSC wanting
 * @line: what it writes to an area; the version is up to it
 * @fill: see there
 * @fail_read: CPUs whose MSRs cannot be read
 * @fail_write: CPUs whose MSRs cannot be written
 * @clings: CPUs whose area it does not let go of
 * @wall: what it writes as wall clock, version included
 * @wall_refused: whether the wall clock's MSR cannot be written
 * @pairs: it answers KVM_HC_CLOCK_PAIRING
 * @pairing: what it answers, but for the TSC
 * @wall_asked: how often it was asked for the wall clock
 * @builtin: the areas of a built-in clock, NULL if there is none
 * @msr: each CPU's MSR that registers the area
 * @writes: how often each CPU's was written
 * @foreign: accesses of other MSRs than the clock's; must stay 0
 */
struct pvclock_host {
	u32 base;
	u32 max_leaf;
	u32 features;
	u32 max_extended;
	u32 apm;
	bool tsc_unstable;
	struct pvclock_vcpu_time_info line;
	enum pvclock_fill fill;
	struct cpumask fail_read;
	struct cpumask fail_write;
	struct cpumask clings;
	struct pvclock_wall_clock wall;
	bool wall_refused;
	bool pairs;
	struct kvm_clock_pairing pairing;
	unsigned int wall_asked;
	const struct pvclock_vcpu_time_info *builtin;
	u64 msr[NR_CPUS];
	unsigned int writes[NR_CPUS];
	atomic_t foreign;
};

extern struct pvclock_host pvclock_host;

/**
 * struct pvclock_hooks - what a test has put in the place of the kernel's functions
 * @tsc: called for the TSC; may do anything that a host or an NMI could
 * @relax: counts the turns of loops that wait, cpu_relax()
 * @said: how often a message about bad reads was put on its way
 * @pages: pages allocated and not given back
 * @fail_page: the how manieth allocation of a page from now on fails; 0 for none
 * @fail_cpuhp: likewise for setting up CPU hotplug states
 * @fail_action: likewise for devm_add_action_or_reset()
 * @keep_clock: the kernel has no other clocksource
 * @clock_registered: the clocksource is registered
 * @pm_active: reboot notifiers that are registered, and twice the sampler's notifiers
 * @fail_notifier: likewise for the sampler's notifiers
 * @sampler_delay: when the sampler wants to look again, in jiffies
 * @uevents: how many events were told of
 * @confidential: the guest's memory is said to be encrypted, and is not
 * @stepped: what CLOCK_REALTIME was to be set to
 * @uevent: the environment of the last one, a line each
 */
struct pvclock_hooks {
	u64 (*tsc)(void);
	atomic_t relax;
	atomic_t said;
	atomic_t pages;
	unsigned int fail_page;
	unsigned int fail_cpuhp;
	unsigned int fail_action;
	bool keep_clock;
	bool clock_registered;
	int pm_active;
	unsigned int fail_notifier;
	unsigned long sampler_delay;
	unsigned int uevents;
	bool confidential;
	struct timespec64 stepped;
	char uevent[256];
};

extern struct pvclock_hooks pvclock_hooks;

void pvclock_host_reset(void);
void pvclock_host_true_line(struct pvclock_vcpu_time_info *line, u8 flags);
struct pvclock_vcpu_time_info *pvclock_host_area(unsigned int cpu);
void pvclock_host_write(struct pvclock_vcpu_time_info *area,
			const struct pvclock_vcpu_time_info *line);
void pvclock_host_update(unsigned int cpu, const struct pvclock_vcpu_time_info *line);
void pvclock_host_update_all(const struct pvclock_vcpu_time_info *line);

#endif /* KGD_PVCLOCK_HOST_H */
