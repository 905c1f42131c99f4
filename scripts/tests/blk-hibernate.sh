#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# about: a guest hibernates while it writes and sends; nothing written is lost, both devices go on
# when: soak
# vm: --disk 1G --disk 64M,num-queues=2 --net tap,queues=2 --smp 2 --mem 512M -- -action reboot=reset
# timeout: 600

# shellcheck source=scripts/tests/hibernate.sh
. /tests/hibernate.sh
need_ours virtio_blk
need_ours virtio_net
hibernate_waits && hibernate_resume
hibernate_ready

fio --name=load --filename=/dev/vdb --direct=1 --rw=randwrite --bsrange=512-32k --size=32M \
	--io_size=64M --iodepth=32 --ioengine=io_uring --verify=crc32c --do_verify=1 \
	--verify_backlog=256 --time_based --runtime=600 > /tmp/fio 2>&1 &
pid=$!
for round in 1 2; do
	ping -q -i 0.02 -w 3 10.77.0.1 > /tmp/ping 2>&1 &
	sleep 1
	hibernate_once
	before=$(awk '{ print $3, $7 }' /sys/block/vdb/stat)
	sleep 5
	after=$(awk '{ print $3, $7 }' /sys/block/vdb/stat)
	kill -0 $pid || { cat /tmp/fio; fail "round $round: the load did not survive"; }
	echo "$before $after" | awk '{ exit !($3 > $1 && $4 > $2) }' ||
		fail "round $round: sectors read and written were $before, and 5 s later $after"
	ping -q -c 3 -W 2 10.77.0.1 > /tmp/ping || { cat /tmp/ping; fail "round $round: no network"; }
	say "round $round: sectors read and written were $before after the image, and later $after"
done
kill -INT $pid
# 128: fio was told to end; what it verified until then counts.
wait $pid
status=$?
[ $status = 0 ] || [ $status = 128 ] || { cat /tmp/fio; fail "wrong data"; }
grep -q 'err= 0' /tmp/fio || { cat /tmp/fio; fail "errors"; }
dd if=/dev/vdb of=/dev/null bs=1M 2> /dev/null || fail "vdb cannot be read"
