# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# Suspend to memory as people have it: firmware runs at the end, CPUs and devices have been reset. Tests
# do `. /tests/suspend.sh` and have --sleeps.

# shellcheck source=scripts/guest/lib.sh
. /tests/lib.sh

# Where a q35 has its registers of power management, and that it has any (ICH9: PMBASE, ACPI_CNTL).
# SeaBIOS does not set them again on waking up, and the guest could neither sleep nor power off.
_suspend_lpc=/sys/bus/pci/devices/0000:00:1f.0/config

# suspend_once SECONDS: sleep until an alarm of the RTC, so many seconds from now, before which it has
# to be asleep.
suspend_once() {
	grep -qw deep /sys/power/mem_sleep || skip "this kernel cannot suspend to memory"
	echo deep > /sys/power/mem_sleep || fail "cannot choose to suspend to memory"
	_slept=$(cat /sys/power/suspend_stats/success)
	_alarm=$(grep -l rtc_cmos /sys/class/rtc/rtc*/name | head -n 1 | sed 's,name$,wakealarm,')
	[ -n "$_alarm" ] || fail "there is no RTC to wake the guest up"
	echo 0 > "$_alarm"
	echo "+$1" > "$_alarm" || fail "the RTC takes no alarm"
	dd "if=$_suspend_lpc" of=/tmp/lpc bs=1 skip=64 count=5 2> /dev/null || fail "no q35"
	echo mem > /sys/power/state || fail "the guest cannot sleep: $(dmesg | tail -n 1)"
	[ "$(cat /sys/power/suspend_stats/success)" = $((_slept + 1)) ] || fail "the guest did not sleep"
	dd if=/tmp/lpc "of=$_suspend_lpc" bs=1 seek=64 conv=notrunc 2> /dev/null || fail "no q35"
}
