#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# about: bind, unbind, load, unload, up and down under traffic; all memory comes back
# check: 6.12
# vm: --net tap,queues=2 --smp 2 --mem 512M
# host: tcg
# timeout: 300

# shellcheck source=scripts/tests/net.sh
. /tests/net.sh
need_ours virtio_net
net_peer

driver=/sys/bus/virtio/drivers/virtio_net
dev=$(net_dev 0) || fail "no interface"
virtio=$(net_virtio "$dev")
mac=$(cat "/sys/class/net/$dev/address")

# Traffic that goes on whatever happens to the interface.
vmctl host "ip neigh replace 10.77.0.2 lladdr $mac \\
		dev \$(ip -o addr show to 10.77.0.1 | cut -d' ' -f2)
	(for i in \$(seq 100); do
		timeout 3 ping -q -f -s 8000 10.77.0.2
		sleep 0.05
	done) > /dev/null 2>&1 < /dev/null &"
traffic() {
	while [ -e /tmp/traffic ]; do
		echo "pull 200000000" | timeout 5 nc 10.77.0.1 7077
		dd if=/dev/zero bs=1M count=64 2> /dev/null | { echo "push 67108864"; cat; } |
			timeout 5 nc 10.77.0.1 7077
		sleep 0.1
	done > /dev/null 2>&1
}
: > /tmp/traffic
traffic &

back() {
	retry_until 10 net_dev 0 > /dev/null || fail "$1: the interface does not come back"
	net_up 0
	net_reach 0
}

for i in 1 2 3; do
	back "$i"
	sleep 0.5
	echo "$virtio" > $driver/unbind || fail "cannot unbind"
	[ ! -e "$driver/$virtio" ] || fail "still bound"
	echo "$virtio" > $driver/bind || fail "cannot bind"
done
say "3 times unbound under traffic"
back unbind

for i in 1 2; do
	rmmod virtio_net || fail "cannot unload"
	modprobe virtio_net || fail "cannot load"
	back "$i"
	sleep 0.5
done
say "2 times unloaded under traffic"

for i in 1 2 3 4; do
	ip link set "$dev" down || fail "cannot be brought down"
	ethtool -L "$dev" combined $((i % 2 + 1)) || fail "queues cannot be changed while down"
	ip link set "$dev" up || fail "cannot be brought up"
	ethtool -L "$dev" combined $(((i + 1) % 2 + 1)) || fail "queues cannot be changed while up"
	sleep 0.2
done
say "4 times down and up under traffic"
rm /tmp/traffic
wait
back "the end"
net_both 0 4
net_no_complaint

# Nothing may be left: a loop more must not cost memory.
# The pools of a device that is gone are looked at once a second.
kept() {
	after=$(net_memory)
	[ $((after - before)) -lt 2048 ]
}
loop() {
	for i in 1 2 3 4; do
		modprobe virtio_net || fail "cannot load"
		net_up 0
		net_reach 0
		net_pull 0 4
		rmmod virtio_net || fail "cannot unload"
	done
}
rmmod virtio_net || fail "cannot unload"
loop
before=$(net_memory)
loop
retry_until 10 kept || fail "$((after - before)) KiB are lost"
say "memory in use: $before KiB, after 4 more loops $after KiB"
net_no_complaint
