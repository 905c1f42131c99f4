// SPDX-License-Identifier: GPL-2.0-only
/*
 * clockread: runs in the guest; measures what reading the clock takes.
 *
 *	clockread READS ROUNDS
 *	clockread syscall READS
 *
 * The second one reads by the system call, and prints nothing. The first one
 * prints the nanoseconds of one read, of the fastest round: through the C
 * library (the vDSO where the clock source allows it), by the system call, and,
 * as the floor, of the bare instruction RDTSC in the same loop.
 */

#define _GNU_SOURCE
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>

static void read_library(long reads)
{
	struct timespec now;

	while (reads-- > 0)
		clock_gettime(CLOCK_MONOTONIC, &now);
}

static void read_syscall(long reads)
{
	struct timespec now;

	while (reads-- > 0)
		syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
}

static void read_tsc(long reads)
{
	while (reads-- > 0)
		asm volatile("" : : "r" (__rdtsc()));
}

static double now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static double fastest(void (*run)(long reads), long reads, long rounds)
{
	double best = 0;
	double took;
	long i;

	for (i = 0; i < rounds; i++) {
		took = now_ns();
		run(reads);
		took = now_ns() - took;
		if (i == 0 || took < best)
			best = took;
	}
	return best / (double)reads;
}

int main(int argc, char **argv)
{
	bool silent = argc == 3 && !strcmp(argv[1], "syscall");
	long reads = argc == 3 ? atol(argv[silent ? 2 : 1]) : 0;
	long rounds = argc == 3 ? atol(argv[2]) : 0;

	if (reads < 1 || rounds < 1) {
		fprintf(stderr, "usage: clockread READS ROUNDS | syscall READS\n");
		return 2;
	}
	if (silent) {
		read_syscall(reads);
		return 0;
	}
	printf("= value library %.1f\n", fastest(read_library, reads, rounds));
	printf("= value syscall %.1f\n", fastest(read_syscall, reads, rounds));
	printf("= value rdtsc %.1f\n", fastest(read_tsc, reads, rounds));
	return 0;
}
