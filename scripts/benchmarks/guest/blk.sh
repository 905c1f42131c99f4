# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# fio in the guest.

fio_run() {
	fio --name=bench --filename="$1" --direct=1 --rw=randread --bs=4k --iodepth="$2" \
		--ioengine=io_uring --number_ios="$3" --output-format=json > fio.json || return 1
	grep -q "\"total_ios\" : $3," fio.json || fail "fio did not read $3 times"
	put iops "$4" "$(sed -n 's/^ *"iops" : \([0-9.]*\),/\1/p' fio.json | head -n 1)"
}

# The first run of fio finds cold caches of the guest's and of the host's.
measure() {
	fio_run "$2" "$3" 1000 warm
	window "$1.short" fio_run "$2" "$3" "$4" "$1.short"
	window "$1.long" fio_run "$2" "$3" "$5" "$1.long"
}
