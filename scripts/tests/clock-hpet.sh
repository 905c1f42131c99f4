#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# about: on a host that runs on hpet: no pairing for the PTP clock, an area for each CPU, no way back
# when: soak
# vm: --outer-smp 1 --smp 2 --mem 256M --no-load --append no-kvmclock --outer-append clocksource=hpet
# host: nested
# timeout: 1500

# shellcheck source=scripts/tests/clock.sh
. /tests/clock.sh

host=$(vmctl host 'cat /sys/devices/system/clocksource/clocksource0/current_clocksource')
[ "$host" = hpet ] || fail "the host's clocksource is $host, not hpet"
clock_load
[ "$(cat "$clock_dev/tsc_stable")" = 0 ] || fail "tsc_stable is $(cat "$clock_dev/tsc_stable")"

ptp=$(clock_ptp) || fail "there is no PTP clock of the module"
before=$(cat "$clock_dev/host_wall_time")
clocktool stamps "/dev/$ptp" > /tmp/stamp || fail "$ptp cannot be read: $(cat /tmp/stamp)"
clock_stamp_is_right "$before" /tmp/stamp
[ "$(clock_pairings paired)" = 0 ] || fail "the host has paired: $(cat "$clock_debug/ptp")"
[ "$(clock_pairings unpaired)" -gt 0 ] || fail "none without a pairing: $(cat "$clock_debug/ptp")"

# Each CPU reads its own area, and none is given less than another one was.
clocktool race 2 20 > /tmp/race || fail "$(cat /tmp/race)"
say "$(cat /tmp/race)"
clock_runs_true sleep 3
clock_wall_is_right
