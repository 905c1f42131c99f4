/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KGD_NET_PAGE_POOL_HELPERS_H
#define _KGD_NET_PAGE_POOL_HELPERS_H

#include <net/page_pool/types.h>

#if !__has_include(<net/page_pool.h>)
#include_next <net/page_pool/helpers.h>
#endif

#endif
