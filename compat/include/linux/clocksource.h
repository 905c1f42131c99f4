/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KGD_LINUX_CLOCKSOURCE_H
#define _KGD_LINUX_CLOCKSOURCE_H

#include_next <linux/clocksource.h>
#include <linux/clocksource_ids.h>
#include <kgd/config.h>

/* Stands for .id = value, in an initializer. */
#ifdef KGD_HAVE_CLOCKSOURCE_ID
#define CLOCKSOURCE_SET_ID(value)	.id = (value),
#else
#define CLOCKSOURCE_SET_ID(value)
#endif

#endif
