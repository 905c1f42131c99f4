#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# about: what the page of virtio_blk says to do about a guest that does not boot: parameters on the kernel's command line, and the kernel's own module instead
# vm: --disk 64M,num-queues=2 --smp 2 --mem 512M --no-load --append "virtio_blk.num_request_queues=1 virtio_blk.io_timeout=7"
# when: soak
# timeout: 180
. /tests/lib.sh

modprobe virtio_pci
modprobe virtio_blk || fail "virtio_blk cannot be loaded"
need_ours virtio_blk
retry_until 20 test -b /dev/vda || fail "no disk"
[ "$(find /sys/block/vda/mq -mindepth 1 -maxdepth 1 | wc -l)" = 1 ] || fail "num_request_queues=1 is not heard"
[ "$(cat /sys/block/vda/io_timeout)" = 7 ] || fail "io_timeout=7 is not heard"
dmesg | grep virtio_blk | head -n 3
say "parameters on the command line are heard"

# As from another system, on its root.
rm /lib/modules/"$(uname -r)"/updates/virtio_blk.ko* || fail "where is the module?"
depmod "$(uname -r)" || fail "depmod"
rmmod virtio_blk
modprobe virtio_blk || fail "the kernel's own module cannot be loaded"
retry_until 20 test -b /dev/vda || fail "no disk with the kernel's own module"
[ ! -e /sys/module/virtio_blk/version ] || fail "it is still ours"
dd if=/dev/vda of=/dev/null bs=64k count=16 iflag=direct 2>/dev/null || fail "cannot be read"
say "without our module the kernel's own one is used"
