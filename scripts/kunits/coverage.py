# SPDX-License-Identifier: GPL-2.0-only
"""The command line of scripts/coverage."""

import base64
import binascii
import concurrent.futures
import io
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tarfile

from rig import overlay
from rig.common import BUILD_DIR, TESTS_DIR, TOP, RigError

from checks import boot as tests

from . import boot, cli, kernel, modules
from .common import (DRIVERS, EXIT_FAILED, OUT_DIR, Parser, drivers, number, say,
                     set_name)

GCOV = "gcov-12"
COVERAGE_DIR = BUILD_DIR / "coverage"
GOAL = 85


def _parser():
    parser = Parser(prog="scripts/coverage", allow_abbrev=False,
                    description="Run the KUnit suites, and the tests that boot a guest, on a "
                    "kernel with gcov; tell which lines of the drivers ran.",
                    epilog="Exit status: 0, 1 when no figures could be had, 2 bad usage. Figures: "
                    "build/coverage/. More: Documentation/kunit.md")
    add = parser.add_argument
    add("module", nargs="*", help=f"{', '.join(DRIVERS)}; default all")
    add("--kernel", default="6.12", metavar="K", help="6.12 (default) or 6.1")
    add("--no-boot", action="store_true", help="only the KUnit suites")
    add("--jobs", default=os.cpu_count(), metavar="N",
        help="guests at a time (default: one a CPU, %(default)s here)")
    add("--lines", action="store_true", help="also name the lines that never ran")
    return parser


def _unpack(tar, where):
    """Unpack the plain files of an archive that a guest made; none may leave the folder."""
    for member in tar:
        target = where / member.name
        if member.isfile() and ".." not in target.parts and not member.name.startswith("/"):
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(tar.extractfile(member).read())


class Figures:
    """How often each line ran, over all runs."""

    def __init__(self, folder):
        self.folder = folder        # the build, with the .gcno files
        self.lines = {}             # file: {line: count}

    def add(self, output, where):
        """Take the counts out of what a guest printed; return whether there were any."""
        packed = "".join(re.findall(r"^kgd-gcov: (\S+)$", output, re.M))
        shutil.rmtree(where, ignore_errors=True)
        where.mkdir(parents=True)
        try:
            with tarfile.open(fileobj=io.BytesIO(base64.b64decode(packed)), mode="r:gz") as tar:
                _unpack(tar, where)
        except (tarfile.TarError, binascii.Error, EOFError, OSError):
            return False
        found = sorted(where.rglob("*.gcda"))
        for path in found:
            self._count(path)
        shutil.rmtree(where)
        return bool(found)

    def _count(self, path):
        name = str(path)
        # The kernel names them by where the object was when it was built.
        built = name.partition(f"{self.folder}/")[2]
        note = self.folder / built.replace(".gcda", ".gcno")
        if not built or not note.exists():
            raise RigError(f"{note} is missing: the modules were built without gcov")
        shutil.copy(note, path.with_suffix(".gcno"))
        self._gcov(path)

    def add_idle(self, names, where):
        """Count the lines of files that no guest ever loaded: none of them ran."""
        where.mkdir(parents=True, exist_ok=True)
        for name in names:
            for note in sorted((self.folder / "drivers" / name).glob("*.gcno")):
                shutil.copy(note, where / note.name)
                self._gcov(where / note.with_suffix(".gcda").name)
        shutil.rmtree(where)

    def _gcov(self, path):
        done = subprocess.run([GCOV, "--json-format", "--stdout", path.name], cwd=path.parent,
                              check=False, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if done.returncode:
            raise RigError(f"{GCOV}: {done.stderr.decode(errors='replace').strip()}")
        for text in done.stdout.splitlines():
            for entry in json.loads(text)["files"]:
                self._merge(entry)

    def _merge(self, entry):
        match = re.search(r"(?:^|/)(drivers/(?:%s)/\w+\.[ch])$" % "|".join(DRIVERS),
                          os.path.normpath(entry["file"]))
        if not match:
            return
        counts = self.lines.setdefault(match[1], {})
        for line in entry["lines"]:
            number_ = line["line_number"]
            counts[number_] = counts.get(number_, 0) + line["count"]

    def table(self, names):
        """Return [(file, lines that ran, lines, numbers of those that did not)]."""
        rows = []
        for name, counts in sorted(self.lines.items()):
            if name.split("/")[1] in names:
                never = sorted(line for line, count in counts.items() if not count)
                rows.append((name, len(counts) - len(never), len(counts), never))
        return rows


def _percent(part, whole):
    return 100.0 * part / whole if whole else 0.0


def show(rows, names, with_lines):
    """Print the table; return it as a dictionary for the JSON."""
    told = {}
    for module in names:
        mine = [row for row in rows if row[0].split("/")[1] == module]
        for name, ran, whole, never in mine:
            print(f"  {name:44} {ran:5} of {whole:5} lines {_percent(ran, whole):6.1f} %")
            if with_lines and never:
                print("      never: " + " ".join(map(str, never)))
        ran, whole = sum(row[1] for row in mine), sum(row[2] for row in mine)
        share = _percent(ran, whole)
        print(f"{module:46} {ran:5} of {whole:5} lines {share:6.1f} %"
              f"{'' if share >= GOAL else f'  (the goal is {GOAL} %)'}")
        told[module] = {"lines": whole, "ran": ran, "percent": round(share, 1),
                        "files": {row[0]: {"lines": row[2], "ran": row[1], "never": row[3]}
                                  for row in mine}}
    return told


def _suites(own, names, figures):
    """Run the suites of the drivers; a suite that fails does not spoil the figures."""
    before, units, folder = cli.build(own, names)
    ident = f"{own.name}-{os.getpid()}"
    try:
        stage = cli.stage(folder, names, before + units, ident)
        wanted = cli.expected(stage, units, None)
        outcome = boot.run(boot.Job(own, stage, before, units,
                                    timeout=2 * cli.TIMEOUT[own.kind]), ident)
    finally:
        modules.unstage(ident)
    for result in cli.judge(outcome, wanted, own)[0]:
        cli.show(result)
    if not figures.add(outcome.output, COVERAGE_DIR / "kunit"):
        say("the guest with the suites handed over no counts")
        cli.complaints(outcome)


LONGEST = 3000          # seconds a test may have, to be repeated

WRAPPER = """#!/bin/sh
sh /tests/{name}
status=$?
sh /tests/gcov.sh
exit "$status"
"""


def _guest_test(own, path):
    said = tests.header(path)
    script = OUT_DIR / f"coverage-{path.name}"
    # The rig finds out by the text which programs it calls.
    named = overlay.named(path.read_text(encoding="utf-8"))
    script.write_text(WRAPPER.format(name=path.name) + f": {' '.join(named)}\n",
                      encoding="utf-8")
    limit = 3 * int(said["timeout"])
    command = [sys.executable, str(TOP / "scripts" / "vm"), "--kernel", own.release,
               "--drivers", "ours", "--host", said["host"], "--timeout", str(limit),
               "--script", str(script), *shlex.split(said["vm"])]
    done = subprocess.run(command, check=False, stdin=subprocess.DEVNULL, text=True,
                          errors="replace", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return path, done


def _boot_tests(own, names, figures, jobs):
    """Repeat the tests that boot a guest, those that the rig can run on this kernel."""
    prefixes = tuple({"virtio_balloon": "balloon", "virtio_net": "net", "virtio_blk": "blk",
                      "kvmclock": "clock"}[name] for name in names)
    paths = [path for path in sorted(TESTS_DIR.glob("*-*.sh")) if path.name.startswith(prefixes)
             and tests.header(path)["host"] == "tcg" and tests.header(path)["drivers"] == "ours"]
    for path in [path for path in paths if int(tests.header(path)["timeout"]) > LONGEST]:
        say(f"{path.stem} takes too long, left out")
        paths.remove(path)
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for path, done in pool.map(lambda path: _guest_test(own, path), paths):
            # A test may want what this small kernel lacks. Its lines ran all the same.
            got = figures.add(done.stdout, COVERAGE_DIR / path.stem)
            print(f"  {path.stem:30} status {done.returncode}{'' if got else ', no counts'}",
                  flush=True)


def main(argv):
    """Run scripts/coverage; return its exit status."""
    set_name("coverage")
    try:
        options = _parser().parse_args(argv)
        jobs = number(options.jobs, "--jobs", 1, 64)
        names = drivers(options.module)
        if not shutil.which(GCOV):
            raise RigError(f"{GCOV} is not installed: run scripts/setup")
        own = kernel.find(options.kernel, "coverage")
        figures = Figures(BUILD_DIR / own.release)
        _suites(own, names, figures)
        if not options.no_boot:
            modules.build(own, list(DRIVERS))
            _boot_tests(own, names, figures, jobs)
        figures.add_idle(names, COVERAGE_DIR / "idle")
        told = show(figures.table(names), names, options.lines)
        path = COVERAGE_DIR / f"{own.name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
        print(f"in {path.relative_to(TOP)}")
        return 0 if any(module["ran"] for module in told.values()) else EXIT_FAILED
    except RigError as err:
        say(str(err))
        return err.code
    except KeyboardInterrupt:
        say("ended by the user")
        return 130
