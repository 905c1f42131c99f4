# SPDX-License-Identifier: GPL-2.0-only
"""Boots a guest that runs modules with tests, and takes its kernel log apart."""

import dataclasses
import os
import pathlib
import re
import shlex
import signal
import subprocess
import sys
import tempfile

from rig import report
from rig.common import EXIT_DIED, EXIT_REPORT, EXIT_TIMEOUT, TOP

from .common import GUEST_DIR, OUT_DIR

MEMORY = {"fast": "512M", "coverage": "512M", "debug": "1G", "rt": "512M"}
# A hang is to end the guest, with a report, not to wait for the time-out. On a panic
# the whole log goes to the console: what had not been read yet would be lost.
ARGUMENTS = ("log_buf_len=8M", "loglevel=3", "hung_task_panic=1", "softlockup_panic=1",
             "sysctl.kernel.hung_task_check_interval_secs=5",
             "panic_print=0x20", "mitigations=off",
             # For a test of the balloon
             "cma=32M")
STOPPED = {EXIT_TIMEOUT: "the time was up", EXIT_DIED: "the guest died",
           EXIT_REPORT: "the kernel reported a problem",
           128 + signal.SIGTERM: "ended there"}
# A record of /dev/kmsg that says so.
FAILED = re.compile(r"^\d+,\d+,\d+,[^;]*; *not ok \d+ (?!.*# SKIP)")


@dataclasses.dataclass
class Job:
    """What one guest is to do."""

    own: object                 # the kernel
    modules: pathlib.Path       # folder of the modules
    drivers: list               # modules that are loaded before
    tests: list                 # modules that test when they are loaded
    params: dict = dataclasses.field(default_factory=dict)     # module: [parameter=value]
    fuzz: bool = False
    leaks: bool = False
    timeout: int = 300
    smp: int = 2
    append: str = ""
    starve: str = ""            # allocations of this driver fail at random
    impatient: bool = False     # the first test that fails ends the guest

    def script(self):
        """Return the script for the guest."""
        params = "\n".join(" ".join([module, *values])
                           for module, values in self.params.items())
        values = {"DRIVERS": " ".join(self.drivers), "TESTS": " ".join(self.tests),
                  "FUZZ": int(self.fuzz), "LEAKS": int(self.leaks),
                  "SAVE": int(self.own.kind == "coverage"), "PARAMS": params,
                  "STARVE": self.starve}
        head = "".join(f"{key}={shlex.quote(str(value))}\n" for key, value in values.items())
        return "#!/bin/sh\n" + head + (GUEST_DIR / "run.sh").read_text(encoding="utf-8")


@dataclasses.dataclass
class Section:
    """What the log says of one module with tests."""

    module: str
    lines: list = dataclasses.field(default_factory=list)
    status: int = None          # of modprobe; None: it never came back
    error: str = ""
    begin: float = 0            # time of the guest
    seconds: float = 0


class Outcome:
    """What came of a guest."""

    def __init__(self, status, lines, noise, output=""):
        self.status = status
        self.output = output        # all that came to the standard output of the guest
        self.lines = lines          # the kernel log
        self.noise = noise          # what scripts/vm said
        self.sections = {}
        self.problems = []
        self.counts = {}            # name: {key: number}, of fuzzers
        self._take_apart()

    def _take_apart(self):
        done, current, now = False, None, 0.0
        for line in self.lines:
            stamp, text = re.match(r"(?:\[ *([\d.]+)\] )?(.*)", line).groups()
            now = float(stamp or now)
            if current:
                current.seconds = now - current.begin
            ignored = re.search(r"(\w+: unknown parameter '\w+') ignored", text)
            if ignored:
                self.problems.append(ignored[1])
            if not text.startswith("kgd: "):
                if current:
                    current.lines.append(text)
                continue
            word, _, rest = text[5:].partition(" ")
            name, _, rest = rest.partition(" ")
            if word == "begin":
                current = self.sections.setdefault(name, Section(name, begin=now))
            elif word == "end" and current:
                status, _, current.error = rest.partition(" ")
                current.status = int(status)
                current = None
            elif word == "count":
                key, _, value = rest.partition(" ")
                self.counts.setdefault(name, {})[key] = value
            elif word == "done":
                done = True
            else:
                self._bad(word, name, rest)
        self._verdict(done)

    def _bad(self, word, name, rest):
        if word == "failed":
            self.problems.append(f"{name} cannot be loaded: {rest}")
        elif word == "stuck":
            self.problems.append(f"{name} cannot be unloaded: {rest}")
        elif word == "leaks" and rest != "0":
            self.problems.append(f"kmemleak found {rest} leaks with the modules {name}")

    def leaks(self):
        """Return the reports of kmemleak."""
        return [line.partition("kgd: leak ")[2] for line in self.lines if "kgd: leak " in line]

    def _verdict(self, done):
        if self.status:
            self.problems.append(STOPPED.get(self.status, f"scripts/vm ended with {self.status}"))
        elif not done:
            self.problems.append("the guest did not come to the end of its script")

    def report(self):
        """Return the lines of the first complaint of the kernel, if any."""
        return report.excerpt("\n".join(self.lines)) if self.lines else []


def _records(output):
    """Turn what was read from /dev/kmsg into the lines of a log; skip other lines."""
    lines, last = [], -1
    for line in output.splitlines():
        match = re.match(r"\d+,(\d+),(\d+),[^;]*;(.*)", line)
        if match:
            number, stamp = int(match[1]), int(match[2])
            if number <= last:      # the guest was started again
                lines.clear()
            last = number
            head = f"[{stamp // 1000000:5d}.{stamp % 1000000:06d}] "
            lines += [head + part for part in _unescape(match[3]).split("\n")]
    return lines


def _unescape(text):
    return re.sub(r"\\x([0-9a-f]{2})", lambda m: chr(int(m[1], 16)), text)


def _replayed(noise):
    """Return the log that a panic left on the console, out of the kept log of the guest."""
    match = re.search(r"^vm: log: (\S+)$", noise, re.M)
    try:
        text = pathlib.Path(match[1]).read_text(encoding="utf-8", errors="replace")
    except (OSError, TypeError):
        return []
    console = text.partition("==== console of guest\n")[2].partition("\n==== ")[0]
    begin = console.rfind("] Linux version ")
    if "Kernel panic" not in console or begin < 0:
        return [line for line in console.splitlines() if report.find(line)]
    return console[console.rindex("\n", 0, begin) + 1 if "\n" in console[:begin] else 0:] \
        .splitlines()


def run(job, ident):
    """Run a guest; return its Outcome."""
    script = OUT_DIR / f"{ident}.sh"
    script.parent.mkdir(parents=True, exist_ok=True)
    script.write_text(job.script(), encoding="utf-8")
    command = [sys.executable, str(TOP / "scripts" / "vm"), "--kernel", job.own.release,
               "--drivers", "ours", "--modules", str(job.modules), "--small", "--no-load",
               "--host", "tcg", "--smp", str(job.smp), "--mem", MEMORY[job.own.kind],
               "--timeout", str(job.timeout), "--script", str(script),
               "--append", " ".join((*ARGUMENTS, job.append)).strip()]
    done = _call(command, FAILED if job.impatient else None)
    lines = _records(done.stdout)
    if done.returncode:
        replayed = _replayed(done.stderr)
        # The replay starts at the beginning: it is everything, and more.
        if len(replayed) > len(lines):
            lines = replayed
    (OUT_DIR / f"{ident}.log").write_text("\n".join(lines) + "\n" + done.stderr,
                                          encoding="utf-8")
    return Outcome(done.returncode, lines, done.stderr, done.stdout)


def _call(command, until=None):
    """Run a command to its end, or until it prints a line that matches."""
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as noise, \
            subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=noise, text=True, errors="replace",
                             env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}) as child:
        out = []
        try:
            for line in child.stdout:
                out.append(line)
                if until and until.search(line):
                    child.terminate()
                    until = None
            child.wait()
        except BaseException:
            child.terminate()
            raise
        noise.seek(0)
        return subprocess.CompletedProcess(command, child.returncode, "".join(out), noise.read())
