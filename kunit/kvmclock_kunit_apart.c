// SPDX-License-Identifier: GPL-2.0-only
/*
 * No line, or one that begins or ends in the middle of a read; areas that cannot be
 * used; CPUs that have none.
 */
#include <kunit/test.h>
#include <linux/cpumask.h>
#include <linux/log2.h>

#include "kvmclock_kunit.h"

/* Each CPU has a time of its own, as before TSCs were invariant. */
static void cpus_differ(struct kunit *test)
{
	unsigned int other = clock_other_cpu(test);
	struct pvclock_vcpu_time_info late;
	unsigned int i;
	u64 now = 0;

	pvclock_host.line.flags = 0;
	pvclock_host_update_all(&pvclock_host.line);
	late = pvclock_host.line;
	late.system_time -= US_TO_NS(2600);
	pvclock_host_update(other, &late);
	for (i = 0; i < 200; i++) {
		now = clock_reads_on(test, 0, now);
		now = clock_reads_on(test, other, now);
	}
	KUNIT_EXPECT_EQ(test, clock_mode(), KVMCLOCK_APART);
	KUNIT_EXPECT_EQ(test, (u64)atomic64_read(&kvmclock_line.latest), now);
}

/* The CPU that draws the line is interrupted, or its thread in the host is. */
static void drawing_is_interrupted(struct kunit *test)
{
	unsigned int cpu, i;
	s64 state;
	u64 now = 0;

	state = atomic64_read(&kvmclock_line.state) | KVMCLOCK_DRAWING;
	atomic64_set(&kvmclock_line.state, state);
	for (i = 0; i < 10; i++)
		for_each_online_cpu(cpu)
			now = clock_reads_on(test, cpu, now);
	KUNIT_EXPECT_EQ(test, atomic64_read(&kvmclock_line.state), state);
	/* It goes on. */
	atomic64_set(&kvmclock_line.state, state - KVMCLOCK_DRAWING);
	pvclock_host_update_all(&pvclock_host.line);
	for_each_online_cpu(cpu) {
		now = clock_reads_on(test, cpu, clock_reads_on(test, cpu, now));
		KUNIT_EXPECT_TRUE(test, clock_joined(cpu));
	}
}

/* The CPU that leaves the line is: whoever comes next does what it had to do. */
static void leaving_is_interrupted(struct kunit *test)
{
	unsigned int other = clock_other_cpu(test);
	struct pvclock_vcpu_time_info late = pvclock_host.line;
	s64 state;
	u64 now;

	now = clock_reads_on(test, other, clock_read_on(0));
	now = clock_reads_on(test, 0, now);
	state = atomic64_read(&kvmclock_line.state);
	KUNIT_ASSERT_EQ(test, kvmclock_line_mode(state), KVMCLOCK_STABLE);
	late.system_time -= US_TO_NS(260000);
	late.flags = 0;
	pvclock_host_update(other, &late);
	atomic64_set(&kvmclock_line.state, state | KVMCLOCK_LEAVING);
	now = clock_reads_on(test, other, now);
	KUNIT_EXPECT_EQ(test, clock_mode(), KVMCLOCK_APART);
	KUNIT_EXPECT_GE(test, (u64)atomic64_read(&kvmclock_line.latest), now);
	clock_reads_on(test, 0, now);
}

/* An old state is found by a CPU that was stopped for long: it changes nothing. */
static void leaving_comes_late(struct kunit *test)
{
	s64 first, second;
	u64 now;

	now = clock_reads_on(test, 0, clock_read_on(0));
	first = atomic64_read(&kvmclock_line.state);
	pvclock_host.line.system_time += NSEC_PER_SEC;
	pvclock_host_update_all(&pvclock_host.line);
	now = clock_reads_on(test, 0, now);
	now = clock_reads_on(test, 0, now);
	second = atomic64_read(&kvmclock_line.state);
	KUNIT_EXPECT_NE(test, first, second);
	KUNIT_EXPECT_TRUE(test, clock_joined(0));
	kvmclock_line_leave(first);
	KUNIT_EXPECT_EQ(test, atomic64_read(&kvmclock_line.state), second);
	clock_reads_on(test, 0, now);
}

/* An NMI that reads the clock in the middle of a read, at each step of all paths. */
static unsigned int nmi_at, nmi_step;
static u64 nmi_time;

static u64 nmi_reads(void)
{
	u64 tsc;

	if (nmi_step++ == nmi_at) {
		nmi_time = kvmclock_read();
		nmi_step = nmi_at + 1;
	}
	tsc = rdtsc();
	return tsc;
}

static void nmi_in_a_read(struct kunit *test)
{
	struct pvclock_vcpu_time_info line = pvclock_host.line;
	unsigned int turn;
	u64 before, now = 0;

	for (turn = 0; turn < 400; turn++) {
		/* A new line, no line, an unusable area, the same line. */
		switch (turn & 3) {
		case 0:
			line.flags = PVCLOCK_TSC_STABLE_BIT;
			line.system_time += US_TO_NS(turn & 4 ? 100 : -90);
			pvclock_host_update(0, &line);
			break;
		case 1:
			line.flags = 0;
			pvclock_host_update(0, &line);
			break;
		case 2:
			line.flags = PVCLOCK_TSC_STABLE_BIT;
			pvclock_host_update(0, &line);
			pvclock_host_area(0)->version |= turn & 8 ? 1 : 0;
			break;
		}
		before = now;
		nmi_time = 0;
		nmi_step = 0;
		nmi_at = (turn >> 4) % 3;
		WRITE_ONCE(pvclock_hooks.tsc, nmi_reads);
		now = clock_reads_on(test, 0, before);
		WRITE_ONCE(pvclock_hooks.tsc, NULL);
		if (nmi_time)
			KUNIT_EXPECT_GE(test, nmi_time, before);
		now = clock_reads_on(test, 0, max(now, nmi_time));
	}
}

static void area_half_written(struct kunit *test)
{
	u64 bad = kvmclock_bad_reads();
	u64 now = clock_reads_on(test, 0, clock_read_on(0));
	u64 begin = now;
	unsigned int i;

	WRITE_ONCE(pvclock_host_area(0)->version, 4711);
	for (i = 0; i < 100; i++)
		now = clock_reads_on(test, 0, now);
	KUNIT_EXPECT_GT(test, now, begin);
	KUNIT_EXPECT_EQ(test, kvmclock_bad_reads(), bad + 100);
	/* There is a line: no CPU leaves it because the host leaves this one alone. */
	KUNIT_EXPECT_EQ(test, clock_mode(), KVMCLOCK_STABLE);
	KUNIT_EXPECT_EQ(test, clock_flags_on(0), (u8)U8_MAX);
}

/* Without a line, by what the host wrote first. */
static void half_written_and_apart(struct kunit *test)
{
	u64 now, begin;
	unsigned int i;

	pvclock_host.line.flags = 0;
	pvclock_host_update_all(&pvclock_host.line);
	begin = clock_read_on(0);
	now = begin;
	WRITE_ONCE(pvclock_host_area(0)->version, 4711);
	for (i = 0; i < 100; i++)
		now = clock_reads_on(test, 0, now);
	KUNIT_EXPECT_GT(test, now, begin);
	KUNIT_EXPECT_LT(test, now, 1100ULL * NSEC_PER_SEC);
}

/* A host could keep a CPU in interrupts for ever. */
static void said_ever_more_rarely(struct kunit *test)
{
	u64 bad = kvmclock_bad_reads();
	unsigned int i;

	clock_read_on(0);
	WRITE_ONCE(pvclock_host_area(0)->tsc_shift, 99);
	WRITE_ONCE(pvclock_host_area(0)->version, 4712);
	atomic_set(&pvclock_hooks.said, 0);
	for (i = 0; i < 3000; i++)
		clock_read_on(0);
	KUNIT_EXPECT_EQ(test, kvmclock_bad_reads(), bad + 3000);
	KUNIT_EXPECT_LE(test, atomic_read(&pvclock_hooks.said),
			1 + ilog2(bad + 3000) - (bad ? ilog2(bad) : 0));
	KUNIT_EXPECT_GE(test, atomic_read(&pvclock_hooks.said),
			(int)(ilog2(bad + 3000) - ilog2(bad + 1)));
}

/* A CPU comes online and reads before its area is registered. */
static void no_area_but_a_line(struct kunit *test)
{
	unsigned int other = clock_other_cpu(test);
	const struct pvclock_vcpu_time_info *area;
	struct kvmclock_cpu *mine = per_cpu_ptr(&kvmclock_cpu, other);
	u64 now = clock_read_on(0);

	area = mine->area;
	WRITE_ONCE(mine->area, NULL);
	now = clock_reads_on(test, other, now);
	KUNIT_EXPECT_GT(test, clock_reads_on(test, other, now), now);
	KUNIT_EXPECT_EQ(test, clock_mode(), KVMCLOCK_STABLE);
	WRITE_ONCE(mine->area, area);
}

static void no_area_and_apart(struct kunit *test)
{
	unsigned int other = clock_other_cpu(test);
	const struct pvclock_vcpu_time_info *area;
	struct kvmclock_cpu *mine = per_cpu_ptr(&kvmclock_cpu, other);
	u64 now;

	clock_read_on(0);
	pvclock_host.line.flags = 0;
	pvclock_host_update_all(&pvclock_host.line);
	area = mine->area;
	WRITE_ONCE(mine->area, NULL);
	/* Its TSC says nothing: it stands at the latest time, and not before that. */
	now = clock_read_on(0);
	KUNIT_EXPECT_EQ(test, clock_read_on(other), now);
	KUNIT_EXPECT_EQ(test, clock_read_on(other), now);
	now = clock_reads_on(test, 0, now);
	KUNIT_EXPECT_EQ(test, clock_read_on(other), now);
	WRITE_ONCE(mine->area, area);
}

/* The same while the others have not noticed yet that TSCs do not agree any more. */
static void no_area_and_line_is_over(struct kunit *test)
{
	unsigned int other = clock_other_cpu(test);
	const struct pvclock_vcpu_time_info *area;
	struct kvmclock_cpu *mine = per_cpu_ptr(&kvmclock_cpu, other);
	u64 now = clock_reads_on(test, 0, clock_read_on(0));

	area = mine->area;
	WRITE_ONCE(mine->area, NULL);
	pvclock_host.line.flags = 0;
	pvclock_host_update(0, &pvclock_host.line);
	now = clock_reads_on(test, other, now);
	KUNIT_EXPECT_EQ(test, clock_mode(), KVMCLOCK_APART);
	clock_reads_on(test, 0, now);
	WRITE_ONCE(mine->area, area);
}

/* A hibernated guest wakes on a host whose clock started later. */
static void host_is_younger(struct kunit *test)
{
	u64 now = clock_reads_on(test, 0, clock_read_on(0));

	clock_unregister_on(0);
	pvclock_host.line.system_time = NSEC_PER_SEC;
	pvclock_host.line.tsc_timestamp = rdtsc_ordered();
	preempt_disable();
	src_clocksource_resume();
	preempt_enable();
	clock_register_on(0);
	KUNIT_EXPECT_LT(test, clock_read_on(0), now);
}

static struct kunit_case apart_cases[] = {
	KUNIT_CASE(cpus_differ),
	KUNIT_CASE(drawing_is_interrupted),
	KUNIT_CASE(leaving_is_interrupted),
	KUNIT_CASE(leaving_comes_late),
	KUNIT_CASE(nmi_in_a_read),
	KUNIT_CASE(area_half_written),
	KUNIT_CASE(half_written_and_apart),
	KUNIT_CASE(said_ever_more_rarely),
	KUNIT_CASE(no_area_but_a_line),
	KUNIT_CASE(no_area_and_apart),
	KUNIT_CASE(no_area_and_line_is_over),
	KUNIT_CASE(host_is_younger),
	{}
};

struct kunit_suite kvmclock_apart_suite = {
	.name = "kvmclock_apart",
	.init = clock_started_init,
	.exit = clock_started_exit,
	.test_cases = apart_cases,
};
