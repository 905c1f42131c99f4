#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# about: devices behind an IOMMU: they reach what the drivers map, for as long, and nothing else
# when: soak
# vm: --smp 2 --mem 512M --iommu --append intel_iommu=on,strict --disk 128M,num-queues=2 --net tap,queues=2 --net tap,packed=on --balloon
# host: tcg
# timeout: 240

. /tests/dma.sh

for dev in /sys/bus/virtio/devices/virtio*; do
	[ -e "$(readlink -f "$dev")/../iommu_group" ] || fail "${dev##*/} is not behind the IOMMU"
done
# With fio, and data both ways over the networks.
dma_all 512
dmesg | grep -i 'DMAR.*fault' && fail "the IOMMU stopped a device"
say "behind an IOMMU: disk, networks and balloon are right"
