#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# about: suspend and resume under load lose nothing
# vm: --disk 64M,num-queues=2 --smp 2 --mem 512M
# timeout: 240
. /tests/lib.sh
need_ours virtio_blk
[ -w /sys/power/pm_test ] || skip "this kernel cannot test suspend"

# Everything but the very last step, then straight back.
echo devices >/sys/power/pm_test
for poll in 0 1; do
	hipri=
	[ $poll = 0 ] || hipri=--hipri
	rmmod virtio_blk
	modprobe virtio_blk poll_queues=$poll
	retry_until 5 test -b /dev/vda || fail "no disk"
	fio --name=load --filename=/dev/vda --direct=1 --rw=randwrite --bsrange=512-32k --size=16M \
		--io_size=64M --iodepth=32 --ioengine=io_uring ${hipri:+"$hipri"} --verify=crc32c \
		--do_verify=1 --verify_backlog=256 --time_based --runtime=25 >/tmp/fio 2>&1 &
	pid=$!
	sleep 1
	for _ in 1 2; do
		echo mem >/sys/power/state || fail "cannot be suspended"
	done
	kill -0 $pid || { cat /tmp/fio; fail "the load did not survive"; }
	wait $pid || { cat /tmp/fio; fail "wrong data after resume"; }
	grep -q 'err= 0' /tmp/fio || { cat /tmp/fio; fail "errors after resume"; }
	say "poll_queues=$poll: suspended 2 times under load, data is right"
done
