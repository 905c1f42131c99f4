/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KGD_ASM_TSC_H
#define _KGD_ASM_TSC_H

/* v6.16: rdtsc() and rdtsc_ordered() moved here; until then they are in the other. */
#include_next <asm/tsc.h>
#include <asm/msr.h>

#endif
