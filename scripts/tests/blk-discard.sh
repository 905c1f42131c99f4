#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# about: discards and zeroes go to the host as such, and are what they say
# check: 6.12
# vm: --disk 64M,num-queues=2 --disk 64M,discard=off,write-zeroes=off --smp 2 --mem 512M
# timeout: 120
. /tests/lib.sh
need_ours virtio_blk

# discards: how many the file behind vda has seen.
discards() {
	vmctl qmp '{"execute":"query-blockstats"}' | tr '{,' '\n' |
		sed -n 's/^ *"discard-nb-ok": *//p' | sed -n 1p
}

[ "$(cat /sys/block/vda/queue/discard_max_bytes)" -gt 0 ] || fail "vda cannot discard"
[ "$(cat /sys/block/vda/queue/write_zeroes_max_bytes)" -gt 0 ] || fail "vda cannot write zeroes"
[ "$(cat /sys/block/vdb/queue/discard_max_bytes)" = 0 ] || fail "vdb can discard"
[ "$(cat /sys/block/vdb/queue/write_zeroes_max_bytes)" = 0 ] || fail "vdb can write zeroes"

dd if=/dev/urandom of=/tmp/x bs=1M count=16 2>/dev/null
dd if=/tmp/x of=/dev/vda bs=1M oflag=direct 2>/dev/null || fail "cannot be written"

n=$(discards)
blkdiscard -o 4194304 -l 4194304 /dev/vda || fail "cannot discard"
[ "$(discards)" -gt "$n" ] || fail "no discard reached the host"
dd if=/dev/vda of=/tmp/y bs=1M count=16 iflag=direct 2>/dev/null
for part in 0 2 3; do
	dd if=/tmp/x bs=4M skip=$part count=1 2>/dev/null >/tmp/x1
	dd if=/tmp/y bs=4M skip=$part count=1 2>/dev/null >/tmp/y1
	cmp /tmp/x1 /tmp/y1 || fail "a discard changed what it was not given"
done
say "a discard of 4 MiB reached the host"

# A file of zeroes, copied by one who knows how to ask for zeroes.
trace=/sys/kernel/tracing
[ -e $trace/events ] || mount -t tracefs none $trace || fail "no tracing"
echo 1 >$trace/events/block/block_rq_issue/enable
truncate -s 4M /tmp/z
qemu-img convert -n -f raw -O raw /tmp/z /dev/vda || fail "cannot write zeroes"
echo 0 >$trace/events/block/block_rq_issue/enable
zeroes=$(grep -cE 'block_rq_issue: [0-9]+,0 N' $trace/trace)
[ "$zeroes" -gt 0 ] || fail "no command to write zeroes was sent"
dd if=/dev/vda bs=1M count=4 iflag=direct 2>/dev/null | cmp - /tmp/z || fail "these are no zeroes"
dd if=/dev/vda of=/tmp/y bs=4M skip=2 count=2 iflag=direct 2>/dev/null
dd if=/tmp/x bs=4M skip=2 count=2 2>/dev/null | cmp - /tmp/y || fail "zeroes went where they do not belong"
say "$zeroes commands to write zeroes, and zeroes is what is read"
