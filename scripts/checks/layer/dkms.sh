#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Run by scripts/checks/package.py in a layer, not in a guest:
#
#   dkms.sh RELEASE compile|prebuilt
#
# Installs the packages with dpkg and dkms of this machine for one kernel, brings kernels in
# and out of the range, removes the packages, and looks at what each leaves behind. "prebuilt"
# takes the modules that "make modules" has built instead of compiling them once more.

release=$1
how=$2
modules="virtio_blk virtio_net virtio_balloon kvmclock"
told=/tmp/update-initramfs

# shellcheck source=scripts/checks/layer/lib.sh
. /layer/top/scripts/checks/layer/lib.sh

# audit WHEN: no package is half installed or half configured.
audit() {
	said=$(dpkg --audit) || fail "dpkg --audit ends with $? $1"
	[ "$said" = "" ] || fail "dpkg --audit is not empty $1: $said"
}

# chosen MODULE: the file modprobe would load.
chosen() {
	modinfo -k "$release" -n "$1"
}

# kernel RELEASE: install a kernel and its headers, with what Debian's do when configured.
kernel() {
	for part in image headers; do
		dir=/tmp/$part
		rm -rf "$dir"
		mkdir -p "$dir/DEBIAN" "$dir/lib/modules/$1"
		cat > "$dir/DEBIAN/control" <<- EOT
			Package: linux-$part-$1
			Version: 1
			Architecture: all
			Maintainer: nobody <nobody@localhost>
			Description: a kernel for a test
		EOT
		mkdir -p "$dir/boot"
		: > "$dir/boot/config-$1-$part"
		hooks=/etc/kernel/postinst.d
		if [ $part = headers ]; then
			hooks=/etc/kernel/header_postinst.d
			mkdir -p "$dir/usr/src/linux-headers-$1/include"
			ln -s "/usr/src/linux-headers-$1" "$dir/lib/modules/$1/build"
		fi
		cat > "$dir/DEBIAN/postinst" <<- EOT
			#!/bin/sh
			set -e
			run-parts --report --exit-on-error --arg="$1" --arg="/boot/vmlinuz-$1" $hooks
		EOT
		chmod 755 "$dir/DEBIAN/postinst"
		dpkg-deb --root-owner-group --build "$dir" "/tmp/$part.deb" || fail "no package for a kernel"
	done
	# The headers last: then dkms is asked twice, first without them.
	dpkg -i /tmp/image.deb /tmp/headers.deb
	for part in image headers; do
		state=$(dpkg-query -W -f '${Status}' "linux-$part-$1")
		[ "$state" = "install ok installed" ] || fail "linux-$part-$1 is \"$state\""
	done
	audit "after kernel $1"
}

one_kernel "$release"
own=$(chosen virtio_blk) || fail "this kernel has no virtio_blk"
audit "before anything is done"

# What is made anew is written down with the module that goes in; making it takes a minute.
cat > /usr/sbin/update-initramfs <<- EOT
	#!/bin/sh
	while [ \$# -gt 1 ]; do
		[ "\$1" != -k ] || echo "\$2 \$(modinfo -k "\$2" -n virtio_blk)" >> $told
		shift
	done
EOT
[ -e "/boot/initrd.img-$release" ] || : > "/boot/initrd.img-$release"
: > $told

# Stands in for the compiler, not for dkms: it has to be asked for the right thing.
[ "$how" != prebuilt ] || prebuilt_make "$release"

echo "== install"
dpkg -i /layer/files/*.deb || fail "dpkg cannot install the packages"
audit "after the packages"
version=$(dpkg-query -W -f '${Version}' kvm-guest-drivers-dkms)
for module in $modules; do
	case $(chosen "$module") in
	/lib/modules/"$release"/updates/dkms/"$module".ko*) ;;
	*) fail "$module would be loaded from $(chosen "$module")" ;;
	esac
	[ "$(modinfo -k "$release" -F version "$module")" = "$version" ] || fail "$module has another version"
done
[ "$(cat $told)" = "$release $(chosen virtio_blk)" ] ||
	fail "the initramfs was made so: $(cat $told), the module is $(chosen virtio_blk)"
if [ "$how" = prebuilt ]; then
	grep -q "MODULES=$modules modules" /tmp/make || fail "make was called so: $(cat /tmp/make)"
fi
# Since 3.1 dkms takes the kernel's own away, and keeps it; before it only covered it.
kept=$(find /var/lib/dkms/kvm-guest-drivers-linux/original_module -name 'virtio_blk.ko*' 2> /dev/null)
if dpkg --compare-versions "$(dpkg-query -W -f '${Version}' dkms)" ge 3.1; then
	[ "$kept" ] || fail "dkms does not keep the kernel's own virtio_blk"
	[ ! -e "$own" ] || fail "$own is still there"
else
	[ -e "$own" ] || fail "$own is gone"
fi
kvm-guest-report --json | grep -q '"installed"' || fail "kvm-guest-report does not see dkms"
[ -e /usr/share/man/man1/kvm-guest-report.1.gz ] || fail "no manual page"
balloon-balance --check --config /usr/share/kvm-guest-drivers-linux/balloon-balance.conf ||
	fail "balloon-balance does not take its own example"
[ -e /lib/systemd/system/balloon-balance.service ] || fail "no unit for balloon-balance"
[ ! -e /etc/systemd/system/multi-user.target.wants/balloon-balance.service ] ||
	fail "balloon-balance was enabled unasked"

echo "== kernels out of the range"
kernel 7.99.0-above
kernel 4.19.0-below
dkms status | grep -E '7\.99|4\.19' && fail "dkms has built for a kernel out of the range"

echo "== a kernel of the range whose own drivers are built in"
# Only what is read of it is there; the stand-in for make does the rest.
if [ "$how" = prebuilt ]; then
	other=${release%%-*}-builtin
	mkdir -p "/usr/src/linux-headers-$other/include" "/lib/modules/$other"
	sed 's/^CONFIG_VIRTIO_BLK=m/CONFIG_VIRTIO_BLK=y/; /^CONFIG_VIRTIO_NET=m/d' "/lib/modules/$release/build/.config" \
		> "/usr/src/linux-headers-$other/.config"
	: > /tmp/make
	ln -s "/usr/src/linux-headers-$other" "/lib/modules/$other/build"
	dkms install "kvm-guest-drivers-linux/$version" -k "$other" || fail "dkms fails for it"
	[ "$(cd "/lib/modules/$other/updates/dkms" && echo *)" = "kvmclock.ko virtio_balloon.ko" ] ||
		fail "installed was: $(ls "/lib/modules/$other/updates/dkms")"
	log=$(find "/var/lib/dkms/kvm-guest-drivers-linux/$version/$other" -name make.log -exec cat {} +)
	echo "$log" | grep -q "skipped: virtio_blk, this kernel has CONFIG_VIRTIO_BLK=y" || fail "no reason: $log"
	echo "$log" | grep -q "skipped: virtio_net, this kernel has CONFIG_VIRTIO_NET=n" || fail "no reason: $log"
fi

echo "== secure boot, and a key that is not enrolled"
: > $told
cat > /usr/local/bin/mokutil <<- EOT
	#!/bin/sh
	case \$1 in
	--sb-state) echo "SecureBoot enabled" ;;
	--test-key) echo "\$2 is not enrolled" ;;
	esac
EOT
chmod 755 /usr/local/bin/mokutil
hook=/usr/src/kvm-guest-drivers-linux-$version/packaging/initramfs
said=$($hook /lib/modules "$release" 2>&1) || fail "$hook ends with $?"
[ "$(cat $told)" = "" ] || fail "an initramfs was made that will not boot"
case $said in
*"$release is left as it is"*) ;;
*) fail "no warning: $said" ;;
esac
rm /usr/local/bin/mokutil

echo "== removal"
: > $told
dpkg -L kvm-guest-drivers-dkms kvm-guest-drivers-tools > /tmp/files
dpkg --purge kvm-guest-drivers-dkms kvm-guest-drivers-tools || fail "dpkg cannot remove the packages"
audit "after the removal"
[ "$(chosen virtio_blk)" = "$own" ] || fail "after removal virtio_blk is $(chosen virtio_blk)"
grep -q "^$release $own$" $told || fail "the initramfs was made so: $(cat $told), not with $own"
left=$(grep kvm-guest /tmp/files | while read -r path; do [ ! -e "$path" ] || echo "$path"; done
	find /var/lib/dkms /lib/modules -name '*kvm-guest-*' -o -path '*/updates/*')
[ "$left" = "" ] || fail "left behind: $left"
echo ok
