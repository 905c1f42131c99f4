#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# about: serial number, and a write cache that can be switched without losing a flush
# check: 6.1
# vm: --disk 64M,num-queues=2,serial=ABCDEFGHIJKLMNOPQRST --disk 64M,serial=x,config-wce=off --disk 64M,config-wce=off,write-cache=off --smp 2 --mem 512M
# timeout: 180
. /tests/lib.sh
need_ours virtio_blk

# flushes N: flushes that the host has done for the N-th disk. Each disk has two
# records, first that of its file.
flushes() {
	vmctl qmp '{"execute":"query-blockstats"}' | tr '{,' '\n' |
		sed -n 's/^ *"flush_operations": *//p' | sed -n "$(($1 * 2))p"
}

cache_is() {
	[ "$(cat "/sys/block/$1/cache_type")" = "$2" ] ||
		fail "$1: cache_type is '$(cat "/sys/block/$1/cache_type")', not '$2'"
	[ "$(cat "/sys/block/$1/queue/write_cache")" = "$2" ] ||
		fail "$1: the queue has '$(cat "/sys/block/$1/queue/write_cache")', not '$2'"
}

[ "$(cat /sys/block/vda/serial)" = ABCDEFGHIJKLMNOPQRST ] || fail "vda: '$(cat /sys/block/vda/serial)'"
[ "$(wc -c </sys/block/vda/serial)" = 20 ] || fail "vda: $(wc -c </sys/block/vda/serial) bytes of serial number"
[ "$(cat /sys/block/vdb/serial)" = x ] || fail "vdb: '$(cat /sys/block/vdb/serial)'"
say "serial numbers of 20 and of 1 byte"

cache_is vda 'write back'
cache_is vdb 'write back'
cache_is vdc 'write through'
[ "$(stat -c %a /sys/block/vda/cache_type)" = 644 ] || fail "vda: cache_type cannot be written"
[ "$(stat -c %a /sys/block/vdb/cache_type)" = 444 ] || fail "vdb: cache_type can be written"

fio --name=load --filename=/dev/vda --direct=1 --rw=randwrite --bs=4k --iodepth=16 --fsync=8 \
	--ioengine=io_uring --time_based --runtime=60 >/tmp/fio 2>&1 &
pid=$!
for _ in $(seq 5); do
	n=$(flushes 1)
	echo 'write through' >/sys/block/vda/cache_type || fail "cannot be switched off"
	cache_is vda 'write through'
	[ "$(flushes 1)" -gt "$n" ] || fail "the cache went off without a flush"
	echo 'write back' >/sys/block/vda/cache_type || fail "cannot be switched on"
	cache_is vda 'write back'
done
for _ in $(seq 20); do
	[ "$(cat /sys/block/vda/serial)" = ABCDEFGHIJKLMNOPQRST ] || fail "serial number under load"
done
kill -0 $pid || { cat /tmp/fio; fail "the load did not survive"; }
kill $pid
wait $pid
say "cache switched 10 times under load"

# Without a cache, a sync has nothing to say to the host.
echo 'write through' >/sys/block/vda/cache_type
n=$(flushes 1)
dd if=/dev/zero of=/dev/vda bs=4k count=64 conv=fsync 2>/dev/null
through=$(($(flushes 1) - n))
echo 'write back' >/sys/block/vda/cache_type
n=$(flushes 1)
dd if=/dev/zero of=/dev/vda bs=4k count=64 conv=fsync 2>/dev/null
back=$(($(flushes 1) - n))
say "flushes of a sync: $back with a cache, $through of the driver without"
[ "$back" -gt 0 ] || fail "a sync does not flush the cache"
