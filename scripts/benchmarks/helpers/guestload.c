// SPDX-License-Identifier: GPL-2.0-only
/*
 * guestload: runs in the guest beside a benchmark.
 *
 *	guestload fragment MIB	touches so much memory, gives every other page back, keeps
 *				the rest locked and prints "ready"; ends when it is killed
 *	guestload touch MIB	touches so much memory once, and prints how long that took, in
 *				milliseconds
 *	guestload timer		sleeps for 1 ms again and again, before all other processes,
 *				until SIGTERM; prints the longest delay, in microseconds
 */

#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static int fragment(size_t mib)
{
	size_t i, size = mib << 20, page = 4096;
	char *mem = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (mem == MAP_FAILED || madvise(mem, size, MADV_NOHUGEPAGE))
		return 1;
	memset(mem, 1, size);
	for (i = page; i < size; i += 2 * page)
		if (madvise(mem + i, page, MADV_DONTNEED))
			return 1;
	for (i = 0; i < size; i += 2 * page)
		if (mlock(mem + i, page))
			break;	/* the limit of mappings: the rest stays without swap anyway */
	puts("ready");
	fflush(stdout);
	pause();
	return 0;
}

static double now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static int touch(size_t mib)
{
	size_t i, size = mib << 20;
	double begin = now_us();
	char *mem = mmap(NULL, size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (mem == MAP_FAILED)
		return 1;
	for (i = 0; i < size; i += 4096)
		mem[i] = 1;
	printf("%.0f\n", (now_us() - begin) / 1000);
	return 0;
}

static volatile sig_atomic_t ended;

static void end(int sig)
{
	(void)sig;
	ended = 1;
}

static int timer(void)
{
	const struct sched_param first = { .sched_priority = 50 };
	const struct sigaction action = { .sa_handler = end };
	struct timespec ms = { .tv_nsec = 1000000 };
	double most = 0;
	double late;

	if (sigaction(SIGTERM, &action, NULL) || mlockall(MCL_CURRENT | MCL_FUTURE) ||
	    sched_setscheduler(0, SCHED_FIFO, &first))
		return 1;
	while (!ended) {
		late = now_us();
		clock_nanosleep(CLOCK_MONOTONIC, 0, &ms, NULL);
		late = now_us() - late - 1000;
		if (late > most)
			most = late;
	}
	printf("%.0f\n", most);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "fragment"))
		return fragment((size_t)atol(argv[2]));
	if (argc == 3 && !strcmp(argv[1], "touch"))
		return touch((size_t)atol(argv[2]));
	if (argc == 2 && !strcmp(argv[1], "timer"))
		return timer();
	fputs("usage: guestload fragment MIB | touch MIB | timer\n", stderr);
	return 2;
}
