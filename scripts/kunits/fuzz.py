# SPDX-License-Identifier: GPL-2.0-only
"""The command line of scripts/fuzz."""

import os
import secrets
import time

from rig.common import RigError, UsageError

from . import boot, cli, kernel, modules
from .common import DRIVERS, EXIT_FAILED, Parser, drivers, number, say, set_name

SHARE = 0.01            # the least part of all mutations that each kind has
MINIMUM = 50000         # mutated completions
SECONDS = 60
SLOW = 15               # times as long as asked, on a slow machine: FUZZ_SLOW of fuzz.h
MARGIN = 240            # seconds that a guest takes besides fuzzing, at most
SHOWN = 10              # lines of the kernel's log that say what was wrong, at most


def _parser():
    parser = Parser(prog="scripts/fuzz", allow_abbrev=False,
                    description="Run the fuzzers of the drivers on the debug kernel.",
                    epilog="Exit status: 0 nothing was found and enough was tried, 1 otherwise, "
                    "2 bad usage. More: Documentation/kunit.md")
    add = parser.add_argument
    add("module", nargs="*",
        help=f"{', '.join(DRIVERS)}; default all, one after the other in one guest")
    add("--seconds", default=SECONDS, metavar="N", help=f"how long, each (default {SECONDS})")
    add("--seed", metavar="S", help="what the random choices begin with (default: a new one)")
    add("--min", default=None, metavar="N",
        help=f"mutated completions that there have to be (default {MINIMUM} for {SECONDS} s "
        "or more, in proportion for less); "
        f"a slow machine gets {SLOW} times --seconds for them")
    add("--kernel", default="6.12", metavar="K", help="6.12 (default) or 6.1")
    add("--fast", action="store_true", help="on the kernel without checks, to try a fuzzer out")
    add("--starve", action="store_true",
        help="let allocations of the driver fail at random as well; a guest for each driver")
    add("--append", default="", metavar="ARGS", help="more kernel arguments")
    return parser


def options_of(argv):
    """Parse and check a command line."""
    options = _parser().parse_args(argv)
    options.module = drivers(options.module)
    options.seconds = number(options.seconds, "--seconds", 1, 86400)
    if options.seed is None:
        options.seed = secrets.randbits(32)
    options.seed = number(options.seed, "--seed", 0, (1 << 64) - 1)
    if options.starve and "kvmclock" in options.module:
        if len(options.module) < len(DRIVERS):
            raise UsageError("--starve kvmclock: its fuzzer allocates nothing; allowed are "
                             + ", ".join(name for name in DRIVERS if name != "kvmclock"))
        options.module.remove("kvmclock")
    if options.min is None and options.starve:
        options.min = 0
    if options.min is None:
        options.min = MINIMUM * min(options.seconds, SECONDS) // SECONDS
    options.min = number(options.min, "--min", 0, 1 << 40)
    return options


def job(own, stage, names, seconds, seed, least=0):
    """Return what a guest does to fuzz some drivers, one after the other."""
    before, fake = cli.needs(names)
    params = [f"seconds={seconds}", f"seed={seed}", f"least={least}"]
    return boot.Job(own, stage, before + fake, [f"{name}_fuzz" for name in names],
                    {f"{name}_fuzz": params for name in names},
                    fuzz=True, leaks=own.kind == "debug",
                    timeout=len(names) * (SLOW + 1) * seconds + MARGIN,
                    # The watchdog of tasks is not to take the fuzzer's own for stuck.
                    append=f"sysctl.kernel.hung_task_timeout_secs={SLOW * seconds + 60}")


def prepare(own, names, ident, **where):
    """Build fuzzers; return the folder with their modules."""
    before, fuzzers, folder = cli.build(own, names, "_fuzz", **where)
    return cli.stage(folder, names, before + fuzzers, ident)


def _numbers(counts):
    try:
        return {key: int(value, 0) for key, value in counts.items()}
    except ValueError as err:
        raise RigError(f"a fuzzer's count is not a number: {err}") from err


def findings(outcome, name, minimum):
    """Return (what is wrong with what one fuzzer did, its counts).

    With a minimum of 0 mutations nothing is asked of the share of each kind either.
    """
    wrong = []
    section = outcome.sections.get(f"{name}_fuzz")
    if section is None or section.status is None:
        wrong.append(f"{name}_fuzz never came back" if section else f"{name}_fuzz never began")
    elif section.status:
        wrong.append(f"{name}_fuzz could not be loaded: {section.error}")
    counts = _numbers(outcome.counts.get(name, {}))
    if not counts:
        return wrong + [f"nothing in /sys/kernel/debug/kgd_fuzz/{name}"], counts
    mutated = counts.get("mutated", 0)
    if counts.get("violations"):
        wrong.append(f"{counts['violations']} violations of the specification")
    if mutated < minimum:
        wrong.append(f"{mutated} mutated completions, at least {minimum} are wanted")
    kinds = {key[5:]: value for key, value in counts.items() if key.startswith("kind.")}
    if not kinds:
        wrong.append("no kind of mutation is counted")
    wrong += [f"kind {kind}: {value} of {mutated} mutations, under {SHARE:.0%}"
              for kind, value in kinds.items()
              if minimum and (value < SHARE * mutated or not value)]
    return wrong, counts


def _violations(section, name):
    """Return what a fuzzer and the fake device said about what the driver did wrong."""
    lines = section.lines if section else []
    said = list(dict.fromkeys(line for line in lines if "violation: " in line
                              or line.startswith(f"{name}_fuzz: ")))
    if len(said) > SHOWN:
        said[SHOWN:] = [f"and {len(said) - SHOWN} more of these"]
    return said


def _tell(outcome, name, options):
    """Print what became of one driver; return whether all was well."""
    wrong, counts = findings(outcome, name, options.min)
    section = outcome.sections.get(f"{name}_fuzz")
    kinds = " ".join(f"{key[5:]}={value}" for key, value in counts.items()
                     if key.startswith("kind."))
    print(f"fuzz: {name}: seed {options.seed} completions {counts.get('completions', 0)} "
          f"mutated {counts.get('mutated', 0)} kinds {kinds}")
    for line in wrong:
        print(f"PROBLEM {name}: {line}")
    if wrong:
        for line in _violations(section, name):
            print(f"      {line}")
    # A report of the kernel is that of the driver under whose fuzzer it came.
    reported = section and any(boot.report.find(line) for line in section.lines)
    if reported:
        print(f"PROBLEM {name}: the kernel reported a problem meanwhile")
    if wrong or reported:
        flags = "".join(f" --{flag}" for flag in ("fast", "starve") if getattr(options, flag))
        print(f"to replay: scripts/fuzz --kernel {options.kernel}{flags} "
              f"--seed {options.seed} --seconds {options.seconds} {name}")
    good = not wrong and not reported
    print(f"{'ok  ' if good else 'FAIL'} {name}", flush=True)
    return good


def _run(own, names, options):
    """Fuzz drivers in one guest; return whether all was well."""
    ident = f"fuzz-{own.name}-{os.getpid()}"
    begin = time.monotonic()
    try:
        stage = prepare(own, names, ident)
        work = job(own, stage, names, options.seconds, options.seed, options.min)
        work.append = f"{work.append} {options.append}".strip()
        if options.starve:
            work.starve = names[0]
            work.params[f"{names[0]}_fuzz"].append("starved=1")
        outcome = boot.run(work, ident)
    finally:
        modules.unstage(ident)
    good = [_tell(outcome, name, options) for name in names]
    wrong = cli.complaints(outcome)
    print(f"{own.release}: {sum(good)} of {len(good)} drivers, "
          f"{time.monotonic() - begin:.1f} s, build/kunit/{ident}.log", flush=True)
    return all(good) and not wrong


def main(argv):
    """Run scripts/fuzz; return its exit status."""
    set_name("fuzz")
    try:
        options = options_of(argv)
        own = kernel.find(options.kernel, "fast" if options.fast else "debug")
        guests = [[name] for name in options.module] if options.starve else [options.module]
        good = [_run(own, names, options) for names in guests]
        return 0 if all(good) else EXIT_FAILED
    except RigError as err:
        say(str(err))
        return err.code
    except KeyboardInterrupt:
        say("ended by the user")
        return 130
