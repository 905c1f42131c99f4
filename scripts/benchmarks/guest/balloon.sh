# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# The balloon, seen from the guest.

# touch_memory: use every page once, for the host backs a page only then.
touch_memory() {
	mount -o remount,size=100% /dev/shm
	dd if=/dev/zero of=/dev/shm/fill bs=1M count=$(($(mem_kib MemAvailable) / 1024 - 96)) \
		2> dd.log || fail "memory cannot be filled: $(tail -n 1 dd.log)"
	rm /dev/shm/fill
}

ask() { # BYTES
	vmctl qmp "{\"execute\":\"balloon\",\"arguments\":{\"value\":$1}}" > /dev/null
}

actual() {
	vmctl qmp '{"execute":"query-balloon"}' | sed -n 's/.*"actual": *\([0-9]*\).*/\1/p'
}

is_at() { # BYTES
	[ "$(actual)" = "$1" ]
}

# Asking costs instructions too, and keeps a timer waiting; so it is done rarely.
resize_quietly() { # BYTES
	ask "$1"
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		sleep 3
		is_at "$1" && return 0
	done
	return 1
}

# resize_alone BYTES: how long it takes is in the trace of the host.
resize_alone() {
	resize_quietly "$1" || fail "the balloon stays at $(actual) on its way to $1"
}

# fragment MIB: have so much memory in use, of which every other page is free.
fragment() {
	guestload fragment "$1" > /tmp/ready &
	retry_until 100 grep -q ready /tmp/ready || fail "memory cannot be fragmented"
}

# host_huge: print how many huge pages the host has free.
host_huge() {
	vmctl host 'grep HugePages_Free /proc/meminfo' | awk '{ print $2 }'
}

# resize NAME BYTES: report by how many microseconds a timer of 1 ms was late meanwhile;
# how long it takes is in the trace of the host.
resize() {
	guestload timer > /tmp/late &
	_late=$!
	resize_alone "$2"
	kill $_late
	wait $_late
	put late "$1" "$(cat /tmp/late)"
}

# touch_five NAME MIB COMMAND...: run the command and touch so much memory, five times; report
# the median in milliseconds of those that were not killed, and how many were.
touch_five() {
	_name=$1
	_mib=$2
	shift 2
	_killed=0
	: > /tmp/touched
	for _turn in 1 2 3 4 5; do
		"$@" || fail "the balloon is at $(actual)"
		guestload touch "$_mib" >> /tmp/touched || _killed=$((_killed + 1))
	done
	put touch "$_name" "$(sort -n /tmp/touched | awk '{ all[NR] = $1 }
		END { print NR ? all[int((NR + 1) / 2)] : 0 }')" "$_killed"
}

# The host has taken the memory away and given it back.
cold() { # BYTES BYTES
	resize_alone "$1"
	resize_alone "$2"
}
