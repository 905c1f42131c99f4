# SPDX-License-Identifier: GPL-2.0-only
"""The command line of scripts/mutants: breaks the drivers to see whether a test notices.

All is done in a copy of the tree, which is kept so that only what a patch touches
is compiled. A guest tests one mutant while the next is being built.
"""

import concurrent.futures
import dataclasses
import fcntl
import filecmp
import fnmatch
import os
import pathlib
import re
import shutil
import subprocess
import time

from rig.common import BUILD_DIR, TOP, RigError

from . import boot, cli, fuzz, kernel, modules
from .common import DRIVERS, EXIT_FAILED, MUTANTS_DIR, Parser, drivers, number, say, set_name

WORK = BUILD_DIR / "mutants"
PARTS = ("Kbuild", "Makefile", "kernels.conf", "dkms.conf", "compat", "drivers", "kunit",
         "scripts/kver")
FUZZ_SECONDS, FUZZ_SEED = 20, 1


@dataclasses.dataclass
class Mutant:
    """One patch."""

    path: pathlib.Path
    module: str
    kind: str = "fast"
    fuzz: bool = False
    suite: str = None       # is tried before all of them are

    @property
    def name(self):
        """The name that --only is compared with."""
        return f"{self.module}/{self.path.stem}"


@dataclasses.dataclass
class Verdict:
    """What became of a mutant: caught, survived or error; and by what or why."""

    word: str
    why: str


def read(path):
    """Read the head of a patch: its lines that start with #."""
    mutant = Mutant(path, path.parent.name)
    for line in path.read_text(encoding="utf-8").splitlines():
        match = re.match(r"# *(kernel|by|suite): *(\S+)", line)
        if line.startswith(("--- ", "diff ")):
            break
        if match and match[1] == "kernel":
            if match[2] not in ("fast", "debug"):
                raise RigError(f"{path}: kernel {match[2]}; allowed are fast and debug")
            mutant.kind = match[2]
        elif match and match[1] == "suite":
            mutant.suite = match[2]
        elif match:
            if match[2] not in ("fuzz", "suite"):
                raise RigError(f"{path}: by {match[2]}; allowed are fuzz and suite")
            mutant.fuzz = match[2] == "fuzz"
            mutant.kind = "debug" if mutant.fuzz else mutant.kind
    return mutant


def collect(names, only):
    """Return the mutants of some drivers."""
    found = [read(path) for name in names
             for path in sorted((MUTANTS_DIR / name).glob("*.patch"))]
    return [mutant for mutant in found
            if not only or fnmatch.fnmatch(mutant.name, only) or only in mutant.name]


class Copy:
    """The copy of the tree that is patched."""

    def __init__(self):
        self.top = WORK / "tree"
        self.refresh()

    def refresh(self):
        """Make the copy equal to the tree; leave alone what is equal already."""
        wanted = set()
        for part in PARTS:
            source = TOP / part
            for path in sorted(source.rglob("*")) if source.is_dir() else [source]:
                if path.is_file():
                    wanted.add(path.relative_to(TOP))
        for path in sorted(self.top.rglob("*")):
            if path.is_file() and path.relative_to(self.top) not in wanted:
                path.unlink()
        for name in wanted:
            self._restore(name)

    def _restore(self, name):
        target = self.top / name
        if not target.exists() or not filecmp.cmp(TOP / name, target, shallow=False):
            target.parent.mkdir(parents=True, exist_ok=True)
            # A new time: what was built of the other contents is out of date.
            shutil.copy(TOP / name, target)

    def apply(self, mutant):
        """Apply a patch."""
        done = subprocess.run(["patch", "-p1", "--batch", "--forward", "-i", str(mutant.path)],
                              cwd=self.top, check=False, text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        if done.returncode:
            raise RigError(f"does not apply: {' '.join(done.stdout.split())}")


def _parser():
    parser = Parser(prog="scripts/mutants", allow_abbrev=False,
                    description="Break the drivers on purpose, one patch of kunit/mutants/ at a "
                    "time, and see whether a suite or the fuzzer notices.",
                    epilog="Exit status: 0 all were caught, 1 one survived or could not be "
                    "tried, 2 bad usage. More: Documentation/kunit.md")
    add = parser.add_argument
    add("module", nargs="*", help=f"{', '.join(DRIVERS)}; default all")
    add("--list", action="store_true", help="name the patches, try none")
    add("--only", metavar="PATTERN", help="only those whose MODULE/NAME matches or holds it")
    add("--jobs", default=min(2, os.cpu_count()), metavar="N",
        help="guests at a time (default %(default)s)")
    return parser


def _unit(own, mutant, stage, ident, suite=None):
    """Run a staged mutant; return what noticed it, or an empty text."""
    if mutant.fuzz:
        outcome = boot.run(fuzz.job(own, stage, [mutant.module], FUZZ_SECONDS, FUZZ_SEED), ident)
        wrong, _ = fuzz.findings(outcome, mutant.module, 0)
        wrong += outcome.problems
        test = f"{mutant.module}_fuzz"
    else:
        before, fake = cli.needs([mutant.module])
        test = f"{mutant.module}_kunit"
        wanted = cli.expected(stage, [test], suite)
        if not wanted[test]:
            raise RigError(f"{mutant.path}: no suite is named {suite}")
        outcome = boot.run(boot.Job(own, stage, before + fake, [test],
                                    leaks=own.kind == "debug", impatient=True,
                                    timeout=cli.TIMEOUT[own.kind],
                                    append=f"kunit.filter_glob={suite}" if suite else ""), ident)
        found, _ = cli.judge(outcome, wanted, own)
        wrong = found[0].problems + outcome.problems
    if test not in outcome.sections and not any("cannot be loaded" in line for line in wrong):
        raise RigError(f"the guest never came to {test}: {'; '.join(wrong)}")
    report = outcome.report()
    heads = [line for line in report if boot.report.PATTERNS.search(line)][:1]
    return "; ".join(wrong[:3] + [line.strip() for line in heads])


class Run:
    """The trial of all mutants."""

    def __init__(self, jobs):
        self.copy = Copy()
        self.pool = concurrent.futures.ThreadPoolExecutor(jobs)
        self.stages = 0
        self.sound = {}         # (module, kind, fuzz): what is wrong without any patch

    def _stage(self, own, mutant):
        self.stages += 1
        ident = f"mutant-{os.getpid()}-{self.stages}"
        where = {"top": self.copy.top, "folder": WORK / own.release}
        if mutant.fuzz:
            return ident, fuzz.prepare(own, [mutant.module], ident, **where)
        before, tests, folder = cli.build(own, [mutant.module], **where)
        return ident, cli.stage(folder, [mutant.module], before + tests, ident)

    def _guest(self, own, mutant, stage, ident):
        """Try the suite that the patch names, and all of them if that one saw nothing."""
        try:
            return (mutant.suite and _unit(own, mutant, stage, ident, mutant.suite)) or \
                _unit(own, mutant, stage, ident)
        finally:
            modules.unstage(ident)

    def _baseline(self, own, mutant):
        """The unchanged driver must pass, or a failure would prove nothing."""
        key = (mutant.module, mutant.kind, mutant.fuzz, mutant.suite)
        if key not in self.sound:
            self.copy.refresh()
            ident, stage = self._stage(own, mutant)
            say(f"trying {mutant.suite or mutant.module} unchanged on {own.name}"
                f"{' with the fuzzer' if mutant.fuzz else ''}")
            try:
                self.sound[key] = _unit(own, mutant, stage, ident, mutant.suite)
            finally:
                modules.unstage(ident)
        if self.sound[key]:
            raise RigError(f"the unchanged driver does not pass: {self.sound[key]}")

    def start(self, mutant):
        """Build a mutant and send it to a guest; return a future of its Verdict."""
        begin = time.monotonic()
        try:
            own = kernel.find("6.12", mutant.kind)
            self._baseline(own, mutant)
            self.copy.refresh()
            self.copy.apply(mutant)
            try:
                ident, stage = self._stage(own, mutant)
            finally:
                self.copy.refresh()
        except RigError as err:
            # What the compiler says comes after a line of our own.
            verdict = Verdict("error", " ".join(str(err).split("\n")[:3]))
            return self.pool.submit(self._told, mutant, begin, lambda: verdict)

        def work():
            try:
                why = self._guest(own, mutant, stage, ident)
            except RigError as err:
                return Verdict("error", str(err))
            return Verdict("caught", why) if why else Verdict("survived", "nothing noticed it")
        return self.pool.submit(self._told, mutant, begin, work)

    @staticmethod
    def _told(mutant, begin, work):
        verdict = work()
        took = time.monotonic() - begin
        print(f"{verdict.word:9} {mutant.name:44} {took:5.1f} s  {verdict.why}", flush=True)
        return verdict


def _try(mutants, jobs):
    WORK.mkdir(parents=True, exist_ok=True)
    with open(WORK / "lock", "w", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as err:
            raise RigError(f"another run is using {WORK}", 1) from err
        run = Run(jobs)
        try:
            futures = []
            for mutant in mutants:
                # Not further ahead than the guests are: stages take memory and disk.
                pending = [future for future in futures if not future.done()]
                if len(pending) > jobs:
                    concurrent.futures.wait(pending,
                                            return_when=concurrent.futures.FIRST_COMPLETED)
                futures.append(run.start(mutant))
            return [future.result() for future in futures]
        finally:
            run.pool.shutdown(cancel_futures=True)
            run.copy.refresh()


def main(argv):
    """Run scripts/mutants; return its exit status."""
    set_name("mutants")
    try:
        options = _parser().parse_args(argv)
        jobs = number(options.jobs, "--jobs", 1, 64)
        mutants = collect(drivers(options.module), options.only)
        if not mutants:
            raise RigError(f"no patch in {MUTANTS_DIR} is meant by that", 2)
        if options.list:
            for mutant in mutants:
                print(f"{mutant.name:44} {'fuzz' if mutant.fuzz else 'suite'} {mutant.kind}")
            return 0
        verdicts = _try(mutants, jobs)
        counts = {word: sum(verdict.word == word for verdict in verdicts)
                  for word in ("caught", "survived", "error")}
        print(f"{counts['caught']} caught, {counts['survived']} survived, "
              f"{counts['error']} could not be tried")
        return 0 if counts["caught"] == len(mutants) else EXIT_FAILED
    except RigError as err:
        say(str(err))
        return err.code
    except KeyboardInterrupt:
        say("ended by the user")
        return 130
