#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# about: the balloon follows its target exactly, in large steps and small, with few kicks
# check: 6.1
# soak: 5.10 7.2 7.3
# vm: --balloon --smp 2 --mem 640M
# host: tcg
# timeout: 240

# shellcheck source=scripts/tests/balloon.sh
. /tests/balloon.sh
need_ours virtio_balloon

total=$(mem_kib MemTotal)
dev=$(balloon_device)
for bit in 2 3 4 5; do
	[ "$(balloon_feature "$dev" $bit)" = 0 ] || fail "feature bit $bit is negotiated"
done

irqs() {
	awk -v dev="$dev" '$NF ~ "^" dev { n += $2 + $3 } END { print n + 0 }' /proc/interrupts
}

balloon_keep 32
balloon_touch 400
rss=$(host_rss 640)
log=$(kicks_count) || fail "$log"
irqs=$(irqs)
start=$(uptime_ms)
balloon_target 384
balloon_settles 384 640
say "inflate by 256 MiB: about $(($(uptime_ms) - start)) ms with the control channel"
kicks=$(kicks "$log")
irqs=$(($(irqs) - irqs))
say "inflate by 256 MiB: $kicks kicks, $irqs interrupts"
[ "$kicks" -ge 1 ] || fail "kicks are not counted"
[ "$kicks" -le 32 ] || fail "$kicks kicks, at most 32 expected"
[ "$irqs" -le 32 ] || fail "$irqs interrupts, at most 32 expected"

back=$((rss - $(host_rss 640)))
say "the host got $back MiB back"
[ "$back" -ge 240 ] || fail "the host got only $back MiB back"
balloon_kept

balloon_target 640
balloon_settles 640 640
say "deflate by 256 MiB: $(($(kicks "$log") - kicks)) kicks"
balloon_kept

# Blocks have to be split, and small ones found.
balloon_goes 640 639 637 400 401 560 559 640

# The target changes while the last one is far from being reached.
for size in 350 600 320 620 330 640; do
	balloon_target $size
done
balloon_settles 640 640

balloon_kept
balloon_no_oom
say "all targets met, $(kicks "$log") kicks in all"
