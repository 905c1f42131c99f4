#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# about: suspend and resume under load lose nothing
# check: 6.1
# vm: --disk 64M,num-queues=2 --smp 2 --mem 512M
# timeout: 300
# shellcheck source=scripts/tests/load.sh
. /tests/load.sh
need_ours virtio_blk
[ -w /sys/power/pm_test ] || skip "this kernel cannot test suspend"

# Everything but the very last step, then straight back.
# throttle IOPS: a slow host, so that requests are under way when the guest goes to
# sleep; 0 for a fast one again.
throttle() {
	_limits="\"iops\":$1,\"iops_rd\":0,\"iops_wr\":0,\"bps\":0,\"bps_rd\":0,\"bps_wr\":0"
	_disk='"id":"/machine/peripheral/blk0/virtio-backend"'
	vmctl qmp "{\"execute\":\"block_set_io_throttle\",\"arguments\":{$_disk,$_limits}}" >/dev/null ||
		fail "the host cannot be slowed down"
}

busy() {
	had=$(awk '{ print $1 + $2 }' /sys/block/vda/inflight)
	[ "$had" -gt 8 ]
}

# The kernel's test waits in a busy loop.
echo 1 >/sys/module/suspend/parameters/pm_test_delay
echo devices >/sys/power/pm_test
for poll in 0 1; do
	hipri=
	[ $poll = 0 ] || hipri=--hipri
	rmmod virtio_blk
	modprobe virtio_blk poll_queues=$poll
	retry_until 5 test -b /dev/vda || fail "no disk"
	load_begin vda --size=16M ${hipri:+"$hipri"}
	sleep 1
	for _ in 1 2; do
		throttle 50
		retry_until 60 busy || fail "only $had requests are under way"
		echo mem >/sys/power/state || fail "cannot be suspended"
		throttle 0
		sleep 1
	done
	load_end
	say "poll_queues=$poll: suspended 2 times with up to $had requests under way, data is right"
done
