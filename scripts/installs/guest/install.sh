# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
#
# Installs the packages as README.md says, and looks at what is there before the reboot.
#
#   install.sh FOLDER FILE...       the files are in FOLDER of the host

release=$(uname -r)
expect_chosen "$release" kernel
fetch "$@"
# Everything else that they need is there.
: > /etc/apt/sources.list
# What install.md tells those to do who want a way back.
cp "/boot/initrd.img-$release" "/boot/initrd.img-$release.before" || fail "no copy of the initramfs"
before=$SECONDS
apt-get -q -y install ./*.deb || fail "apt cannot install the packages"
echo "took $((SECONDS - before)) s"
dkms status
audit "after the installation"
expect_chosen "$release" ours
expect_initramfs "$release" ours
