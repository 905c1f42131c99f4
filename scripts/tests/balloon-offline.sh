#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# about: a full balloon is in nobody's way: memory that goes offline, a module of memory that is unplugged, a huge page of 1 GiB
# vm: --balloon --smp 2 --mem 5G -- -m slots=2,maxmem=8G -cpu max,-erms,-fsrm,-cx16
# host: tcg
# timeout: 500
# when: soak

# shellcheck source=scripts/tests/balloon.sh
. /tests/balloon.sh
need_ours virtio_balloon

dev=$(balloon_device)
debug=/sys/kernel/debug/virtio_balloon/$dev/status
mount -t debugfs debugfs /sys/kernel/debug 2> /dev/null

status() {
	sed -n "s/^$1: //p" "$debug"
}

state_is() {
	[ "$(cat "/sys/bus/virtio/devices/$dev/state")" = "$1" ]
}

blocks() {
	for _block in /sys/devices/system/memory/memory*; do
		echo "${_block##*/}"
	done
}

balloon_keep 32
echo online_movable > /sys/devices/system/memory/auto_online_blocks || fail "cannot set"
blocks > /tmp/before
vmctl qmp '{"execute":"object-add","arguments":{"qom-type":"memory-backend-ram","id":"mem1","size":1073741824}}' \
	'{"execute":"device_add","arguments":{"driver":"pc-dimm","id":"dimm1","memdev":"mem1"}}' > /dev/null ||
	fail "cannot plug memory in"
_plugged() {
	[ "$(mem_kib MemTotal)" -ge 6000000 ]
}
retry_until 60 _plugged || fail "the guest has $(mem_kib MemTotal) KiB with a module of 1 GiB"
blocks > /tmp/after
new=$(grep -vxFf /tmp/before /tmp/after)
say "$(echo "$new" | wc -l) blocks of memory were plugged in"

# 5248 of 6144 MiB are in the balloon, so the module is full of it.
balloon_target 896
retry_until 120 state_is reached || fail "the state is $(cat "/sys/bus/virtio/devices/$dev/state")"
say "the balloon has $(status held_kb) KiB"

block=$(echo "$new" | head -n 1)
moved=$(status moved)
echo offline > "/sys/devices/system/memory/$block/state" || fail "$block does not go offline"
say "$block is offline, $(($(status moved) - moved)) pages of the balloon moved"
[ "$(status moved)" -gt "$moved" ] || fail "no page of the balloon was there"
echo online_movable > "/sys/devices/system/memory/$block/state" || fail "$block does not come back"
retry_until 60 state_is reached || fail "the target is not reached after the block was back"

# A huge page needs a range of 1 GiB that is full of the balloon.
huge=/sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages
if [ -e $huge ]; then
	moved=$(status moved)
	echo 1 > $huge
	[ "$(cat $huge)" = 1 ] || fail "no huge page of 1 GiB"
	say "a huge page of 1 GiB, $(($(status moved) - moved)) pages of the balloon moved"
	echo 0 > $huge
	retry_until 60 state_is reached || fail "the target is not reached without the huge page"
else
	say "this CPU has no huge pages of 1 GiB"
fi

# The host takes the module away. The balloon must shrink for that, as the guest does.
balloon_target 5500
retry_until 60 state_is reached || fail "the target is not reached before the unplug"
moved=$(status moved)
vmctl qmp '{"execute":"device_del","arguments":{"id":"dimm1"}}' > /dev/null || fail "cannot unplug"
_unplugged() {
	blocks > /tmp/now
	cmp -s /tmp/now /tmp/before
}
retry_until 120 _unplugged || fail "the module stays: $(blocks | wc -l) blocks"
say "the module is gone, $(($(status moved) - moved)) pages of the balloon moved"
balloon_kept
balloon_no_oom
