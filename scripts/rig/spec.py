# SPDX-License-Identifier: GPL-2.0-only
"""Parses --disk, --net, --mem and the like."""

import dataclasses
import pathlib
import re

from .common import UsageError

_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}


def size(text, option):
    """Turn "64M" into bytes."""
    match = re.fullmatch(r"(\d+)([kKmMgGtT]?)", text)
    if not match or int(match[1]) == 0:
        raise UsageError(f"{option} {text}: not a size; allowed is a positive number with "
                         "K, M, G or T, such as 64M")
    return int(match[1]) * _UNITS[match[2].lower()]


def _properties(items, spec, option):
    """Check the key=value items of a spec and return them as a dictionary."""
    found = {}
    for item in items:
        key, equals, value = item.partition("=")
        if not equals or not re.fullmatch(r"[A-Za-z0-9_.-]+", key) or not value:
            raise UsageError(f"{option} {spec}: {item!r} is not key=value")
        found[key] = value
    return found


@dataclasses.dataclass
class Disk:
    """One virtio-blk disk: kind is raw (temporary), null or file."""

    kind: str
    bytes: int
    path: pathlib.Path
    props: dict


def disk(text):
    """Parse one --disk."""
    option = "--disk"
    head, *items = text.split(",")
    props = _properties(items, text, option)
    if head.startswith("null:"):
        return Disk("null", size(head[5:], f"{option} null:"), None, props)
    if head.startswith("file:"):
        path = pathlib.Path(head[5:]).absolute()
        if not path.is_file() and not path.is_block_device():
            raise UsageError(f"{option} {text}: {head[5:]} is not an existing file")
        return Disk("file", path.stat().st_size, path, props)
    if not re.match(r"\d", head):
        raise UsageError(f"{option} {text}: allowed are SIZE, null:SIZE and file:PATH, "
                         "each followed by ,key=value device properties")
    return Disk("raw", size(head, option), None, props)


@dataclasses.dataclass
class Net:
    """One virtio-net device: kind is tap or user."""

    kind: str
    queues: int
    props: dict


def net(text):
    """Parse one --net."""
    option = "--net"
    kind, *items = text.split(",")
    if kind not in ("tap", "user"):
        raise UsageError(f"{option} {text}: {kind!r} is not a kind of network; "
                         "allowed are tap and user")
    props = _properties(items, text, option)
    queues = props.pop("queues", "1")
    if not re.fullmatch(r"[1-9]\d?", queues) or (kind == "user" and queues != "1"):
        raise UsageError(f"{option} {text}: queues={queues} is not allowed; a tap has 1 to 99, "
                         "a user network 1")
    return Net(kind, int(queues), props)


def count(text, option, low, high):
    """Parse a whole number in a range."""
    if not re.fullmatch(r"\d+", text) or not low <= int(text) <= high:
        raise UsageError(f"{option} {text}: allowed is a whole number from {low} to {high}")
    return int(text)
