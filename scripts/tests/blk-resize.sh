#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# about: the disk follows the size that the host gives it, under load too
# check: 6.12
# vm: --disk 64M,num-queues=2 --smp 2 --mem 512M
# timeout: 120
. /tests/lib.sh
need_ours virtio_blk

sectors() {
	[ "$(cat /sys/block/vda/size)" = "$1" ]
}

resize() {
	vmctl qmp "{\"execute\":\"block_resize\",\"arguments\":{\"node-name\":\"disk0\",\"size\":$(($1 * 512))}}" \
		>/dev/null || fail "the host does not resize"
	retry_until 5 sectors "$1" || fail "the disk has $(cat /sys/block/vda/size) sectors, not $1"
}

sectors 131072 || fail "the disk has $(cat /sys/block/vda/size) sectors at first"
fio --name=load --filename=/dev/vda --direct=1 --rw=randread --bs=4k --iodepth=16 --size=32M \
	--ioengine=io_uring --time_based --runtime=30 >/tmp/fio 2>&1 &
pid=$!
dmesg -C
resize 262144
dmesg | grep -q '\[vda\] new size: 262144 sectors' || { dmesg; fail "no message"; }
dd if=/dev/urandom of=/tmp/x bs=1M count=1 2>/dev/null
dd if=/tmp/x of=/dev/vda bs=1M seek=127 oflag=direct 2>/dev/null || fail "the new part cannot be written"
dd if=/dev/vda of=/tmp/y bs=1M skip=127 iflag=direct 2>/dev/null
cmp /tmp/x /tmp/y || fail "the new part does not keep what is written"
resize 98304
dd if=/dev/vda of=/dev/null bs=512 skip=98304 count=1 iflag=direct 2>/tmp/dd
grep -q '^0+0' /tmp/dd || fail "something can be read beyond the end: $(cat /tmp/dd)"
for i in $(seq 10); do
	resize $((131072 + i * 2048))
done
kill -0 $pid || { cat /tmp/fio; fail "the load did not survive"; }
kill $pid
wait $pid
say "resized 12 times under load"
