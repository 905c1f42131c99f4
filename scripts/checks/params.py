# SPDX-License-Identifier: GPL-2.0-only
"""What modinfo says of ours and of the in-tree modules agrees where users rely on it."""

import functools
import pathlib
import re

from rig.common import BUILD_DIR, TOP

from .build import MODULES
from .case import Case, Failed, Skipped

# kvmclock has no in-tree module: the built-in one has no name of its own.
DROP_IN = ("virtio_balloon", "virtio_net", "virtio_blk")


def package_version():
    """Return the version in dkms.conf."""
    text = (TOP / "dkms.conf").read_text(encoding="utf-8")
    return re.search(r'^PACKAGE_VERSION="(.*)"$', text, re.M).group(1)


def _parameters(run, path, *where):
    lines = run.must("modinfo", *where, "-p", path).splitlines()
    return {(line.split(":", 1)[0], re.search(r"\((\S+)\)$", line).group(1)) for line in lines}


def _field(run, name, path, *where):
    return set(run.must("modinfo", *where, "-F", name, path).split())


def _drop_in(release, module, run):
    ours = BUILD_DIR / release / f"{module}.ko"
    intree = sorted(pathlib.Path(f"/lib/modules/{release}/kernel").rglob(f"{module}.ko*"))
    if not intree:
        raise Skipped(f"{release} has no in-tree module {module}")
    lost = _parameters(run, intree[0]) - _parameters(run, ours)
    if lost:
        raise Failed("in-tree parameters that ours has not: "
                     + ", ".join(f"{name} ({kind})" for name, kind in sorted(lost)))
    lost = _field(run, "alias", intree[0]) - _field(run, "alias", ours)
    if lost:
        raise Failed(f"udev would not load ours for {', '.join(sorted(lost))}")


def _identity(release, run):
    for module in MODULES:
        path = BUILD_DIR / release / f"{module}.ko"
        for name, want in (("version", package_version()), ("license", "GPL"), ("name", module)):
            got = run.must("modinfo", "-F", name, path).strip()
            if got != want:
                raise Failed(f"{module}: {name} is '{got}', not '{want}'")
        if not run.must("modinfo", "-F", "description", path).strip():
            raise Failed(f"{module} has no description")


def cases(releases):
    """Return the modinfo cases for each release."""
    found = []
    for series, release in releases.items():
        found.append(Case(f"modinfo/identity/{series}", "version, licence and name",
                          functools.partial(_identity, release)))
        found += [Case(f"modinfo/{module}/{series}", "every in-tree parameter and alias",
                       functools.partial(_drop_in, release, module)) for module in DROP_IN]
    return found
