/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KGD_LINUX_ALIGN_H
#define _KGD_LINUX_ALIGN_H

#include <kgd/config.h>

#ifdef KGD_HAVE_ALIGN_H
#include_next <linux/align.h>
#else
/* Where it was before. */
#include <linux/kernel.h>
#endif

#endif
