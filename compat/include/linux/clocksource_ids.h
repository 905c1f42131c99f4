/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KGD_LINUX_CLOCKSOURCE_IDS_H
#define _KGD_LINUX_CLOCKSOURCE_IDS_H

#include_next <linux/clocksource_ids.h>
#include <kgd/config.h>

#ifndef KGD_HAVE_COUNTERVAL_CS_ID
/* Clocksources of x86 have no ids of their own. */
#define CSID_X86_TSC		CSID_GENERIC
#define CSID_X86_KVM_CLK	CSID_GENERIC
#endif
#endif
