/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KGD_LINUX_DIM_H
#define _KGD_LINUX_DIM_H

#include_next <linux/dim.h>
#include <kgd/config.h>

#ifndef KGD_HAVE_NET_DIM_POINTER

static inline void kgd_net_dim(struct dim *dim, const struct dim_sample *sample)
{
	net_dim(dim, *sample);
}

#define net_dim kgd_net_dim

#endif
#endif
