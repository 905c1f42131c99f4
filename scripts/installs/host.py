# SPDX-License-Identifier: GPL-2.0-only
"""What the guest reaches at 10.0.2.2, over the network that it is to have: packages and files."""

import functools
import http.server
import subprocess
import threading

from rig.common import TOP, RigError

PORT = 8000


class _Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files without a word."""

    def log_message(self, *_args):
        """Say nothing."""


def serve(folder):
    """Serve a folder on this machine's loopback until the process ends."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", PORT),
                                             functools.partial(_Quiet, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()


def packages(folder):
    """Make the Debian packages in a folder; return the names of their files."""
    done = subprocess.run((TOP / "scripts" / "package", "--output", folder, "deb"), check=False,
                          text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        raise RigError(f"the packages cannot be made: {done.stdout.strip()[-300:]}")
    return sorted(path.name for path in folder.glob("*.deb"))
