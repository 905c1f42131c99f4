/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Lets each allocation of what a test does fail once, the first, then the second, until
 * none is left. It is for what runs in the task of the test: see fail-nth in the
 * kernel's Documentation/fault-injection/fault-injection.rst.
 *
 * The machine has to allow it for allocations that may sleep, and not to print a stack
 * for each, which is up to who boots it:
 *
 *	for f in failslab fail_page_alloc; do
 *		echo N > /sys/kernel/debug/$f/ignore-gfp-wait
 *		echo 0 > /sys/kernel/debug/$f/verbose
 *	done
 *	echo 0 > /sys/kernel/debug/fail_page_alloc/min-order
 */
#ifndef KGD_FAIL_NTH_H
#define KGD_FAIL_NTH_H

#include <linux/minmax.h>
#include <linux/moduleparam.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include <kunit/test.h>

#ifdef CONFIG_FAULT_INJECTION

static inline void fail_nth_set(unsigned int n)
{
	WRITE_ONCE(current->fail_nth, n);
}

/* How many are still to come until one fails; 0 if it has failed. */
static inline unsigned int fail_nth_take(void)
{
	unsigned int left = READ_ONCE(current->fail_nth);

	WRITE_ONCE(current->fail_nth, 0);
	return left;
}

#else /* !CONFIG_FAULT_INJECTION */

static inline void fail_nth_set(unsigned int n)
{
}

static inline unsigned int fail_nth_take(void)
{
	return 1;
}

#endif /* !CONFIG_FAULT_INJECTION */

/* Does an allocation that may sleep fail when it is told to? */
static inline bool fail_nth_works(void)
{
	void *p;

	fail_nth_set(1);
	p = kmalloc(32, GFP_KERNEL);
	fail_nth_take();
	kfree(p);
	return !p;
}

static unsigned int nth_step = 1;
module_param(nth_step, uint, 0444);
MODULE_PARM_DESC(nth_step, "Let every so many of the allocations fail, from the first on");

/**
 * fail_nth_loop() - do something with each of its allocations failing in turn
 * @test: the test; skipped where the kernel cannot do that
 * @what: does it, and nothing else: no expectation, which may allocate as well. It may
 *	use the allocator in this task only.
 * @after: looks at what has become of it and takes it back; told whether an allocation
 *	has failed. When none has, what was done has to be right.
 * @ctx: for both
 * @max: bound of the allocations it may make
 *
 * Return: so many failed, one at a time.
 */
static inline unsigned int
fail_nth_loop(struct kunit *test, void (*what)(void *ctx),
	      void (*after)(struct kunit *test, void *ctx, bool failed), void *ctx,
	      unsigned int max)
{
	unsigned int n = 0;
	bool failed;

	if (!fail_nth_works())
		kunit_skip(test, "no fault injection, or failslab/ignore-gfp-wait is set");

	while (n < max) {
		/* Whatever the step, the last one shows whether there are more. */
		n = n ? min(n + max(nth_step, 1U), max) : 1;
		fail_nth_set(n);
		what(ctx);
		failed = !fail_nth_take();
		after(test, ctx, failed);
		if (!failed)
			return n - 1;
	}
	KUNIT_FAIL(test, "more than %u allocations", max);
	return max;
}

#endif /* KGD_FAIL_NTH_H */
