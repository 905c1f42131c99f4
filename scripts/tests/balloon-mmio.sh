#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# about: a balloon on virtio-mmio is followed as one on PCI is
# when: soak
# vm: --machine microvm --balloon --smp 2 --mem 512M
# host: tcg
# timeout: 180

# shellcheck source=scripts/tests/balloon.sh
. /tests/balloon.sh
need_ours virtio_balloon

dev=$(balloon_device)
[ -n "$dev" ] || fail "no balloon is bound"
case $(readlink -f "/sys/bus/virtio/devices/$dev") in
*mmio*|*LNRO0005*) ;;
*) fail "the balloon is not on virtio-mmio: $(readlink -f "/sys/bus/virtio/devices/$dev")" ;;
esac
total=$(mem_kib MemTotal)
balloon_keep 32
balloon_goes 512 256 255 400 200 512 256
echo "$dev" > /sys/bus/virtio/drivers/virtio_balloon/unbind || fail "cannot unbind"
[ "$(mem_kib MemTotal)" = "$total" ] || fail "unbound, the guest has $(mem_kib MemTotal) KiB"
echo "$dev" > /sys/bus/virtio/drivers/virtio_balloon/bind || fail "cannot bind"
balloon_settles 256 512
balloon_goes 512 512
balloon_kept
balloon_no_oom
