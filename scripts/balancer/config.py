# SPDX-License-Identifier: GPL-2.0-only
"""Reads and checks the configuration file. All that is wrong with it is said at once."""

import configparser
import dataclasses
import re

from . import schedule
from .units import MIB, clean, mib, parse_size

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,31}")
DEVICE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}|/machine/[A-Za-z0-9_./\[\]-]{1,200}")
SOCKET_LIMIT = 107      # bytes in the address of a UNIX socket
FILE_LIMIT = 1 << 20
GUEST_LIMIT = 500
SIZE_WORDS = "a size such as 512M or 2G, at most 1024T"


class ConfigError(Exception):
    """The file cannot be used; the text has a line for each thing that is wrong."""


def _size(low):
    def parse(text):
        value = parse_size(text)
        return value if value is not None and value >= low else None
    words = SIZE_WORDS + (f", at least {mib(low)}" if low else "; 0 is allowed")
    return parse, words


def _number(low, high):
    def parse(text):
        value = float(text) if re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,3})?", text, re.ASCII) else -1
        return value if low <= value <= high else None
    return parse, f"a number of seconds from {low:g} to {high:g}"


def _whole(low, high, what):
    def parse(text):
        value = int(text) if re.fullmatch(r"[0-9]{1,6}", text, re.ASCII) else -1
        return value if low <= value <= high else None
    return parse, f"{what} from {low} to {high}"


def _percent(low, high):
    def parse(text):
        match = re.fullmatch(r"([0-9]{1,3})\s*%", text, re.ASCII)
        return int(match[1]) if match and low <= int(match[1]) <= high else None
    return parse, f"a percentage from {low}% to {high}%"


def _path(limit, words):
    def parse(text):
        good = text.startswith("/") and text.isprintable() and len(text.encode()) <= limit
        return text if good else None
    return parse, words


def _matching(pattern, words):
    return (lambda text: text if pattern.fullmatch(text) else None), words


# Key: (default, (parser, what is allowed)). A default of REQUIRED has to be replaced.
REQUIRED = object()
BALANCER = {
    "budget": (REQUIRED, _size(64 * MIB)),
    "overhead": (128 * MIB, _size(0)),
    "interval": (1.0, _number(0.2, 60)),
    "statistics": (1, _whole(1, 60, "whole seconds")),
    "timeout": (5.0, _number(0.5, 60)),
    "retry": (2.0, _number(0.2, 300)),
    "critical": (5, _percent(1, 50)),
    "low": (12, _percent(2, 80)),
    "goal": (22, _percent(3, 90)),
    "high": (35, _percent(4, 95)),
    "idle": (30.0, _number(1, 86400)),
    "horizon": (5.0, _number(0, 60)),
    "take-step": (64 * MIB, _size(MIB)),
    "give-step": (256 * MIB, _size(MIB)),
    "minimum-change": (8 * MIB, _size(MIB)),
    "spare": (None, _size(0)),
    "stale": (10.0, _number(2, 600)),
    "status": ("", _path(4096, "an absolute path")),
}
GUEST = {
    "qmp": (REQUIRED, _path(SOCKET_LIMIT, f"the absolute path of a UNIX socket, at most "
                            f"{SOCKET_LIMIT} bytes")),
    "device": ("", _matching(DEVICE, "the id of the balloon device, or its path below /machine/")),
    "overhead": (None, _size(0)),
    "floor": (REQUIRED, _size(16 * MIB)),
    "ceiling": (REQUIRED, _size(16 * MIB)),
    "share": (100, _whole(1, 10000, "a whole number")),
}
BY_PERIOD = ("floor", "ceiling", "share")
PERIOD = ("from", "to", "days")


@dataclasses.dataclass
class GuestConfig:
    """What the file says of a guest; values that depend on the period are looked up."""

    name: str
    values: dict        # "floor" or "floor.night" and so on

    def get(self, key, period=None):
        """Return a value, that of the period if there is one."""
        return self.values.get(f"{key}.{period}", self.values[key])


@dataclasses.dataclass
class Config:
    """A file that has been checked."""

    values: dict        # [balancer]; also to be had as attributes, with _ for -
    periods: list
    guests: dict        # by name, in the order of the file

    def __getattr__(self, name):
        try:
            return self.__dict__["values"][name.replace("_", "-")]
        except KeyError:
            raise AttributeError(name) from None


class _Reader:
    """Goes through the sections and collects what is wrong."""

    def __init__(self):
        self.wrong = []
        self.periods, self.guests, self.balancer = [], {}, None

    def complain(self, section, what):
        """Remember something that is wrong."""
        self.wrong.append(f"[{clean(section)}] {what}")

    def _values(self, section, items, table, suffixes=()):
        """Parse the items of a section by a table of keys."""
        found = {}
        for key, text in items.items():
            base, dot, suffix = key.partition(".")
            if base not in table or dot and base not in BY_PERIOD:
                self.complain(section, f"{clean(key)}: no such key; there are {', '.join(table)}")
            elif dot and suffix not in suffixes:
                self.complain(section, f"{clean(key)}: there is no [period {clean(suffix)}]")
            else:
                parse, words = table[base][1]
                value = parse(text)
                if value is None:
                    self.complain(section, f"{key} = {clean(text)}: allowed is {words}")
                found[key] = value
        for key, (default, (_, words)) in table.items():
            if key not in found:
                if default is REQUIRED:
                    self.complain(section, f"{key} is missing; it is {words}")
                found[key] = None if default is REQUIRED else default
        return found

    def read_balancer(self, items):
        """Read [balancer]."""
        values = self._values("balancer", items, BALANCER)
        marks = [values[key] for key in ("critical", "low", "goal", "high")]
        if None not in marks and not marks[0] < marks[1] < marks[2] < marks[3]:
            self.complain("balancer", "critical, low, goal and high are "
                          + ", ".join(f"{mark}%" for mark in marks) + ": each has to be above "
                          "the one before")
        self.balancer = values

    def read_period(self, section, name, items):
        """Read a [period NAME]."""
        for key in items:
            if key not in PERIOD:
                self.complain(section, f"{clean(key)}: no such key; there are {', '.join(PERIOD)}")
        times = []
        for key in ("from", "to"):
            text = items.get(key, "")
            times.append(schedule.parse_minute(text))
            if times[-1] is None:
                self.complain(section, f"{key} = {clean(text)}: allowed is a time of day, "
                              "00:00 to 23:59")
        days = schedule.parse_days(items.get("days", "mon-sun"))
        if days is None:
            self.complain(section, f"days = {clean(items['days'])}: allowed are days and ranges "
                          f"of {', '.join(schedule.DAYS)}")
        if None not in times and times[0] == times[1]:
            self.complain(section, f"from and to are both {items['from']}: it would never hold")
        self.periods.append(schedule.Period(name, *times, days))

    def read_guest(self, section, name, items):
        """Read a [guest NAME]."""
        values = self._values(section, items, GUEST, [period.name for period in self.periods])
        guest = GuestConfig(name, values)
        for period in (None, *(period.name for period in self.periods)):
            low, high = guest.get("floor", period), guest.get("ceiling", period)
            if None not in (low, high) and low > high:
                self.complain(section, f"floor {mib(low)} is above ceiling {mib(high)}"
                              + (f" in period {period}" if period else ""))
        for other in self.guests.values():
            if values["qmp"] and other.values["qmp"] == values["qmp"]:
                self.complain(section, f"qmp = {values['qmp']} is that of guest {other.name}")
        self.guests[name] = guest

    def check_sums(self):
        """The floors have to fit into the budget, at all times."""
        for period in (None, *(period.name for period in self.periods)):
            need = sum(guest.get("floor", period) + guest.get("overhead")
                       for guest in self.guests.values())
            if need > self.balancer["budget"]:
                self.complain("balancer", f"budget = {mib(self.balancer['budget'])}: the floors "
                              f"and overheads are {mib(need)}"
                              + (f" in period {period}" if period else ""))


def _sections(parser, reader):
    """Read every section: periods before the guests that name them."""
    kinds = {"period": [], "guest": []}
    for section in parser.sections():
        kind, _, name = section.partition(" ")
        name = name.strip()
        if section == "balancer":
            reader.read_balancer(dict(parser[section]))
        elif kind not in kinds:
            reader.complain(section, "no such section; there are [balancer], [period NAME] and "
                            "[guest NAME]")
        elif not NAME.fullmatch(name):
            reader.complain(section, f"{kind} {clean(name)!r}: a name is 1 to 32 letters, digits, "
                            "_ . : -, and begins with a letter or digit")
        elif name in kinds[kind]:
            reader.complain(section, f"there are two of {kind} {name}")
        else:
            kinds[kind].append(name)
            if kind == "period":
                reader.read_period(section, name, dict(parser[section]))
    for section in parser.sections():
        kind, _, name = section.partition(" ")
        if kind == "guest" and name.strip() in kinds["guest"]:
            kinds["guest"].remove(name.strip())
            reader.read_guest(section, name.strip(), dict(parser[section]))


def parse(text):
    """Check the text of a configuration file; return a Config or raise ConfigError."""
    parser = configparser.ConfigParser(interpolation=None, inline_comment_prefixes=("#", ";"),
                                       default_section="\0", empty_lines_in_values=False)
    parser.optionxform = str
    try:
        parser.read_string(text, "the file")
    except configparser.Error as err:
        raise ConfigError(clean(err, 400)) from None
    reader = _Reader()
    _sections(parser, reader)
    if reader.balancer is None:
        reader.wrong.insert(0, "[balancer] is missing")
    if not reader.guests:
        reader.wrong.append("there is no [guest NAME]")
    elif len(reader.guests) > GUEST_LIMIT:
        reader.wrong.append(f"{len(reader.guests)} guests; allowed are {GUEST_LIMIT}")
    if not reader.wrong:
        for guest in reader.guests.values():
            if guest.values["overhead"] is None:
                guest.values["overhead"] = reader.balancer["overhead"]
        reader.check_sums()
    if reader.wrong:
        raise ConfigError("\n".join(reader.wrong))
    return Config(reader.balancer, reader.periods, reader.guests)


def load(path):
    """Read and check a configuration file."""
    try:
        with open(path, "rb") as stream:
            raw = stream.read(FILE_LIMIT + 1)
        if len(raw) > FILE_LIMIT:
            raise ConfigError(f"larger than {FILE_LIMIT} bytes")
        return parse(raw.decode())
    except OSError as err:
        raise ConfigError(f"cannot be read: {err.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError("is not UTF-8 text") from None
