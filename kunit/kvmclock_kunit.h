/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the suites of kvmclock share: a clock that runs on a host in software.
 */
#ifndef KGD_KVMCLOCK_KUNIT_H
#define KGD_KVMCLOCK_KUNIT_H

#include <kunit/test.h>
#include <linux/types.h>

#include "kvmclock_src.h"
#include "kvmclock_src_views.h"
#include "pvclock_host.h"
#include "../drivers/kvmclock/kvmclock.h"
#include "../drivers/kvmclock/area.h"
#include "../drivers/kvmclock/line.h"

#define US_TO_NS(us)	((u64)(us) * 1000)

int clock_suite_init(struct kunit *test);
void clock_suite_exit(struct kunit *test);
int clock_started_init(struct kunit *test);
void clock_started_exit(struct kunit *test);

u64 clock_read_on(unsigned int cpu);
u64 clock_reads_on(struct kunit *test, unsigned int cpu, u64 before);
u8 clock_flags_on(unsigned int cpu);
int clock_register_on(unsigned int cpu);
void clock_unregister_on(unsigned int cpu);
unsigned int clock_other_cpu(struct kunit *test);
bool clock_joined(unsigned int cpu);
enum kvmclock_line_mode clock_mode(void);
void clock_seed(struct kunit *test, u64 *seed);

extern struct kunit_suite kvmclock_arith_suite;
extern struct kunit_suite kvmclock_version_suite;
extern struct kunit_suite kvmclock_stable_suite;
extern struct kunit_suite kvmclock_apart_suite;
extern struct kunit_suite kvmclock_area_suite;
extern struct kunit_suite kvmclock_refusal_suite;
extern struct kunit_suite kvmclock_wall_suite;
extern struct kunit_suite kvmclock_find_suite;
extern struct kunit_suite kvmclock_life_suite;
extern struct kunit_suite kvmclock_hostile_suite;
extern struct kunit_suite kvmclock_event_suite;
extern struct kunit_suite kvmclock_sampler_suite;
extern struct kunit_suite kvmclock_given_suite;
extern struct kunit_suite kvmclock_companion_suite;

#endif /* KGD_KVMCLOCK_KUNIT_H */
