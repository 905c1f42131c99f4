# SPDX-License-Identifier: GPL-2.0-only
"""What the guest reaches at 10.0.2.2, over the network that it is to have: packages and files."""

import functools
import http.server
import os
import re
import subprocess
import threading

from rig.common import TOP, RigError

PORT = 8000
# Of the packages that are made to be installed over the others.
LATER = "9.9.9"


class _Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files without a word."""

    def log_message(self, *_args):
        """Say nothing."""


def serve(folder):
    """Serve a folder on this machine's loopback until the process ends."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", PORT),
                                             functools.partial(_Quiet, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()


def _made(what, command, **options):
    done = subprocess.run(command, check=False, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, **options)
    if done.returncode:
        raise RigError(f"{what} cannot be made: {done.stdout.strip()[-300:]}")


def packages(folder):
    """Make the Debian packages in a folder; return the names of their files."""
    _made("the packages", (TOP / "scripts" / "package", "--output", folder, "deb"))
    return sorted(path.name for path in folder.glob("*.deb"))


def lowered(folder, maximum, scratch):
    """Make the packages of a later version that is for kernels up to a maximum; as packages()."""
    scratch.mkdir()
    _made("the sources", (TOP / "scripts" / "package", "--output", scratch, "tarball"))
    _made("the sources", ("tar", "-xf", *scratch.glob("*.tar.xz"), "-C", scratch,
                          "--strip-components=1"))
    for name, key, value in (("kernels.conf", "KERNEL_MAX", maximum),
                             ("kernels.conf", "KERNEL_UNTRIED", "0.0-0.0"),
                             ("dkms.conf", "PACKAGE_VERSION", f'"{LATER}"')):
        path = scratch / name
        text, found = re.subn(rf"^{key}=.*$", f"{key}={value}", path.read_text(encoding="ascii"),
                              flags=re.M)
        if found != 1:
            raise RigError(f"{name} has {found} lines {key}=")
        path.write_text(text, encoding="ascii")
    # git must not take it for a part of this checkout.
    _made("the packages up to " + maximum,
          (scratch / "scripts" / "package", "--output", folder, "deb"),
          env={**os.environ, "GIT_CEILING_DIRECTORIES": str(scratch.parent)})
    return sorted(path.name for path in folder.glob("*.deb"))
