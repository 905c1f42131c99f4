#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# What a guest of scripts/tests/balance-guests does, which puts before this: where the two
# meet (dir), its name, how many MiB a second it may touch (pace).

: "${dir:?}" "${name:?}" "${pace:?}"
# shellcheck source=lib.sh
. /tests/lib.sh
wait_for() {
	vmctl host "i=0; while [ ! -e $dir/$1 ] && [ \$i -lt 6000 ]; do sleep 0.2; i=\$((i + 1)); done"
}
modprobe virtio_pci
modprobe virtio_balloon || fail "no balloon"
mkdir /load
mount -t tmpfs -o size=95% load /load
vmctl host "touch $dir/$name.up"
for phase in day night; do
	wait_for "$phase"
	rm -f /load/*
	case $name in
	"$phase"*)
		mib=$(vmctl host "cat $dir/$phase")
		begin=$(uptime_ms)
		i=0
		while [ $((i * 20)) -lt "$mib" ]; do
			dd if=/dev/zero of=/load/$i bs=1M count=20 2> /dev/null || fail "no memory"
			i=$((i + 1))
			# No faster than the pace: who is slow anyway does not wait.
			late=$(($(uptime_ms) - begin - i * 20000 / pace))
			[ "$late" -ge -100 ] || sleep 0.1
		done
		vmctl host "touch $dir/$name.has"
		;;
	esac
done
wait_for end
grep -q "^oom_kill 0$" /proc/vmstat || fail "a process was killed: $(grep oom_kill /proc/vmstat)"
