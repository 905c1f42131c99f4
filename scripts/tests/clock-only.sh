#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# about: where kvm-clock is the only clock fit for the kernel, no order of commands takes it away
# vm: --smp 2 --mem 512M --no-load --append 'no-kvmclock hpet=disable pmtmr=0 tsc=unstable'
# host: nested
# timeout: 300

# shellcheck source=scripts/tests/clock.sh
. /tests/clock.sh

clock_load
read -r clocksources < "$clock_sys/available_clocksource"
for other in $clocksources; do
	case $other in
	kvm-clock | tsc* | jiffies | refined-jiffies) ;;
	*) skip "this machine has the clocksource $other as well" ;;
	esac
done
(while clock_now; do :; done) &

for round in 1 2 3; do
	echo kvmclock > "$clock_drv/unbind"
	if ! clock_available; then
		skip "the kernel goes on with $(clock_current)"
	fi
	clock_is kvm-clock || fail "round $round: the clocksource is $(clock_current)"
	[ "$(clock_said | grep -c 'kvm-clock stays')" = "$round" ] || fail "nothing was said"
	clock_unregistered 0 && fail "the clock runs, and the host has no area of CPU 0"
	clock_unregistered 1 && fail "the clock runs, and the host has no area of CPU 1"
	rmmod kvmclock 2> /dev/null && fail "the module of the current clocksource was removed"
	[ -e "$clock_dev/mode" ] && fail "it is bound after unbind"
	clock_ping_pong 20
	echo kvmclock > "$clock_drv/bind" || fail "it cannot be bound again"
	[ "$(cat "$clock_dev/mode")" = owner ] || fail "the mode is $(cat "$clock_dev/mode")"
done
say "unbind was refused $round times, and bind got hold of the clock again"
clock_runs_true sleep 3
