#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# about: 50 times unloaded and loaded while four processes read the clock, which never goes back
# when: soak
# vm: --outer-smp 1 --smp 2 --mem 256M --no-load --append no-kvmclock
# host: nested
# timeout: 3600

# shellcheck source=scripts/tests/clock.sh
. /tests/clock.sh

# read_on: four processes, two on each CPU, until /tmp/done is there.
read_on() {
	while [ ! -e /tmp/done ]; do
		clocktool race 4 5 >> /tmp/races || touch /tmp/back
	done
}

clock_load
other=$(tr ' ' '\n' < "$clock_sys/available_clocksource" | grep -v -e kvm-clock -e '^$' | head -n 1)
[ -n "$other" ] || fail "there is no clocksource but kvm-clock"
read_on &
readers=$!
for round in $(seq 50); do
	rmmod kvmclock 2> /dev/null && fail "round $round: removed while it is current"
	echo "$other" > "$clock_sys/current_clocksource"
	clock_is "$other" || fail "round $round: the clocksource is $(clock_current), not $other"
	rmmod kvmclock || fail "round $round: cannot be removed"
	modprobe kvmclock || fail "round $round: $(clock_said | tail -n 1)"
	echo kvm-clock > "$clock_sys/current_clocksource"
	clock_is kvm-clock || fail "round $round: the clocksource is $(clock_current)"
done
touch /tmp/done
wait "$readers"
[ ! -e /tmp/back ] || fail "time went back: $(grep -v ', 0 went back' /tmp/races)"
[ -s /tmp/races ] || fail "nothing was read"
say "$(awk '{ sum += $2 } END { print sum " reads by four processes" }' /tmp/races)" \
	"in 50 reloads with $other in between, none went back"
[ "$(cat "$clock_dev/bad_reads")" = 0 ] || fail "bad_reads is $(cat "$clock_dev/bad_reads")"
clock_wall_is_right
