# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# A disk under load by fio, which verifies what it has written, while something happens to the guest:
# tests do `. /tests/load.sh`.

# shellcheck source=scripts/guest/lib.sh
. /tests/lib.sh

# load_begin DISK [OPTION...]: from now on write to it, and read and compare; with more options of fio.
load_begin() {
	_load_disk=$1
	shift
	fio --name=load "--filename=/dev/$_load_disk" --direct=1 --rw=randwrite --bsrange=512-32k --size=32M \
		--io_size=64M --iodepth=32 --ioengine=io_uring --verify=crc32c --do_verify=1 \
		--verify_backlog=256 --time_based --runtime=900 "$@" > /tmp/fio 2>&1 &
	_load_pid=$!
}

# load_goes_on WHEN: something is read and something written in the next 5 s.
load_goes_on() {
	_before=$(awk '{ print $3, $7 }' "/sys/block/$_load_disk/stat")
	sleep 5
	_after=$(awk '{ print $3, $7 }' "/sys/block/$_load_disk/stat")
	kill -0 "$_load_pid" || { cat /tmp/fio; fail "$1: the load did not survive"; }
	echo "$_before $_after" | awk '{ exit !($3 > $1 && $4 > $2) }' ||
		fail "$1: sectors read and written were $_before, and 5 s later $_after"
	say "$1: sectors read and written were $_before, and 5 s later $_after"
}

# load_end: all that was compared until now was right.
load_end() {
	kill -0 "$_load_pid" || { cat /tmp/fio; fail "the load did not survive"; }
	kill -INT "$_load_pid"
	# 128: fio was told to end; what it verified until then counts.
	wait "$_load_pid"
	_status=$?
	[ $_status = 0 ] || [ $_status = 128 ] || { cat /tmp/fio; fail "wrong data"; }
	grep -q 'err= 0' /tmp/fio || { cat /tmp/fio; fail "errors"; }
}
