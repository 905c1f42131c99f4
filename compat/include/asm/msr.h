/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KGD_ASM_MSR_H
#define _KGD_ASM_MSR_H

#include_next <asm/msr.h>
#include <kgd/config.h>

#ifndef KGD_HAVE_MSR_Q
/*
 * Macros only: with paravirtual operations the functions are declared by a header
 * that is in the middle of including this one.
 */
#define rdmsrq_safe rdmsrl_safe
#define wrmsrq_safe wrmsrl_safe
#endif
#endif
