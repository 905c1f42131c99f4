#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# about: 100 times a CPU goes and comes while the clock is read; one is plugged in and taken out
# when: soak
# vm: --outer-smp 1 --smp 3 --mem 512M --no-load --append no-kvmclock -- -smp maxcpus=4
# host: nested
# timeout: 3600

# shellcheck source=scripts/tests/clock.sh
. /tests/clock.sh

cpus=/sys/devices/system/cpu
rounds=50

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

# One that was not there when the guest started, nor when the clock was loaded.
vmctl qmp '{"execute":"device_add","arguments":{"driver":"host-x86_64-cpu","id":"new",'\
'"socket-id":0,"core-id":3,"thread-id":0}}' > /tmp/answers || fail "no new CPU: $(cat /tmp/answers)"
retry_until 30 test -e "$cpus/cpu3" || fail "the guest has not seen the new CPU: $(cat /tmp/answers)"
[ "$(cat "$cpus/cpu3/online")" = 1 ] || echo 1 > "$cpus/cpu3/online" ||
	fail "the new CPU does not come online"
clock_unregistered 3 && fail "the host has no area of the new CPU"
taskset 8 cat "$clock_dev/tsc_stable" > /dev/null || fail "the new CPU cannot read its area"
clock_ping_pong 50
vmctl qmp '{"execute":"device_del","arguments":{"id":"new"}}' > /dev/null
retry_until 30 test ! -e "$cpus/cpu3" || fail "the guest does not give the new CPU back"
[ "$(clock_writes 4b564d01 12 | sed -n 's/^3 //p' | tail -n 1)" = 0 ] ||
	fail "the CPU that is gone has left its area with the host"
say "a CPU was plugged in, had an area, and was taken out without"

echo kvmclock > "$clock_drv/unbind"
echo 1 > "$cpus/cpu2/online"
clock_unregistered 2 || fail "a CPU that came after unbind has an area"
clock_ping_pong 50
