/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KGD_LINUX_SYSCORE_OPS_H
#define _KGD_LINUX_SYSCORE_OPS_H

#include_next <linux/syscore_ops.h>
#include <kgd/config.h>

#ifndef KGD_HAVE_SYSCORE_DATA

/*
 * The old operations are called without an argument, so nothing tells whose they
 * are: one object per source file that includes this.
 */
struct kgd_syscore_ops {
	int (*suspend)(void *data);
	void (*resume)(void *data);
	void (*shutdown)(void *data);
};

struct kgd_syscore {
	const struct kgd_syscore_ops *ops;
	void *data;
};

static struct kgd_syscore *kgd_the_syscore __maybe_unused;

static inline int kgd_syscore_suspend(void)
{
	struct kgd_syscore *s = kgd_the_syscore;

	return s->ops->suspend ? s->ops->suspend(s->data) : 0;
}

static inline void kgd_syscore_resume(void)
{
	if (kgd_the_syscore->ops->resume)
		kgd_the_syscore->ops->resume(kgd_the_syscore->data);
}

static inline void kgd_syscore_shutdown(void)
{
	if (kgd_the_syscore->ops->shutdown)
		kgd_the_syscore->ops->shutdown(kgd_the_syscore->data);
}

static struct syscore_ops kgd_old_syscore_ops __maybe_unused = {
	.suspend = kgd_syscore_suspend,
	.resume = kgd_syscore_resume,
	.shutdown = kgd_syscore_shutdown,
};

static inline void kgd_register_syscore(struct kgd_syscore *syscore)
{
	kgd_the_syscore = syscore;
	register_syscore_ops(&kgd_old_syscore_ops);
}

static inline void kgd_unregister_syscore(struct kgd_syscore *syscore)
{
	unregister_syscore_ops(&kgd_old_syscore_ops);
}

#define syscore			kgd_syscore
#define syscore_ops		kgd_syscore_ops
#define register_syscore	kgd_register_syscore
#define unregister_syscore	kgd_unregister_syscore

#endif /* !KGD_HAVE_SYSCORE_DATA */
#endif
