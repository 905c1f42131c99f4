#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# about: a guest with a full balloon hibernates, goes on from its image and follows the target again
# kernels: 6.12
# when: soak
# vm: --balloon --disk 768M --smp 2 --mem 512M
# host: tcg
# timeout: 300

# shellcheck source=scripts/tests/balloon.sh
. /tests/balloon.sh
need_ours virtio_balloon
grep -qw disk /sys/power/state || skip "this kernel cannot hibernate"
grep -qw test_resume /sys/power/disk || skip "this kernel cannot resume without a reboot"

mkswap /dev/vda > /dev/null || fail "cannot make swap space"
swapon /dev/vda || fail "cannot use swap space"
cat /sys/block/vda/dev > /sys/power/resume || fail "cannot name the device of the image"
total=$(mem_kib MemTotal)
balloon_keep 32
balloon_target 256
balloon_settles 256 512

# written: print how many bytes the host has written to the disk.
written() {
	vmctl qmp '{"execute":"query-blockstats"}' |
		sed -n 's/.*"wr_bytes": *\([0-9]*\).*/\1/p' | head -n 1
}

# 6.1 cannot open the device again that it swaps to, which is what test_resume does.
# The image is written and read back, and the guest goes on from it.
echo test_resume > /sys/power/disk || fail "cannot select test_resume"
for round in 1 2; do
	before=$(written)
	echo disk > /sys/power/state || fail "the guest does not hibernate, round $round"
	# What the kernel said of the image is gone with the memory that it was restored to.
	wrote=$(($(written) - before))
	[ "$wrote" -ge $((16 << 20)) ] || fail "an image of $wrote bytes, round $round"
	balloon_settles 256 512
	balloon_kept
done
say "the target was taken up again after two images"
balloon_target 512
balloon_settles 512 512
balloon_kept
balloon_no_oom
