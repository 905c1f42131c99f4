#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# about: requests that a slow host keeps survive a reset, or are failed; nothing is lost, and wrong values are refused
# vm: --disk 64M,num-queues=2 --smp 2 --mem 512M
# when: soak
# timeout: 240
. /tests/lib.sh
need_ours virtio_blk

d=/sys/block/vda

# throttle N: the host does N requests a second; 0 for as many as it can. A reset
# makes it do at once what it has.
throttle() {
	vmctl qmp "{\"execute\":\"block_set_io_throttle\",\"arguments\":{\"id\":\"/machine/peripheral/blk0/virtio-backend\",\"bps\":0,\"bps_rd\":0,\"bps_wr\":0,\"iops\":$1,\"iops_rd\":0,\"iops_wr\":0}}" \
		>/dev/null || fail "the host cannot be slowed down"
}

more() {
	[ "$(cat "$d/$1")" -gt "$2" ]
}

# refused ATTRIBUTE VALUE TEXT
refused() {
	old=$(cat "$d/$1")
	dmesg -C
	(echo "$2" >"$d/$1") 2>/dev/null && fail "$1 took '$2'"
	dmesg | grep -qF "$1=$2" || fail "$1=$2: no message"
	[ "$(cat "$d/$1")" = "$old" ] || fail "$1: '$2' was refused and had an effect"
}

[ "$(cat $d/io_timeout),$(cat $d/timeout_action),$(cat $d/reset_timeout)" = 0,reset,30 ] || fail "defaults"
refused io_timeout 86401
refused io_timeout soon
refused reset_timeout 0
refused timeout_action panic
say "wrong values are refused"

dd if=/dev/urandom of=/tmp/x bs=64k count=8 2>/dev/null
echo 1 >$d/io_timeout
echo reset >$d/timeout_action
throttle 1
dmesg -C
for i in $(seq 0 7); do
	dd if=/tmp/x of=/dev/vda bs=64k count=1 skip="$i" seek="$i" oflag=direct 2>/dev/null || : >/tmp/failed &
done
retry_until 30 more resets 0 || { dmesg; fail "no reset"; }
throttle 0
wait
[ ! -e /tmp/failed ] || { dmesg; fail "a write failed"; }
dd if=/dev/vda of=/tmp/y bs=64k count=8 iflag=direct 2>/dev/null || fail "cannot be read"
cmp /tmp/x /tmp/y || fail "the disk does not have what was written"
# The host drains its disk in a reset, so all of it may have been done.
[ "$(cat $d/recovery_state)" = running ] || fail "recovery_state is $(cat $d/recovery_state)"
say "$(cat $d/resets) resets, $(cat $d/timeouts) late, $(cat $d/replayed) sent again"

n=$(cat $d/resets)
echo fail >$d/timeout_action
throttle 1
for i in $(seq 0 7); do
	dd if=/dev/vda of="/tmp/r$i" bs=64k count=1 skip="$i" iflag=direct 2>/dev/null || echo "$i" >>/tmp/failed &
done
retry_until 30 more resets "$n" || { dmesg; fail "no reset"; }
throttle 0
wait
n=$(wc -l 2>/dev/null </tmp/failed || echo 0)
# What the host had done by the reset succeeds, and has to be right.
for i in $(seq 0 7); do
	grep -qx "$i" /tmp/failed 2>/dev/null && continue
	dd if=/tmp/x bs=64k count=1 skip="$i" 2>/dev/null | cmp - "/tmp/r$i" || fail "read $i is wrong"
done
dd if=/dev/vda of=/tmp/y bs=64k count=8 iflag=direct 2>/dev/null || fail "cannot be read afterwards"
cmp /tmp/x /tmp/y || fail "the disk does not have what was written"
say "$(cat $d/resets) resets, $n reads failed, and it works again"
dmesg | grep -E 'WARNING|BUG|Oops' && fail "the kernel complains"
exit 0
