# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
#
# The packages go; each kernel named has its own drivers again.
#
#   purge.sh RELEASE...

apt-get -q -y purge kvm-guest-drivers-dkms kvm-guest-drivers-tools || fail "apt cannot purge"
audit "after the removal"
for release; do
	expect_chosen "$release" kernel
	expect_initramfs "$release" kernel
done
left=$(find /usr/src /var/lib/dkms /lib/modules -name 'kvm-guest-*' -o -path '*/updates/*.ko*')
[ "$left" = "" ] || fail "left behind: $left"
