# SPDX-License-Identifier: GPL-2.0-only
"""Tests that run on this machine rather than in a guest."""

import functools
import re

from rig.common import TESTS_DIR, TOP

from .case import Case, Failed, Skipped, last_line


def _self_test(path, args, run):
    """Run a script that prints "ok NAME", "not ok NAME why" or "skip NAME why" lines."""
    status, output = run.call(path, *args, timeout=900)
    lines = output.splitlines()
    bad = [line for line in lines if line.startswith("not ok ")]
    if bad or status:
        raise Failed(bad[0] if bad else f"ended with {status}: {last_line(output)}")
    if not any(line.startswith("ok ") for line in lines):
        raise Skipped(f"no test of it ran: {last_line(output)}")


def _setup(run):
    """Everything is installed by now, so setup has nothing to do and says so."""
    output = run.must(TOP / "scripts" / "setup", timeout=60)
    if "apt-get" in output:
        raise Failed("setup did something although everything is installed")
    status, output = run.call(TOP / "scripts" / "setup", "--no-such-option")
    if status == 0 or "--no-such-option" not in output:
        raise Failed("setup took an option that does not exist")


def _balance(run):
    """Run the unit tests of scripts/balloon-balance."""
    output = run.must("python3", "-B", "-m", "unittest", "-v", "balancer.tests.test_config",
                      "balancer.tests.test_policy", "balancer.tests.test_service",
                      cwd=TOP / "scripts")
    if not re.search(r"^Ran [1-9]\d* tests", output, re.M):
        raise Failed("no test ran")


def _balance_guests(series, drivers, run):
    run.must(TOP / "scripts" / "tests" / "balance-guests", "--kernel", series,
             "--drivers", drivers, timeout=1800)


def _self_tests(suffix, *args):
    return [Case(f"host/{path.name}{suffix}", "the test rig itself cannot be fooled",
                 functools.partial(_self_test, path, args), apart=True)
            for path in sorted(TESTS_DIR.glob("*-selftest"))]


def cases(releases, soak=False):
    """Return the cases that need no guest kernel of their own choice, or those of the soak."""
    if soak:
        return _self_tests("-whole", "--all") + [
            Case(f"soak/balance/{series}/{drivers}", "five guests share 3 GiB by day and night",
                 functools.partial(_balance_guests, series, drivers), busy=True, apart=True)
            for series in releases for drivers in ("intree",)]
    return [Case("host/setup", "a second set-up does nothing", _setup),
            Case("host/balance", "scripts/balloon-balance with QEMUs that are fakes", _balance,
                 apart=True)] + _self_tests("")
