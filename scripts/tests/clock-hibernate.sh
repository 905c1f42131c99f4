#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# about: an owner's guest hibernates, with network and swap, and goes on from its image
# when: soak
# vm: --outer-smp 1 --smp 2 --disk 768M --net tap --mem 512M --no-load --append no-kvmclock -- -action reboot=reset
# host: nested
# timeout: 1500

# shellcheck source=scripts/tests/clock.sh
. /tests/clock.sh
# shellcheck source=scripts/tests/hibernate.sh
. /tests/hibernate.sh

modprobe -a virtio_pci virtio_blk virtio_net || fail "virtio_blk and virtio_net cannot be loaded"
need_ours virtio_blk
need_ours virtio_net
if hibernate_waits; then
	# The second time the new kernel has areas of its own, which it has to give up.
	if vmctl host 'test -e /run/second'; then
		clock_load
		vmctl host 'touch /run/loaded'
	fi
	vmctl host 'touch /run/second'
	hibernate_resume
fi
net_up 0
hibernate_ready

modprobe kvmclock wall_step=always || fail "kvmclock cannot be loaded: $(clock_said | tail -n 1)"
clock_load
clock_trace_on
for round in 1 2; do
	clock_now
	then=$NOW
	hibernate_once
	clock_now
	[ "$NOW" -ge "$then" ] || fail "round $round: time went back from $then to $NOW"
	clock_is kvm-clock || fail "round $round: the clocksource is $(clock_current)"
	clock_unregistered 0 && fail "round $round: the host has no area of CPU 0"
	clock_unregistered 1 && fail "round $round: the host has no area of CPU 1"
	retry_until 30 ping -q -c 1 -W 2 10.77.0.1 > /dev/null || fail "round $round: no network"
	# The kernel has set it by the RTC, whose second began before, and the module by the host.
	clock_is_near "hibernated $round times"
done
vmctl host 'test -e /run/loaded' || fail "the clock was never loaded in the new kernel"
clock_ping_pong 100
clock_wall_is_right
clock_runs_true sleep 3
[ "$(cat "$clock_dev/bad_reads")" = 0 ] || fail "bad_reads is $(cat "$clock_dev/bad_reads")"
clock_writes 4b564d01 12 | tr '\n' ' ' | cut -c1-200
