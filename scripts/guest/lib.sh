# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# Helpers for the tests that run inside a guest: `. /tests/lib.sh`.

# say MESSAGE: print one line of what the test measured or does.
say() {
	echo "$*"
}

# fail MESSAGE: the test failed.
fail() {
	echo "FAIL: $*"
	exit 1
}

# skip MESSAGE: the test cannot be run here; the message says why.
skip() {
	echo "SKIP: $*"
	exit 77
}

# retry_until SECONDS COMMAND...: run the command until it succeeds, at most that long.
# For waiting on an event of the host or of another CPU, never to hide a race.
retry_until() {
	_retry_end=$(($(cut -d. -f1 /proc/uptime) + $1))
	shift
	until "$@"; do
		[ "$(cut -d. -f1 /proc/uptime)" -lt "$_retry_end" ] || return 1
		sleep 0.1
	done
}

# need_ours MODULE: fail unless the loaded module is the one from this package.
need_ours() {
	[ -e "/sys/module/$1" ] || modprobe "$1" || fail "$1 cannot be loaded"
	_ours=/lib/modules/$(uname -r)/updates/$1.ko
	[ -e "$_ours" ] || fail "$1: this guest has no module of the package (--drivers ours, make modules)"
	[ -e "/sys/module/$1/version" ] || fail "$1: the loaded module has no version, so it is not ours"
	_want=$(modinfo -F version "$_ours")
	_have=$(cat "/sys/module/$1/version")
	[ "$_have" = "$_want" ] || fail "$1: version $_have is loaded, $_want was built"
	_want=$(modinfo -F srcversion "$_ours")
	_have=$(cat "/sys/module/$1/srcversion")
	[ "$_have" = "$_want" ] || fail "$1: srcversion $_have is loaded, $_want was built"
}

# net_dev N: print the name of the interface of the N-th --net (from 0).
net_dev() {
	for _path in /sys/class/net/*; do
		[ "$(cat "$_path/address")" = "$(printf '52:54:00:77:00:%02x' "$1")" ] || continue
		echo "${_path##*/}"
		return 0
	done
	return 1
}

# net_up N: give the interface of the N-th --net (a tap) its address 10.77.N.2/24.
net_up() {
	_dev=$(net_dev "$1") || fail "network $1 has no interface"
	ip addr replace "10.77.$1.2/24" dev "$_dev" || fail "$_dev does not take its address"
	ip link set "$_dev" up || fail "$_dev cannot be brought up"
}

# host_folder: print where the host keeps the files of this run; more may be put there.
host_folder() {
	# shellcheck disable=SC2016  # for the host's shell
	vmctl host 'dirname "$(tr "\0" "\n" <"/proc/$RIG_QEMU_PID/cmdline" | grep -xA1 -e -initrd | tail -n 1)"'
}

# mem_kib FIELD: print one field of /proc/meminfo in KiB.
mem_kib() {
	sed -n "s/^$1: *\([0-9]*\) kB/\1/p" /proc/meminfo
}

# uptime_ms: print the milliseconds since boot (resolution 10 ms).
uptime_ms() {
	sed 's/\([0-9]*\)\.\([0-9]*\) .*/\1\20/' /proc/uptime
}

# next_initramfs SCRIPT FILE: write this guest's root for a kernel that is started by kexec, which is
# to run SCRIPT with the argument "next". --kexec brings the kernel and the means.
next_initramfs() {
	printf '#!/bin/sh\nexec sh /tests/%s next\n' "$1" > /rig/command
	# Loading sums it up and so does the next kernel, slowly: what is large and not needed stays behind.
	(cd / && find bin sbin lib lib64 usr etc rig tests dev/console dev/null run tmp root mnt var init \
		proc sys -xdev ! -path 'proc/*' ! -path 'sys/*' ! -path 'tmp/*' ! -path 'run/*' \
		\( ! -path 'lib/modules/*/kernel/*.ko' -o -name 'virtio*.ko' -o -name '*failover.ko' \
		-o -name msr.ko \) \
		! -name qemu-img ! -name 'libgnutls*' ! -name 'libglib*' ! -name 'libunistring*' \
		! -name 'libp11*' | busybox cpio -o -H newc > "$2" 2> /dev/null) ||
		fail "no initramfs for the next kernel"
	say "the next kernel's initramfs has $(stat -c %s "$2") bytes"
}
