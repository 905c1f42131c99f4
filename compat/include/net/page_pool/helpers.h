/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KGD_NET_PAGE_POOL_HELPERS_H
#define _KGD_NET_PAGE_POOL_HELPERS_H

#include <kgd/config.h>
#include <net/page_pool/types.h>

#ifdef KGD_HAVE_PAGE_POOL_HELPERS
#include_next <net/page_pool/helpers.h>
#endif

#endif
