# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
#
# Installs packages over what there is, a newer kernel for example, and looks at what a kernel
# gets then.
#
#   upgrade.sh RELEASE ours|kernel FOLDER FILE...   the files are in FOLDER of the host

release=$1 whose=$2
shift 2
fetch "$@"
before=$SECONDS
apt-get -q -y install ./*.deb || fail "apt cannot install $*"
echo "took $((SECONDS - before)) s"
rm -f ./*.deb
dkms status
audit "after the upgrade"
expect_chosen "$release" "$whose"
expect_initramfs "$release" "$whose"
