#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# about: hashes and where they lead, ring sizes, more unicast addresses than a table holds
# check: 6.1
# vm: --net tap,queues=2,rss=on,hash=on --smp 2 --mem 512M
# host: tcg
# timeout: 180

# shellcheck source=scripts/tests/net.sh
. /tests/net.sh
need_ours virtio_net

dev=$(net_dev 0) || fail "no interface"
net_peer
for bit in 20 57 60; do
	[ "$(net_feature "$dev" $bit)" = 1 ] || fail "feature $bit was not negotiated"
done

packets() {
	ethtool -S "$dev" | sed -n "s/^ *rx\(_queue_\)\?$1_packets: //p"
}

# All flows to one queue, then to the other: only that one receives.
ethtool -x "$dev" > /tmp/table || fail "ethtool -x is refused"
grep -q 'toeplitz: on' /tmp/table || fail "the hash is not Toeplitz's"
for queue in 0 1; do
	weight="1 0"
	[ $queue = 0 ] || weight="0 1"
	# shellcheck disable=SC2086
	ethtool -X "$dev" weight $weight || fail "ethtool -X is refused"
	before=$(packets $((1 - queue)))
	net_pull 0 4
	after=$(packets $((1 - queue)))
	say "queue $((1 - queue)) has received $((after - before)) packets meanwhile"
	[ $((after - before)) -le 4 ] || fail "flows go to queue $((1 - queue)) all the same"
done
net_refused "one queue while the table has two" ethtool -L "$dev" combined 1
ethtool -X "$dev" default || fail "ethtool -X default is refused"
key=$(ethtool -x "$dev" | sed -n '/^RSS hash key/{n;p;}')
[ "${#key}" = 119 ] || fail "the key is not 40 bytes: $key"
ethtool -X "$dev" hkey "${key%??}5a" || fail "another key is refused"
ethtool -x "$dev" | grep -q "^${key%??}5a" || fail "the key has not changed"

ethtool -n "$dev" rx-flow-hash udp4 | grep -q 'L4 bytes' || fail "ports of UDP are not hashed"
ethtool -N "$dev" rx-flow-hash udp4 sd || fail "ethtool -N is refused"
! ethtool -n "$dev" rx-flow-hash udp4 | grep -q 'L4 bytes' || fail "ports are still hashed"
# It says so, and ends with status 0 all the same.
ethtool -N "$dev" rx-flow-hash udp4 v 2>&1 | grep -q Cannot || fail "a hash of VLAN tags is accepted"
net_both 0 4

# Rings take on another size where the queue can be reset.
ethtool -G "$dev" rx 128 tx 64 || fail "other ring sizes are refused"
ethtool -g "$dev" | sed '1,/^Current/d' | grep -q '^RX:.*128' || fail "the receive ring is not 128"
ethtool -g "$dev" | sed '1,/^Current/d' | grep -q '^TX:.*64' || fail "the transmit ring is not 64"
net_refused "a ring of 100" ethtool -G "$dev" rx 100
net_both 0 4
net_refused "coalescing that the device does not have" ethtool -C "$dev" rx-usecs 10

# 70 addresses: not promiscuous, but all unicast.
filter_is() {
	vmctl qmp '{"execute":"query-rx-filter"}' > /tmp/filter
	grep -q '"promiscuous": *false' /tmp/filter && grep -q "\"unicast\": *\"$1\"" /tmp/filter
}
retry_until 5 filter_is normal || fail "the filter is not as usual: $(cat /tmp/filter)"
i=0
while [ $i -lt 70 ]; do
	printf 'fdb add 02:00:00:00:01:%02x dev %s self\n' $i "$dev"
	i=$((i + 1))
done > /tmp/fdb
bridge -batch /tmp/fdb || fail "no 70 addresses"
retry_until 5 filter_is all || fail "70 addresses: $(cat /tmp/filter)"
sed 's/add/del/' /tmp/fdb > /tmp/fdb2
bridge -batch /tmp/fdb2 || fail "the addresses do not go away"
retry_until 5 filter_is normal || fail "no address: $(cat /tmp/filter)"
net_both 0 2

net_clean "$dev"
for name in device_resets ctrl_timeouts; do
	ethtool -S "$dev" | grep -q "^ *$name: 0$" || fail "$name is not 0"
done
[ "$(net_stat "$dev" rx_malformed)" = 0 ] || fail "malformed frames were counted"
