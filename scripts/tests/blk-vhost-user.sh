#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# about: a vhost-user backend that is stopped, killed under load and started again, under every timeout_action
# vm: --smp 2 --mem 512M -- -object memory-backend-memfd,id=shared,size=512M,share=on -machine memory-backend=shared -device pcie-root-port,id=hotport,bus=pcie.0,chassis=1
# when: soak
# timeout: 900
. /tests/lib.sh
need_ours virtio_blk

d=/sys/block/vda
c=/sys/kernel/debug/virtio_blk/vda

dir=$(host_folder) || fail "the host does not say where files go"

# The daemon; its signals go to all of it. --daemonize comes back when it listens.
backend() {
	vmctl host "cd '$dir' && qemu-storage-daemon --blockdev driver=file,node-name=img,filename=vu.img \
		--export type=vhost-user-blk,id=e,node-name=img,addr.type=unix,addr.path='$dir/vu.sock',writable=on \
		--pidfile '$dir/vu.pid' --daemonize" || fail "no backend"
}
signal() {
	vmctl host "kill -$1 \$(cat '$dir/vu.pid')" || fail "the backend takes no SIG$1"
}

vmctl host "truncate -s 64M '$dir/vu.img'" || fail "no image"
backend
vmctl qmp "{\"execute\":\"chardev-add\",\"arguments\":{\"id\":\"vu\",\"backend\":{\"type\":\"socket\",\"data\":{\"addr\":{\"type\":\"unix\",\"data\":{\"path\":\"$dir/vu.sock\"}},\"server\":false,\"reconnect\":1}}}}" \
	'{"execute":"device_add","arguments":{"driver":"vhost-user-blk-pci","chardev":"vu","num-queues":1,"id":"hot","bus":"hotport"}}' \
	>/dev/null || fail "the host does not plug in the disk"
retry_until 60 test -b /dev/vda || fail "the disk does not appear"
echo 1 >$c/count

under_way() {
	[ "$(awk 'NR > 1 { s += $2 - $3 } END { print s + 0 }' "$c/queues")" -ge "$1" ]
}
more() {
	[ "$(cat "$d/$1")" -gt "$2" ]
}
all_ended() {
	for p in $pids; do
		kill -0 "$p" 2>/dev/null && return 1
	done
	return 0
}

# load: eight writers of a block each, whose data are new; those that fail are in /tmp/failed
load() {
	dd if=/dev/urandom of=/tmp/x bs=64k count=8 2>/dev/null
	rm -f /tmp/failed
	pids=
	for i in 0 1 2 3 4 5 6 7; do
		{ dd if=/tmp/x of=/dev/vda bs=64k count=1 skip="$i" seek="$i" oflag=direct 2>/tmp/err"$i" ||
			echo "$i" >>/tmp/failed; } &
		pids="$pids $!"
	done
}
# check WHAT: the writers have ended, and what succeeded is on the disk
check() {
	retry_until 180 all_ended ||
		{ dmesg | tail -n 20; cat $c/queues; fail "$1: somebody waits for ever"; }
	dd if=/dev/vda of=/tmp/y bs=64k count=8 iflag=direct 2>/dev/null || fail "$1: cannot be read"
	for i in 0 1 2 3 4 5 6 7; do
		grep -qx "$i" /tmp/failed 2>/dev/null && continue
		dd if=/tmp/x bs=64k count=1 skip="$i" 2>/dev/null >/tmp/b
		dd if=/tmp/y bs=64k count=1 skip="$i" 2>/dev/null | cmp -s - /tmp/b ||
			fail "$1: block $i was written and is not there"
	done
	[ "$(cat $d/recovery_state)" = running ] || fail "$1: $(cat $d/recovery_state)"
	say "$1: $(cat $d/timeouts) late, $(cat $d/timeouts_healed) healed, $(cat $d/resets) resets," \
		"$(cat $d/replayed) sent again, $(wc -l 2>/dev/null </tmp/failed || echo 0) failed"
}

echo 1 >$d/io_timeout

# Stopped and continued: late, and nothing else. It is continued before any reset, in which QEMU
# would wait for it.
for action in wait kick; do
	echo $action >$d/timeout_action
	late=$(cat $d/timeouts)
	signal STOP
	load
	retry_until 60 under_way 8 || fail "the load does not begin"
	retry_until 60 more timeouts "$late" || fail "$action: a stopped backend is not late"
	signal CONT
	check "stopped, $action"
	[ ! -e /tmp/failed ] || fail "a write failed"
	[ "$(cat $d/resets)" = 0 ] || fail "$action resets"
done

# Killed with all of that under way, and started again.
for action in kick reset fail; do
	echo $action >$d/timeout_action
	late=$(cat $d/timeouts)
	resets=$(cat $d/resets)
	signal STOP
	# Only an observer until it is dead: QEMU would wait for a stopped one in a reset.
	echo wait >$d/timeout_action
	load
	retry_until 60 under_way 8 || fail "the load does not begin"
	signal KILL
	echo $action >$d/timeout_action
	retry_until 60 more timeouts "$late" || fail "$action: a dead backend is not late"
	[ $action = kick ] || retry_until 60 more resets "$resets" || fail "$action: no reset"
	backend
	check "killed, $action"
	[ $action = fail ] || [ ! -e /tmp/failed ] || { cat /tmp/err*; fail "$action: a write failed"; }
	if [ $action = fail ] && [ -e /tmp/failed ]; then
		sed 's,^,/tmp/err,' /tmp/failed | xargs grep -L 'timed out' | grep . && fail "not what a timeout says"
	fi
done

# And all is as before.
dd if=/dev/zero of=/dev/vda bs=1M count=8 oflag=direct conv=fsync 2>/dev/null || fail "cannot be written"
cat $c/latency
dmesg | grep -E 'WARNING|BUG|Oops' && fail "the kernel complains"
exit 0
