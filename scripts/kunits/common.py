# SPDX-License-Identifier: GPL-2.0-only
"""Places and messages that scripts/kunit, fuzz, mutants and coverage share."""

import argparse
import sys

from rig.common import BUILD_DIR, TOP, UsageError

KUNIT_DIR = TOP / "kunit"
CONFIG_DIR = KUNIT_DIR / "configs"
MUTANTS_DIR = KUNIT_DIR / "mutants"
GUEST_DIR = TOP / "scripts" / "kunits" / "guest"
OUT_DIR = BUILD_DIR / "kunit"

# kvmclock has no device, so it needs no fake one.
DRIVERS = ("virtio_balloon", "virtio_net", "virtio_blk", "kvmclock")
FAKE = "kgd_fake_virtio"

EXIT_FAILED = 1

_name = "kunit"


def set_name(name):
    """Say as which program messages are printed."""
    global _name
    _name = name


def say(message):
    """Print one line of the tool's own on standard error."""
    print(f"{_name}: {message}", file=sys.stderr, flush=True)


class Parser(argparse.ArgumentParser):
    """Reports a bad command line in one line."""

    def error(self, message):
        say(f"{message} ({self.prog} --help lists what is allowed)")
        sys.exit(2)


def number(text, option, low, high):
    """Turn the value of an option into a number in a range."""
    if not str(text).isdigit() or not low <= int(text) <= high:
        raise UsageError(f"{option} {text}: not a number from {low} to {high}")
    return int(text)


def drivers(names):
    """Return the drivers that were named, all when none was."""
    for name in names:
        if name not in DRIVERS:
            raise UsageError(f"{name}: no such module; allowed are {', '.join(DRIVERS)}")
    return [name for name in DRIVERS if not names or name in names]
