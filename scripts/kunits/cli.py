# SPDX-License-Identifier: GPL-2.0-only
"""The command line of scripts/kunit."""

import fnmatch
import os
import pathlib
import re
import time

from rig.common import RigError, UsageError

from . import boot, elf, kernel, modules, results
from .common import (DRIVERS, EXIT_FAILED, FAKE, OUT_DIR, Parser, number, say)

SELF = "fake_virtio"        # the fake device's own suites
# Much more than an idle machine needs: several share the one that runs the tests.
TIMEOUT = {"fast": 400, "coverage": 500, "debug": 1500, "rt": 1000}
# A test is a task that waits for another one, the longer the more its kernel checks.
HUNG = {"fast": 60, "coverage": 60, "debug": 300, "rt": 120}
KUNIT_FIRST = 30            # lines of a complaint that are shown


def _parser():
    parser = Parser(prog="scripts/kunit", allow_abbrev=False,
                    description="Build the KUnit modules, run them in a guest, judge the results.",
                    epilog="Exit status: 0 when every suite asked for ran and passed, 1 when not, "
                    "2 bad usage. Results: build/kunit/. More: Documentation/kunit.md")
    add = parser.add_argument
    add("module", nargs="*", help=f"{', '.join(DRIVERS)} or {SELF}; default all")
    add("--kernel", default="6.12", metavar="K", help="6.12 (default) or 6.1")
    add("--debug", action="store_true", help="the kernel with KASAN, lockdep, kmemleak and more")
    add("--coverage", action="store_true", help="the kernel with gcov")
    add("--rt", action="store_true", help="the kernel with PREEMPT_RT and lockdep (6.12 only)")
    add("--suite", metavar="GLOB", help="only these suites, or suite.test")
    add("--param", action="append", default=[], metavar="MODULE.PARAMETER=VALUE",
        help="parameter for a module when it is loaded")
    add("--timeout", metavar="S", help="limit of the guest in seconds (default: "
        + ", ".join(f"{kind} {limit}" for kind, limit in TIMEOUT.items()) + ")")
    add("--smp", default="2", help="CPUs of the guest (default 2)")
    add("--append", default="", metavar="ARGS", help="more kernel arguments")
    add("--json", type=pathlib.Path, metavar="FILE",
        help="where to put the results (default build/kunit/KERNEL.json)")
    add("--no-leaks", action="store_true", help="do not wait for kmemleak's scans")
    add("--kernel-only", action="store_true", help="build the kernel, if need be, and stop")
    add("--verbose", action="store_true", help="print what the kernel's reader prints")
    return parser


def options_of(argv):
    """Parse and check a command line."""
    options = _parser().parse_args(argv)
    kinds = [kind for kind in kernel.KINDS if getattr(options, kind, False)]
    if len(kinds) > 1:
        raise UsageError(f"{' '.join(f'--{kind}' for kind in kinds)}: one of them")
    options.kind = kinds[0] if kinds else "fast"
    allowed = (SELF, *DRIVERS)
    names = [name[:-len("_kunit")] if name.endswith("_kunit") else name
             for name in options.module]
    for name in names:
        if name not in allowed:
            raise UsageError(f"{name}: no such module; allowed are {', '.join(allowed)}")
    options.module = [name for name in allowed if not names or name in names]
    options.timeout = number(options.timeout or TIMEOUT[options.kind], "--timeout", 1, 86400)
    options.smp = number(options.smp, "--smp", 1, 8)
    options.params = {}
    for text in options.param:
        match = re.fullmatch(r"(\w+)\.(\w+=[^\s']*)", text)
        if not match:
            raise UsageError(f"--param {text}: not MODULE.PARAMETER=VALUE without blanks")
        options.params.setdefault(match[1], []).append(match[2])
    if options.suite is not None and not re.fullmatch(r"[\w*?.\[\]-]+", options.suite):
        raise UsageError(f"--suite {options.suite!r}: not a pattern of names")
    return options


def needs(names):
    """Return the modules that are loaded before the tests of these drivers."""
    before = [name for name in DRIVERS if name in names and name != "kvmclock"]
    fake = [FAKE] if any(name != "kvmclock" for name in names) else []
    return before, fake


def build(own, names, suffix="_kunit", **where):
    """Build what the tests of some drivers need; return (drivers, tests, folder)."""
    before, fake = needs(names)
    tests = [f"{name}{suffix}" for name in names]
    folder = modules.build(own, before + _clock(names) + fake + tests, **where)
    return before + fake, tests, folder


def _clock(names):
    """The module that is built and at hand, but not loaded before its tests."""
    return ["kvmclock"] if "kvmclock" in names else []


def stage(folder, names, loaded, ident):
    """Stage what a guest loads for the tests of some drivers; return the folder."""
    return modules.stage(folder, dict.fromkeys([*loaded, *_clock(names)]), ident)


def expected(folder, tests, pattern):
    """Return {module: suites that have to run} out of the module files."""
    found = {}
    wanted = (pattern or "*").partition(".")[0]
    for name in tests:
        found[name] = fnmatch.filter(elf.suites(folder / f"{name}.ko"), wanted)
    return found


def _select(folder, tests, options):
    """Return the modules to load and the suites of each that have to run."""
    found = expected(folder, tests, options.suite)
    if options.suite and not any(found.values()):
        have = sum((elf.suites(folder / f"{name}.ko") for name in tests), [])
        raise UsageError(f"--suite {options.suite}: no suite has such a name; there are "
                         f"{', '.join(have) or 'none'}")
    if options.suite:
        found = {name: suites for name, suites in found.items() if suites}
    return found


def _counts(counts):
    words = [f"{getattr(counts, word)} {word}"
             for word in ("passed", "failed", "crashed", "skipped", "errors")
             if getattr(counts, word)]
    return ", ".join(words) or "nothing"


def show(result, verbose=False):
    """Print what became of one module."""
    for name, word, counts in result.suites:
        print(f"    {name:36} {word.lower():12} {_counts(counts) if counts else ''}".rstrip())
    for line in result.skipped:
        print(f"      skipped {line}")
    for line in result.problems:
        print(f"    PROBLEM {line}")
    if verbose or result.problems:
        print("\n".join("      | " + line for line in result.text.splitlines()
                        if verbose or not re.search(r"\] \[(PASSED|SKIPPED)\] ", line)))
    print(f"{'ok  ' if result.ok else 'FAIL'} {result.module}, {result.seconds:.1f} s", flush=True)


def judge(outcome, wanted, own):
    """Return the results of the modules of a run."""
    reader = results.Reader(own.parser)
    return [reader.read(outcome.sections.get(name, boot.Section(name)), suites)
            for name, suites in wanted.items()], reader


def complaints(outcome):
    """Print what is wrong with a run as a whole; return how many things."""
    for line in outcome.problems:
        print(f"PROBLEM {line}")
    report = outcome.report()
    if report:
        print("\n".join("  | " + line for line in report[:KUNIT_FIRST]))
    leaks = outcome.leaks()
    if any(leaks):
        print("\n".join("  | " + line for line in leaks[:2 * KUNIT_FIRST]))
    if outcome.status and not report:
        print("\n".join("  | " + line for line in outcome.noise.splitlines()[-KUNIT_FIRST:]))
    return len(outcome.problems)


def run(options):
    """Do what the command line says; return the exit status."""
    begin = time.monotonic()
    own = kernel.find(options.kernel, options.kind)
    if options.kernel_only:
        print(own.release)
        return 0
    drivers, tests, folder = build(own, options.module)
    ident = f"{own.name}-{os.getpid()}"
    staged = stage(folder, options.module, drivers + tests, ident)
    built = time.monotonic()
    try:
        wanted = _select(staged, tests, options)
        append = f"sysctl.kernel.hung_task_timeout_secs={HUNG[options.kind]} {options.append}"
        if options.suite and options.kernel != "6.1":
            append += f" kunit.filter_glob={options.suite}"
        elif options.suite:
            say("6.1 cannot choose suites of modules: all run, only those named are judged")
        outcome = boot.run(boot.Job(own, staged, drivers, list(wanted), options.params,
                                    leaks=options.debug and not options.no_leaks,
                                    timeout=options.timeout, smp=options.smp,
                                    append=append), ident)
    finally:
        modules.unstage(ident)
    return _tell(options, own, outcome, wanted, (built - begin, time.monotonic() - built))


def _tell(options, own, outcome, wanted, took):
    if options.suite and options.kernel == "6.1":
        keep_only(outcome, wanted)
    found, reader = judge(outcome, wanted, own)
    path = options.json or OUT_DIR / f"{own.name}.json"
    try:
        path.write_text(reader.to_json(found, own) + "\n", encoding="utf-8")
    except OSError as err:
        raise UsageError(f"--json {path}: {err.strerror}") from err
    for result in found:
        show(result, options.verbose)
    wrong = complaints(outcome)
    bad = sum(not result.ok for result in found)
    total = sum(result.test.counts.total() for result in found)
    skipped = sum(result.test.counts.skipped for result in found)
    print(f"{own.release}: {len(found)} modules, {total} tests, {skipped} skipped, "
          f"{bad} modules failed; build {took[0]:.1f} s, guest {took[1]:.1f} s")
    return EXIT_FAILED if bad or wrong or not total else 0


def keep_only(outcome, wanted):
    """Take the suites out of a log that nobody asked for."""
    for section in outcome.sections.values():
        kept, block = [], []
        for line in section.lines:
            block.append(line)
            end = re.match(r"(?:not )?ok \d+ (?:- )?(\S+)", line)
            if end:
                if end[1] in wanted.get(section.module, ()):
                    kept += block
                block = []
        section.lines = kept + block


def main(argv):
    """Run scripts/kunit; return its exit status."""
    try:
        return run(options_of(argv))
    except RigError as err:
        say(str(err))
        return err.code
    except KeyboardInterrupt:
        say("ended by the user")
        return 130
