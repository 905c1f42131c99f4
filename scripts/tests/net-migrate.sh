#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# about: a migration with a TCP stream over vhost-net: it goes on, because the new place is announced
# when: soak
# vm: --outer-smp 1 --smp 2 --mem 384M --net tap,queues=2
# host: nested
# timeout: 900

# shellcheck source=scripts/tests/net.sh
. /tests/net.sh
need_ours virtio_net
net_peer

dev=$(net_dev 0) || fail "no interface"
mac=$(cat "/sys/class/net/$dev/address")
[ "$(net_feature "$dev" 21)" = 1 ] || fail "GUEST_ANNOUNCE was not negotiated"
ethtool -L "$dev" combined 2 || fail "no second queue pair"
net_reach 0
# The host would learn from any ARP of ours: there is to be none but the announcement.
peer=$(ip neigh show 10.77.0.1 dev "$dev" | sed -n 's/.*lladdr \([^ ]*\).*/\1/p')
ip neigh replace 10.77.0.1 lladdr "$peer" dev "$dev" nud permanent || fail "no entry for the host"

# Sends back what it gets, and keeps it.
vmctl host "printf '#!/bin/sh\nexec tee /run/stream\n' > /run/echo
chmod +x /run/echo
nc -ll -p 7078 -e /run/echo > /dev/null 2>&1 < /dev/null &
until netstat -ltn | grep -q ':7078 '; do sleep 0.1; done" || fail "the host does not serve"

# While no QEMU has the guest the host is led to believe that it has another address, and sure of it.
vmctl host "cat > /run/between <<'SH'
echo 1200000 > /proc/sys/net/ipv4/neigh/br0/base_reachable_time_ms
ip neigh replace 10.77.0.2 lladdr 52:54:00:77:00:77 dev br0 nud reachable
ip neigh show dev br0 > /run/neigh
SH" || fail "the host cannot be led astray"

# As long as it takes, and no faster than can be kept.
trickle() {
	while [ ! -e /tmp/enough ]; do
		head -c 8192 /dev/urandom
		sleep 0.1
	done
}
trickle | tee /tmp/sent | nc 10.77.0.1 7078 > /tmp/came &
stream=$!
flows() {
	[ "$(stat -c %s /tmp/came)" -gt $((seen + 50000)) ]
}
seen=0
retry_until 20 flows || fail "nothing comes back"
sleep 2

for round in 1 2; do
	before=$(uptime_ms)
	vmctl qmp '{"execute":"rig-migrate"}' > /dev/null || fail "the guest cannot be migrated"
	after=$(uptime_ms)
	seen=$(stat -c %s /tmp/came)
	retry_until 60 flows || fail "migration $round: the stream does not go on, the host has $(
		vmctl host 'cat /run/neigh; ip neigh show dev br0' | tr '\n' ' ')"
	say "migration $round: $((after - before)) ms, the stream went on $(($(uptime_ms) - after)) ms later"
	vmctl host 'cat /run/neigh' | grep -q 52:54:00:77:00:77 || fail "the host was not led astray"
	vmctl host 'ip neigh show dev br0' | grep -q "$mac" || fail "the host has learnt nothing"
	vmctl host 'rm /run/neigh'
done
: > /tmp/enough
wait $stream || fail "the stream has broken off"
sum=$(sha256sum < /tmp/sent)
[ "$(sha256sum < /tmp/came)" = "$sum" ] || fail "other data came back than was sent"
[ "$(vmctl host 'sha256sum < /run/stream')" = "$sum" ] || fail "other data arrived than was sent"
say "$(stat -c %s /tmp/sent) bytes went to and fro"
ip neigh del 10.77.0.1 dev "$dev"
[ "$(net_pairs "$dev")" = 2 ] || fail "not two pairs any more"
net_both 0 8
net_clean "$dev"
