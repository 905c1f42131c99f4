#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# about: all sizes and depths, with flushes, trims and zeroes, split and packed: what is read is what was written, and the host has the same
# when: soak
# vm: --disk 64M,num-queues=2 --disk 64M,num-queues=2,packed=on --smp 2 --mem 512M
# timeout: 900

# shellcheck source=scripts/guest/lib.sh
. /tests/lib.sh
need_ours virtio_blk

[ "$(cut -c 35 /sys/block/vdb/device/features)" = 1 ] || fail "vdb's rings are not packed"
dir=$(host_folder) || fail "the host does not say where files go"

# verified DISK OPTION...: fio writes, reads and compares.
verified() {
	_disk=$1
	shift
	fio --name=verify "--filename=/dev/$_disk" --direct=1 --verify=crc32c --verify_fatal=1 \
		--do_verify=1 "$@" > /tmp/fio 2>&1 || { cat /tmp/fio; fail "$_disk: $*"; }
	grep -q 'err= 0' /tmp/fio || { cat /tmp/fio; fail "$_disk: $*"; }
	count=$((count + 1))
}

# same DISK FILE: the host's file has what the guest reads.
same() {
	_guest=$(dd "if=/dev/$1" bs=1M iflag=direct 2> /dev/null | sha256sum)
	_host=$(vmctl host "sha256sum < '$dir/$2'") || fail "the host cannot read $2"
	[ "$_guest" = "$_host" ] || fail "$1: the host has $_host, the guest reads $_guest"
}

for disk in vda:disk0 vdb:disk1; do
	file=${disk#*:} disk=${disk%:*} count=0
	for depth in 1 8 64; do
		for bs in 512 4k 32k 1m; do
			verified "$disk" --rw=randwrite "--bs=$bs" "--iodepth=$depth" --size=16M \
				--io_size=4M --ioengine=io_uring
		done
		same "$disk" "$file"
		# Sizes and directions mixed, a flush after every eighth write.
		verified "$disk" --rw=randrw --bsrange=512-128k --iodepth="$depth" --size=32M --io_size=16M \
			--ioengine=libaio --fsync=8 --verify_backlog=64
		# Each block is trimmed before it is written.
		verified "$disk" --rw=randtrimwrite --bs=4k --iodepth="$depth" --size=16M --io_size=8M \
			--ioengine=libaio
		same "$disk" "$file"
	done
	blkdiscard -z -o 8388608 -l 4194304 "/dev/$disk" || fail "$disk: cannot write zeroes"
	# A hole in the host's file.
	blkdiscard -o 12582912 -l 4194304 "/dev/$disk" || fail "$disk: cannot discard"
	[ "$(dd "if=/dev/$disk" bs=1M skip=8 count=8 iflag=direct 2> /dev/null | tr -d '\0' | wc -c)" = 0 ] ||
		fail "$disk: zeroes were written, or discarded, and something else is read"
	same "$disk" "$file"
	say "$disk: $count runs of fio, all data right, the host has the same"
done
