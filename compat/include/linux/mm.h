/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KGD_LINUX_MM_H
#define _KGD_LINUX_MM_H

#include_next <linux/mm.h>
#include <kgd/config.h>

#ifndef KGD_HAVE_PAGE_POISONING_STATIC
#define page_poisoning_enabled_static page_poisoning_enabled
#endif

#endif
