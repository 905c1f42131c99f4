# SPDX-License-Identifier: GPL-2.0-only
"""Builds the small programs in C that the scripts need."""

import os
import shutil
import subprocess

from .common import BUILD_DIR, RigError, TOP

STRICT = ("-O2", "-Wall", "-Wextra", "-Wconversion", "-Werror")


def build(source, name, flags):
    """Build a program, unless it is newer than its source; return its path.

    It becomes build/NAME; a header beside the source counts as a part of it.
    """
    compiler = shutil.which("gcc") or shutil.which("gcc-12")
    if not compiler:
        raise RigError("gcc is not installed: run scripts/setup", 1)
    target = BUILD_DIR / name
    newest = max(path.stat().st_mtime_ns for path in [source, *source.parent.glob("*.h")])
    if target.exists() and target.stat().st_mtime_ns > newest:
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    # Not named after the process: in a PID name space of its own each has the same number.
    part = target.with_name(f"{target.name}.{os.urandom(6).hex()}.part")
    done = subprocess.run([compiler, *STRICT, *flags, "-o", str(part), str(source)],
                          check=False, text=True, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120)
    if done.returncode:
        lines = done.stdout.splitlines()
        wrong = [line for line in lines if "error" in line] or lines
        raise RigError(f"cannot build {source.relative_to(TOP)}: "
                       f"{wrong[0] if wrong else done.returncode}", 1)
    part.rename(target)
    return target
