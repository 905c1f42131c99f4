#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# about: without KVM the module does not load and says so; a wrong rating is named
# check: 6.12
# vm: --no-load
# host: tcg

# shellcheck source=scripts/tests/clock.sh
. /tests/clock.sh

before=$(cat "$clock_sys"/*_clocksource)
modprobe kvmclock 2> /tmp/err && fail "the module loads without KVM"
grep -q "No such device" /tmp/err || fail "the error is: $(cat /tmp/err)"
[ "$(clock_said | wc -l)" = 1 ] || fail "not one line but: $(clock_said)"
clock_said
clock_said | grep -q "not a KVM guest" || fail "the line does not say why"

for rating in 0 500 -1 1e3 abc 4294967297 ""; do
	modprobe kvmclock "rating=$rating" 2> /tmp/err && fail "rating=$rating is taken"
	grep -q "Invalid argument" /tmp/err || fail "rating=$rating: $(cat /tmp/err)"
	clock_said | grep -qF "rating '$rating' is not a number from 1 to 499" ||
		fail "rating=$rating: the value or what is allowed is not named: $(clock_said)"
done
# Taken, and then there is no KVM.
for rating in 1 499 0x10; do
	modprobe kvmclock "rating=$rating" 2> /tmp/err
	grep -q "No such device" /tmp/err || fail "rating=$rating: $(cat /tmp/err)"
done

[ -e /sys/module/kvmclock ] && fail "the module is there"
[ -e "$clock_dev" ] && fail "the device is there"
[ "$before" = "$(cat "$clock_sys"/*_clocksource)" ] || fail "the clocksources changed"
