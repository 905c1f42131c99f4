# SPDX-License-Identifier: GPL-2.0-only
"""Periods of the week, such as day and night."""

import dataclasses
import re

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_MINUTES = 24 * 60


@dataclasses.dataclass(frozen=True)
class Period:
    """From begin to end (minutes after midnight) on some days; may go past midnight."""

    name: str
    begin: int
    end: int
    days: frozenset     # of 0 (Monday) to 6, the days on which it begins

    def holds(self, weekday, minute):
        """Does it hold at this minute of this day of the week?"""
        if self.begin < self.end:
            return weekday in self.days and self.begin <= minute < self.end
        return (weekday in self.days and minute >= self.begin
                or (weekday - 1) % 7 in self.days and minute < self.end)


def parse_minute(text):
    """Turn "07:30" into minutes after midnight, or return None."""
    match = re.fullmatch(r"([01][0-9]|2[0-3]):([0-5][0-9])", text)
    return int(match[1]) * 60 + int(match[2]) if match else None


def parse_days(text):
    """Turn "mon-fri, sun" into a set of days, or return None."""
    found = set()
    for part in re.split(r"[,\s]+", text.strip().lower()):
        ends = part.split("-")
        if len(ends) > 2 or any(end not in DAYS for end in ends):
            return None
        day, last = DAYS.index(ends[0]), DAYS.index(ends[-1])
        found.add(day)
        while day != last:
            day = (day + 1) % 7
            found.add(day)
    return frozenset(found)


def current(periods, when):
    """Return the name of the first period that holds at a time.struct_time, or None."""
    for period in periods:
        if period.holds(when.tm_wday, when.tm_hour * 60 + when.tm_min):
            return period.name
    return None
