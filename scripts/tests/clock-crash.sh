#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# about: a crash kernel finds the areas of the kernel that crashed, and keeps time with its own
# when: soak
# vm: --outer-smp 1 --smp 2 --mem 1G --no-load --kexec --append "no-kvmclock crashkernel=384M"
# host: nested
# timeout: 1500

# shellcheck source=scripts/tests/clock.sh
. /tests/clock.sh

# What the crash kernel runs, on the CPU that crashed. Nobody has asked a module.
if [ "${1:-}" = next ]; then
	say "the crash kernel, with $(mem_kib MemTotal) KiB, finds $(clock_area 0), it was $(cat /rig/area)"
	[ "$(clock_area 0)" = "$(cat /rig/area)" ] || fail "it is not the area of the kernel that crashed"
	clock_load
	area=$(clock_area 0)
	clock_unregistered 0 && fail "the host has no area of the CPU"
	[ "$area" != "$(cat /rig/area)" ] || fail "the area is in memory of the kernel that crashed"
	clock_wall_is_right
	clock_runs_true sleep 5
	[ "$(cat "$clock_dev/bad_reads")" = 0 ] || fail "bad_reads is $(cat "$clock_dev/bad_reads")"
	exit 0
fi

clock_load
clock_area 0 > /rig/area
clock_unregistered 0 && fail "CPU 0 has no area"
next_initramfs clock-crash.sh /tmp/next
kexec -p /boot/vmlinuz /tmp/next "$(sed 's/crashkernel=[^ ]*/nr_cpus=1 reset_devices/' /proc/cmdline)" ||
	fail "the crash kernel cannot be loaded"
vmctl qmp '{"execute":"rig-crash"}' > /dev/null || fail "the rig does not know what is to come"
echo 1 > /proc/sys/kernel/sysrq
taskset 1 sh -c 'echo c > /proc/sysrq-trigger'
fail "the kernel did not crash"
