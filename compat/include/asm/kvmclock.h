/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KGD_ASM_KVMCLOCK_H
#define _KGD_ASM_KVMCLOCK_H

#include_next <asm/kvmclock.h>
#include <kgd/config.h>

#ifndef KGD_EXPORTS_HV_CLOCK_PER_CPU
/* A kernel without the built-in clock: no CPU has an area of it. */
static DEFINE_PER_CPU(struct pvclock_vsyscall_time_info *, kgd_hv_clock_per_cpu);
#define hv_clock_per_cpu kgd_hv_clock_per_cpu
#endif
#endif
