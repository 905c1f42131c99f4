# SPDX-License-Identifier: GPL-2.0-only
"""One guest as the host sees it: its console, its control channel, its verdict."""

import base64
import binascii
import secrets
import time
import zlib

from . import report
from .common import EXIT_DIED, EXIT_REPORT

LINE_LIMIT = 1 << 20    # a longer line on the control channel is not ours


class Guest:
    """State of a guest, fed with what arrives on its ports.

    Only lines on the control channel that start with the nonce of this run count.
    """

    def __init__(self, name):
        self.name = name
        self.nonce = secrets.token_hex(8)
        self.console = bytearray()
        self.release = None         # set once the guest's init is up
        self.up_since = None
        self.status = None          # exit status of the command
        self.taint = 0
        self.dmesg = ""
        self.problems = []          # why the run cannot be trusted
        self.qmp = None
        self.port_prefix = ""       # of its ports in the session
        self.standstill = []        # where its CPUs stood when the time was up
        self.note = lambda text: None
        self.on_request = None      # called with (id, verb, payload)
        self.must_succeed = None    # name of the command, when its failure is one of the rig
        self._crash_is_near = False
        self._crashes = 0           # that were announced, and survived by the next kernel
        self._packed = []
        self._line = bytearray()
        self._answer = {}           # id: list of pieces still to send

    def feed_control(self, data):
        """Take bytes from the control channel; return bytes to send back."""
        reply = b""
        self._line += data
        while b"\n" in self._line:
            line, _, rest = self._line.partition(b"\n")
            self._line = bytearray(rest)
            words = line.decode(errors="replace").strip().split(" ")
            if words[0] == "@" + self.nonce and len(words) > 1:
                reply += self._message(words[1], words[2:])
        if len(self._line) > LINE_LIMIT:
            self._line.clear()
        return reply

    def _message(self, verb, words):
        if verb in ("HELLO", "FAIL", "EXIT"):
            self.note(f"{self.name}: {verb} {' '.join(words)}")
        if verb == "HELLO":
            self.release = words[0] if words else "?"
            self.up_since = time.monotonic()
            self._crashes += self._crash_is_near
            self._crash_is_near = False
        elif verb == "FAIL":
            self.problems.append("the guest could not start: " + " ".join(words))
        elif verb == "DMESG":
            self._packed.extend(words)
        elif verb == "EXIT":
            self._exit(words)
        elif verb == "NEXT" and words:
            return self._piece(words[0])
        elif verb == "REQ" and len(words) == 3 and self.on_request:
            try:
                payload = base64.b64decode(words[2], validate=True).decode()
            except (binascii.Error, UnicodeDecodeError):
                return self.answer(words[0], 1, "unreadable request\n")
            self.on_request(words[0], words[1], payload)
        return b""

    def _exit(self, words):
        if self.status is not None:
            self.problems.append("the guest reported its exit twice")
            return
        try:
            self.status, self.taint = int(words[0]), int(words[1])
            packed = base64.b64decode("".join(self._packed), validate=True)
            unpacker = zlib.decompressobj(wbits=31)
            self.dmesg = unpacker.decompress(packed).decode(errors="replace")
            if not unpacker.eof:
                raise ValueError("truncated")
        except (ValueError, IndexError, zlib.error):
            self.problems.append("the guest's last message or kernel log arrived damaged")

    def answer(self, ident, status, text):
        """Queue the answer to a request; return the bytes of its first piece."""
        raw = text if isinstance(text, bytes) else text.encode()
        packed = base64.b64encode(raw).decode()
        pieces = [packed[i:i + 2000] for i in range(0, len(packed), 2000)] or [""]
        self._answer[ident] = (status, pieces)
        return self._piece(ident)

    def _piece(self, ident):
        status, pieces = self._answer.get(ident, (0, []))
        if not pieces:
            return b""
        piece = pieces.pop(0)
        more = "more" if pieces else "last"
        if not pieces:
            del self._answer[ident]
        return f"@{self.nonce} REP {ident} {status} {more} {piece}\n".encode()

    def will_crash(self):
        """Expect the next crash by SysRq, which is no report if another kernel takes over."""
        self._crash_is_near = True

    def _judged(self):
        """Return the console without the one line of each crash that was announced."""
        return report.SYSRQ_CRASH.sub("", self.console_text(), count=self._crashes) \
            if self._crashes else self.console_text()

    def console_text(self):
        """Return the console as text."""
        return self.console.decode(errors="replace").replace("\r", "")

    def kernel_report(self):
        """Return lines that show what the kernel complained about, or []."""
        for text in (self.dmesg, self._judged()):
            lines = report.excerpt(text)
            if lines:
                return lines
        bad = report.bad_taints(self.taint)
        return [f"tainted {self.taint}: {', '.join(bad)}"] if bad else []

    def stage(self):
        """Say how far the guest has come."""
        if self.release is None:
            return "has not got to its init"
        if self.status is not None:
            return f"its command ended with {self.status}"
        return f"its command has run for {time.monotonic() - self.up_since:.0f} s"

    def verdict(self):
        """Return (exit status, reason or None) once the guest is gone."""
        lines = self.kernel_report()
        if lines:
            return EXIT_REPORT, "kernel report:\n    " + "\n    ".join(lines)
        if self.problems:
            return EXIT_DIED, "; ".join(self.problems)
        if self.status is None:
            return EXIT_DIED, "died without reporting an exit status"
        if self.must_succeed and self.status:
            return EXIT_DIED, f"{self.must_succeed} failed with status {self.status}"
        return self.status, None
