# SPDX-License-Identifier: GPL-2.0-only
"""The program while it runs: asks all guests, decides, says what it does."""

import asyncio
import collections
import contextlib
import os
import signal
import sys
import time

from . import config as configuration, policy, schedule, table
from .guest import NOT_ASKED, Guest
from .systemd import notify
from .track import SLACK
from .units import mib

COALESCE = 0.05     # seconds in which looks at several guests make one decision
ADOPTION = 10.0     # seconds after which a guest's balloon moves no more by itself
REPEAT = 60.0       # seconds before the same is said again
OVER = 15.0         # seconds for which the budget may be exceeded before it is said
RECENT = 12         # lines below the table


class Service:
    """All guests of one configuration."""

    def __init__(self, path, config, active, show, out=sys.stdout):
        self.path, self.config, self.active, self.show, self.out = path, config, active, show, out
        self.guests = {}
        self.plan = None
        self.period = None
        self.recent = collections.deque(maxlen=RECENT)
        self._said = {}             # what was said last of a guest, and when
        self._giving = {}           # guests that are to get memory: (need seen, given, size)
        self._given = {}            # when the last of that had arrived
        self._woken = asyncio.Event()
        self._ending = False
        self.moments = 2.0 * config.statistics + 1      # a trouble that is over by then is none
        self._told = 0.0
        self._over_since = time.monotonic()
        self._stamp = "JOURNAL_STREAM" not in os.environ

    # Saying things.

    def say(self, text):
        """Write a line to the log."""
        line = time.strftime("%F %T ") + text if self._stamp else text
        self.recent.append(line)
        if not self.show:
            self._print(line)

    def _print(self, text):
        try:
            print(text, file=self.out, flush=True)
        except (BrokenPipeError, ValueError):
            self._ending = True

    def _say_once(self, key, text, now):
        """Say something unless it was said lately."""
        when = self._said.get(key, ("", None))[1]
        if when is None or now - when > REPEAT:
            self._said[key] = text, now
            self.say(text)

    # The guests.

    def _add_guests(self):
        for name, settings in self.config.guests.items():
            old = self.guests.get(name)
            same = old and all(old.settings.values[key] == settings.values[key]
                               for key in ("qmp", "device"))
            if same:
                old.reconfigure(settings, self.config)
                continue
            self.guests[name] = Guest(settings, self.config, self.active, self._changed)
        self.guests = {name: self.guests[name] for name in self.config.guests}
        for guest in self.guests.values():
            guest.start()

    def _changed(self, _guest):
        self._woken.set()

    def _subject(self, guest, now):
        """Return a guest as the policy sees it."""
        settings = guest.settings
        overhead, ceiling = settings.get("overhead"), settings.get("ceiling", self.period)
        track, managed = guest.track, not guest.problem
        unknown = ceiling
        if guest.gone:
            charge = 0
        else:
            charge = policy.charge(track, overhead, guest.resident(), unknown)
            fresh = guest.since is not None and now - guest.since < ADOPTION
            if track.sample and track.target is None and fresh:
                # It may be on its way to a target that another program, or we before, set.
                charge = max(charge, min(ceiling, track.sample.maximum) + overhead)
        return policy.Subject(guest.name, settings.get("floor", self.period), ceiling,
                              settings.get("share", self.period), overhead, track, charge, managed)

    # Decisions.

    def _report_problems(self, now):
        """Say who is left alone, unless that ends by itself within moments."""
        for guest in self.guests.values():
            key, kind = (guest.name, "problem"), guest.problem.partition(":")[0]
            said = self._said.get(key, ("", 0.0))[0]
            if not guest.problem:
                if self._said.pop(key, None):
                    self.say(f"guest {guest.name}: balanced again")
            elif (kind not in (said, NOT_ASKED)
                  and now - guest.problem_since > self.moments):
                self._said[key] = kind, now
                self.say(f"guest {guest.name}: left alone: {guest.problem}")

    def _apply(self, decision, now):
        guest = self.guests[decision.name]
        text = (f"guest {decision.name}: {decision.verb} {mib(decision.old)} -> "
                f"{mib(decision.new)}: {decision.reason}; {mib(self.plan.free)} free")
        if not self.active:
            key = decision.name, "dry"
            if now - self._said.get(key, ("", 0.0))[1] > REPEAT:
                self._said[key] = text, now
                self.say("would: " + text)
            return
        self.say(text)
        if decision.verb == "give" and decision.name not in self._giving:
            since = max(guest.track.since or now, self._given.get(decision.name, 0.0))
            self._giving[decision.name] = since, now, decision.new
        elif decision.verb == "take":
            self._giving.pop(decision.name, None)
        guest.set_target(decision.new, now)

    def _report_given(self, now):
        """Say how long it took until a guest had what it was given first."""
        for name, (since, given, target) in list(self._giving.items()):
            guest = self.guests.get(name)
            if guest is None or guest.problem:
                del self._giving[name]
            elif guest.track.sample.size >= target - SLACK:
                del self._giving[name]
                self._given[name] = now
                self.say(f"guest {name}: has {mib(target)}, {now - since:.1f} s "
                         f"after its need was seen ({given - since:.1f} s until it was given)")

    def decide(self):
        """Look at all guests once, and act."""
        now = time.monotonic()
        when = time.localtime()
        period = schedule.current(self.config.periods, when)
        if period != self.period:
            self.say(f"period {period or '-'} begins")
            self.period = period
        self._report_problems(now)
        guests = list(self.guests.values())
        subjects = [self._subject(guest, now) for guest in guests]
        self.plan = policy.plan(self.config, subjects, now)
        for decision in self.plan.decisions:
            self._apply(decision, now)
        self._report_given(now)
        for name, gap in self.plan.unmet.items():
            self._say_once((name, "unmet"), f"guest {name}: needs {mib(gap)} more, for which there "
                           "is no room now", now)
        if self.plan.free >= 0:
            self._over_since = now
        elif now - self._over_since > OVER:
            self._say_once("over", f"the budget has been exceeded for "
                           f"{now - self._over_since:.0f} s, now by {mib(-self.plan.free)}", now)
        self._tell(table.render(guests, subjects, self.plan, period, time.strftime("%F %T", when)))

    def _tell(self, lines):
        """Bring the table up to date, once a second at most."""
        now = time.monotonic()
        if now - self._told < 0.9:
            return
        self._told = now
        if self.show:
            clear = "\033[H\033[2J" if self.out.isatty() else ""
            self._print(clear + "\n".join(lines + [""] + list(self.recent)) + "\n")
        if self.config.status:
            self._write_status("\n".join(lines) + "\n")
        notify("WATCHDOG=1", f"STATUS={lines[-1]}")

    def _write_status(self, text):
        part = f"{self.config.status}.part"
        try:
            with open(part, "w", encoding="utf-8") as out:
                out.write(text)
            os.replace(part, self.config.status)
        except OSError as err:
            self._say_once("status", f"cannot write {self.config.status}: {err.strerror}",
                           time.monotonic())

    # Life.

    def end(self):
        """Leave soon."""
        self._ending = True
        self._woken.set()

    async def reload(self):
        """Read the configuration again; a broken one is refused and the old one kept."""
        notify("RELOADING=1")
        try:
            new = configuration.load(self.path)
        except configuration.ConfigError as err:
            for line in str(err).splitlines():
                self.say(f"{self.path}: {line}")
            self.say("the configuration is not changed")
        else:
            self.config = new
            before = dict(self.guests)
            self._add_guests()
            await asyncio.gather(*(guest.stop() for name, guest in before.items()
                                   if self.guests.get(name) is not guest))
            self.say(f"configuration read again: {len(self.guests)} guests")
        notify("READY=1")

    async def run(self):
        """Work until a signal ends it."""
        loop = asyncio.get_running_loop()
        reloads = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.end)

        def on_hangup():
            reloads.set()
            self._woken.set()
        loop.add_signal_handler(signal.SIGHUP, on_hangup)
        self._add_guests()
        self.say(f"{len(self.guests)} guests, budget {mib(self.config.budget)}"
                 + ("" if self.active else "; nothing will be changed (--dry-run)"))
        notify("READY=1")
        while not self._ending:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), self.config.interval)
                await asyncio.sleep(COALESCE)
            self._woken.clear()
            if reloads.is_set():
                reloads.clear()
                await self.reload()
            if not self._ending:
                self.decide()
        notify("STOPPING=1")
        self.say("ends; all balloons stay as they are")
        await asyncio.gather(*(guest.stop() for guest in self.guests.values()))
