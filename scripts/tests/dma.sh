# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# Devices that have to ask for what they read and write: `. /tests/dma.sh`.

# shellcheck source=scripts/tests/net.sh
. /tests/net.sh
# shellcheck source=scripts/tests/balloon.sh
. /tests/balloon.sh

# dma_all MIB: in a guest of so much memory use a disk, two networks and a balloon. All have
# ACCESS_PLATFORM but the balloon, which tells the host addresses of memory.
dma_all() {
	for _module in virtio_blk virtio_net virtio_balloon; do
		need_ours $_module
	done
	for _dev in /sys/bus/virtio/devices/virtio*; do
		[ "$(basename "$(readlink -f "$_dev/driver")")" != virtio_balloon ] || continue
		[ "$(cut -c34 "$_dev/features")" = 1 ] ||
			fail "${_dev##*/}: ACCESS_PLATFORM was not negotiated"
	done
	fio --name=dma --filename=/dev/vda --direct=1 --rw=randwrite --bsrange=512-256k --size=32M \
		--numjobs=2 --offset_increment=32M --ioengine=io_uring --iodepth=16 --fsync=64 \
		--verify=crc32c > /tmp/fio 2>&1 || { cat /tmp/fio; fail "wrong data"; }
	net_peer
	for _net in 0 1; do
		net_both $_net 4
		net_clean "$(net_dev $_net)"
	done
	# shellcheck disable=SC2034
	total=$(mem_kib MemTotal)
	balloon_target $(($1 - 128))
	balloon_settles $(($1 - 128)) "$1"
	balloon_target "$1"
	balloon_settles "$1" "$1"
}
