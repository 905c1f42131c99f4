#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# about: a program that needs more than is free gets it from the balloon, and is not killed; state, events and counters say so
# check: 6.12
# vm: --balloon deflate-on-oom=on,free-page-reporting=on --smp 2 --mem 1G
# host: tcg
# timeout: 300

# shellcheck source=scripts/tests/balloon.sh
. /tests/balloon.sh
need_ours virtio_balloon

dev=$(balloon_device)
dir=/sys/bus/virtio/devices/$dev
mount -t debugfs debugfs /sys/kernel/debug 2> /dev/null
debug=/sys/kernel/debug/virtio_balloon/$dev/status

# status FIELD: print one field of the file in debugfs.
status() {
	sed -n "s/^$1: //p" "$debug"
}

state_is() {
	[ "$(cat "$dir/state")" = "$1" ]
}

total=$(mem_kib MemTotal)
retry_until 20 state_is reached || fail "the state is $(cat "$dir/state") at first"

# Those who wait for an event of the device are to be told.
cat > /tmp/handler << 'EOF'
#!/bin/sh
[ -z "$BALLOON_STATE" ] || echo "$BALLOON_STATE $BALLOON_TARGET_KB" >> /tmp/events
EOF
chmod 755 /tmp/handler
busybox uevent /tmp/handler &
listener=$!

# The parameter takes what it should, and nothing else.
for bad in x -1 5x 101% 1G2 '%'; do
	! echo "$bad" > "$dir/min_available" 2> /dev/null || fail "min_available takes \"$bad\""
done
dmesg | grep -q 'min_available: "101%' || fail "no error names the value"
[ "$(cat "$dir/min_available")" = 0 ] || fail "a bad value changed min_available"
echo 25% > "$dir/min_available" || fail "min_available does not take 25%"
[ "$(cat "$dir/min_available")" = 25% ] || fail "min_available is $(cat "$dir/min_available")"

balloon_target 128
retry_until 60 state_is floor || fail "the state is $(cat "$dir/state"), not floor"
left=$(mem_kib MemAvailable)
say "with a floor of 25 % $left KiB of $total are left, state $(cat "$dir/state")"
[ "$left" -ge $((total / 4 - 16384)) ] || fail "only $left KiB are left"
[ "$(status shortages)" -ge 1 ] || fail "no shortage is counted"

# Who polls sleeps as long as the state is what it was, and is woken when it changes.
balloon_poller || fail "no program that polls"
/tmp/balloon-poll "$dir/state" reached > /tmp/polled &
poller=$!
retry_until 20 grep -q waiting /tmp/polled || fail "the program does not poll"
echo 0 > "$dir/min_available" || fail "min_available does not take 0"
balloon_target 512
retry_until 60 _balloon_is 512 || fail "the host sees $(balloon_actual)"
retry_until 10 state_is reached || fail "the state is $(cat "$dir/state"), not reached"
wait $poller || fail "poll() does not tell that the target is reached"
[ "$(mem_kib MemTotal)" = "$total" ] || fail "the size of the guest changes"
[ "$(status held_kb)" = 524288 ] || fail "debugfs has $(status held_kb) KiB"
sum=$(sed -n 's/^held_order_[0-9]*_kb: //p' "$debug" | awk '{ n += $1 } END { print n }')
[ "$sum" = 524288 ] || fail "the orders add up to $sum KiB"

# More than is free. The memory of a tmpfs cannot be had back without swap.
need=$(($(mem_kib MemAvailable) / 1024 + 256))
mkdir /eat
mount -t tmpfs -o size=95% eat /eat || fail "cannot mount"
start=$(uptime_ms)
dd if=/dev/zero of=/eat/data bs=1M count=$need 2> /tmp/dd || fail "cannot write: $(cat /tmp/dd)"
say "$need MiB written in $(($(uptime_ms) - start)) ms," \
	"$(status oom_releases) releases of $(status oom_released_kb) KiB"
! dmesg | grep -iE 'oom-kill|killed process' || fail "something was killed"
[ "$(status oom_releases)" -ge 1 ] || fail "nothing was released"
state_is oom || fail "the state is $(cat "$dir/state"), not oom"
held=$(status held_kb)
rm /eat/data
sleep 5
[ "$(status held_kb)" -le "$held" ] || fail "inflated right after the release"
retry_until 60 state_is reached || fail "the state is $(cat "$dir/state") a minute later"
balloon_target 1024
retry_until 60 _balloon_is 1024 || fail "the host sees $(balloon_actual) at the end"
retry_until 20 state_is reached || fail "the state is $(cat "$dir/state") at the end"
kill $listener
say "events: $(tr '\n' ',' < /tmp/events)"
for event in "inflating 917504" "floor 917504" "reached 524288" "oom 524288" "reached 0"; do
	grep -q "^$event" /tmp/events || fail "no event \"$event\""
done
[ "$(status reporting)" = on ] || fail "free pages are not reported"
_reported() {
	[ "$(status reported_kb)" -ge 65536 ]
}
retry_until 30 _reported || fail "only $(status reported_kb) KiB are reported"
say "$(status reported_kb) KiB reported in $(status reports) reports"
