# SPDX-License-Identifier: GPL-2.0-only
"""Finds out where the guests of a run stand when its time is up.

QEMU is asked for the registers twice, so that it shows whether a CPU still does
something, and the kernel, through a break on its console (SysRq), for what its CPUs and
tasks do. Whoever is dead does not answer: every wait has a limit.
"""

import re
import time

ANSWER_LIMIT = 10       # seconds until a monitor must have answered
APART = 2               # seconds between the two looks at the registers
KERNEL_LIMIT = 60       # seconds for what the kernel says; a nested console is slow
QUIET = 2               # seconds without a byte of it: that was all
# SysRq: 9 all messages go to the console, l what CPUs do, w who is blocked, t all tasks.
KEYS = "9lwt"
REGISTERS = "info registers -a"
LOOKS = ("info status", "info cpus", "info pic", "info lapic", "info irq")
CPU = re.compile(r"^CPU#(\d+)\n(.*?)(?=^CPU#|\Z)", re.M | re.S)
PLACE = re.compile(r"[RE]IP=([0-9a-f]+) [RE]FL=([0-9a-f]+).*CPL=(\d).*HLT=(\d)")
INTERRUPTS_ON = 1 << 9


def _wait(session, limit, done):
    """Serve the ports until done() or the limit; say whether it was done."""
    end = time.monotonic() + limit
    while not done() and time.monotonic() < end and session.qemu.poll() is None:
        session.turn(0.1)
    return bool(done())


def _ask(session, guest, command, **arguments):
    """Return what the monitor of a guest answers, or None."""
    answers = []
    guest.qmp.execute({"execute": command, "arguments": arguments}, answers.append)
    _wait(session, ANSWER_LIMIT, lambda: answers)
    return answers[0].get("return", answers[0]) if answers else None


def _monitor(session, guest, line):
    answer = _ask(session, guest, "human-monitor-command", **{"command-line": line})
    return answer.replace("\r", "") if isinstance(answer, str) else answer


def places(text):
    """Return {CPU: (RIP, flags, CPL, halted)} from the registers that QEMU shows."""
    found = {}
    for number, registers in CPU.findall(text):
        place = PLACE.search(registers)
        if place:
            found[int(number)] = (place[1], int(place[2], 16), int(place[3]), place[4] == "1")
    return found


def summary(before, after):
    """Return a line for each CPU: where it stands and whether it moved."""
    lines = []
    for number, (rip, flags, cpl, halted) in sorted(places(after).items()):
        moved = before.split(f"CPU#{number}\n")[-1].split("CPU#")[0] \
            != after.split(f"CPU#{number}\n")[-1].split("CPU#")[0]
        lines.append(f"CPU {number} {'halted' if halted else 'runs'} at {rip}, CPL {cpl}, "
                     f"interrupts {'on' if flags & INTERRUPTS_ON else 'off'}, "
                     + ("did something" if moved else f"did nothing for {APART} s"))
    return lines


def _registers(session, guest):
    before = _monitor(session, guest, REGISTERS)
    if not isinstance(before, str):
        return "", [f"QEMU does not answer: {before}"]
    end = time.monotonic() + APART
    _wait(session, APART, lambda: time.monotonic() >= end)
    after = _monitor(session, guest, REGISTERS)
    if not isinstance(after, str):
        return before, [f"QEMU answers no more: {after}"]
    return before + "\n" + after, summary(before, after)


def _kernel(session, guest):
    """Make the kernel say on its console what it does; return that."""
    old = len(guest.console)
    for key in KEYS:
        if _ask(session, guest, "chardev-send-break", id="console") is None:
            break
        before = len(guest.console)
        session.send(guest.port_prefix + "console", key.encode())
        seen = [before, None]

        def quiet(seen=seen):
            if len(guest.console) != seen[0]:
                seen[:] = [len(guest.console), time.monotonic()]
            return seen[1] and time.monotonic() > seen[1] + QUIET
        _wait(session, KERNEL_LIMIT, quiet)
        if len(guest.console) == before:
            break
    text = guest.console[old:].decode(errors="replace").replace("\r", "")
    del guest.console[old:]     # nothing that happened in the run
    return text


def examine(session):
    """Look at each guest of a session whose time is up; note what is found."""
    for guest in session.guests:
        registers, guest.standstill = _registers(session, guest)
        session.log.write(f"registers of {guest.name}, twice", registers)
        if not registers:
            continue
        looks = [f"({line})\n{_monitor(session, guest, line)}" for line in LOOKS]
        looks += [f"({line})\n{_monitor(session, guest, line)}"
                  for line in (f"info lapic {cpu}" for cpu in places(registers) if cpu)]
        session.log.write(f"devices of {guest.name}", "\n".join(looks))
        text = _kernel(session, guest)
        session.log.write(f"what the kernel of {guest.name} says it does", text)
        if not text:
            guest.standstill.append("its kernel does not react to SysRq")
