# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh disable=SC2154  # the lines before this one set DRIVERS, TESTS, ...
# Runs in the guest: loads the drivers, then the modules with the tests. The kernel
# log goes to standard output while it is written, so that the host has it even if
# this guest dies. Lines that start with "kgd: " are ours.
#
# DRIVERS   modules to load before
# TESTS     modules to load, each tests when loaded
# LEAKS=1   look for leaks
# SAVE=1    hand over what gcov counted
# FUZZ=1    the tests are fuzzers; print what they counted
# PARAMS    lines "module parameter=value ..."
# STARVE=M  allocations on behalf of module M fail at random, in any task and worker

mark() {
	echo "kgd: $*" > /dev/kmsg
}

params() {
	echo "$PARAMS" | sed -n "s/^$1 //p"
}

load() {
	# shellcheck disable=SC2046  # one word a parameter
	modprobe "$1" $(params "$1") 2> /run/error
}

# Objects count as leaked when nothing points to them in two scans and they are
# at least five seconds old.
leaks() {
	[ -e /sys/kernel/debug/kmemleak ] || return 0
	sleep 5.5
	echo scan > /sys/kernel/debug/kmemleak
	echo scan > /sys/kernel/debug/kmemleak
	cat /sys/kernel/debug/kmemleak > /run/leaks
	mark "leaks $1 $(grep -c '^unreferenced' /run/leaks)"
	sed 's/^/kgd: leak /' /run/leaks | head -n 200 > /run/marked
	while IFS= read -r line; do echo "$line" > /dev/kmsg; done < /run/marked
	echo clear > /sys/kernel/debug/kmemleak
}

run_test() {
	mark "begin $1"
	load "$1"
	status=$?
	for file in /sys/kernel/debug/kgd_fuzz/*; do
		[ "$FUZZ$(test -f "$file"; echo $?)" = 10 ] || continue
		sed "s/^/count ${file##*/} /" "$file" | while IFS= read -r line; do mark "$line"; done
	done
	mark "end $1 $status $(head -n 1 /run/error)"
}

unload() {
	rmmod "$1" 2> /run/error || mark "stuck $1 $(head -n 1 /run/error)"
}

# Faults that a test asks for with fail-nth may hit every kind of allocation, and are
# not to fill the log.
faults() {
	for kind in failslab fail_page_alloc; do
		echo N > "/sys/kernel/debug/$kind/ignore-gfp-wait"
		echo 0 > "/sys/kernel/debug/$kind/verbose"
	done
	echo 0 > /sys/kernel/debug/fail_page_alloc/min-order
}

# One in two hundred fails, of those that have a function of the module on the stack.
starve() {
	awk -v module="[$1]" '$4 == module && tolower($2) == "t" { print $1 }' /proc/kallsyms |
		sort > /run/functions
	begin=$(head -n 1 /run/functions)
	last=$(tail -n 1 /run/functions)
	# To the end of that page. The shell has no room for all 64 bits.
	end=$(printf '%s%08x' "${last%????????}" $(((0x${last#????????} | 0xfff) + 1)))
	# It loses the name of a cache that it cannot show, which is not our leak.
	awk 'tolower($2) == "t" { print $1, $3 }' /proc/kallsyms | sort |
		awk 'found { print $1; exit } $2 == "sysfs_slab_add" { print $1; found = 1 }' \
		> /run/spared
	for kind in failslab fail_page_alloc; do
		attr=/sys/kernel/debug/$kind
		if ! { echo "0x$begin" > "$attr/require-start" &&
			echo "0x$end" > "$attr/require-end" &&
			echo "0x$(head -n 1 /run/spared)" > "$attr/reject-start" &&
			echo "0x$(tail -n 1 /run/spared)" > "$attr/reject-end" &&
			echo 32 > "$attr/stacktrace-depth" &&
			echo 10 > "$attr/interval" &&
			echo -1 > "$attr/times" &&
			echo 5 > "$attr/probability"; }; then
			mark "failed $kind cannot be set up"
		fi
	done
}

faults
# printk_ratelimit of /dev/kmsg would lose our own lines.
echo on > /proc/sys/kernel/printk_devkmsg
# A read of /dev/kmsg gives one message. The last one is ours.
mkfifo /run/log
cat /dev/kmsg > /run/log &
source=$!
awk '{ print; fflush() } /;kgd: done$/ { exit }' /run/log &
reader=$!
[ "$LEAKS" = 0 ] || echo clear > /sys/kernel/debug/kmemleak
loaded=
for module in $DRIVERS; do
	load "$module" || mark "failed $module $(head -n 1 /run/error)"
	loaded="$module $loaded"
done
[ "$STARVE" = "" ] || starve "$STARVE"
for module in $TESTS; do
	run_test "$module"
	loaded="$module $loaded"
done
[ "$LEAKS" = 0 ] || leaks loaded
for module in $loaded; do
	[ ! -e "/sys/module/$module" ] || unload "$module"
done
# A scan takes long. A fuzzer leaves nothing behind when it is done, not when it goes.
[ "$LEAKS$FUZZ" != 10 ] || leaks unloaded
mark "done"
wait "$reader"
kill "$source"
# shellcheck source=/dev/null
[ "$SAVE" = 0 ] || sh /tests/gcov.sh
exit 0
