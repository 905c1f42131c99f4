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
next_initramfs clock-kexec.sh /tmp/next
kexec /boot/vmlinuz /tmp/next "$(cat /proc/cmdline)" || fail "the next kernel does not start"
