// SPDX-License-Identifier: GPL-2.0-only
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "kvmclock_src.h"
#include "kvmclock_src_views.h"
#include "../drivers/kvmclock/ptp.c"

/**
 * src_ptp_info() - what the PTP core calls
 *
 * Context: any.
 * Return: the clock.
 */
struct ptp_clock_info *src_ptp_info(void)
{
	return &ptp_info;
}

/**
 * src_ptp_registered() - is there a PTP clock?
 *
 * Context: process.
 * Return: whether there is.
 */
bool src_ptp_registered(void)
{
	return ptp_clock;
}
