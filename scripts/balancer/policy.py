# SPDX-License-Identifier: GPL-2.0-only
"""Decides who gets memory and who gives it. Nothing here waits, reads a clock or talks."""

import dataclasses

from .track import CONTENT, IDLE, PRESSED, URGENT
from .units import MIB, mib

HURRY = 4       # so many steps at a time, when somebody is about to run out of memory


@dataclasses.dataclass
class Subject:
    """A guest as the policy sees it."""

    name: str
    floor: int
    ceiling: int
    share: int
    overhead: int
    track: object           # track.Track
    charge: int             # what it may hold of the budget, whatever it does next
    managed: bool           # is there all that is needed to decide about it?

    @property
    def size(self):
        """Its memory."""
        return self.track.sample.size

    @property
    def target(self):
        """What its balloon was asked for last."""
        return self.track.target

    @property
    def top(self):
        """Its ceiling, which is never more than it has."""
        return min(self.ceiling, self.track.sample.maximum)

    def bound(self, size):
        """Keep a size between floor and ceiling."""
        return max(min(self.floor, self.top), min(size, self.top))

    def wants(self):
        """The size it should have at least, or its present one."""
        if self.track.mood in (PRESSED, URGENT):
            return self.bound(max(self.track.want(), self.size))
        return self.bound(self.size)


@dataclasses.dataclass(frozen=True)
class Decision:
    """A new target for a guest."""

    name: str
    verb: str               # adopt, give, take, keep
    old: int
    new: int
    reason: str


@dataclasses.dataclass
class Plan:
    """What came out of one look at all guests."""

    decisions: list
    budget: int
    charged: int            # the most that all guests may hold now
    coming: int             # what guests are giving back at present
    unmet: dict             # name: what it should have got and did not, bytes

    @property
    def free(self):
        """Part of the budget that nobody may hold. Negative: the budget is exceeded."""
        return self.budget - self.charged


def charge(track, overhead, resident, unknown):
    """The most a guest may hold of the host's memory, QEMU's own included.

    What it was asked to give counts until it has given it, and what it may take
    counts from when it is told so. Its resident memory cannot be lied about.
    """
    if track.sample is None:
        return unknown + overhead
    size = max(track.sample.size, track.target or 0)
    return max(size + overhead, resident or 0)


def fair(amount, claims):
    """Split an amount by shares: {name: (at least, at most, share)} to {name: amount}.

    What one does not want is for the others.
    """
    given = {name: low for name, (low, _, _) in claims.items()}
    rest = amount - sum(given.values())
    hungry = {name for name, (low, high, _) in claims.items() if high > low}
    while rest > 0 and hungry:
        weight = sum(claims[name][2] for name in hungry)
        full = {name for name in hungry
                if claims[name][1] - given[name] <= rest * claims[name][2] / weight}
        if not full:
            for name in hungry:
                given[name] += rest * claims[name][2] // weight
            break
        for name in full:
            rest -= claims[name][1] - given[name]
            given[name] = claims[name][1]
        hungry -= full
    return given


class _Round:
    """One look at all guests."""

    def __init__(self, config, subjects, now):
        self.config, self.now = config, now
        self.all = subjects
        self.managed = [guest for guest in subjects if guest.managed]
        self.decisions = {}
        self.charged = sum(guest.charge for guest in subjects)
        self.free = config.budget - self.charged
        self.coming = sum(max(0, guest.size - guest.target) for guest in self.managed
                          if guest.target is not None)
        self.wants = {guest.name: guest.wants() for guest in self.managed}
        self.hurry = self.free < 0 or any(guest.track.mood == URGENT for guest in self.managed)

    def decide(self, guest, verb, new, reason):
        """Note a decision; a guest gets one at a time."""
        old = guest.size if guest.target is None else guest.target
        self.decisions[guest.name] = Decision(guest.name, verb, old, new, reason)

    def held(self, guest):
        """What the guest has, or will have when it took what it was given."""
        return max(guest.size, guest.target)

    def entitled(self):
        """Return what the share of each guest is, given what all of them need."""
        outside = sum(guest.charge for guest in self.all if not guest.managed)
        amount = (self.config.budget - outside
                  - sum(guest.overhead for guest in self.managed))
        claims = {}
        for guest in self.managed:
            needy = guest.track.mood in (PRESSED, URGENT)
            top = self.wants[guest.name] if needy else guest.bound(guest.track.need())
            claims[guest.name] = (guest.bound(0), max(top, guest.bound(0)), guest.share)
        return fair(amount, claims)

    def start(self):
        """First what leaves everything as it is: adopt balloons, accept what happened."""
        for guest in self.managed:
            track = guest.track
            if guest.target is None:
                self.decide(guest, "adopt", guest.size, "first seen; its balloon stays as it is")
            elif track.helped_itself:
                self.decide(guest, "keep", min(guest.size, guest.top), track.why)
            elif track.stuck(self.now):
                self.decide(guest, "keep", min(guest.size, guest.top),
                            "it does not follow its balloon's target")
                track.give_up(self.now)

    def take(self, guest, lowest, missing, reason):
        """Ask a guest for memory; return how much."""
        if guest.name in self.decisions or missing <= 0 or not guest.track.may_give(self.now):
            return 0
        step = self.config.take_step * (HURRY if self.hurry else 1)
        lowest = max(guest.bound(0), guest.bound(lowest))
        spare = guest.track.available - guest.track.reserve()
        amount = min(step, guest.size - lowest, spare, max(missing, self.config.minimum_change))
        amount -= amount % MIB
        if amount < self.config.minimum_change:
            return 0
        self.decide(guest, "take", guest.size - amount, f"{reason}; {guest.track.why}")
        return amount

    def take_from(self, guests, lowest, missing, reason):
        """Ask guests in turn, who have most to give first; return how much they were asked for."""
        total = 0
        for guest in sorted(guests, key=lambda one: lowest(one) - one.size):
            total += self.take(guest, lowest(guest), missing - total, reason)
        return total

    def above_ceiling(self):
        """Nobody keeps more than its ceiling."""
        return sum(self.take(guest, guest.ceiling, guest.size - guest.ceiling,
                             f"above its ceiling of {mib(guest.ceiling)}")
                   for guest in self.managed if guest.target is not None
                   and guest.size > guest.bound(guest.ceiling))

    def collect(self, gaps):
        """Take what others need, from those first who miss it least."""
        coming = self.free + self.coming
        gap = sum(gaps.values())
        self.hurry = self.hurry or gap > coming
        coming += self.above_ceiling()

        def need(guest):
            return guest.track.need()
        able = [guest for guest in self.managed if guest.target is not None
                and guest.name not in gaps]
        idle = [guest for guest in able if guest.track.mood == IDLE]
        coming += self.take_from(idle, need, gap + self.spare() - coming, "idle")
        calm = [guest for guest in able if guest.track.mood in (IDLE, CONTENT)]
        coming += self.take_from(calm, need, gap - coming,
                                 "others need it" if gap else "the budget is exceeded")
        if gap <= coming:
            return
        shares = self.entitled()
        entitled = sum(max(0, min(gaps[guest.name], shares[guest.name] - self.held(guest)))
                       for guest in self.managed if guest.name in gaps)
        rich = [guest for guest in self.managed if guest.target is not None
                and guest.size > shares[guest.name]]
        coming += self.take_from(rich, lambda guest: shares[guest.name], entitled - coming,
                                 "has more than its share, and others less")
        # Over the budget there is no choice.
        self.take_from([guest for guest in self.managed if guest.target is not None],
                       lambda guest: guest.floor, -coming, "the budget is exceeded")

    def spare(self):
        """What is to be kept free: as much as is configured, or all that idle guests give."""
        return self.config.budget if self.config.spare is None else self.config.spare

    def gaps(self):
        """Return who lacks how much."""
        found = {}
        for guest in self.managed:
            if guest.target is None:
                continue
            gap = self.wants[guest.name] - self.held(guest)
            if guest.track.mood == PRESSED and not guest.track.may_get():
                continue
            if gap >= self.config.minimum_change or gap > 0 and guest.size < guest.bound(0):
                found[guest.name] = gap
        return found

    def give(self, gaps):
        """Give what is free now, to those in greatest need; return what was not to be had."""
        shares = self.entitled() if gaps else {}
        free, unmet = self.free, {}

        def order(guest):
            poor = self.held(guest) < shares[guest.name]
            return (not poor, guest.track.mood != URGENT,
                    self.held(guest) / max(1, shares[guest.name]))
        for guest in sorted((one for one in self.managed if one.name in gaps), key=order):
            if guest.name in self.decisions and self.decisions[guest.name].verb != "keep":
                continue
            gap = gaps[guest.name]
            amount = gap if guest.track.mood == URGENT else min(gap, self.config.give_step)
            amount = max(0, min(amount, free))
            amount -= amount % MIB if amount < gap else 0
            if amount < min(gap, self.config.minimum_change):
                unmet[guest.name] = gap
                continue
            free -= amount
            reason = guest.track.why
            if guest.size < guest.bound(0):
                reason = f"below its floor of {mib(guest.floor)}; {reason}"
            self.decide(guest, "give", self.held(guest) + amount, reason)
        return unmet


def plan(config, subjects, now):
    """Look at all guests once; return what is to be done."""
    turn = _Round(config, subjects, now)
    turn.start()
    gaps = turn.gaps()
    turn.collect(gaps)
    unmet = turn.give(gaps)
    return Plan(list(turn.decisions.values()), config.budget, turn.charged, turn.coming, unmet)
