// SPDX-License-Identifier: GPL-2.0-only
/*
 * The real host: CPUID, MSRs, and the areas of the kernel's built-in clock.
 */
#include <linux/cache.h>
#include <linux/errno.h>
#include <linux/percpu.h>

#include <asm/cpuid/api.h>
#include <asm/kvm_para.h>
#include <asm/msr.h>
#include <asm/pvclock.h>
#include <asm/kvmclock.h>
#include <asm/tsc.h>

#include <uapi/linux/kvm_para.h>

#include "kvmclock.h"

static void host_cpuid(u32 leaf, u32 regs[4])
{
	cpuid(leaf, &regs[0], &regs[1], &regs[2], &regs[3]);
}

static int host_read_msr(u32 msr, u64 *value)
{
	return rdmsrq_safe(msr, value) ? -EIO : 0;
}

static int host_write_msr(u32 msr, u64 value)
{
	return wrmsrq_safe(msr, value) ? -EIO : 0;
}

static int host_pair(u64 address)
{
	return kvm_hypercall2(KVM_HC_CLOCK_PAIRING, address, KVM_CLOCK_PAIRING_WALLCLOCK) ?
	       -EOPNOTSUPP : 0;
}

static const struct pvclock_vcpu_time_info *host_builtin_area(unsigned int cpu)
{
	struct pvclock_vsyscall_time_info *area = per_cpu(hv_clock_per_cpu, cpu);

	return area ? &area->pvti : NULL;
}

static bool host_tsc_unstable(void)
{
	return check_tsc_unstable();
}

static const struct kvmclock_host_ops host_ops = {
	.cpuid = host_cpuid,
	.read_msr = host_read_msr,
	.write_msr = host_write_msr,
	.pair = host_pair,
	.builtin_area = host_builtin_area,
	.tsc_unstable = host_tsc_unstable,
};

/* A pointer, so that a test can put a host of its own in its place. */
const struct kvmclock_host_ops *kvmclock_host = &host_ops;
