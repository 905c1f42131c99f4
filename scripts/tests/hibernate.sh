# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# Hibernation as people have it: the image is written, the machine starts anew, the same kernel and
# the same test begin once more, and the image takes their place. Tests do `. /tests/hibernate.sh`, have
# a raw --disk as their first, and -- -action reboot=reset, or QEMU ends when the guest starts anew.
#
#   hibernate_waits && { what the new kernel does before that; hibernate_resume; }
#   hibernate_ready
#   hibernate_once

# shellcheck source=scripts/guest/lib.sh
. /tests/lib.sh

hibernate_disk=vda

# hibernate_waits: say whether there is an image: this is not the guest's first start. A guest that
# starts anew without one must not begin the test once more.
hibernate_waits() {
	[ "$(dd "if=/dev/$hibernate_disk" bs=1 skip=4086 count=9 2> /dev/null)" = S1SUSPEND ] && return 0
	vmctl host "mkdir '$(host_folder)/begun'" || fail "the guest has started anew without an image"
	return 1
}

# hibernate_resume: go on from the image; comes back only in the guest that has written it.
hibernate_resume() {
	cat "/sys/block/$hibernate_disk/dev" > /sys/power/resume
	fail "the kernel does not go on from its image: $(dmesg | grep -i -e 'PM: ' -e image | tail -n 3)"
}

# hibernate_ready: make the place for the image.
hibernate_ready() {
	grep -qw disk /sys/power/state || skip "this kernel cannot hibernate"
	mkswap "/dev/$hibernate_disk" > /dev/null || fail "cannot make swap space"
	# It looks for an image there, in vain.
	cat "/sys/block/$hibernate_disk/dev" > /sys/power/resume || fail "cannot name the image's device"
	swapon "/dev/$hibernate_disk" || fail "cannot use swap space"
	echo reboot > /sys/power/disk || fail "cannot choose to start anew"
}

# hibernate_once: write the image, start anew, go on. The host says that it was written and read.
hibernate_once() {
	vmctl qmp '{"execute":"query-blockstats"}' > /tmp/hibernate.before
	echo disk > /sys/power/state || fail "the guest does not hibernate: $(dmesg | tail -n 1)"
	vmctl qmp '{"execute":"query-blockstats"}' > /tmp/hibernate.after
	for _way in wr_bytes rd_bytes; do
		_moved=$(($(hibernate_count "$_way" after) - $(hibernate_count "$_way" before)))
		[ "$_moved" -ge $((16 << 20)) ] || fail "an image of $_moved bytes ($_way)"
	done
}

# hibernate_count FIELD WHEN: what the host counted of the first disk, which ends with its "qdev".
hibernate_count() {
	awk -v RS='"qdev"' 'NR == 1' "/tmp/hibernate.$2" |
		grep -o "\"$1\": *[0-9]*" | sed 's/.*: *//' | tail -n 1
}
