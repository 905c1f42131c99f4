# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# Choice of the clock source.

# choose NAME: the built-in clock gives way to the TSC on CPUs whose TSC never stops, so it is
# made the current one by force, as is ours.
choose() {
	_base=/sys/devices/system/clocksource/clocksource0
	grep -qw "$1" $_base/available_clocksource ||
		fail "no clock source $1; available are $(cat $_base/available_clocksource)"
	echo "$1" > $_base/current_clocksource
	retry_until 10 grep -qx "$1" $_base/current_clocksource ||
		fail "$1 does not become the current clock source"
}
