#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# about: unbinding and unloading gives everything back, at any moment
# check: 6.1
# vm: --balloon --smp 2 --mem 512M
# host: tcg
# timeout: 300

# shellcheck source=scripts/tests/balloon.sh
. /tests/balloon.sh
need_ours virtio_balloon

total=$(mem_kib MemTotal)
dev=$(balloon_device)
driver=/sys/bus/virtio/drivers/virtio_balloon
balloon_keep 32

all_back() {
	_total_is "$total" || fail "$1: the guest has $(mem_kib MemTotal) KiB of $total"
}

balloon_target 256
balloon_settles 256 512
echo "$dev" > $driver/unbind || fail "cannot unbind"
all_back "unbind of a full balloon"
actual=$(balloon_actual)
[ "$actual" = 512 ] || fail "the host still sees $actual MiB after the unbind"
say "unbind of a full balloon gave all back, the host knows"

echo "$dev" > $driver/bind || fail "cannot bind"
balloon_settles 256 512
say "bind took up the target again"

balloon_target 512
balloon_settles 512 512
for delay in 0 0.01 0.02 0.05 0.1 0.2 0.3; do
	balloon_target 200
	sleep $delay
	echo "$dev" > $driver/unbind || fail "cannot unbind after $delay s"
	all_back "unbind $delay s into an inflate"
	balloon_target 512
	echo "$dev" > $driver/bind || fail "cannot bind"
	balloon_settles 512 512
done
say "unbind in the middle gave all back"

while [ ! -e /tmp/stop ]; do
	for size in 200 500 300 512 250 511; do
		balloon_target $size
	done
done &
mover=$!
rounds=10
while [ $rounds -gt 0 ]; do
	modprobe -r virtio_balloon || fail "cannot unload"
	all_back "unload"
	modprobe virtio_balloon || fail "cannot load"
	rounds=$((rounds - 1))
done
touch /tmp/stop
wait $mover
balloon_target 400
balloon_settles 400 512
balloon_target 512
balloon_settles 512 512
say "10 times unloaded and loaded while the target moved"
balloon_kept
balloon_no_oom
