#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# about: devices that reach nothing but bounce buffers, as in a confidential guest
# when: soak
# vm: --smp 2 --mem 768M --append swiotlb=force --disk 128M,num-queues=2,iommu_platform=on,disable-legacy=on --net tap,queues=2,iommu_platform=on,disable-legacy=on --net tap,packed=on,iommu_platform=on,disable-legacy=on --balloon
# host: tcg
# timeout: 240

. /tests/dma.sh

[ -d /sys/kernel/debug/swiotlb ] || mount -t debugfs none /sys/kernel/debug
[ -e /sys/kernel/debug/swiotlb/io_tlb_nslabs ] || fail "this kernel has no bounce buffers"
# With fio, and data both ways over the networks.
dma_all 768
# What the networks have ready to be received stays there.
used=$(cat /sys/kernel/debug/swiotlb/io_tlb_used)
[ "$used" -gt 0 ] || fail "no bounce buffer is in use: the drivers do not map what they hand out"
say "bounce buffers, $used slabs in use: disk, networks and balloon are right"
for dev in /sys/bus/virtio/devices/virtio*; do
	echo "${dev##*/}" > "$dev/driver/unbind" || fail "${dev##*/} cannot be unbound"
done
retry_until 10 [ "$(cat /sys/kernel/debug/swiotlb/io_tlb_used)" -eq 0 ] ||
	fail "$(cat /sys/kernel/debug/swiotlb/io_tlb_used) slabs are in use without any driver"
say "all of them came back"
