# SPDX-License-Identifier: GPL-2.0-only
"""The policy, with guests of numbers and a clock that is set by hand."""

import random
import types
import unittest

from .. import policy
from ..config import BALANCER, REQUIRED
from ..stats import Stats
from ..track import CONTENT, IDLE, PRESSED, URGENT, Sample, Track
from ..units import MIB

OVERHEAD = 50 * MIB


def settings(budget, **changes):
    """Return the defaults of [balancer], with a budget in MiB."""
    values = {key.replace("-", "_"): default for key, (default, _) in BALANCER.items()
              if default is not REQUIRED}
    return types.SimpleNamespace(**{**values, "budget": budget * MIB, **changes})


class Model:
    """A guest of numbers: sizes in MiB."""

    def __init__(self, config, name, size=1024, used=200, floor=128, ceiling=1024, share=100):
        self.config, self.name = config, name
        self.size, self.used, self.maximum = size * MIB, used * MIB, 1024 * MIB
        self.floor, self.ceiling, self.share = floor * MIB, ceiling * MIB, share
        self.track = Track(config)
        self.speed = 200 * MIB      # the balloon's, bytes per second
        self.slowest = 0            # it does not give more than this leaves, bytes
        self.swaps = False          # a tenth of its size is always available, by swapping
        self.late = False           # statistics are from before the balloon's last second
        self.fixed = False          # total does not follow the balloon
        self.statistics = True
        self.problem = ""
        self.least = self.size

    def in_use(self):
        """Return what it cannot give."""
        return min(self.used, self.size * 9 // 10) if self.swaps else self.used

    def live(self, clock):
        """Let a second pass."""
        target, before = self.track.target, self.size
        if target is not None:
            step = max(-self.speed, min(self.speed, target - self.size))
            self.size = max(self.size + step, self.slowest) if step < 0 else self.size + step
        self.least = min(self.least, self.size)
        size = before if self.late else self.size
        total = (self.maximum if self.fixed else size) - 20 * MIB
        stats = Stats(clock, total, min(max(0, size - self.in_use()), total))
        if not self.statistics:
            stats = None
        self.problem = self.track.add(Sample(self.size, self.maximum, stats), clock, clock)

    def subject(self):
        """Return what the policy sees."""
        charge = policy.charge(self.track, OVERHEAD, self.size + OVERHEAD // 2, self.ceiling)
        return policy.Subject(self.name, self.floor, self.ceiling, self.share, OVERHEAD,
                              self.track, charge, not self.problem)


class World:
    """Guests on one host."""

    def __init__(self, test, config, *models):
        self.test, self.config, self.models = test, config, models
        self.clock, self.plan, self.log = 1000, None, []

    def run(self, seconds, settled=False):
        """Let time pass. Once settled, the budget holds in each moment."""
        for _ in range(seconds):
            self.clock += 1
            for model in self.models:
                model.live(self.clock)
            self.plan = policy.plan(self.config, [m.subject() for m in self.models], self.clock)
            by_name = {model.name: model for model in self.models}
            for decision in self.plan.decisions:
                self.log.append((self.clock, decision))
                self.check(by_name[decision.name], decision)
                by_name[decision.name].track.asked(decision.new, self.clock)
            held = sum(max(m.size, m.track.target or 0) + OVERHEAD for m in self.models)
            if settled:
                self.test.assertLessEqual(held, self.config.budget)

    def check(self, model, decision):
        """What holds of each decision."""
        test = self.test
        if decision.verb == "take":
            test.assertGreaterEqual(decision.new, min(model.floor, model.maximum))
            test.assertLessEqual(model.size - decision.new,
                                 policy.HURRY * self.config.take_step)
            test.assertGreaterEqual(decision.new - model.in_use(), 0, "took what is in use")
        if decision.verb == "give":
            test.assertLessEqual(decision.new, model.ceiling)

    def verbs(self, name, since=0):
        """Return what was decided about a guest."""
        return [decision.verb for when, decision in self.log
                if decision.name == name and when > since]


class Policy(unittest.TestCase):
    """One behaviour each."""

    def world(self, budget, *models, **changes):
        config = settings(budget, idle=5, **changes)
        made = [Model(config, **model) for model in models]
        return World(self, config, *made), made

    def test_squeezes_into_the_budget(self):
        world, models = self.world(3072, *({"name": name} for name in "abcde"))
        world.run(40)
        self.assertGreaterEqual(world.plan.free, 0)
        world.run(100, settled=True)
        for model in models:
            self.assertEqual(model.track.mood, CONTENT)
            self.assertGreaterEqual(model.track.percent(), world.config.goal - 1)

    def test_quiet_when_content(self):
        world, _ = self.world(3072, *({"name": name} for name in "abc"))
        world.run(60)
        before = world.clock
        world.run(200, settled=True)
        self.assertEqual([verb for name in "abc" for verb in world.verbs(name, before)], [])

    def test_busy_gets_memory_in_time(self):
        world, models = self.world(3072, *({"name": name} for name in "abcde"))
        world.run(60)
        for model in models[:3]:
            model.used = 600 * MIB - OVERHEAD
        world.run(10, settled=True)
        for model in models[:3]:
            self.assertGreaterEqual(model.size, model.used + 16 * MIB)
        world.run(20, settled=True)
        for model in models[:3]:
            self.assertGreaterEqual(model.track.percent(), world.config.low)

    def test_takes_from_who_is_not_idle_yet(self):
        world, (a, b) = self.world(1200, {"name": "a", "size": 300}, {"name": "b", "size": 800})
        world.config.idle = 10000
        world.run(5)
        a.used = 500 * MIB
        world.run(25, settled=True)
        self.assertIn("take", world.verbs("b"))
        self.assertGreaterEqual(a.track.percent(), world.config.low)
        self.assertGreaterEqual(b.track.percent(), world.config.goal - 1)

    def test_shares_decide_when_all_are_needy(self):
        world, (a, b) = self.world(1300, {"name": "a", "size": 300, "used": 900, "share": 300},
                                   {"name": "b", "size": 800, "used": 900, "share": 100})
        a.swaps = b.swaps = True
        world.run(120)
        self.assertGreater(a.size, 1.8 * b.size)
        self.assertGreaterEqual(b.size, b.floor)
        world.run(30, settled=True)

    def test_no_memory_without_room(self):
        world, (a, b) = self.world(995, {"name": "a", "size": 450, "used": 440},
                                   {"name": "b", "size": 440, "used": 430})
        world.run(30, settled=True)
        self.assertNotIn("give", world.verbs("a") + world.verbs("b"))
        self.assertIn("a", world.plan.unmet)

    def test_growth_waits_for_what_is_given(self):
        world, (a, b) = self.world(1150, {"name": "a", "size": 250, "used": 100},
                                   {"name": "b", "size": 800, "used": 100})
        b.speed = 5 * MIB
        world.run(5)
        a.used = 400 * MIB
        world.run(60, settled=True)     # held: a's target counts before b has given
        self.assertIn("give", world.verbs("a"))

    def test_floor_and_ceiling(self):
        world, (a, b) = self.world(3000, {"name": "a", "used": 20, "floor": 300},
                                   {"name": "b", "size": 700, "used": 690, "ceiling": 640})
        world.run(60)
        self.assertEqual(a.size, 300 * MIB)
        b.used = 100 * MIB
        world.run(20)
        self.assertLessEqual(b.size, 640 * MIB)
        a.floor = 500 * MIB             # a period with a higher floor begins
        world.run(5)
        self.assertEqual(a.size, 500 * MIB)

    def test_without_statistics_left_alone_and_counted(self):
        world, (a, b) = self.world(1500, {"name": "a", "size": 900}, {"name": "b", "size": 500,
                                                                      "used": 490})
        a.statistics = False
        world.run(30, settled=True)
        self.assertEqual(world.verbs("a"), [])
        self.assertEqual(a.size, 900 * MIB)
        self.assertLessEqual(b.size, (1500 - 900 - 100) * MIB)

    def test_takes_only_on_new_statistics(self):
        world, (a,) = self.world(2000, {"name": "a", "used": 100})
        world.run(10)
        self.assertEqual(a.track.mood, IDLE)
        world.run(1)
        count = len(world.verbs("a"))
        for _ in range(20):             # looks at the guest, with statistics that stay the same
            a.track.add(Sample(a.track.target, a.maximum, a.track.sample.stats), world.clock,
                        world.clock)
            for decision in policy.plan(world.config, [a.subject()], world.clock).decisions:
                world.log.append((world.clock, decision))
                a.track.asked(decision.new, world.clock)
        self.assertLessEqual(len(world.verbs("a")), count + 1)

    def test_idle_guest_keeps_memory_that_nobody_wants(self):
        world, (a,) = self.world(2000, {"name": "a", "used": 100}, spare=0)
        world.run(60)
        self.assertEqual(a.size, 1024 * MIB)

    def test_helped_itself(self):
        world, (a,) = self.world(2000, {"name": "a", "size": 400, "used": 290})
        world.run(10)
        a.size, a.speed = 500 * MIB, 0      # deflate-on-oom
        world.run(1)
        self.assertEqual(a.track.mood, URGENT)
        self.assertGreaterEqual(a.track.target, 500 * MIB)

    def test_helps_itself_beyond_its_ceiling(self):
        world, (a,) = self.world(2000, {"name": "a", "size": 400, "used": 290, "ceiling": 450})
        world.run(10)
        a.size, a.speed = 500 * MIB, 0
        world.run(60)
        self.assertEqual(a.track.target, 450 * MIB)

    def test_charge(self):
        track = Track(settings(1000))
        self.assertEqual(policy.charge(track, 5, None, 1000), 1005)
        track.sample = Sample(500, 1000, None)
        self.assertEqual(policy.charge(track, 5, None, 1000), 505)
        self.assertEqual(policy.charge(track, 5, 504, 1000), 505)
        self.assertEqual(policy.charge(track, 5, 900, 1000), 900)
        track.target = 600
        self.assertEqual(policy.charge(track, 5, None, 1000), 605)

    def test_guest_that_does_not_give(self):
        world, (a,) = self.world(900, {"name": "a"})
        a.slowest = 1000 * MIB
        world.run(5)
        self.assertIn("take", world.verbs("a"))
        world.run(20)
        self.assertIn(1000 * MIB, [one.new for _, one in world.log if one.verb == "keep"])

    def test_falls_fast(self):
        world, (a,) = self.world(2000, {"name": "a", "size": 500, "used": 100}, spare=0)
        world.run(5)
        a.used += 100 * MIB
        world.run(1)
        self.assertEqual(a.track.mood, URGENT, a.track.why)
        self.assertEqual(world.verbs("a")[-1], "give")

    def test_total_that_does_not_follow(self):
        """Where the total stays, taking memory must not look like a guest that uses it up."""
        for late in (False, True):
            world, (a,) = self.world(2000, {"name": "a", "used": 100})
            a.fixed, a.late = True, late
            world.run(60)
            self.assertNotIn("give", world.verbs("a"))
            self.assertLess(a.size, 400 * MIB)
            a.used = a.size - 30 * MIB      # a step, not the beginning of more
            world.run(30)
            self.assertGreaterEqual(a.track.percent(), world.config.low)
            self.assertLess(a.size, 400 * MIB, "took what it was given for what it uses")

    def test_stale(self):
        world, (a,) = self.world(2000, {"name": "a", "used": 100})
        world.run(3)
        same = a.track.sample
        for seconds in range(1, 30):
            a.problem = a.track.add(same, world.clock + seconds, world.clock + seconds)
            self.assertEqual(bool(a.problem), seconds > world.config.stale, seconds)

    def test_old_at_first_sight(self):
        track = Track(settings(1000))
        stats = Stats(1000, 400 * MIB, 100 * MIB)
        sample = Sample(500 * MIB, 500 * MIB, stats)
        self.assertIn("no statistics", track.add(sample, 5.0, 5000))
        self.assertIn("no statistics", track.add(sample, 6.0, 5001))
        newer = Sample(500 * MIB, 500 * MIB, Stats(1001, 400 * MIB, 100 * MIB))
        self.assertEqual(track.add(newer, 7.0, 5002), "")

    def test_swapping_is_pressure(self):
        track = Track(settings(1000))
        for second in range(1, 4):
            stats = Stats(second, 480 * MIB, 100 * MIB, swap_in=second * 5 * MIB)
            track.add(Sample(500 * MIB, 500 * MIB, stats), second, second)
        self.assertEqual(track.mood, PRESSED, track.why)

    def test_fair(self):
        claims = {"a": (10, 100, 1), "b": (10, 20, 1), "c": (10, 100, 2)}
        self.assertEqual(policy.fair(120, claims), {"a": 36, "b": 20, "c": 63})
        self.assertEqual(policy.fair(5, claims), {"a": 10, "b": 10, "c": 10})
        self.assertEqual(policy.fair(1000, claims), {"a": 100, "b": 20, "c": 100})

    def test_any_load(self):
        """Whatever guests do, the budget holds once they fit, and nobody loses what it uses."""
        for seed in range(6):
            with self.subTest(seed=seed):
                dice = random.Random(seed)
                world, models = self.world(3072, *(
                    {"name": name, "used": 150, "share": dice.choice((50, 100, 300))}
                    for name in "abcde"))
                world.run(60)
                for _ in range(60):
                    model = dice.choice(models)
                    top = int(min(model.size, 1024 * MIB) * 0.97)
                    model.used = dice.randrange(100 * MIB, max(101 * MIB, top))
                    world.run(dice.randrange(1, 8), settled=True)
