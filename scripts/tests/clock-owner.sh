#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# about: ours becomes current and right, never goes back; asleep and unbound the host has no area, then all
# check: 6.1
# vm: --outer-smp 1 --smp 2 --mem 512M --no-load --append no-kvmclock
# host: nested
# timeout: 1500

# shellcheck source=scripts/tests/clock.sh
. /tests/clock.sh

clock_available && fail "kvm-clock is there before the module"
clock_load
say "current: $(clock_current), tsc_stable $(cat "$clock_dev/tsc_stable")"

first=$(clock_area 0)
second=$(clock_area 1)
clock_unregistered 0 && fail "CPU 0 has no area: MSR $first"
clock_unregistered 1 && fail "CPU 1 has no area: MSR $second"
[ "$first" != "$second" ] || fail "both CPUs have one area, $first"

clock_ping_pong 200
say "200 times between two CPUs, time did not go back"
clock_runs_true sleep 3
clock_wall_is_right
[ "$(cat "$clock_dev/bad_reads")" = 0 ] || fail "bad_reads is $(cat "$clock_dev/bad_reads")"

rmmod kvmclock 2> /dev/null && fail "the module of the current clocksource was removed"
echo kvmclock > "$clock_drv/unbind" || fail "cannot unbind"
clock_available && fail "unbound, and kvm-clock is still available"
for cpu in 0 1; do
	clock_unregistered $cpu || fail "unbound, and the host still has the area of CPU $cpu"
done
rmmod kvmclock || fail "cannot be unloaded after it was unbound"
# What is only for a companion is no matter to an owner.
modprobe kvmclock companion_clocksource=1 || fail "an owner refuses companion_clocksource=1"
clock_load
grep -qw kvm-clock-companion "$clock_sys/available_clocksource" && fail "an owner is a companion too"
first=$(clock_area 0)
second=$(clock_area 1)

# All of a sleep but the sleep itself. Memory may change its meaning meanwhile.
[ -e /sys/power/pm_test ] || skip "this kernel has no /sys/power/pm_test"
clock_trace_on
echo 0 > /sys/module/suspend/parameters/pm_test_delay
echo core > /sys/power/pm_test || fail "the last stage of sleep cannot be tested"
for _ in 1 2 3; do
	echo mem > /sys/power/state || fail "the guest cannot sleep"
done
clock_is kvm-clock || fail "the clocksource is $(clock_current)"
[ "$first $second" = "$(clock_area 0) $(clock_area 1)" ] || fail "an area was lost or moved"
clock_writes 4b564d01 12 | tr '\n' ' ' > /tmp/writes
say "writes: $(cut -c1-60 /tmp/writes)..."
grep -Eq '^(1 0 0 0 0 [0-9a-f]*1 1 [0-9a-f]*1 ){3}$' /tmp/writes ||
	fail "not 3 times off on CPU 1, off and on on CPU 0, on on CPU 1: $(cat /tmp/writes)"

clock_ping_pong 100
clock_wall_is_right
clock_runs_true sleep 3
