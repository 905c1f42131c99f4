#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# about: vhost-net: traffic both ways with and without mergeable buffers, queues and bindings changed
# when: soak
# vm: --outer-smp 1 --smp 2 --mem 384M --net tap,queues=2 --net tap,mrg_rxbuf=off
# host: nested
# timeout: 900

# shellcheck source=scripts/tests/net.sh
. /tests/net.sh
need_ours virtio_net
net_peer

# One worker a queue pair.
# shellcheck disable=SC2016  # for the host's shell
workers=$(vmctl host 'grep -h "^vhost-" /proc/$RIG_QEMU_PID/task/*/comm | wc -l')
[ "$workers" = 3 ] || fail "QEMU has $workers vhost workers for three queue pairs"

dev=$(net_dev 0) || fail "no interface"
virtio=$(net_virtio "$dev")
driver=/sys/bus/virtio/drivers/virtio_net

for net in 0 1; do
	net_both $net 16
	[ "$(net_feature "$(net_dev $net)" 15)" = $((1 - net)) ] || fail "mergeable buffers of $net"
done
say "TCP both ways, with mergeable buffers and without"

net_pull_packets "$dev" 0 16
say "16 MiB came in $PACKETS packets"
[ "$PACKETS" -lt 5500 ] || fail "segmentation is not used on receive"

# Around the sizes of buffers, and of frames in pieces.
for net in 0 1; do
	for size in 0 1 42 100 101 229 230 1472 1473 2000 4053 4054 8000 30000 65507; do
		ping -q -c 2 -i 0.05 -W 5 -s $size "10.77.$net.1" > /tmp/ping
		grep -q '[, ]2 received' /tmp/ping ||
			fail "network $net: no answer to $size bytes: $(cat /tmp/ping)"
	done
done
say "ping with up to 65507 bytes"

: > /tmp/traffic
while [ -e /tmp/traffic ]; do
	echo "pull 50000000" | timeout 5 nc 10.77.0.1 7077
	{ echo "push 20000000"; head -c 20000000 /dev/zero; } | timeout 5 nc 10.77.0.1 7077
done > /dev/null 2>&1 &

for count in 1 2 1 2; do
	sleep 1
	ethtool -L "$dev" combined $count || fail "$count queue pairs are refused"
	net_reach 0
done
say "number of queues changed under traffic"
for i in 1 2 3; do
	sleep 1
	echo "$virtio" > $driver/unbind || fail "cannot unbind"
	echo "$virtio" > $driver/bind || fail "cannot bind"
	retry_until 10 net_dev 0 > /dev/null || fail "the interface does not come back"
	dev=$(net_dev 0)
	net_up 0
	net_reach 0
done
say "$i times unbound under traffic"
rm /tmp/traffic
wait
for net in 0 1; do
	net_both $net 16
	net_clean "$(net_dev $net)"
done
