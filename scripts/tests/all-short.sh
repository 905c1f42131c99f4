#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# about: all modules at once: a file system, traffic, a balloon that grows and shrinks, no clock without KVM
# kernels: 5.10 7.2 7.3
# check: 5.10 7.2
# soak: 6.1-rt 6.1-cloud
# vm: --disk 64M --net tap --balloon --mem 512M
# host: tcg
# timeout: 360

# shellcheck source=scripts/tests/net.sh
. /tests/net.sh
# shellcheck source=scripts/tests/balloon.sh
. /tests/balloon.sh
for module in virtio_blk virtio_net virtio_balloon; do
	need_ours "$module"
done
say "kernel $(uname -r)"

mkfs.ext4 -q -F /dev/vda || fail "no file system can be made"
mkdir -p /mnt/t
mount -t ext4 /dev/vda /mnt/t || fail "cannot be mounted"
dd if=/dev/urandom of=/mnt/t/f bs=1M count=16 2> /dev/null || fail "cannot be written"
sum=$(sha256sum /mnt/t/f)
umount /mnt/t
echo 3 > /proc/sys/vm/drop_caches
mount -t ext4 /dev/vda /mnt/t || fail "cannot be mounted again"
[ "$(sha256sum /mnt/t/f)" = "$sum" ] || fail "the file has changed"
umount /mnt/t
say "disk: 16 MiB came back as they were"

net_peer
net_both 0 4
say "network: 4 MiB both ways"

total=$(mem_kib MemTotal)
balloon_goes 512 448 512
say "balloon: 64 MiB there and back"

# It comes so far only if every symbol is there.
modprobe kvmclock 2> /tmp/err && fail "kvmclock loads without KVM"
grep -q "No such device" /tmp/err || fail "kvmclock: $(cat /tmp/err)"
dmesg | grep -q 'kvmclock: .*not a KVM guest' || fail "kvmclock does not say why"
say "clock: $(dmesg | sed -n 's/.*\(kvmclock: .*not a KVM guest.*\)/\1/p')"

for module in virtio_balloon virtio_net virtio_blk; do
	rmmod "$module" || fail "$module cannot be unloaded"
done
