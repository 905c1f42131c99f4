#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# about: without the built-in clock ours becomes current, agrees with the host, never goes back
# vm: --smp 2 --mem 512M --no-load --append no-kvmclock
# host: nested
# timeout: 300

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
clock_runs_true sleep 5
clock_wall_is_right
[ "$(cat "$clock_dev/bad_reads")" = 0 ] || fail "bad_reads is $(cat "$clock_dev/bad_reads")"
