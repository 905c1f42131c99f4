# SPDX-License-Identifier: GPL-2.0-only
"""Prints the results for people and writes them for programs."""

import json
import os
import sys

from .common import OUT_DIR

NAMES = {"intree": "in-tree", "ours": "ours", "floor": "floor"}


def figure(number):
    """Format a number with as many digits as mean something."""
    if abs(number) >= 100:
        return f"{number:.0f}"
    if abs(number) >= 10:
        return f"{number:.1f}"
    return f"{number:.3f}"


def cell(entry, spread):
    """Format one summary, with its spread in the columns that show it."""
    if entry is None:
        return "-"
    text = figure(entry["median"])
    if spread:
        text += f" ({figure(entry['min'])}..{figure(entry['max'])})"
    return text


def _rows(rows, columns, base):
    """Return the lines of one case as lists of cells."""
    lines = [[""] + [title for title, _, _ in columns] + ([f"less {base[0]}"] if base else [])]
    floor = rows.get("floor", {}).get(base[1]) if base else None
    for driver in ("floor", "intree", "ours"):
        if driver not in rows:
            continue
        row = rows[driver]
        line = [NAMES[driver]]
        line += [cell(row.get(metric), spread) for _, metric, spread in columns]
        if base:
            known = floor is not None and base[1] in row and driver != "floor"
            line.append(figure(row[base[1]]["median"] - floor["median"]) if known else "-")
        lines.append(line)
    if "intree" in rows and "ours" in rows:
        line = ["ours / in-tree"]
        for _, metric, _ in columns:
            pair = [rows[driver].get(metric, {}).get("median") for driver in ("ours", "intree")]
            known = all(number is not None and number > 0 for number in pair)
            line.append(f"{pair[0] / pair[1]:.2f}" if known else "-")
        lines.append(line + (["-"] if base else []))
    return lines


def show(title, rows, columns, base=None, out=sys.stdout):
    """Print one case.

    columns is a list of (title, metric, show the spread); base is (name of the
    floor, metric) to show what a driver costs above it.
    """
    columns = [column for column in columns
               if any(column[1] in row for row in rows.values())]
    lines = _rows(rows, columns, base if base and "floor" in rows else None)
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    print(f"\n{title}", file=out)
    for line in lines:
        cells = [line[0].ljust(widths[0])]
        cells += [text.rjust(width) for text, width in zip(line[1:], widths[1:])]
        print("  " + "  ".join(cells).rstrip(), file=out)
    out.flush()


def save(area, kernel, data):
    """Write build/bench/AREA-KERNEL.json and return its path."""
    path = OUT_DIR / f"{area}-{kernel}.json"
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.write_text(json.dumps(data, indent=1) + "\n", encoding="ascii")
    part.rename(path)
    return path
