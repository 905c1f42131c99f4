# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# What the tests of virtio_net share: `. /tests/net.sh`.

# shellcheck source=scripts/guest/lib.sh
. /tests/lib.sh

# As long as a socket wants time stamps the kernel does not patch its receive path, which
# each ping would have it do twice: QEMU may run the breakpoint that is there meanwhile
# when it is long gone, and the kernel dies of it. Not a child, for which others wait.
(ping -q -i 1000 127.0.0.1 > /dev/null 2>&1 &)

# net_peer: start the host's side, see net-peer.py. The outer guest of a nested run has no Python, and
# sends numbers.
net_peer() {
	vmctl host "command -v python3 > /dev/null || exit 3
python3 - <<'PY'
$(cat /tests/net-peer.py)
PY"
	case $? in
	0) ;;
	3) vmctl host "cat > /run/peer <<'SH'
$(cat /tests/netpeer.sh)
SH
		chmod +x /run/peer
		nc -ll -p 7077 -e /run/peer > /dev/null 2>&1 < /dev/null &
		until netstat -ltn | grep -q ':7077 '; do sleep 0.1; done" ||
		fail "the host cannot serve" ;;
	*) fail "the host cannot serve" ;;
	esac
}

_answers() {
	ping -q -c 1 -W 1 "$1" > /dev/null 2>&1
}

# net_reach N: fail unless the host answers on network N.
net_reach() {
	retry_until 15 _answers "10.77.$1.1" || fail "10.77.$1.1 does not answer"
}

# net_pull N MIB: get data from the host over network N and compare checksums.
net_pull() {
	_bytes=$(($2 << 20))
	echo "pull $_bytes" | timeout 100 nc "10.77.$1.1" 7077 > /tmp/pull ||
		fail "network $1: no data from the host"
	_sum=$(head -c "$_bytes" /tmp/pull | sha256sum)
	_sent=$(tail -c 65 /tmp/pull)
	[ "${_sum%% *}" = "$_sent" ] ||
		fail "network $1: of $_bytes bytes sent, $(stat -c %s /tmp/pull) came or differ"
	rm /tmp/pull
}

# net_pull_packets INTERFACE N MIB: net_pull, and set PACKETS to how many packets the interface got.
# shellcheck disable=SC2034
net_pull_packets() {
	_packets=$(net_stat "$1" rx_packets)
	net_pull "$2" "$3"
	PACKETS=$(($(net_stat "$1" rx_packets) - _packets))
}

# net_push N MIB: send data to the host over network N and compare checksums.
net_push() {
	_bytes=$(($2 << 20))
	dd if=/dev/urandom of=/tmp/push bs=1M count="$2" 2> /dev/null || fail "no room for $2 MiB"
	_sum=$(sha256sum < /tmp/push)
	_came=$({ echo "push $_bytes" && cat /tmp/push; } | timeout 100 nc "10.77.$1.1" 7077) ||
		fail "network $1: the host does not take data"
	[ "${_sum%% *}" = "$_came" ] || fail "network $1: the host got other data than was sent"
	rm /tmp/push
}

# net_both N MIB: data each way.
net_both() {
	net_reach "$1"
	net_pull "$1" "$2"
	net_push "$1" "$2"
}

# net_virtio INTERFACE: print the name of its virtio device.
net_virtio() {
	basename "$(readlink -f "/sys/class/net/$1/device")"
}

# net_feature INTERFACE BIT: print 1 if the feature bit was negotiated, else 0.
net_feature() {
	cut -c $(($2 + 1)) "/sys/class/net/$1/device/features"
}

# net_stat INTERFACE NAME: print the sum of a counter over the queues, such as rx_drops.
net_stat() {
	ethtool -S "$1" | awk -v dir="${2%%_*}" -v name="${2#*_}" '
		$1 ~ "^" dir "(_queue_)?[0-9]+_" name ":$" { sum += $2; seen = 1 }
		END { if (seen) print sum; exit !seen }'
}

# net_pairs INTERFACE: print how many queue pairs are in use.
net_pairs() {
	ethtool -l "$1" | sed -n 's/^Combined:[^0-9]*//p' | tail -n 1
}

# net_memory: print the KiB that are not free. What waits in the lists of the CPUs is free, too, and
# can be many megabytes.
net_memory() {
	echo 3 > /proc/sys/vm/drop_caches
	sleep 1
	_listed=$(awk '$1 == "count:" { pages += $2 } END { print 4 * pages }' /proc/zoneinfo)
	echo $(($(mem_kib MemTotal) - $(mem_kib MemFree) - _listed))
}

# net_clean INTERFACE: fail if packets were dropped or the kernel has complained.
net_clean() {
	for _name in rx_drops tx_tx_timeouts; do
		_value=$(net_stat "$1" "$_name") || fail "$1 has no counter $_name"
		[ "$_value" = 0 ] || fail "$1: $_name is $_value"
	done
	net_no_complaint
}

# net_no_complaint: fail if the driver or the page pools have said that something is wrong.
net_no_complaint() {
	_bad='packet dropped|not accepted|not answered|no progress'
	! dmesg | grep -E "$_bad|stalled pool|page_pool_release_retry" ||
		fail "see the messages above"
}

# net_refused WHAT COMMAND...: fail unless the command fails.
net_refused() {
	_what=$1
	shift
	if "$@" > /tmp/refused 2>&1; then
		fail "$_what is accepted"
	fi
	say "$_what: $(tail -n 1 /tmp/refused)"
}
