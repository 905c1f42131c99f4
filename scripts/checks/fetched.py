# SPDX-License-Identifier: GPL-2.0-only
"""Kernels that this machine's Debian has not, and the builds for them."""

import functools
import re

from fetcher import kernel
from fetcher.cli import EXIT_NO_NETWORK
from rig.common import TOP

from . import build
from .case import Case, Failed, Skipped, last_line


def _in_range(*names):
    """Return those of the series that kernels.conf accepts."""
    said = dict(re.findall(r"^(KERNEL_M\w+)=(.+)$", (TOP / "kernels.conf").read_text(), re.M))
    low, high, *numbers = ([int(part) for part in name.split(".")]
                           for name in (said["KERNEL_MIN"], said["KERNEL_MAX"], *names))
    return tuple(name for name, number in zip(names, numbers) if low <= number <= high)


# Those of make check, and what make soak has more.
CHECKED = _in_range("5.10", "7.2")
SOAKED = _in_range("7.3")
SERIES = CHECKED + SOAKED
# Only of make soak, and not all can be booted here.
FLAVOURS = tuple(kernel.FLAVOURS)
BOOTED = SERIES + tuple(name for name in FLAVOURS if kernel.FLAVOURS[name][2] == "amd64")
FETCH_LIMIT = 3 * 3600      # seconds, for some 250 MB each
MATRIX_LIMIT = 6 * 3600     # seconds; some ten minutes a kernel on a busy machine


def _fetch(series, run):
    status, output = run.call(TOP / "scripts" / "fetch", series, timeout=FETCH_LIMIT)
    if status == EXIT_NO_NETWORK:
        raise Skipped(last_line(output))
    if status:
        raise Failed(last_line(output))
    run.note((kernel.entries(series)[-1] / "packages").read_text(encoding="ascii"))


def need(series):
    """Skip the case unless the kernel is here; return its release."""
    have = kernel.entries(series)
    if not have:
        raise Skipped(f"{series} is not here, fetch/{series} says why")
    return (have[-1] / "release").read_text(encoding="ascii").strip()


# What make is asked for, if not "sparse", and which modules there are. Where spin_trylock() is
# inline (rt, arm64), sparse loses the lock in the inline function of a header that takes that of
# a transmit queue.
NO_CONTEXT = ("C=2", "CF=-Wsparse-error -Wno-context", "modules")
BUILDS = {
    "6.1-rt": (NO_CONTEXT, build.MODULES),
    # kvmclock is of x86.
    "6.1-arm64": (NO_CONTEXT, ("virtio_balloon", "virtio_net", "virtio_blk")),
}


def _modules(series, run):
    goals, modules = BUILDS.get(series, (("sparse",), build.MODULES))
    folder = build.make(run, need(series), "W=1", *goals, modules=modules)
    if "kvmclock" not in modules and (folder / "kvmclock.ko").exists():
        raise Failed("kvmclock was built for a processor that has no kvm-clock")


def _matrix(run):
    """The tables of what works where; none of it may be broken."""
    status, output = run.call(TOP / "scripts" / "matrix", timeout=MATRIX_LIMIT)
    if status:
        raise Failed(f"ended with {status}: "
                     + next((line for line in output.splitlines() if "FAILS" in line),
                            last_line(output)))


def matrix_cases():
    """Return the case of make soak that goes over all kernels, to be run last."""
    return [Case("matrix/all", "build, sparse, disk, network and balloon on every kernel here",
                 _matrix, apart=True, busy=True)]


def cases(soak=False):
    """Return the cases of make check, or of make soak, without those that boot."""
    found = []
    for series in SOAKED + FLAVOURS if soak else CHECKED:
        found += [Case(f"fetch/{series}", "its headers, image and compiler are in the cache",
                       functools.partial(_fetch, series)),
                  Case(f"build/modules/{series}",
                       "by its own compiler, no warning with W=1, sparse finds nothing",
                       functools.partial(_modules, series))]
    return found
