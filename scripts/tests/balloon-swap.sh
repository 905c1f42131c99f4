#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# about: a guest with swap is not driven into it, however much the host wants
# when: soak
# vm: --balloon --disk 512M --smp 2 --mem 512M
# host: tcg
# timeout: 300

# shellcheck source=scripts/tests/balloon.sh
. /tests/balloon.sh
need_ours virtio_balloon

mkswap /dev/vda > /dev/null || fail "cannot make swap space"
swapon /dev/vda || fail "cannot use swap space"
total=$(mem_kib MemTotal)
balloon_keep 160

event() {
	awk -v name="$1" '$1 == name { print $2 }' /proc/vmstat
}

settled() {
	_was=$(mem_kib MemTotal)
	sleep 3
	[ "$(mem_kib MemTotal)" = "$_was" ]
}

# Some of what nobody uses may go out: no more than an eighth of what is kept.
out=$(event pswpout)
in=$(event pswpin)
balloon_target 1
retry_until 60 settled || fail "the balloon does not settle"
out=$(($(event pswpout) - out))
in=$(($(event pswpin) - in))
say "the host has $((512 - $(balloon_actual))) MiB, $out pages went out and $in came in," \
	"$(mem_kib MemAvailable) KiB are available"
[ "$(balloon_actual)" -lt 460 ] || fail "nothing was inflated"
[ "$out" -le 5120 ] || fail "$out pages were swapped out"
[ "$in" -le 5120 ] || fail "$in pages were swapped in"

# It tries on, which is to be no storm.
out=$(event pswpout)
in=$(event pswpin)
sleep 15
out=$(($(event pswpout) - out))
in=$(($(event pswpin) - in))
say "$out pages out and $in in while it tries on for 15 s"
[ $((out + in)) -le 2048 ] || fail "$out pages out and $in in while it tries on"
balloon_kept
balloon_target 512
balloon_settles 512 512
balloon_kept
balloon_no_oom
