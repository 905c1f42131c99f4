# SPDX-License-Identifier: GPL-2.0-only
"""The command line of scripts/fetch."""

import argparse

from rig.common import EXIT_USAGE, RigError, UsageError

from . import kernel
from .apt import NoNetwork

EXIT_FAILED = 1
EXIT_NO_NETWORK = 69        # EX_UNAVAILABLE of sysexits.h


def main(argv):
    """Run scripts/fetch; return its exit status."""
    parser = argparse.ArgumentParser(
        prog="scripts/fetch", description="Bring kernels of other Debian releases, their headers "
        "and compilers, into the cache. The machine's own packages are left alone.",
        epilog="Then: make modules KVER=SERIES, scripts/vm --kernel SERIES. Exit status: 0 they "
        f"are here, {EXIT_USAGE} bad usage, {EXIT_NO_NETWORK} no network, {EXIT_FAILED} failed "
        "otherwise.")
    parser.add_argument("series", nargs="+", metavar="SERIES", help=", ".join(kernel.SOURCES))
    parser.add_argument("--update", action="store_true",
                        help="ask for a newer one even if there is one here")
    options = parser.parse_args(argv)
    try:
        for series in options.series:
            path = kernel.find(series, options.update)
            release = (path / "release").read_text(encoding="ascii").strip()
            print(f"{series} {release} {path}", flush=True)
    except UsageError as err:
        kernel.say(f"error: {err}")
        return EXIT_USAGE
    except NoNetwork as err:
        kernel.say(f"error: {err}")
        return EXIT_NO_NETWORK
    except RigError as err:
        kernel.say(f"error: {err}")
        return EXIT_FAILED
    return 0
