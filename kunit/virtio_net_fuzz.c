// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzzes virtio_net: traffic both ways, what people do to interfaces, and a device whose
 * completions, headers, answers and configuration may be wrong.
 */
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched.h>

#include "fuzz.h"
#include "virtio_net_fuzz.h"

/* Of a thousand completions; the model does the rest. */
#define NF_PERMILLE	300

/* Turns from one plug to the next, if nothing happens before. */
#define NF_TURNS	400

/*
 * A command that is never answered costs ten seconds of the driver's patience, which a
 * test spends. Buffers that never come back are a kind of the model's. Resets that are
 * stuck and refused features happen once a plug, which is too seldom to count.
 */
#define NF_ALLOWED	(FUZZ_ALL & ~(BIT(FV_EVIL_SILENT) | BIT(FV_EVIL_GONE) | FUZZ_REPLUG))

static unsigned int seconds = 60;
module_param(seconds, uint, 0444);
MODULE_PARM_DESC(seconds, "how long to fuzz, in seconds");

static unsigned long long seed;
module_param(seed, ullong, 0444);
MODULE_PARM_DESC(seed, "of all that is random");

static struct fuzz_run nf_run = { .module = "virtio_net" };
static int nf_kinds[NF_NR];

static void nf_count(struct nf *nf, enum nf_kind kind)
{
	fuzz_mutated(&nf_run, nf_kinds[kind]);
}

/* One device, from plug to unplug. */
static int nf_one(struct nf *nf)
{
	unsigned int turn;
	int err;

	err = nf_plug(nf);
	if (err)
		return err;

	fv_fuzz_start(nf->nm->fv, &nf_run, NF_PERMILLE, NF_ALLOWED);
	for (turn = 0; turn < NF_TURNS && fuzz_more(&nf_run) && !nf_worn(nf); turn++) {
		nf_load(nf);
		cond_resched();
		/* The rest of the queues would carry all of the load. */
		if (fv_dead_queues(nf->nm->fv) > nf->nm->max_pairs)
			break;
	}
	fv_fuzz_stop(nf->nm->fv);
	nf_unplug(nf);

	return 0;
}

static int __init nf_init(void)
{
	struct nf *nf;
	int err = 0, kind;

	nf = kzalloc(sizeof(*nf), GFP_KERNEL);
	if (!nf)
		return -ENOMEM;
	nf->data = kvmalloc(NM_MAX_FRAME + 128, GFP_KERNEL);
	if (!nf->data) {
		kfree(nf);
		return -ENOMEM;
	}

	nf_run.seed = seed;
	nf_run.seconds = seconds;
	err = fuzz_begin(&nf_run);
	if (err)
		goto out;
	for (kind = 0; kind < NF_NR; kind++)
		nf_kinds[kind] = fuzz_kind(&nf_run, nf_kind_name(kind));
	nf->count = nf_count;
	kgd_rng_seed(&nf->rng, nf_run.seed);
	kgd_rng_seed(&nf->dev_rng, ~nf_run.seed);

	while (!err && fuzz_more(&nf_run))
		err = nf_one(nf);

	if (!err)
		err = fuzz_end(&nf_run);
	else
		fuzz_end(&nf_run);
out:
	kvfree(nf->data);
	kfree(nf);

	return err;
}
module_init(nf_init);

static void __exit nf_exit(void)
{
	fuzz_remove(&nf_run);
}
module_exit(nf_exit);

MODULE_DESCRIPTION("Fuzzer of virtio_net on a fake device");
MODULE_AUTHOR("kvm-guest-drivers-linux authors");
MODULE_VERSION(KGD_VERSION);
MODULE_LICENSE("GPL");
