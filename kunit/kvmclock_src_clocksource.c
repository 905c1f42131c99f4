// SPDX-License-Identifier: GPL-2.0-only
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "kvmclock_src.h"
#include "kvmclock_src_views.h"
#include "../drivers/kvmclock/clocksource.c"

/**
 * src_clocksource_resume() - what the kernel calls first after sleep
 *
 * Context: nobody reads the clock; preemption is disabled.
 */
void src_clocksource_resume(void)
{
	clock.resume(&clock);
}

/**
 * src_companion_clocksource() - what modprobe was given as companion_clocksource
 * @wanted: the value
 *
 * Context: process.
 */
void src_companion_clocksource(bool wanted)
{
	companion_clocksource = wanted;
}

/**
 * src_companion_clock() - the clocksource of a companion
 *
 * Context: any.
 * Return: it, registered or not.
 */
const struct clocksource *src_companion_clock(void)
{
	return &companion_clock;
}
