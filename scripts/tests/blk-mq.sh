#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# about: each queue serves its own CPU with its own interrupt, and data written by all of them is right
# check: 6.12
# vm: --disk 128M,num-queues=4 --smp 4 --mem 512M
# timeout: 240
. /tests/lib.sh
need_ours virtio_blk

# count NAME: interrupts of a queue, on all CPUs.
count() {
	awk -v n="$1" '$NF ~ n "$" { for (i = 2; i <= 5; i++) s += $i } END { print s + 0 }' /proc/interrupts
}

queues() {
	set -- /sys/block/vda/mq/*
	echo $#
}

[ "$(queues)" = 4 ] || fail "$(queues) queues, 4 are offered"
for q in 0 1 2 3; do
	cpus=$(cat "/sys/block/vda/mq/$q/cpu_list")
	case $cpus in
	*,*|'') fail "queue $q serves CPUs '$cpus', not one" ;;
	esac
	irq=$(awk -v n="req.$q" '$NF ~ n "$" { sub(":", "", $1); print $1 }' /proc/interrupts)
	aff=$(cat "/proc/irq/$irq/smp_affinity_list")
	[ "$aff" = "$cpus" ] || fail "queue $q serves CPU $cpus, its interrupt goes to $aff"
done

all() {
	for q in 0 1 2 3; do
		count "req\\.$q"
	done
}
all >/tmp/before
fio --name=mq --filename=/dev/vda --direct=1 --rw=randwrite --bsrange=512-64k --size=24M \
	--offset_increment=24M --numjobs=4 --cpus_allowed=0-3 --cpus_allowed_policy=split \
	--ioengine=io_uring --iodepth=16 --verify=crc32c --do_verify=1 --group_reporting \
	>/tmp/fio 2>&1 || { cat /tmp/fio; fail "fio found wrong data"; }
all >/tmp/after
paste /tmp/before /tmp/after | awk '{ print "queue " NR - 1 ": " $2 - $1 " interrupts" }
	$2 <= $1 { bad = 1 } END { exit bad }' || fail "a queue had no interrupt"

rmmod virtio_blk
modprobe virtio_blk num_request_queues=2 || fail "cannot be loaded with num_request_queues=2"
retry_until 5 test -b /dev/vda || fail "no disk with num_request_queues=2"
[ "$(queues)" = 2 ] || fail "$(queues) queues with num_request_queues=2"
fio --name=q2 --filename=/dev/vda --direct=1 --rw=randwrite --bs=4k --size=8M \
	--offset_increment=8M --numjobs=4 --ioengine=io_uring --iodepth=8 --verify=crc32c \
	>/tmp/fio 2>&1 || { cat /tmp/fio; fail "fio found wrong data with 2 queues"; }
say "2 queues for 4 CPUs: data is right"
