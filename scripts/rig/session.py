# SPDX-License-Identifier: GPL-2.0-only
"""Runs QEMU and moves everything between its ports, the guest and the user."""

import contextlib
import os
import pathlib
import re
import selectors
import signal
import socket
import subprocess
import sys
import time

from . import standstill
from .common import EXIT_DIED, EXIT_REPORT, EXIT_TIMEOUT, TOOL_PATH, UsageError, say

TAIL_LINES = 30
# The report of a breakpoint that no debugger set, and the bytes before the one after it.
INT3 = re.compile(r"\bint3: 0000 \[#1\].*?Code: ((?:[0-9a-f]{2} )+)<", re.S)
CRASHES = (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGILL, signal.SIGFPE)
SHUTDOWN_LIMIT = 120     # seconds from the exit message to the end of QEMU
# Seconds in which both guests of a nested run have to get to their init: some 35 where
# nothing else runs. What is tested begins only then.
NESTED_BOOT_LIMIT = 180
# A limit is one of the time that QEMU had a CPU or wanted none: it is put off by as long as
# QEMU waited for one, because this machine was busy, until so many times the limit are over.
PATIENCE = 4


class Session:
    """One QEMU process with its event loop.

    Ports are socket pairs, one end of which QEMU inherits; `handlers` maps each to
    a function that takes the bytes which arrived.
    """

    def __init__(self, log, timeout):
        self.log = log
        self.timeout = timeout
        self.selector = selectors.DefaultSelector()
        self.ports = {}         # name: our end
        self.theirs = {}        # name: QEMU's end
        self.handlers = {}
        self.outbox = {}        # name: bytes not yet sent
        self.jobs = []          # functions polled on every turn; True when done
        self.guests = []
        self.qemu = None
        self.qemu_noise = b""
        self.timed_out = False
        self.never_up = False   # timed out before what is tested could begin
        self.started = None

    def add_port(self, name, handler):
        """Create a port; return the chardev backend for QEMU's command line."""
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        self.ports[name], self.theirs[name] = ours, theirs
        self.handlers[name] = handler
        self.outbox[name] = bytearray()
        self.selector.register(ours, selectors.EVENT_READ, name)
        return f"socket,id={{id}},fd={theirs.fileno()}"

    def send(self, name, data):
        """Queue bytes for a port."""
        if name in self.ports:
            self.outbox[name] += data
            self._flush(name)

    def _flush(self, name):
        box, sock = self.outbox[name], self.ports[name]
        try:
            while box:
                del box[:sock.send(box[:65536])]
        except BlockingIOError:
            pass
        except OSError:
            box.clear()
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if box else 0)
        self.selector.modify(sock, events, name)

    def start(self, args):
        """Start QEMU with these arguments."""
        self.log.write("command", " ".join(args))
        self.log.note("QEMU starts")
        fds = [end.fileno() for end in self.theirs.values()]
        env = {**os.environ, "PATH": TOOL_PATH}
        self.qemu = subprocess.Popen(["qemu-system-x86_64", *args], pass_fds=fds, env=env,
                                     stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                     stderr=subprocess.STDOUT)
        for end in self.theirs.values():
            end.close()
        os.set_blocking(self.qemu.stdout.fileno(), False)
        self.selector.register(self.qemu.stdout, selectors.EVENT_READ, "")
        self.started = time.monotonic()

    def turn(self, limit):
        """Wait for events at most limit seconds and serve them."""
        for key, events in self.selector.select(limit):
            if key.data == "":
                self._qemu_output(key.fileobj)
                continue
            if not callable(key.data) and events & selectors.EVENT_WRITE:
                self._flush(key.data)
            if events & selectors.EVENT_READ:
                self._read(key)

    def _read(self, key):
        if callable(key.data):
            key.data()
            return
        try:
            data = key.fileobj.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.selector.unregister(key.fileobj)
            self.ports.pop(key.data).close()
            return
        self.handlers[key.data](data)

    def _qemu_output(self, pipe):
        data = pipe.read()
        if data:
            self.qemu_noise += data
        elif data == b"":
            self.selector.unregister(pipe)

    def _all_read(self):
        """Say whether every file of QEMU's was read to its end."""
        return all(callable(key.data) for key in self.selector.get_map().values())

    def watch(self, fileobj, handler):
        """Call handler() whenever fileobj, not one of QEMU's, can be read."""
        self.selector.register(fileobj, selectors.EVENT_READ, handler)

    def _waited(self):
        """Return the seconds that a thread of QEMU's waited for a CPU, of the worst one."""
        waits = [0.0]
        for path in pathlib.Path(f"/proc/{self.qemu.pid}/task").glob("*/schedstat"):
            with contextlib.suppress(OSError, ValueError, IndexError):
                waits.append(int(path.read_text().split()[1]) / 1e9)
        return max(waits)

    def _is_over(self, now, limit):
        """Is this limit, in seconds from the start, over?"""
        passed = now - self.started
        return passed > limit and (passed > limit * PATIENCE or passed - self._waited() > limit)

    def loop(self):
        """Serve until QEMU is gone, all it wrote is read, or the time is up."""
        ending = None
        while True:
            now = time.monotonic()
            if all(guest.status is not None for guest in self.guests) and ending is None:
                ending = now + SHUTDOWN_LIMIT
            if (now > ending if ending else self._is_over(now, self.timeout)) \
                    or self._is_not_up(now):
                self._give_up(ending is not None)
                return
            self.turn(0.02 if self.jobs else 0.5)
            self.jobs = [job for job in self.jobs if not job()]
            if self.qemu.poll() is not None and self._all_read():
                return

    def _is_not_up(self, now):
        """Has one of the kernels of a nested run hung on its way to init?"""
        self.never_up = (len(self.guests) > 1 and self.guests[-1].release is None
                         and self._is_over(now, NESTED_BOOT_LIMIT))
        return self.never_up

    def _give_up(self, was_ending):
        standstill.examine(self)
        self.kill()
        if was_ending:
            self.guests[0].problems.append("did not power off after its exit message")
        else:
            self.timed_out = True

    def kill(self):
        """End QEMU at once."""
        if self.qemu and self.qemu.poll() is None:
            self.qemu.kill()
            self.qemu.wait()

    def _stale_code(self):
        """Return a guest whose kernel died of an instruction that its memory does not hold.

        The kernel dumps the bytes around the place: a breakpoint (0xcc) that is in memory
        is the kernel's own doing, or that of a module, and no excuse.
        """
        for guest in self.guests:
            found = INT3.search(guest.console_text())
            if found and found[1].split()[-1] != "cc":
                return guest
        return None

    def emulator_fault(self, repeatable):
        """Return what QEMU's emulation did wrong, if a kernel died of that, or None.

        With several CPUs it may run a stale breakpoint instruction after the kernel
        patched its code; the kernel's report proves it. It may also reset the outer
        guest of a nested run, without a word of its kernel, or end by a signal (an
        error of its own: what ends it from outside is none). Nothing that is under test
        runs there, and nothing that the inner guest does may have that effect. A run
        that cannot be repeated once the user's command began is not excused later.
        """
        if not repeatable and self.guests[-1].release is not None:
            return None
        stale = self._stale_code()
        if stale:
            return f"ran stale code in the {stale.name} (a known race of its emulation)"
        if self.never_up and not any(guest.kernel_report() for guest in self.guests):
            return (f"did not get the guests to their init in {NESTED_BOOT_LIMIT} s "
                    "(nothing under test had begun)")
        outer = self.guests[0]
        if len(self.guests) > 1 and -(self.qemu.returncode or 0) in CRASHES:
            return f"ended by {signal.Signals(-self.qemu.returncode).name} (a fault of its own)"
        if (len(self.guests) > 1 and outer.status is None and not self.timed_out
                and not self.qemu.returncode and not outer.kernel_report()):
            return "reset the outer guest, whose kernel did not complain (a fault of its emulation)"
        return None

    def result(self):
        """Return the exit status of the run, having printed why it failed."""
        noise = self.qemu_noise.decode(errors="replace").strip()
        self.log.write("output of QEMU", noise)
        for guest in self.guests:
            self.log.write(f"console of {guest.name}", guest.console_text())
            self.log.write(f"kernel log of {guest.name}", guest.dmesg)
        if self.timed_out:
            self._tails()
            for guest in self.guests:
                for line in [guest.stage(), *guest.standstill]:
                    say(f"{guest.name}: {line}")
            say("timed out in the boot" if self.never_up else f"timed out after {self.timeout} s")
            return EXIT_TIMEOUT
        if self.qemu.returncode and not any(guest.console for guest in self.guests):
            why = [line for line in noise.splitlines() if "warning:" not in line]
            raise UsageError(f"QEMU did not start: {' '.join(why) or self.qemu.returncode}")
        codes = self._verdicts()
        if EXIT_DIED in codes:
            self._tails()
        if codes:
            return EXIT_REPORT if EXIT_REPORT in codes else EXIT_DIED
        if self.qemu.returncode:
            say(f"QEMU ended with status {self.qemu.returncode}: {noise}")
            return EXIT_DIED
        return self.guests[-1].status

    def _verdicts(self):
        """Print what is wrong with each guest; return the exit codes that follow."""
        codes = []
        for guest in self.guests:
            code, reason = guest.verdict()
            if reason:
                say(f"{guest.name}: {reason}")
                codes.append(code)
        return codes

    def _tails(self):
        for guest in self.guests:
            lines = guest.console_text().rstrip().splitlines()[-TAIL_LINES:]
            say(f"last {len(lines)} lines of the console of {guest.name}:")
            print("\n".join("    " + line for line in lines), file=sys.stderr)
