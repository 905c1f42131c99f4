// SPDX-License-Identifier: GPL-2.0-only
/*
 * balloon-poll FILE TEXT: wait with poll() until an attribute is TEXT. Prints "waiting" when
 * it is about to wait the first time, and TEXT. No C library, so that it is small enough to
 * be handed to a guest as text. Status 0, or 1 after a minute without an event.
 */

#define O_RDONLY	0
#define POLLPRI		2
#define POLLERR		8
#define MINUTE		60000

enum call { SYS_READ = 0, SYS_WRITE = 1, SYS_OPEN = 2, SYS_POLL = 7, SYS_LSEEK = 8, SYS_EXIT = 60 };

struct pollfd {
	int fd;
	short events;
	short revents;
};

static long call(enum call nr, long a, long b, long c)
{
	long ret;

	__asm__ volatile ("syscall" : "=a" (ret) : "0" ((long)nr), "D" (a), "S" (b), "d" (c)
			  : "rcx", "r11", "memory");
	return ret;
}

static int same(const char *line, long len, const char *text)
{
	long i;

	for (i = 0; i < len && line[i] != '\n'; i++)
		if (line[i] != text[i])
			return 0;
	return !text[i];
}

static int wait_for(const char *path, const char *text)
{
	struct pollfd poll = { .events = POLLPRI | POLLERR };
	char line[128];
	int first = 1;
	long len;

	poll.fd = (int)call(SYS_OPEN, (long)path, O_RDONLY, 0);
	if (poll.fd < 0)
		return 1;
	do {
		call(SYS_LSEEK, poll.fd, 0, 0);
		len = call(SYS_READ, poll.fd, (long)line, sizeof(line));
		if (len <= 0)
			return 1;
		if (same(line, len, text)) {
			call(SYS_WRITE, 1, (long)line, len);
			return 0;
		}
		if (first)
			call(SYS_WRITE, 1, (long)"waiting\n", 8);
		first = 0;
	} while (call(SYS_POLL, (long)&poll, 1, MINUTE) == 1);
	return 1;
}

/* Called by the line below only. */
void run(const long *stack);
void run(const long *stack)
{
	const char *const *argv = (const char *const *)(stack + 1);

	call(SYS_EXIT, stack[0] == 3 ? wait_for(argv[1], argv[2]) : 2, 0, 0);
	__builtin_unreachable();
}

__asm__ (".globl _start\n_start:\n\tmov %rsp, %rdi\n\tand $-16, %rsp\n\tcall run\n");
