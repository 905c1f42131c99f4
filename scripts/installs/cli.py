# SPDX-License-Identifier: GPL-2.0-only
"""The command line of scripts/check-install."""

import argparse
import shutil
import signal
import time

from fetcher.apt import NoNetwork
from fetcher.cli import EXIT_NO_NETWORK
from rig import isolate, probe
from rig.common import BUILD_DIR, EXIT_USAGE, RigError, UsageError

from . import image
from .steps import STEPS, Life

SUITE = "bookworm"
FOLDER = BUILD_DIR / "check-install"


def tell(line):
    """Print a line at once."""
    print(line, flush=True)


def _on_signal(number, _frame):
    raise RigError(f"ended by {signal.Signals(number).name}")


def _live(entry, accel):
    """Go through all steps; return the exit status."""
    # The first process of a name space hears only what it has a handler for.
    for number in isolate.FORWARDED:
        signal.signal(number, _on_signal)
    begin = time.monotonic()
    life = Life(FOLDER, entry, accel, tell)
    try:
        life.step("packages, repository and disk are made", life.prepare)
        for step in STEPS:
            step(life)
    except RigError as err:
        tell(f"not ok {err}")
        tell(f"logs: {FOLDER}")
        return 1
    finally:
        if life.guest:
            life.guest.kill()
    life.disk.unlink()
    shutil.rmtree(life.served)
    tell(f"all passed, {(time.monotonic() - begin) / 60:.0f} minutes")
    return 0


def main(argv):
    """Run scripts/check-install; return its exit status."""
    parser = argparse.ArgumentParser(
        prog="scripts/check-install", description="Install the packages in a running Debian 12 "
        "whose root disk, network and balloon are virtio, and boot it after each change: "
        "installed, with secure boot, with a newer kernel, rescued, removed.",
        epilog=f"Exit status: 0 passed, {EXIT_USAGE} bad usage, {EXIT_NO_NETWORK} no network to "
        "make the Debian with, 1 failed otherwise.")
    parser.add_argument("--update", action="store_true",
                        help="make the Debian anew, with what its archive has now")
    parser.add_argument("--host", choices=("auto", "kvm", "tcg"), default="auto",
                        help="how the guest is run (default: KVM where it works)")
    options = parser.parse_args(argv)
    try:
        entry = image.find(SUITE, options.update, lambda text: tell(f"check-install: {text}"))
        accel = probe.best_host() if options.host == "auto" else options.host
        shutil.rmtree(FOLDER, ignore_errors=True)
        FOLDER.mkdir(parents=True)
        return isolate.run(lambda: _live(entry, accel), private_net=True)
    except UsageError as err:
        tell(f"check-install: error: {err}")
        return EXIT_USAGE
    except NoNetwork as err:
        tell(f"check-install: error: {err} (is the network up?)")
        return EXIT_NO_NETWORK
    except RigError as err:
        tell(f"check-install: error: {err}")
        return 1
