#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# about: the balloon works with a legacy device
# check: 6.1
# vm: --balloon disable-modern=on,disable-legacy=off --smp 2 --mem 512M
# host: tcg
# timeout: 180

# shellcheck source=scripts/tests/balloon.sh
. /tests/balloon.sh
need_ours virtio_balloon

total=$(mem_kib MemTotal)
dev=$(balloon_device)
[ "$(balloon_feature "$dev" 32)" = 0 ] || fail "the device is not a legacy one"
balloon_keep 32
balloon_touch 320
rss=$(host_rss 512)
balloon_target 256
balloon_settles 256 512
back=$((rss - $(host_rss 512)))
say "legacy: the host got $back MiB of 256 back"
# It cannot get back what the guest has never touched.
[ "$back" -ge 160 ] || fail "the host got only $back MiB back"
balloon_goes 512 400 511 333 512 256
echo "$dev" > /sys/bus/virtio/drivers/virtio_balloon/unbind || fail "cannot unbind"
_total_is "$total" || fail "the guest has $(mem_kib MemTotal) KiB of $total after the unbind"
[ "$(balloon_actual)" = 512 ] || fail "the host still sees $(balloon_actual) MiB"
balloon_kept
balloon_no_oom
say "legacy: every target met, everything given back"
