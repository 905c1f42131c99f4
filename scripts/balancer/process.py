# SPDX-License-Identifier: GPL-2.0-only
"""The process behind a QMP socket: is it still there, and what memory does it hold?"""

import os
import pathlib
import socket
import struct

PAGE = os.sysconf("SC_PAGE_SIZE")
_UCRED = struct.Struct("3i")


class Process:
    """A QEMU, told from a later process of the same number by when it was started."""

    def __init__(self, pid):
        self._path = pathlib.Path(f"/proc/{pid}")
        self._started = self._start_time()

    @classmethod
    def behind(cls, connected):
        """Return the process that listens at the other end of a socket, or None."""
        try:
            raw = connected.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size)
            pid = _UCRED.unpack(raw)[0]
        except OSError:
            return None
        # 0: it is in a PID name space that we do not see.
        process = cls(pid) if pid > 0 else None
        return process if process and process.alive() else None

    def _start_time(self):
        try:
            # The name of the program, in brackets, may hold anything.
            stat = (self._path / "stat").read_bytes().rpartition(b")")[2].split()
            return None if stat[0] in (b"Z", b"X") else stat[19]
        except (OSError, IndexError):
            return None

    def alive(self):
        """Is it still running?"""
        return self._started is not None and self._start_time() == self._started

    def same(self, other):
        """Is it the process that another one is?"""
        return (other is not None and self._path == other._path
                and self._started == other._started)

    def resident(self):
        """Return its resident memory in bytes, or None where that cannot be read."""
        try:
            return int((self._path / "statm").read_bytes().split()[1]) * PAGE
        except (OSError, IndexError, ValueError):
            return None
