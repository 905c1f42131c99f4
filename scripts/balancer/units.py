# SPDX-License-Identifier: GPL-2.0-only
"""Sizes as people write and read them, and text that is safe to print."""

import re

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
_UNITS = {"": 1, "K": KIB, "M": MIB, "G": GIB, "T": 1 << 40}
SIZE_LIMIT = 1 << 50
TEXT_LIMIT = 160


def parse_size(text):
    """Turn "512M" into bytes, or return None."""
    match = re.fullmatch(r"([0-9]{1,15})([KMGT]?)(iB)?", text, re.ASCII)
    if not match or (match[3] and not match[2]):
        return None
    value = int(match[1]) * _UNITS[match[2]]
    return value if value <= SIZE_LIMIT else None


def mib(value):
    """Return bytes as text in MiB."""
    return f"{round(value / MIB)} MiB"


def clean(text, limit=TEXT_LIMIT):
    """Make text of a QEMU fit for a log: one line, printable, not long."""
    text = "".join(char if char.isprintable() else "?" for char in str(text)[:limit + 1])
    return text if len(text) <= limit else text[:limit] + "..."
