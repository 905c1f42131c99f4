#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# about: a device of before virtio 1.0 works the same
# check: 6.12
# vm: --disk 128M,num-queues=2,disable-modern=on,disable-legacy=off,serial=OLD-ONE --smp 2 --mem 512M
# timeout: 180
. /tests/lib.sh
need_ours virtio_blk

features=$(cat /sys/block/vda/device/features)
[ "$(printf %s "$features" | cut -c33)" = 0 ] || fail "this is not a legacy device: $features"
[ "$(cat /sys/block/vda/size)" = 262144 ] || fail "the disk has $(cat /sys/block/vda/size) sectors"
[ "$(cat /sys/block/vda/serial)" = OLD-ONE ] || fail "serial is '$(cat /sys/block/vda/serial)'"
fio --name=legacy --filename=/dev/vda --direct=1 --rw=randwrite --bsrange=512-256k --size=48M \
	--numjobs=2 --offset_increment=48M --ioengine=io_uring --iodepth=16 --fsync=64 \
	--verify=crc32c >/tmp/fio 2>&1 || { cat /tmp/fio; fail "wrong data"; }
mkfs.ext4 -q -F /dev/vda || fail "no file system can be made"
mkdir -p /mnt/t
mount -t ext4 /dev/vda /mnt/t || fail "cannot be mounted"
dd if=/dev/urandom of=/mnt/t/f bs=1M count=24 2>/dev/null || fail "cannot be written"
sum=$(sha256sum /mnt/t/f)
umount /mnt/t
e2fsck -f -n /dev/vda >/tmp/fsck 2>&1 || { cat /tmp/fsck; fail "fsck complains"; }
echo 3 >/proc/sys/vm/drop_caches
mount -t ext4 /dev/vda /mnt/t || fail "cannot be mounted again"
[ "$(sha256sum /mnt/t/f)" = "$sum" ] || fail "the file has changed"
umount /mnt/t
say "legacy: data is right"
