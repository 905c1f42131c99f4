// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who owns the areas? The host has room for one area a CPU, so two owners would
 * take it away from each other without a word.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpu.h>
#include <linux/errno.h>
#include <linux/mm.h>
#include <linux/pfn.h>
#include <linux/printk.h>
#include <linux/smp.h>

#include <uapi/asm/kvm_para.h>

#include "kvmclock.h"

/* What one CPU says of its MSR. */
struct msr_look {
	u64 value;
	int err;
};

static void look_at_msr(void *arg)
{
	struct msr_look *look = arg;

	look->err = kvmclock_host->read_msr(kvmclock_info.msr_time, &look->value);
}

/*
 * SeaBIOS leaves its own area registered, in memory it keeps: that one may be
 * replaced. An area in memory that this kernel uses has an owner, and not us.
 */
static bool has_owner(u64 value)
{
	return (value & KVM_MSR_ENABLED) && page_is_ram(PFN_DOWN(value));
}

static int look_at_cpu(unsigned int cpu)
{
	struct msr_look look = { };

	if (smp_call_function_single(cpu, look_at_msr, &look, 1) || look.err) {
		pr_info("the host offers a clock, but CPU %u cannot read MSR 0x%x\n", cpu,
			kvmclock_info.msr_time);
		return -ENODEV;
	}
	if (has_owner(look.value)) {
		pr_err("MSR 0x%x of CPU %u is in use (0x%llx), and not by the built-in clock: left alone\n",
		       kvmclock_info.msr_time, cpu, look.value);
		return -EBUSY;
	}
	return 0;
}

static bool builtin_has_areas(void)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		if (kvmclock_host->builtin_area(cpu))
			return true;
	return false;
}

/**
 * kvmclock_choose_mode() - find out whether the areas are free to be owned
 * @mode: set on success
 *
 * The built-in clock shows itself by the areas it publishes. The MSR, which is
 * only read, shows a registration, whoever made it.
 *
 * Context: process, may sleep. Says in one line why not.
 * Return: 0; -ENODEV if the MSR cannot be read; -EBUSY if somebody else than the
 * built-in clock has registered areas.
 */
int kvmclock_choose_mode(enum kvmclock_mode *mode)
{
	unsigned int cpu;
	int err = 0;

	if (builtin_has_areas()) {
		*mode = KVMCLOCK_COMPANION;
		return 0;
	}
	cpus_read_lock();
	for_each_online_cpu(cpu) {
		err = look_at_cpu(cpu);
		if (err)
			break;
	}
	cpus_read_unlock();
	if (!err)
		*mode = KVMCLOCK_OWNER;
	return err;
}
