#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# about: polled I/O is right, and needs no interrupt
# check: 6.1
# vm: --disk 64M,num-queues=2 --smp 2 --mem 512M
# timeout: 180
. /tests/lib.sh
need_ours virtio_blk

interrupts() {
	awk '/virtio.-req/ { for (i = 2; i <= 3; i++) s += $i } END { print s + 0 }' /proc/interrupts
}

rmmod virtio_blk
modprobe virtio_blk poll_queues=1 || fail "cannot be loaded with poll_queues=1"
retry_until 5 test -b /dev/vda || fail "no disk"
[ "$(cat /sys/kernel/debug/block/vda/hctx0/type)" = default ] || fail "queue 0 is not for all"
[ "$(cat /sys/kernel/debug/block/vda/hctx1/type)" = poll ] || fail "queue 1 is not for polling"
[ "$(cat /sys/block/vda/queue/io_poll)" = 1 ] || fail "the disk does not offer polling"

before=$(interrupts)
fio --name=poll --filename=/dev/vda --direct=1 --ioengine=io_uring --hipri --iodepth=16 \
	--rw=randwrite --bsrange=512-64k --size=24M --numjobs=2 --offset_increment=24M \
	--verify=crc32c --group_reporting >/tmp/fio 2>&1 || { cat /tmp/fio; fail "wrong data"; }
polled=$(($(interrupts) - before))
ios=$(sed -n 's/.*issued rwts: total=\([0-9]*\),\([0-9]*\).*/\1 \2/p' /tmp/fio | awk '{ print $1 + $2 }')
[ "${ios:-0}" -gt 1000 ] || { cat /tmp/fio; fail "fio did only ${ios:-0} requests"; }
[ "$polled" -lt $((ios / 20)) ] || fail "$polled interrupts for $ios polled requests"
say "$ios polled requests, $polled interrupts"

before=$(interrupts)
fio --name=irq --filename=/dev/vda --direct=1 --ioengine=io_uring --iodepth=4 --rw=randread \
	--bs=4k --number_ios=500 --size=48M >/tmp/fio 2>&1 || fail "unpolled reads fail"
[ "$(interrupts)" -gt "$before" ] || fail "no interrupt without polling"
say "and without polling there are $(($(interrupts) - before)) for 500 requests"

# Unbinding while somebody polls.
dev=$(basename "$(readlink /sys/block/vda/device)")
fio --name=end --filename=/dev/vda --direct=1 --ioengine=io_uring --hipri --iodepth=32 \
	--rw=randrw --bs=4k --time_based --runtime=30 >/tmp/fio 2>&1 &
sleep 2
echo "$dev" >/sys/bus/virtio/drivers/virtio_blk/unbind
gone() {
	! kill -0 $! 2>/dev/null
}
retry_until 20 gone || fail "who polls does not notice that the disk is gone"
say "unbound under polled load"
