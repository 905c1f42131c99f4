// SPDX-License-Identifier: GPL-2.0-only
/*
 * area.c with as many possible CPUs as a test likes, and with views of what it keeps
 * to itself.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "kvmclock_src.h"
#include "kvmclock_src_views.h"

static unsigned int possible_cpus;

static unsigned int src_nr_cpu_ids(void)
{
	return possible_cpus ? possible_cpus : nr_cpu_ids;
}

/* Headers come first: they shall go on with the number that is true. */
#include <linux/cpu.h>
#include <linux/slab.h>
#include <linux/smp.h>

#undef nr_cpu_ids
#define nr_cpu_ids src_nr_cpu_ids()

#include "../drivers/kvmclock/area.c"

/**
 * src_areas_alloc() - areas_alloc() for a machine with more CPUs
 * @cpus: how many are possible, SRC_AREAS_MAX at most
 *
 * Context: process. No areas exist.
 * Return: what areas_alloc() does.
 */
int src_areas_alloc(unsigned int cpus)
{
	possible_cpus = cpus;
	bitmap_zero(cpumask_bits(&area_held), SRC_AREAS_MAX);
	return areas_alloc();
}

/**
 * src_areas_free() - areas_free() after src_areas_alloc()
 *
 * Context: process.
 */
void src_areas_free(void)
{
	areas_free();
	bitmap_zero(cpumask_bits(&area_held), SRC_AREAS_MAX);
	possible_cpus = 0;
}

/**
 * src_area_of() - where a CPU's area is
 * @cpu: the CPU
 *
 * Context: any.
 * Return: its address.
 */
void *src_area_of(unsigned int cpu)
{
	return area_of(cpu);
}

/**
 * src_area_hold() - as if the host had not let go of a CPU's area
 * @cpu: the CPU
 *
 * Context: any.
 */
void src_area_hold(unsigned int cpu)
{
	set_bit(cpu, cpumask_bits(&area_held));
}

/**
 * src_area_registered() - does the driver think that the host knows a CPU's area?
 * @cpu: the CPU
 *
 * Context: any.
 * Return: whether it does.
 */
bool src_area_registered(unsigned int cpu)
{
	return cpumask_test_cpu(cpu, &area_registered);
}
