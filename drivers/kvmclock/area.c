// SPDX-License-Identifier: GPL-2.0-only
/*
 * One area for each possible CPU, registered with the host while the CPU is online.
 *
 * The rule that everything here serves: no page goes back to the kernel while the
 * host may still write to it.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/errno.h>
#include <linux/io.h>
#include <linux/preempt.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/string.h>

#include <uapi/asm/kvm_para.h>

#include "area.h"
#include "kvmclock.h"
#include "read.h"

/* A cache line each, so that a reader sees no other CPU's updates. */
#define AREAS_PER_PAGE (PAGE_SIZE / sizeof(struct pvclock_vsyscall_time_info))

/* Every CPU can read a version at any time, so that the fast way need not ask whether it can. */
const u32 kvmclock_no_version;

DEFINE_PER_CPU_ALIGNED(struct kvmclock_cpu, kvmclock_cpu) = {
	.seen = &kvmclock_no_version,
};

const struct kvmclock_cpu *kvmclock_any_cpu;

static struct pvclock_vsyscall_time_info **area_pages;
static unsigned int area_nr_pages;

/* CPUs whose area is read, and, as owner, the host was told of. A CPU changes its own bit only. */
static struct cpumask area_registered;

/* CPUs of which the host did not confirm that it let go of the area. Likewise. */
static struct cpumask area_held;

/* The machine goes down: no CPU registers any more. CPU hotplug lock. */
static bool area_closed;

static enum cpuhp_state area_online_state;
static enum cpuhp_state area_dead_state;

static struct pvclock_vcpu_time_info *area_of(unsigned int cpu)
{
	return &area_pages[cpu / AREAS_PER_PAGE][cpu % AREAS_PER_PAGE].pvti;
}

static u64 area_msr_value(unsigned int cpu)
{
	return virt_to_phys(area_of(cpu)) | KVM_MSR_ENABLED;
}

/* An area that the host does not let go of is never freed. */
static void area_release(unsigned int cpu)
{
	u32 msr = kvmclock_info.msr_time;
	u64 value;
	int err;

	err = kvmclock_host->read_msr(msr, &value);
	/* If the MSR has another value, a reset or another owner, ours is gone. */
	if (!err && value == area_msr_value(cpu)) {
		err = kvmclock_host->write_msr(msr, 0);
		if (!err)
			err = kvmclock_host->read_msr(msr, &value);
	}
	if (err || value == area_msr_value(cpu)) {
		cpumask_set_cpu(cpu, &area_held);
		pr_warn_once("CPU %u: the host does not let go of the area; its page is lost\n",
			     cpu);
	} else {
		cpumask_clear_cpu(cpu, &area_held);
	}
}

/**
 * kvmclock_area_unregister() - make the host let go of this CPU's area, if it is ours
 *
 * What the area holds stays valid for as long as the CPU keeps its TSC, and is
 * read on.
 *
 * Context: any but NMI, on the CPU in question.
 */
void kvmclock_area_unregister(void)
{
	unsigned int cpu = smp_processor_id();

	if (!cpumask_test_cpu(cpu, &area_registered))
		return;
	if (kvmclock_mode == KVMCLOCK_OWNER)
		area_release(cpu);
	cpumask_clear_cpu(cpu, &area_registered);
}

/* Have the host fill in this CPU's area. */
static int area_offer(unsigned int cpu, u64 registered)
{
	/* One that is there already may be left of an unregistration that failed. */
	if (registered == area_msr_value(cpu))
		return 0;
	/* So that what is in it afterwards is known to be new. */
	memset(area_of(cpu), 0, sizeof(*area_of(cpu)));
	return kvmclock_host->write_msr(kvmclock_info.msr_time, area_msr_value(cpu));
}

/**
 * kvmclock_area_register() - tell the host of this CPU's area, and read it from now on
 *
 * As a companion nothing is told: the area of the built-in clock is read.
 *
 * Context: any but NMI, on the CPU in question. May be called again, after a
 * resume, whether or not the registration survived.
 * Return: 0, or -EIO if the host refuses, or fills in nothing that can be used.
 */
int kvmclock_area_register(void)
{
	bool owner = kvmclock_mode == KVMCLOCK_OWNER;
	unsigned int cpu = smp_processor_id();
	struct kvmclock_cpu *mine = this_cpu_ptr(&kvmclock_cpu);
	const struct pvclock_vcpu_time_info *area;
	u64 value = 0, tsc;
	int err = 0;

	area = owner ? area_of(cpu) : kvmclock_host->builtin_area(cpu);
	if (owner)
		err = kvmclock_host->read_msr(kvmclock_info.msr_time, &value);
	if (err)
		return err;
	WRITE_ONCE(mine->area, NULL);
	/* An NMI that reads the clock from here on finds no area. */
	barrier();
	WRITE_ONCE(mine->joined, 0);
	WRITE_ONCE(mine->version, 0);
	WRITE_ONCE(mine->seen, &kvmclock_no_version);
	cpumask_set_cpu(cpu, &area_registered);
	if (owner)
		err = area_offer(cpu, value);
	if (!err && !(area && kvmclock_copy_area(area, &mine->good, &tsc) &&
		      mine->good.version))
		err = -EIO;
	if (err) {
		kvmclock_area_unregister();
		return err;
	}
	/* The copy is complete before a reader can come to need it. */
	barrier();
	WRITE_ONCE(mine->area, area);
	return 0;
}

/**
 * kvmclock_area() - a CPU's area, whoever owns it
 * @cpu: the CPU
 *
 * Context: the CPU is online and stays so, or cannot be interrupted.
 * Return: the area, or NULL if there is none (yet).
 */
const struct pvclock_vcpu_time_info *kvmclock_area(unsigned int cpu)
{
	if (kvmclock_mode == KVMCLOCK_OWNER)
		return READ_ONCE(per_cpu(kvmclock_cpu, cpu).area);
	return kvmclock_host->builtin_area(cpu);
}

/**
 * kvmclock_area_was_stopped() - does an area say that the host stopped the guest?
 * @cpu: an online CPU
 * @flags: set to the flags of its area, but for that one if it is cleared
 *
 * The host leaves the flag until the guest clears it. Ours to clear is that of an area
 * of our own. If the host writes meanwhile it may set the flag again.
 *
 * Context: the CPU stays online.
 * Return: whether it says so.
 */
bool kvmclock_area_was_stopped(unsigned int cpu, u8 *flags)
{
	const struct pvclock_vcpu_time_info *area = kvmclock_area(cpu);
	u8 old = area ? READ_ONCE(area->flags) : 0;
	u8 new = old & ~PVCLOCK_GUEST_STOPPED;

	*flags = old;
	if (old == new)
		return false;
	if (kvmclock_mode == KVMCLOCK_OWNER && cmpxchg(&area_of(cpu)->flags, old, new) == old)
		*flags = new;
	return true;
}

/**
 * kvmclock_look() - read this CPU's area, whoever owns it
 * @ns: set to nanoseconds since the host's epoch
 * @flags: set to those of the area's flags that mean something
 *
 * Context: any.
 * Return: 0, or -EIO if there is no area that can be used.
 */
int kvmclock_look(u64 *ns, u8 *flags)
{
	const struct pvclock_vcpu_time_info *area;
	struct pvclock_vcpu_time_info copy;
	bool good;
	u64 tsc;

	preempt_disable();
	area = kvmclock_area(smp_processor_id());
	good = area && kvmclock_copy_area(area, &copy, &tsc);
	preempt_enable();
	if (!good)
		return -EIO;
	*ns = kvmclock_time_at(&copy, tsc);
	*flags = copy.flags & kvmclock_info.flags;
	return 0;
}

static int area_online(unsigned int cpu)
{
	int err;

	if (area_closed)
		return 0;
	err = kvmclock_area_register();
	/* It reads another CPU's then: no CPU stays offline for a clock that nobody needs. */
	if (err && kvmclock_mode == KVMCLOCK_COMPANION)
		return 0;
	if (err) {
		pr_warn("CPU %u: the host refuses the area, or fills in nothing usable\n", cpu);
		return err;
	}
	if (!kvmclock_any_cpu)
		WRITE_ONCE(kvmclock_any_cpu, this_cpu_ptr(&kvmclock_cpu));
	return 0;
}

static int area_offline(unsigned int cpu)
{
	unsigned int other = cpumask_any_but(&area_registered, cpu);

	/* What this CPU has will be out of date when it comes back. */
	if (kvmclock_any_cpu == this_cpu_ptr(&kvmclock_cpu))
		WRITE_ONCE(kvmclock_any_cpu, other < nr_cpu_ids ?
			   per_cpu_ptr(&kvmclock_cpu, other) : NULL);
	kvmclock_area_unregister();
	return 0;
}

/* Until here, with the host no longer writing, the CPU read what it has. */
static int area_dead(unsigned int cpu)
{
	struct kvmclock_cpu *its = per_cpu_ptr(&kvmclock_cpu, cpu);

	WRITE_ONCE(its->area, NULL);
	WRITE_ONCE(its->joined, 0);
	/* It may come back to a clock that has other areas. */
	WRITE_ONCE(its->seen, &kvmclock_no_version);
	return 0;
}

static void close_cpu(void *unused)
{
	kvmclock_area_unregister();
}

/**
 * kvmclock_areas_close() - make the host let go of all areas, for good
 *
 * For reboot and kexec: the clock goes on by what the areas hold, and no CPU that
 * comes online registers. Only kvmclock_areas_start() makes an end of that.
 *
 * Context: process, may sleep.
 */
void kvmclock_areas_close(void)
{
	cpus_read_lock();
	area_closed = true;
	on_each_cpu(close_cpu, NULL, 1);
	cpus_read_unlock();
}

static void areas_free(void)
{
	unsigned int i, cpu;

	for (i = 0; i < area_nr_pages; i++) {
		cpu = find_next_bit(cpumask_bits(&area_held), nr_cpu_ids,
				    i * AREAS_PER_PAGE);
		if (cpu < nr_cpu_ids && cpu / AREAS_PER_PAGE == i)
			continue;
		kvmclock_shared_free(area_pages[i]);
	}
	kfree(area_pages);
	area_pages = NULL;
}

static int areas_alloc(void)
{
	unsigned int i;

	/* The areas that a companion reads are the built-in clock's. */
	area_nr_pages = kvmclock_mode == KVMCLOCK_OWNER ?
			DIV_ROUND_UP(nr_cpu_ids, AREAS_PER_PAGE) : 0;
	area_pages = kcalloc(area_nr_pages, sizeof(*area_pages), GFP_KERNEL);
	if (!area_pages)
		return -ENOMEM;
	for (i = 0; i < area_nr_pages; i++) {
		area_pages[i] = kvmclock_shared_alloc();
		if (!area_pages[i]) {
			areas_free();
			return -ENOMEM;
		}
	}
	return 0;
}

/**
 * kvmclock_areas_start() - register an area on every CPU that is or comes online
 *
 * Or, as a companion, find the built-in clock's.
 *
 * Context: process, may sleep.
 * Return: 0 or a negative errno; -EIO if the host refuses.
 */
int kvmclock_areas_start(void)
{
	int err;

	area_closed = false;
	cpumask_clear(&area_registered);
	cpumask_clear(&area_held);
	err = areas_alloc();
	if (err)
		return err;

	err = cpuhp_setup_state(CPUHP_BP_PREPARE_DYN, "kgd/kvmclock:dead", NULL,
				area_dead);
	if (err < 0)
		goto free;
	area_dead_state = err;
	err = cpuhp_setup_state(CPUHP_AP_ONLINE_DYN, "kgd/kvmclock:online",
				area_online, area_offline);
	if (err < 0)
		goto remove_dead;
	area_online_state = err;
	return 0;

remove_dead:
	cpuhp_remove_state(area_dead_state);
free:
	areas_free();
	return err;
}

/**
 * kvmclock_areas_stop() - undo kvmclock_areas_start()
 *
 * Context: process, may sleep. Nobody reads the clock any more.
 */
void kvmclock_areas_stop(void)
{
	cpuhp_remove_state(area_online_state);
	cpuhp_remove_state(area_dead_state);
	areas_free();
}
