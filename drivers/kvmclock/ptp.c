// SPDX-License-Identifier: GPL-2.0-only
/*
 * The host's wall clock as a PTP clock, for chrony and phc2sys. The host gives its time
 * and our TSC of one moment (KVM_HC_CLOCK_PAIRING, Documentation/virt/kvm/x86/
 * hypercalls.rst) if its own clock is the TSC; else the moment is put together from its
 * wall clock's epoch and the time in the area.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/clocksource_ids.h>
#include <linux/compiler.h>
#include <linux/err.h>
#include <linux/io.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/preempt.h>
#include <linux/printk.h>
#include <linux/ptp_clock_kernel.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <linux/time64.h>
#include <linux/timekeeping.h>

#include <uapi/asm/kvm_para.h>

#include "kvmclock.h"
#include "read.h"

/* A CPU's time may be a little behind what another one was given. */
#define TRIES	4

/**
 * struct moment - one moment, by all clocks; what is asked for and the answer
 * @epoch: of the host's wall clock, for where there is no pairing
 * @paired: ask for a pairing
 * @id: which of our clocks a cross time stamp is made with
 * @host: the host's wall time
 * @tsc: the TSC of this CPU
 * @ns: the time in its area
 */
struct moment {
	s64 epoch;
	bool paired;
	enum clocksource_ids id;
	ktime_t host;
	u64 tsc;
	u64 ns;
};

/* Protects *pair: one question to the host at a time. */
static DEFINE_MUTEX(ptp_lock);
static struct kvm_clock_pairing *pair;

static struct ptp_clock *ptp_clock;

/* Moments that were given, without and with a pairing. Written under ptp_lock. */
static u64 moments[2];

/* The host writes inside the call only. What it wrote is read once, and judged. */
static int ask_pairing(struct moment *moment)
{
	s64 sec, nsec;
	int err;

	memset(pair, 0, sizeof(*pair));
	err = kvmclock_host->pair(virt_to_phys(pair));
	if (err)
		return err;
	sec = READ_ONCE(pair->sec);
	nsec = READ_ONCE(pair->nsec);
	moment->tsc = READ_ONCE(pair->tsc);
	if (sec <= 0 || sec >= KTIME_SEC_MAX || nsec < 0 || nsec >= NSEC_PER_SEC)
		return -EIO;
	moment->host = ktime_set(sec, nsec);
	return 0;
}

/* The hypercall's TSC, and the area, are those of this CPU. */
static int ask_here(struct moment *moment)
{
	const struct pvclock_vcpu_time_info *area = kvmclock_area(smp_processor_id());
	struct pvclock_vcpu_time_info copy;
	int err = moment->paired ? ask_pairing(moment) : 0;
	u64 tsc;

	if (err)
		return err;
	if (!area || !kvmclock_copy_area(area, &copy, &tsc))
		return -EIO;
	if (!moment->paired)
		moment->tsc = tsc;
	moment->ns = kvmclock_time_at(&copy, moment->tsc);
	if (!moment->paired)
		moment->host = (u64)moment->epoch + moment->ns;
	return 0;
}

static int ask(struct moment *moment)
{
	int err;

	preempt_disable();
	err = ask_here(moment);
	preempt_enable();
	return err;
}

/* As ask(), for somebody who is waiting for it. */
static int give(struct moment *moment)
{
	int err = ask(moment);

	if (!err)
		WRITE_ONCE(moments[moment->paired], moments[moment->paired] + 1);
	return err;
}

/* Whether a pairing can be had may change at any time: with the host's clocksource. */
static int begin(struct moment *moment)
{
	moment->paired = true;
	if (!ask(moment))
		return 0;
	moment->paired = false;
	return kvmclock_wall_epoch(&moment->epoch);
}

static int ptp_gettimex(struct ptp_clock_info *ptp, struct timespec64 *ts,
			struct ptp_system_timestamp *sts)
{
	struct moment moment = { };
	int err;

	mutex_lock(&ptp_lock);
	err = begin(&moment);
	if (!err) {
		ptp_read_system_prets(sts);
		err = give(&moment);
		ptp_read_system_postts(sts);
	}
	mutex_unlock(&ptp_lock);
	*ts = ktime_to_timespec64(moment.host);
	return err;
}

static int give_moment(ktime_t *device, struct system_counterval_t *system, void *arg)
{
	struct moment *moment = arg;
	int err = give(moment);

	if (err)
		return err;
	*device = moment->host;
	*system = (struct system_counterval_t){
		.cycles = moment->id == CSID_X86_TSC ? moment->tsc : moment->ns,
		.cs_id = moment->id,
	};
	return 0;
}

/* The current clocksource is the one for which the kernel does not say -ENODEV. */
static int ptp_getcrosststamp(struct ptp_clock_info *ptp,
			      struct system_device_crosststamp *stamp)
{
	static const enum clocksource_ids ids[] = { CSID_X86_KVM_CLK, CSID_X86_TSC };
	struct moment moment = { };
	unsigned int i;
	int err;

	mutex_lock(&ptp_lock);
	err = begin(&moment);
	for (i = 0; !err && i < TRIES; i++) {
		moment.id = ids[i % 2];
		err = get_device_system_crosststamp(give_moment, &moment, NULL, stamp);
		if (!err)
			break;
		/* The next one: it may be another clock, or was a moment too early. */
		if (i < TRIES - 1 && (err == -ENODEV || err == -EINVAL))
			err = 0;
	}
	mutex_unlock(&ptp_lock);
	return err == -ENODEV || err == -EINVAL ? -EOPNOTSUPP : err;
}

static int ptp_settime(struct ptp_clock_info *ptp, const struct timespec64 *ts)
{
	return -EOPNOTSUPP;
}

static int ptp_adjtime(struct ptp_clock_info *ptp, s64 delta)
{
	return -EOPNOTSUPP;
}

static int ptp_adjfine(struct ptp_clock_info *ptp, long scaled_ppm)
{
	return -EOPNOTSUPP;
}

static int ptp_enable(struct ptp_clock_info *ptp, struct ptp_clock_request *request, int on)
{
	return -EOPNOTSUPP;
}

static struct ptp_clock_info ptp_info = {
	.owner = THIS_MODULE,
	.name = "kvm-clock",
	.gettimex64 = ptp_gettimex,
	.getcrosststamp = ptp_getcrosststamp,
	.settime64 = ptp_settime,
	.adjtime = ptp_adjtime,
	.adjfine = ptp_adjfine,
	.enable = ptp_enable,
};

/**
 * kvmclock_ptp_moments() - how many moments the PTP clock gave
 * @paired: those that the host paired with our TSC, or the others
 *
 * Context: any.
 * Return: how many since the module was loaded.
 */
u64 kvmclock_ptp_moments(bool paired)
{
	return READ_ONCE(moments[paired]);
}

/**
 * kvmclock_ptp_start() - register the PTP clock
 * @dev: its parent
 *
 * Context: process, may sleep. The host's clocks can be read.
 * Return: 0 or a negative errno.
 */
int kvmclock_ptp_start(struct device *dev)
{
	pair = kvmclock_shared_alloc();
	if (!pair)
		return -ENOMEM;
	ptp_clock = ptp_clock_register(&ptp_info, dev);
	if (IS_ERR(ptp_clock)) {
		kvmclock_shared_free(pair);
		return PTR_ERR(ptp_clock);
	}
	return 0;
}

/**
 * kvmclock_ptp_stop() - undo kvmclock_ptp_start()
 *
 * Context: process, may sleep. Who has it open gets errors from now on.
 */
void kvmclock_ptp_stop(void)
{
	if (ptp_clock)
		ptp_clock_unregister(ptp_clock);
	ptp_clock = NULL;
	kvmclock_shared_free(pair);
	pair = NULL;
}
