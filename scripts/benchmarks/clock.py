# SPDX-License-Identifier: GPL-2.0-only
"""Reads of the clock under a real KVM: kvm-clock of the kernel and of our module."""

from .common import APPEND, embed, guest_part, helper, need_modules, parse, run_guest, say, value

MACHINE = ["--host", "nested", "--no-load"]
METRICS = ("library", "syscall", "rdtsc")


def _script(drivers, reads):
    lines = ["#!/bin/sh", guest_part("lib"), guest_part("clock"),
             embed(helper("clockread"), "clockread")]
    if drivers == "ours":
        lines += ["modprobe kvmclock || fail 'kvmclock cannot be loaded'", "need_ours kvmclock"]
    lines += ["choose kvm-clock", f"clockread {reads} 5"]
    return "\n".join(lines) + "\n"


def run(options, results, _functions):
    """Measure all runs; ours and in-tree take turns."""
    if "ours" in options.drivers:
        need_modules(options.release, ["kvmclock"])
    reads = options.number(100000, 20000)
    for turn in range(options.runs):
        for drivers in options.drivers:
            say(f"clock, {options.release}, run {turn + 1} of {options.runs}, {drivers}")
            append = APPEND + (" no-kvmclock" if drivers == "ours" else "")
            output = run_guest(options.release, drivers, _script(drivers, reads),
                               [*MACHINE, "--append", append], 240)
            found = parse(output)
            metrics = {name: value(found, "value", name) for name in METRICS}
            results.add("read", drivers, metrics)
