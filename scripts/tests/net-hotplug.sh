#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# about: a card is plugged in, moved between name spaces and pulled out, all of it under traffic
# check: 6.1
# vm: --smp 2 --mem 512M -- -device pcie-root-port,id=hotport,bus=pcie.0,chassis=1
# host: tcg
# timeout: 240

# shellcheck source=scripts/tests/net.sh
. /tests/net.sh
need_ours virtio_net
net_peer

vmctl host 'ip tuntap add dev tap9 mode tap multi_queue vnet_hdr
	ip addr add 10.77.9.1/24 dev tap9
	ip link set tap9 up' || fail "the host has no tap"

# Goes on whatever happens to the card, each transfer in the name space that has it.
traffic() {
	while [ -e /tmp/traffic ]; do
		for where in "" "ip netns exec away"; do
			echo "pull 200000000" | $where timeout 3 nc 10.77.9.1 7077
			head -c 50000000 /dev/zero | { echo "push 50000000"; cat; } |
				$where timeout 3 nc 10.77.9.1 7077
		done
		sleep 0.1
	done > /dev/null 2>&1
}
here() {
	net_dev 9 > /dev/null
}
# Here and where it was moved to.
gone() {
	! here && ! ip -n away link show "$dev" > /dev/null 2>&1
}
ejected() {
	! vmctl qmp '{"execute":"qom-list","arguments":{"path":"/machine/peripheral/card"}}' > /dev/null 2>&1
}
give_away() {
	ip link set "$dev" netns away || fail "the card cannot be moved"
	ip -n away addr add 10.77.9.2/24 dev "$dev" || fail "no address in another name space"
	ip -n away link set "$dev" up || fail "not up in another name space"
	retry_until 15 ip netns exec away ping -q -c 1 -W 1 10.77.9.1 > /dev/null ||
		fail "no answer in another name space"
}
ip netns add away || fail "no name space"
: > /tmp/traffic
traffic &

for i in 1 2 3; do
	vmctl qmp '{"execute":"netdev_add","arguments":{"type":"tap","id":"hot","ifname":"tap9","script":"no",'\
'"downscript":"no","queues":2}}' '{"execute":"device_add","arguments":{"driver":"virtio-net-pci",'\
'"netdev":"hot","id":"card","mac":"52:54:00:77:00:09","mq":true,"vectors":6,"romfile":"","bus":"hotport"}}' \
		> /tmp/answers || fail "the host does not plug in the card: $(cat /tmp/answers)"
	retry_until 20 here || fail "turn $i: the card does not appear"
	dev=$(net_dev 9)
	ethtool -L "$dev" combined 2 || fail "turn $i: no second queue pair"
	net_up 9
	net_reach 9
	[ $i = 3 ] || net_both 9 4
	sleep 0.5
	give_away
	sleep 0.5
	ip -n away link set "$dev" netns 1 || fail "the card cannot be moved back"
	net_up 9
	net_reach 9
	sleep 0.5
	# The last one is pulled out of the other name space.
	if [ $i = 3 ]; then
		give_away
		sleep 1
	fi
	vmctl qmp '{"execute":"device_del","arguments":{"id":"card"}}' > /dev/null || fail "the host keeps the card"
	retry_until 30 ejected || fail "turn $i: the card does not disappear"
	gone || fail "turn $i: the interface is still there"
	vmctl qmp '{"execute":"netdev_del","arguments":{"id":"hot"}}' > /dev/null ||
		fail "turn $i: the host still uses the network"
done
rm /tmp/traffic
wait
say "plugged in, moved to and fro, and pulled out under traffic, $i times"
net_no_complaint
rmmod virtio_net || fail "the module is still in use"
