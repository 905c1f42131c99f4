// SPDX-License-Identifier: GPL-2.0-only
/*
 * The host that pvclock_host.h describes.
 */
#include <linux/bits.h>
#include <linux/compiler.h>
#include <linux/cpu.h>
#include <linux/errno.h>
#include <linux/io.h>
#include <linux/math64.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <linux/time64.h>

#include <asm/barrier.h>
#include <asm/msr.h>
#include <asm/tsc.h>

#include <uapi/asm/kvm_para.h>

#include "../drivers/kvmclock/kvmclock.h"
#include "pvclock_host.h"

struct pvclock_host pvclock_host;
struct pvclock_hooks pvclock_hooks;

static void soft_cpuid(u32 leaf, u32 regs[4])
{
	u32 base = pvclock_host.base;

	memset(regs, 0, 4 * sizeof(*regs));
	if (leaf == 1)
		regs[2] = base ? BIT(31) : 0;
	if (leaf == 0x80000000)
		regs[0] = pvclock_host.max_extended;
	/* A CPU answers what is beyond with whatever it has. */
	if (leaf == 0x80000007)
		regs[3] = pvclock_host.apm;
	if (!base)
		return;
	if (leaf == base) {
		regs[0] = pvclock_host.max_leaf;
		memcpy(&regs[1], KVM_SIGNATURE, 12);
	}
	if (leaf == base + 1)
		regs[0] = pvclock_host.features;
}

static bool is_time_msr(u32 msr)
{
	return msr == MSR_KVM_SYSTEM_TIME_NEW || msr == MSR_KVM_SYSTEM_TIME;
}

static int soft_read_msr(u32 msr, u64 *value)
{
	unsigned int cpu = smp_processor_id();

	if (!is_time_msr(msr))
		atomic_inc(&pvclock_host.foreign);
	if (cpumask_test_cpu(cpu, &pvclock_host.fail_read))
		return -EIO;
	*value = pvclock_host.msr[cpu];
	return 0;
}

static void fill_area(unsigned int cpu)
{
	struct pvclock_vcpu_time_info line = pvclock_host.line;

	switch (pvclock_host.fill) {
	case PVCLOCK_FILL_GOOD:
		break;
	case PVCLOCK_FILL_NOTHING:
		return;
	case PVCLOCK_FILL_ODD:
		WRITE_ONCE(pvclock_host_area(cpu)->version, 1);
		return;
	case PVCLOCK_FILL_SHIFT:
		line.tsc_shift = 127;
		break;
	case PVCLOCK_FILL_MUL:
		line.tsc_to_system_mul = 0;
		break;
	}
	pvclock_host_update(cpu, &line);
}

static int soft_write_msr(u32 msr, u64 value)
{
	unsigned int cpu;

	/* One for all CPUs: who asks may be on its way to another. */
	if (msr == MSR_KVM_WALL_CLOCK_NEW || msr == MSR_KVM_WALL_CLOCK) {
		pvclock_host.wall_asked++;
		if (pvclock_host.wall_refused)
			return -EIO;
		*(struct pvclock_wall_clock *)phys_to_virt(value) = pvclock_host.wall;
		return 0;
	}
	cpu = smp_processor_id();
	if (!is_time_msr(msr))
		atomic_inc(&pvclock_host.foreign);
	if (cpumask_test_cpu(cpu, &pvclock_host.fail_write))
		return -EIO;
	pvclock_host.writes[cpu]++;
	if (!(value & KVM_MSR_ENABLED) && cpumask_test_cpu(cpu, &pvclock_host.clings))
		return 0;
	pvclock_host.msr[cpu] = value;
	if (value & KVM_MSR_ENABLED)
		fill_area(cpu);
	return 0;
}

static int soft_pair(u64 address)
{
	struct kvm_clock_pairing *pairing = phys_to_virt(address);

	if (!pvclock_host.pairs)
		return -EOPNOTSUPP;
	*pairing = pvclock_host.pairing;
	pairing->tsc = rdtsc_ordered();
	return 0;
}

static const struct pvclock_vcpu_time_info *soft_builtin_area(unsigned int cpu)
{
	return pvclock_host.builtin;
}

static bool soft_tsc_unstable(void)
{
	return pvclock_host.tsc_unstable;
}

static const struct kvmclock_host_ops soft_ops = {
	.cpuid = soft_cpuid,
	.read_msr = soft_read_msr,
	.write_msr = soft_write_msr,
	.pair = soft_pair,
	.builtin_area = soft_builtin_area,
	.tsc_unstable = soft_tsc_unstable,
};

/* The real host, host.c, is not part of this module. */
const struct kvmclock_host_ops *kvmclock_host = &soft_ops;

/**
 * pvclock_host_area() - the area a CPU has registered
 * @cpu: the CPU
 *
 * Context: any.
 * Return: the area, or NULL.
 */
struct pvclock_vcpu_time_info *pvclock_host_area(unsigned int cpu)
{
	u64 value = READ_ONCE(pvclock_host.msr[cpu]);

	return value & KVM_MSR_ENABLED ? phys_to_virt(value & ~(u64)KVM_MSR_ENABLED) : NULL;
}

/**
 * pvclock_host_write() - write to an area, by the protocol
 * @area: the area
 * @line: what to write; its version is ignored
 *
 * Context: any. The caller is the only one who writes to the area.
 */
void pvclock_host_write(struct pvclock_vcpu_time_info *area,
			const struct pvclock_vcpu_time_info *line)
{
	u32 version = READ_ONCE(area->version) & ~1U;

	WRITE_ONCE(area->version, version + 1);
	/* The version is odd before the data change. */
	virt_wmb();
	WRITE_ONCE(area->tsc_timestamp, line->tsc_timestamp);
	WRITE_ONCE(area->system_time, line->system_time);
	WRITE_ONCE(area->tsc_to_system_mul, line->tsc_to_system_mul);
	WRITE_ONCE(area->tsc_shift, line->tsc_shift);
	WRITE_ONCE(area->flags, line->flags);
	/* The data are complete before the version is even. */
	virt_wmb();
	WRITE_ONCE(area->version, version + 2);
}

/**
 * pvclock_host_update() - write to a CPU's area
 * @cpu: the CPU; nothing happens if it has registered no area
 * @line: what to write; its version is ignored
 *
 * Context: any. The caller is the only one who writes to the area.
 */
void pvclock_host_update(unsigned int cpu, const struct pvclock_vcpu_time_info *line)
{
	struct pvclock_vcpu_time_info *area = pvclock_host_area(cpu);

	if (area)
		pvclock_host_write(area, line);
}

static void update_this(void *line)
{
	pvclock_host_update(smp_processor_id(), line);
}

/**
 * pvclock_host_update_all() - write to all areas as a sound host does
 * @line: what to write
 *
 * Each CPU is interrupted, as if by an exit, and its area is written on the way. A
 * CPU may read before another one is interrupted.
 *
 * Context: process, may sleep.
 */
void pvclock_host_update_all(const struct pvclock_vcpu_time_info *line)
{
	on_each_cpu(update_this, (void *)line, 1);
}

/**
 * pvclock_host_true_line() - a line that is right
 * @line: set to a line that is 1000 s now and rises as fast as time does
 * @flags: the flags to set in it
 *
 * Context: any.
 */
void pvclock_host_true_line(struct pvclock_vcpu_time_info *line, u8 flags)
{
	u64 hz = (u64)(tsc_khz ? tsc_khz : 1000000) * 1000;
	s8 shift = 0;

	/* The multiplier is a fraction of 32 bits, and its first bit shall be 1. */
	while (hz > 2ULL * NSEC_PER_SEC) {
		hz >>= 1;
		shift--;
	}
	while (hz <= NSEC_PER_SEC) {
		hz <<= 1;
		shift++;
	}
	memset(line, 0, sizeof(*line));
	line->tsc_shift = shift;
	line->tsc_to_system_mul = div64_u64((u64)NSEC_PER_SEC << 32, hz);
	line->tsc_timestamp = rdtsc_ordered();
	line->system_time = 1000ULL * NSEC_PER_SEC;
	line->flags = flags;
}

/**
 * pvclock_host_reset() - a sound host whose clock nobody uses yet
 *
 * Context: process.
 */
void pvclock_host_reset(void)
{
	memset(&pvclock_host, 0, sizeof(pvclock_host));
	pvclock_host.base = KVM_CPUID_SIGNATURE;
	pvclock_host.max_leaf = KVM_CPUID_FEATURES;
	pvclock_host.features = BIT(KVM_FEATURE_CLOCKSOURCE) |
				BIT(KVM_FEATURE_CLOCKSOURCE2) |
				BIT(KVM_FEATURE_CLOCKSOURCE_STABLE_BIT);
	pvclock_host_true_line(&pvclock_host.line, PVCLOCK_TSC_STABLE_BIT);
	pvclock_host.wall = (struct pvclock_wall_clock){ 2, 1700000000, 500000000 };
	pvclock_hooks.tsc = NULL;
	pvclock_hooks.fail_page = 0;
	pvclock_hooks.fail_cpuhp = 0;
	pvclock_hooks.fail_action = 0;
	pvclock_hooks.keep_clock = false;
	pvclock_hooks.fail_notifier = 0;
	pvclock_hooks.sampler_delay = 0;
	pvclock_hooks.uevents = 0;
	pvclock_hooks.confidential = false;
	pvclock_hooks.uevent[0] = '\0';
	atomic_set(&pvclock_hooks.relax, 0);
	atomic_set(&pvclock_hooks.said, 0);
}
