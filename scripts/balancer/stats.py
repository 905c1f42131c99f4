# SPDX-License-Identifier: GPL-2.0-only
"""Checks what a guest says of its memory. Guest and QEMU may both say anything."""

import dataclasses

UNKNOWN = (1 << 64) - 1     # QEMU's value of a statistic that the guest did not send
TIME_LIMIT = 1 << 40        # seconds; a later last-update is no time


class BadStats(Exception):
    """The statistics cannot be used; the text says why."""


@dataclasses.dataclass(frozen=True)
class Stats:
    """Statistics that have been checked. Bytes, but for updated (seconds)."""

    updated: int
    total: int
    available: int
    swap_in: int = None         # None: the guest does not say
    oom_kills: int = None


def whole(value, limit):
    """Is it a whole number from 0 up to a limit? True and 1.0 are not."""
    return type(value) is int and 0 <= value <= limit


def _number(stats, name):
    """Return a statistic, or None where there is none."""
    value = stats.get(name)
    if value is None or value == UNKNOWN:
        return None
    if not whole(value, UNKNOWN):
        raise BadStats(f"{name} is not a number of bytes")
    return value


def parse(answer, maximum):
    """Check the value of QEMU's property guest-stats; maximum is the guest's memory."""
    if not isinstance(answer, dict) or not isinstance(answer.get("stats"), dict):
        raise BadStats("guest-stats is not what QEMU documents")
    updated, stats = answer.get("last-update"), answer["stats"]
    if not whole(updated, TIME_LIMIT):
        raise BadStats("last-update is not a time")
    if not updated:
        raise BadStats("the guest has not sent any")
    total, available = _number(stats, "stat-total-memory"), _number(stats, "stat-available-memory")
    if total is None or available is None:
        raise BadStats("the guest does not send total and available memory")
    if not 0 < total <= maximum:
        raise BadStats(f"a total of {total} bytes in a guest of {maximum}")
    if available > total:
        raise BadStats(f"{available} bytes available of {total}")
    return Stats(updated, total, available, _number(stats, "stat-swap-in"),
                 _number(stats, "stat-oom-kills"))
