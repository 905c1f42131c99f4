#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The guest's half of scripts/demo. A line "@seen PART text" says that a part was
# really seen; scripts/demo makes its summary of those.
# shellcheck source=scripts/guest/lib.sh
. /tests/lib.sh

clocks=/sys/devices/system/clocksource/clocksource0
gib=$((1024 * 1024))	# in KiB

heading() {
	echo
	echo "== $*"
}

seen() {
	echo "@seen $*"
}

indent() {
	sed 's/^/    /'
}

show_modules() {
	heading "The drivers of this guest, and where they come from"
	for module in virtio_blk virtio_net virtio_balloon; do
		modprobe "$module" || fail "$module cannot be loaded"
		need_ours "$module"
	done
	for module in virtio_blk virtio_net virtio_balloon kvmclock; do
		printf '    %-15s %-8s %s\n' "$module" "$(modinfo -F version "$module")" \
			"$(modinfo -n "$module")"
	done
	seen modules "$(uname -r), version $(modinfo -F version virtio_blk) from updates/"
}

show_disk() {
	heading "A disk: ext4 on /dev/vda, $(cat /sys/block/vda/size) sectors," \
		"$(find /sys/block/vda/mq -mindepth 1 -maxdepth 1 | wc -l) queues"
	mkdir -p /mnt
	mkfs.ext4 -q /dev/vda || fail "no file system can be made on /dev/vda"
	mount /dev/vda /mnt || fail "cannot mount /dev/vda"
	dd if=/dev/urandom of=/mnt/file bs=1M count=32 2>/dev/null || fail "cannot write"
	before=$(sha256sum < /mnt/file)
	umount /mnt || fail "cannot unmount"
	echo 3 > /proc/sys/vm/drop_caches
	mount /dev/vda /mnt || fail "cannot mount again"
	after=$(sha256sum < /mnt/file)
	umount /mnt
	printf '    32 MiB written, sha256 %.16s...; after a remount %.16s...\n' "$before" "$after"
	[ "$before" = "$after" ] || fail "the checksums differ"
	e2fsck -fn /dev/vda > /tmp/fsck 2>&1 || fail "e2fsck finds errors: $(tail -n 1 /tmp/fsck)"
	seen disk "sha256 $(printf %.16s "$before") before and after, e2fsck is clean"
}

show_network() {
	heading "A network: vhost-net in the host's kernel, two queue pairs"
	net_up 0
	dev=$(net_dev 0)
	ethtool -L "$dev" combined 2 || fail "two queue pairs are refused"
	ethtool -i "$dev" | head -n 2 | indent
	pairs=$(ethtool -l "$dev" | sed -n 's/^Combined:[^0-9]*//p' | tail -n 1)
	echo "    queue pairs in use: $pairs"
	[ "$pairs" = 2 ] || fail "$pairs queue pairs are in use"
	retry_until 10 ping -c 1 -W 1 10.77.0.1 > /dev/null || fail "the host does not answer"
	ping -q -c 5 -i 0.2 10.77.0.1 | tail -n 2 | indent
	vmctl host 'iperf3 -s -D' || fail "no iperf3 in the host"
	# Two streams, so that both queues have something to do.
	iperf3 -c 10.77.0.1 -t 4 -P 2 > /tmp/out || fail "iperf3: $(tail -n 1 /tmp/out)"
	iperf3 -c 10.77.0.1 -t 4 -P 2 -R > /tmp/in || fail "iperf3: $(tail -n 1 /tmp/in)"
	out=$(awk '/SUM.*receiver/ { print $6, $7 }' /tmp/out)
	in=$(awk '/SUM.*receiver/ { print $6, $7 }' /tmp/in)
	echo "    iperf3: guest to host $out, host to guest $in"
	[ -n "$out" ] || fail "iperf3 gave no figure for guest to host"
	[ -n "$in" ] || fail "iperf3 gave no figure for host to guest"
	seen network "ping answers; TCP $out out, $in in"
}

actual_mib() {
	vmctl hmp 'info balloon' | sed -n 's/.*actual=\([0-9]*\).*/\1/p'
}

show_memory() {
	printf '    %-8s guest: %5s MiB in all, %5s free   host: %s\n' "$1" \
		"$(($(mem_kib MemTotal) / 1024))" "$(($(mem_kib MemFree) / 1024))" \
		"$(vmctl hmp 'info balloon' | tr -d '\r')"
}

actual_is() {
	[ "$(actual_mib)" = "$1" ]
}

show_balloon() {
	heading "Memory: the host takes 1 GiB, and returns it"
	full=$(actual_mib)
	before=$(mem_kib MemTotal)
	show_memory before
	vmctl qmp "{\"execute\":\"balloon\",\"arguments\":{\"value\":$((1024 * gib))}}" > /dev/null
	retry_until 40 actual_is 1024 || fail "the balloon holds $(actual_mib) MiB back"
	during=$(mem_kib MemTotal)
	show_memory during
	vmctl qmp "{\"execute\":\"balloon\",\"arguments\":{\"value\":$((full * 1048576))}}" > /dev/null
	retry_until 40 actual_is "$full" || fail "the balloon did not return everything"
	show_memory after
	[ $((before - during)) -gt $((gib - gib / 16)) ] || fail "MemTotal did not fall by 1 GiB"
	[ "$(mem_kib MemTotal)" = "$before" ] || fail "MemTotal is not what it was"
	seen balloon "$full MiB, then $((during / 1024)) MiB in all while taken, then $full MiB again"
}

clock_is_current() {
	[ "$(cat "$clocks/current_clocksource")" = kvm-clock ]
}

show_clock() {
	heading "The clock: booted with no-kvmclock, so the built-in one is not there"
	echo "    available before: $(cat "$clocks/available_clocksource")"
	grep -qw kvm-clock "$clocks/available_clocksource" && fail "kvm-clock is there already"
	modprobe kvmclock || fail "kvmclock cannot be loaded"
	need_ours kvmclock
	echo "    available after:  $(cat "$clocks/available_clocksource")"
	retry_until 10 clock_is_current || fail "current is $(cat "$clocks/current_clocksource")"
	echo "    current after:    $(cat "$clocks/current_clocksource")"
	dmesg | grep -E 'kvmclock:|clocksource:.*kvm-clock' | tail -n 8 | indent
	host=$(vmctl host 'date +%s.%N')
	guest=$(date +%s.%N)
	ours=$(cat /sys/devices/platform/kvmclock/host_wall_time)
	echo "    wall time of the host $host"
	echo "    the guest's own       $guest"
	echo "    read by kvmclock      $ours"
	awk -v a="$host" -v b="$ours" 'BEGIN { d = b - a; exit !(d > -2 && d < 2) }' ||
		fail "kvmclock's wall time is more than 2 s from the host's"
	seen clock "not available before, current after; host time read is right within 2 s"
}

# A part that fails does not keep the others from being shown.
worst=0
(show_modules) || worst=1
# The clock first: what the guest has before it is slow to read, and every packet is timed.
(show_clock) || worst=1
(show_disk) || worst=1
(show_network) || worst=1
(show_balloon) || worst=1
exit "$worst"
