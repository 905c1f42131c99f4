# SPDX-License-Identifier: GPL-2.0-only
"""The command line of scripts/fuzz."""

import os
import secrets
import time

from rig.common import RigError

from . import boot, cli, kernel, modules
from .common import DRIVERS, EXIT_FAILED, Parser, drivers, number, say, set_name

SHARE = 0.01            # the least part of all mutations that each kind has
MINIMUM = 50000         # mutated completions
SECONDS = 60
MARGIN = 240            # seconds that a guest takes besides fuzzing, at most


def _parser():
    parser = Parser(prog="scripts/fuzz", allow_abbrev=False,
                    description="Run the fuzzers of the drivers on the debug kernel.",
                    epilog="Exit status: 0 nothing was found and enough was tried, 1 otherwise, "
                    "2 bad usage. More: Documentation/kunit.md")
    add = parser.add_argument
    add("module", nargs="*", help=f"{', '.join(DRIVERS)}; default all, one after the other")
    add("--seconds", default=SECONDS, metavar="N", help=f"how long, each (default {SECONDS})")
    add("--seed", metavar="S", help="what the random choices begin with (default: a new one)")
    add("--min", default=None, metavar="N",
        help=f"mutated completions that there have to be (default {MINIMUM} for {SECONDS} s "
        "or more, in proportion for less)")
    add("--kernel", default="6.12", metavar="K", help="6.12 (default) or 6.1")
    add("--fast", action="store_true", help="on the kernel without checks, to try a fuzzer out")
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
    if options.min is None:
        options.min = MINIMUM * min(options.seconds, SECONDS) // SECONDS
    options.min = number(options.min, "--min", 0, 1 << 40)
    return options


def job(own, stage, name, seconds, seed):
    """Return what a guest does to fuzz one driver."""
    before, fake = cli.needs([name])
    return boot.Job(own, stage, before + fake, [f"{name}_fuzz"],
                    {f"{name}_fuzz": [f"seconds={seconds}", f"seed={seed}"]}, fuzz=True,
                    leaks=own.kind == "debug", timeout=2 * seconds + MARGIN,
                    # The watchdog of tasks is not to take the fuzzer's own for stuck.
                    append=f"sysctl.kernel.hung_task_timeout_secs={seconds + 60}")


def prepare(own, name, ident, **where):
    """Build one fuzzer; return the folder with its modules."""
    before, fuzzers, folder = cli.build(own, [name], "_fuzz", **where)
    return cli.stage(folder, [name], before + fuzzers, ident)


def _numbers(counts):
    try:
        return {key: int(value, 0) for key, value in counts.items()}
    except ValueError as err:
        raise RigError(f"a fuzzer's count is not a number: {err}") from err


def findings(outcome, name, minimum):
    """Return (what is wrong with a run of a fuzzer, its counts)."""
    wrong = list(outcome.problems)
    section = outcome.sections.get(f"{name}_fuzz")
    if section is None or section.status is None:
        wrong.append(f"{name}_fuzz never came back")
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
              for kind, value in kinds.items() if value < SHARE * mutated or not value]
    return wrong, counts


def _one(own, name, options):
    ident = f"fuzz-{name}-{own.name}-{os.getpid()}"
    begin = time.monotonic()
    try:
        stage = prepare(own, name, ident)
        work = job(own, stage, name, options.seconds, options.seed)
        work.append = f"{work.append} {options.append}".strip()
        outcome = boot.run(work, ident)
    finally:
        modules.unstage(ident)
    wrong, counts = findings(outcome, name, options.min)
    kinds = " ".join(f"{key[5:]}={value}" for key, value in counts.items()
                     if key.startswith("kind."))
    print(f"fuzz: {name}: seed {options.seed} completions {counts.get('completions', 0)} "
          f"mutated {counts.get('mutated', 0)} kinds {kinds}")
    cli.complaints(outcome)
    for line in wrong:
        if line not in outcome.problems:
            print(f"PROBLEM {line}")
    if wrong:
        print(f"to replay: scripts/fuzz --kernel {options.kernel}"
              f"{' --fast' if options.fast else ''} --seed {options.seed} "
              f"--seconds {options.seconds} {name}")
    print(f"{'FAIL' if wrong else 'ok  '} {name}, {time.monotonic() - begin:.1f} s", flush=True)
    return not wrong


def main(argv):
    """Run scripts/fuzz; return its exit status."""
    set_name("fuzz")
    try:
        options = options_of(argv)
        own = kernel.find(options.kernel, "fast" if options.fast else "debug")
        good = [_one(own, name, options) for name in options.module]
        return 0 if all(good) else EXIT_FAILED
    except RigError as err:
        say(str(err))
        return err.code
    except KeyboardInterrupt:
        say("ended by the user")
        return 130
