#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# about: after kexec the host has no area in the memory of the old kernel; the next one has a clock
# when: soak
# vm: --outer-smp 1 --smp 2 --mem 1G --no-load --kexec --append no-kvmclock
# host: nested
# timeout: 1500

# shellcheck source=scripts/tests/clock.sh
. /tests/clock.sh

# What the next kernel runs: nothing has touched the MSRs before.
if [ "${1:-}" = next ]; then
	for cpu in 0 1; do
		# A CPU has reset its MSRs only if it was told to.
		say "the next kernel finds $(clock_area "$cpu") on CPU $cpu, the old one had" \
			"$(cat "/rig/area$cpu")"
		clock_unregistered "$cpu" || fail "the host still writes to the area of CPU $cpu"
	done
	clock_load
	exit 0
fi

clock_load
for cpu in 0 1; do
	clock_area "$cpu" > "/rig/area$cpu"
	clock_unregistered "$cpu" && fail "CPU $cpu has no area before kexec"
done
printf '#!/bin/sh\nexec sh /tests/clock-kexec.sh next\n' > /rig/command
cd / || exit 1
# Loading sums it up and so does the next kernel, slowly: what is large and not needed stays.
find bin sbin lib lib64 usr etc rig tests dev/console dev/null run tmp root mnt var init proc sys \
	-xdev ! -path 'proc/*' ! -path 'sys/*' ! -path 'tmp/*' ! -path 'run/*' \
	\( ! -path 'lib/modules/*/kernel/*.ko' -o -name msr.ko \) ! -name qemu-img \
	! -name 'libgnutls*' ! -name 'libglib*' ! -name 'libunistring*' ! -name 'libp11*' |
	busybox cpio -o -H newc > /tmp/next 2> /dev/null || fail "no initramfs for the next kernel"
say "kexec with an initramfs of $(stat -c %s /tmp/next) bytes"
kexec /boot/vmlinuz /tmp/next "$(cat /proc/cmdline)" || fail "the next kernel does not start"
