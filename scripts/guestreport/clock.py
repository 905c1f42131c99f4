# SPDX-License-Identifier: GPL-2.0-only
"""The clock of the guest, and what the machine says of itself."""

import os
import pathlib
import re

SOURCE = "sys/devices/system/clocksource/clocksource0"
OURS = "sys/devices/platform/kvmclock"
CPU_FLAGS = ("hypervisor", "constant_tsc", "nonstop_tsc", "tsc_reliable", "tsc_known_freq",
             "tsc_deadline_timer", "rdtscp", "tsc_adjust")


def clock(tree):
    """Return the clocksources, what our module says, and the PTP clocks."""
    flags = re.search(r"^flags\s*:(.*)$", tree.text("proc/cpuinfo") or "", re.M)
    flags = flags.group(1).split() if flags else []
    return {"current": tree.text(f"{SOURCE}/current_clocksource"),
            "available": (tree.text(f"{SOURCE}/available_clocksource") or "").split(),
            "cpu_flags": [flag for flag in CPU_FLAGS if flag in flags],
            "kvmclock": tree.texts(OURS, ("mode", "features", "host_wall_time", "tsc_stable",
                                          "bad_reads")),
            "ptp": {name: tree.text(f"sys/class/ptp/{name}/clock_name")
                    for name in tree.names("sys/class/ptp")}}


def _system_name(tree):
    text = tree.text("etc/os-release") or ""
    match = re.search(r'^PRETTY_NAME="?([^"\n]*)"?$', text, re.M)
    return match.group(1) if match else None


def system(tree):
    """Return the kernel, how it was started, and what may keep modules out."""
    cpus = re.findall(r"^processor\s*:", tree.text("proc/cpuinfo") or "", re.M)
    # Here and now, where a container may hide parts of /proc.
    here = os.uname() if tree.root == pathlib.Path("/") else None
    return {"release": tree.text("proc/sys/kernel/osrelease") or (here and here.release),
            "version": tree.text("proc/sys/kernel/version") or (here and here.version),
            "distribution": _system_name(tree),
            "machine": " ".join(filter(None, (tree.text("sys/class/dmi/id/sys_vendor"),
                                              tree.text("sys/class/dmi/id/product_name")))) or None,
            "cpus": len(cpus) or None,
            "uptime_seconds": float((tree.text("proc/uptime") or "0").split()[0]),
            "command_line": tree.text("proc/cmdline"),
            "tainted": tree.number("proc/sys/kernel/tainted"),
            "lockdown": tree.text("sys/kernel/security/lockdown"),
            "signatures_enforced": tree.text("sys/module/module/parameters/sig_enforce")}
