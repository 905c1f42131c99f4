#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# about: queue pairs are spread again when CPUs go and come
# check: 6.12
# vm: --net tap,queues=2 --smp 3 --mem 512M
# host: tcg
# timeout: 180

# shellcheck source=scripts/tests/net.sh
. /tests/net.sh
need_ours virtio_net
net_peer
dev=$(net_dev 0) || fail "no interface"

xps() {
	echo "$(cat "/sys/class/net/$dev/queues/tx-0/xps_cpus")" \
		"$(cat "/sys/class/net/$dev/queues/tx-1/xps_cpus")"
}
expect() {
	say "$1: $(xps)"
	[ "$(xps)" = "$2" ] || fail "$1: XPS is $(xps), not $2"
	net_both 0 2
}

expect "CPUs 0-2" "3 4"
echo 0 > /sys/devices/system/cpu/cpu1/online || fail "CPU 1 stays"
expect "CPUs 0,2" "1 4"
echo 0 > /sys/devices/system/cpu/cpu2/online || fail "CPU 2 stays"
net_both 0 2
echo 1 > /sys/devices/system/cpu/cpu1/online || fail "CPU 1 does not come"
expect "CPUs 0,1" "1 2"
echo 1 > /sys/devices/system/cpu/cpu2/online || fail "CPU 2 does not come"
expect "CPUs 0-2 again" "3 4"

# Both at once: each takes the lock of the other one's subsystem.
(
	for _ in 1 2 3 4 5 6 7 8; do
		echo 0 > /sys/devices/system/cpu/cpu2/online
		echo 1 > /sys/devices/system/cpu/cpu2/online
	done
) &
hotplug=$!
rounds=0
while kill -0 "$hotplug" 2> /dev/null; do
	ethtool -L "$dev" combined 1 || fail "one queue pair is refused"
	ethtool -L "$dev" combined 2 || fail "two queue pairs are refused"
	rounds=$((rounds + 1))
done
wait "$hotplug"
[ "$rounds" -gt 0 ] || fail "the CPUs were faster than one change of the queue pairs"
say "$rounds changes of the queue pairs while a CPU went and came 8 times"
expect "CPUs 0-2 at the end" "3 4"
net_clean "$dev"
