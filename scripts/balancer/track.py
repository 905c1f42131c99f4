# SPDX-License-Identifier: GPL-2.0-only
"""What became of one guest over time: how it feels, and whether it may be asked for memory."""

import dataclasses

from .units import MIB, mib

SLACK = MIB             # less than this from the target is at the target
SWAP_RATE = MIB         # bytes swapped in per second that are pressure
PATIENCE = 15.0         # seconds without progress after which a guest does not follow
CLOCK_STEP = 2          # seconds by which last-update may be ahead of us

CONTENT, IDLE, PRESSED, URGENT = "content", "idle", "pressed", "urgent"


@dataclasses.dataclass(frozen=True)
class Sample:
    """What was seen of a guest."""

    size: int               # of its memory: what the balloon leaves it
    maximum: int            # its memory without a balloon
    stats: object           # stats.Stats or None
    problem: str = ""       # why there are no statistics


class Track:
    """Follows the samples of one guest.

    Size and statistics are from different times. What is derived from both (used,
    available) is kept as it was when the statistics arrived.
    """

    def __init__(self, config):
        self.config = config        # config.Config: the marks
        self.target = None          # what QEMU was asked for; None: not known yet
        self.sample = None
        self.used = 0               # what it cannot give
        self.available = 0          # what it could give
        self.mood, self.why = CONTENT, ""
        self.since = None           # since when it is in need, or None
        self.settled = False        # the target was reached
        self.helped_itself = False  # took memory back after that (deflate-on-oom)
        self._newer = 0             # statistics that are newer than that
        self._latest = None         # the last Stats
        self._changed = None        # when they came; None: they may be of any age
        self._progress = (0.0, 0)   # when the size last came nearer to the target, and that size
        self._give_up_until = 0.0
        self._comfortable = None    # since when more is available than `high`
        self._fixed = False         # the guest's total does not follow its balloon
        self._base = 0              # early memory, which is in the size and not in the total
        self._size_before = None    # at the statistics before; and was it the same before them?
        self._stable_before = False
        self._growth = 0.0          # bytes per second by which what it uses grows
        self._swapping = 0.0
        self._killed = False

    def percent(self):
        """What is available, as a percentage of all it has."""
        return 100 * self.available // max(1, self.used + self.available)

    def need(self):
        """The size at which `goal` percent of it would be available."""
        return self.used * 100 // (100 - self.config.goal)

    def want(self):
        """The size that takes it out of its need, and out of what is foreseen."""
        coming = self._growth * self.config.horizon if self.mood == URGENT else 0
        return int((self.used + max(0, coming)) * 100 // (100 - self.config.goal))

    def reserve(self):
        """What has to stay available when memory is taken."""
        return max(16 * MIB, (self.used + self.available) * self.config.critical // 100)

    def asked(self, target, now):
        """A target is on its way to QEMU."""
        self.target = target
        self.settled = self.helped_itself = False
        self._newer = 0
        self._progress = (now, self.sample.size if self.sample else 0)

    def forget(self):
        """Statistics stopped: when they come again, nothing is concluded from those before."""
        self.mood, self.why, self.since = CONTENT, "", None
        self.settled = self.helped_itself = False
        self._newer = 0
        self._changed = self._comfortable = self._size_before = None
        self._growth = 0.0

    def add(self, sample, now, wall):
        """Take a sample; return why the guest cannot be balanced, or "".

        now is monotonic, wall the time of day, which may step: it only serves for
        the age of the first statistics seen.
        """
        self.sample = sample
        stats, last = sample.stats, self._latest
        if stats is None:
            self.forget()
            self._latest = None
            return "no statistics: " + sample.problem
        limit = self.config.stale
        self._latest = stats
        if stats == last:
            if self._changed is not None and now - self._changed <= limit:
                self._settle(now, False)
                return ""
            self.forget()
            return f"no statistics: the last are {max(0, wall - stats.updated):.0f} s old"
        if last is None and not -CLOCK_STEP <= wall - stats.updated <= limit:
            return f"no statistics: the last are {wall - stats.updated:.0f} s old"
        if self._changed is not None and now - self._changed > limit:
            self.forget()
        self._settle(now, True)
        self._measure(last if self._changed is not None else None)
        self._changed = now
        self._feel(now)
        return ""

    def _settle(self, now, fresh):
        """Look whether the target is reached, and stays so."""
        size, target = self.sample.size, self.target
        if target is None:
            return
        if abs(size - target) <= SLACK:
            # Statistics may be from before; only those that come later count.
            self._newer += self.settled and fresh
            self.settled = True
        elif self.settled and size > target:
            self.helped_itself = True
        elif self.settled:
            # Somebody else wants the balloon larger: we follow when that stays so.
            self.settled, self._newer = False, 0
            self._progress = (now, size)
        if abs(size - target) < abs(self._progress[1] - target):
            self._progress = (now, size)

    def _measure(self, last):
        """Work out what it uses, and how fast that grows; last are the Stats before."""
        stats, size, before = self._latest, self.sample.size, self._size_before
        self._size_before = size
        stable = before is not None and abs(size - before) <= SLACK
        known, self._stable_before = stable and self._stable_before, stable
        if stable:
            self._fixed = stats.total > size + SLACK
            self._base = max(0, size - stats.total)
        elif before is None:
            self._base = max(0, size - stats.total)
        used = self.used
        self.available = min(stats.available, size)
        # Total follows the balloon, and is of the same time as what is available, unless
        # the guest deflates on OOM: the in-tree driver then leaves it as it is.
        if self._fixed:
            # In between the size may be from after a gift, the statistics from before it.
            exact = stable or before is None or self._newer > 0
            self.used = max(0, (size if exact else min(size, before)) - self.available)
        else:
            self.used = min(stats.total + self._base, self.sample.maximum) - self.available
        self._swapping, self._killed = 0.0, False
        if last is None:
            self._growth = 0.0
            return
        seconds = max(1, stats.updated - last.updated)
        growth = (self.used - used) / seconds if known or not self._fixed else 0.0
        # A rise counts at once, a fall by and by.
        self._growth = max(growth, (self._growth + growth) / 2)
        if None not in (stats.swap_in, last.swap_in):
            self._swapping = max(0, stats.swap_in - last.swap_in) / seconds
        if None not in (stats.oom_kills, last.oom_kills):
            self._killed = stats.oom_kills > last.oom_kills

    def _urgent(self, percent):
        """Return why it is about to run out of memory, or None."""
        left = self.available / self._growth if self._growth > 0 else None
        if self.helped_itself:
            return ", took memory back by itself"
        if self._killed:
            return ", had a process killed for want of memory"
        if percent < self.config.critical:
            return f", less than {self.config.critical} %"
        if left is not None and left < self.config.horizon:
            return f", gone in {left:.1f} s at {mib(self._growth)}/s"
        return None

    def _feel(self, now):
        """Tell need, comfort and idleness apart."""
        config, percent = self.config, self.percent()
        self.why = f"{mib(self.available)} ({percent} %) available"
        urgent = self._urgent(percent)
        if urgent:
            self.mood, self.why = URGENT, self.why + urgent
        elif percent < config.low:
            self.mood, self.why = PRESSED, f"{self.why}, less than {config.low} %"
        elif self._swapping >= SWAP_RATE and percent < config.high:
            self.mood, self.why = PRESSED, f"{self.why}, swaps in {mib(self._swapping)}/s"
        else:
            self.mood = CONTENT
        if self.mood != CONTENT or percent <= config.high:
            self._comfortable = None
        elif self._comfortable is None:
            self._comfortable = now
        if self._comfortable is not None and now - self._comfortable >= config.idle:
            self.mood = IDLE
            self.why += f", more than {config.high} % for {now - self._comfortable:.0f} s"
        if self.mood not in (PRESSED, URGENT):
            self.since = None
        elif self.since is None:
            self.since = now

    def may_get(self):
        """May it be given more? Not before it is known what the last gift did, or in distress."""
        return self.mood == URGENT or self.settled and self._newer > 0

    def may_give(self, now):
        """May it be asked for memory? Only on statistics that show what the last time did."""
        return (self.settled and not self.helped_itself and self._newer > 0
                and now >= self._give_up_until)

    def stuck(self, now):
        """Does it not come nearer to its target any more?"""
        return (self.target is not None and not self.settled
                and abs(self.sample.size - self.target) > SLACK
                and now - self._progress[0] > PATIENCE)

    def give_up(self, now):
        """Do not ask it for memory for some time."""
        self._give_up_until = now + self.config.idle
