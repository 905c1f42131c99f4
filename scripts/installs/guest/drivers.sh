# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
#
# Which drivers serve the devices, and are they what lies on disk?
#
#   drivers.sh MODULE ours|kernel|none [MODULE WHOSE]...

link=$(ip -o -4 route show default | sed -n '1s/.* dev \([^ ]*\).*/\1/p')
while [ $# -gt 0 ]; do
	module=$1 whose=$2
	shift 2
	case $module in
	virtio_blk) device=/sys/block/vda/device ;;
	virtio_net) device=/sys/class/net/$link/device ;;
	virtio_balloon)
		device=
		for id in /sys/bus/virtio/devices/*; do
			[ "$(cat "$id/device")" != 0x0005 ] || device=$id
		done
		;;
	esac
	[ -e "$device" ] || fail "there is no device for $module"
	if [ "$whose" = none ]; then
		[ ! -e "/sys/module/$module" ] || fail "$module is loaded"
		[ ! -e "$device/driver" ] || fail "$device has a driver"
		continue
	fi
	[ "$(readlink -f "$device/driver/module")" = "/sys/module/$module" ] ||
		fail "$device is not driven by $module"
	taint=$(cat "/sys/module/$module/taint")
	version=$(cat "/sys/module/$module/version" 2> /dev/null)
	source=$(cat "/sys/module/$module/srcversion" 2> /dev/null)
	echo "$module: version ${version:-none}, srcversion ${source:-none}, taint ${taint:-none}"
	if [ "$whose" = kernel ]; then
		[ "$taint$version" = "" ] || fail "$module is not the kernel's own"
		continue
	fi
	file=$(chosen "$(uname -r)" "$module")
	case $file in
	/lib/modules/$(uname -r)/updates/dkms/*) ;;
	*) fail "modprobe would take $file" ;;
	esac
	[ "${source:-none}" = "$(modinfo -F srcversion "$file")" ] ||
		fail "$module is loaded with srcversion ${source:-none}, $file has another"
	[ "$version" = "$(dpkg-query -W -f '${Version}' kvm-guest-drivers-dkms)" ] ||
		fail "$module is of version $version"
done
