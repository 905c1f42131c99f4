// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the clock's tests need and no packaged tool of a small guest has.
 *
 *   clocktool stamps DEVICE       time stamps of a PTP clock beside CLOCK_REALTIME: a cross time
 *                                 stamp, "precise", or why there is none, and "extended"
 *   clocktool race READERS SECONDS
 *                                 so many processes, spread over the CPUs, read CLOCK_MONOTONIC as
 *                                 fast as they can; none sees less than what another one has seen
 *                                 before
 *   clocktool offset HOST SECONDS by how much the host's clock is ahead of CLOCK_REALTIME
 *   clocktool drift HOST SECONDS  by how much CLOCK_MONOTONIC is faster than the host's clock
 *
 * Exit status: 0, 1 for an error or for a time that went back, 2 for a usage error.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/ptp_clock.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <sched.h>
#include <stdatomic.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FAILED		1
#define USAGE		2
#define SECOND		1000000000LL
#define MS		1000000LL
#define DAY		(86400LL * SECOND)
#define READERS_MOST	64
#define SAMPLES_MOST	4096
#define SAMPLE_US	150000

static long long now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * SECOND + ts.tv_nsec;
}

static int fail(const char *what)
{
	printf("%s: %s\n", what, strerror(errno));
	return FAILED;
}

static int show_stamps(const char *device)
{
	struct ptp_sys_offset_precise precise = { 0 };
	struct ptp_sys_offset_extended extended = { .n_samples = 1 };
	const struct ptp_clock_time *t = extended.ts[0];
	int fd = open(device, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return fail(device);
	if (ioctl(fd, PTP_SYS_OFFSET_PRECISE, &precise))
		fail("precise");
	else
		printf("precise: device %lld.%09u system %lld.%09u\n", precise.device.sec,
		       precise.device.nsec, precise.sys_realtime.sec, precise.sys_realtime.nsec);
	if (ioctl(fd, PTP_SYS_OFFSET_EXTENDED, &extended))
		return fail("extended");
	printf("extended: device %lld.%09u after %lld.%09u before %lld.%09u\n", t[1].sec, t[1].nsec,
	       t[0].sec, t[0].nsec, t[2].sec, t[2].nsec);
	return 0;
}

/* What the readers share. */
struct race {
	_Atomic long long latest, worst, steps, reads;
	long long end;
};

/* Returns its exit status. */
static int run_reader(struct race *race, size_t cpu)
{
	long long seen, mine, count = 0;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		return FAILED;
	do {
		seen = atomic_load(&race->latest);
		mine = now();
		count++;
		if (mine < seen) {
			atomic_fetch_add(&race->steps, 1);
			if (seen - mine > atomic_load(&race->worst))
				atomic_store(&race->worst, seen - mine);
		}
		while (mine > seen &&
		       !atomic_compare_exchange_weak(&race->latest, &seen, mine))
			;
	} while (mine < race->end);
	atomic_fetch_add(&race->reads, count);
	return 0;
}

static int run_race(long readers, long seconds)
{
	struct race *race = mmap(NULL, sizeof(*race), PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	int status, lost = 0;
	pid_t pid;
	long i;

	if (race == MAP_FAILED)
		return fail("race");
	race->end = now() + seconds * SECOND;
	for (i = 0; i < readers; i++) {
		pid = fork();
		if (pid < 0)
			return fail("race");
		if (!pid)
			_exit(run_reader(race, (size_t)(i % cpus)));
	}
	while (wait(&status) > 0)
		lost += status != 0;
	if (lost) {
		printf("race: %d of %ld readers did not run to their end\n", lost, readers);
		return FAILED;
	}
	printf("race: %lld reads by %ld processes on %ld CPUs, %lld went back, %lld ns at most\n",
	       race->reads, readers, cpus, race->steps, race->worst);
	return race->steps ? FAILED : 0;
}

/* At this time of ours the host's clock was ahead by at least @least and at most @most ns. */
struct sample {
	long long at, least, most;
};

static unsigned short icmp_sum(const void *data, size_t len)
{
	const unsigned short *word = data;
	unsigned int sum = 0;
	size_t i;

	for (i = 0; i < len / 2; i++)
		sum += word[i];
	sum = (sum >> 16) + (sum & 0xffff);
	return (unsigned short)~(sum + (sum >> 16));
}

/*
 * RFC 792: milliseconds since midnight, by the kernel of the host. It says when it read its
 * clock after we had asked and before we have the answer. Milliseconds are cut off.
 */
static int ask(int sock, const struct sockaddr_in *host, unsigned short number,
	       struct sample *sample)
{
	struct {
		struct icmphdr head;
		unsigned int stamp[3];
	} question = { .head = { .type = ICMP_TIMESTAMP } }, answer = { .head = { 0 } };
	char packet[256];
	long long before, after, told;
	ssize_t got;

	question.head.un.echo.id = htons((unsigned short)getpid());
	question.head.un.echo.sequence = htons(number);
	question.head.checksum = icmp_sum(&question, sizeof(question));
	before = now();
	if (sendto(sock, &question, sizeof(question), 0, (const void *)host, sizeof(*host)) < 0)
		return -1;
	do {
		got = recv(sock, packet, sizeof(packet), 0);
		after = now();
		if (got < 0)
			return -1;
		if ((size_t)got < sizeof(struct iphdr) + sizeof(answer))
			continue;
		memcpy(&answer, packet + sizeof(struct iphdr), sizeof(answer));
	} while (answer.head.type != ICMP_TIMESTAMPREPLY ||
		 answer.head.un.echo.id != question.head.un.echo.id ||
		 answer.head.un.echo.sequence != question.head.un.echo.sequence);
	told = ntohl(answer.stamp[2]) * MS;
	sample->at = before + (after - before) / 2;
	sample->least = told - after;
	sample->most = told + MS - before;
	return 0;
}

/* Midnight comes once at most: those after it are a day behind those before it. */
static void over_midnight(struct sample *sample, const struct sample *first)
{
	if (sample->least < first->least - DAY / 2) {
		sample->least += DAY;
		sample->most += DAY;
	}
}

/* What goes through all intervals is no steeper than any two of them allow, and no flatter. */
static void slopes(const struct sample *samples, int nr, double *flat, double *steep)
{
	double span, up, down;
	int i, j;

	*flat = -1;
	*steep = 1;
	for (i = 0; i < nr; i++) {
		for (j = i + 1; j < nr; j++) {
			span = (double)(samples[j].at - samples[i].at);
			up = (double)(samples[j].most - samples[i].least) / span;
			down = (double)(samples[j].least - samples[i].most) / span;
			*steep = up < *steep ? up : *steep;
			*flat = down > *flat ? down : *flat;
		}
	}
}

/* Ask the host for so long; return how many answers it gave, or the exit status below 0. */
static int gather(const char *what, const char *name, long seconds, struct sample *samples)
{
	struct sockaddr_in host = { .sin_family = AF_INET };
	struct timeval limit = { .tv_sec = 5 };
	int sock = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP);
	long long end = now() + seconds * SECOND;
	unsigned short asked = 0;
	int nr = 0;

	if (!inet_aton(name, &host.sin_addr)) {
		fprintf(stderr, "clocktool: HOST is '%s', which is no IPv4 address\n", name);
		return -USAGE;
	}
	if (sock < 0 || setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)))
		return -fail(what);
	while (now() < end && nr < SAMPLES_MOST) {
		if (!ask(sock, &host, asked++, &samples[nr])) {
			over_midnight(&samples[nr], &samples[0]);
			nr++;
		} else if (errno != EAGAIN) {
			return -fail(what);
		}
		usleep(SAMPLE_US);
	}
	if (nr < 2) {
		printf("%s: the host gave %d answers\n", what, nr);
		return -FAILED;
	}
	return nr;
}

static int measure_drift(const char *name, long seconds)
{
	static struct sample samples[SAMPLES_MOST];
	int nr = gather("drift", name, seconds, samples);
	long long best = LLONG_MAX, width;
	double flat, steep;
	int i;

	if (nr < 0)
		return -nr;
	slopes(samples, nr, &flat, &steep);
	if (flat > steep) {
		printf("drift: none goes through all %d samples: a clock was set\n", nr);
		return FAILED;
	}
	for (i = 0; i < nr; i++) {
		width = samples[i].most - samples[i].least;
		best = width < best ? width : best;
	}
	printf("drift: %.2f ppm +- %.2f over %.1f s, %d samples, the best to %lld us\n",
	       -(flat + steep) / 2 * 1e6, (steep - flat) / 2 * 1e6,
	       (double)(samples[nr - 1].at - samples[0].at) / SECOND, nr, best / 1000);
	return 0;
}

/* The host tells the time of day, so days are no part of it. */
static int measure_offset(const char *name, long seconds)
{
	static struct sample samples[SAMPLES_MOST];
	int nr = gather("offset", name, seconds, samples);
	long long least = LLONG_MIN, most = LLONG_MAX, mid, days;
	struct timespec real;
	int i;

	if (nr < 0)
		return -nr;
	for (i = 0; i < nr; i++) {
		least = samples[i].least > least ? samples[i].least : least;
		most = samples[i].most < most ? samples[i].most : most;
	}
	if (least > most) {
		printf("offset: no one fits all %d samples: a clock was set\n", nr);
		return FAILED;
	}
	clock_gettime(CLOCK_REALTIME, &real);
	mid = least + (most - least) / 2 + now() - (real.tv_sec * SECOND + real.tv_nsec);
	days = (mid + (mid < 0 ? -DAY : DAY) / 2) / DAY;
	printf("offset: %lld us +- %lld, %d samples\n", (mid - days * DAY) / 1000,
	       (most - least) / 2000 + 1, nr);
	return 0;
}

static int read_number(const char *name, const char *text, long least, long most, long *value)
{
	char *end;

	errno = 0;
	*value = strtol(text, &end, 10);
	if (!errno && *text && !*end && *value >= least && *value <= most)
		return 0;
	fprintf(stderr, "clocktool: %s is '%s', not a number from %ld to %ld\n", name, text, least,
		most);
	return USAGE;
}

int main(int argc, char **argv)
{
	long readers, seconds;

	if (argc == 3 && !strcmp(argv[1], "stamps"))
		return show_stamps(argv[2]);
	if (argc == 4 && !strcmp(argv[1], "race"))
		return read_number("READERS", argv[2], 2, READERS_MOST, &readers) ?:
		       read_number("SECONDS", argv[3], 1, 3600, &seconds) ?:
		       run_race(readers, seconds);
	if (argc == 4 && !strcmp(argv[1], "drift"))
		return read_number("SECONDS", argv[3], 1, 3600, &seconds) ?:
		       measure_drift(argv[2], seconds);
	if (argc == 4 && !strcmp(argv[1], "offset"))
		return read_number("SECONDS", argv[3], 1, 3600, &seconds) ?:
		       measure_offset(argv[2], seconds);
	fputs("use: clocktool stamps DEVICE | race READERS SECONDS | drift HOST SECONDS |\n"
	      "     offset HOST SECONDS\n", stderr);
	return USAGE;
}
