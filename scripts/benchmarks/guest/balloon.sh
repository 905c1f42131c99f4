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

# Asking costs instructions too; a window asks rarely.
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
	if ! ask "$2" || ! retry_until 250 is_at "$2"; then
		fail "the balloon stays at $(actual) on its way to $2"
	fi
	kill $_late
	wait $_late
	put late "$1" "$(cat /tmp/late)"
}
