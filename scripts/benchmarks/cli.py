# SPDX-License-Identifier: GPL-2.0-only
"""The command line of scripts/bench."""

import argparse
import sys
import time

from rig.common import RigError

from . import balloon, blk, clock, net, reference, table
from .common import BenchError, Options, OUT_DIR, Results, can_be_first, find_kernel, say

SERIES = ("6.1", "6.12")
COSTS = [("instructions", "total", True), ("driver", "driver", True), ("ring", "ring", False),
         ("pci", "pci", False), ("copies", "copies", False), ("rest", "rest", False),
         ("user", "user", False), ("kicks", "kicks", False), ("irqs", "irqs", False)]
RATE = [("by clock", "rate", True)]
BALLOON = [(f"{way} {title}", f"{way}_{metric}", spread) for way in ("inflate", "deflate")
           for title, metric, spread in (("MiB/s", "rate", True), ("kicks", "kicks", False),
                                         ("timer late us", "late", False))]
ALONE = [column for column in BALLOON if not column[1].endswith("_late")]
HUGE = [("% of the ballooned bytes that the host has back", "back", False)]
STRETCH = [(f"{way}: million instructions", f"{way}_stretch", True)
           for way in ("inflate", "deflate")]
OOM = [("ms if the host has the memory", "oom_warm", True),
       ("if it was taken and given back", "oom_cold", True),
       ("from the balloon", "oom_balloon", True), ("of five killed", "oom_killed", False)]
CLOCK = [("system call: instructions", "kernel", True),
         ("of them reading the clock", "clock", True),
         ("system call ns", "syscall", True), ("clock_gettime ns", "library", True),
         ("rdtsc ns", "rdtsc", False)]

# Area: (module, {case: (title, columns, floor)}).
AREAS = {
    "blk": (blk, {
        "randread-qd32": ("4 KiB random read, io_uring, QD32, null-co: per request",
                          COSTS + RATE, ("null_blk", "total")),
        "randread-qd1": ("4 KiB random read, io_uring, QD1, null-co: per request",
                         COSTS, ("null_blk", "total")),
    }),
    "net": (net, {
        "pktgen-burst32": ("pktgen 60 B, burst 32: per packet", COSTS + RATE, ("dummy", "total")),
        "pktgen-burst1": ("pktgen 60 B, burst 1: per packet", COSTS + RATE, ("dummy", "total")),
        "pktgen-queues1": ("pktgen 60 B, burst 32, two CPUs, one queue: per packet", COSTS, None),
        "pktgen-queues2": ("the same, a queue for each CPU: per packet", COSTS, None),
        "udp-receive": ("UDP 60 B receive flood: per packet", COSTS, None),
        "xdp-drop": ("the same flood dropped by XDP: per packet", COSTS, None),
        "tcp-transmit": ("TCP, guest to host: per 64 KiB", COSTS, None),
        "tcp-receive": ("TCP, host to guest: per 64 KiB", COSTS, None),
    }),
    "balloon": (balloon, {
        "resize-4G-1G": ("balloon, 4 GiB guest with 2 CPUs to 1 GiB and back", BALLOON, None),
        "resize-plain": ("the same, on a CPU without fast string instructions", BALLOON, None),
        "resize-alone": ("the same, with nothing else going on in the guest", ALONE, None),
        "resize-fragmented": ("the same, every other page of 2400 MiB in use, 1280 MiB taken",
                              BALLOON, None),
        "huge": ("1 GiB guest on huge pages of 2 MiB, to 384 MiB", HUGE, None),
        "resched": ("until another process may run, at most", STRETCH, None),
        "oom": ("4 GiB guest, 2 GiB of it in the balloon: a program touches 1.5 GiB more than is"
                " free", OOM, None),
        "inflate": ("inflate: per 4 KiB page", COSTS, None),
        "deflate": ("deflate: per 4 KiB page", COSTS, None),
    }),
    "clock": (clock, {
        "read": ("reading CLOCK_MONOTONIC, kvm-clock as clock source, under nested KVM", CLOCK,
                 None),
    }),
}


class _Parser(argparse.ArgumentParser):
    """Reports a bad command line in one line."""

    def error(self, message):
        say(f"{message} (scripts/bench --help lists what is allowed)")
        sys.exit(2)


def _parser():
    parser = _Parser(prog="scripts/bench", allow_abbrev=False,
                     description="Compare our drivers with those of the same kernel, in guest "
                     "instructions, notifications and interrupts.",
                     epilog="Results are also written to build/bench/AREA-KERNEL.json. Exit "
                     "status: 0, 1 a run failed or a reference is missed, 2 bad usage. More: "
                     "Documentation/bench.md")
    add = parser.add_argument
    add("area", nargs="*", metavar="AREA", help=f"{', '.join(AREAS)}; default all")
    add("--kernel", action="append", metavar="K",
        help="6.1, 6.12 or a full release; may be repeated (default 6.1 and 6.12)")
    add("--runs", default="3", metavar="N", help="runs of each measurement (default 3)")
    add("--drivers", default="both", metavar="D", help="both (default), intree or ours")
    add("--quick", action="store_true", help="one run with less work: less exact")
    add("--functions", action="store_true", help="also list the most expensive functions")
    add("--reference", action="store_true",
        help="measure the in-tree drivers as the recorded figures were, and compare")
    return parser


def _check(args):
    """Check the command line; return (areas, kernels, options)."""
    for area in args.area:
        if area not in AREAS:
            raise BenchError(f"{area}: no such benchmark; allowed are {', '.join(AREAS)}", 2)
    if not args.runs.isdecimal() or not 1 <= int(args.runs) <= 100:
        raise BenchError(f"--runs {args.runs}: allowed is a whole number from 1 to 100", 2)
    drivers = {"both": ("intree", "ours"), "intree": ("intree",), "ours": ("ours",)}
    if args.drivers not in drivers:
        raise BenchError(f"--drivers {args.drivers}: allowed are {', '.join(drivers)}", 2)
    if args.reference and (args.area or args.quick or args.drivers != "both"):
        raise BenchError("--reference: no area, --quick or --drivers is allowed with it", 2)
    releases = [find_kernel(name) for name in args.kernel or SERIES]
    runs = 1 if args.quick else int(args.runs)
    areas = list(dict.fromkeys(args.area)) or list(AREAS)
    return areas, list(dict.fromkeys(releases)), Options(runs, args.quick, drivers[args.drivers])


def _measure(area, release, options, functions):
    """Run one area for one kernel, print its tables and write its file."""
    module, cases = AREAS[area]
    results, costly = Results(), {}
    options.release = release
    start = time.monotonic()
    module.run(options, results, costly)
    found = results.summarise()
    print(f"\n{area}, {release}: median of {options.runs} (min..max)")
    for case, (title, columns, base) in cases.items():
        if case in found:
            table.show(title, found[case], columns, base)
    if functions:
        for name, rows in costly.items():
            print(f"\n{name}: instructions by function")
            for function, count in rows.items():
                print(f"  {count:10.2f}  {function}")
    data = {"area": area, "kernel": release, "runs": options.runs, "quick": options.quick,
            "seconds": round(time.monotonic() - start), "cases": found, "functions": costly}
    say(f"wrote {table.save(area, release, data)}")


def main(argv):
    """Run scripts/bench; return its exit status."""
    try:
        args = _parser().parse_args(argv)
        areas, releases, options = _check(args)
        OUT_DIR.mkdir(parents=True, exist_ok=True)
        if not can_be_first():
            say("note: may not raise the priority of the guests: on a busy machine batches "
                "are larger and interrupts fewer than they should be")
        if args.reference:
            return reference.run(releases, options)
        for release in releases:
            for area in areas:
                _measure(area, release, options, args.functions)
        return 0
    except BenchError as err:
        say(f"error: {err}")
        return err.code
    except RigError as err:
        say(f"error: {err}")
        return err.code if err.code == 2 else 1
    except OSError as err:
        say(f"error: {err.filename or ''}: {err.strerror}")
        return 1
    except KeyboardInterrupt:
        say("ended by the user")
        return 130
