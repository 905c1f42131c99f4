#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# about: CPUs go and come while the clock is current; the host has areas of online CPUs only
# when: soak
# vm: --outer-smp 1 --smp 3 --mem 512M --no-load --append no-kvmclock
# host: nested
# timeout: 1500

# shellcheck source=scripts/tests/clock.sh
. /tests/clock.sh

cpus=/sys/devices/system/cpu
rounds=6

# A CPU that is offline when the clock is loaded.
echo 0 > "$cpus/cpu2/online" || fail "CPU 2 does not go offline"
clock_load
clock_trace_on
areas="$(clock_area 0) $(clock_area 1)"
(while clock_now; do :; done) &

go_and_come() {
	for _ in $(seq "$rounds"); do
		echo 0 > "$cpus/cpu1/online" || fail "CPU 1 does not go offline"
		echo 1 > "$cpus/cpu2/online" || fail "CPU 2 does not come online"
		echo 1 > "$cpus/cpu1/online" || fail "CPU 1 does not come online"
		echo 0 > "$cpus/cpu2/online" || fail "CPU 2 does not go offline"
	done
}
clock_runs_true go_and_come
clock_is kvm-clock || fail "the clocksource is $(clock_current)"
[ "$areas" = "$(clock_area 0) $(clock_area 1)" ] || fail "areas moved"

clock_writes 4b564d01 12 > /tmp/writes
for cpu in 1 2; do
	# Off and on in turns: nothing is registered twice, nothing left behind.
	sed -n "s/^$cpu //p" /tmp/writes | tr '\n' ' ' > /tmp/turns
	say "CPU $cpu: $(wc -w < /tmp/turns) writes: $(cut -c1-40 /tmp/turns)..."
	[ "$(wc -w < /tmp/turns)" = $((2 * rounds)) ] || fail "CPU $cpu: $(cat /tmp/turns)"
done
sed -n 's/^1 //p' /tmp/writes | tr '\n' ' ' | grep -Eq "^(0 [0-9a-f]*1 ){$rounds}\$" ||
	fail "CPU 1: $(cat /tmp/writes)"
sed -n 's/^2 //p' /tmp/writes | tr '\n' ' ' | grep -Eq "^([0-9a-f]*1 0 ){$rounds}\$" ||
	fail "CPU 2: $(cat /tmp/writes)"

echo kvmclock > "$clock_drv/unbind"
echo 1 > "$cpus/cpu2/online"
clock_unregistered 2 || fail "a CPU that came after unbind has an area"
clock_ping_pong 50
