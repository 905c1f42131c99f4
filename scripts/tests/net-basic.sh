#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# about: two queue pairs: traffic both ways, offloads, link state, number of queues, MTU
# check: 6.12
# soak: 5.10 7.2 7.3
# vm: --net tap,queues=2 --smp 2 --mem 512M
# host: tcg
# timeout: 240

# shellcheck source=scripts/tests/net.sh
. /tests/net.sh
need_ours virtio_net

dev=$(net_dev 0) || fail "no interface"
net_peer

ethtool -i "$dev" | grep -q '^driver: virtio_net$' || fail "ethtool -i names another driver"
for feature in tx-checksumming rx-checksumming scatter-gather tcp-segmentation-offload rx-gro-hw; do
	ethtool -k "$dev" | grep -q "^$feature: on" || fail "$feature is not on"
done
[ "$(cat "/sys/class/net/$dev/operstate")" = up ] || fail "the link is not up"

net_both 0 24
say "TCP both ways, two queue pairs"

# Large packets must arrive as such: far fewer than the 16000 that 24 MiB need.
net_pull_packets "$dev" 0 24
say "24 MiB came in $PACKETS packets"
[ "$PACKETS" -lt 8000 ] || fail "segmentation is not used on receive"

ethtool -K "$dev" rx-gro-hw off || fail "rx-gro-hw cannot be switched off"
net_pull_packets "$dev" 0 24
say "24 MiB came in $PACKETS packets without rx-gro-hw"
[ "$PACKETS" -gt 16000 ] || fail "the device still sends large packets"
ethtool -K "$dev" rx-gro-hw on || fail "rx-gro-hw cannot be switched on"

ethtool -K "$dev" tso off tx off || fail "transmit offloads cannot be switched off"
net_push 0 8
ethtool -K "$dev" tx on tso on || fail "transmit offloads cannot be switched on"

[ "$(net_pairs "$dev")" = 2 ] || fail "$(net_pairs "$dev") queue pairs are in use"
for count in 1 2 1 2; do
	ethtool -L "$dev" combined $count || fail "$count queue pairs are refused"
	[ "$(net_pairs "$dev")" = "$count" ] || fail "$(net_pairs "$dev") queue pairs are in use, not $count"
	[ "$(find "/sys/class/net/$dev/queues" -name 'tx-*' | wc -l)" = "$count" ] ||
		fail "the stack does not have $count queues"
	net_both 0 4
done
for queue in 0 1; do
	irq=$(sed -n "s/^ *\([0-9]*\):.*-input[.]$queue$/\1/p" /proc/interrupts)
	xps=$(cat "/sys/class/net/$dev/queues/tx-$queue/xps_cpus")
	hint=$(cat "/proc/irq/$irq/affinity_hint")
	say "queue pair $queue: interrupts on CPUs $hint, transmits for CPUs $xps"
	[ "$((0x$xps))" = $((1 << queue)) ] || fail "XPS of queue $queue is $xps"
	[ "$((0x$hint))" = $((1 << queue)) ] || fail "affinity of queue $queue is $hint"
done

ip link set "$dev" mtu 576 || fail "MTU 576 is refused"
net_both 0 2
ip link set "$dev" mtu 1500

link_is() {
	[ "$(cat "/sys/class/net/$dev/carrier")" = "$1" ]
}
for state in false:0 true:1; do
	vmctl qmp "{\"execute\":\"set_link\",\"arguments\":{\"name\":\"net0\",\"up\":${state%:*}}}" \
		> /dev/null || fail "the host cannot change the link"
	retry_until 10 link_is "${state#*:}" || fail "the carrier does not become ${state#*:}"
done
net_both 0 2

# No receive filter of the device may keep what the stack wants.
ip link add link "$dev" name vlan7 type vlan id 7 || fail "no VLAN"
ip link set vlan7 up || fail "the VLAN cannot be brought up"
ip link del vlan7
ip link set "$dev" promisc on
ip link set "$dev" promisc off
ip link set "$dev" address 52:54:00:77:00:99 || fail "the address cannot be changed"
net_both 0 2
vmctl hmp 'info network' | grep -q 'macaddr=52:54:00:77:00:99' ||
	fail "the device was not told of the address"
ip link set "$dev" address 52:54:00:77:00:00

net_clean "$dev"
ethtool -S "$dev"
