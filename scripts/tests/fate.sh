# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# What a host may do to its guest, and what the module says of it, whatever its mode: the clock's tests
# do `. /tests/fate.sh`. A test loads the module after clock_tell_uevents /tmp/uevents, and calls
# fate_all. The guest is a nested one.

# shellcheck source=scripts/tests/clock.sh
. /tests/clock.sh

# fate_clocks: RTC and PTP clock show the host's time, and the RTC cannot be set.
fate_clocks() {
	_rtc=$(clock_rtc) || fail "there is no RTC of the module"
	_before=$(vmctl host 'date +%s')
	_seen=$(hwclock -r -u -f "/dev/$_rtc") || fail "hwclock cannot read $_rtc"
	_after=$(vmctl host 'date +%s')
	_seen=$(date -u -d "$_seen" +%s)
	if [ "$_seen" -lt $((_before - 1)) ] || [ "$_seen" -gt $((_after + 1)) ]; then
		fail "$_rtc shows $_seen, the host $_before to $_after"
	fi
	hwclock -w -u -f "/dev/$_rtc" 2> /tmp/err && fail "$_rtc can be set"
	grep -q "Operation not supported" /tmp/err || fail "setting $_rtc: $(cat /tmp/err)"
	say "$_rtc shows $_seen, the host $_before to $_after; setting it: $(cut -c1-90 /tmp/err)"

	_ptp=$(clock_ptp) || fail "there is no PTP clock of the module"
	_before=$(cat "$clock_dev/host_wall_time")
	clocktool stamps "/dev/$_ptp" > /tmp/stamp || fail "$_ptp cannot be read: $(cat /tmp/stamp)"
	clock_stamp_is_right "$_before" /tmp/stamp
	[ "$(clock_pairings paired)" -gt 0 ] || fail "the host gave no pairing: $(cat "$clock_debug/ptp")"
	[ "$(clock_pairings unpaired)" = 0 ] || fail "some without a pairing: $(cat "$clock_debug/ptp")"
}

# fate_event KIND SECONDS: the last event is of that kind, and as long.
fate_event() {
	awk -v kind="$1" -v least="$2" '{ exit !($1 == kind && $2 > least * 1e9) }' \
		"$clock_dev/last_event" || fail "the last event is $(cat "$clock_dev/last_event")"
}

# fate_pause: the guest is stopped for 30 s.
fate_pause() {
	clock_now
	_then=$NOW
	clock_stopped_for 30
	clock_now
	[ "$NOW" -ge "$_then" ] || fail "time went back by the pause"
	clock_happened "a pause of 30 s" 1 0 0
	fate_event pause 29
	clock_stepped 1 29
}

# fate_restore: a snapshot is taken, and gone back to 20 s later.
fate_restore() {
	vmctl host 'qemu-img create -f qcow2 /run/snapshot 1G' > /dev/null ||
		fail "no place for a snapshot"
	clock_now
	_then=$NOW
	vmctl qmp '{"execute":"blockdev-add","arguments":{"driver":"qcow2","node-name":"snap",'\
'"file":{"driver":"file","filename":"/run/snapshot"}}}' > /dev/null || fail "no snapshot disk"
	vmctl qmp '{"execute":"stop"}' \
		'{"execute":"human-monitor-command","arguments":{"command-line":"savevm one"}}' \
		'{"execute":"rig-sleep","arguments":{"seconds":20}}' \
		'{"execute":"human-monitor-command","arguments":{"command-line":"loadvm one"}}' \
		'{"execute":"cont"}' > /tmp/answers ||
		fail "the guest cannot be restored: $(cat /tmp/answers)"
	grep -q Error /tmp/answers && fail "no snapshot: $(cat /tmp/answers)"
	clock_now
	[ "$NOW" -ge "$_then" ] || fail "time went back by the restore"
	clock_happened "a restore" 1 1 0
	fate_event restore 19
	clock_stepped 2 19
}

# fate_migration: another QEMU goes on with the guest, after a while.
fate_migration() {
	clock_now
	_then=$NOW
	_wall=$(date +%s)
	vmctl qmp '{"execute":"rig-migrate"}' > /dev/null || fail "the guest cannot be migrated"
	clock_now
	[ "$NOW" -ge "$_then" ] || fail "time went back by the migration"
	clock_happened "a migration, $(($(date +%s) - _wall)) s by our clock" 1 2 0
	clock_stepped 3 0
	clock_is kvm-clock || fail "the clocksource is $(clock_current)"
}

# fate_told: each event was told once, in the log and by a uevent, and each step by a uevent.
fate_told() {
	say "$(cat /tmp/uevents)"
	say "$(clock_said)"
	for _event in "pause 1" "restore 1" "restore 2"; do
		[ "$(grep -c "^kvmclock $_event\$" /tmp/uevents)" = 1 ] || fail "not one uevent of $_event"
		[ "$(clock_said | grep -c "^kvmclock: $_event: ")" = 1 ] || fail "not one line of $_event"
	done
	[ "$(wc -l < /tmp/uevents)" = 6 ] || fail "not six uevents"
	clock_wall_is_right
	[ "$(cat "$clock_dev/bad_reads")" = 0 ] || fail "bad_reads is $(cat "$clock_dev/bad_reads")"
}

# fate_all: all of the above, with wall_step=restore; nothing has happened so far.
fate_all() {
	echo restore > /sys/module/kvmclock/parameters/wall_step || fail "wall_step=restore is refused"
	clock_counts_are 0 0 0 || fail "nothing happened, and the counters are $(clock_counts)"
	fate_clocks
	fate_pause
	fate_restore
	fate_migration
	fate_told
}
