#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# about: a balloon that is pulled out at any fill level gives every page back
# vm: --smp 2 --mem 512M -- -device pcie-root-port,id=hotport,bus=pcie.0,chassis=1
# host: tcg
# timeout: 240
# when: soak

# shellcheck source=scripts/tests/balloon.sh
. /tests/balloon.sh
need_ours virtio_balloon

there() {
	[ -n "$(balloon_device)" ]
}

gone() {
	! there
}

total=$(mem_kib MemTotal)
balloon_keep 32
for size in 512 500 200 mid; do
	vmctl qmp '{"execute":"device_add","arguments":{"driver":"virtio-balloon-pci","id":"hot","bus":"hotport","free-page-reporting":true,"free-page-hint":false}}' \
		> /dev/null || fail "the host does not plug in a balloon"
	retry_until 20 there || fail "$size: the balloon does not appear"
	if [ $size = mid ]; then
		balloon_target 200
		sleep 0.2
	else
		balloon_target $size
		balloon_settles $size 512
	fi
	vmctl qmp '{"execute":"device_del","arguments":{"id":"hot"}}' > /dev/null ||
		fail "the host keeps the balloon"
	retry_until 40 gone || fail "$size: the balloon does not disappear"
	retry_until 40 _total_is "$total" ||
		fail "$size: the guest has $(mem_kib MemTotal) KiB of $total"
	sleep 1
done
balloon_kept
balloon_no_oom
say "pulled out empty, at 12 and 312 MiB, and on its way"
