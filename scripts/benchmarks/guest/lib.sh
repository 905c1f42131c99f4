# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# What every benchmark runs in the guest; goes in front of its script.

# shellcheck source=scripts/guest/lib.sh
. /tests/lib.sh

# put KIND NAME VALUE...: report something to the host.
put() {
	echo "= $*"
}

# irqs: print how many interrupts of virtio devices there were, on all CPUs.
irqs() {
	awk '/virtio/ { for (i = 2; $i ~ /^[0-9]+$/; i++) sum += $i } END { print sum + 0 }' \
		/proc/interrupts
}

# window NAME COMMAND...: run the command between two marks of the plugin. By how much
# the file $counter went up meanwhile is reported, too.
counter=/proc/self/oom_score_adj
window() {
	_name=$1
	shift
	_irqs=$(irqs)
	read -r _from < "$counter"
	mark b
	"$@"
	_status=$?
	mark e
	read -r _to < "$counter"
	put count "$_name" $((_to - _from))
	[ "$_status" = 0 ] || fail "$_name: $1 failed with status $_status"
	put window "$_name"
	put irqs "$_name" $(($(irqs) - _irqs))
}

# symbols: report where the code of the modules is, and a sign of where the kernel is.
symbols() {
	grep -i '^[0-9a-f]* t .*\[' /proc/kallsyms | sed 's/^/@ /'
	grep -w _text /proc/kallsyms | sed 's/^/@ /'
}
