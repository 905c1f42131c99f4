# SPDX-License-Identifier: GPL-2.0-only
"""Runs scripts/tests/*.sh in booted guests."""

import functools
import re
import shlex

from fetcher import kernel
from rig.cli import BOOT_ATTEMPTS
from rig.common import TESTS_DIR, TOP, RigError
from rig.session import PATIENCE

from . import fetched
from .case import Case, Failed, Skipped, last_line

HEADER = re.compile(r"^# (about|vm|host|kernels|check|soak|timeout|drivers|when): *(.*)$")
SKIP_STATUS = 77
DEFAULTS = {"about": "", "vm": "", "host": "tcg", "kernels": "", "check": "", "soak": "",
            "timeout": "120", "drivers": "ours", "when": "check"}
WHEN = ("check", "soak")        # make check, or only make soak


def header(path):
    """Return what the head of a test says of how it is run."""
    said = dict(DEFAULTS)
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            break
        match = HEADER.match(line)
        if match:
            said[match.group(1)] = match.group(2)
    return said


def boot(path, said, release, run, *extra):
    """Run a guest test on a kernel, with more arguments for scripts/vm."""
    if release in fetched.BOOTED:
        release = fetched.need(release)
    limit = int(said["timeout"])
    status, output = run.call(TOP / "scripts" / "vm", "--kernel", release,
                              "--drivers", said["drivers"], "--host", said["host"],
                              "--timeout", limit, *extra,
                              "--script", path, *shlex.split(said["vm"]),
                              timeout=BOOT_ATTEMPTS * PATIENCE * limit + 300)
    if status == SKIP_STATUS:
        raise Skipped(_last_word(output))
    if status:
        raise Failed(f"ended with {status}: {_last_word(output)}")
    for note in re.findall(r"^vm: (note: QEMU .*)", output, re.M):
        print(f"     {path.name}: {note}", flush=True)


def _last_word(output):
    """Return the last line, but for where scripts/vm has put its log."""
    return last_line(re.sub(r"^vm: log: .*\n?", "", output, flags=re.M))


def _series(path, said, releases, soak):
    """Return the kernels that a test runs on: those of "make check", or the others.

    Those of scripts/fetch are only for the tests that name them.
    """
    def words(key):
        return [word for word in said[key].split() if word not in out_of_range]
    out_of_range = set(kernel.SOURCES) - set(fetched.BOOTED)
    every = words("kernels") if said["kernels"] else list(releases)
    checked = words("check") if said["check"] else every
    checked = [] if said["when"] == "soak" else checked
    every = every + [series for series in words("soak") if series not in every]
    known = (*releases, *fetched.BOOTED)
    for key, series in (("when", WHEN), ("kernels", known), ("check", every), ("soak", known)):
        wrong = [word for word in words(key) if word not in series]
        if wrong:
            raise RigError(f"{path.name}: {key}: {' '.join(wrong)}; allowed are "
                           + ", ".join(series))
    return [series for series in every if (series in checked) != soak]


def cases(releases, soak=False):
    """Return a case for each guest test and kernel, of "make check" or of "make soak"."""
    found = []
    for path in sorted(TESTS_DIR.glob("*-*.sh")):
        said = header(path)
        if not said["about"]:
            raise RigError(f"{path.name}: has no line '# about:'; what tests share has no - in "
                           "its name")
        for series in _series(path, said, releases, soak):
            found.append(Case(f"boot/{path.stem}/{series}", said["about"],
                              functools.partial(boot, path, said,
                                                releases.get(series, series)),
                              apart=True))
    return found
