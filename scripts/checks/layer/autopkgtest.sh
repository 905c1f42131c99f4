#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Run by scripts/checks/package.py in a layer, not in a guest:
#
#   autopkgtest.sh RELEASE prebuilt
#
# Runs what debian/tests/control says, on the packages, with this system as the test bed. "make"
# takes the modules that "make modules" has built instead of compiling them once more.

release=$1

# shellcheck source=scripts/checks/layer/lib.sh
. /layer/top/scripts/checks/layer/lib.sh

one_kernel "$release"
printf '#!/bin/sh\n' > /usr/sbin/update-initramfs
prebuilt_make "$release"

mkdir /tmp/tests
dpkg-source -x /layer/files/*.dsc /tmp/tests/source || fail "the source package cannot be unpacked"
# Status 2: some are skipped. Of ours none may be.
autopkgtest --no-built-binaries --ignore-restrictions=breaks-testbed /layer/files/*.deb /tmp/tests/source --output-dir /tmp/tests/out -- null
status=$?
cat /tmp/tests/out/summary
[ $status = 0 ] || fail "autopkgtest ends with $status"
[ "$(grep -c PASS /tmp/tests/out/summary)" = 3 ] || fail "not all three tests were run"
echo ok
