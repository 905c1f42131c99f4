# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# pktgen in the guest.

set_up() {
	modprobe pktgen || fail 'pktgen cannot be loaded'
	if ! modprobe dummy numdummies=1 || ! ip link set dummy0 up; then
		fail 'dummy cannot be set up'
	fi
	mac=$(vmctl host 'ip -o link show tap0' | sed -n 's/.*ether \([0-9a-f:]*\).*/\1/p')
}

# pktgen_run NAME DEVICE BURST COUNT: report how many packets took how many microseconds.
pktgen_run() {
	ctl=/proc/net/pktgen
	echo rem_device_all > $ctl/kpktgend_0
	echo "add_device $2" > $ctl/kpktgend_0 || return 1
	for line in "count $4" "pkt_size 60" "delay 0" "burst $3" "dst 10.77.0.1" "dst_mac $mac"; do
		echo "$line" > "$ctl/$2" || fail "pktgen: $line: $(tail -n 1 "$ctl/$2")"
	done
	echo start > $ctl/pgctrl
	# A burst that fills the ring is continued after the count, which may so be passed.
	sed -n "s/.*OK: \([0-9]*\)(.*usec, \([0-9]*\) (.*/= sent $1 \2 \1/p" "$ctl/$2" | grep . ||
		fail "pktgen: $(tail -n 2 "$ctl/$2")"
}

# pktgen_queues NAME DEVICE QUEUES COUNT: CPU n sends COUNT packets on queue n.
pktgen_queues() {
	ctl=/proc/net/pktgen
	for queue in 0 1; do
		echo rem_device_all > $ctl/kpktgend_"$queue"
	done
	for queue in $(seq 0 $(($3 - 1))); do
		echo "add_device $2@$queue" > $ctl/kpktgend_"$queue" || return 1
		for line in "count $4" "pkt_size 60" "delay 0" "burst 32" "dst 10.77.0.1" \
			"dst_mac $mac" "queue_map_min $queue" "queue_map_max $queue"; do
			echo "$line" > "$ctl/$2@$queue" ||
				fail "pktgen: $line: $(tail -n 1 "$ctl/$2@$queue")"
		done
	done
	echo start > $ctl/pgctrl
	sent=$(sed -n "s/.*OK: [0-9]*(.*usec, \([0-9]*\) (.*/\1/p" $ctl/"$2"@* |
		awk '{ sum += $1 } END { print sum }')
	put sent "$1" "$sent"
}

# measure_queues NAME DEVICE QUEUES SHORT LONG
measure_queues() {
	pktgen_queues warm "$2" "$3" 3200
	window "$1.short" pktgen_queues "$1.short" "$2" "$3" "$4"
	window "$1.long" pktgen_queues "$1.long" "$2" "$3" "$5"
}

# measure NAME DEVICE BURST SHORT LONG
measure() {
	pktgen_run warm "$2" "$3" 3200
	window "$1.short" pktgen_run "$1.short" "$2" "$3" "$4"
	window "$1.long" pktgen_run "$1.long" "$2" "$3" "$5"
}
