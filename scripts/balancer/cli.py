# SPDX-License-Identifier: GPL-2.0-only
"""The command line of scripts/balloon-balance."""

import argparse
import asyncio
import sys

from . import config
from .service import Service

DEFAULT_CONFIG = "/etc/balloon-balance.conf"
EXIT_USAGE = 2


def _options(argv):
    parser = argparse.ArgumentParser(
        prog="balloon-balance", allow_abbrev=False,
        description="Shares the memory of this host among guests by their balloons.",
        epilog="SIGHUP reads the configuration again. SIGTERM ends it and leaves all balloons as "
        "they are. Exit status 2: the command line or the configuration cannot be used.")
    parser.add_argument("--config", default=DEFAULT_CONFIG, metavar="FILE",
                        help="the configuration (default %(default)s)")
    parser.add_argument("--check", action="store_true",
                        help="check the configuration and end")
    parser.add_argument("--dry-run", action="store_true",
                        help="look and decide, but change nothing in any guest")
    parser.add_argument("--watch", action="store_true",
                        help="show a table of all guests instead of the log")
    return parser.parse_args(argv)


def main(argv):
    """Run scripts/balloon-balance; return its exit status."""
    options = _options(argv)
    try:
        found = config.load(options.config)
    except config.ConfigError as err:
        for line in str(err).splitlines():
            print(f"balloon-balance: {options.config}: {line}", file=sys.stderr)
        return EXIT_USAGE
    if options.check:
        print(f"{options.config}: {len(found.guests)} guests, no mistake found")
        return 0
    asyncio.run(Service(options.config, found, not options.dry_run, options.watch).run())
    return 0
