# SPDX-License-Identifier: GPL-2.0-only
"""Reads of the clock under a real KVM: kvm-clock of the kernel and of our module."""

import re

from . import plugin
from .common import (
    APPEND, BenchError, embed, guest_part, helper, need_modules, parse, run_guest, say, value)

MACHINE = ["--host", "nested", "--no-load"]
# Two CPUs of the outer guest would count beside each other.
COUNTED = [*MACHINE, "--outer-smp", "1"]
METRICS = ("library", "syscall", "rdtsc")

# What the kernel calls for the cycles of its clock source: all of ours, and of the built-in one.
READ = re.compile(r"kvmclock:|kernel:(kvm_clock_|pvclock_)")


def _begin(drivers):
    lines = [guest_part("clock"), embed(helper("clockread"), "clockread")]
    if drivers == "ours":
        lines += ["modprobe kvmclock || fail 'kvmclock cannot be loaded'", "need_ours kvmclock"]
    return "\n".join([*lines, "choose kvm-clock"]) + "\n"


def _append(drivers):
    return APPEND + (" no-kvmclock" if drivers == "ours" else "")


def _times(options, drivers):
    script = "#!/bin/sh\n" + guest_part("lib") + _begin(drivers) \
        + f"clockread {options.number(100000, 20000)} 5\n"
    found = parse(run_guest(options.release, drivers, script,
                            [*MACHINE, "--append", _append(drivers)], 240))
    return {name: value(found, "value", name) for name in METRICS}


def _instructions(options, drivers, functions):
    reads = (20000, 20000 + options.number(200000, 50000))
    script = _begin(drivers) + "".join(
        f"window syscall.{name} clockread syscall {number}\n"
        for name, number in zip(("short", "long"), reads))
    _, windows = plugin.run(options, drivers, script, COUNTED, 480, _append(drivers))
    part = plugin.between(windows, "syscall")[0].steady(reads[1] - reads[0])
    clock = sum(count for name, count in part.items() if READ.match(name))
    if not clock:
        raise BenchError(f"{options.release}, {drivers}: no read of kvm-clock was counted")
    functions[f"read {drivers}"] = {name: round(count, 2) for name, count in part.most_common()}
    return {"kernel": sum(part.values()), "clock": clock}


def run(options, results, functions):
    """Measure all runs; ours and in-tree take turns."""
    if "ours" in options.drivers:
        need_modules(options.release, ["kvmclock"])
    for turn in range(options.runs):
        for drivers in options.drivers:
            say(f"clock, {options.release}, run {turn + 1} of {options.runs}, {drivers}")
            results.add("read", drivers, {**_instructions(options, drivers, functions),
                                          **_times(options, drivers)})
