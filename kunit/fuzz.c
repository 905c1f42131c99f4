// SPDX-License-Identifier: GPL-2.0-only
/*
 * A run of a fuzzer: its generator, its counts and its result. What does not depend on
 * the fake device, so that fuzzers without one use it too.
 */
#include <linux/debugfs.h>
#include <linux/export.h>
#include <linux/fs.h>
#include <linux/jiffies.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "fuzz.h"

#define FUZZ_DIR	"kgd_fuzz"
#define FUZZ_TEXT	4096

/* No kind is to be under one in a hundred of the mutations: a little more is aimed at. */
#define FUZZ_SHARE	90

static const char *fuzz_name(const struct fuzz_run *run, int kind)
{
	return kind < FV_EVIL_NR ? fv_evil_name(kind) : run->own[kind - FV_EVIL_NR];
}

static bool fuzz_used(const struct fuzz_run *run, int kind)
{
	return kind < FV_EVIL_NR ? run->allowed & BIT(kind) : kind < FV_EVIL_NR + run->nr_own;
}

/**
 * fuzz_begin() - begin a run
 * @run: with module, seed and seconds set, and zero otherwise
 *
 * Context: may sleep.
 *
 * Return: 0, or a negative error code.
 */
int fuzz_begin(struct fuzz_run *run)
{
	if (!run->module || !run->seconds)
		return -EINVAL;
	run->text = kzalloc(FUZZ_TEXT, GFP_KERNEL);
	if (!run->text)
		return -ENOMEM;
	spin_lock_init(&run->lock);
	kgd_rng_seed(&run->rng, run->seed);
	run->end = jiffies + run->seconds * HZ;
	pr_info("kgd_fuzz: %s: seed %llu, %u s\n", run->module, run->seed, run->seconds);
	return 0;
}
EXPORT_SYMBOL_GPL(fuzz_begin);

/**
 * fuzz_more() - is there time left?
 * @run: a run that has begun
 *
 * A slow machine gets more of it, %FUZZ_SLOW times as much at most.
 *
 * Return: true if there is.
 */
bool fuzz_more(const struct fuzz_run *run)
{
	unsigned long end = READ_ONCE(run->end);

	if (READ_ONCE(run->mutated) < READ_ONCE(run->least))
		end += (FUZZ_SLOW - 1) * run->seconds * HZ;
	return time_before(jiffies, end);
}
EXPORT_SYMBOL_GPL(fuzz_more);

/**
 * fuzz_stop() - there is no time left
 * @run: a run that has begun
 *
 * Context: any.
 */
void fuzz_stop(struct fuzz_run *run)
{
	WRITE_ONCE(run->least, 0);
	WRITE_ONCE(run->end, jiffies);
}
EXPORT_SYMBOL_GPL(fuzz_stop);

/**
 * fuzz_below() - a number by the generator of the run
 * @run: the run
 * @n: not 0
 *
 * Context: any.
 *
 * Return: 0 to @n - 1.
 */
u32 fuzz_below(struct fuzz_run *run, u32 n)
{
	unsigned long flags;
	u32 r;

	spin_lock_irqsave(&run->lock, flags);
	r = kgd_rng_below(&run->rng, n);
	spin_unlock_irqrestore(&run->lock, flags);
	return r;
}
EXPORT_SYMBOL_GPL(fuzz_below);

/**
 * fuzz_chance() - true now and then
 * @run: the run
 * @permille: so many times in a thousand
 *
 * Context: any.
 *
 * Return: true or false.
 */
bool fuzz_chance(struct fuzz_run *run, u32 permille)
{
	return fuzz_below(run, 1000) < permille;
}
EXPORT_SYMBOL_GPL(fuzz_chance);

/**
 * fuzz_kind() - have a kind of mutation that enum fv_evil does not know
 * @run: a run that has begun
 * @name: for the result; stays valid
 *
 * Return: its number, for fuzz_mutated(), or -ENOSPC.
 */
int fuzz_kind(struct fuzz_run *run, const char *name)
{
	if (run->nr_own >= FUZZ_OWN_KINDS)
		return -ENOSPC;
	run->own[run->nr_own] = name;
	return FV_EVIL_NR + run->nr_own++;
}
EXPORT_SYMBOL_GPL(fuzz_kind);

/**
 * fuzz_kind_due() - has a kind happened too rarely so far?
 * @run: the run
 * @kind: of fuzz_kind(), or enum fv_evil
 *
 * Context: any.
 *
 * Return: true if it had less than its share of all mutations.
 */
bool fuzz_kind_due(struct fuzz_run *run, int kind)
{
	return READ_ONCE(run->count[kind]) * FUZZ_SHARE <= READ_ONCE(run->mutated);
}
EXPORT_SYMBOL_GPL(fuzz_kind_due);

/**
 * fuzz_mutated() - count a mutation
 * @run: the run
 * @kind: of fuzz_kind(), or enum fv_evil
 *
 * Context: any.
 */
void fuzz_mutated(struct fuzz_run *run, int kind)
{
	unsigned long flags;

	if (kind < 0 || kind >= FUZZ_KINDS)
		return;
	spin_lock_irqsave(&run->lock, flags);
	run->count[kind]++;
	run->mutated++;
	spin_unlock_irqrestore(&run->lock, flags);
}
EXPORT_SYMBOL_GPL(fuzz_mutated);

/**
 * fuzz_completed() - count completions
 * @run: the run
 * @nr: how many
 *
 * Context: any.
 */
void fuzz_completed(struct fuzz_run *run, unsigned int nr)
{
	unsigned long flags;

	spin_lock_irqsave(&run->lock, flags);
	run->completions += nr;
	spin_unlock_irqrestore(&run->lock, flags);
}
EXPORT_SYMBOL_GPL(fuzz_completed);

/**
 * fuzz_violated() - count what the driver has done wrong
 * @run: the run
 * @nr: how often
 *
 * Context: any.
 */
void fuzz_violated(struct fuzz_run *run, unsigned int nr)
{
	unsigned long flags;

	spin_lock_irqsave(&run->lock, flags);
	run->violations += nr;
	spin_unlock_irqrestore(&run->lock, flags);
}
EXPORT_SYMBOL_GPL(fuzz_violated);

static int fuzz_show(struct seq_file *m, void *unused)
{
	struct fuzz_run *run = m->private;

	seq_puts(m, run->text);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(fuzz);

static void fuzz_write(struct fuzz_run *run)
{
	size_t n = 0;
	int kind;

	n += scnprintf(run->text + n, FUZZ_TEXT - n,
		       "seed %llu\nseconds %u\ncompletions %llu\nmutated %llu\nviolations %llu\nplugs %u\nsleeps %u\n",
		       run->seed, run->seconds, run->completions, run->mutated,
		       run->violations, run->plugs, run->sleeps);
	for (kind = 0; kind < FUZZ_KINDS; kind++)
		if (fuzz_used(run, kind))
			n += scnprintf(run->text + n, FUZZ_TEXT - n, "kind.%s %llu\n",
				       fuzz_name(run, kind), run->count[kind]);
}

/**
 * fuzz_end() - publish the result in /sys/kernel/debug/kgd_fuzz/<module>
 * @run: a run that is over
 *
 * Context: may sleep.
 *
 * Return: 0, or a negative error code.
 */
int fuzz_end(struct fuzz_run *run)
{
	struct dentry *dir;

	fuzz_write(run);
	pr_info("kgd_fuzz: %s: seed %llu, %llu completions, %llu mutated, %llu violations\n",
		run->module, run->seed, run->completions, run->mutated, run->violations);
	dir = debugfs_lookup(FUZZ_DIR, NULL);
	if (!dir)
		dir = dget(debugfs_create_dir(FUZZ_DIR, NULL));
	if (IS_ERR(dir))
		return PTR_ERR(dir);
	run->priv = debugfs_create_file(run->module, 0444, dir, run, &fuzz_fops);
	dput(dir);
	return PTR_ERR_OR_ZERO(run->priv);
}
EXPORT_SYMBOL_GPL(fuzz_end);

/**
 * fuzz_remove() - take the result away
 * @run: a run that has begun, or has not
 *
 * Context: may sleep.
 */
void fuzz_remove(struct fuzz_run *run)
{
	if (!IS_ERR_OR_NULL(run->priv))
		debugfs_remove(run->priv);
	run->priv = NULL;
	kfree(run->text);
	run->text = NULL;
}
EXPORT_SYMBOL_GPL(fuzz_remove);
