/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Samples of clocks as a hostile host may have them, for those who tell events from them.
 */
#ifndef KGD_KVMCLOCK_FUZZ_WATCH_H
#define KGD_KVMCLOCK_FUZZ_WATCH_H

#include <linux/types.h>

#include "fuzz_rng.h"

struct seq_file;

void clock_watch_reset(void);
unsigned int clock_watch_step(struct kgd_rng *rng);
u64 clock_watch_mutated(void);
void clock_watch_show(struct seq_file *file);

#endif /* KGD_KVMCLOCK_FUZZ_WATCH_H */
