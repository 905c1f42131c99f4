# SPDX-License-Identifier: GPL-2.0-only
"""A test case, how it fails, and how one is run and counted."""

import concurrent.futures
import dataclasses
import os
import signal
import subprocess
import threading
import time
import traceback
import typing

from rig.common import BUILD_DIR, TOP

LOG_DIR = BUILD_DIR / "check"

# The run is being ended: what is still running is to be taken down.
STOP = threading.Event()


class Failed(Exception):
    """The case found something wrong."""


class Skipped(Exception):
    """The case cannot be run here; the text says why."""


@dataclasses.dataclass
class Case:
    """One test: its name, what it proves, and the function that does it."""

    name: str
    about: str
    work: typing.Callable
    apart: bool = False     # touches nothing that another such case does
    busy: bool = False      # keeps all CPUs busy all the time

    def log(self):
        """Return the file that takes what the case prints."""
        return LOG_DIR / (self.name.replace("/", "-") + ".log")


class Runner:
    """What a running case uses to call other programs."""

    def __init__(self, log):
        self._log = log

    def note(self, text):
        """Write a line to the log of the case."""
        self._log.write(text.rstrip("\n") + "\n")
        self._log.flush()

    def call(self, *command, timeout=600, env=None, cwd=TOP):
        """Run a program; return (exit status, everything it printed)."""
        self.note("$ " + " ".join(str(word) for word in command))
        child = subprocess.Popen([str(word) for word in command], cwd=cwd,
                                 env={**os.environ, **(env or {})}, text=True,
                                 errors="replace", stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                 start_new_session=True)
        end = time.monotonic() + timeout
        while True:
            try:
                output, _ = child.communicate(timeout=1)
                break
            except subprocess.TimeoutExpired:
                late = time.monotonic() > end
                if late or STOP.is_set():
                    self._kill(child)
                    raise Failed(f"{command[0]} took more than {timeout} s" if late
                                 else "ended with the whole run") from None
            except BaseException:
                self._kill(child)
                raise
        self.note(output)
        return child.returncode, output

    def _kill(self, child):
        # SIGTERM first: scripts/vm then takes its guest down with it.
        os.killpg(child.pid, signal.SIGTERM)
        try:
            output, _ = child.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            output, _ = child.communicate()
        self.note(output)

    def must(self, *command, **options):
        """Run a program that must succeed; return what it printed."""
        status, output = self.call(*command, **options)
        if status:
            raise Failed(f"{command[0]} ended with {status}: {last_line(output)}")
        return output


def last_line(text):
    """Return the last line that is not blank."""
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1].strip() if lines else "no output"


def _outcome(case, log):
    try:
        case.work(Runner(log))
    except Skipped as why:
        return "skip", str(why)
    except Failed as why:
        return "FAIL", str(why)
    except Exception as err:  # a defect of the test must be counted, not end the run
        traceback.print_exc(file=log)
        return "FAIL", f"{type(err).__name__}: {err}"
    return "ok", ""


def _report(case, word, why, took):
    lines = [f"{word:4} {case.name:38} {took:6.1f} s  {why or case.about}"]
    if word == "FAIL":
        lines.append(f"     the whole output is in {case.log().relative_to(TOP)}; the end of it:")
        tail = case.log().read_text(encoding="utf-8").splitlines()[-25:]
        lines += ["     | " + line for line in tail]
    # One call: cases that run at the same time must not mix their lines.
    print("\n".join(lines), flush=True)
    return word


def _run_one(case):
    begin = time.monotonic()
    with open(case.log(), "w", encoding="utf-8") as log:
        word, why = _outcome(case, log)
        log.write(f"{word} {why}\n")
    took = time.monotonic() - begin
    return case.name.partition("/")[0], _report(case, word, why, took), took


def _run_row(cases):
    return [_run_one(case) for case in cases if not STOP.is_set()]


def run(cases, jobs):
    """Run the cases, at most so many at a time.

    Return {"ok": n, "FAIL": n, "skip": n} and {part: seconds of its cases}. Those that
    are not apart run alone, in order, before the others. Those that are busy never run
    beside each other: one of them leaves enough to those that wait now and then.
    """
    LOG_DIR.mkdir(parents=True, exist_ok=True)
    counts, times = {"ok": 0, "FAIL": 0, "skip": 0}, {}

    def add(part, word, took):
        counts[word] += 1
        times[part] = times.get(part, 0) + took
    for case in cases:
        if not case.apart:
            add(*_run_one(case))
    apart = [case for case in cases if case.apart]
    rows = [[case for case in apart if case.busy], *([case] for case in apart if not case.busy)]
    pool = concurrent.futures.ThreadPoolExecutor(jobs)
    try:
        for told in pool.map(_run_row, rows):
            for one in told:
                add(*one)
    except BaseException:
        STOP.set()
        raise
    finally:
        pool.shutdown(cancel_futures=True)
    return counts, times
