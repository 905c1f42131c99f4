// SPDX-License-Identifier: GPL-2.0-only
/*
 * /sys/kernel/debug/kvmclock/cpus: see Documentation/ABI/testing/debugfs-kvmclock.
 */
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/debugfs.h>
#include <linux/limits.h>
#include <linux/preempt.h>
#include <linux/seq_file.h>
#include <linux/smp.h>

#include "kvmclock.h"
#include "read.h"

/* The round trip to a CPU that was best of so many says how its clock differs. */
#define ROUND_TRIPS	4

static struct dentry *debugfs_dir;

/**
 * struct look - what a CPU finds in its area
 * @area: a copy of the area
 * @ns: the time it gives
 * @good: it can be used
 */
struct look {
	struct pvclock_vcpu_time_info area;
	u64 ns;
	bool good;
};

static void look_here(void *arg)
{
	const struct pvclock_vcpu_time_info *area = kvmclock_area(smp_processor_id());
	struct look *look = arg;
	u64 tsc;

	look->good = area && kvmclock_copy_area(area, &look->area, &tsc);
	if (look->good)
		look->ns = kvmclock_time_at(&look->area, tsc);
}

static bool look_at(unsigned int cpu, struct look *look)
{
	return !smp_call_function_single(cpu, look_here, look, 1) && look->good;
}

/* CPU 0 is asked before and after; so is another one, should that be offline. */
static bool skew_of(unsigned int cpu, struct look *look, s64 *skew, s64 *error)
{
	unsigned int first = cpumask_first(cpu_online_mask);
	struct look before = { }, after = { };
	unsigned int i;
	s64 half;

	*error = S64_MAX;
	for (i = 0; i < ROUND_TRIPS; i++) {
		if (!look_at(first, &before) || !look_at(cpu, look) || !look_at(first, &after))
			return false;
		half = (s64)(after.ns - before.ns) / 2;
		if (half < 0 || half >= *error)
			continue;
		*error = half;
		*skew = look->ns - before.ns - half;
	}
	return *error != S64_MAX;
}

static int cpus_show(struct seq_file *file, void *unused)
{
	s64 skew = 0, error = 0;
	struct look look;
	unsigned int cpu;

	seq_puts(file, "cpu mul shift flags age_ns skew_ns skew_error_ns version changes\n");
	cpus_read_lock();
	for_each_online_cpu(cpu) {
		look = (struct look){ };
		if (!skew_of(cpu, &look, &skew, &error)) {
			seq_printf(file, "%u -\n", cpu);
			continue;
		}
		seq_printf(file, "%u %u %d 0x%02x %lld %lld %lld %u %llu\n", cpu,
			   look.area.tsc_to_system_mul, look.area.tsc_shift, look.area.flags,
			   (s64)(look.ns - look.area.system_time), skew, error,
			   look.area.version, kvmclock_version_changes(cpu));
	}
	cpus_read_unlock();
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(cpus);

static int ptp_show(struct seq_file *file, void *unused)
{
	seq_printf(file, "paired %llu\nunpaired %llu\n", kvmclock_ptp_moments(true),
		   kvmclock_ptp_moments(false));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(ptp);

/**
 * kvmclock_debugfs_start() - show what is in the areas
 *
 * Context: process, may sleep. Without debugfs nothing happens.
 */
void kvmclock_debugfs_start(void)
{
	debugfs_dir = debugfs_create_dir(KBUILD_MODNAME, NULL);
	debugfs_create_file("cpus", 0400, debugfs_dir, NULL, &cpus_fops);
	debugfs_create_file("ptp", 0400, debugfs_dir, NULL, &ptp_fops);
}

/**
 * kvmclock_debugfs_stop() - undo kvmclock_debugfs_start()
 *
 * Context: process, may sleep. Nobody has the file open afterwards.
 */
void kvmclock_debugfs_stop(void)
{
	debugfs_remove(debugfs_dir);
}
