#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Run by scripts/checks/package.py in a layer, not in a guest:
#
#   autopkgtest.sh RELEASE prebuilt
#
# Runs what debian/tests/control says, on the packages, with this system as the test bed. "make"
# takes the modules that "make modules" has built instead of compiling them once more.

release=$1
keep=/tmp/keep/$release

fail() {
	echo "FAIL: $*"
	exit 1
}

# The one kernel, with only those modules that matter, as in dkms.sh.
mkdir -p "$keep"
(cd "/lib/modules/$release" && cp -d --parents modules.order modules.builtin* build source "$keep/" 2> /dev/null
	find kernel \( -name 'virtio*.ko*' -o -name '*failover.ko*' \) -exec cp --parents {} "$keep/" \;)
mount -t tmpfs -o mode=755 tmpfs /lib/modules
mv "$keep" /lib/modules/
depmod "$release"
rm -f /var/lib/man-db/auto-update
printf '#!/bin/sh\n' > /usr/sbin/update-initramfs
mv /usr/bin/make /usr/bin/make.real
cat > /usr/bin/make <<- EOT
	#!/bin/sh
	for word; do
		case \$word in M=*)
			cp /layer/top/build/$release/*.ko "\${word#M=}/"
			strip -g "\${word#M=}"/*.ko
			exit
			;;
		esac
	done
	exec /usr/bin/make.real "\$@"
EOT
chmod 755 /usr/bin/make

mkdir /tmp/tests
dpkg-source -x /layer/files/*.dsc /tmp/tests/source || fail "the source package cannot be unpacked"
# Status 2: some are skipped. Of ours none may be.
autopkgtest --no-built-binaries --ignore-restrictions=breaks-testbed /layer/files/*.deb /tmp/tests/source --output-dir /tmp/tests/out -- null
status=$?
cat /tmp/tests/out/summary
[ $status = 0 ] || fail "autopkgtest ends with $status"
[ "$(grep -c PASS /tmp/tests/out/summary)" = 3 ] || fail "not all three tests were run"
echo ok
