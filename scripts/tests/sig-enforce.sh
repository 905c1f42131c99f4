#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# about: a kernel that enforces signatures refuses our unsigned modules, and goes on with its own
# vm: --no-load --disk 64M --append module.sig_enforce=1
# host: tcg
# when: soak

. /tests/lib.sh
enforced=/sys/module/module/parameters/sig_enforce
[ "$(cat $enforced)" = Y ] || fail "$enforced is $(cat $enforced)"
modprobe virtio_pci || fail "virtio_pci, which Debian has signed, is not loaded"
modprobe virtio_blk 2> /tmp/err && fail "virtio_blk is loaded without a signature"
grep -q 'Key was rejected by service' /tmp/err || fail "not refused for its signature: $(cat /tmp/err)"
say "ours: $(cat /tmp/err)"
dmesg | grep -q 'Loading of unsigned module is rejected' || fail "the kernel does not say why"
own=$(find "/lib/modules/$(uname -r)/kernel" -name 'virtio_blk.ko*')
[ "$own" ] || fail "the kernel's own virtio_blk is not in this guest"
insmod "$own" || fail "the kernel's own virtio_blk is not loaded"
retry_until 30 [ -b /dev/vda ] || fail "there is no disk"
[ ! -e /sys/module/virtio_blk/version ] || fail "what is loaded is not the kernel's own"
say "the kernel's own: $own"
