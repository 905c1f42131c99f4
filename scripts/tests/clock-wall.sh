#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# about: loaded with wall_step=always, CLOCK_REALTIME is the host's; so it is by phc2sys
# when: soak
# vm: --outer-smp 1 --smp 2 --mem 256M --no-load --net tap --append no-kvmclock
# host: nested
# timeout: 900

# shellcheck source=scripts/tests/clock.sh
. /tests/clock.sh

modprobe -a virtio_pci virtio_net || fail "virtio_net cannot be loaded"
net_up 0

# Half an hour early: what the guest was started with plays no part.
date -u -s "@$(($(date +%s) - 1800))" > /dev/null || fail "CLOCK_REALTIME cannot be set"
modprobe kvmclock wall_step=always || fail "kvmclock cannot be loaded: $(clock_said | tail -n 1)"
need_ours kvmclock
retry_until 10 clock_is kvm-clock || fail "the clocksource is $(clock_current)"
clock_is_near "loaded with wall_step=always"

# Set wrong once more, it is nobody's business until something happens to the guest.
date -u -s "@$(($(date +%s) + 600))" > /dev/null || fail "CLOCK_REALTIME cannot be set"
clock_stopped_for 5
retry_until 60 clock_counts_are 1 0 0 || fail "the counters are $(clock_counts)"
sleep 2
clock_is_near "after a pause of 5 s"

# What the manual says to run. The clock is wrong by 10 s and gains 300 ppm, in units of 1/65536.
ptp=$(clock_ptp) || fail "there is no PTP clock of the module"
date -u -s "@$(($(date +%s) - 10))" > /dev/null || fail "CLOCK_REALTIME cannot be set"
adjtimex -f $((300 * 65536)) > /dev/null || fail "the clock's rate cannot be set"
phc2sys -s "/dev/$ptp" -c CLOCK_REALTIME -O 0 -R 4 -u 20 -m -q > /tmp/phc2sys 2>&1 &
pid=$!
sleep 60
kill $pid || fail "phc2sys has ended: $(tail -n 3 /tmp/phc2sys)"
say "phc2sys: $(tail -n 2 /tmp/phc2sys | tr '\n' ';')"
clock_is_near "with phc2sys"
rate=$(($(adjtimex | sed -n 's/.*freq.adjust: *\(-*[0-9]*\) .*/\1/p') / 65536))
say "the clock's rate is corrected by $rate ppm"
[ "${rate#-}" -lt 150 ] || fail "phc2sys left the rate of the clock wrong by $rate ppm"
