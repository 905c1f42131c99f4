# SPDX-License-Identifier: GPL-2.0-only
"""Errors, places, statistics and the guests of the benchmarks."""

import base64
import dataclasses
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile

from rig import kernels, native
from rig.common import BUILD_DIR, RigError, TOP

OUT_DIR = BUILD_DIR / "bench"
HERE = pathlib.Path(__file__).resolve().parent

# What rig.md's figures were measured with.
APPEND = "mitigations=off quiet"


class BenchError(Exception):
    """A failure that ends the benchmark with one line and an exit code."""

    def __init__(self, message, code=1):
        super().__init__(message)
        self.code = code


def say(message):
    """Print one line on standard error: what is going on."""
    print(f"bench: {message}", file=sys.stderr, flush=True)


@dataclasses.dataclass
class Options:
    """What the user asked for."""

    runs: int
    quick: bool
    drivers: tuple      # of "intree" and "ours"
    release: str = ""

    def number(self, full, quick):
        """Choose the amount of work."""
        return quick if self.quick else full


def find_kernel(name):
    """Return the release of an installed kernel."""
    try:
        return kernels.resolve(name).release
    except RigError as err:
        raise BenchError(str(err).replace("vm: ", ""), 2) from err


def need_modules(release, names):
    """Refuse to start when one of our modules is not built for this kernel."""
    missing = [name for name in names if not (BUILD_DIR / release / f"{name}.ko").exists()]
    if missing:
        raise BenchError(f"{', '.join(missing)}: not built for {release}: run make modules "
                         f"KVER={release}, or measure only --drivers intree", 2)


def _first_in_line():
    """Let the guest run before everything else on this machine.

    The disk and the network of the guest are threads of QEMU beside the virtual
    CPU. On a busy machine these wait for each other, and the guest gets more work
    done for each interrupt than it would. Children inherit the policy.
    """
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    except OSError:
        pass


def can_be_first():
    """Say whether this user may raise the priority of the guests."""
    child = os.fork()
    if child == 0:
        try:
            os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
            os._exit(0)
        except BaseException:  # never to return from here
            os._exit(1)
    return os.waitpid(child, 0)[1] == 0


def _last_line(text):
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no output"


def _vm_reason(noise):
    """Return what scripts/vm said was wrong: in the lines after a bare report is the report."""
    lines = noise.splitlines()
    for i, line in enumerate(lines):
        if line.startswith("vm: ") and not re.match(r"vm: (log|note|last|trying)\b", line):
            report = [text.strip() for text in lines[i + 1:i + 4] if text.startswith("    ")]
            return " ".join([line[4:]] + (report if line.endswith("report:") else []))
    return _last_line(noise)


def run_guest(release, drivers, script, machine, timeout, qemu=(), first=True):
    """Run a script in a guest and return what it printed.

    machine is the list of arguments for scripts/vm, qemu those for QEMU; timeout is
    in seconds. Any failure raises BenchError.
    """
    with tempfile.NamedTemporaryFile("w", suffix=".sh", dir=OUT_DIR) as file:
        file.write(script)
        file.flush()
        command = [sys.executable, str(TOP / "scripts" / "vm"), "--kernel", release,
                   "--drivers", drivers, "--timeout", str(timeout), "--script", file.name,
                   *machine] + (["--", *qemu] if qemu else [])
        try:
            done = subprocess.run(command, check=False, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                  timeout=timeout + 60,
                                  preexec_fn=_first_in_line if first else None)
        except subprocess.TimeoutExpired as err:
            raise BenchError(f"the guest with {release} did not end in {timeout + 60} s") from err
    output = done.stdout.decode(errors="replace")
    noise = done.stderr.decode(errors="replace")
    if done.returncode:
        reason = _last_line(output) if done.returncode == 1 else _vm_reason(noise)
        log = "".join(f" ({line})" for line in noise.splitlines() if line.startswith("vm: log:"))
        raise BenchError(f"guest with {release}, {drivers} drivers: status {done.returncode}: "
                         f"{reason}{log}", 2 if done.returncode == 2 else 1)
    return output


def embed(path, name):
    """Return the shell lines that create a program in the guest."""
    data = base64.b64encode(pathlib.Path(path).read_bytes()).decode()
    return f"base64 -d > /bin/{name} <<'EOF'\n{data}\nEOF\nchmod +x /bin/{name}\n"


def guest_part(name):
    """Return the text of guest/NAME.sh."""
    return (HERE / "guest" / f"{name}.sh").read_text(encoding="ascii")


def helper(name):
    """Return the path of the built helpers/NAME.c."""
    return native.build(HERE / "helpers" / f"{name}.c", f"{OUT_DIR.name}/{name}", ["-s"])


def parse(output):
    """Turn the lines "= KIND NAME VALUE..." of a guest into {kind: {name: [value...]}}."""
    found = {}
    for line in output.splitlines():
        words = line.split()
        if len(words) >= 3 and words[0] == "=":
            found.setdefault(words[1], {})[words[2]] = words[3:]
    return found


def value(found, kind, name, column=0):
    """Return one number the guest printed."""
    try:
        return float(found[kind][name][column])
    except (KeyError, IndexError, ValueError) as err:
        raise BenchError(f"the guest did not report {kind} {name}") from err


def summary(values):
    """Return the median and the spread of the runs, for the JSON file."""
    return {"median": statistics.median(values), "min": min(values), "max": max(values),
            "values": values}


class Results:
    """Collects {case: {driver: {metric: [value of each run]}}}."""

    def __init__(self):
        self.cases = {}

    def add(self, case, driver, metrics):
        """Add what one run measured."""
        row = self.cases.setdefault(case, {}).setdefault(driver, {})
        for name, number in metrics.items():
            row.setdefault(name, []).append(number)

    def summarise(self):
        """Return the same with a summary in place of each list."""
        return {case: {driver: {name: summary(values) for name, values in row.items()}
                       for driver, row in rows.items()}
                for case, rows in self.cases.items()}
