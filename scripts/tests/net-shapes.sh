#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# about: devices that lack something: mergeable buffers, checksums, event indexes, vectors...
# check: 6.12
# vm: --smp 2 --mem 768M --net tap,mrg_rxbuf=off --net tap,disable-modern=on --net tap,disable-modern=on,mrg_rxbuf=off --net tap,packed=on --net tap,event_idx=off,indirect_desc=off --net tap,ctrl_vq=off,vectors=3 --net tap,csum=off,guest_csum=off --net tap,host_mtu=9000,rx_queue_size=1024 --net tap,vectors=0
# host: tcg
# timeout: 300

# shellcheck source=scripts/tests/net.sh
. /tests/net.sh
need_ours virtio_net
net_peer

shape() {
	dev=$(net_dev "$1") || fail "network $1 has no interface"
	net_both "$1" 4
	net_clean "$dev"
	say "network $1, $2: data both ways"
}

shape 0 "no mergeable buffers"
[ "$(net_feature "$dev" 15)" = 0 ] || fail "MRG_RXBUF was negotiated"
[ "$(net_feature "$dev" 7)" = 0 ] || fail "GUEST_TSO4 was negotiated without MRG_RXBUF"
shape 1 legacy
[ "$(net_feature "$dev" 32)" = 0 ] || fail "VERSION_1 was negotiated"
shape 2 "legacy, no mergeable buffers, short header"
shape 3 "packed rings"
[ "$(net_feature "$dev" 34)" = 1 ] || fail "RING_PACKED was not negotiated"
shape 4 "no event index, no indirect descriptors"
shape 5 "no control queue, three vectors"
[ "$(net_feature "$dev" 18)" = 0 ] || fail "CTRL_RX was negotiated without CTRL_VQ"
grep -q -- "$(net_virtio "$dev")-output.0" /proc/interrupts ||
	fail "three vectors are not enough for the queues"
shape 6 "no checksum offload"
[ "$(net_feature "$dev" 11)" = 0 ] || fail "HOST_TSO4 was negotiated without CSUM"
shape 7 "MTU 9000 from the device, ring of 1024"
[ "$(cat "/sys/class/net/$dev/mtu")" = 9000 ] || fail "the MTU is not 9000"
ethtool -g "$dev" | grep -q '^RX:.*1024' || fail "the ring is not 1024"
shape 8 "no MSI-X"
