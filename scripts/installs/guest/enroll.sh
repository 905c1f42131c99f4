# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
#
# Puts the key of dkms up for enrolling, as install.md says, with a password for MokManager.
#
#   enroll.sh PASSWORD

key=/var/lib/dkms/mok.pub
mokutil --generate-hash="$1" > /run/hash || fail "no hash of the password"
mokutil --hash-file /run/hash --import $key || fail "mokutil does not take the key"
# It waits for whoever sits there, however long the machine takes.
mokutil --timeout -1 || fail "mokutil does not take the time-out"
mokutil --list-new | grep -q . || fail "no key is to be enrolled"
