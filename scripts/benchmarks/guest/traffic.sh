# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# Receive flood and TCP in the guest.

# wait_for PACKETS: wait until that many arrived, with as few processes as possible, for
# these are counted as well.
wait_for() {
	read -r from < "$counter"
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		read -r packets < "$counter"
		[ "$packets" -lt $((from + $1)) ] || return 0
		sleep 2
	done
	return 1
}

# flood COMMAND: start it on the host side, wait until packets arrive at full speed.
flood() {
	counter=/sys/class/net/$(net_dev 0)/statistics/rx_packets
	flood_pid=$(vmctl host "$1 > /dev/null 2>&1 & echo \$!")
	wait_for 20000 || fail 'no flood arrives'
}

# drop_all OBJECT: have an XDP program drop the flood.
drop_all() {
	ip link set dev "$(net_dev 0)" xdpdrv obj "$1" sec xdp || fail 'the program is refused'
	wait_for 5000 || fail 'nothing arrives for the program'
}

end_flood() {
	vmctl host "kill $flood_pid" > /dev/null
}

# tcp NAME MEBIBYTES OPTION...: one connection to a server on the host side.
tcp() {
	_tcp=$1
	_mib=$2
	shift 2
	vmctl host 'iperf3 -s -1 -D' > /dev/null
	retry_until 10 sh -c "vmctl host 'ss -ltn' | grep -q :5201" || fail 'no iperf3 on the host'
	window "$_tcp" timeout 90 iperf3 -c 10.77.0.1 -n "${_mib}M" "$@"
}
