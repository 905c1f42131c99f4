# SPDX-License-Identifier: GPL-2.0-only
"""Builds modules against a kernel of our own."""

import fcntl
import pathlib
import re
import shutil
import subprocess

from rig.common import BUILD_DIR, TOP, RigError

from .common import OUT_DIR
from .kernel import COMPILER

COMPLAINT = re.compile(r"\b(?:error|warning|undefined!|No rule)\b|no module '|Stop\.")


class BuildError(RigError):
    """The modules do not build; the text is what the compiler says."""

    def __init__(self, message):
        super().__init__(message, 1)


def variables(own):
    """Return the variables of make that choose the kernel."""
    return [f"KVER={own.release}", f"KDIR={own.build}", f"CC={COMPILER}", "KGD_KUNIT=1",
            *(["KGD_COVERAGE=1"] if own.kind == "coverage" else [])]


def _complaints(output):
    lines = [line for line in output.splitlines() if COMPLAINT.search(line)]
    return "\n    ".join(lines[:20] or output.splitlines()[-10:])


def build(own, names, top=TOP, folder=None):
    """Build modules; return the folder they are in."""
    folder = folder or BUILD_DIR / own.release
    done = subprocess.run(
        ["make", "-C", str(top), "-j2", "--no-print-directory", *variables(own), f"BUILD={folder}",
         f"MODULES={' '.join(names)}", "modules"], check=False, text=True, errors="replace",
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        raise BuildError(f"the modules for {own.release} do not build:\n    "
                         + _complaints(done.stdout))
    missing = [name for name in names if not (folder / f"{name}.ko").exists()]
    if missing:
        raise BuildError(f"{own.release}: not built although make succeeded: {', '.join(missing)}")
    return folder


def stage(folder, names, ident):
    """Copy modules where no later build touches them; return the new folder."""
    target = OUT_DIR / "stage" / ident
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    with open(folder / ".lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for name in names:
            shutil.copy(folder / f"{name}.ko", target / f"{name}.ko")
    return pathlib.Path(target)


def unstage(ident):
    """Remove a folder of stage()."""
    shutil.rmtree(OUT_DIR / "stage" / ident, ignore_errors=True)
