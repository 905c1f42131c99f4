/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KGD_LINUX_KSTRTOX_H
#define _KGD_LINUX_KSTRTOX_H

#include <kgd/config.h>

#ifdef KGD_HAVE_KSTRTOX_H
#include_next <linux/kstrtox.h>
#else
/* Where it was before. */
#include <linux/kernel.h>
#endif

#endif
