# SPDX-License-Identifier: GPL-2.0-only
"""Connects the user's terminal to the guest for --shell."""

import contextlib
import os
import sys
import termios
import tty

from .common import RigError, say

QUIT = b"\x1d"      # Ctrl-]


@contextlib.contextmanager
def raw(session, port):
    """Put the terminal in raw mode and send what is typed to a port."""
    fd = sys.stdin.fileno()
    if not os.isatty(fd):
        raise RigError("--shell needs a terminal on standard input", 2)
    saved = termios.tcgetattr(fd)

    def typed():
        data = os.read(fd, 4096)
        if not data or QUIT in data:
            raise KeyboardInterrupt
        session.send(port, data)

    say("Ctrl-] ends the guest")
    try:
        tty.setraw(fd)
        session.watch(fd, typed)
        yield
    finally:
        termios.tcsetattr(fd, termios.TCSADRAIN, saved)


def window():
    """Return (rows, columns) of the user's terminal."""
    try:
        columns, rows = os.get_terminal_size(sys.stdout.fileno())
        return rows, columns
    except OSError:
        return 24, 80
