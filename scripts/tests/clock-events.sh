#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# about: a pause, going back to a snapshot and a migration are one event each; RTC and PTP clock
# when: soak
# vm: --outer-smp 1 --smp 2 --mem 256M --no-load --append no-kvmclock -- -device vmgenid,guid=auto
# host: nested
# timeout: 900

# shellcheck source=scripts/tests/fate.sh
. /tests/fate.sh

clock_tell_uevents /tmp/uevents
clock_load
fate_all
# Another QEMU is another generation, of which the kernel tells by a notifier (as of 5.18): still one
# event. Going back to a snapshot in the same one is none to that device.
for which in 1:no 2:yes; do
	clock_said | grep "^kvmclock: restore ${which%:*}: " | grep -q vmfork && said=yes || said=no
	[ "$said" = "${which#*:}" ] || fail "restore ${which%:*}: told by the generation id: $said"
done
