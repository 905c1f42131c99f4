# SPDX-License-Identifier: GPL-2.0-only
"""Tells systemd how we are; see sd_notify(3)."""

import contextlib
import os
import socket


def notify(*lines):
    """Send lines such as READY=1 to systemd, if it started us."""
    path = os.environ.get("NOTIFY_SOCKET", "")
    if not path.startswith(("/", "@")):
        return
    address = "\0" + path[1:] if path.startswith("@") else path
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
        out.setblocking(False)
        out.sendto("\n".join(lines).encode(), address)
