#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# about: a pause, going back to a snapshot and a migration are one event each; RTC and PTP clock
# when: soak
# vm: --outer-smp 1 --smp 2 --mem 256M --no-load --append no-kvmclock
# host: nested
# timeout: 900

# shellcheck source=scripts/tests/clock.sh
. /tests/clock.sh

# Everything that the module tells user space, one event a line.
clock_tell_uevents /tmp/uevents
clock_load
echo restore > /sys/module/kvmclock/parameters/wall_step || fail "wall_step=restore is refused"
clock_counts_are 0 0 0 || fail "nothing happened, and the counters are $(clock_counts)"

rtc=$(clock_rtc) || fail "there is no RTC of the module"
before=$(vmctl host 'date +%s')
seen=$(hwclock -r -u -f "/dev/$rtc") || fail "hwclock cannot read $rtc"
after=$(vmctl host 'date +%s')
seen=$(date -u -d "$seen" +%s)
if [ "$seen" -lt $((before - 1)) ] || [ "$seen" -gt $((after + 1)) ]; then
	fail "$rtc shows $seen, the host $before to $after"
fi
hwclock -w -u -f "/dev/$rtc" 2> /tmp/err && fail "$rtc can be set"
grep -q "Operation not supported" /tmp/err || fail "setting $rtc: $(cat /tmp/err)"
say "$rtc shows $seen, the host $before to $after; setting it: $(cut -c1-90 /tmp/err)"

ptp=$(clock_ptp) || fail "there is no PTP clock of the module"
before=$(cat "$clock_dev/host_wall_time")
clocktool stamps "/dev/$ptp" > /tmp/stamp || fail "$ptp cannot be read: $(cat /tmp/stamp)"
clock_stamp_is_right "$before" /tmp/stamp
[ "$(clock_pairings paired)" -gt 0 ] || fail "the host gave no pairing: $(cat "$clock_debug/ptp")"
[ "$(clock_pairings unpaired)" = 0 ] || fail "some without a pairing: $(cat "$clock_debug/ptp")"

clock_now
then=$NOW
vmctl qmp '{"execute":"stop"}' '{"execute":"rig-sleep","arguments":{"seconds":30}}' \
	'{"execute":"cont"}' > /dev/null || fail "the guest cannot be stopped"
clock_now
[ "$NOW" -ge "$then" ] || fail "time went back by the pause"
clock_happened "a pause of 30 s" 1 0 0
awk '{ exit !($1 == "pause" && $2 > 29e9) }' "$clock_dev/last_event" ||
	fail "the last event is $(cat "$clock_dev/last_event")"
clock_stepped 1 29

# A snapshot that is taken, and gone back to 20 s later.
vmctl host 'qemu-img create -f qcow2 /run/snapshot 1G' > /dev/null || fail "no place for a snapshot"
clock_now
then=$NOW
vmctl qmp '{"execute":"blockdev-add","arguments":{"driver":"qcow2","node-name":"snap",'\
'"file":{"driver":"file","filename":"/run/snapshot"}}}' > /dev/null || fail "no snapshot disk"
vmctl qmp '{"execute":"stop"}' \
	'{"execute":"human-monitor-command","arguments":{"command-line":"savevm one"}}' \
	'{"execute":"rig-sleep","arguments":{"seconds":20}}' \
	'{"execute":"human-monitor-command","arguments":{"command-line":"loadvm one"}}' \
	'{"execute":"cont"}' > /tmp/answers || fail "the guest cannot be restored: $(cat /tmp/answers)"
grep -q Error /tmp/answers && fail "no snapshot: $(cat /tmp/answers)"
clock_now
[ "$NOW" -ge "$then" ] || fail "time went back by the restore"
clock_happened "a restore" 1 1 0
awk '{ exit !($1 == "restore" && $2 > 19e9) }' "$clock_dev/last_event" ||
	fail "the last event is $(cat "$clock_dev/last_event")"
clock_stepped 2 19

# Another QEMU goes on with the guest, after a while.
clock_now
then=$NOW
wall=$(date +%s)
vmctl qmp '{"execute":"rig-migrate"}' > /dev/null || fail "the guest cannot be migrated"
clock_now
[ "$NOW" -ge "$then" ] || fail "time went back by the migration"
clock_happened "a migration, $(($(date +%s) - wall)) s by our clock" 1 2 0
clock_stepped 3 0
clock_is kvm-clock || fail "the clocksource is $(clock_current)"

say "$(cat /tmp/uevents)"
say "$(clock_said)"
for event in "pause 1" "restore 1" "restore 2"; do
	[ "$(grep -c "^kvmclock $event\$" /tmp/uevents)" = 1 ] || fail "not one uevent of $event"
	[ "$(clock_said | grep -c "^kvmclock: $event: ")" = 1 ] || fail "not one line of $event"
done
[ "$(wc -l < /tmp/uevents)" = 6 ] || fail "not six uevents"
clock_wall_is_right
[ "$(cat "$clock_dev/bad_reads")" = 0 ] || fail "bad_reads is $(cat "$clock_dev/bad_reads")"
