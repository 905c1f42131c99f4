#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# about: a guest hibernates while it writes and sends; nothing written is lost, both devices go on
# when: soak
# vm: --disk 1G --disk 64M,num-queues=2 --net tap,queues=2 --smp 2 --mem 512M -- -action reboot=reset
# timeout: 600

# shellcheck source=scripts/tests/hibernate.sh
. /tests/hibernate.sh
# shellcheck source=scripts/tests/load.sh
. /tests/load.sh
need_ours virtio_blk
need_ours virtio_net
hibernate_waits && hibernate_resume
hibernate_ready

load_begin vdb
for round in 1 2; do
	ping -q -i 0.02 -w 3 10.77.0.1 > /tmp/ping 2>&1 &
	sleep 1
	hibernate_once
	load_goes_on "round $round"
	ping -q -c 3 -W 2 10.77.0.1 > /tmp/ping || { cat /tmp/ping; fail "round $round: no network"; }
done
load_end
dd if=/dev/vdb of=/dev/null bs=1M 2> /dev/null || fail "vdb cannot be read"
