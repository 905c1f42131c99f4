#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# about: four CPUs never see time go back; it is as fast as the host's; ten minutes without an event
# when: soak
# vm: --outer-smp 1 --smp 4 --mem 256M --no-load --net tap --append no-kvmclock
# host: nested
# timeout: 3000

# shellcheck source=scripts/tests/clock.sh
. /tests/clock.sh

clock_load
start=$(uptime_ms)
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

# A host that disciplines its clock does it by 500 ppm at most, which nobody is to be told of.
# The unit of the kernel's own is 1/65536 ppm.
vmctl host "adjtimex -f $((450 * 65536))" > /tmp/adjtimex || fail "the host's clock cannot be slewed"
sleep 300
clock_offset
[ $(($(uptime_ms) - start)) -ge 600000 ] || fail "these were no ten minutes"
clock_counts_are 0 0 0 || fail "an event without a reason: $(clock_said)"
say "in $((($(uptime_ms) - start) / 1000)) s no event; the host ran fast for 300 s of them, and is" \
	"$OFFSET us ahead (+- $ERROR us)"
say "$(cat "$clock_debug/cpus")"
