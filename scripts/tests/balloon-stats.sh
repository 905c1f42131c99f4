#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# about: statistics reach the host; compaction gets a full balloon out of its way
# check: 6.12
# vm: --balloon --smp 2 --mem 512M
# host: tcg
# timeout: 200

# shellcheck source=scripts/tests/balloon.sh
. /tests/balloon.sh
need_ours virtio_balloon

total=$(mem_kib MemTotal)
balloon_stats_on() {
	vmctl qmp '{"execute":"qom-set","arguments":{"path":"/machine/peripheral/balloon0","property":"guest-stats-polling-interval","value":1}}' \
		> /dev/null || fail "the host cannot ask for statistics"
}

# balloon_stat NAME: print a statistic as the host has it.
balloon_stat() {
	vmctl qmp '{"execute":"qom-get","arguments":{"path":"/machine/peripheral/balloon0","property":"guest-stats"}}' |
		sed -n "s/.*\"stat-$1\": *\([0-9]*\).*/\1/p"
}

_has_total() {
	[ "$(balloon_stat total-memory)" = $(($(mem_kib MemTotal) << 10)) ]
}

event() {
	awk -v name="$1" '$1 == name { print $2 }' /proc/vmstat
}

balloon_stats_on
retry_until 20 _has_total || fail "the host sees $(balloon_stat total-memory) bytes in all"
for name in available-memory free-memory disk-caches minor-faults major-faults swap-in; do
	[ -n "$(balloon_stat $name)" ] || fail "the host does not see $name"
done
say "the host sees $(balloon_stat available-memory) bytes available"

balloon_keep 32
balloon_target 200
balloon_settles 200 512
retry_until 20 _has_total || fail "the host sees $(balloon_stat total-memory) bytes after the inflate"

# Compaction is to find pages that it can move, and to move them.
before=$(event compact_isolated)
deflated=$(event balloon_deflate)
n=0
while [ "$n" -lt 5 ]; do
	echo 1 > /proc/sys/vm/compact_memory || fail "cannot compact"
	n=$((n + 1))
done
say "compaction isolated $(($(event compact_isolated) - before)) pages," \
	"$(($(event balloon_deflate) - deflated)) left the balloon"
[ "$(event compact_isolated)" -gt "$before" ] || fail "compaction moves nothing"
balloon_settles 200 512
balloon_kept
balloon_target 512
balloon_settles 512 512
balloon_kept
balloon_no_oom
