# SPDX-License-Identifier: GPL-2.0-only
"""Measures the in-tree drivers exactly as the recorded figures were, and compares."""

import json
import re
import statistics

from . import blk, net, table
from .common import APPEND, HERE, BenchError, guest_part, parse, run_guest, say, value

REQUESTS = 40000
PACKETS = 200000


def _fio(release):
    # The first run after the boot waits for a host that is not warm yet, and while the guest
    # waits its clock runs ahead.
    script = ("#!/bin/sh\n" + guest_part("lib") + guest_part("blk")
              + "fio_run /dev/vda 32 4000 warm\n"
              + f"fio_run /dev/vda 32 {REQUESTS} device\nmodprobe null_blk || fail null_blk\n"
              + f"fio_run /dev/nullb0 32 {REQUESTS} floor\n")
    found = parse(run_guest(release, "intree", script, [*blk.MACHINE, "--append", APPEND], 240))
    return {"fio virtio_blk": 1e9 / value(found, "iops", "device"),
            "fio null_blk": 1e9 / value(found, "iops", "floor")}


def _pktgen(release):
    script = ("#!/bin/sh\n" + guest_part("lib") + guest_part("pktgen") + "set_up\n"
              + f"pktgen_run device \"$(net_dev 0)\" 32 {PACKETS}\n"
              + f"pktgen_run floor dummy0 32 {PACKETS}\n")
    found = parse(run_guest(release, "intree", script, [*net.PKTGEN, "--append", APPEND], 240))

    def each(name):
        return value(found, "sent", name, 1) * 1000 / value(found, "sent", name)
    return {"pktgen virtio_net": each("device"), "pktgen dummy": each("floor")}


def _compare(recorded, measured, tolerance):
    """Print one line for each figure; return how many are off."""
    off = 0
    for name, wanted in recorded.items():
        numbers = measured[name]
        median = statistics.median(numbers)
        away = median / wanted - 1
        inside = abs(away) <= tolerance
        off += not inside
        spread = f"({table.figure(min(numbers))}..{table.figure(max(numbers))})"
        print(f"  {name:18} recorded {wanted:6}  measured {table.figure(median):>6} {spread:16} "
              f"{away * 100:+5.1f} %  {'within' if inside else 'OUTSIDE'} {tolerance * 100:.0f} %")
    return off


def run(releases, options):
    """Compare for each kernel; return 0 when every figure is within the tolerance."""
    data = json.loads((HERE / "reference.json").read_text(encoding="ascii"))
    off = 0
    for release in releases:
        series = re.match(r"\d+\.\d+", release)[0]
        if series not in data["kernels"]:
            raise BenchError(f"--kernel {release}: no reference is recorded for {series}; "
                             f"recorded are {', '.join(data['kernels'])}", 2)
        measured = {}
        for turn in range(options.runs):
            say(f"reference, {release}, run {turn + 1} of {options.runs}")
            for name, number in {**_fio(release), **_pktgen(release)}.items():
                measured.setdefault(name, []).append(number)
        print(f"{release}: instructions per operation, in-tree, median of {options.runs}")
        off += _compare(data["kernels"][series], measured, data["tolerance"])
        table.save("reference", release, {"kernel": release, "measured": measured,
                                          "recorded": data["kernels"][series]})
    return 1 if off else 0
