#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# about: before memory may change its meaning the host has no area; after sleep it has all
# vm: --smp 2 --mem 512M --no-load --append no-kvmclock
# host: nested
# timeout: 300

# shellcheck source=scripts/tests/clock.sh
. /tests/clock.sh

[ -e /sys/power/pm_test ] || skip "this kernel has no /sys/power/pm_test"
clock_load
areas="$(clock_area 0) $(clock_area 1)"
clock_trace_on

# All of a sleep but the sleep itself.
echo 0 > /sys/module/suspend/parameters/pm_test_delay
echo core > /sys/power/pm_test || fail "the last stage of sleep cannot be tested"
for _ in 1 2 3; do
	echo mem > /sys/power/state || fail "the guest cannot sleep"
done
clock_is kvm-clock || fail "the clocksource is $(clock_current)"
[ "$areas" = "$(clock_area 0) $(clock_area 1)" ] || fail "an area was lost or moved"
clock_writes 4b564d01 12 | tr '\n' ' ' > /tmp/writes
say "writes: $(cut -c1-60 /tmp/writes)..."
grep -Eq '^(1 0 0 0 0 [0-9a-f]*1 1 [0-9a-f]*1 ){3}$' /tmp/writes ||
	fail "not 3 times off on CPU 1, off and on on CPU 0, on on CPU 1: $(cat /tmp/writes)"

clock_ping_pong 100
clock_wall_is_right
clock_runs_true sleep 3
