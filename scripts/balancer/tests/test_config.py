# SPDX-License-Identifier: GPL-2.0-only
"""What is a good configuration, and what is said of a bad one."""

import pathlib
import time
import unittest

from .. import config, schedule
from ..units import GIB, MIB

EXAMPLE = pathlib.Path(__file__).resolve().parents[1] / "balloon-balance.conf"
GOOD = """
[balancer]
budget = 3G
[period day]
from = 07:00
to = 19:00
days = mon-fri
[guest a]
qmp = /run/a.qmp
floor = 256M
ceiling = 1G
share = 100     # by night
share.day = 300
floor.day = 512M
"""


def wrong(text):
    """Return what is said of a bad configuration."""
    try:
        config.parse(text)
    except config.ConfigError as err:
        return str(err)
    return ""


class Good(unittest.TestCase):
    """Files that can be used."""

    def test_values(self):
        found = config.parse(GOOD)
        self.assertEqual(found.budget, 3 * GIB)
        guest = found.guests["a"]
        self.assertEqual([guest.get("floor"), guest.get("floor", "day")], [256 * MIB, 512 * MIB])
        self.assertEqual([guest.get("share"), guest.get("share", "day")], [100, 300])
        self.assertEqual(guest.get("ceiling", "day"), GIB)
        self.assertEqual(guest.get("overhead"), found.overhead)

    def test_example(self):
        self.assertGreaterEqual(len(config.load(EXAMPLE).guests), 2)


class Bad(unittest.TestCase):
    """Each bad value is named with what is allowed."""

    CASES = (
        ("budget = 3G", "budget = lots", ("budget = lots", "512M")),
        ("budget = 3G", "budget = -1", ("budget = -1", "a size")),
        ("budget = 3G", "budget = 9999999T", ("9999999T", "1024T")),
        ("budget = 3G", "", ("budget is missing",)),
        ("budget = 3G", "budget = 300M\noverhead = 0", ("budget = 300 MiB",
                                                        "512 MiB in period day")),
        ("budget = 3G", "budget = 3G\nlow = 12", ("low = 12", "2% to 80%")),
        ("budget = 3G", "budget = 3G\nlow = 30%", ("5%, 30%, 22%, 35%", "above")),
        ("budget = 3G", "budget = 3G\ninterval = 0", ("interval = 0", "0.2 to 60")),
        ("budget = 3G", "budget = 3G\ninterval = nan", ("interval = nan", "0.2 to 60")),
        ("budget = 3G", "budget = 3G\ntimeout = 1e9", ("timeout = 1e9", "0.5 to 60")),
        ("budget = 3G", "budget = 3G\nspeed = 1", ("speed: no such key", "take-step")),
        ("budget = 3G", "budget = 3G\nstatus = here", ("status = here", "absolute path")),
        ("budget = 3G", "budget = 3G\nbudget = 4G", ("budget", "already exists")),
        ("[period day]", "[period d y!]", ("period 'd y!'", "1 to 32 letters")),
        ("[period day]", "[perod day]", ("[perod day] no such section", "[period NAME]")),
        ("from = 07:00", "from = 7", ("from = 7", "00:00 to 23:59")),
        ("from = 07:00", "from = 19:00", ("both 19:00",)),
        ("days = mon-fri", "days = mon-xyz", ("days = mon-xyz", "mon, tue")),
        ("share.day = 300", "share.noon = 300", ("share.noon", "no [period noon]")),
        ("share.day = 300", "share.day = 0", ("share.day = 0", "1 to 10000")),
        ("share.day = 300", "qmp.day = /x", ("qmp.day: no such key",)),
        ("floor.day = 512M", "floor.day = 2G", ("floor 2048 MiB is above ceiling 1024 MiB "
                                                "in period day",)),
        ("qmp = /run/a.qmp", "qmp = a.qmp", ("qmp = a.qmp", "absolute path of a UNIX socket")),
        ("qmp = /run/a.qmp", "qmp = /" + 107 * "x", ("at most 107 bytes",)),
        ("qmp = /run/a.qmp", "", ("qmp is missing",)),
        ("[guest a]", "[guest]", ("guest ''", "1 to 32 letters")),
        ("floor = 256M", "floor = 256M\ndevice = a b", ("device = a b", "/machine/")),
        ("floor = 256M", "floor", ("the file",)),
        ("[balancer]", "[b", ("the file",)),
    )

    def test_each(self):
        for old, new, phrases in self.CASES:
            with self.subTest(new):
                self.assertIn(old, GOOD)
                said = wrong(GOOD.replace(old, new, 1))
                for phrase in phrases:
                    self.assertIn(phrase, said)

    def test_all_at_once(self):
        said = wrong(GOOD.replace("3G", "x").replace("256M", "y").replace("07:00", "z"))
        self.assertEqual(len(said.splitlines()), 3, said)

    def test_same_socket(self):
        self.assertIn("is that of guest a", wrong(GOOD + "[guest b]\nqmp = /run/a.qmp\n"
                                                  "floor = 16M\nceiling = 1G\n"))

    def test_no_guest(self):
        self.assertIn("no [guest NAME]", wrong("[balancer]\nbudget = 1G\n"))

    def test_not_text(self):
        with self.assertRaisesRegex(config.ConfigError, "cannot be read"):
            config.load("/nonexistent/file")
        with self.assertRaisesRegex(config.ConfigError, "cannot be read"):
            config.load("/")

    def test_control_characters(self):
        self.assertNotIn("\x1b", wrong(GOOD.replace("3G", "\x1b[2J")))


class Schedule(unittest.TestCase):
    """Periods of the week."""

    NIGHT = schedule.Period("night", 22 * 60, 6 * 60, frozenset((4,)))     # begins on Friday

    def at(self, text):
        return schedule.current([self.NIGHT], time.strptime(text, "%Y-%m-%d %H:%M"))

    def test_past_midnight(self):
        # 2026-11-27 is a Friday.
        self.assertIsNone(self.at("2026-11-27 05:59"))
        self.assertIsNone(self.at("2026-11-27 21:59"))
        self.assertEqual(self.at("2026-11-27 22:00"), "night")
        self.assertEqual(self.at("2026-11-28 05:59"), "night")
        self.assertIsNone(self.at("2026-11-28 06:00"))
        self.assertIsNone(self.at("2026-11-28 22:00"))

    def test_first_wins(self):
        day = schedule.Period("all", 0, 1439, frozenset(range(7)))
        when = time.strptime("2026-11-27 23:00", "%Y-%m-%d %H:%M")
        self.assertEqual(schedule.current([self.NIGHT, day], when), "night")
        self.assertEqual(schedule.current([day, self.NIGHT], when), "all")

    def test_days(self):
        self.assertEqual(schedule.parse_days("fri-mon"), frozenset((4, 5, 6, 0)))
        self.assertEqual(schedule.parse_days("tue, sun"), frozenset((1, 6)))
        self.assertIsNone(schedule.parse_days("tue-wed-thu"))
        self.assertIsNone(schedule.parse_days(""))
