// SPDX-License-Identifier: GPL-2.0-only
#include "kvmclock_src.h"
#include "kvmclock_src_views.h"
#include "../drivers/kvmclock/debugfs.c"

/**
 * src_cpus_show() - read the file cpus
 * @file: what it is written to
 *
 * Context: process.
 * Return: what a reader would get.
 */
int src_cpus_show(struct seq_file *file)
{
	return cpus_show(file, NULL);
}
