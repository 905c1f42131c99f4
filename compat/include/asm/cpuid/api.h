/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KGD_ASM_CPUID_API_H
#define _KGD_ASM_CPUID_API_H

/* v6.16: cpuid() and the like have a header of their own. */
#if __has_include_next(<asm/cpuid/api.h>)
#include_next <asm/cpuid/api.h>
#else
#include <asm/processor.h>
#endif

#endif
