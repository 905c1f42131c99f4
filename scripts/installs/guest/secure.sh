# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
#
# Secure boot is on, and the kernel takes only modules that are signed by a key it knows; that of
# dkms is not enrolled.

release=$(uname -r)
key=/var/lib/dkms/mok.pub

# refused FILE WHAT: the kernel does not load it.
refused() {
	local said
	said=$(insmod "$1" 2>&1) && fail "$2 is loaded"
	case $said in
	*"Key was rejected by service"* | *"Required key not available"* | *"Operation not permitted"*) ;;
	*) fail "$2 is not refused for its signature: $said" ;;
	esac
	echo "$2: $said"
}

# The module without the signature that dkms has put behind it: as make leaves it.
unsigned() {
	python3 - "$1" "$2" <<- 'EOT' || fail "the signature of $1 cannot be taken away"
		import struct, sys
		data = open(sys.argv[1], "rb").read()
		end = b"~Module signature appended~\n"
		assert data.endswith(end)
		size = struct.unpack(">I", data[-len(end) - 4:-len(end)])[0]
		open(sys.argv[2], "wb").write(data[:-len(end) - 12 - size])
	EOT
}

grep -q '\[integrity\]' /sys/kernel/security/lockdown || fail "the kernel is not locked down"
mokutil --sb-state | grep -q 'SecureBoot enabled' || fail "secure boot is off: $(mokutil --sb-state)"
file=$(chosen "$release" virtio_balloon)
signer=$(modinfo -F signer "$file")
[ "$signer" ] || fail "dkms has not signed $file"
echo "signer: $signer"
unsigned "$file" /run/unsigned.ko
[ "$(modinfo -F signer /run/unsigned.ko)" = "" ] || fail "the copy without a signature has one"
rmmod virtio_balloon 2> /dev/null
refused /run/unsigned.ko "a module without a signature"

mokutil --test-key $key | grep -q 'is not enrolled' || fail "the key is enrolled"
refused "$file" "a module signed by a key that nobody enrolled"
hook=$(echo /usr/src/kvm-guest-drivers-linux-*/packaging/initramfs)
before=$(sha256sum "/boot/initrd.img-$release")
said=$("$hook" /lib/modules "$release" 2>&1) || fail "$hook ends with $?"
[ "$(sha256sum "/boot/initrd.img-$release")" = "$before" ] || fail "an initramfs was made that will not boot"
[[ "$said" = *"$release is left as it is"* ]] || fail "no warning: $said"
