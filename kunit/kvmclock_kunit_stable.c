// SPDX-License-Identifier: GPL-2.0-only
/*
 * TSCs agree: all CPUs read one line, whatever becomes of the areas.
 */
#include <kunit/test.h>
#include <linux/cpumask.h>
#include <linux/smp.h>

#include <uapi/asm/kvm_para.h>

#include "fuzz_rng.h"
#include "kvmclock_kunit.h"

static void all_join(struct kunit *test)
{
	unsigned int cpu;
	u64 now = 0;

	for_each_online_cpu(cpu) {
		now = clock_reads_on(test, cpu, now);
		now = clock_reads_on(test, cpu, now);
		KUNIT_EXPECT_TRUE_MSG(test, clock_joined(cpu), "CPU %u", cpu);
	}
	/* About what the host says, which began with 1000 s. */
	KUNIT_EXPECT_GE(test, now, 1000ULL * NSEC_PER_SEC);
	KUNIT_EXPECT_LT(test, now, 1100ULL * NSEC_PER_SEC);
}

/* First read: nobody has read before, so it is by the area and counts as latest. */
static void first_read_is_by_area(struct kunit *test)
{
	u64 now = clock_read_on(0);

	KUNIT_EXPECT_EQ(test, (u64)atomic64_read(&kvmclock_line.latest), now);
	KUNIT_EXPECT_TRUE(test, clock_joined(0));
	/* From then on nothing is written that CPUs share. */
	clock_reads_on(test, 0, now);
	clock_reads_on(test, 0, now);
	KUNIT_EXPECT_EQ(test, (u64)atomic64_read(&kvmclock_line.latest), now);
}

static void data_without_version(struct kunit *test)
{
	struct pvclock_vcpu_time_info *area = pvclock_host_area(0);
	u64 now = clock_reads_on(test, 0, clock_read_on(0));

	WRITE_ONCE(area->system_time, 5);
	WRITE_ONCE(area->tsc_to_system_mul, 0);
	WRITE_ONCE(area->tsc_shift, 120);
	now = clock_reads_on(test, 0, now);
	KUNIT_EXPECT_LT(test, now, 1100ULL * NSEC_PER_SEC);
	KUNIT_EXPECT_TRUE(test, clock_joined(0));
}

/* The host corrects its clock forwards, as often as it likes. */
static void follows_the_host(struct kunit *test)
{
	unsigned int cpu, i;
	u64 now = 0;

	for (i = 1; i <= 20; i++) {
		pvclock_host.line.system_time += NSEC_PER_SEC * 10ULL;
		pvclock_host_update_all(&pvclock_host.line);
		for_each_online_cpu(cpu)
			now = clock_reads_on(test, cpu, now);
		KUNIT_EXPECT_GE(test, now, (1000ULL + i * 10) * NSEC_PER_SEC);
		KUNIT_EXPECT_LT(test, now, (1008ULL + i * 10) * NSEC_PER_SEC);
		for_each_online_cpu(cpu)
			KUNIT_EXPECT_TRUE(test, clock_joined(cpu));
	}
}

/* The host goes back by 2.6 ms, on one CPU after the other. */
static void host_goes_back(struct kunit *test)
{
	unsigned int other = clock_other_cpu(test);
	unsigned int i;
	u64 now = 0;

	for (i = 0; i < 50; i++) {
		now = clock_reads_on(test, 0, now);
		now = clock_reads_on(test, other, now);
		pvclock_host.line.system_time -= US_TO_NS(2600);
		pvclock_host_update(0, &pvclock_host.line);
		now = clock_reads_on(test, 0, now);
		now = clock_reads_on(test, other, now);
		now = clock_reads_on(test, 0, now);
		pvclock_host_update(other, &pvclock_host.line);
		now = clock_reads_on(test, other, now);
		now = clock_reads_on(test, 0, now);
	}
}

/* The lie that cost 2.6 ms: only one CPU is told that TSCs do not agree. */
static void flag_differs(struct kunit *test)
{
	unsigned int other = clock_other_cpu(test);
	struct pvclock_vcpu_time_info late = pvclock_host.line;
	unsigned int i;
	u64 now = 0;

	late.flags = 0;
	late.system_time -= US_TO_NS(2600);
	for (i = 0; i < 50; i++) {
		pvclock_host_update(0, &pvclock_host.line);
		now = clock_reads_on(test, 0, now);
		now = clock_reads_on(test, 0, now);
		pvclock_host_update(other, &late);
		now = clock_reads_on(test, other, now);
		now = clock_reads_on(test, 0, now);
		pvclock_host_update(other, &pvclock_host.line);
		now = clock_reads_on(test, other, now);
		now = clock_reads_on(test, other, now);
		pvclock_host_update(0, &late);
		now = clock_reads_on(test, 0, now);
		now = clock_reads_on(test, other, now);
	}
}

/* Two CPUs with different lines: nobody is right, and they take no turns. */
static void lines_differ(struct kunit *test)
{
	unsigned int other = clock_other_cpu(test);
	struct pvclock_vcpu_time_info late = pvclock_host.line;
	unsigned int i;
	s64 state;
	u64 now;

	late.system_time -= US_TO_NS(2600);
	pvclock_host_update(other, &late);
	now = clock_reads_on(test, other, clock_read_on(0));
	for (i = 0; i < 4; i++)
		now = clock_reads_on(test, i & 1 ? other : 0, now);
	state = atomic64_read(&kvmclock_line.state);
	KUNIT_EXPECT_EQ(test, clock_mode(), KVMCLOCK_APART);
	for (i = 0; i < 1000; i++)
		now = clock_reads_on(test, i & 1 ? other : 0, now);
	KUNIT_EXPECT_EQ(test, atomic64_read(&kvmclock_line.state), state);

	/* Until they agree again. */
	pvclock_host_update(other, &pvclock_host.line);
	for (i = 0; i < 4; i++)
		now = clock_reads_on(test, i & 1 ? other : 0, now);
	KUNIT_EXPECT_TRUE(test, clock_joined(0));
	KUNIT_EXPECT_TRUE(test, clock_joined(other));
}

/* The host stopped the guest: a flag that nobody has asked about changes nothing. */
static void guest_was_stopped(struct kunit *test)
{
	struct pvclock_vcpu_time_info line = pvclock_host.line;
	u64 now = clock_read_on(0);

	line.flags |= PVCLOCK_GUEST_STOPPED;
	pvclock_host_update(0, &line);
	now = clock_reads_on(test, 0, now);
	now = clock_reads_on(test, 0, now);
	KUNIT_EXPECT_TRUE(test, clock_joined(0));
	KUNIT_EXPECT_EQ(test, clock_flags_on(0), (u8)PVCLOCK_TSC_STABLE_BIT);
	/* It is the host's to clear: nothing is written to an area. */
	KUNIT_EXPECT_TRUE(test, pvclock_host_area(0)->flags & PVCLOCK_GUEST_STOPPED);
}

/* A flag means nothing without the feature that announces it. */
static void flag_without_feature(struct kunit *test)
{
	u64 now;

	pvclock_host.features &= ~BIT(KVM_FEATURE_CLOCKSOURCE_STABLE_BIT);
	KUNIT_ASSERT_EQ(test, kvmclock_find_host(&kvmclock_info), 0);
	now = clock_reads_on(test, 0, clock_read_on(0));
	KUNIT_EXPECT_EQ(test, clock_mode(), KVMCLOCK_APART);
	KUNIT_EXPECT_EQ(test, (u64)atomic64_read(&kvmclock_line.latest), now);
	KUNIT_EXPECT_EQ(test, clock_flags_on(0), (u8)0);
}

/* An update while the line is read, in the last moment where it can be seen. */
static u64 update_here(void)
{
	u64 tsc = rdtsc();

	WRITE_ONCE(pvclock_hooks.tsc, NULL);
	pvclock_host.line.system_time += NSEC_PER_SEC * 10ULL;
	pvclock_host_update(0, &pvclock_host.line);
	return tsc;
}

static void updated_in_a_read(struct kunit *test)
{
	u64 now = clock_reads_on(test, 0, clock_read_on(0));

	pvclock_hooks.tsc = update_here;
	now = clock_reads_on(test, 0, now);
	KUNIT_EXPECT_GE(test, now, 1010ULL * NSEC_PER_SEC);
}

/* Migration: another TSC, another scale, and the host's time goes on. */
static void guest_migrates(struct kunit *test)
{
	struct pvclock_vcpu_time_info *line = &pvclock_host.line;
	unsigned int cpu, i;
	u64 now = 0;

	for (i = 0; i < 12; i++) {
		for_each_online_cpu(cpu)
			now = clock_reads_on(test, cpu, clock_reads_on(test, cpu, now));
		line->system_time = kvmclock_time_at(line, rdtsc_ordered()) + 100000;
		line->tsc_timestamp = rdtsc_ordered();
		/* As for a TSC of half the frequency, and of double the frequency. */
		line->tsc_shift += i & 1 ? -1 : 1;
		pvclock_host_update_all(line);
		for_each_online_cpu(cpu)
			now = clock_reads_on(test, cpu, now);
		KUNIT_EXPECT_GE(test, now, line->system_time);
	}
}

/* A time stamp so far back that it becomes the future soon. */
static u64 fake_tsc;

static u64 next_fake_tsc(void)
{
	return fake_tsc += BIT_ULL(14);
}

static void stamp_becomes_future(struct kunit *test)
{
	struct pvclock_vcpu_time_info *line = &pvclock_host.line;
	unsigned int i;
	u64 now = 0;

	fake_tsc = BIT_ULL(62);
	line->tsc_timestamp = fake_tsc - BIT_ULL(63) + BIT_ULL(20);
	pvclock_host_update_all(line);
	pvclock_hooks.tsc = next_fake_tsc;
	for (i = 0; i < 200; i++) {
		now = clock_reads_on(test, 0, now);
		/* No line yet that would fall; one that has fallen rises from there. */
		if (i < 20)
			KUNIT_EXPECT_EQ(test, clock_mode(), KVMCLOCK_APART);
	}
}

/* A line at the end of what 64 bits hold, and a scale as steep as can be. */
static void line_does_not_wrap(struct kunit *test)
{
	struct pvclock_vcpu_time_info *line = &pvclock_host.line;
	unsigned int i;
	u64 now = 0;

	fake_tsc = BIT_ULL(50);
	line->tsc_timestamp = fake_tsc;
	line->system_time = S64_MAX;
	line->tsc_to_system_mul = U32_MAX;
	line->tsc_shift = KVMCLOCK_SHIFT_MAX;
	pvclock_host_update_all(line);
	pvclock_hooks.tsc = next_fake_tsc;
	for (i = 0; i < 200; i++) {
		now = clock_reads_on(test, 0, now);
		fake_tsc += BIT_ULL(27);
	}
	KUNIT_EXPECT_GT(test, now, (u64)S64_MAX);
}

/* The line comes to its end now and then, and goes on as a new one, which all join. */
static void line_goes_on(struct kunit *test)
{
	unsigned int other = clock_other_cpu(test);
	unsigned int i;
	s64 state;
	u64 now;

	now = clock_reads_on(test, other, clock_reads_on(test, 0, clock_read_on(0)));
	fake_tsc = rdtsc();
	pvclock_hooks.tsc = next_fake_tsc;
	for (i = 0; i < 10; i++) {
		state = atomic64_read(&kvmclock_line.state);
		fake_tsc += 2 * KVMCLOCK_LINE_PIECE;
		now = clock_reads_on(test, i & 1 ? other : 0, now);
		KUNIT_EXPECT_EQ(test, clock_mode(), KVMCLOCK_STABLE);
		KUNIT_EXPECT_GT(test, atomic64_read(&kvmclock_line.state), state);
		now = clock_reads_on(test, other, now);
		now = clock_reads_on(test, 0, now);
		KUNIT_EXPECT_TRUE(test, clock_joined(0));
		KUNIT_EXPECT_TRUE(test, clock_joined(other));
		KUNIT_EXPECT_EQ(test, now, kvmclock_time_at(&pvclock_host.line, fake_tsc));
	}
}

/* It is another CPU's area by which one without an area sees that, and has it go on. */
static void line_goes_on_without_area(struct kunit *test)
{
	unsigned int other = clock_other_cpu(test);
	u64 now;

	now = clock_reads_on(test, other, clock_reads_on(test, 0, clock_read_on(0)));
	/* Not by itself: then nobody would tell the time. */
	KUNIT_ASSERT_PTR_EQ(test, kvmclock_any_cpu, per_cpu_ptr(&kvmclock_cpu, 0));
	fake_tsc = rdtsc() + 2 * KVMCLOCK_LINE_PIECE;
	pvclock_hooks.tsc = next_fake_tsc;
	clock_unregister_on(other);
	WRITE_ONCE(per_cpu(kvmclock_cpu, other).area, NULL);
	WRITE_ONCE(per_cpu(kvmclock_cpu, other).joined, 0);
	now = clock_reads_on(test, other, now);
	KUNIT_EXPECT_EQ(test, clock_mode(), KVMCLOCK_STABLE);
	/* The TSC was read for the end of the line, too. */
	KUNIT_EXPECT_LE(test, now, kvmclock_time_at(&pvclock_host.line, fake_tsc));
	KUNIT_EXPECT_GE(test, now, kvmclock_time_at(&pvclock_host.line, fake_tsc - BIT_ULL(16)));
	now = clock_reads_on(test, 0, now);
	KUNIT_EXPECT_TRUE(test, clock_joined(0));
	KUNIT_EXPECT_EQ(test, clock_register_on(other), 0);
	clock_reads_on(test, other, now);
}

/* By the line to the nanosecond what it is by the area, whatever the scale. */
static void line_is_exact(struct kunit *test)
{
	struct pvclock_vcpu_time_info *line = &pvclock_host.line;
	struct kgd_rng rng;
	unsigned int i;
	u64 seed, now, ns;

	clock_seed(test, &seed);
	kgd_rng_seed(&rng, seed);
	for (i = 0; i < 2000; i++) {
		pvclock_hooks.tsc = NULL;
		kvmclock_line_reset();
		line->tsc_shift = (int)kgd_rng_below(&rng, 2 * KVMCLOCK_SHIFT_MAX + 1) -
				  KVMCLOCK_SHIFT_MAX;
		line->tsc_to_system_mul = kgd_rng_u32(&rng) | 1;
		line->tsc_timestamp = kgd_rng_u64(&rng) >> 1;
		line->system_time = kgd_rng_u64(&rng) >> (1 + kgd_rng_below(&rng, 32));
		pvclock_host_update_all(line);
		fake_tsc = line->tsc_timestamp + kgd_rng_below(&rng, U32_MAX);
		pvclock_hooks.tsc = next_fake_tsc;
		now = clock_read_on(0);
		KUNIT_ASSERT_EQ(test, now, kvmclock_time_at(line, fake_tsc));
		now = clock_reads_on(test, 0, now);
		ns = kvmclock_time_at(line, fake_tsc);
		KUNIT_ASSERT_EQ_MSG(test, now, ns, "shift %d, multiplier %u, %llu cycles",
				    line->tsc_shift, line->tsc_to_system_mul,
				    fake_tsc - line->tsc_timestamp);
	}
}

/* Restored from a snapshot, by somebody who did not restore the TSC: it is far ahead. */
static void tsc_jumps_ahead(struct kunit *test)
{
	struct pvclock_vcpu_time_info *line = &pvclock_host.line;
	u64 now;

	now = clock_reads_on(test, 0, clock_read_on(0));
	fake_tsc = rdtsc() + BIT_ULL(50);
	line->tsc_timestamp = fake_tsc;
	line->system_time = now + NSEC_PER_SEC * 30ULL;
	pvclock_host_update_all(line);
	pvclock_hooks.tsc = next_fake_tsc;
	now = clock_reads_on(test, 0, now);
	now = clock_reads_on(test, 0, now);
	/* Neither by centuries ahead, nor does it stand still for them. */
	KUNIT_EXPECT_GE(test, now, line->system_time);
	KUNIT_EXPECT_LT(test, now, line->system_time + NSEC_PER_SEC);
}

static struct kunit_case stable_cases[] = {
	KUNIT_CASE(all_join),
	KUNIT_CASE(first_read_is_by_area),
	KUNIT_CASE(data_without_version),
	KUNIT_CASE(follows_the_host),
	KUNIT_CASE(host_goes_back),
	KUNIT_CASE(flag_differs),
	KUNIT_CASE(lines_differ),
	KUNIT_CASE(guest_was_stopped),
	KUNIT_CASE(flag_without_feature),
	KUNIT_CASE(updated_in_a_read),
	KUNIT_CASE(guest_migrates),
	KUNIT_CASE(stamp_becomes_future),
	KUNIT_CASE(line_does_not_wrap),
	KUNIT_CASE(line_goes_on),
	KUNIT_CASE(line_goes_on_without_area),
	KUNIT_CASE(line_is_exact),
	KUNIT_CASE(tsc_jumps_ahead),
	{}
};

struct kunit_suite kvmclock_stable_suite = {
	.name = "kvmclock_stable",
	.init = clock_started_init,
	.exit = clock_started_exit,
	.test_cases = stable_cases,
};
