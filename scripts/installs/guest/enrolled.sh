# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
#
# Secure boot is on, and the kernel knows the key of dkms. Which drivers are loaded is looked at
# by drivers.sh.

grep -q '\[integrity\]' /sys/kernel/security/lockdown || fail "the kernel is not locked down"
mokutil --sb-state | grep -q 'SecureBoot enabled' || fail "secure boot is off: $(mokutil --sb-state)"
said=$(mokutil --test-key /var/lib/dkms/mok.pub)
[[ "$said" = *"is already enrolled"* ]] || fail "the key is not enrolled: $said"
