/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KGD_LINUX_RANDOM_H
#define _KGD_LINUX_RANDOM_H

#include_next <linux/random.h>
#include <kgd/config.h>

#ifndef KGD_HAVE_VMFORK_NOTIFIER

struct notifier_block;

/* As newer kernels without a driver for generation ids. */
static inline int kgd_register_random_vmfork_notifier(struct notifier_block *nb)
{
	return 0;
}

static inline int kgd_unregister_random_vmfork_notifier(struct notifier_block *nb)
{
	return 0;
}

#define register_random_vmfork_notifier kgd_register_random_vmfork_notifier
#define unregister_random_vmfork_notifier kgd_unregister_random_vmfork_notifier

#endif
#endif
