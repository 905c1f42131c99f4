#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# about: the clock can be unbound, bound, unloaded and loaded while time is being read
# when: soak
# vm: --outer-smp 1 --smp 2 --mem 512M --no-load --append no-kvmclock
# host: nested
# timeout: 1500

# shellcheck source=scripts/tests/clock.sh
. /tests/clock.sh

before=$(clock_current)
modprobe kvmclock rating=399
clock_load
[ "$(cat /sys/module/kvmclock/parameters/rating)" = 399 ] || fail "the rating was not taken"

# Readers, on both CPUs and until the end.
(while clock_now; do :; done) &
(while date > /dev/null; do :; done) &

rmmod kvmclock 2> /dev/null && fail "the module of the current clocksource was removed"
clock_is kvm-clock || fail "a refused rmmod changed the clocksource to $(clock_current)"

gone() {
	clock_is "$before" || fail "$1: the clocksource is $(clock_current), not $before"
	clock_available && fail "$1: kvm-clock is still available"
	clock_unregistered 0 || fail "$1: the host still has the area of CPU 0"
	clock_unregistered 1 || fail "$1: the host still has the area of CPU 1"
}

for round in 1 2 3; do
	echo kvmclock > "$clock_drv/unbind" || fail "cannot unbind"
	gone unbind
	echo kvmclock > "$clock_drv/bind" || fail "cannot bind again"
	retry_until 10 clock_is kvm-clock || fail "not current after bind $round"
done
say "unbind falls back to $before, bind comes back"

for round in 1 2 3; do
	echo "$before" > "$clock_sys/current_clocksource"
	rmmod kvmclock || fail "rmmod fails although $before is current"
	gone rmmod
	# The kernel remembers what a person chose, until told that there is no choice.
	echo > "$clock_sys/current_clocksource"
	clock_load
	# What the kernel itself has for taking a clocksource away.
	echo kvm-clock > "$clock_sys/unbind_clocksource"
	rmmod kvmclock || fail "rmmod fails after unbind_clocksource"
	gone unbind_clocksource
	clock_load
done
say "rmmod and modprobe, $round times two, with readers on both CPUs"

echo kvmclock > "$clock_drv/unbind"
rmmod kvmclock || fail "rmmod fails after unbind"
modprobe kvmclock rating=1 || fail "cannot be loaded with rating=1"
clock_available || fail "rating=1: kvm-clock is not available"
sleep 1
clock_is "$before" || fail "rating=1: the clocksource is $(clock_current)"
