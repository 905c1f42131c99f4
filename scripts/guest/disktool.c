// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the disk's tests need and no packaged tool of a small guest has.
 *
 *   disktool promises DEVICE WRITERS SECONDS HOW
 *	So many processes, each with blocks of its own, write blocks of 4 KiB at random. A block
 *	holds the number of the write, counted by its writer, and the last number that the disk had
 *	promised to keep before this write began: nothing else has to be recorded of promises.
 *	HOW is what a promise is: "flush", that fsync() returned after some writes; "sync", that a
 *	write of O_DSYNC returned; "through", that a write returned, for a disk without a cache.
 *	scripts/tests/blk-powercut.py reads what the host has logged.
 *
 * Exit status: 0, 1 for an error, 2 for a usage error.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/types.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FAILED		1
#define USAGE		2
#define WRITERS_MOST	64
#define BLOCK		4096
#define WORDS		(BLOCK / sizeof(__u64))
#define WRITES_MOST	8	/* between two promises of fsync() */
#define NUMBERS_MOST	20000	/* of a writer: the host logs all it writes */

/* blk-powercut.py knows the order: magic, writer, block, kept, and the number until the end. */
static const char magic[8] = "promises";

enum how { FLUSH, SYNC, THROUGH };

static const char *const hows[] = { "flush", "sync", "through" };

static int fail(const char *what)
{
	fprintf(stderr, "disktool: %s: %s\n", what, strerror(errno));
	return FAILED;
}

static __u64 seconds_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (__u64)ts.tv_sec;
}

static void fill(__u64 *words, __u64 writer, __u64 block, __u64 kept, __u64 number)
{
	size_t i;

	memcpy(&words[0], magic, sizeof(magic));
	words[1] = writer;
	words[2] = block;
	words[3] = kept;
	for (i = 4; i < WORDS; i++)
		words[i] = number;
}

static int write_promises(const char *device, long writer, long writers, long seconds,
			  enum how how)
{
	int fd = open(device, O_RDWR | O_DIRECT | O_CLOEXEC | (how == SYNC ? O_DSYNC : 0));
	unsigned int seed = (unsigned int)writer + 1;
	__u64 *words, end, bytes, blocks, block;
	__u64 number = 0, kept = 0;
	int left = 1;

	if (fd < 0 || ioctl(fd, BLKGETSIZE64, &bytes))
		return fail(device);
	words = aligned_alloc(BLOCK, BLOCK);
	if (!words)
		return fail("memory");
	blocks = bytes / BLOCK / (__u64)writers;
	end = seconds_now() + (__u64)seconds;
	while (seconds_now() < end && number < NUMBERS_MOST) {
		block = (__u64)rand_r(&seed) % blocks * (__u64)writers + (__u64)writer;
		fill(words, (__u64)writer, block, kept, ++number);
		if (pwrite(fd, words, BLOCK, (off_t)(block * BLOCK)) != BLOCK)
			return fail("write");
		if (how == FLUSH && --left)
			continue;
		if (how == FLUSH && fsync(fd))
			return fail("fsync");
		left = rand_r(&seed) % WRITES_MOST + 1;
		kept = number;
	}
	return 0;
}

static int promises(const char *device, long writers, long seconds, enum how how)
{
	int status, lost = 0;
	pid_t pid;
	long i;

	for (i = 0; i < writers; i++) {
		pid = fork();
		if (pid < 0)
			return fail("fork");
		if (!pid)
			_exit(write_promises(device, i, writers, seconds, how));
	}
	while (wait(&status) > 0)
		lost += status != 0;
	return lost ? FAILED : 0;
}

static int read_number(const char *name, const char *text, long most, long *value)
{
	char *end;

	errno = 0;
	*value = strtol(text, &end, 10);
	if (!errno && *text && !*end && *value >= 1 && *value <= most)
		return 0;
	fprintf(stderr, "disktool: %s is '%s', not a number from 1 to %ld\n", name, text, most);
	return USAGE;
}

static int read_how(const char *text, enum how *how)
{
	for (*how = FLUSH; *how <= THROUGH; ++*how)
		if (!strcmp(text, hows[*how]))
			return 0;
	fprintf(stderr, "disktool: HOW is '%s', not flush, sync or through\n", text);
	return USAGE;
}

int main(int argc, char **argv)
{
	long writers, seconds;
	enum how how;

	if (argc == 6 && !strcmp(argv[1], "promises"))
		return read_number("WRITERS", argv[3], WRITERS_MOST, &writers) ?:
		       read_number("SECONDS", argv[4], 3600, &seconds) ?:
		       read_how(argv[5], &how) ?:
		       promises(argv[2], writers, seconds, how);
	fputs("use: disktool promises DEVICE WRITERS SECONDS HOW\n", stderr);
	return USAGE;
}
