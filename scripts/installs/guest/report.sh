# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
#
# What kvm-guest-report says of each module that serves a device.
#
#   report.sh MODULE ORIGIN COMPARED [MODULE ORIGIN COMPARED]...

kvm-guest-report --json > /run/report || fail "kvm-guest-report ends with $?"
kvm-guest-report || fail "kvm-guest-report as text ends with $?"
while [ $# -gt 0 ]; do
	python3 - "$@" <<- 'EOT' || exit 1
		import json, sys
		name, *expected = sys.argv[1:4]
		about = json.load(open("/run/report"))["modules"][name]
		said = [str(about.get("origin")), str(about["compared"])]
		if said != expected:
		    sys.exit(f"FAIL kvm-guest-report says of {name}: {said}, expected {expected}")
	EOT
	shift 3
done
