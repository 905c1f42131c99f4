#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# about: four CPUs that read as fast as they can never see time go back; it is as fast as the host's
# kernels: 6.12
# when: soak
# vm: --outer-smp 1 --smp 4 --mem 256M --no-load --net tap --append no-kvmclock
# host: nested
# timeout: 1800

# shellcheck source=scripts/tests/clock.sh
. /tests/clock.sh

clock_load
clocktool race 4 60 > /tmp/race || fail "$(cat /tmp/race)"
say "$(cat /tmp/race)"

modprobe -a virtio_pci virtio_net || fail "virtio_net cannot be loaded"
need_ours virtio_net
net_up 0
# The host cuts off milliseconds and takes its time: seconds apart, that is nothing.
clocktool drift 10.77.0.1 305 > /tmp/drift || fail "$(cat /tmp/drift)"
say "$(cat /tmp/drift)"
awk '{ exit !($4 == "+-" && $5 < 100 / 3 && $2 < 100 && $2 > -100 && $7 >= 300 && $9 >= 100) }' \
	/tmp/drift || fail "not below 100 ppm, or not known so well: $(cat /tmp/drift)"
[ "$(cat "$clock_dev/bad_reads")" = 0 ] || fail "bad_reads is $(cat "$clock_dev/bad_reads")"
