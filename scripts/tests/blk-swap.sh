#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# about: swap on one disk and files on another, with more data than memory: all goes on, all is right
# when: soak
# vm: --disk 1G --disk 512M --smp 2 --mem 512M
# timeout: 900

# shellcheck source=scripts/guest/lib.sh
. /tests/lib.sh
need_ours virtio_blk

mkswap /dev/vda > /dev/null || fail "cannot make swap space"
swapon /dev/vda || fail "cannot use swap space"
modprobe ext4
mke2fs -q -t ext4 /dev/vdb || fail "cannot make a file system"
mkdir /mnt/files /mnt/memory
mount /dev/vdb /mnt/files || fail "cannot use the file system"
mount -t tmpfs -o size=600M memory /mnt/memory || fail "no tmpfs"

swapped() {
	sed -n "s/^$1 //p" /proc/vmstat
}

out=$(swapped pswpout) in=$(swapped pswpin)
# What is not in memory can only be on the swap disk; what is dirty in files has to get out as well.
fio --name=memory --directory=/mnt/memory --rw=randwrite --bs=64k --size=480M --ioengine=psync \
	--verify=crc32c --do_verify=1 > /tmp/memory 2>&1 &
memory=$!
fio --name=files --directory=/mnt/files --rw=randwrite --bs=16k --size=300M --ioengine=psync \
	--fsync_on_close=1 --verify=crc32c --do_verify=1 > /tmp/files 2>&1 &
files=$!
wait $memory || { cat /tmp/memory; fail "what was in memory is wrong"; }
wait $files || { cat /tmp/files; fail "what is in the file is wrong"; }
out=$(($(swapped pswpout) - out)) in=$(($(swapped pswpin) - in))
say "$((out / 256)) MiB were swapped out, $((in / 256)) in, with $(mem_kib MemTotal) KiB of memory"
for pages in $out $in; do
	[ "$pages" -gt 25600 ] || fail "less than 100 MiB went through the swap disk"
done
dmesg | grep -i -e 'out of memory' -e oom-kill && fail "something was killed"
umount /mnt/files || fail "cannot give up the file system"
e2fsck -fn /dev/vdb > /tmp/fsck 2>&1 || { cat /tmp/fsck; fail "the file system is damaged"; }
