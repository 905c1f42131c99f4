# SPDX-License-Identifier: GPL-2.0-only
"""The program against QEMUs that are fakes: good, absent, silent, hostile."""

import asyncio
import contextlib
import io
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import unittest.mock

from .. import config, stats
from ..qmp import LINE_LIMIT
from ..service import Service
from ..units import MIB
from .fake import UNKNOWN, FakeQemu

PROGRAM = pathlib.Path(__file__).resolve().parents[2] / "balloon-balance"
HEAD = """
[balancer]
budget = {budget}M
overhead = 10M
interval = 0.2
timeout = 2
retry = 0.5
idle = 1
"""
GUEST = """
[guest {name}]
qmp = {folder}/{name}
floor = 128M
ceiling = 1G
"""


class Rig(unittest.IsolatedAsyncioTestCase):
    """Fakes a, b ... and a Service that balances them."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.path = self.folder / "conf"
        self.log = io.StringIO()
        self.fakes = {}

    async def asyncSetUp(self):
        # The debugging of unittest is dear, and this is about time.
        asyncio.get_running_loop().set_debug(False)

    def configure(self, names, budget=4000, more=""):
        """Write a configuration."""
        text = HEAD.format(budget=budget) + more
        text += "".join(GUEST.format(name=name, folder=self.folder) for name in names)
        self.path.write_text(text, encoding="utf-8")
        return config.load(self.path)

    @contextlib.asynccontextmanager
    async def service(self, names="ab", budget=4000, active=True, started=None):
        """Run fakes and service."""
        found = self.configure(names, budget)
        for name in names:
            self.fakes.setdefault(name, FakeQemu(self.folder / name))
            if started is None or name in started:
                await self.fakes[name].start()
        service = Service(str(self.path), found, active, False, self.log)
        service.moments = 0.2
        task = asyncio.create_task(service.run())
        try:
            yield service
        finally:
            service.end()
            await asyncio.wait_for(task, 30)
            for fake in self.fakes.values():
                if fake._server:
                    await fake.stop()

    async def until(self, condition, seconds=60):
        """Wait until something is so."""
        end = time.monotonic() + seconds
        while not condition():
            self.assertLess(time.monotonic(), end, "not so in time; the log:\n"
                            + self.log.getvalue())
            await asyncio.sleep(0.02)

    def said(self, text):
        """Return a condition: the log has this."""
        return lambda: text in self.log.getvalue()


class Balancing(Rig):
    """What it does with QEMUs that behave."""

    async def test_gives_and_takes(self):
        self.fakes["a"] = FakeQemu(self.folder / "a", used=100)
        async with self.service(budget=1400) as service:
            await self.until(lambda: self.fakes["a"].size + self.fakes["b"].size < 1380 * MIB)
            self.assertEqual(self.fakes["a"].polling, 1)
            self.fakes["b"].used = self.fakes["b"].size - 5 * MIB
            await self.until(lambda: ": give " in self.log.getvalue())
            self.assertIn("%) available", self.log.getvalue())
            self.assertGreaterEqual(service.plan.free, 0)
        self.assertIn("all balloons stay as they are", self.log.getvalue())

    async def test_dry_run_changes_nothing(self):
        self.fakes["a"] = FakeQemu(self.folder / "a")
        self.fakes["a"].polling = 1
        async with self.service("a", budget=800, active=False):
            await self.until(self.said("would: guest a:"))
            await asyncio.sleep(1)
        self.assertEqual({command for command, _ in self.fakes["a"].commands},
                         {"qmp_capabilities", "qom-list", "qom-get", "query-balloon",
                          "query-memory-size-summary"})

    async def test_status_file(self):
        names = "ab"
        found = self.configure(names, more=f"status = {self.folder}/status\n")
        for name in names:
            self.fakes[name] = FakeQemu(self.folder / name)
        await self.fakes["a"].start()
        service = Service(str(self.path), found, True, False, self.log)
        task = asyncio.create_task(service.run())
        status = self.folder / "status"
        await self.until(lambda: status.exists() and "content" in status.read_text())
        text = status.read_text()
        self.assertRegex(text, r"(?m)^GUEST +STATE +SIZE")
        self.assertRegex(text, r"(?m)^a +content +1024 +1024 ")
        self.assertRegex(text, r"(?m)^b +gone ")
        self.assertIn("budget 4000  charged ", text)
        service.end()
        await task
        await self.fakes["a"].stop()


class Trouble(Rig):
    """One guest's trouble is reported and is not that of the others."""

    # Name: (what is wrong with its QEMU, what is said of it).
    ERROR = b'{"error": {"class": "X", "desc": "no \\u001b[31mway\\n"}, "id": "balance-2"}\n'
    SICK = {
        "silent": ({"silent": True}, "no answer within 2 s"),
        "mute": ({"greeting": b""}, "another client"),
        "other": ({"greeting": b'{"a": 1}\n'}, "not QMP"),
        "binary": ({"raw": {"query-balloon": b"\xff\xfe nonsense\n"}}, "not JSON"),
        "deep": ({"raw": {"query-balloon": b"[" * 50000 + b"\n"}}, "not JSON"),
        "digits": ({"raw": {"query-balloon": b"9" * 5000 + b"\n"}}, "not JSON"),
        "list": ({"raw": {"query-balloon": b"[1]\n"}}, "not an object"),
        "long": ({"raw": {"qom-list": b"x" * (2 * LINE_LIMIT) + b"\n"}},
                 f"more than {LINE_LIMIT} bytes"),
        "reply": ({"raw": {"query-balloon": b'{"return": 5, "id": "x"}\n'}}, "not asked"),
        "events": ({"raw": {"query-balloon": b'{"event": "E"}\n' * 1001}}, "1000 events"),
        "error": ({"raw": {"qom-list": ERROR}}, r"qom-list: no \?\[31mway\?"),
        "nothing": ({"stats": {"stat-available-memory": "absent"}},
                    "no statistics: the guest does not send"),
        "liar": ({"stats": {"stat-total-memory": 1 << 60}}, "no statistics: a total of"),
        "old": ({"updated": int(time.time()) - 100}, "no statistics: the last are"),
        **{f"size{number}": ({"raw": {"query-balloon": b'{"return": {"actual": %s}, '
                                      b'"id": "balance-6"}\n' % value}}, reason)
           for number, (value, reason) in enumerate((
               (b"-1", "not a size: -1"), (b"0", "leaves 0 bytes"), (b"1e300", "not a size"),
               (b"true", "not a size"), (b"null", "not a size"), (b'"1"', "not a size"),
               (b"18446744073709551615", "not a size")))}}

    async def test_others_go_on(self):
        for name, (changes, _) in self.SICK.items():
            self.fakes[name] = FakeQemu(self.folder / name)
            for attribute, value in changes.items():
                setattr(self.fakes[name], attribute, value)
        names = [*self.SICK, "well"]
        async with self.service(names, budget=len(names) * 1000) as service:
            for name, (_, reason) in self.SICK.items():
                # On a slow machine any of them may first be late.
                await self.until(lambda: re.search(f"guest {name}: left alone: .*{reason}",
                                                   self.log.getvalue()))
            await self.until(lambda: self.fakes["well"].size < 600 * MIB)
            # The fakes are this process, which lives: nobody's memory counts as free.
            self.assertGreaterEqual(service.plan.charged, len(self.SICK) * 1024 * MIB)
            for name in self.SICK:
                self.assertEqual(self.fakes[name].balloon_values(), [], name)
        self.assertNotIn("Traceback", self.log.getvalue())

    async def test_what_nobody_foresaw(self):
        honest = stats.parse

        def parse(answer, maximum):
            if maximum == 512 * MIB:
                raise ZeroDivisionError("made up")
            return honest(answer, maximum)
        self.fakes["a"] = FakeQemu(self.folder / "a", maximum=512)
        with unittest.mock.patch.object(stats, "parse", parse):
            async with self.service():
                await self.until(self.said("guest a: left alone: ZeroDivisionError: made up"))
                await self.until(lambda: self.fakes["b"].balloon_values())

    async def test_goes_and_comes_back(self):
        async with self.service(budget=3000):
            fake = self.fakes["b"]
            await self.until(lambda: fake.balloon_values())
            await fake.stop()
            os.unlink(fake.path)
            await self.until(self.said("guest b: left alone: not running"))
            before = len(self.fakes["a"].commands)
            again = self.fakes["b"] = FakeQemu(self.folder / "b")
            await again.start()
            await self.until(self.said("guest b: balanced again"))
            await self.until(lambda: again.balloon_values())
            self.assertGreater(len(self.fakes["a"].commands), before)

    async def test_absent_at_first(self):
        async with self.service(started="a") as service:
            await self.until(self.said("guest b: left alone: not running"))
            # This process, which holds the other fake, is all that is charged.
            self.assertLess(service.plan.charged, 2000 * MIB)
            await self.fakes["b"].start()
            await self.until(lambda: self.fakes["b"].balloon_values())

    async def test_hang_then_answers(self):
        async with self.service():
            fake = self.fakes["a"]
            await self.until(lambda: fake.balloon_values())
            fake.silent = True
            await self.until(self.said("guest a: left alone: no answer"))
            fake.silent = False
            await self.until(self.said("guest a: balanced again"))


class Statistics(unittest.TestCase):
    """What a hostile guest, or its QEMU, may say."""

    GOOD = {"stat-total-memory": 900 * MIB, "stat-available-memory": 100 * MIB}

    def parse(self, updated=1000, **changes):
        values = {**self.GOOD, **{f"stat-{key.replace('_', '-')}": value
                                  for key, value in changes.items()}}
        return stats.parse({"stats": values, "last-update": updated}, 1024 * MIB)

    def test_good(self):
        found = self.parse(swap_in=5, oom_kills=UNKNOWN)
        self.assertEqual((found.total, found.available, found.swap_in, found.oom_kills),
                         (900 * MIB, 100 * MIB, 5, None))

    def test_bad(self):
        for changes in ({"total_memory": UNKNOWN}, {"available_memory": UNKNOWN},
                        {"available_memory": None}, {"total_memory": 1 << 62},
                        {"total_memory": 0}, {"total_memory": -5}, {"available_memory": -1},
                        {"available_memory": 901 * MIB}, {"available_memory": 1.5},
                        {"total_memory": True}, {"total_memory": "900"}, {"swap_in": -1},
                        {"swap_in": 1 << 70}, {"oom_kills": []}, {"updated": 0},
                        {"updated": -1}, {"updated": 1 << 60}, {"updated": 1.0},
                        {"updated": None}):
            with self.subTest(changes), self.assertRaises(stats.BadStats):
                self.parse(**changes)
        for answer in (None, [], {}, {"stats": 1, "last-update": 1}, {"stats": {}}):
            with self.subTest(answer), self.assertRaises(stats.BadStats):
                stats.parse(answer, 1024 * MIB)


class Program(Rig):
    """The program itself, as systemd starts it."""

    def run_program(self, *args):
        """Run it to its end."""
        return subprocess.run([PROGRAM, *args], check=False, text=True, timeout=60,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def test_bad_configuration(self):
        self.path.write_text("[balancer]\nbudget = x\n[guest a]\nqmp = /x\n", encoding="utf-8")
        done = self.run_program("--config", str(self.path))
        self.assertEqual(done.returncode, 2)
        self.assertIn("budget = x", done.stderr)
        self.assertIn("[guest a] floor is missing", done.stderr)
        self.assertEqual(done.stdout, "")

    def test_bad_option(self):
        self.assertEqual(self.run_program("--frob").returncode, 2)
        done = self.run_program("--config", "/nonexistent")
        self.assertEqual(done.returncode, 2)
        self.assertIn("/nonexistent: cannot be read", done.stderr)

    def test_check(self):
        self.configure("a")
        self.assertEqual(self.run_program("--config", str(self.path), "--check").returncode, 0)

    async def test_signals(self):
        self.configure("a")
        fake = FakeQemu(self.folder / "a", used=100)
        await fake.start()
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
            told.bind(str(self.folder / "notify"))
            told.setblocking(False)
            env = {**os.environ, "NOTIFY_SOCKET": str(self.folder / "notify")}
            process = await asyncio.create_subprocess_exec(
                sys.executable, PROGRAM, "--config", str(self.path), env=env,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            self.addCleanup(lambda: process.returncode is None and process.kill())

            async def line_with(text):
                async with asyncio.timeout(60):
                    while text not in (line := (await process.stdout.readline()).decode()):
                        self.assertTrue(line, f"ended before it said {text}")
            await line_with("guest a: adopt")
            good = self.path.read_text(encoding="utf-8")
            self.path.write_text(good.replace("budget = 4000M", "budget = ?"), encoding="utf-8")
            process.send_signal(signal.SIGHUP)
            await line_with("budget = ?: allowed is")
            await line_with("the configuration is not changed")
            before = fake.connections
            self.path.write_text(good.replace("128M", "256M") + GUEST.format(
                name="b", folder=self.folder), encoding="utf-8")
            process.send_signal(signal.SIGHUP)
            await line_with("read again: 2 guests")
            await line_with("guest b: left alone: not running")
            self.assertEqual(fake.connections, before, "the connection should have been kept")
            await asyncio.sleep(0.5)
            size = fake.size
            process.send_signal(signal.SIGTERM)
            await line_with("all balloons stay")
            self.assertEqual(await process.wait(), 0)
            self.assertEqual(fake.size, size)
            self.assertEqual(told.recv(4096), b"READY=1")
        await fake.stop()
