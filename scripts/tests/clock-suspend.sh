#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# about: an owner is suspended to memory, which resets every CPU; the host gets its areas back, the time is right
# when: soak
# vm: --sleeps --outer-smp 1 --smp 2 --net tap --mem 256M --no-load --append no-kvmclock
# host: nested
# timeout: 1500

# shellcheck source=scripts/tests/clock.sh
. /tests/clock.sh
# shellcheck source=scripts/tests/suspend.sh
. /tests/suspend.sh

modprobe -a virtio_pci virtio_net || fail "virtio_net cannot be loaded"
net_up 0
clock_tell_uevents /tmp/uevents
modprobe kvmclock wall_step=always || fail "kvmclock cannot be loaded: $(clock_said | tail -n 1)"
clock_load
areas="$(clock_area 0) $(clock_area 1)"
for round in 1 2 3; do
	clock_now
	then=$NOW
	wall=$(vmctl host 'date +%s')
	suspend_once 30
	clock_now
	[ "$NOW" -ge "$then" ] || fail "round $round: time went back from $then to $NOW"
	clock_is kvm-clock || fail "round $round: the clocksource is $(clock_current)"
	[ "$areas" = "$(clock_area 0) $(clock_area 1)" ] || fail "round $round: an area was lost or moved"
	say "$(($(vmctl host 'date +%s') - wall)) s later"
	# The kernel has set it by the RTC, whose second began before, and the module by the host.
	clock_is_near "after sleep $round"
done
[ "$(grep -c '^kvmclock wall-step ' /tmp/uevents)" = 4 ] || fail "not one step each: $(cat /tmp/uevents)"
clock_counts_are 0 0 0 || fail "a sleep is no event, and the counters are $(clock_counts)"
clock_ping_pong 100
clock_wall_is_right
clock_runs_true sleep 3
[ "$(cat "$clock_dev/bad_reads")" = 0 ] || fail "bad_reads is $(cat "$clock_dev/bad_reads")"
