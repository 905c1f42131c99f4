# SPDX-License-Identifier: GPL-2.0-only
"""The log of a run, kept when the run failed or the user wants it."""

import contextlib
import time

from .common import LOG_DIR, say

KEPT = 40       # older logs are removed


class Log:
    """Collects sections in memory until it is known whether anybody wants them."""

    def __init__(self):
        self.start = time.monotonic()
        self.notes = []
        self.sections = []

    def note(self, text):
        """Add a line with the time since the start."""
        self.notes.append(f"{time.monotonic() - self.start:9.3f} {text}")

    def write(self, title, text):
        """Add a section."""
        self.sections.append((title, text))

    def save(self, ident):
        """Write the log to build/log/ and tell where it is."""
        path = LOG_DIR / f"vm-{time.strftime('%Y%m%d-%H%M%S')}-{ident}.log"
        try:
            LOG_DIR.mkdir(parents=True, exist_ok=True)
            with open(path, "w", encoding="utf-8", errors="replace") as out:
                for title, text in self.sections + [("what happened", "\n".join(self.notes))]:
                    print(f"==== {title}\n{text}\n", file=out)
        except OSError as err:
            say(f"cannot write {path}: {err.strerror}")
            return
        say(f"log: {path}")
        for old in sorted(LOG_DIR.glob("vm-*.log"))[:-KEPT]:
            with contextlib.suppress(OSError):
                old.unlink()
