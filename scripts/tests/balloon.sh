# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# What the tests of the balloon share: `. /tests/balloon.sh`. Sizes are in MiB.

# shellcheck source=scripts/guest/lib.sh
. /tests/lib.sh

# balloon_target SIZE: have the host want the guest to be that large.
balloon_target() {
	vmctl qmp "{\"execute\":\"balloon\",\"arguments\":{\"value\":$(($1 << 20))}}" > /dev/null ||
		fail "the host does not take the target $1"
}

# balloon_actual: print how large the guest is, as far as the host knows.
balloon_actual() {
	vmctl hmp 'info balloon' | sed -n 's/.*actual=\([0-9]*\).*/\1/p'
}

_balloon_is() {
	[ "$(balloon_actual)" = "$1" ]
}

_total_is() {
	[ "$(mem_kib MemTotal)" = "$1" ]
}

# balloon_settles SIZE FULL: fail unless the host sees SIZE soon, and the guest has
# exactly that much less than when it was FULL, with $total KiB (set by the test).
balloon_settles() {
	# shellcheck disable=SC2154
	_want=$((total - (($2 - $1) << 10)))
	retry_until 60 _total_is "$_want" ||
		fail "target $1: the guest has $(mem_kib MemTotal) KiB, not $_want"
	retry_until 20 _balloon_is "$1" || fail "target $1: the host sees $(balloon_actual)"
	_total_is "$_want" || fail "target $1: overshot, the guest has $(mem_kib MemTotal) KiB"
}

# balloon_goes FULL SIZE...: one after the other, have the host want each size and the guest be it.
balloon_goes() {
	_full=$1
	shift
	for _size; do
		balloon_target "$_size"
		balloon_settles "$_size" "$_full"
	done
}

# balloon_device: print the name of the balloon that the driver is bound to.
balloon_device() {
	for _path in /sys/bus/virtio/drivers/virtio_balloon/virtio*; do
		[ -e "$_path" ] && echo "${_path##*/}"
	done
}

# balloon_feature DEVICE BIT: print 1 if the feature bit was negotiated, else 0.
balloon_feature() {
	cut -c $(($2 + 1)) "/sys/bus/virtio/devices/$1/features"
}

# balloon_keep SIZE: keep random data that nothing may touch, see balloon_kept.
balloon_keep() {
	mkdir /keep
	mount -t tmpfs keep /keep || fail "cannot mount"
	dd if=/dev/urandom of=/keep/data bs=1M count="$1" 2> /dev/null || fail "cannot write $1 MiB"
	_kept=$(sha256sum /keep/data)
}

# balloon_kept: fail if the host has discarded memory that is in use.
balloon_kept() {
	[ "$(sha256sum /keep/data)" = "$_kept" ] || fail "memory in use has changed"
}

# balloon_touch SIZE: have so much of the memory written once. What the guest has never
# touched costs the host nothing to begin with.
balloon_touch() {
	mkdir -p /touch
	mount -t tmpfs -o size=90% touch /touch || fail "cannot mount"
	dd if=/dev/zero of=/touch/data bs=1M count="$1" 2> /dev/null || fail "cannot touch $1 MiB"
	umount /touch
}

# balloon_no_oom: fail if the guest has run out of memory.
balloon_no_oom() {
	! dmesg | grep -iE 'out of memory|oom-kill|page allocation failure' ||
		fail "the guest ran out of memory"
}

# host_rss FULL: print how much of the memory of a guest of that size the host
# has given it, in MiB. The translated code of QEMU is in a mapping of 1024 MiB.
host_rss() {
	# shellcheck disable=SC2016 # for the shell of the host
	vmctl host 'cat /proc/"$(pidof qemu-system-x86_64)"/smaps' |
		awk -v full="$1" '/^Size:/ { ram = $2 == full * 1024 }
			/^Rss:/ && ram { print int($2 / 1024) }'
}

# kicks_count: have the host count the kicks of all devices. Prints the file.
kicks_count() {
	_log=$(host_folder)/kicks || fail "no place for a trace"
	vmctl hmp "logfile $_log" || fail "the host cannot log"
	_on='"arguments":{"name":"virtio_queue_notify","enable":true}'
	vmctl qmp "{\"execute\":\"trace-event-set-state\",$_on}" > /dev/null ||
		fail "the host cannot count kicks"
	echo "$_log"
}

# kicks FILE: print the number of kicks so far.
kicks() {
	vmctl host "grep -c virtio_queue_notify $1"
}

# balloon_poller: have /tmp/balloon-poll, see balloon-poll.c.
balloon_poller() {
	# shellcheck disable=SC2016 # for the shell of the host
	vmctl host 'out=$(mktemp) && "$(command -v gcc || command -v gcc-12)" -O2 -nostdlib \
		-static -fno-stack-protector -fcf-protection=none -s -Wl,--build-id=none,-n \
		-o "$out" "$RIG_TOP/scripts/tests/balloon-poll.c" && base64 "$out"; rm -f "$out"' |
		base64 -d > /tmp/balloon-poll && chmod 755 /tmp/balloon-poll &&
		[ -s /tmp/balloon-poll ]
}
