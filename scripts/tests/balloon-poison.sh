#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# about: with page_poison=1 the device is told the value, or free pages are not reported
# when: soak
# vm: --balloon free-page-reporting=on --smp 2 --mem 512M --append page_poison=1
# host: tcg
# timeout: 240

# shellcheck source=scripts/tests/balloon.sh
. /tests/balloon.sh
need_ours virtio_balloon

grep -qw page_poison=1 /proc/cmdline || fail "page_poison=1 is not on the command line"
driver=/sys/bus/virtio/drivers/virtio_balloon
dev=$(balloon_device)
[ "$(balloon_feature "$dev" 4)" = 1 ] || fail "PAGE_POISON is not negotiated"
[ "$(balloon_feature "$dev" 5)" = 1 ] || fail "REPORTING is not negotiated beside PAGE_POISON"

# Pages come back from the host with zeros in them. The kernel looks at each page that it
# hands out for what it left there, and reports one that has something else.
total=$(mem_kib MemTotal)
balloon_keep 32
_round() {
	balloon_goes 512 300 512 250 512
	balloon_touch 250
	balloon_kept
	! dmesg | grep -iE 'memory corruption|single bit error' || fail "a page lost its poison"
}
_round

# A device that cannot be told the value must not touch free pages.
echo "$dev" > $driver/unbind || fail "cannot unbind"
echo 0x10 > /sys/module/virtio_balloon/parameters/disable_features ||
	fail "disable_features does not take 0x10"
echo "$dev" > $driver/bind || fail "cannot bind"
[ "$(balloon_feature "$dev" 4)" = 0 ] || fail "PAGE_POISON is negotiated all the same"
[ "$(balloon_feature "$dev" 5)" = 0 ] || fail "REPORTING is negotiated without PAGE_POISON"
_round
balloon_no_oom
