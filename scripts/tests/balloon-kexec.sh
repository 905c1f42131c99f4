#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# about: after kexec out of a balloon that is on its way the next kernel has all its memory, and keeps it
# vm: --balloon --smp 2 --mem 768M --kexec
# host: tcg
# timeout: 600
# when: soak

# shellcheck source=scripts/tests/balloon.sh
. /tests/balloon.sh

# What the next kernel runs: the host must not take any of its memory.
if [ "${1:-}" = next ]; then
	need_ours virtio_balloon
	# The driver is there already, and follows the target of the old kernel.
	balloon_target 768
	retry_until 60 _balloon_is 768 || fail "the host sees $(balloon_actual)"
	sleep 1
	total=$(mem_kib MemTotal)
	say "the next kernel has $total KiB, the old one had $(cat /rig/total)"
	[ $((total + 16384)) -ge "$(cat /rig/total)" ] || fail "the next kernel lacks memory"
	balloon_keep 200
	sleep 3
	balloon_target 600
	balloon_settles 600 768
	balloon_kept
	balloon_no_oom
	exit 0
fi

need_ours virtio_balloon
total=$(mem_kib MemTotal)
echo "$total" > /rig/total
balloon_target 600
balloon_settles 600 768
next_initramfs balloon-kexec.sh /tmp/next
balloon_target 450
sleep 0.1
kexec /boot/vmlinuz /tmp/next "$(cat /proc/cmdline)" || fail "the next kernel does not start"
