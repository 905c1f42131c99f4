#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# about: where the built-in clock owns the areas, the module only reads
# check: 6.1
# vm: --outer-smp 1 --smp 2 --mem 512M --no-load
# host: nested
# timeout: 1500

# shellcheck source=scripts/tests/clock.sh
. /tests/clock.sh

clock_available || fail "this kernel's own kvm-clock is not there"
before="$(clock_current) $(clock_area 0) $(clock_area 1)"
clock_unregistered 0 && fail "the built-in clock has no area of CPU 0"
clock_trace_on

for round in 1 2 3; do
	modprobe kvmclock || fail "kvmclock cannot be loaded"
	need_ours kvmclock
	[ "$(cat "$clock_dev/mode")" = companion ] || fail "the mode is $(cat "$clock_dev/mode")"
	[ "$(clock_said | grep -vc "the host's epoch moved")" = "$round" ] || fail "not one line but: $(clock_said)"
	clock_wall_is_right
	cat "$clock_dev/tsc_stable" > /dev/null || fail "the areas cannot be read"
	echo kvmclock > "$clock_drv/unbind" || fail "cannot unbind"
	rmmod kvmclock || fail "cannot be unloaded"
done
clock_said | tail -n 1

clock_writes 4b564d01 12 > /tmp/writes
[ -s /tmp/writes ] && fail "MSRs of the built-in clock were written: $(cat /tmp/writes)"
# What shows that a write would have been seen.
asked=$(clock_writes 4b564d00 11 | wc -l)
[ "$asked" -ge 6 ] || fail "the wall clock was asked for $asked times, not 6 or more"
say "no area was registered; the wall clock was asked for $asked times"
[ "$before" = "$(clock_current) $(clock_area 0) $(clock_area 1)" ] ||
	fail "from $before to $(clock_current) $(clock_area 0) $(clock_area 1)"
clock_runs_true sleep 3
