#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# about: TCP segments that the device puts together are counted one by one
# when: soak
# vm: --net tap,guest_rsc_ext=on --smp 2 --mem 512M --no-load
# host: tcg
# timeout: 240

# shellcheck source=scripts/tests/net.sh
. /tests/net.sh

# IP counts as many as gso_segs says there were; TCP's InSegs does not.
segments() {
	awk '$1 == "IpExt:" && !names { names = 1; for (i = 1; i <= NF; i++) at[$i] = i; next }
		$1 == "IpExt:" { print $at["InNoECTPkts"] }' /proc/net/netstat
}

# measure MIB: get data; set packets and segments, what came from the device and what IP saw.
measure() {
	_packets=$(net_stat "$dev" rx_packets)
	_segments=$(segments)
	net_pull 0 "$1"
	packets=$(($(net_stat "$dev" rx_packets) - _packets))
	segments=$(($(segments) - _segments))
	say "$1 MiB: $packets packets, $segments segments"
}

modprobe -a virtio_pci virtio_net || fail "virtio_net cannot be loaded"
need_ours virtio_net
dev=$(net_dev 0) || fail "no interface"
[ "$(net_feature "$dev" 61)" = 0 ] || fail "RSC_EXT was negotiated unasked"
rmmod virtio_net || fail "virtio_net cannot be unloaded"

modprobe virtio_net rsc_ext=1 || fail "virtio_net cannot be loaded with rsc_ext=1"
net_up 0
dev=$(net_dev 0)
[ "$(net_feature "$dev" 61)" = 1 ] || fail "RSC_EXT was not negotiated"
# Segments with right checksums, as from a wire: the device does not keep what the host's
# header says of others.
vmctl host "ethtool -K tap0 tso off gso off tx off" > /dev/null ||
	fail "the host sends no plain segments"
# Nor does it touch segments with options.
echo 0 > /proc/sys/net/ipv4/tcp_timestamps
net_peer
net_reach 0

measure 24
[ "$packets" -lt 12000 ] || fail "the device puts nothing together: $packets packets"
# 24 MiB in segments of at most 1460 bytes.
[ "$segments" -gt 17000 ] || fail "$segments segments are too few for 24 MiB"
# What is sent is not touched by it.
net_push 0 8

ethtool -K "$dev" rx-gro-hw off || fail "rx-gro-hw cannot be switched off"
measure 8
[ "$packets" -gt 5000 ] || fail "the device still puts segments together: $packets packets"
[ "$segments" -ge $((packets * 9 / 10)) ] || fail "$segments segments are fewer than there were"
net_clean "$dev"
