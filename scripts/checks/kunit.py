# SPDX-License-Identifier: GPL-2.0-only
"""The KUnit suites and the fuzzers, one boot a kernel."""

import functools
import json
import re
import typing

from rig.common import BUILD_DIR, TOP
from kunits import kernel, modules, mutants
from kunits.cli import needs
from kunits.common import DRIVERS, FAKE, KUNIT_DIR
from kunits.fuzz import SLOW

from . import boot as guest
from .case import Case, Failed, last_line


class Boot(typing.NamedTuple):
    """A guest that runs suites."""

    series: str
    kind: str
    limit: int              # seconds
    nth_step: int = 1       # of the allocations of probe, open and resize this one fails
    thin: int = 1           # of the parameters of a test it has one in so many


# Those of make check, and those that only make soak has, which are the same with each
# parameter. The debug kernel is some four times slower than the fast one, which has each
# allocation.
CHECKED = (Boot("6.12", "debug", 3600, nth_step=24, thin=20), Boot("6.12", "fast", 1200, thin=3))
SOAKED = (Boot("6.12", "debug", 3600), Boot("6.12", "fast", 1200),
          Boot("6.1", "fast", 1200), Boot("6.1", "debug", 3600),
          Boot("6.12", "rt", 3600, nth_step=24, thin=3))
# Those of the tests with real devices which need no more than that kernel has; it takes its
# time.
RT_BOOTED = ("balloon-basic", "blk-mq", "net-basic", "net-cpus")
RT_SLOWER = 3
# A kernel that is not in the cache is built first.
BUILD_LIMIT = 4 * 3600
MUTANTS_LEAST = 10      # patches a driver that break it on purpose
FUZZ_SECONDS = 60
FUZZ_LIMIT = 3600
FUZZ_LEAST = 50000
FUZZ_SEED = 1           # what fails here is to fail again
# A fuzzer that finds nothing in so many is believed.
SOAK_MUTATIONS, SOAK_SECONDS = 1000000, 900
SOAK_LIMIT = len(DRIVERS) * SLOW * SOAK_SECONDS + 600


def _kernel(series, kind, run):
    """Have the kernel in the cache, so that no case pays for it."""
    run.must(TOP / "scripts" / "kunit", "--kernel", series, *_kind(kind), "--kernel-only",
             timeout=BUILD_LIMIT)


def _kind(kind):
    return () if kind == "fast" else (f"--{kind}",)


def _shares(boot):
    """Return the arguments for a guest that does not run all there is."""
    params = [f"{FAKE}.thin={boot.thin}"] if boot.thin > 1 else []
    if boot.nth_step > 1:
        params += [f"{name}_kunit.nth_step={boot.nth_step}" for name in needs(DRIVERS)[0]]
    return [word for param in params for word in ("--param", param)]


def _suites(boot, run):
    status, output = run.call(TOP / "scripts" / "kunit", "--kernel", boot.series,
                              *_kind(boot.kind), "--timeout", boot.limit - 120,
                              *_shares(boot), timeout=boot.limit)
    failed = re.findall(r"^FAIL (\w+)", output, re.M)
    if status:
        what = re.findall(r"^\s*PROBLEM (.*)", output, re.M)
        raise Failed(f"{' '.join(failed) or 'the run'}: "
                     f"{what[0] if what else last_line(output)}")
    told = json.loads((BUILD_DIR / "kunit" / f"{boot.series}-{boot.kind}.json").read_text())
    ran = {group["name"] for group in told["sub_groups"]}
    lost = [f"{name}_kunit" for name in DRIVERS if f"{name}_kunit" not in ran]
    if lost:
        raise Failed(f"no results of {', '.join(lost)}")
    run.note(last_line(output))


def _rt_boot(name, run):
    """The drivers and the devices of QEMU, on the kernel with PREEMPT_RT."""
    own = kernel.find("6.12", "rt")
    ident = f"boot-{name}"
    staged = modules.stage(modules.build(own, DRIVERS), DRIVERS, ident)
    path = guest.TESTS_DIR / f"{name}.sh"
    said = guest.header(path)
    said["timeout"] = RT_SLOWER * int(said["timeout"])
    try:
        guest.boot(path, said, own.release, run, "--modules", staged)
    finally:
        modules.unstage(ident)


def _fuzz(seconds, least, limit, seed, run):
    """Every driver in one guest, one after the other."""
    status, output = run.call(TOP / "scripts" / "fuzz", "--seconds", seconds, "--min", least,
                              *seed, timeout=limit)
    for line in re.findall(r"^fuzz: (\w+: seed \d+ completions \d+ mutated \d+)", output, re.M):
        print(f"     {line}", flush=True)
    if status:
        what = re.findall(r"^(?:PROBLEM|to replay:) ?(.*)", output, re.M)
        raise Failed("; ".join(what) or last_line(output))


def _starved(run):
    run.must(TOP / "scripts" / "fuzz", "--starve", "--seconds", FUZZ_SECONDS, timeout=FUZZ_LIMIT)


def _listed(_run):
    """A driver whose suites or fuzzer nobody builds would go unnoticed."""
    text = (KUNIT_DIR / "Kbuild.objs").read_text(encoding="utf-8")
    lost = [f"{name}{kind}" for name in DRIVERS for kind in ("_kunit", "_fuzz")
            if not re.search(rf"^{name}{kind}-y\b", text, re.M)]
    if lost:
        raise Failed(f"kunit/Kbuild.objs does not say what is in {', '.join(lost)}")


def _mutants(run):
    """A patch that the drivers have left behind proves nothing until someone runs it."""
    lost = []
    for name in DRIVERS:
        found = mutants.collect([name], None)
        if len(found) < MUTANTS_LEAST:
            lost.append(f"{name}: {len(found)} patches, at least {MUTANTS_LEAST}")
        for mutant in found:
            status, output = run.call("patch", "-p1", "--dry-run", "--batch", "--forward",
                                      "-i", mutant.path)
            if status or "fuzz" in output:
                lost.append(mutant.name)
    if lost:
        raise Failed(f"not for this tree: {', '.join(lost)}")


def _cached(series, kind):
    return Case(f"kernel/{series}-{kind}", "the kernel for KUnit is in the cache",
                functools.partial(_kernel, series, kind))


def _boots(boots):
    """The kernels, and then the guests, one after the other."""
    return ([_cached(boot.series, boot.kind) for boot in boots]
            + [Case(f"kunit/{boot.series}-{boot.kind}{'' if boot.thin > 1 else '-whole'}",
                    "every suite of every driver passes",
                    functools.partial(_suites, boot), apart=True, busy=True)
               for boot in boots])


def _fuzzed(seconds, least, limit, *seed):
    return functools.partial(_fuzz, seconds, least, limit, seed)


def cases(_releases, soak=False):
    """Return the cases of "make check", or those that only "make soak" has."""
    if soak:
        return _boots(SOAKED) + [
            *(Case(f"boot/{name}/6.12-rt", "the same with PREEMPT_RT and lockdep",
                   functools.partial(_rt_boot, name), apart=True) for name in RT_BOOTED),
            Case("fuzz/starved", f"{FUZZ_SECONDS} s a driver, and allocations that fail",
                 _starved),
            Case("fuzz/soak", f"{SOAK_MUTATIONS} mutations a driver",
                 _fuzzed(SOAK_SECONDS, SOAK_MUTATIONS, SOAK_LIMIT))]
    return [Case("kunit/listed", "every driver has suites and a fuzzer", _listed),
            Case("kunit/mutants", "the patches of make mutants apply", _mutants),
            *_boots(CHECKED),
            Case("fuzz/6.12-debug", f"{FUZZ_SECONDS} s of random misbehaviour a driver",
                 _fuzzed(FUZZ_SECONDS, FUZZ_LEAST, FUZZ_LIMIT, "--seed", FUZZ_SEED),
                 apart=True, busy=True)]
