#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# about: the function of a disk is reset under load, and no request is lost
# kernels: 7.2 7.3
# when: soak
# vm: --smp 2 --mem 512M -- -device pcie-root-port,id=hotport,bus=pcie.0,chassis=1
# timeout: 240
. /tests/lib.sh
modprobe -a virtio_pci virtio_blk || fail "virtio_blk cannot be loaded"
need_ours virtio_blk

dir=$(host_folder) || fail "no folder on the host"
vmctl host "truncate -s 64M '$dir/reset.img'" || fail "no image"
# Behind a port, for only there QEMU's disk has a function that can be reset.
vmctl qmp "{\"execute\":\"blockdev-add\",\"arguments\":{\"driver\":\"file\",\"node-name\":\"img\",\"filename\":\"$dir/reset.img\"}}" >/dev/null ||
	fail "the host has no disk to plug in"
vmctl qmp '{"execute":"device_add","arguments":{"driver":"virtio-blk-pci","drive":"img","id":"disk","bus":"hotport"}}' >/dev/null ||
	fail "the host does not plug in the disk"
retry_until 20 test -b /dev/vda || fail "the disk does not appear"

pci=$(readlink -f /sys/block/vda/device/..)
[ -e "$pci/reset" ] || fail "the function cannot be reset"
say "ways to reset it: $(cat "$pci/reset_method")"
fio --name=load --filename=/dev/vda --direct=1 --rw=randwrite --bs=4k --iodepth=32 --ioengine=io_uring \
	--verify=crc32c --verify_fatal=1 --size=16M --loops=1000 --time_based --runtime=30 >/tmp/fio 2>&1 &
pid=$!
sleep 2
resets=0
while kill -0 "$pid" 2>/dev/null && [ "$resets" -lt 20 ]; do
	echo 1 >"$pci/reset" || fail "reset $resets is refused"
	resets=$((resets + 1))
	sleep 0.5
done
kill -0 "$pid" 2>/dev/null || fail "the load has ended after $resets resets: $(tail -n 3 /tmp/fio)"
wait "$pid" || fail "the load failed: $(tail -n 5 /tmp/fio)"
grep -q 'err= 0' /tmp/fio || fail "the load had errors: $(tail -n 5 /tmp/fio)"
dmesg | grep -E 'I/O error|virtio_blk.*(broken|dead)' && fail "see the messages above"
[ "$resets" -ge 10 ] || fail "only $resets resets"
say "$resets resets of the function under load, and each block is what was written"
