#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# about: suspend and resume under traffic; filters, queues and offloads are as before
# check: 6.1
# vm: --net tap,queues=2 --smp 2 --mem 512M
# host: tcg
# timeout: 240

# shellcheck source=scripts/tests/net.sh
. /tests/net.sh
need_ours virtio_net
[ -e /sys/power/pm_test ] || skip "this kernel has no /sys/power/pm_test"
net_peer

dev=$(net_dev 0) || fail "no interface"
net_reach 0
ip link add link "$dev" name vlan7 type vlan id 7 || fail "no VLAN"
ethtool -K "$dev" rx-gro-hw off || fail "rx-gro-hw cannot be switched off"
ip link set "$dev" address 52:54:00:77:00:99 || fail "the address cannot be changed"

filters() {
	vmctl qmp '{"execute":"query-rx-filter","arguments":{"name":"net0"}}'
}

# The kernel's test waits in a busy loop.
echo 1 > /sys/module/suspend/parameters/pm_test_delay
echo devices > /sys/power/pm_test || fail "cannot select the test of devices"
for i in 1 2 3; do
	filters > /tmp/before
	(echo "pull 30000000" | timeout 60 nc 10.77.0.1 7077 > /tmp/data.$i) &
	sleep 0.5
	echo freeze > /sys/power/state || fail "the guest cannot sleep"
	wait
	[ "$(stat -c %s /tmp/data.$i)" = 30000065 ] || fail "a transfer was lost in sleep $i"
	rm /tmp/data.$i
	filters > /tmp/after
	cmp /tmp/before /tmp/after || fail "other filters after sleep $i: $(cat /tmp/before /tmp/after)"
	ethtool -l "$dev" | tail -n 2 | grep -q 'Combined:.*2' || fail "not 2 queue pairs"
done
grep -q '"main-mac": "52:54:00:77:00:99"' /tmp/after || fail "the host has another address"
say "3 sleeps under traffic: $(cat /tmp/after)"

net_pull_packets "$dev" 0 8
[ "$PACKETS" -gt 5000 ] || fail "rx-gro-hw is on again: 8 MiB came in $PACKETS packets"

# Asleep while down.
ip link del vlan7
ip link set "$dev" address 52:54:00:77:00:00
ip link set "$dev" down
echo freeze > /sys/power/state || fail "the guest cannot sleep"
net_up 0
net_both 0 4
net_clean "$dev"
