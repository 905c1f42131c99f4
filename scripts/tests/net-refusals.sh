#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# about: what a person may not ask for is refused, and changes nothing
# check: 6.1
# vm: --net tap,queues=2 --net tap,host_mtu=1400 --net tap,mrg_rxbuf=off --smp 2 --mem 512M
# host: tcg
# timeout: 180

# shellcheck source=scripts/tests/net.sh
. /tests/net.sh
need_ours virtio_net
dev=$(net_dev 0) || fail "no interface"
net_peer

state() {
	ethtool -l "$dev"
	ethtool -k "$dev"
	ethtool -g "$dev"
	ip link show "$dev"
}
state > /tmp/before

net_refused "0 queue pairs" ethtool -L "$dev" combined 0
net_refused "3 queue pairs of 2" ethtool -L "$dev" combined 3
net_refused "a receive queue on its own" ethtool -L "$dev" rx 1
net_refused "MTU 67" ip link set "$dev" mtu 67
net_refused "MTU 65536" ip link set "$dev" mtu 65536
net_refused "MTU 1401 of 1400" ip link set "$(net_dev 1)" mtu 1401
net_refused "MTU 9000 without mergeable buffers" ip link set "$(net_dev 2)" mtu 9000
net_refused "a multicast address" ip link set "$dev" address 01:00:5e:00:00:01
net_refused "LRO" ethtool -K "$dev" lro on
net_refused "duplex 7" ethtool -s "$dev" duplex 7
net_refused "a ring of 100" ethtool -G "$dev" rx 100

state > /tmp/after
diff /tmp/before /tmp/after || fail "a refusal has changed something"
net_both 0 2

rmmod virtio_net || fail "cannot unload"
for weight in 0 -1 65 x; do
	net_refused "napi_weight=$weight" modprobe virtio_net napi_weight=$weight
	dmesg | tail -n 5 | grep -q "napi_weight=$weight is not a number from 1 to 64" ||
		fail "nothing says what is wrong with napi_weight=$weight"
done
for ms in 0 99 60001 x; do
	net_refused "ctrl_timeout=$ms" modprobe virtio_net ctrl_timeout=$ms
	dmesg | tail -n 5 | grep -q "ctrl_timeout=$ms is not a number from 100 to 60000" ||
		fail "nothing says what is wrong with ctrl_timeout=$ms"
done
[ ! -e /sys/module/virtio_net ] || fail "the module is loaded all the same"

modprobe virtio_net napi_weight=8 csum=0 napi_tx=0 || fail "cannot load with good parameters"
[ "$(cat /sys/module/virtio_net/parameters/napi_weight)" = 8 ] || fail "napi_weight is not 8"
net_up 0
net_both 0 4
ethtool -k "$dev" | grep -q '^tx-checksumming: off' || fail "csum=0 is without effect"
net_clean "$dev"
say "napi_weight=8 csum=0 napi_tx=0: data both ways"
