#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# about: CPUs go and come, and the queues with them, while data are written and verified
# when: soak
# vm: --disk 128M,num-queues=3 --smp 3 --mem 512M
# timeout: 300
. /tests/lib.sh
need_ours virtio_blk

cpus=/sys/devices/system/cpu
[ "$(find /sys/block/vda/mq -mindepth 1 -maxdepth 1 | wc -l)" = 3 ] || fail "there are not 3 queues"

# Backlogs are verified while it goes on, so it ends when it is told to.
fio --name=cpus --filename=/dev/vda --direct=1 --rw=randwrite --bsrange=512-32k --size=32M \
	--offset_increment=32M --numjobs=3 --iodepth=16 --ioengine=io_uring --verify=crc32c \
	--verify_backlog=64 --time_based --runtime=600 --group_reporting >/tmp/fio 2>&1 &
pid=$!
writes() {
	awk '{ print $5 }' /sys/block/vda/stat
}
# goes_on: more is written than was
goes_on() {
	[ "$(writes)" -gt "$had" ]
}
moves() {
	had=$(($(writes) + 50))
	retry_until 60 goes_on || fail "$1: nothing is written any more"
}

moves "all CPUs"
for _ in 1 2 3; do
	echo 0 >$cpus/cpu1/online || fail "CPU 1 stays"
	moves "without CPU 1"
	echo 0 >$cpus/cpu2/online || fail "CPU 2 stays"
	moves "with CPU 0 alone"
	echo 1 >$cpus/cpu1/online || fail "CPU 1 does not come"
	moves "without CPU 2"
	echo 1 >$cpus/cpu2/online || fail "CPU 2 does not come"
done
kill -0 $pid || { cat /tmp/fio; fail "the load has ended"; }
kill -INT $pid
wait $pid
status=$?
# 128: it was told to end.
[ $status = 0 ] || [ $status = 128 ] || { cat /tmp/fio; fail "wrong data"; }
grep -q 'err= 0' /tmp/fio || { cat /tmp/fio; fail "errors"; }

say "$(writes) writes while CPUs went and came, $(grep -o 'err= 0' /tmp/fio | head -n 1)"

# A disk that is bound while a CPU is away serves it when it comes.
rmmod virtio_blk
echo 0 >$cpus/cpu2/online || fail "CPU 2 stays"
modprobe virtio_blk || fail "cannot be loaded with a CPU away"
retry_until 20 test -b /dev/vda || fail "no disk with a CPU away"
echo 1 >$cpus/cpu2/online || fail "CPU 2 does not come"
taskset -c 2 dd if=/dev/vda of=/dev/null bs=64k count=16 iflag=direct 2>/dev/null ||
	fail "CPU 2 cannot read"
say "a disk that was bound without CPU 2 serves it"
