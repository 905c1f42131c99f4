# SPDX-License-Identifier: GPL-2.0-only
"""The command line of scripts/check."""

import argparse
import dataclasses
import fnmatch
import os
import signal
import sys
import time

from rig import kernels
from rig.common import RigError

from . import boot, build, engine, fetched, host, kunit, package, params, style
from .case import run

# What the package is built and booted on here, besides what is fetched; the tested range is
# kernels.conf.
SERIES = ("6.1", "6.12")


# Seconds that the cases of a part may take in sum, on an idle machine of two CPUs
# without usable hardware virtualisation. Documentation/kunit.md says them too.
BUDGETS = {"style": 150, "build": 540, "fetch": 120, "modinfo": 10, "engine": 150, "host": 200,
           "boot": 2100, "kunit": 1150, "fuzz": 1100, "package": 60}


def collect(soak=False):
    """Return every case, in the order they are run: cheap and basic ones first."""
    releases = {series: kernels.resolve(series).release for series in SERIES}
    if soak:
        return build.cases(releases, soak=True) + fetched.cases(soak=True) \
            + boot.cases(releases, soak=True) + host.cases(releases, soak=True) \
            + kunit.cases(releases, soak=True) + package.cases(releases, soak=True) \
            + fetched.matrix_cases()
    cases = []
    for kind in (style, build, params, package, engine, host, kunit, boot):
        cases += kind.cases(releases)
        if kind is build:
            cases += fetched.cases()
    return cases


def _tell_times(times, rounds):
    """Print what each part took. Machines differ and are shared: no case fails for it."""
    for part, took in times.items():
        budget = BUDGETS.get(part, 0) * rounds
        print(f"time {part:8} {took:7.1f} s" + (f" of a budget of {budget} s" if budget else ""))


def _options(argv):
    parser = argparse.ArgumentParser(
        prog="scripts/check", description="Run the tests of the package.",
        epilog="Every case leaves its output in build/check/. The last line counts them; "
        "the exit status is 0 only if none failed and at least one passed.")
    parser.add_argument("pattern", nargs="*",
                        help="names of cases, * allowed: boot/blk-*  build/*  */6.12")
    # More make guests spin and wait for CPUs that do not run: all takes longer.
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), metavar="N",
                        help="cases at a time (default: one a CPU, %(default)s here)")
    parser.add_argument("--rounds", type=int, default=1, metavar="N",
                        help="run the cases so many times (default 1)")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--soak", action="store_true",
                       help="the cases that only make soak runs: long tests, KUnit, fuzzers")
    which.add_argument("--all", action="store_true",
                       help="the cases of make check and of make soak")
    parser.add_argument("--list", action="store_true", help="name the cases, run none")
    options = parser.parse_args(argv)
    for name in ("jobs", "rounds"):
        if getattr(options, name) < 1:
            parser.error(f"--{name} {getattr(options, name)}: at least 1")
    return options


def _rounds(cases, number):
    """Return the cases so many times, under names of their own."""
    if number == 1:
        return cases
    return [dataclasses.replace(case, name=f"{case.name}/{round_}")
            for round_ in range(1, number + 1) for case in cases]


def _interrupted(_number, _frame):
    raise KeyboardInterrupt


def main(argv):
    """Run scripts/check; return its exit status."""
    options = _options(argv)
    signal.signal(signal.SIGTERM, _interrupted)
    try:
        cases = collect(options.soak)
        if options.all:
            known = {case.name for case in cases}
            cases += [case for case in collect(soak=True) if case.name not in known]
    except RigError as err:
        print(f"check: {err}", file=sys.stderr)
        return 1
    if options.pattern:
        lost = [p for p in options.pattern if not fnmatch.filter([c.name for c in cases], p)]
        if lost:
            print(f"check: no case is named {', '.join(lost)}; --list names them all",
                  file=sys.stderr)
            return 2
        cases = [c for c in cases if any(fnmatch.fnmatch(c.name, p) for p in options.pattern)]
    if options.list:
        for case in cases:
            print(f"{case.name:40} {case.about}")
        return 0
    begin = time.monotonic()
    try:
        counts, times = run(_rounds(cases, options.rounds), options.jobs)
    except KeyboardInterrupt:
        print("check: ended before all cases were run", file=sys.stderr)
        return 130
    _tell_times(times, options.rounds)
    print(f"took {(time.monotonic() - begin) / 60:.1f} minutes")
    print(f"{counts['ok']} passed, {counts['FAIL']} failed, {counts['skip']} skipped", flush=True)
    return 0 if counts["ok"] and not counts["FAIL"] else 1
