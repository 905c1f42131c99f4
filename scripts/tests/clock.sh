# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# Helpers for the clock's tests: `. /tests/clock.sh`. Those in a nested guest have an outer one with
# one CPU (--outer-smp 1): with several the emulation may run code that was just patched, and the
# inner guest dies of that without a proof. See Documentation/rig.md, known limits.

# shellcheck source=scripts/guest/lib.sh
. /tests/lib.sh

clock_sys=/sys/devices/system/clocksource/clocksource0
clock_dev=/sys/devices/platform/kvmclock
# shellcheck disable=SC2034
clock_drv=/sys/bus/platform/drivers/kvmclock
clock_debug=/sys/kernel/debug/kvmclock
clock_trace=/sys/kernel/tracing
clock_msr=0x4b564d01	# MSR_KVM_SYSTEM_TIME_NEW

# clock_current: print the current clocksource.
clock_current() {
	cat "$clock_sys/current_clocksource"
}

# clock_is NAME: say whether NAME is the current clocksource.
clock_is() {
	[ "$(clock_current)" = "$1" ]
}

# clock_available: say whether kvm-clock can be chosen.
clock_available() {
	grep -qw kvm-clock "$clock_sys/available_clocksource"
}

# clock_load: load the module; kvm-clock becomes current.
clock_load() {
	modprobe kvmclock || fail "kvmclock cannot be loaded: $(clock_said | tail -n 1)"
	need_ours kvmclock
	[ "$(cat "$clock_dev/mode")" = owner ] || fail "the mode is $(cat "$clock_dev/mode")"
	clock_available || fail "kvm-clock is not available after the module was loaded"
	retry_until 10 clock_is kvm-clock || fail "the clocksource is $(clock_current)"
}

# clock_said: what the module said so far, without time stamps.
clock_said() {
	dmesg | sed -n 's/^\[[^]]*\] //; /^kvmclock: /p' | grep -v -e out-of-tree -e 'module verification'
}

# clock_area CPU: print the value of the MSR that registers the area of an online CPU.
clock_area() {
	[ -e "/dev/cpu/$1/msr" ] || modprobe msr || fail "no module msr"
	dd "if=/dev/cpu/$1/msr" bs=8 count=1 skip=$((clock_msr)) iflag=skip_bytes 2> /dev/null |
		od -An -v -tx8 | tr -d ' '
}

# clock_unregistered CPU: say whether the host has no area of the CPU.
clock_unregistered() {
	case $(clock_area "$1") in
	*[02468ace]) return 0 ;;
	*) return 1 ;;
	esac
}

# clock_trace_on: from now on record each write of the clock's MSRs.
clock_trace_on() {
	[ -d "$clock_trace/events" ] || mount -t tracefs trace "$clock_trace"
	_event=$clock_trace/events/msr/write_msr
	echo "msr == $((clock_msr)) || msr == $((clock_msr - 1)) || msr == 0x11 || msr == 0x12" \
		> "$_event/filter" || fail "no trace of MSRs"
	echo > "$clock_trace/trace"
	echo 1 > "$_event/enable" || fail "no trace of MSRs"
}

# clock_writes MSR...: print CPU and value of each write of one of them, in hexadecimal
# digits, that was recorded. The areas are 4b564d01 and 12, the wall clock 4b564d00 and 11.
clock_writes() {
	for _msr; do
		sed -n "s/.* \[0*\([0-9][0-9]*\)\] .* write_msr: $_msr, value \([0-9a-f]*\)\$/\1 \2/p" \
			"$clock_trace/trace"
	done
}

# clock_now: set NOW to the monotonic clock in nanoseconds, without a new process.
clock_now() {
	while read -r _word _at NOW _; do
		[ "$_word $_at" = "now at" ] && return 0
	done < /proc/timer_list
	fail "/proc/timer_list has no time"
}

# clock_player CPU FROM TO ROUNDS: one side of clock_ping_pong.
clock_player() {
	taskset -cp "$1" "$(exec sh -c 'echo $PPID')" > /dev/null || fail "no CPU $1"
	exec 3<> "$2" 4<> "$3"
	_left=$4
	_worst=0
	while [ "$_left" -gt 0 ]; do
		read -r _then <&3
		clock_now
		[ $((_then - NOW)) -le "$_worst" ] || _worst=$((_then - NOW))
		echo "$NOW" >&4
		_left=$((_left - 1))
	done
	[ "$_worst" = 0 ] || fail "CPU $1 saw the other one's time $_worst ns in the future"
}

# clock_ping_pong ROUNDS: CPU 0 and 1 pass the time to and fro; it never goes back.
clock_ping_pong() {
	_ping=$(mktemp -u) _pong=$(mktemp -u)
	mkfifo "$_ping" "$_pong" || fail "no fifo"
	(clock_player 0 "$_pong" "$_ping" "$1") &
	_first=$!
	(clock_player 1 "$_ping" "$_pong" "$1") &
	_second=$!
	echo 0 > "$_pong"
	wait "$_first" || fail "time went back between CPUs"
	wait "$_second" || fail "time went back between CPUs"
	rm -f "$_ping" "$_pong"
}

# clock_offset: set OFFSET to the host's time minus the guest's, in microseconds, and
# ERROR to how wrong that may be: the best of several questions.
clock_offset() {
	ERROR=999999999
	for _ in 1 2 3 4; do
		_before=$(date +%s%6N)
		_host=$(vmctl host 'date +%s%6N') || fail "the host does not tell the time"
		_after=$(date +%s%6N)
		[ $(((_after - _before) / 2)) -lt "$ERROR" ] || continue
		ERROR=$(((_after - _before) / 2))
		OFFSET=$((_host - (_before + _after) / 2))
	done
}

# clock_runs_true COMMAND...: the guest's clock and the host's go the same way meanwhile.
clock_runs_true() {
	clock_offset
	_offset=$OFFSET _error=$ERROR _start=$(uptime_ms)
	"$@"
	clock_offset
	_drift=$((OFFSET - _offset))
	say "in $(($(uptime_ms) - _start)) ms the host's clock gained $_drift us" \
		"(+- $((_error + ERROR)) us)"
	_bound=$((_error + ERROR + 20000))
	[ "${_drift#-}" -lt "$_bound" ] ||
		fail "the guest's clock and the host's differ by more than $_bound us"
}

# clock_wall_is_right: host_wall_time, read before and after the host's own clock.
clock_wall_is_right() {
	_before=$(cat "$clock_dev/host_wall_time") || fail "host_wall_time cannot be read"
	_host=$(vmctl host 'date +%s.%N') || fail "the host does not tell the time"
	_after=$(cat "$clock_dev/host_wall_time") || fail "host_wall_time cannot be read"
	say "host_wall_time $_before, the host itself $_host, host_wall_time $_after"
	echo "$_before $_host $_after" | awk '{ exit !($1 < $2 + 0.02 && $2 < $3 + 0.02) }' ||
		fail "host_wall_time is not the host's"
}

# clock_is_near WHEN: CLOCK_REALTIME is the host's, 10.77.0.1's, by 50 ms.
clock_is_near() {
	clocktool offset 10.77.0.1 5 > /tmp/offset || fail "$(cat /tmp/offset)"
	say "$1: $(cat /tmp/offset)"
	awk '{ exit !($4 == "+-" && $2 + $5 <= 50000 && $2 - $5 >= -50000) }' /tmp/offset ||
		fail "$1: CLOCK_REALTIME is not the host's"
}

# clock_stopped_for SECONDS: the host stops the guest and lets it go on.
clock_stopped_for() {
	vmctl qmp '{"execute":"stop"}' '{"execute":"rig-sleep","arguments":{"seconds":'"$1"'}}' \
		'{"execute":"cont"}' > /dev/null || fail "the guest cannot be stopped"
}

# _hears: say whether somebody listens to uevents.
_hears() {
	awk '$2 == 15 && $4 != "00000000" { n++ } END { exit !n }' /proc/net/netlink
}

# clock_tell_uevents FILE: from now on write there what the module tells user space: "kvmclock
# EVENT COUNT", or "kvmclock wall-step SECONDS", cut off (nanoseconds below a tenth of one).
clock_tell_uevents() {
	: > "$1"
	# shellcheck disable=SC2016  # of each event
	uevent sh -c '[ -z "$KVMCLOCK_EVENT" ] ||
		echo "kvmclock $KVMCLOCK_EVENT ${KVMCLOCK_COUNT:-${KVMCLOCK_STEP%?????????}}" >> "'"$1"'"' &
	retry_until 10 _hears || fail "nobody listens to uevents"
}

# clock_counts: print the counters of pauses, restores and steps of the host's clock.
clock_counts() {
	echo "$(cat "$clock_dev/pauses") $(cat "$clock_dev/restores") $(cat "$clock_dev/host_steps")"
}

# clock_counts_are PAUSES RESTORES STEPS: say whether the counters are these.
clock_counts_are() {
	[ "$(clock_counts)" = "$*" ]
}

# clock_happened WHAT PAUSES RESTORES STEPS: the counters become these, and stay, although what
# follows within 5 s belongs to the same event.
clock_happened() {
	_what=$1
	shift
	retry_until 120 clock_counts_are "$@" || fail "$_what: the counters are $(clock_counts), not $*"
	say "$_what: $(cat "$clock_dev/last_event"), merged $(cat "$clock_dev/merged")"
	sleep 7
	clock_counts_are "$@" || fail "$_what: the counters went on to $(clock_counts)"
}

# clock_stepped TIMES SECONDS: CLOCK_REALTIME was set so often, the last time by at least so much,
# and is the host's.
clock_stepped() {
	_lines=$(clock_said | sed -n 's/^kvmclock: CLOCK_REALTIME set from .* by \([0-9]*\) ns$/\1/p')
	[ "$(echo "$_lines" | wc -w)" = "$1" ] || fail "CLOCK_REALTIME was set by $_lines, not $1 times"
	echo "$_lines" | tail -n 1 | awk -v least="$2" '{ exit !($1 > least * 1e9) }' ||
		fail "CLOCK_REALTIME was set by $_lines, not by $2 s"
	clock_offset
	say "CLOCK_REALTIME is $OFFSET us behind the host's (+- $ERROR us)"
	[ "${OFFSET#-}" -le $((ERROR + 100000)) ] || fail "CLOCK_REALTIME is not the host's"
}

# clock_rtc: print the name of the module's RTC.
clock_rtc() {
	grep -l '^rtc-kvm-clock' /sys/class/rtc/rtc*/name | sed 's,.*/\(rtc[0-9]*\)/name,\1,' | grep .
}

# clock_pairings KIND: how many of the PTP clock's moments were paired by the host, or unpaired.
clock_pairings() {
	sed -n "s/^$1 //p" "$clock_debug/ptp"
}

# clock_ptp: print the name of the module's PTP clock.
clock_ptp() {
	grep -lx kvm-clock /sys/class/ptp/ptp*/clock_name | sed 's,.*/\(ptp[0-9]*\)/.*,\1,' | grep .
}

# clock_stamp_is_right BEFORE FILE [KIND]: what `clocktool stamps` wrote, extended or another kind,
# lies between the host's wall time then and now.
clock_stamp_is_right() {
	_after=$(cat "$clock_dev/host_wall_time")
	say "$(cat "$2")"
	sed -n "s/^${3:-extended}: device \([0-9.]*\) .*/\1/p" "$2" |
		awk -v from="$1" -v to="$_after" '{ n++; bad += $1 < from - 0.02 || $1 > to + 0.02 }
			END { exit n != 1 || bad }' ||
		fail "the host's wall clock was $1 before and $_after after that"
}
