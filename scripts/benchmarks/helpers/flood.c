// SPDX-License-Identifier: GPL-2.0-only
/*
 * flood: runs on the host side; sends UDP datagrams as fast as it can, many with
 * each system call, so that the guest and not the sender is the slow part.
 *
 *	flood ADDRESS PORT BYTES SECONDS
 */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#define BATCH	64
#define MAX_LEN	1472

static int flood(int fd, size_t len, long seconds)
{
	static char data[MAX_LEN];
	struct iovec iov = { .iov_base = data, .iov_len = len };
	struct mmsghdr msgs[BATCH] = { 0 };
	struct timespec now;
	time_t end;
	int i;

	for (i = 0; i < BATCH; i++) {
		msgs[i].msg_hdr.msg_iov = &iov;
		msgs[i].msg_hdr.msg_iovlen = 1;
	}
	clock_gettime(CLOCK_MONOTONIC, &now);
	end = now.tv_sec + seconds;
	do {
		/* A full queue is what a flood is about. */
		for (i = 0; i < 256; i++)
			sendmmsg(fd, msgs, BATCH, 0);
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while (now.tv_sec < end);
	return 0;
}

int main(int argc, char **argv)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	long len, seconds;
	int fd;

	if (argc != 5 || inet_pton(AF_INET, argv[1], &to.sin_addr) != 1) {
		fprintf(stderr, "usage: flood ADDRESS PORT BYTES SECONDS\n");
		return 2;
	}
	to.sin_port = htons((unsigned short)atoi(argv[2]));
	len = atol(argv[3]);
	seconds = atol(argv[4]);
	if (len < 1 || len > MAX_LEN || seconds < 1 || seconds > 3600) {
		fprintf(stderr, "flood: allowed are 1 to %d bytes and 1 to 3600 seconds\n",
			MAX_LEN);
		return 2;
	}
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to))) {
		perror("flood");
		return 1;
	}
	return flood(fd, (size_t)len, seconds);
}
