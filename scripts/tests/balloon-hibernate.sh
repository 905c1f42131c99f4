#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# about: a guest with a full balloon hibernates, goes on from its image and follows the target again
# when: soak
# vm: --balloon --disk 768M --smp 2 --mem 512M --no-load -- -action reboot=reset
# host: tcg
# timeout: 300

# shellcheck source=scripts/tests/balloon.sh
. /tests/balloon.sh
# shellcheck source=scripts/tests/hibernate.sh
. /tests/hibernate.sh
modprobe -a virtio_pci virtio_blk || fail "virtio_blk cannot be loaded"
need_ours virtio_blk
# As in an initramfs of a distribution, the new kernel has no balloon yet: the image needs the memory.
hibernate_waits && hibernate_resume
hibernate_ready
need_ours virtio_balloon
total=$(mem_kib MemTotal)
balloon_keep 32
balloon_target 256
balloon_settles 256 512

for _ in 1 2; do
	hibernate_once
	balloon_settles 256 512
	balloon_kept
done
say "the target was taken up again after two images"
balloon_target 512
balloon_settles 512 512
balloon_kept
balloon_no_oom
