/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KGD_UAPI_ASM_KVM_PARA_H
#define _KGD_UAPI_ASM_KVM_PARA_H

#include_next <uapi/asm/kvm_para.h>

/* v5.18 */
#ifndef KVM_SIGNATURE
#define KVM_SIGNATURE "KVMKVMKVM\0\0\0"
#endif

#endif
