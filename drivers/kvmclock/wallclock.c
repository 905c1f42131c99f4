// SPDX-License-Identifier: GPL-2.0-only
/*
 * The host's wall clock (Documentation/virt/kvm/x86/msr.rst, MSR_KVM_WALL_CLOCK_NEW):
 * each write of the MSR makes the host fill in once when its clock was zero. It is
 * independent of the areas, so both modes have it.
 */
#include <linux/errno.h>
#include <linux/io.h>
#include <linux/math64.h>
#include <linux/mutex.h>
#include <linux/string.h>
#include <linux/time64.h>

#include "kvmclock.h"
#include "read.h"

/* Protects *wall: one question to the host at a time. */
static DEFINE_MUTEX(wall_lock);

static struct pvclock_wall_clock *wall;

/* The host writes to it inside the MSR write only, so there is nothing to undo. */
static int ask_host(struct pvclock_wall_clock *answer)
{
	int err;

	mutex_lock(&wall_lock);
	memset(wall, 0, sizeof(*wall));
	err = kvmclock_host->write_msr(kvmclock_info.msr_wall, virt_to_phys(wall));
	if (!err && !kvmclock_copy_wall(wall, answer))
		err = -EIO;
	mutex_unlock(&wall_lock);
	return err;
}

static int system_time(u64 *ns)
{
	u8 flags;

	if (kvmclock_mode == KVMCLOCK_COMPANION)
		return kvmclock_look(ns, &flags);
	*ns = kvmclock_read();
	return 0;
}

/**
 * kvmclock_wall_epoch() - what the host's wall clock showed when its other clock was zero
 * @ns: set to nanoseconds since 1970, UTC
 *
 * Context: process, may sleep.
 * Return: 0; -EIO if the host refuses or gives nothing that can be a time.
 */
int kvmclock_wall_epoch(s64 *ns)
{
	struct pvclock_wall_clock zero;
	int err = ask_host(&zero);

	if (!err)
		*ns = (s64)zero.sec * NSEC_PER_SEC + zero.nsec;
	return err;
}

/**
 * kvmclock_wall_time() - what the host's wall clock shows
 * @ts: set to the time since 1970, UTC
 *
 * Context: process, may sleep.
 * Return: 0; -EIO if the host refuses or gives nothing that can be a time.
 */
int kvmclock_wall_time(struct timespec64 *ts)
{
	struct pvclock_wall_clock zero;
	u32 rest;
	u64 ns;
	int err;

	err = ask_host(&zero);
	if (!err)
		err = system_time(&ns);
	if (err)
		return err;
	ts->tv_sec = div_u64_rem(ns, NSEC_PER_SEC, &rest);
	ts->tv_nsec = rest;
	*ts = timespec64_add(*ts, (struct timespec64){ zero.sec, zero.nsec });
	return 0;
}

/**
 * kvmclock_wallclock_start() - make the wall clock readable
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM.
 */
int kvmclock_wallclock_start(void)
{
	wall = kvmclock_shared_alloc();
	return wall ? 0 : -ENOMEM;
}

/**
 * kvmclock_wallclock_stop() - undo kvmclock_wallclock_start()
 *
 * Context: process, may sleep. Nobody reads it any more.
 */
void kvmclock_wallclock_stop(void)
{
	kvmclock_shared_free(wall);
	wall = NULL;
}
