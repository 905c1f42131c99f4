#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# about: a guest that sleeps has all its memory, and follows the target again afterwards
# check: 6.12
# vm: --balloon --smp 2 --mem 512M
# host: tcg
# timeout: 180

# shellcheck source=scripts/tests/balloon.sh
. /tests/balloon.sh
need_ours virtio_balloon
[ -e /sys/power/pm_test ] || skip "this kernel has no /sys/power/pm_test"

total=$(mem_kib MemTotal)
balloon_keep 32
balloon_target 256
balloon_settles 256 512

echo devices > /sys/power/pm_test || fail "cannot select the test of devices"
# What the host saw last while the guest was away.
echo freeze > /sys/power/state || fail "the guest cannot sleep"
balloon_settles 256 512
say "the target was taken up again after a sleep"

balloon_target 512
balloon_settles 512 512
balloon_target 200
echo freeze > /sys/power/state || fail "the guest cannot sleep in the middle of an inflate"
balloon_settles 200 512
balloon_target 512
balloon_settles 512 512
balloon_kept
balloon_no_oom
