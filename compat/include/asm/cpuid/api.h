/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KGD_ASM_CPUID_API_H
#define _KGD_ASM_CPUID_API_H

#include <kgd/config.h>

/* Where cpuid() and the like are, and where they were before. */
#ifdef KGD_HAVE_CPUID_API_H
#include_next <asm/cpuid/api.h>
#else
#include <asm/processor.h>
#endif

#endif
