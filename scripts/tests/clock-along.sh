#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# about: beside the built-in clock: events as an owner sees them; a clocksource of its own that shows the same time
# when: soak
# vm: --outer-smp 1 --smp 2 --mem 256M --no-load
# host: nested
# timeout: 900

# shellcheck source=scripts/tests/fate.sh
. /tests/fate.sh

clock_tell_uevents /tmp/uevents
clock_is kvm-clock || fail "the built-in clock is not current, but $(clock_current)"
areas="$(clock_area 0) $(clock_area 1)"
clock_trace_on
modprobe kvmclock companion_clocksource=maybe 2> /dev/null && fail "companion_clocksource=maybe is taken"
modprobe kvmclock companion_clocksource=1 || fail "kvmclock cannot be loaded: $(clock_said | tail -n 1)"
need_ours kvmclock
[ "$(cat "$clock_dev/mode")" = companion ] || fail "the mode is $(cat "$clock_dev/mode")"
grep -qw kvm-clock-companion "$clock_sys/available_clocksource" || fail "there is no clocksource"
sleep 2
clock_is kvm-clock || fail "kvm-clock gave way to $(clock_current)"
fate_all

# The kernel's own PTP clock of the host asks by the same call.
modprobe ptp_kvm || fail "ptp_kvm cannot be loaded: $(dmesg | tail -n 1)"
theirs=$(grep -l "KVM virtual PTP" /sys/class/ptp/ptp*/clock_name | sed 's,.*/\(ptp[0-9]*\)/.*,\1,')
[ -n "$theirs" ] || fail "there is no PTP clock of ptp_kvm: $(cat /sys/class/ptp/ptp*/clock_name)"
ours=$(clock_ptp) || fail "the PTP clock of the module is gone"
before=$(cat "$clock_dev/host_wall_time")
# Theirs has cross time stamps only, and ours has none of those before 6.9.
clocktool stamps "/dev/$theirs" > /tmp/stamp
clock_stamp_is_right "$before" /tmp/stamp precise
before=$(cat "$clock_dev/host_wall_time")
clocktool stamps "/dev/$ours" > /tmp/stamp || fail "$ours cannot be read: $(cat /tmp/stamp)"
clock_stamp_is_right "$before" /tmp/stamp

# The same time, to and fro, on both CPUs; and it cannot go away while it is current.
echo kvm-clock-companion > "$clock_sys/current_clocksource"
clock_is kvm-clock-companion || fail "kvm-clock-companion cannot be chosen"
rmmod kvmclock 2> /dev/null && fail "the module of the current clocksource was removed"
clock_ping_pong 100
clock_runs_true sleep 3
echo 0 > /sys/devices/system/cpu/cpu1/online || fail "CPU 1 cannot go offline"
echo 1 > /sys/devices/system/cpu/cpu1/online || fail "CPU 1 does not come back"
clock_ping_pong 50
for round in $(seq 10); do
	echo kvm-clock > "$clock_sys/current_clocksource"
	clock_now
	then=$NOW
	echo kvm-clock-companion > "$clock_sys/current_clocksource"
	clock_now
	[ "$NOW" -ge "$then" ] || fail "round $round: time went back from $then to $NOW"
done
clock_offset
say "CLOCK_REALTIME is $OFFSET us behind the host's (+- $ERROR us)"
echo kvm-clock > "$clock_sys/current_clocksource"
[ "$areas" = "$(clock_area 0) $(clock_area 1)" ] || fail "an area was moved"
rmmod kvmclock || fail "cannot be unloaded"
clock_writes 4b564d01 12 | grep -v '^1 ' && fail "CPU 0's area was registered anew"
grep -qw kvm-clock-companion "$clock_sys/available_clocksource" && fail "the clocksource is left behind"
clock_is kvm-clock || fail "the clocksource is $(clock_current)"
