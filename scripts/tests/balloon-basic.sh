#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# about: the balloon follows its target exactly, in large steps and small, with few kicks
# vm: --balloon --smp 2 --mem 1152M
# host: tcg
# timeout: 240

# shellcheck source=scripts/tests/balloon.sh
. /tests/balloon.sh
need_ours virtio_balloon

total=$(mem_kib MemTotal)
dev=$(balloon_device)
for bit in 1 2 3 4 5; do
	[ "$(balloon_feature "$dev" $bit)" = 0 ] || fail "feature bit $bit is negotiated"
done

irqs() {
	awk -v dev="$dev" '$NF ~ "^" dev { n += $2 + $3 } END { print n + 0 }' /proc/interrupts
}

balloon_keep 64
balloon_touch 768
rss=$(host_rss 1152)
log=$(kicks_count) || fail "$log"
irqs=$(irqs)
start=$(uptime_ms)
balloon_target 640
balloon_settles 640 1152
say "inflate by 512 MiB: about $(($(uptime_ms) - start)) ms with the control channel"
kicks=$(kicks "$log")
irqs=$(($(irqs) - irqs))
say "inflate by 512 MiB: $kicks kicks, $irqs interrupts"
[ "$kicks" -ge 1 ] || fail "kicks are not counted"
[ "$kicks" -le 64 ] || fail "$kicks kicks, at most 64 expected"
[ "$irqs" -le 64 ] || fail "$irqs interrupts, at most 64 expected"

back=$((rss - $(host_rss 1152)))
say "the host got $back MiB back"
[ "$back" -ge 480 ] || fail "the host got only $back MiB back"
balloon_kept

balloon_target 1152
balloon_settles 1152 1152
say "deflate by 512 MiB: $(($(kicks "$log") - kicks)) kicks"
balloon_kept

# Blocks have to be split, and small ones found.
for size in 1151 1149 700 701 960 959 1152; do
	balloon_target $size
	balloon_settles $size 1152
done

# The target changes while the last one is far from being reached.
for size in 500 1000 400 1100 450 1152; do
	balloon_target $size
done
balloon_settles 1152 1152

balloon_kept
balloon_no_oom
say "all targets met, $(kicks "$log") kicks in all"
