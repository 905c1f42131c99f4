# SPDX-License-Identifier: GPL-2.0-only
"""Keeps up the conversation with one QEMU, whatever becomes of it."""

import asyncio
import re
import time

from . import stats
from .process import Process
from .qmp import Connection, QmpError, Refused, Unreachable
from .track import Sample, Track
from .units import clean

CONTAINERS = ("/machine/peripheral", "/machine/peripheral-anon")
BALLOON_TYPE = re.compile(r"child<virtio-balloon[a-z-]{0,40}>")
CHILD_NAME = re.compile(r"[A-Za-z0-9_.\[\]-]{1,80}")
SIZE_LIMIT = 1 << 50
NOT_ASKED = "not asked yet"


def _size(answer, *keys):
    """Add up sizes in an answer of QEMU's; 0 for one that may be absent but the first."""
    total = 0
    for index, key in enumerate(keys):
        value = answer.get(key, None if not index else 0) if isinstance(answer, dict) else None
        if not stats.whole(value, SIZE_LIMIT):
            raise QmpError(f"{key} is not a size: {clean(repr(value), 40)}")
        total += value
    return total


class Guest:
    """One configured guest: what is known of it, and the task that asks."""

    def __init__(self, settings, config, active, changed):
        self.settings, self.config = settings, config
        self.active = active            # False: nothing may be changed
        self.changed = changed          # called after each look at it
        self.track = Track(config)
        self.problem = NOT_ASKED  # why it is left alone, or ""
        self.problem_since = time.monotonic()
        self.process = None
        self.since = None               # monotonic time of the connection
        self.gone = False               # nobody listens, and the process has ended
        self._wanted = asyncio.Event()
        self._target = None
        self._task = None

    @property
    def name(self):
        """Its name in the configuration."""
        return self.settings.name

    def start(self):
        """Begin to ask, if that is not done already."""
        self._task = self._task or asyncio.create_task(self._run())

    async def stop(self):
        """Ask no more. Its balloon stays as it is."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def reconfigure(self, settings, config):
        """Take other settings, of the same socket and device."""
        self.settings, self.config, self.track.config = settings, config, config

    def resident(self):
        """Return the resident memory of its QEMU, or None."""
        return self.process.resident() if self.process else None

    def _have_problem(self, problem):
        if problem and not self.problem:
            self.problem_since = time.monotonic()
        self.problem = problem

    def set_target(self, value, now):
        """Have QEMU asked for a size, soon."""
        self.track.asked(value, now)
        self._target = value
        self._wanted.set()

    async def _run(self):
        while self._task:
            try:
                await self._serve()
            except QmpError as err:
                self._lost(err)
            except Exception as err:    # one guest's trouble must not become that of all
                self._lost(QmpError(f"{type(err).__name__}: {clean(err)}"))
            self.changed(self)
            await asyncio.sleep(self.config.retry)

    def _lost(self, err):
        self._have_problem(str(err))
        self.track.forget()
        # A socket that nobody listens at means that its memory is free, unless QEMU lives on.
        alive = self.process is not None and self.process.alive()
        self.gone = isinstance(err, Unreachable) and not alive
        if self.gone or self.process is not None and not alive:
            self.gone = True
            self.process, self.track = None, Track(self.config)

    async def _serve(self):
        connection = await Connection.open(self.settings.values["qmp"], self.config.timeout)
        try:
            process = Process.behind(connection.socket)
            if self.process is None or not self.process.same(process):
                self.track = Track(self.config)
            # Whether what it was asked for last has reached it is not known.
            self.track.forget()
            self.track.target = None
            self.process, self.gone, self.since = process, False, time.monotonic()
            self._wanted.clear()
            device = await self._device(connection)
            if self.active:
                await connection.execute("qom-set", path=device, value=self.config.statistics,
                                         property="guest-stats-polling-interval")
            while self._task:
                await self._look(connection, device)
                await self._pause(connection)
        except Refused as err:
            raise QmpError(str(err)) from None
        finally:
            connection.close()

    async def _device(self, connection):
        """Return the path of the balloon device."""
        given = self.settings.values["device"]
        if given:
            return given if given.startswith("/") else f"/machine/peripheral/{given}"
        for container in CONTAINERS:
            children = await connection.execute("qom-list", path=container)
            for child in children if isinstance(children, list) else ():
                name, kind = (child.get("name"), child.get("type")) \
                    if isinstance(child, dict) else (None, None)
                if isinstance(name, str) and isinstance(kind, str) \
                        and BALLOON_TYPE.fullmatch(kind) and CHILD_NAME.fullmatch(name):
                    return f"{container}/{name}"
        raise QmpError("has no balloon device")

    async def _look(self, connection, device):
        """Take a sample."""
        memory = await connection.execute("query-memory-size-summary")
        maximum = _size(memory, "base-memory", "plugged-memory")
        answer = await connection.execute("qom-get", path=device, property="guest-stats")
        size = _size(await connection.execute("query-balloon"), "actual")
        if not 0 < size <= maximum:
            raise QmpError(f"a balloon leaves {size} bytes of {maximum}")
        try:
            sample = Sample(size, maximum, stats.parse(answer, maximum))
        except stats.BadStats as err:
            sample = Sample(size, maximum, None, str(err))
        self._have_problem(self.track.add(sample, time.monotonic(), time.time()))
        self.changed(self)

    async def _pause(self, connection):
        """Wait for the next look; meanwhile pass on what is decided."""
        end = time.monotonic() + self.config.interval
        while (left := end - time.monotonic()) > 0:
            try:
                await asyncio.wait_for(self._wanted.wait(), left)
            except TimeoutError:
                return
            self._wanted.clear()
            if self.active:
                await connection.execute("balloon", value=self._target)
