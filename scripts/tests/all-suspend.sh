#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# about: suspended to memory under load, all devices are reset; data, traffic and balloon go on
# when: soak
# vm: --sleeps --disk 64M,num-queues=2 --net tap,queues=2 --balloon --smp 2 --mem 768M
# host: tcg
# timeout: 600

# shellcheck source=scripts/tests/suspend.sh
. /tests/suspend.sh
# shellcheck source=scripts/tests/balloon.sh
. /tests/balloon.sh
for module in virtio_blk virtio_net virtio_balloon; do
	need_ours $module
done

total=$(mem_kib MemTotal)
balloon_keep 32
balloon_target 512
balloon_settles 512 768
fio --name=load --filename=/dev/vda --direct=1 --rw=randwrite --bsrange=512-32k --size=32M \
	--io_size=64M --iodepth=32 --ioengine=io_uring --verify=crc32c --do_verify=1 \
	--verify_backlog=256 --time_based --runtime=900 > /tmp/fio 2>&1 &
pid=$!
ping -q -i 0.05 10.77.0.1 > /tmp/ping 2>&1 &
for round in 1 2 3; do
	sleep 1
	suspend_once 20
	before=$(awk '{ print $3, $7 }' /sys/block/vda/stat)
	sleep 5
	after=$(awk '{ print $3, $7 }' /sys/block/vda/stat)
	kill -0 $pid || { cat /tmp/fio; fail "round $round: the load did not survive"; }
	echo "$before $after" | awk '{ exit !($3 > $1 && $4 > $2) }' ||
		fail "round $round: sectors read and written were $before, and 5 s later $after"
	ping -q -c 3 -W 2 10.77.0.1 > /tmp/ping3 || { cat /tmp/ping3; fail "round $round: no network"; }
	balloon_settles 512 768
	balloon_kept
	say "round $round: sectors read and written were $before after the sleep, and later $after"
done
kill -INT $pid
# 128: fio was told to end; what it verified until then counts.
wait $pid
status=$?
[ $status = 0 ] || [ $status = 128 ] || { cat /tmp/fio; fail "wrong data"; }
grep -q 'err= 0' /tmp/fio || { cat /tmp/fio; fail "errors"; }
balloon_target 768
balloon_settles 768 768
balloon_no_oom
