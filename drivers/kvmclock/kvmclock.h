/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KVMCLOCK_H
#define _KVMCLOCK_H

#include <linux/cache.h>
#include <linux/cpumask.h>
#include <linux/kconfig.h>
#include <linux/time64.h>
#include <linux/types.h>

#include <asm/pvclock.h>

struct attribute_group;
struct device;
struct kvmclock_event;
struct kvmclock_watch;
struct seq_file;

/**
 * enum kvmclock_mode - what the module does
 * @KVMCLOCK_OWNER: it registers its own areas with the host and a clocksource
 * @KVMCLOCK_COMPANION: the kernel's built-in clock owns the areas; it reads them
 */
enum kvmclock_mode {
	KVMCLOCK_OWNER,
	KVMCLOCK_COMPANION,
};

/**
 * struct kvmclock_host_ops - everything that reaches the host, but for the clock's reads
 * @cpuid: one CPUID leaf, subleaf 0, as eax, ebx, ecx, edx
 * @read_msr: read an MSR of this CPU; 0 or a negative errno
 * @write_msr: write an MSR of this CPU; 0 or a negative errno
 * @pair: KVM_HC_CLOCK_PAIRING; 0, or a negative errno if the host gives no pairing
 * @builtin_area: the area that the built-in clock registered for a CPU, or NULL
 * @tsc_unstable: whether the kernel has found the TSC wanting
 */
struct kvmclock_host_ops {
	void (*cpuid)(u32 leaf, u32 regs[4]);
	int (*read_msr)(u32 msr, u64 *value);
	int (*write_msr)(u32 msr, u64 value);
	int (*pair)(u64 address);
	const struct pvclock_vcpu_time_info *(*builtin_area)(unsigned int cpu);
	bool (*tsc_unstable)(void);
};

/**
 * struct kvmclock_info - what the host offers
 * @features: eax of the features leaf
 * @msr_time: MSR that registers a CPU's area
 * @msr_wall: MSR that fills in the wall clock
 * @flags: those flags of an area that mean something
 * @tsc_invariant: the TSC runs at one rate in all states of the CPU, as CPUID says
 */
struct kvmclock_info {
	u32 features;
	u32 msr_time;
	u32 msr_wall;
	u8 flags;
	bool tsc_invariant;
};

/* host.c */
extern const struct kvmclock_host_ops *kvmclock_host;

/* cpuid.c */
int kvmclock_find_host(struct kvmclock_info *info);

/* mode.c */
int kvmclock_choose_mode(enum kvmclock_mode *mode);

/* main.c; both are fixed before anything can read them */
extern struct kvmclock_info kvmclock_info;
extern enum kvmclock_mode kvmclock_mode;

/* shared.c */
void *kvmclock_shared_alloc(void);
void kvmclock_shared_free(void *page);

/* area.c */
int kvmclock_areas_start(void);
void kvmclock_areas_stop(void);
void kvmclock_areas_close(void);
int kvmclock_look(u64 *ns, u8 *flags);
const struct pvclock_vcpu_time_info *kvmclock_area(unsigned int cpu);
bool kvmclock_area_was_stopped(unsigned int cpu, u8 *flags);
int kvmclock_area_register(void);
void kvmclock_area_unregister(void);

/* clocksource.c */
u64 kvmclock_read(void);
u64 kvmclock_bad_reads(void);
int kvmclock_rating(void);
bool kvmclock_has_clocksource(void);
int kvmclock_clocksource_start(void);
int kvmclock_clocksource_stop(void);

/* wallclock.c */
int kvmclock_wallclock_start(void);
void kvmclock_wallclock_stop(void);
int kvmclock_wall_time(struct timespec64 *ts);
int kvmclock_wall_epoch(s64 *ns);

/* pm.c */
int kvmclock_pm_start(void);
void kvmclock_pm_stop(void);

/* sampler.c */
int kvmclock_sampler_start(struct device *dev);
void kvmclock_sampler_stop(void);
void kvmclock_sampler_get(struct kvmclock_watch *watch);
u64 kvmclock_version_changes(unsigned int cpu);

/* report.c */
void kvmclock_report(struct device *dev, const struct kvmclock_event *event, u64 count);

/* debugfs.c */
void kvmclock_debugfs_start(void);
void kvmclock_debugfs_stop(void);

/* step.c */
bool kvmclock_host_trusted(void);
void kvmclock_step(struct device *dev, const struct kvmclock_event *event);

/* rtc.c */
#if IS_ENABLED(CONFIG_RTC_CLASS)
int kvmclock_rtc_start(struct device *dev);
void kvmclock_rtc_stop(void);
#else
static inline int kvmclock_rtc_start(struct device *dev)
{
	return 0;
}

static inline void kvmclock_rtc_stop(void)
{
}
#endif

/* ptp.c */
#if IS_ENABLED(CONFIG_PTP_1588_CLOCK)
int kvmclock_ptp_start(struct device *dev);
void kvmclock_ptp_stop(void);
u64 kvmclock_ptp_moments(bool paired);
#else
static inline u64 kvmclock_ptp_moments(bool paired)
{
	return 0;
}

static inline int kvmclock_ptp_start(struct device *dev)
{
	return 0;
}

static inline void kvmclock_ptp_stop(void)
{
}
#endif

/* sysfs.c */
extern const struct attribute_group *kvmclock_groups[];

#endif
