#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# about: suspended to memory under load, all devices are reset; data, traffic and balloon go on
# when: soak
# vm: --sleeps --disk 64M,num-queues=2 --net tap,queues=2 --balloon --smp 2 --mem 768M
# host: tcg
# timeout: 600

# shellcheck source=scripts/tests/suspend.sh
. /tests/suspend.sh
# shellcheck source=scripts/tests/balloon.sh
. /tests/balloon.sh
# shellcheck source=scripts/tests/load.sh
. /tests/load.sh
for module in virtio_blk virtio_net virtio_balloon; do
	need_ours $module
done

total=$(mem_kib MemTotal)
balloon_keep 32
balloon_target 512
balloon_settles 512 768
load_begin vda
ping -q -i 0.05 10.77.0.1 > /tmp/ping 2>&1 &
for round in 1 2 3; do
	sleep 1
	suspend_once 20
	load_goes_on "round $round"
	ping -q -c 3 -W 2 10.77.0.1 > /tmp/ping3 || { cat /tmp/ping3; fail "round $round: no network"; }
	balloon_settles 512 768
	balloon_kept
done
load_end
balloon_target 768
balloon_settles 768 768
balloon_no_oom
