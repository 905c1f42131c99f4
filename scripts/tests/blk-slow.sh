#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# about: a host that needs 14 s for each request, under every timeout_action: each is answered once, and right
# vm: --smp 2 --mem 512M -- -blockdev driver=null-co,node-name=f0,size=67108864,read-zeroes=on -blockdev driver=raw,node-name=n0,file=f0 -blockdev driver=null-co,node-name=s0,size=67108864,read-zeroes=on,latency-ns=14000000000 -device virtio-blk-pci,drive=n0
# when: soak
# timeout: 400
. /tests/lib.sh
need_ours virtio_blk

d=/sys/block/vda
# Not slow before, as partitions are looked for.
vmctl qmp '{"execute":"blockdev-reopen","arguments":{"options":[{"driver":"raw","node-name":"n0","file":"s0"}]}}' \
	>/dev/null || fail "the host cannot be made slow"

# In a reset QEMU waits for what it has, so that it is done, and none of its timers run meanwhile.
# Late after a second is noticed in 6 at most.
echo 1 >$d/io_timeout
for action in wait kick reset fail; do
	echo $action >$d/timeout_action
	late=$(cat $d/timeouts)
	resets=$(cat $d/resets)
	rm -f /tmp/ended
	for i in 0 1 2 3; do
		(
			dd if=/dev/vda of=/tmp/r$i bs=4k count=1 skip=$i iflag=direct 2>/dev/null
			echo $? >>/tmp/ended
		) &
	done
	wait
	[ "$(wc -l </tmp/ended)" = 4 ] || fail "$action: $(wc -l </tmp/ended) of 4 reads have ended"
	say "$action: $(($(cat $d/timeouts) - late)) late, $(($(cat $d/resets) - resets)) resets," \
		"$(cat $d/replayed) sent again, $(grep -vc '^0$' /tmp/ended) failed"
	[ "$(cat $d/timeouts)" -gt "$late" ] || fail "$action: 14 s are not late"
	[ "$(cat $d/recovery_state)" = running ] || fail "$action: $(cat $d/recovery_state)"
	case $action in
	wait | kick) [ "$(cat $d/resets)" = "$resets" ] || fail "$action resets" ;;
	*) [ "$(cat $d/resets)" -gt "$resets" ] || fail "$action: no reset" ;;
	esac
	[ $action = fail ] || ! grep -qv '^0$' /tmp/ended || fail "$action: a read failed"
done
dmesg | grep -E 'WARNING|BUG|Oops' && fail "the kernel complains"
exit 0
