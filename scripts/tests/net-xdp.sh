#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# about: compiled XDP programs: drop, send back, redirect, load and unload under traffic
# check: 6.12
# vm: --net tap,queues=2 --net tap --net tap,ctrl_guest_offloads=off --smp 2 --mem 768M
# host: tcg
# timeout: 300

# shellcheck source=scripts/tests/net.sh
. /tests/net.sh
need_ours virtio_net

dev=$(net_dev 0) || fail "no interface 0"
other=$(net_dev 1) || fail "no interface 1"
fixed=$(net_dev 2) || fail "no interface 2"
net_peer
COUNT=50

# object NAME ACTION PORT OPTION...: have the host compile a program to /tmp/NAME.o.
object() {
	_name=$1 _action=$2 _port=$3
	shift 3
	vmctl host "clang -O2 -target bpf -DACTION=$_action -DPORT=$_port \
		-DTARGET=$(cat "/sys/class/net/$other/ifindex") $* -x c -c -o - \
		\$RIG_TOP/scripts/tests/net-xdp.bpf | base64" | base64 -d > "/tmp/$_name.o"
	[ -s "/tmp/$_name.o" ] || fail "the host does not compile $_name"
}

# load INTERFACE NAME
load() {
	ip -force link set dev "$1" xdpdrv obj "/tmp/$2.o" sec "${3:-xdp}" || fail "$2 is refused"
}

unload() {
	ip link set dev "$1" xdpdrv off || fail "the program of $1 cannot be removed"
}

# peer ARGUMENT...: what the host's side says.
peer() {
	vmctl host "python3 - $* <<'PY'
$(cat /tests/net-xdp-peer.py)
PY"
}

# grown INTERFACE NAME BEFORE: fail unless a counter has grown by COUNT.
grown() {
	_now=$(net_stat "$1" "$2") || fail "$1 has no counter $2"
	[ $((_now - $3)) -ge "$COUNT" ] || fail "$1: $2 was $3 and is $_now"
}

object drop 1 9001
object send 3 9002
object redirect 4 9003
object frags 1 9001 -DFRAGS

# Packets of the host have no checksum of their own where the guest offloads that.
load "$dev" send
net_reach 0
[ "$(peer 9002 $COUNT)" = $COUNT ] || fail "not all datagrams came back"
grown "$dev" rx_xdp_tx 0
say "$COUNT datagrams sent back"

load "$dev" redirect
net_reach 0
[ "$(peer 9003 $COUNT 10.77.1.1)" = $COUNT ] || fail "not all datagrams came out elsewhere"
grown "$dev" rx_xdp_redirects 0
grown "$other" tx_xdp_tx 0
say "$COUNT datagrams redirected to $other"

# Other rings are other buffers, which the program gets just the same.
seen=$(net_stat "$dev" rx_xdp_redirects)
ethtool -G "$dev" rx 64 tx 128 || fail "other ring sizes are refused while there is a program"
net_refused "a ring of 100" ethtool -G "$dev" rx 100
[ "$(peer 9003 $COUNT 10.77.1.1)" = $COUNT ] || fail "not all datagrams came out after ethtool -G"
grown "$dev" rx_xdp_redirects "$seen"
say "$COUNT more with rings of $(ethtool -g "$dev" | awk '/^(RX|TX):/ { print $2 }' | tail -n 2 | tr '\n' ' ')"

load "$dev" drop
net_reach 0
before=$(net_stat "$dev" rx_xdp_drops)
vmctl host "python3 -c 'import socket
for i in range(2 * $COUNT):
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b\"x\" * (i * 14), (\"10.77.0.2\", 9001))'" ||
	fail "the host cannot send"
dropped() {
	[ $(($(net_stat "$dev" rx_xdp_drops) - before)) -ge $COUNT ]
}
retry_until 20 dropped || fail "rx_xdp_drops was $before and is $(net_stat "$dev" rx_xdp_drops)"
say "$COUNT datagrams dropped"

# Frames of one buffer only; the MTU does not go beyond that, or with frags it does.
net_refused "MTU 9000 without frags" ip link set "$dev" mtu 9000
[ "$(cat "/sys/class/net/$dev/mtu")" = 1500 ] || fail "the MTU has changed"
unload "$dev"
host_mtu() {
	vmctl host "ip link set \$(ip -o addr show to 10.77.0.1 | cut -d' ' -f2) mtu $1" ||
		fail "the host's interface does not take MTU $1"
}
frags_work() {
	load "$dev" frags xdp.frags
	ip link set "$dev" mtu 9000 || fail "MTU 9000 is refused with frags"
	net_both 0 2
	# From a host that has such frames: each takes three buffers.
	host_mtu 9000
	before=$(net_stat "$dev" rx_xdp_packets)
	vmctl host "ping -q -c 5 -i 0.2 -s 8000 -M do 10.77.0.2" > /dev/null ||
		fail "packets of several buffers do not get through the program"
	[ $(($(net_stat "$dev" rx_xdp_packets) - before)) -ge 5 ] || fail "the program has not seen them"
	host_mtu 1500
	ip link set "$dev" mtu 1500
	unload "$dev"
}
case $(uname -r) in
5.*)	# The kernel has no such programs before 5.18.
	net_refused "a program with frags" \
		ip -force link set dev "$dev" xdpdrv obj /tmp/frags.o sec xdp.frags
	;;
*)	frags_work ;;
esac

net_refused "a program without CTRL_GUEST_OFFLOADS" \
	ip link set dev "$fixed" xdpdrv obj /tmp/drop.o sec xdp
net_reach 2

# Programs come and go, queues too, and rings get another size, while data is on its way.
(
	while [ ! -e /tmp/enough ]; do
		load "$dev" drop
		ethtool -L "$dev" combined 1 || fail "one queue is refused"
		ethtool -G "$dev" rx 128 || fail "a ring of 128 is refused"
		unload "$dev"
		ethtool -L "$dev" combined 2 || fail "two queues are refused"
		ethtool -G "$dev" rx 256 || fail "a ring of 256 is refused"
	done
) &
for _ in 1 2 3; do
	net_both 0 2
done
touch /tmp/enough
wait $! || fail "a program cannot be loaded under traffic"
ethtool -k "$dev" | grep -q '^rx-gro-hw: on' || fail "rx-gro-hw did not come back"
net_both 0 2

# A program that is still there when its device goes.
load "$dev" drop
net_virtio "$dev" > /sys/bus/virtio/drivers/virtio_net/unbind || fail "cannot be unbound"
net_no_complaint
