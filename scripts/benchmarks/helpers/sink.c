// SPDX-License-Identifier: GPL-2.0-only
/*
 * sink: runs in the guest; holds a UDP port that nobody reads. Once its buffer is
 * full every datagram takes the same path: up to the socket, and dropped there.
 *
 *	sink PORT SECONDS
 */

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	int fd;

	if (argc != 3) {
		fprintf(stderr, "usage: sink PORT SECONDS\n");
		return 2;
	}
	at.sin_port = htons((unsigned short)atoi(argv[1]));
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at))) {
		perror("sink");
		return 1;
	}
	printf("ready\n");
	fflush(stdout);
	sleep((unsigned int)atoi(argv[2]));
	return 0;
}
