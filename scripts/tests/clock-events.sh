#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# about: a pause, going back to a snapshot and a migration are one event each; RTC and PTP clock
# when: soak
# vm: --outer-smp 1 --smp 2 --mem 256M --no-load --append no-kvmclock
# host: nested
# timeout: 900

# shellcheck source=scripts/tests/fate.sh
. /tests/fate.sh

# The rig gives the programs that a test names.
command -v clocktool > /dev/null || fail "the guest has no clocktool"
clock_tell_uevents /tmp/uevents
clock_load
fate_all
