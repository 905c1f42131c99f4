// SPDX-License-Identifier: GPL-2.0-only
/*
 * Load, unload, bind and unbind, with a host in software and a clocksource that the
 * kernel really uses meanwhile.
 */
#include <kunit/test.h>
#include <linux/device.h>
#include <linux/mm.h>
#include <linux/string.h>

#include <uapi/asm/kvm_para.h>

#include "kvmclock_kunit.h"

static void all_registered(struct kunit *test)
{
	unsigned int cpu;

	KUNIT_EXPECT_TRUE(test, pvclock_hooks.clock_registered);
	/* The sampler goes with a driver that is unbound, the clock may stay. */
	KUNIT_EXPECT_EQ(test, pvclock_hooks.pm_active & 1, 1);
	for_each_online_cpu(cpu)
		KUNIT_EXPECT_EQ(test, pvclock_host.msr[cpu] & 1, 1ULL);
}

static void nothing_left(struct kunit *test)
{
	unsigned int cpu;

	KUNIT_EXPECT_FALSE(test, pvclock_hooks.clock_registered);
	KUNIT_EXPECT_FALSE(test, src_kvmclock_left_running());
	KUNIT_EXPECT_FALSE(test, src_ptp_registered());
	KUNIT_EXPECT_EQ(test, pvclock_hooks.pm_active, 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&pvclock_hooks.pages), 0);
	for_each_possible_cpu(cpu)
		KUNIT_EXPECT_EQ(test, pvclock_host.msr[cpu], 0ULL);
}

static void owner_loads_and_unloads(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < 3; i++) {
		pvclock_host_true_line(&pvclock_host.line, PVCLOCK_TSC_STABLE_BIT);
		KUNIT_ASSERT_EQ(test, src_kvmclock_init(), 0);
		all_registered(test);
		src_kvmclock_unbind();
		nothing_left(test);
		KUNIT_EXPECT_EQ(test, src_kvmclock_bind(), 0);
		all_registered(test);
		src_kvmclock_exit();
		nothing_left(test);
	}
}

static void companion_loads_and_unloads(struct kunit *test)
{
	unsigned int cpu;

	pvclock_host.line.version = 2;
	pvclock_host.builtin = &pvclock_host.line;
	KUNIT_ASSERT_EQ(test, src_kvmclock_init(), 0);
	KUNIT_EXPECT_EQ(test, kvmclock_mode, KVMCLOCK_COMPANION);
	KUNIT_EXPECT_FALSE(test, pvclock_hooks.clock_registered);
	for_each_online_cpu(cpu)
		KUNIT_EXPECT_EQ(test, pvclock_host.writes[cpu], 0U);
	src_kvmclock_exit();
	nothing_left(test);
}

/* It was unbound while the kernel had no other clock, and later got one. */
static void unload_after_refused_unbind(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, src_kvmclock_init(), 0);
	pvclock_hooks.keep_clock = true;
	src_kvmclock_unbind();
	KUNIT_EXPECT_TRUE(test, src_kvmclock_left_running());
	all_registered(test);
	pvclock_hooks.keep_clock = false;
	src_kvmclock_exit();
	nothing_left(test);
}

static void bind_after_refused_unbind(struct kunit *test)
{
	unsigned int writes;

	KUNIT_ASSERT_EQ(test, src_kvmclock_init(), 0);
	writes = pvclock_host.writes[0];
	pvclock_hooks.keep_clock = true;
	src_kvmclock_unbind();
	KUNIT_EXPECT_EQ(test, src_kvmclock_bind(), 0);
	KUNIT_EXPECT_FALSE(test, src_kvmclock_left_running());
	KUNIT_EXPECT_EQ(test, pvclock_host.writes[0], writes);
	all_registered(test);
	src_kvmclock_unbind();
	KUNIT_EXPECT_TRUE(test, src_kvmclock_left_running());
	KUNIT_EXPECT_EQ(test, src_kvmclock_bind(), 0);
	pvclock_hooks.keep_clock = false;
	src_kvmclock_unbind();
	nothing_left(test);
	src_kvmclock_exit();
	nothing_left(test);
}

static void probe_fails(struct kunit *test)
{
	unsigned int nth;

	for (nth = 3; nth <= 5; nth++) {
		pvclock_hooks.fail_action = nth;
		KUNIT_EXPECT_EQ(test, src_kvmclock_init(), -ENOMEM);
		nothing_left(test);
	}
	pvclock_hooks.fail_page = 3;
	KUNIT_EXPECT_EQ(test, src_kvmclock_init(), -ENOMEM);
	nothing_left(test);
	for (nth = 1; nth <= 2; nth++) {
		pvclock_hooks.fail_notifier = nth;
		KUNIT_EXPECT_EQ(test, src_kvmclock_init(), nth == 1 ? -ENOMEM : -EBUSY);
		nothing_left(test);
		pvclock_hooks.fail_action = nth;
		KUNIT_EXPECT_EQ(test, src_kvmclock_init(), -ENOMEM);
		nothing_left(test);
		pvclock_hooks.fail_action = 0;
		pvclock_hooks.fail_page = nth;
		KUNIT_EXPECT_EQ(test, src_kvmclock_init(), -ENOMEM);
		nothing_left(test);
		pvclock_hooks.fail_page = 0;
		pvclock_hooks.fail_cpuhp = nth;
		KUNIT_EXPECT_EQ(test, src_kvmclock_init(), -ENOSPC);
		nothing_left(test);
		pvclock_hooks.fail_cpuhp = 0;
	}
}

/* Probe fails, and the clock cannot be taken away: then neither can its code. */
static void probe_fails_and_clock_stays(struct kunit *test)
{
	pvclock_hooks.fail_action = 2;
	pvclock_hooks.keep_clock = true;
	KUNIT_EXPECT_EQ(test, src_kvmclock_init(), 0);
	KUNIT_EXPECT_TRUE(test, src_kvmclock_left_running());
	KUNIT_EXPECT_PTR_EQ(test, src_kvmclock_device(), NULL);
	all_registered(test);
	pvclock_hooks.keep_clock = false;
	src_kvmclock_exit();
	nothing_left(test);
}

static void host_refuses(struct kunit *test)
{
	void *page = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, page);
	cpumask_set_cpu(0, &pvclock_host.fail_write);
	KUNIT_EXPECT_EQ(test, src_kvmclock_init(), -ENODEV);
	nothing_left(test);
	cpumask_clear(&pvclock_host.fail_write);
	pvclock_host.msr[0] = virt_to_phys(page) | KVM_MSR_ENABLED;
	KUNIT_EXPECT_EQ(test, src_kvmclock_init(), -EBUSY);
	KUNIT_EXPECT_EQ(test, pvclock_host.msr[0], virt_to_phys(page) | KVM_MSR_ENABLED);
	pvclock_host.msr[0] = 0;
	pvclock_host.base = 0;
	KUNIT_EXPECT_EQ(test, src_kvmclock_init(), -ENODEV);
	nothing_left(test);
}

static ssize_t show(struct kunit *test, const char *name, char *buf)
{
	struct device *dev = src_kvmclock_device();
	struct attribute **attr;

	for (attr = kvmclock_groups[0]->attrs; *attr; attr++)
		if (!strcmp((*attr)->name, name))
			return container_of(*attr, struct device_attribute, attr)->
				show(dev, container_of(*attr, struct device_attribute, attr), buf);
	return -ENOENT;
}

static void attributes(struct kunit *test)
{
	char *buf = (char *)__get_free_page(GFP_KERNEL | __GFP_ZERO);
	char expected[16];

	KUNIT_ASSERT_NOT_NULL(test, buf);
	KUNIT_ASSERT_EQ(test, src_kvmclock_init(), 0);
	KUNIT_EXPECT_GT(test, show(test, "mode", buf), 0);
	KUNIT_EXPECT_STREQ(test, buf, "owner\n");
	snprintf(expected, sizeof(expected), "0x%08x\n", pvclock_host.features);
	KUNIT_EXPECT_GT(test, show(test, "features", buf), 0);
	KUNIT_EXPECT_STREQ(test, buf, expected);
	KUNIT_EXPECT_GT(test, show(test, "tsc_stable", buf), 0);
	KUNIT_EXPECT_STREQ(test, buf, "1\n");
	KUNIT_EXPECT_EQ(test, show(test, "host_wall_time", buf), 21);
	KUNIT_EXPECT_TRUE(test, !strncmp(buf, "17000010", 8));
	KUNIT_EXPECT_GT(test, show(test, "bad_reads", buf), 0);
	pvclock_host.wall_refused = true;
	KUNIT_EXPECT_EQ(test, show(test, "host_wall_time", buf), -EIO);
	src_kvmclock_exit();
	nothing_left(test);
	free_pages((unsigned long)buf, 0);
}

static void sleeps_and_wakes(struct kunit *test)
{
	unsigned int cpu;

	KUNIT_ASSERT_EQ(test, src_kvmclock_init(), 0);
	preempt_disable();
	cpu = smp_processor_id();
	src_pm_suspend();
	KUNIT_EXPECT_EQ(test, pvclock_host.msr[cpu], 0ULL);
	src_clocksource_resume();
	src_pm_resume();
	KUNIT_EXPECT_EQ(test, pvclock_host.msr[cpu] & 1, 1ULL);
	/* The host does not know us any more: time goes on without it. */
	src_pm_suspend();
	cpumask_set_cpu(cpu, &pvclock_host.fail_write);
	src_pm_resume();
	preempt_enable();
	clock_reads_on(test, cpu, clock_read_on(cpu));
	cpumask_clear(&pvclock_host.fail_write);
	src_pm_reboot();
	for_each_online_cpu(cpu)
		KUNIT_EXPECT_EQ(test, pvclock_host.msr[cpu], 0ULL);
	src_kvmclock_exit();
	nothing_left(test);
}

static struct kunit_case life_cases[] = {
	KUNIT_CASE(owner_loads_and_unloads),
	KUNIT_CASE(companion_loads_and_unloads),
	KUNIT_CASE(unload_after_refused_unbind),
	KUNIT_CASE(bind_after_refused_unbind),
	KUNIT_CASE(probe_fails),
	KUNIT_CASE(probe_fails_and_clock_stays),
	KUNIT_CASE(host_refuses),
	KUNIT_CASE(attributes),
	KUNIT_CASE(sleeps_and_wakes),
	{}
};

struct kunit_suite kvmclock_life_suite = {
	.name = "kvmclock_life",
	.init = clock_suite_init,
	.exit = clock_suite_exit,
	.test_cases = life_cases,
};
