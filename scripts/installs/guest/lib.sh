# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034
#
# In the guest: comes before each script that scripts/check-install sends. A script that ends with
# a line "FAIL WHY" and a status has failed.
set -u

modules="virtio_blk virtio_net virtio_balloon"
host=http://10.0.2.2:8000

fail() {
	echo "FAIL $*"
	exit 1
}

# Wait for a condition, at most an hour: this may be an emulator on a busy machine.
wait_for() {
	local end=$((SECONDS + 3600)) what=$1
	shift
	until "$@" > /dev/null 2>&1; do
		[ $SECONDS -lt $end ] || fail "$what: waited an hour for it"
		sleep 1
	done
}

audit() {
	local said
	said=$(dpkg --audit)
	[ "$said" = "" ] || fail "dpkg --audit $1: $said"
}

# What modprobe would take for a kernel.
chosen() {
	modinfo -k "$1" -n "$2" || fail "kernel $1 has no $2"
}

# expect_chosen RELEASE ours|kernel
expect_chosen() {
	local module path
	for module in $modules; do
		path=$(chosen "$1" "$module")
		case $2:$path in
		ours:/lib/modules/$1/updates/dkms/$module.ko*) ;;
		kernel:/lib/modules/$1/kernel/*/$module.ko*) ;;
		*) fail "for $1 modprobe would take $path, expected was that of: $2" ;;
		esac
	done
}

# expect_initramfs RELEASE ours|kernel
expect_initramfs() {
	local module path list
	list=$(lsinitramfs "/boot/initrd.img-$1") || fail "no initramfs of $1"
	for module in virtio_blk virtio_net; do
		path=$(echo "$list" | grep "/$module\.ko")
		case $2:$path in
		ours:*lib/modules/$1/updates/dkms/$module.ko*) ;;
		kernel:*lib/modules/$1/kernel/*/$module.ko*) ;;
		*) fail "the initramfs of $1 has ${path:-no $module}, expected was that of: $2" ;;
		esac
		[ "$(echo "$path" | wc -l)" = 1 ] || fail "the initramfs of $1 has more than one: $path"
	done
}

# fetch FOLDER FILE...: into the working folder, which has nothing else.
fetch() {
	local folder=$1 name
	shift
	mkdir -p /root/packages
	cd /root/packages || fail "no folder"
	rm -f ./*.deb
	for name; do
		curl -sS --fail -O "$host/$folder/$name" || fail "$name cannot be fetched"
	done
}
