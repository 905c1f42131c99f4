#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# about: the power goes at 100 random moments, and nothing that was promised is missing
# when: soak
# vm: --smp 2 --mem 512M -- -device pcie-root-port,id=hotport,bus=pcie.0,chassis=1
# timeout: 600

# shellcheck source=scripts/guest/lib.sh
. /tests/lib.sh
need_ours virtio_blk

dir=$(host_folder) || fail "the host does not say where files go"

# plug: a disk of 16 MiB, of which the host logs what is written and flushed, and when.
plug() {
	vmctl host "rm -f '$dir/pc.img' '$dir/pc.log'; truncate -s 16M '$dir/pc.img'; : > '$dir/pc.log'" ||
		fail "no image"
	vmctl qmp '{"execute":"blockdev-add","arguments":{"driver":"blklogwrites","node-name":"hot",'\
'"file":{"driver":"file","filename":"'"$dir/pc.img"'"},'\
'"log":{"driver":"file","filename":"'"$dir/pc.log"'"}}}' \
		'{"execute":"device_add","arguments":{"driver":"virtio-blk-pci","drive":"hot","id":"hot",'\
'"bus":"hotport"}}' > /dev/null || fail "the host does not plug in the disk"
	retry_until 20 test -b /dev/vda || fail "the disk does not appear"
}

gone() {
	[ ! -e /sys/block/vda ]
}

given_up() {
	vmctl qmp '{"execute":"blockdev-del","arguments":{"node-name":"hot"}}' > /dev/null 2> /tmp/err
}

unplug() {
	vmctl qmp '{"execute":"device_del","arguments":{"id":"hot"}}' > /dev/null || fail "the host keeps it"
	retry_until 30 gone || fail "the disk does not disappear"
	retry_until 30 given_up || fail "the host still uses the disk: $(cat /tmp/err)"
}

for how in flush sync through; do
	plug
	writers=8
	[ "$(cat /sys/block/vda/cache_type)" = "write back" ] || fail "the disk has no cache"
	if [ $how = through ]; then
		echo "write through" > /sys/block/vda/cache_type || fail "the cache cannot be switched off"
		writers=1       # see blk-powercut.py
	fi
	disktool promises /dev/vda $writers 10 $how || fail "$how: the disk cannot be written"
	unplug
	vmctl host "python3 \"\$RIG_TOP\"/scripts/tests/blk-powercut.py '$dir/pc.log'" > /tmp/cuts ||
		fail "$how: $(cat /tmp/cuts)"
	say "$how: $(cat /tmp/cuts)"
done
