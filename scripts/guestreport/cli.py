# SPDX-License-Identifier: GPL-2.0-only
"""The command line of kvm-guest-report."""

import argparse
import json
import os
import pathlib
import sys

from . import clock, devices, findings, modules, text
from .tree import Tree

FORMAT = 1      # raised when the meaning of what is there changes; new keys may come any time


def collect(tree):
    """Return the whole report of one system."""
    system = clock.system(tree)
    report = {
        "report": {"format": FORMAT},
        "findings": [],
        "system": system,
        "dkms": modules.packages(tree),
        "modules": modules.collect(tree, system["release"]),
        "devices": devices.collect(tree),
        "clock": clock.clock(tree),
        "balloon": devices.balloon(tree),
        "debugfs": devices.debug(tree, modules.OURS),
        "unreadable": sorted(set(tree.denied)),
    }
    report["findings"] = findings.collect(report)
    return report


def _options(argv):
    parser = argparse.ArgumentParser(
        prog="kvm-guest-report",
        description="Tell everything about the paravirtual drivers of this guest that support "
        "needs. It changes nothing. Without root it tells what it may read.",
        epilog="The report holds the kernel's command line, MAC addresses and serial numbers of "
        "disks: read it before you give it away.")
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.add_argument("--root", default="/", metavar="DIR",
                        help="report on the copy of another system's files in DIR (sys, proc, "
                        "lib/modules)")
    options = parser.parse_args(argv)
    root = pathlib.Path(options.root)
    if not (root / "sys").is_dir() or not (root / "proc").is_dir():
        parser.error(f"--root {options.root}: needs a folder that has sys and proc in it")
    return options


def main(argv):
    """Run kvm-guest-report; return its exit status."""
    options = _options(argv)
    report = collect(Tree(options.root))
    try:
        if options.json:
            json.dump(report, sys.stdout, indent=1)
            print()
        else:
            print("\n".join(text.lines(report)))
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    except UnicodeEncodeError:
        # A locale without UTF-8: what the host wrote must not end the report.
        sys.stdout.reconfigure(errors="backslashreplace")
        print("\n".join(text.lines(report)))
    return 0
