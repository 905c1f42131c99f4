#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# about: kvm-guest-report on what a real guest shows, before and after a driver is swapped
# vm: --disk 64M,serial=report --net user --balloon
# host: tcg
# timeout: 300
# when: soak

# shellcheck source=scripts/guest/lib.sh
. /tests/lib.sh
need_ours virtio_blk
need_ours virtio_net
need_ours virtio_balloon

release=$(uname -r)
dd if=/dev/vda of=/dev/null bs=64k count=4 2> /dev/null || fail "the disk cannot be read"

# gather: copy what the report reads; the guest has no Python, the host has. Attributes that
# can only be written to, or cannot be read now, are left out.
gather() {
	rm -rf /tmp/r
	mkdir -p /tmp/r/lib/modules/"$release"
	for path in /proc/sys/kernel/osrelease /proc/uptime /proc/cpuinfo /proc/interrupts /proc/vmstat \
		/proc/meminfo /proc/cmdline /sys/module/virtio_* /sys/bus/virtio/devices/* \
		/sys/bus/virtio/drivers/*/module /sys/devices/pci*/*/virtio* /sys/bus/pci/devices/* \
		/sys/devices/system/clocksource/clocksource0; do
		mkdir -p "/tmp/r${path%/*}"
		cp -R -d "$path" "/tmp/r$path" 2> /dev/null
	done
	cp "/lib/modules/$release/modules.dep" "/tmp/r/lib/modules/$release/"
	# Of modules only what is asked of them: a serial line is slow.
	for path in /sys/module/virtio*/initstate; do
		name=${path%/initstate}
		file=$(modinfo -n "${name##*/}")
		mkdir -p "/tmp/r${file%/*}"
		{
			printf 'ELF\0license=GPL\0'
			modinfo -F version "$file" | sed 's/^/version=/' | tr '\n' '\0'
			modinfo -F srcversion "$file" | sed 's/^/srcversion=/' | tr '\n' '\0'
		} > "/tmp/r$file"
	done
}

# report PYTHON: run the report on the host and check it there; prints what is not as it should.
report() {
	gather
	vmctl host "d=\$(mktemp -d) && base64 -d <<'END' | tar -xzf - -C \$d &&
$(tar -C /tmp/r -czf - . 2> /dev/null | base64)
END
\"\$RIG_TOP\"/scripts/kvm-guest-report --root \$d > \$d/text &&
\"\$RIG_TOP\"/scripts/kvm-guest-report --root \$d --json > \$d/json && python3 - \$d <<'END'
import json, sys
said = json.load(open(sys.argv[1] + '/json'))
text = open(sys.argv[1] + '/text').read()
devices = {about['type']: about for about in said['devices'].values()}
def check(what, good):
    if not good:
        print('FAIL:', what)
        print(text)
        sys.exit(1)
$1
END"
}

report "
check('release', said['system']['release'] == '$release')
check('clock', said['clock']['current'] == '$(cat /sys/devices/system/clocksource/clocksource0/current_clocksource)')
check('devices', sorted(devices) == ['balloon', 'blk', 'net'])
for kind, about in devices.items():
    module = said['modules']['virtio_' + kind]
    check(kind + ' module', (module['state'], module['origin'], module['compared']) == ('loaded', 'package', 'same'))
    check(kind + ' file', module['disk']['file'].endswith('/updates/virtio_' + kind + '.ko'))
    check(kind + ' driver', about['driver'] == about['module'] == 'virtio_' + kind)
    check(kind + ' transport', about['transport'].startswith('pci 0000:00:'))
    check(kind + ' features', 'VERSION_1' in about['features'] and len(about['feature_bits']) >= 64)
    check(kind + ' status', about['status'] == ['ACKNOWLEDGE', 'DRIVER', 'DRIVER_OK', 'FEATURES_OK'])
    check(kind + ' interrupts', about['interrupts'])
check('disk', devices['blk']['disks']['vda']['serial'] == 'report')
check('reads', devices['blk']['disks']['vda']['stat']['read_ios'] > 0)
check('interface', list(devices['net']['interfaces'].values())[0]['rx_queues'] == 1)
check('findings', said['findings'] == [])
" || fail "the report is wrong"

rmmod virtio_balloon || fail "virtio_balloon cannot be unloaded"
insmod "$(find /lib/modules/"$release"/kernel -name 'virtio_balloon.ko*')" || fail "no in-tree balloon"
report "
module = said['modules']['virtio_balloon']
check('swapped', (module['origin'], module['compared']) == ('kernel', 'differs'))
check('findings', len(said['findings']) == 2 and all('virtio_balloon' in one for one in said['findings']))
" || fail "the report does not see another driver"
