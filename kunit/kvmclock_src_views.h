/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KGD_KVMCLOCK_SRC_VIEWS_H
#define KGD_KVMCLOCK_SRC_VIEWS_H

#include <linux/bits.h>
#include <linux/cpumask.h>
#include <linux/rtc.h>
#include <linux/types.h>

struct device;

/* So many CPUs have a bit in a mask, whether or not the kernel can have them. */
#define SRC_AREAS_MAX	(sizeof(struct cpumask) * BITS_PER_BYTE)

/* kvmclock_src_area.c */
int src_areas_alloc(unsigned int cpus);
void src_areas_free(void);
void *src_area_of(unsigned int cpu);
void src_area_hold(unsigned int cpu);
bool src_area_registered(unsigned int cpu);

/* kvmclock_src_main.c */
int src_kvmclock_init(void);
void src_kvmclock_exit(void);
struct device *src_kvmclock_device(void);
int src_kvmclock_bind(void);
void src_kvmclock_unbind(void);
bool src_kvmclock_left_running(void);

/* kvmclock_src_clocksource.c */
struct clocksource;
void src_clocksource_resume(void);
void src_companion_clocksource(bool wanted);
const struct clocksource *src_companion_clock(void);

/* kvmclock_src_pm.c */
void src_pm_suspend(void);
void src_pm_resume(void);
void src_pm_reboot(void);

/* kvmclock_src_sampler.c */
void src_sampler_look(void);
void src_sampler_vmfork(void);
void src_sampler_sleep(unsigned long action);
void src_sampler_forget(void);

/* kvmclock_src_step.c */
int src_step_set(const char *text);
void src_step_trust(bool trust);

/* kvmclock_src_rtc.c */
const struct rtc_class_ops *src_rtc_ops(void);
bool src_rtc_registered(void);

/* kvmclock_src_ptp.c */
struct ptp_clock_info;
struct ptp_clock_info *src_ptp_info(void);
bool src_ptp_registered(void);

/* kvmclock_src_debugfs.c */
struct seq_file;
int src_cpus_show(struct seq_file *file);

#endif /* KGD_KVMCLOCK_SRC_VIEWS_H */
