// SPDX-License-Identifier: GPL-2.0-only
/*
 * Areas: who has one, when, and that none goes back to the kernel before the host
 * has let go of it.
 */
#include <kunit/test.h>
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/io.h>

#include "fuzz_rng.h"
#include "kvmclock_kunit.h"

static void each_cpu_has_one(struct kunit *test)
{
	struct pvclock_vcpu_time_info *area;
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		area = pvclock_host_area(cpu);
		if (!cpu_online(cpu)) {
			KUNIT_EXPECT_PTR_EQ(test, area, NULL);
			continue;
		}
		KUNIT_ASSERT_NOT_NULL(test, area);
		KUNIT_EXPECT_PTR_EQ(test, (void *)area, src_area_of(cpu));
		KUNIT_EXPECT_EQ(test, (unsigned long)area % SMP_CACHE_BYTES, 0UL);
		KUNIT_EXPECT_EQ(test, pvclock_host.writes[cpu], 1U);
		KUNIT_EXPECT_TRUE(test, src_area_registered(cpu));
		KUNIT_EXPECT_EQ(test, clock_flags_on(cpu), (u8)PVCLOCK_TSC_STABLE_BIT);
	}
}

/* After a resume, whether or not the registration survived. */
static void register_again(struct kunit *test)
{
	struct pvclock_vcpu_time_info *area = pvclock_host_area(0);

	KUNIT_EXPECT_EQ(test, clock_register_on(0), 0);
	KUNIT_EXPECT_EQ(test, pvclock_host.writes[0], 1U);
	pvclock_host.msr[0] = 0;
	KUNIT_EXPECT_EQ(test, clock_register_on(0), 0);
	KUNIT_EXPECT_EQ(test, pvclock_host.writes[0], 2U);
	KUNIT_EXPECT_PTR_EQ(test, pvclock_host_area(0), area);
	clock_unregister_on(0);
	KUNIT_EXPECT_EQ(test, pvclock_host.msr[0], 0ULL);
	KUNIT_EXPECT_EQ(test, clock_register_on(0), 0);
}

static void read_on_after_unregister(struct kunit *test)
{
	u64 now = clock_reads_on(test, 0, clock_read_on(0));

	clock_unregister_on(0);
	now = clock_reads_on(test, 0, now);
	clock_reads_on(test, 0, now);
	/* Once is enough. */
	KUNIT_EXPECT_EQ(test, pvclock_host.writes[0], 2U);
	clock_unregister_on(0);
	KUNIT_EXPECT_EQ(test, pvclock_host.writes[0], 2U);
}

/*
 * The host did not let go at first, say before a sleep, and the area was found still
 * registered afterwards. It does not stay so.
 */
static void found_registered(struct kunit *test)
{
	cpumask_set_cpu(0, &pvclock_host.clings);
	clock_unregister_on(0);
	KUNIT_EXPECT_NE(test, pvclock_host.msr[0], 0ULL);
	KUNIT_EXPECT_EQ(test, clock_register_on(0), 0);
	KUNIT_EXPECT_TRUE(test, src_area_registered(0));
	cpumask_clear(&pvclock_host.clings);
	clock_unregister_on(0);
	KUNIT_EXPECT_EQ(test, pvclock_host.msr[0], 0ULL);
}

/* What somebody else registered meanwhile is not taken away from them. */
static void another_owner(struct kunit *test)
{
	pvclock_host.msr[0] = BIT_ULL(40) | 1;
	clock_unregister_on(0);
	KUNIT_EXPECT_EQ(test, pvclock_host.msr[0], BIT_ULL(40) | 1);
	KUNIT_EXPECT_EQ(test, pvclock_host.writes[0], 1U);
	pvclock_host.msr[0] = 0;
}

static void cpu_goes_and_comes(struct kunit *test)
{
	unsigned int other = clock_other_cpu(test);
	unsigned int i;
	u64 now = 0;

	for (i = 0; i < 3; i++) {
		now = clock_reads_on(test, other, now);
		if (remove_cpu(other))
			kunit_skip(test, "CPU %u cannot go offline", other);
		KUNIT_EXPECT_EQ(test, pvclock_host.msr[other], 0ULL);
		KUNIT_EXPECT_PTR_EQ(test, (void *)per_cpu(kvmclock_cpu, other).area, NULL);
		KUNIT_EXPECT_PTR_NE(test, kvmclock_any_cpu,
				    (const void *)per_cpu_ptr(&kvmclock_cpu, other));
		now = clock_reads_on(test, 0, now);
		/* The host goes on meanwhile. */
		pvclock_host.line.system_time += NSEC_PER_SEC * 10ULL;
		pvclock_host_update_all(&pvclock_host.line);
		now = clock_reads_on(test, 0, now);
		KUNIT_ASSERT_EQ(test, add_cpu(other), 0);
		KUNIT_EXPECT_PTR_EQ(test, (void *)pvclock_host_area(other),
				    src_area_of(other));
		KUNIT_EXPECT_EQ(test, pvclock_host.writes[other], 2 * i + 3);
		now = clock_reads_on(test, other, now);
	}
}

static void cpu_without_area_stays_offline(struct kunit *test)
{
	unsigned int other = clock_other_cpu(test);

	if (remove_cpu(other))
		kunit_skip(test, "CPU %u cannot go offline", other);
	cpumask_set_cpu(other, &pvclock_host.fail_write);
	KUNIT_EXPECT_NE(test, add_cpu(other), 0);
	cpumask_clear(&pvclock_host.fail_write);
	pvclock_host.fill = PVCLOCK_FILL_NOTHING;
	KUNIT_EXPECT_NE(test, add_cpu(other), 0);
	KUNIT_EXPECT_FALSE(test, cpu_online(other));
	KUNIT_EXPECT_EQ(test, pvclock_host.msr[other], 0ULL);
	pvclock_host.fill = PVCLOCK_FILL_GOOD;
	KUNIT_EXPECT_EQ(test, add_cpu(other), 0);
	clock_reads_on(test, other, clock_read_on(0));
}

/* Reboot and kexec: no CPU has an area any more, and none gets one. */
static void closed_for_good(struct kunit *test)
{
	u64 now = clock_reads_on(test, 0, clock_read_on(0));
	unsigned int cpu;

	kvmclock_areas_close();
	for_each_online_cpu(cpu) {
		KUNIT_EXPECT_EQ(test, pvclock_host.msr[cpu], 0ULL);
		now = clock_reads_on(test, cpu, now);
	}
	cpu = cpumask_any_but(cpu_online_mask, 0);
	if (cpu >= nr_cpu_ids || remove_cpu(cpu))
		return;
	KUNIT_EXPECT_EQ(test, add_cpu(cpu), 0);
	KUNIT_EXPECT_EQ(test, pvclock_host.msr[cpu], 0ULL);
	clock_reads_on(test, cpu, now);
}

/* Machines with more CPUs than this one: 1, 1000, and what the kernel can have. */
static void area_of_each_cpu(struct kunit *test, unsigned int cpus)
{
	unsigned long area, before = 0;
	unsigned int cpu, in_page = 0;

	KUNIT_ASSERT_EQ(test, src_areas_alloc(cpus), 0);
	for (cpu = 0; cpu < cpus; cpu++) {
		area = (unsigned long)src_area_of(cpu);
		if (area % SMP_CACHE_BYTES || area == before ||
		    (cpu && in_page && area / PAGE_SIZE != before / PAGE_SIZE))
			KUNIT_FAIL(test, "of %u CPUs, CPU %u: area %lx after %lx", cpus, cpu,
				   area, before);
		in_page = (in_page + 1) % (PAGE_SIZE / SMP_CACHE_BYTES);
		before = area;
	}
	KUNIT_EXPECT_EQ(test, atomic_read(&pvclock_hooks.pages),
			(int)DIV_ROUND_UP(cpus, PAGE_SIZE / SMP_CACHE_BYTES));
	src_areas_free();
	KUNIT_EXPECT_EQ(test, atomic_read(&pvclock_hooks.pages), 0);
}

static void machines_of_all_sizes(struct kunit *test)
{
	static const unsigned int sizes[] = {
		1, 2, 63, 64, 65, 128, 255, 256, 1000, SRC_AREAS_MAX,
	};
	unsigned int i;

	if (SRC_AREAS_MAX < 1000)
		kunit_skip(test, "a kernel for %zu CPUs", SRC_AREAS_MAX);
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		area_of_each_cpu(test, sizes[i]);
}

/* Pages of areas that the host holds are not freed, and all others are. */
static void held_pages_stay(struct kunit *test)
{
	const unsigned int each = PAGE_SIZE / SMP_CACHE_BYTES;
	const unsigned int cpus = min_t(unsigned int, 1000, SRC_AREAS_MAX);
	void **held = kunit_kcalloc(test, cpus / each + 1, sizeof(*held), GFP_KERNEL);
	unsigned int i, round, nr, cpu;
	struct kgd_rng rng;
	u64 seed;

	KUNIT_ASSERT_NOT_NULL(test, held);
	clock_seed(test, &seed);
	kgd_rng_seed(&rng, seed);
	for (round = 0; round < 20; round++) {
		KUNIT_ASSERT_EQ(test, src_areas_alloc(cpus), 0);
		memset(held, 0, (cpus / each + 1) * sizeof(*held));
		for (i = 0; i < round % 5; i++) {
			cpu = round & 1 && !i ? cpus - 1 : kgd_rng_below(&rng, cpus);
			src_area_hold(cpu);
			held[cpu / each] = src_area_of(cpu - cpu % each);
		}
		src_areas_free();
		for (i = 0, nr = 0; i <= cpus / each; i++)
			nr += !!held[i];
		KUNIT_EXPECT_EQ(test, atomic_read(&pvclock_hooks.pages), (int)nr);
		for (i = 0; i <= cpus / each; i++)
			free_page((unsigned long)held[i]);
	}
}

static struct kunit_case area_cases[] = {
	KUNIT_CASE(each_cpu_has_one),
	KUNIT_CASE(register_again),
	KUNIT_CASE(read_on_after_unregister),
	KUNIT_CASE(found_registered),
	KUNIT_CASE(another_owner),
	KUNIT_CASE(cpu_goes_and_comes),
	KUNIT_CASE(cpu_without_area_stays_offline),
	KUNIT_CASE(closed_for_good),
	{}
};

struct kunit_suite kvmclock_area_suite = {
	.name = "kvmclock_area",
	.init = clock_started_init,
	.exit = clock_started_exit,
	.test_cases = area_cases,
};

/* What is refused when areas are registered: nothing is left of it. */
static void nothing_is_left(struct kunit *test)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		KUNIT_EXPECT_EQ(test, pvclock_host.msr[cpu], 0ULL);
		KUNIT_EXPECT_FALSE(test, src_area_registered(cpu));
	}
	KUNIT_EXPECT_EQ(test, atomic_read(&pvclock_hooks.pages), 0);
	KUNIT_EXPECT_PTR_EQ(test, kvmclock_any_cpu, NULL);
}

static void msr_cannot_be_accessed(struct kunit *test)
{
	unsigned int cpu;

	for_each_online_cpu(cpu) {
		cpumask_set_cpu(cpu, &pvclock_host.fail_read);
		KUNIT_EXPECT_EQ(test, kvmclock_areas_start(), -EIO);
		nothing_is_left(test);
		cpumask_clear(&pvclock_host.fail_read);
		cpumask_set_cpu(cpu, &pvclock_host.fail_write);
		KUNIT_EXPECT_EQ(test, kvmclock_areas_start(), -EIO);
		nothing_is_left(test);
		cpumask_clear(&pvclock_host.fail_write);
	}
}

static void host_fills_in_nonsense(struct kunit *test)
{
	static const enum pvclock_fill fills[] = {
		PVCLOCK_FILL_NOTHING, PVCLOCK_FILL_ODD, PVCLOCK_FILL_SHIFT, PVCLOCK_FILL_MUL,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(fills); i++) {
		pvclock_host.fill = fills[i];
		KUNIT_EXPECT_EQ_MSG(test, kvmclock_areas_start(), -EIO, "fill %u", fills[i]);
		nothing_is_left(test);
	}
}

static void no_memory(struct kunit *test)
{
	pvclock_hooks.fail_page = 1;
	KUNIT_EXPECT_EQ(test, kvmclock_areas_start(), -ENOMEM);
	nothing_is_left(test);
	if (PAGE_SIZE / SMP_CACHE_BYTES < SRC_AREAS_MAX) {
		pvclock_hooks.fail_page = 2;
		KUNIT_EXPECT_EQ(test, src_areas_alloc(PAGE_SIZE / SMP_CACHE_BYTES + 1), -ENOMEM);
		KUNIT_EXPECT_EQ(test, atomic_read(&pvclock_hooks.pages), 0);
		pvclock_hooks.fail_page = 0;
		KUNIT_EXPECT_EQ(test, src_areas_alloc(1), 0);
		src_areas_free();
	}
}

static void no_hotplug_state(struct kunit *test)
{
	unsigned int nth;

	for (nth = 1; nth <= 2; nth++) {
		pvclock_hooks.fail_cpuhp = nth;
		KUNIT_EXPECT_EQ(test, kvmclock_areas_start(), -ENOSPC);
		nothing_is_left(test);
	}
	pvclock_hooks.fail_cpuhp = 0;
	KUNIT_ASSERT_EQ(test, kvmclock_areas_start(), 0);
	kvmclock_areas_stop();
	nothing_is_left(test);
}

/* The host may go on writing: the page of CPU 0's area is lost to the kernel. */
static void page_is_lost(struct kunit *test)
{
	unsigned long page = (unsigned long)pvclock_host_area(0) & PAGE_MASK;

	kvmclock_areas_stop();
	KUNIT_EXPECT_EQ(test, atomic_read(&pvclock_hooks.pages), 1);
	if (atomic_read(&pvclock_hooks.pages) == 1)
		free_page(page);
	pvclock_host.msr[0] = 0;
}

static void host_does_not_let_go(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, kvmclock_areas_start(), 0);
	cpumask_set_cpu(0, &pvclock_host.clings);
	page_is_lost(test);
}

/* Its MSR cannot be accessed any more: nobody knows whether it lets go. */
static void host_does_not_answer(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, kvmclock_areas_start(), 0);
	cpumask_set_cpu(0, &pvclock_host.fail_read);
	page_is_lost(test);
}

static struct kunit_case refusal_cases[] = {
	KUNIT_CASE(msr_cannot_be_accessed),
	KUNIT_CASE(host_fills_in_nonsense),
	KUNIT_CASE(no_memory),
	KUNIT_CASE(no_hotplug_state),
	KUNIT_CASE(host_does_not_let_go),
	KUNIT_CASE(host_does_not_answer),
	KUNIT_CASE(machines_of_all_sizes),
	KUNIT_CASE(held_pages_stay),
	{}
};

struct kunit_suite kvmclock_refusal_suite = {
	.name = "kvmclock_refusal",
	.init = clock_suite_init,
	.exit = clock_suite_exit,
	.test_cases = refusal_cases,
};
