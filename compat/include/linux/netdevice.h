/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KGD_LINUX_NETDEVICE_H
#define _KGD_LINUX_NETDEVICE_H

#include_next <linux/netdevice.h>
#include <kgd/config.h>

#ifndef KGD_HAVE_NAPI_ADD_WEIGHT
#define netif_napi_add_weight netif_napi_add
#define netif_napi_add_tx_weight netif_tx_napi_add
#endif

/* It said whether the map is one of receive queues. */
#ifndef KGD_HAVE_XPS_TYPE
#define XPS_CPUS false
#endif

#ifndef KGD_HAVE_TXQ_TRANS_COND

static inline void kgd_txq_trans_cond_update(struct netdev_queue *txq)
{
	unsigned long now = jiffies;

	if (READ_ONCE(txq->trans_start) != now)
		WRITE_ONCE(txq->trans_start, now);
}

#define txq_trans_cond_update kgd_txq_trans_cond_update

#endif
#endif
