# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# What the tests in a layer share: `. /layer/top/scripts/checks/layer/lib.sh`.

fail() {
	echo "FAIL: $*"
	exit 1
}

# one_kernel RELEASE: leave this one alone, with only those modules that matter: depmod reads them
# all, again and again. Nor is the index of all manual pages made, which takes minutes.
one_kernel() {
	_keep=/tmp/keep/$1
	mkdir -p "$_keep"
	(cd "/lib/modules/$1" && cp -d --parents modules.order modules.builtin* build source "$_keep/" 2> /dev/null
		find kernel \( -name 'virtio*.ko*' -o -name '*failover.ko*' \) -exec cp --parents {} "$_keep/" \;)
	mount -t tmpfs -o mode=755 tmpfs /lib/modules
	mv "$_keep" /lib/modules/
	depmod "$1"
	rm -f /var/lib/man-db/auto-update
}

# prebuilt_make RELEASE: where "make" is to build modules, it takes those that "make modules" has
# built. Writes down what it was asked for in /tmp/make.
prebuilt_make() {
	mv /usr/bin/make /usr/bin/make.real
	cat > /usr/bin/make <<- EOT
		#!/bin/sh
		echo "\$*" >> /tmp/make
		for word; do
			case \$word in M=*)
				cp /layer/top/build/$1/*.ko "\${word#M=}/"
				strip -g "\${word#M=}"/*.ko
				exit
				;;
			esac
		done
		exec /usr/bin/make.real "\$@"
	EOT
	chmod 755 /usr/bin/make
}
