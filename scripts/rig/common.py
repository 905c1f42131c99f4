# SPDX-License-Identifier: GPL-2.0-only
"""Exit codes, errors and places on disk that the whole rig shares."""

import contextlib
import fcntl
import os
import pathlib
import sys

EXIT_USAGE = 2
EXIT_TIMEOUT = 124
EXIT_REPORT = 125
EXIT_DIED = 126

TOP = pathlib.Path(__file__).resolve().parents[2]
GUEST_DIR = TOP / "scripts" / "guest"
TESTS_DIR = TOP / "scripts" / "tests"
BUILD_DIR = TOP / "build"
LOG_DIR = BUILD_DIR / "log"

# A shell started from `sh` on a bare machine may lack the sbin folders.
TOOL_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class RigError(Exception):
    """A failure that ends the run with one line and an exit code."""

    def __init__(self, message, code=EXIT_DIED):
        super().__init__(message)
        self.code = code


class UsageError(RigError):
    """A value given by the user that cannot be used."""

    def __init__(self, message):
        super().__init__(message, EXIT_USAGE)


def say(message):
    """Print one line of the rig's own on standard error."""
    print(f"vm: {message}", file=sys.stderr, flush=True)


def cache_dir():
    """Return the cache folder, creating it when needed."""
    base = os.environ.get("XDG_CACHE_HOME")
    root = pathlib.Path(base) if base else pathlib.Path("~").expanduser() / ".cache"
    path = root / "kvm-guest-drivers"
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as err:
        raise RigError(f"cannot create the cache folder {path}: {err.strerror}") from err
    return path


@contextlib.contextmanager
def cache_lock(name, waiting):
    """Keep other runs from making one thing of the cache; waiting() says that one does."""
    with open(cache_dir() / f"{name}.lock", "w", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            waiting()
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
