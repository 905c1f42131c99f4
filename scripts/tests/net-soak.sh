#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# about: an hour of changes of queues, MTU, rings, features and XDP programs under traffic
# when: soak
# vm: --net tap,queues=2 --smp 2 --one-thread --mem 512M
# host: tcg
# timeout: 5400

# For less, or for the same changes again: --append "soak_seconds=120 soak_seed=7". No hashes: where QEMU
# computes them itself a full queue holds up the others, see Documentation/virtio_net.md.

# shellcheck source=scripts/tests/net.sh
. /tests/net.sh
need_ours virtio_net
net_peer
dev=$(net_dev 0) || fail "no interface"

# given NAME DEFAULT: a number of the kernel's command line.
given() {
	_given=$(sed -n "s/.*\<$1=\([0-9]*\).*/\1/p" /proc/cmdline)
	echo "${_given:-$2}"
}
seconds=$(given soak_seconds 3600)
seed=$(given soak_seed "$(od -An -N2 -tu2 /dev/urandom | tr -d ' ')")
say "$seconds seconds, seed $seed"

# below N: set PICK to one of 0 to N - 1.
below() {
	seed=$(((seed * 1103515245 + 12345) & 0x7fffffff))
	PICK=$(((seed >> 12) % $1))
}
# one_of WORD...: set PICK to one of them.
one_of() {
	below $#
	shift "$PICK"
	PICK=$1
}

for action in 1 2; do
	vmctl host "clang -O2 -target bpf -DACTION=$action -DPORT=9001 -DTARGET=1 \
		$([ $action = 1 ] || echo -DFRAGS) -x c -c -o - \$RIG_TOP/scripts/tests/net-xdp.bpf |
		base64" | base64 -d > "/tmp/$action.o"
	[ -s /tmp/$action.o ] || fail "the host does not compile a program"
done

# Each transfer is complete and right, whatever is changed meanwhile.
transfers() {
	_done=$(cat "/tmp/done.$1" 2> /dev/null || echo 0)
	while [ -e /tmp/traffic ]; do
		if ! ("$@") > "/tmp/said.$1" 2>&1; then
			# It began while the interface was down.
			grep -q 'Network is unreachable' "/tmp/said.$1" && continue
			mv "/tmp/said.$1" /tmp/broken
			return 1
		fi
		_done=$((_done + 1))
		echo $_done > "/tmp/done.$1"
	done
}
begin() {
	: > /tmp/traffic
	transfers net_pull 0 8 &
	transfers net_push 0 4 &
}
halt() {
	rm /tmp/traffic
	wait
	[ ! -e /tmp/broken ] || fail "$(cat /tmp/broken)"
}
begin
vmctl host "(while :; do ping -q -f -c 2000 -s 3000 10.77.0.2; sleep 0.2; done) > /dev/null 2>&1 < /dev/null &"

change() {
	one_of queues mtu ring feature program program vlan promisc down
	what=$PICK
	case $what in
	queues)
		one_of 1 2
		ethtool -L "$dev" combined "$PICK"
		;;
	mtu)
		one_of 576 1280 1499 1500
		ip link set "$dev" mtu "$PICK"
		;;
	ring)
		one_of rx tx
		what=$PICK
		one_of 64 128 256
		ethtool -G "$dev" "$what" "$PICK" 2> /tmp/err ||
			grep -q "no ring parameters changed" /tmp/err
		;;
	feature)
		one_of tx tso gso sg gro rx-gro-hw
		what=$PICK
		one_of on off
		ethtool -K "$dev" "$what" "$PICK" > /dev/null 2>&1
		# A program keeps rx-gro-hw off, and no segmentation without checksums.
		return 0
		;;
	program)
		one_of 1 2 none
		what=$PICK
		case $what in
		none) ip link set dev "$dev" xdpdrv off ;;
		1) ip -force link set dev "$dev" xdpdrv obj /tmp/1.o sec xdp ;;
		2) ip -force link set dev "$dev" xdpdrv obj /tmp/2.o sec xdp.frags ;;
		esac
		;;
	vlan)
		ip link del soak7 2> /dev/null || ip link add link "$dev" name soak7 type vlan id 7
		;;
	promisc)
		one_of on off
		ip link set "$dev" promisc "$PICK"
		;;
	down)
		ip link set "$dev" down && ip link set "$dev" up
		;;
	esac
}
moved() {
	[ ! -e /tmp/broken ] || fail "$(cat /tmp/broken)"
	[ "$(cat "/sys/class/net/$dev/statistics/rx_packets")" -gt $((rx + 50)) ] &&
		[ "$(cat "/sys/class/net/$dev/statistics/tx_packets")" -gt $((tx + 50)) ]
}
stopped() {
	tail -n 20 /tmp/changes
	ip -s link show "$dev"
	ip neigh
	vmctl host "ip neigh; ip -s link show tap0; ss -tin | cat"
	cat /proc/interrupts
	ethtool -S "$dev" | grep -v ': 0$'
	ethtool -k "$dev" | grep -e ': on'
	retry_until 60 moved && fail "change $count ($what $PICK): the traffic stopped for more than 30 s"
	fail "change $count ($what $PICK): the traffic has stopped"
}
# With nothing on its way, and the same program and number of queues each time.
used() {
	ip link set dev "$dev" xdpdrv off
	ethtool -L "$dev" combined 2
	sleep 2
	net_memory
}

count=0
first=
end=$(($(uptime_ms) + seconds * 1000))
while [ "$(uptime_ms)" -lt $end ]; do
	change || fail "change $count: $what to $PICK is refused"
	count=$((count + 1))
	echo "$count $what $PICK: $(uptime_ms) ms, $(ethtool -S "$dev" | grep -e drops -e healed | grep -v ': 0' | tr -s '\n ' ' ')" >> /tmp/changes
	rx=$(cat "/sys/class/net/$dev/statistics/rx_packets")
	tx=$(cat "/sys/class/net/$dev/statistics/tx_packets")
	retry_until 30 moved || stopped
	# Once all has been there.
	[ $count = 60 ] || continue
	halt
	first=$(used)
	begin
done
halt
last=$(used)
say "$count changes, $(cat /tmp/done.net_pull) and $(cat /tmp/done.net_push) transfers"
say "memory in use after 60 changes: ${first:-not seen}, at the end $last KiB"
# The pools of two queues keep some of what came back.
[ -z "$first" ] || [ $((last - first)) -lt 4096 ] || fail "memory is lost"
net_no_complaint
for name in device_resets tx_queue_resets ctrl_timeouts; do
	ethtool -S "$dev" | grep -q "^ *$name: 0$" || fail "$name: $(ethtool -S "$dev" | grep " $name:")"
done
# A packet whose interrupt is on its way may count, which is rare.
healed=$(ethtool -S "$dev" | sed -n 's/^ *rx_healed: //p')
say "rx_healed: $healed"
[ "$healed" -le $((1 + count / 300)) ] || fail "interrupts or notifications were lost"
[ "$(net_stat "$dev" tx_tx_timeouts)" = 0 ] || fail "the watchdog had to look"
[ "$(net_stat "$dev" rx_malformed)" = 0 ] || fail "malformed frames were counted"
rmmod virtio_net || fail "the module is still in use"
