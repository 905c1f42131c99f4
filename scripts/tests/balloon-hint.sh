#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# about: with free page hints a migration does not send what the guest has freed
# vm: --mem 1G --smp 2 -- -object iothread,id=io1 -device virtio-balloon-pci,id=balloon0,free-page-hint=on,iothread=io1 -cpu max,-erms,-fsrm,-cx16
# host: tcg
# timeout: 300
# when: soak

# shellcheck source=scripts/tests/balloon.sh
. /tests/balloon.sh
need_ours virtio_balloon

dev=$(balloon_device)
[ "$(balloon_feature "$dev" 3)" = 1 ] || fail "free page hints are not negotiated"
mount -t debugfs debugfs /sys/kernel/debug 2> /dev/null

status() {
	sed -n "s/^$1: //p" "/sys/kernel/debug/virtio_balloon/$dev/status"
}

# Random bytes do not compress to a page of zeroes.
mkdir /touch
mount -t tmpfs -o size=90% touch /touch || fail "cannot mount"

# migrate: fill memory, free it, migrate to nowhere; sets $sent to the bytes.
migrate() {
	dd if=/dev/urandom of=/touch/data bs=1M count=400 2> /dev/null || fail "cannot fill"
	rm /touch/data
	vmctl qmp '{"execute":"migrate-set-parameters","arguments":{"max-bandwidth":40000000}}' \
		'{"execute":"migrate","arguments":{"uri":"exec:cat > /dev/null"}}' \
		'{"execute":"rig-sleep","arguments":{"seconds":30}}' \
		'{"execute":"query-migrate"}' '{"execute":"cont"}' > /tmp/migrate || fail "cannot migrate"
	grep -q '"status": *"completed"' /tmp/migrate || fail "not done: $(cat /tmp/migrate)"
	sent=$(sed -n 's/.*"transferred": *\([0-9]*\).*/\1/p' /tmp/migrate | head -n 1)
}

migrate
with=$sent
hinted=$(status hinted_kb)
say "with hints: $with bytes sent, $hinted KiB hinted"
[ "$hinted" -ge 204800 ] || fail "only $hinted KiB were hinted"
balloon_no_oom
echo "$dev" > /sys/bus/virtio/drivers/virtio_balloon/unbind || fail "cannot unbind"
migrate
say "without: $sent bytes sent"
[ $((with * 3)) -le $((sent * 2)) ] || fail "hints saved less than a third"
