// SPDX-License-Identifier: GPL-2.0-only
/*
 * kexec KERNEL INITRD CMDLINE: starts another kernel in place of the running one.
 * kexec -p KERNEL INITRD CMDLINE: loads the kernel that takes over when the running one crashes;
 * the memory for it is reserved with crashkernel=.
 *
 * The packaged program of that name would change how the developer's own machine
 * reboots, once it is installed.
 */
#include <fcntl.h>
#include <linux/kexec.h>
#include <linux/reboot.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	unsigned long flags = 0;
	int kernel, initrd;

	if (argc == 5 && !strcmp(argv[1], "-p")) {
		flags = KEXEC_FILE_ON_CRASH;
		argv++;
		argc--;
	}
	if (argc != 4) {
		fprintf(stderr, "usage: kexec [-p] KERNEL INITRD CMDLINE\n");
		return 2;
	}
	kernel = open(argv[1], O_RDONLY | O_CLOEXEC);
	if (kernel < 0) {
		perror(argv[1]);
		return 1;
	}
	initrd = open(argv[2], O_RDONLY | O_CLOEXEC);
	if (initrd < 0) {
		perror(argv[2]);
		return 1;
	}
	if (syscall(SYS_kexec_file_load, kernel, initrd, strlen(argv[3]) + 1, argv[3], flags)) {
		perror("kexec_file_load");
		return 1;
	}
	if (flags)
		return 0;
	sync();
	syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_KEXEC, NULL);
	perror("reboot");
	return 1;
}
