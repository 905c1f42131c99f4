// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmctl: asks the host side of the rig for something, from inside a guest.
 *
 *   vmctl qmp JSON...    runs QMP commands in sequence, prints one "return" per line;
 *                        {"execute":"rig-sleep","arguments":{"seconds":S}} waits; for
 *                        rig-migrate and rig-crash see Documentation/rig.md
 *   vmctl hmp COMMAND    runs a monitor command, prints its text
 *   vmctl host COMMAND   runs a shell command on the host side, prints its output
 *
 * Exit status: 0, 1 for an error of QEMU, or that of the host's command.
 *
 * A program and no script because tests wait by asking again and again, and a process
 * is dear where the CPU is emulated.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#define PORT "/dev/ttyS1"
#define LOCK "/run/lock/vmctl"
#define FAILED 1
#define USAGE 2

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void bad_usage(void)
{
	fputs("use: vmctl qmp JSON... | vmctl hmp COMMAND | vmctl host COMMAND\n", stderr);
	exit(USAGE);
}

/* The word that all lines of this run start with, from the kernel's command line. */
static char *run_mark(void)
{
	static char line[8192];
	FILE *file = fopen("/proc/cmdline", "re");
	char *at;

	if (!file || !fgets(line, sizeof(line), file))
		err(FAILED, "/proc/cmdline");
	fclose(file);
	at = strstr(line, "kgd.nonce=");
	if (!at)
		errx(FAILED, "not a guest of the rig: nothing on the command line says so");
	at += strlen("kgd.nonce=");
	at[strcspn(at, "\n ")] = '\0';
	return at;
}

/* Writes what was asked for, a line for each argument, in base64. */
static void put_base64(FILE *out, char *const *lines)
{
	unsigned int bits = 0, nr = 0;
	const char *at;

	for (; *lines; lines++) {
		for (at = *lines;; at++) {
			bits = bits << 8 | (unsigned char)(*at ? *at : '\n');
			if (++nr == 3) {
				for (nr = 24; nr; nr -= 6)
					fputc(digits[bits >> (nr - 6) & 63], out);
				bits = 0;
			}
			if (!*at)
				break;
		}
	}
	if (!nr)
		return;
	bits <<= 8 * (3 - nr);
	fputc(digits[bits >> 18 & 63], out);
	fputc(digits[bits >> 12 & 63], out);
	fputc(nr == 2 ? digits[bits >> 6 & 63] : '=', out);
	fputc('=', out);
}

/* Appends a piece of the answer, whose pieces are cut at multiples of four digits. */
static void take_base64(FILE *out, const char *text)
{
	unsigned int bits = 0, nr = 0;
	const char *digit;

	for (; *text && *text != '='; text++) {
		digit = strchr(digits, *text);
		if (!digit)
			errx(FAILED, "damaged answer");
		bits = bits << 6 | (unsigned int)(digit - digits);
		if (nr % 4)
			fputc(bits >> (6 - 2 * (nr % 4)) & 255, out);
		nr++;
	}
}

/* Asks, and puts the answer together. Returns its status. */
static int ask(FILE *in, FILE *out, const char *mark, char *const *words, FILE *answer)
{
	size_t room = 0, length = strlen(mark);
	char id[64], got[64], more[8];
	char *line = NULL, *data;
	struct timespec now;
	int status, skip;

	/* Tells an answer from one that an earlier, interrupted caller left behind. */
	clock_gettime(CLOCK_BOOTTIME, &now);
	snprintf(id, sizeof(id), "%d-%lld.%09ld", getpid(), (long long)now.tv_sec, now.tv_nsec);
	fprintf(out, "@%s REQ %s %s ", mark, id, words[0]);
	put_base64(out, words + 1);
	fputc('\n', out);
	fflush(out);

	while (getline(&line, &room, in) > 0) {
		if (line[0] != '@' || strncmp(line + 1, mark, length))
			continue;
		data = line + 1 + length;
		skip = 0;
		if (sscanf(data, " REP %63s %d %7s %n", got, &status, more, &skip) != 3 ||
		    !skip || strcmp(got, id))
			continue;
		data += skip;
		data[strcspn(data, "\r\n")] = '\0';
		take_base64(answer, data);
		if (strcmp(more, "more")) {
			free(line);
			return status;
		}
		/* The port has no flow control: take the answer in pieces it can buffer. */
		fprintf(out, "@%s NEXT %s\n", mark, id);
		fflush(out);
	}
	errx(FAILED, "no answer");
}

int main(int argc, char **argv)
{
	FILE *in, *out, *answer;
	size_t length;
	char *text;
	int lock, status;

	if (argc < 3 || (strcmp(argv[1], "qmp") && strcmp(argv[1], "hmp") &&
			 strcmp(argv[1], "host")))
		bad_usage();

	/* One request at a time. */
	lock = open(LOCK, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (lock < 0 || flock(lock, LOCK_EX))
		err(FAILED, LOCK);
	in = fopen(PORT, "re");
	out = fopen(PORT, "we");
	answer = open_memstream(&text, &length);
	if (!in || !out || !answer)
		err(FAILED, PORT);

	status = ask(in, out, run_mark(), argv + 1, answer);
	fclose(answer);
	out = status && strcmp(argv[1], "host") ? stderr : stdout;
	if (fwrite(text, 1, length, out) != length || fflush(out))
		err(FAILED, "cannot write the answer");
	return status;
}
