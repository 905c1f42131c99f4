#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# about: wrong parameters are refused by name, strange ones are survived, and a read-only disk stays as it is
# check: 6.12
# vm: --disk 64M,num-queues=2 --smp 2 --mem 512M -- -blockdev driver=null-co,node-name=ro,size=16777216,read-zeroes=on,read-only=on -device virtio-blk-pci,drive=ro,id=ro
# timeout: 240
. /tests/lib.sh
need_ours virtio_blk

p=/sys/module/virtio_blk/parameters

# refused PARAMETER VALUE TEXT: loading has to fail with a message that has the text.
refused() {
	rmmod virtio_blk 2>/dev/null
	dmesg -C
	modprobe virtio_blk "$1=$2" 2>/dev/null && fail "$1=$2 was accepted"
	dmesg | grep -qF "$3" || { dmesg; fail "$1=$2: no message with '$3'"; }
	[ ! -e /sys/module/virtio_blk ] || fail "$1=$2: refused, but loaded"
}

# taken PARAMETERS...: loading has to succeed, and the disk has to work.
taken() {
	rmmod virtio_blk 2>/dev/null
	modprobe virtio_blk "$@" || fail "$*: refused"
	retry_until 5 test -b /dev/vda || fail "$*: no disk"
	dd if=/dev/vda of=/dev/null bs=1M count=4 iflag=direct 2>/dev/null || fail "$*: cannot be read"
}

refused queue_depth 99999 'queue_depth=99999: must be 0'
refused queue_depth 10241 'queue_depth=10241: must be 0'
refused queue_depth -1 'queue_depth=-1: must be 0'
refused queue_depth deep 'queue_depth=deep: must be 0'
refused num_request_queues many 'num_request_queues'
refused poll_queues -3 'poll_queues'
say "wrong values are refused"

taken queue_depth=1
[ "$(cat /sys/block/vda/queue/nr_requests)" -ge 1 ] || fail "queue_depth=1: nr_requests"
[ "$(cat $p/queue_depth)" = 1 ] || fail "queue_depth is $(cat $p/queue_depth)"
[ "$(cat /sys/block/vda/serial)" = "" ] || fail "a serial number from nowhere"
taken queue_depth=10240
[ "$(cat /sys/block/vda/queue/nr_requests)" = 256 ] ||
	fail "queue_depth=10240: $(cat /sys/block/vda/queue/nr_requests) requests for a ring of 256"
taken queue_depth=16
[ "$(cat /sys/block/vda/queue/nr_requests)" = 16 ] || fail "queue_depth=16 has no effect"
taken num_request_queues=0
taken num_request_queues=4000000000
[ "$(echo /sys/block/vda/mq/* | wc -w)" = 2 ] || fail "num_request_queues=4000000000: not 2 queues"
taken poll_queues=4000000000
grep -q 'virtio.-req\.0' /proc/interrupts || fail "poll_queues=4000000000: no queue is left for others"
(echo 1 >$p/queue_depth) 2>/dev/null && fail "queue_depth can be changed afterwards"
[ "$(stat -c %a $p/queue_depth),$(stat -c %a $p/num_request_queues),$(stat -c %a $p/poll_queues)" = \
	444,644,644 ] || fail "modes of the parameters"
say "strange values are survived"

taken
[ "$(cat /sys/block/vdb/ro)" = 1 ] || fail "the read-only disk says it is not"
dd if=/dev/vdb of=/dev/null bs=1M count=1 iflag=direct 2>/dev/null || fail "cannot be read"
(dd if=/dev/zero of=/dev/vdb bs=4k count=1 oflag=direct) 2>/dev/null && fail "the read-only disk was written to"
say "a read-only disk is read-only"

old=$(cat /sys/block/vda/cache_type)
dmesg -C
(echo fast >/sys/block/vda/cache_type) 2>/dev/null && fail "cache_type took 'fast'"
dmesg | grep -q "cache_type 'fast': must be 'write through' or 'write back'" || fail "no message"
[ "$(cat /sys/block/vda/cache_type)" = "$old" ] || fail "a refused cache_type had an effect"
say "a wrong cache_type is refused"
