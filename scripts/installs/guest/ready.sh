# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
#
# The system is up, nothing failed, and a file comes over the network as the host has it.
#
#   ready.sh SHA256SUM-OF-FILE

wait_for "systemd" systemctl is-active --quiet multi-user.target
failed=$(systemctl --failed --no-legend --plain)
[ "$failed" = "" ] || fail "a unit has failed: $failed"
wait_for "an address" sh -c 'ip -4 -o addr show scope global | grep inet'
curl -sS --retry 5 --max-time 1800 -o /run/file "$host/file" || fail "the host's file cannot be fetched"
echo "$1  /run/file" | sha256sum -c --quiet || fail "the file is not as the host has it"
rm /run/file
[ "$(findmnt -n -o SOURCE /)" = /dev/vda ] || fail "/ is not on /dev/vda"
