// SPDX-License-Identifier: GPL-2.0-only
/*
 * Finds KVM and its clock by CPUID (Documentation/virt/kvm/x86/cpuid.rst). The
 * kernel's kvm_para_has_feature() cannot be used: what it calls is not exported.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/printk.h>
#include <linux/string.h>

#include <uapi/asm/kvm_para.h>

#include "kvmclock.h"

/* Another hypervisor's leaves may come first; each block starts at such a step. */
#define BASE_FIRST	KVM_CPUID_SIGNATURE
#define BASE_LAST	0x4000ff00
#define BASE_STEP	0x100

/* Advanced power management: bit 8 of edx is the invariant TSC. */
#define APM_LEAF	0x80000007
#define APM_TSC		BIT(8)

enum { EAX, EBX, ECX, EDX };

static u32 kvm_base(void)
{
	u32 base, regs[4];

	kvmclock_host->cpuid(1, regs);
	/* Without a hypervisor these leaves answer with whatever the CPU has. */
	if (!(regs[ECX] & BIT(31)))
		return 0;
	for (base = BASE_FIRST; base <= BASE_LAST; base += BASE_STEP) {
		kvmclock_host->cpuid(base, regs);
		if (memcmp(&regs[EBX], KVM_SIGNATURE, 12))
			continue;
		/* Old hosts say 0 where the last leaf should be, and have it. */
		if (!regs[EAX] || regs[EAX] > base)
			return base;
	}
	return 0;
}

static bool tsc_is_invariant(void)
{
	u32 regs[4];

	kvmclock_host->cpuid(APM_LEAF & BIT(31), regs);
	if (regs[EAX] < APM_LEAF)
		return false;
	kvmclock_host->cpuid(APM_LEAF, regs);
	return regs[EDX] & APM_TSC;
}

/**
 * kvmclock_find_host() - find KVM, and what clock it offers
 * @info: filled in
 *
 * Context: process. Says in one line what is missing.
 * Return: 0 or -ENODEV.
 */
int kvmclock_find_host(struct kvmclock_info *info)
{
	u32 base = kvm_base();
	u32 regs[4];

	if (!base) {
		pr_info("not a KVM guest: CPUID has no KVM signature\n");
		return -ENODEV;
	}
	kvmclock_host->cpuid(base + (KVM_CPUID_FEATURES - KVM_CPUID_SIGNATURE), regs);
	info->features = regs[EAX];
	if (info->features & BIT(KVM_FEATURE_CLOCKSOURCE2)) {
		info->msr_time = MSR_KVM_SYSTEM_TIME_NEW;
		info->msr_wall = MSR_KVM_WALL_CLOCK_NEW;
	} else if (info->features & BIT(KVM_FEATURE_CLOCKSOURCE)) {
		info->msr_time = MSR_KVM_SYSTEM_TIME;
		info->msr_wall = MSR_KVM_WALL_CLOCK;
	} else {
		pr_info("this KVM offers no clock (features 0x%08x)\n", info->features);
		return -ENODEV;
	}
	/* Without this bit no flag means anything (cpuid.rst). */
	info->flags = 0;
	if (info->features & BIT(KVM_FEATURE_CLOCKSOURCE_STABLE_BIT))
		info->flags = PVCLOCK_TSC_STABLE_BIT;
	info->tsc_invariant = tsc_is_invariant();
	return 0;
}
