#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# about: unbinding and unloading under load costs the load its disk and nothing else
# check: 6.1
# vm: --disk 64M,num-queues=2 --disk 64M,num-queues=1 --smp 2 --mem 512M
# timeout: 420
. /tests/lib.sh
need_ours virtio_blk

driver=/sys/bus/virtio/drivers/virtio_blk

# start_load DISK: keep a disk busy in the background, in several ways at once. Each of
# them writes: who only reads sees the end of the disk, and takes it for no error.
start_load() {
	fio --ioengine=io_uring --direct=1 --time_based --runtime=60 --filename="/dev/$1" \
		--continue_on_error=none --name=a --rw=randrw --bs=4k --iodepth=64 \
		--name=b --rw=write --bs=512k --iodepth=8 --direct=0 --ioengine=psync --fsync=16 \
		--name=c --rw=randrw --bsrange=512-256k --iodepth=16 >"/tmp/load.$1" 2>&1 &
	echo $! >"/tmp/pid.$1"
}

# end_load DISK: the load has to end by itself, for want of a disk.
end_load() {
	pid=$(cat "/tmp/pid.$1")
	retry_until 30 gone "$pid" || fail "$1: the load hangs after its disk is gone"
	wait "$pid" && fail "$1: the load did not notice that its disk was gone"
	grep -E 'error=|err=' "/tmp/load.$1" |
		grep -vE 'Input/output error|No such device|err= 0|No space left|Bad file' >/tmp/strange &&
		{ cat /tmp/strange; fail "$1: the load failed in a strange way"; }
}

gone() {
	! kill -0 "$1" 2>/dev/null
}

busy() {
	[ "$(awk '{ print $1 + $5 }' "/sys/block/$1/stat")" -gt "$2" ]
}

for i in $(seq 3); do
	for disk in vda vdb; do
		dev=$(basename "$(readlink /sys/block/$disk/device)")
		at=$(awk '{ print $1 + $5 }' /sys/block/$disk/stat)
		start_load $disk
		retry_until 20 busy $disk $((at + 200 * i)) || fail "$disk: no load"
		echo "$dev" >$driver/unbind || fail "$disk: cannot be unbound"
		end_load $disk
		echo "$dev" >$driver/bind || fail "$disk: cannot be bound"
		[ -b /dev/$disk ] || retry_until 5 test -b /dev/$disk || fail "$disk: did not come back"
	done
done
say "6 times unbound under load"

for i in $(seq 2); do
	start_load vda
	retry_until 20 busy vda $((100 * i)) || fail "no load"
	rmmod virtio_blk 2>/dev/null && fail "unloaded while its disk was open"
	for dev in "$driver"/virtio*; do
		echo "${dev##*/}" >$driver/unbind
	done
	end_load vda
	retry_until 10 rmmod virtio_blk || fail "cannot be unloaded"
	modprobe virtio_blk || fail "cannot be loaded again"
	retry_until 5 test -b /dev/vdb || fail "the disks did not come back"
done
say "2 times unloaded after load"

for _ in $(seq 5); do
	rmmod virtio_blk || fail "cannot be unloaded"
	modprobe virtio_blk || fail "cannot be loaded"
done
retry_until 5 test -b /dev/vda || fail "the disks did not come back"
fio --name=end --filename=/dev/vda --direct=1 --rw=randwrite --bs=4k --size=4M --iodepth=8 \
	--ioengine=io_uring --verify=crc32c >/tmp/fio 2>&1 || { cat /tmp/fio; fail "wrong data"; }
say "5 times unloaded, and the disk still works"
