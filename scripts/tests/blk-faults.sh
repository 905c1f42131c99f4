#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# about: a host with bad sectors, one that needs 300 ms for each request, and one that stops while it has requests
# check: 6.12
# vm: --smp 2 --mem 512M -- -blockdev driver=null-co,node-name=f0,size=67108864,read-zeroes=on -blockdev driver=raw,node-name=n0,file=f0 -blockdev driver=null-co,node-name=s0,size=67108864,read-zeroes=on,latency-ns=300000000 -device virtio-blk-pci,drive=n0 -blockdev driver=blkdebug,node-name=n5,image.driver=null-co,image.size=67108864,image.read-zeroes=on,inject-error.0.event=none,inject-error.0.iotype=read,inject-error.0.sector=8,inject-error.0.errno=5,inject-error.1.event=none,inject-error.1.iotype=write,inject-error.1.sector=16,inject-error.1.errno=5 -device virtio-blk-pci,drive=n5,rerror=report,werror=report
# timeout: 240
. /tests/lib.sh
need_ours virtio_blk

all_there() {
	[ -b /dev/vda ] && [ -b /dev/vdb ]
}
retry_until 60 all_there || fail "not all disks are there"

# rd DISK BLOCK: one block of 4 KiB
rd() {
	dd if="/dev/$1" of=/dev/null bs=4k count=1 skip="$2" iflag=direct 2>/dev/null
}

wr() {
	dd if=/dev/zero of="/dev/$1" bs=4k count=1 seek="$2" oflag=direct 2>/dev/null
}

# Bad sectors are errors of their requests, and of no other.
echo 60 >/sys/block/vdb/io_timeout
rd vdb 0 || fail "a good sector cannot be read"
rd vdb 1 && fail "a bad sector was read"
wr vdb 1 || fail "a good sector cannot be written"
wr vdb 2 && fail "a bad sector was written"
rd vdb 2 || fail "sector 16 is bad for writes only"
rd vdb 3 || fail "a good sector cannot be read"
[ "$(cat /sys/block/vdb/resets)" = 0 ] || fail "a bad sector is no reason for a reset"
say "bad sectors are errors of their requests"

# Not slow before, as partitions are looked for.
vmctl qmp '{"execute":"blockdev-reopen","arguments":{"options":[{"driver":"raw","node-name":"n0","file":"s0"}]}}' \
	>/dev/null || fail "the host cannot be made slow"

# How long it took is in the histogram of whoever asked for one; 300 ms are above 2^18 us.
c=/sys/kernel/debug/virtio_blk/vda
[ "$(wc -l <$c/latency)" = 1 ] || fail "there is a histogram that nobody asked for"
echo 1 >$c/count
rd vda 0 || fail "cannot be read"
awk 'NR > 1 { if ($2 < 262144) bad = 1; n += $4 } END { exit bad || n != 1 }' $c/latency ||
	{ cat $c/latency; fail "300 ms are not in the histogram"; }
tail -n 1 $c/latency

# The machine stops in the middle of a load, and goes on. Its clock stops with it.
under_way() {
	[ "$(awk 'NR > 1 { s += $2 - $3 } END { print s + 0 }' "$c/queues")" -gt 0 ]
}
echo 1 >$c/count
for i in 0 1 2 3 4 5 6 7; do
	dd if=/dev/vda of=/dev/null bs=4k count=10 skip="$((i * 16))" iflag=direct 2>/dev/null ||
		echo "$i" >>/tmp/failed &
done
retry_until 30 under_way || fail "no load"
vmctl qmp '{"execute":"stop"}' '{"execute":"rig-sleep","arguments":{"seconds":2}}' '{"execute":"cont"}' \
	>/dev/null || fail "the host cannot be stopped"
wait
[ ! -e /tmp/failed ] || fail "reads failed: $(cat /tmp/failed)"
awk 'NR > 1 { s += $2; d += $3; e += $4 } END { exit !(s >= 80 && s == d && !e) }' $c/queues ||
	{ cat $c/queues; fail "not every request was completed once"; }
cat $c/queues
dmesg | grep -E 'WARNING|BUG|Oops' && fail "the kernel complains"
exit 0
