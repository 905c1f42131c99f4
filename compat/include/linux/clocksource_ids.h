/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KGD_LINUX_CLOCKSOURCE_IDS_H
#define _KGD_LINUX_CLOCKSOURCE_IDS_H

#include <kgd/config.h>

#ifdef KGD_HAVE_CLOCKSOURCE_IDS_H
#include_next <linux/clocksource_ids.h>
#else
/* Clocksources have no ids at all. */
enum clocksource_ids {
	CSID_GENERIC = 0,
};
#endif

#ifndef KGD_HAVE_COUNTERVAL_CS_ID
/* Clocksources of x86 have no ids of their own. */
#define CSID_X86_TSC		CSID_GENERIC
#define CSID_X86_KVM_CLK	CSID_GENERIC
#endif
#endif
