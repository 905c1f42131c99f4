#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# about: a guest that has not what the host wants keeps trying gently, and kills nothing
# check: 6.1
# vm: --balloon --smp 2 --mem 512M
# host: tcg
# timeout: 240

# shellcheck source=scripts/tests/balloon.sh
. /tests/balloon.sh
need_ours virtio_balloon

total=$(mem_kib MemTotal)
free=$(mem_kib MemFree)
balloon_keep 32
mkdir /fill
mount -t tmpfs fill /fill || fail "cannot mount"
dd if=/dev/zero of=/fill/data bs=1M count=96 2> /dev/null || fail "cannot fill"

busy() {
	awk '/^cpu / { idle = $5 + $6; for (i = 2; i <= 9; i++) all += $i; print all - idle, all }' \
		/proc/stat
}

# No change for 3 s.
settled() {
	_was=$(mem_kib MemTotal)
	sleep 3
	[ "$(mem_kib MemTotal)" = "$_was" ]
}

# shellcheck disable=SC2046,SC2086 # four numbers
cpu_percent() {
	_first=$(busy)
	sleep 10
	set -- $_first $(busy)
	echo $((100 * ($3 - $1) / ($4 - $2)))
}

lines() {
	dmesg | grep -c 'the guest needs its memory'
}

balloon_target 1
retry_until 60 settled || fail "the balloon does not settle"
left=$(mem_kib MemAvailable)
first=$(balloon_actual)
say "the host wants all of 512 MiB and gets $((512 - first)), $left KiB are left available"
[ "$first" -gt 1 ] || fail "nothing is short"
[ "$left" -ge 4096 ] || fail "the guest has only $left KiB left"
[ "$left" -le 49152 ] || fail "the guest keeps $left KiB for itself"
percent=$(cpu_percent)
say "$percent % of the CPUs are busy while it tries on"
[ "$percent" -le 10 ] || fail "$percent % of the CPUs are busy"
[ "$(lines)" = 1 ] || fail "$(lines) lines about one shortage"

# It does try on: what gets free goes to the host, with the next try, which may be long
# in coming after so many in vain.
gets_more() {
	second=$(balloon_actual)
	[ $((first - second)) -ge 80 ]
}

umount /fill
retry_until 60 gets_more || fail "the host gets only $((first - second)) MiB of 96"
retry_until 60 settled || fail "the balloon does not settle after memory got free"
say "96 MiB got free, the host gets $((first - $(balloon_actual))) more"
[ "$(lines)" = 1 ] || fail "$(lines) lines about one shortage"

# A target that jumps about must not make it try harder.
for _ in 1 2 3 4 5; do
	balloon_target 2
	balloon_target 1
done
balloon_kept
balloon_no_oom

balloon_target 512
balloon_settles 512 512
now=$(mem_kib MemFree)
say "$now KiB are free at the end, $free at the beginning"
[ "$now" -ge $((free - 65536)) ] || fail "memory was lost"

# Another shortage is another line.
balloon_target 1
retry_until 60 settled || fail "the balloon does not settle the second time"
[ "$(lines)" = 2 ] || fail "$(lines) lines about two shortages"
balloon_target 512
balloon_settles 512 512
balloon_kept
balloon_no_oom
