#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# about: a disk that is plugged in works, and one that is pulled out under load hangs nobody
# check: 6.1
# vm: --smp 2 --mem 512M -- -device pcie-root-port,id=hotport,bus=pcie.0,chassis=1
# timeout: 240
. /tests/lib.sh
need_ours virtio_blk

gone() {
	[ ! -e /sys/block/vda ]
}

ended() {
	! kill -0 "$pid" 2>/dev/null
}

for i in 1 2; do
	vmctl qmp '{"execute":"blockdev-add","arguments":{"driver":"null-co","node-name":"hot","size":67108864,"read-zeroes":true}}' >/dev/null ||
		fail "the host has no disk to plug in"
	vmctl qmp '{"execute":"device_add","arguments":{"driver":"virtio-blk-pci","drive":"hot","id":"hot","bus":"hotport"}}' >/dev/null ||
		fail "the host does not plug in the disk"
	retry_until 20 test -b /dev/vda || fail "turn $i: the disk does not appear"
	dd if=/dev/vda of=/dev/null bs=1M count=8 iflag=direct 2>/dev/null || fail "turn $i: cannot be read"
	fio --name=load --filename=/dev/vda --direct=1 --rw=randrw --bs=4k --iodepth=32 \
		--ioengine=io_uring --time_based --runtime=60 >/tmp/fio 2>&1 &
	pid=$!
	sleep 1
	vmctl qmp '{"execute":"device_del","arguments":{"id":"hot"}}' >/dev/null || fail "the host keeps the disk"
	retry_until 30 gone || fail "turn $i: the disk does not disappear"
	retry_until 20 ended || fail "turn $i: the load hangs"
	sleep 1
	vmctl qmp '{"execute":"blockdev-del","arguments":{"node-name":"hot"}}' >/dev/null ||
		fail "turn $i: the host still uses the disk"
done
say "plugged in and pulled out under load, 2 times"
