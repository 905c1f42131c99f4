#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# about: a file system keeps its files, blocks of 4096 bytes too; partitions, capacity and flushes are right
# soak: 5.10 7.2 7.3
# vm: --disk 256M --disk 64M,logical_block_size=4096,physical_block_size=4096 --disk 64M --smp 2 --mem 512M
# timeout: 240
. /tests/lib.sh
need_ours virtio_blk

# flushes N: flushes that the host has done for the N-th disk. Each disk has two
# records, first that of its file.
flushes() {
	vmctl qmp '{"execute":"query-blockstats"}' | tr '{,' '\n' |
		sed -n 's/^ *"flush_operations": *//p' | sed -n "$(($1 * 2))p"
}

# round_trip DISK FILES: fill a file system, check it, and read all of it again.
round_trip() {
	mkdir -p /mnt/t
	mkfs.ext4 -q -F "/dev/$1" || fail "$1: no file system can be made"
	mount -t ext4 "/dev/$1" /mnt/t || fail "$1: cannot be mounted"
	for i in $(seq "$2"); do
		dd if=/dev/urandom of="/mnt/t/f$i" bs=64k count=64 2>/dev/null ||
			fail "$1: file $i cannot be written"
	done
	(cd /mnt/t && sha256sum f*) >/tmp/sums
	umount /mnt/t || fail "$1: cannot be unmounted"
	e2fsck -f -n "/dev/$1" >/tmp/fsck 2>&1 || { cat /tmp/fsck; fail "$1: fsck complains"; }
	echo 3 >/proc/sys/vm/drop_caches
	mount -t ext4 "/dev/$1" /mnt/t || fail "$1: cannot be mounted again"
	(cd /mnt/t && sha256sum -c /tmp/sums) >/tmp/check || fail "$1: $(grep -v OK /tmp/check)"
	umount /mnt/t
	say "$1: $2 files of 4 MiB came back as they were"
}

[ "$(cat /sys/block/vda/size)" = 524288 ] || fail "vda has $(cat /sys/block/vda/size) sectors"
[ "$(cat /sys/block/vdb/queue/logical_block_size)" = 4096 ] || fail "vdb: logical block size"
[ "$(cat /sys/block/vdb/queue/physical_block_size)" = 4096 ] || fail "vdb: physical block size"

before=$(flushes 1)
[ -n "$before" ] || fail "the host does not tell its number of flushes"
round_trip vda 16
after=$(flushes 1)
[ "$after" -gt "$before" ] || fail "no flush reached the host"
say "flushes that reached the host: $((after - before))"
round_trip vdb 6
dd if=/dev/vdb of=/dev/null bs=512 count=1 iflag=direct 2>/dev/null &&
	fail "half a block of vdb could be read"

# Partitions, found when written and found again when the disk comes back.
printf 'n\np\n1\n\n+16M\nn\np\n2\n\n\nw\n' | fdisk /dev/vdc >/dev/null 2>&1
for turn in written bound; do
	for p in 1 2; do
		retry_until 5 test -b "/dev/vdc$p" || fail "$turn: no partition $p"
		want=$(cut -d: -f1 /sys/block/vdc/dev):$((32 + p))
		[ "$(cat "/sys/block/vdc/vdc$p/dev")" = "$want" ] ||
			fail "$turn: partition $p is $(cat "/sys/block/vdc/vdc$p/dev"), not $want"
	done
	[ "$turn" = bound ] && break
	dev=$(basename "$(readlink /sys/block/vdc/device)")
	echo "$dev" >/sys/bus/virtio/drivers/virtio_blk/unbind
	[ ! -e /sys/block/vdc ] || fail "vdc outlives its driver"
	echo "$dev" >/sys/bus/virtio/drivers/virtio_blk/bind
done
say "partitions of vdc: $(echo /sys/block/vdc/vdc*)"
