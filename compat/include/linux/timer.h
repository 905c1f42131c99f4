/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KGD_LINUX_TIMER_H
#define _KGD_LINUX_TIMER_H

#include_next <linux/timer.h>
#include <kgd/config.h>

#ifndef KGD_HAVE_TIMER_DELETE
#define timer_delete_sync del_timer_sync
#endif

#endif
