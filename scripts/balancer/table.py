# SPDX-License-Identifier: GPL-2.0-only
"""Shows all guests to a person."""

from .units import MIB, clean

HEAD = ("GUEST", "STATE", "SIZE", "TARGET", "USED", "AVAIL", "RSS", "FLOOR", "CEILING", "SHARE",
        "REMARK")


def _mib(value):
    return "-" if value is None else str(round(value / MIB))


def _row(guest, subject):
    track, sample = guest.track, guest.track.sample
    fresh = not guest.problem
    state = track.mood if fresh else "gone" if guest.gone else "alone"
    return (guest.name, state, _mib(sample and sample.size), _mib(track.target),
            _mib(track.used if fresh else None), _mib(track.available if fresh else None),
            _mib(guest.resident()), _mib(subject.floor), _mib(subject.ceiling),
            str(subject.share), clean(guest.problem or track.why, 70))


def render(guests, subjects, plan, period, when):
    """Return the table as lines; sizes are in MiB."""
    rows = [HEAD] + [_row(guest, subject) for guest, subject in zip(guests, subjects)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    lines = []
    for row in rows:
        cells = [cell.ljust(width) if column in (0, 1, len(HEAD) - 1) else cell.rjust(width)
                 for column, (cell, width) in enumerate(zip(row, widths))]
        lines.append("  ".join(cells).rstrip())
    lines.append("")
    lines.append(f"{when}  period {period or '-'}  budget {_mib(plan.budget)}  "
                 f"charged {_mib(plan.charged)}  free {_mib(plan.free)}  "
                 f"coming {_mib(plan.coming)} MiB")
    return lines
