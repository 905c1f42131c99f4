/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KGD_LINUX_PAGE_REPORTING_H
#define _KGD_LINUX_PAGE_REPORTING_H

#include_next <linux/page_reporting.h>
#include <kgd/config.h>

/* Before v5.14 the kernel alone says from which order on it reports. */
#ifdef KGD_HAVE_PAGE_REPORTING_ORDER
#define page_reporting_set_order(info, value)	((info)->order = (value))
#else
#define page_reporting_set_order(info, value)	((void)(info))
#endif

/* v7.2: 0 is an order, before it stood for none in particular. */
#ifndef PAGE_REPORTING_ORDER_UNSPECIFIED
#define PAGE_REPORTING_ORDER_UNSPECIFIED 0
#endif

#endif
