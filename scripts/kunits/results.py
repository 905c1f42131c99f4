# SPDX-License-Identifier: GPL-2.0-only
"""Reads KTAP with the kernel's own reader, and tells what it found."""

import dataclasses
import importlib
import io
import re
import sys

NO_RESULT = "did not run"


@dataclasses.dataclass
class Result:
    """What became of one module with suites."""

    module: str
    suites: list                    # (name, word, counts) of each
    problems: list                  # why it failed; empty when it passed
    skipped: list                   # "suite.test: reason"
    text: str                       # what the kernel's reader printed
    test: object                    # its tree of results
    seconds: float = 0              # how long its tests took in the guest

    @property
    def ok(self):
        """Say whether everything that had to run did, and passed."""
        return not self.problems


class Reader:
    """The reader of results that came with a kernel's source."""

    def __init__(self, folder):
        sys.path.insert(0, str(folder))
        try:
            self.parser = importlib.import_module("kunit_parser")
            self.json = importlib.import_module("kunit_json")
            self.printer = importlib.import_module("kunit_printer")
        finally:
            sys.path.remove(str(folder))

    def _parse(self, lines):
        text = io.StringIO()
        saved = self.parser.stdout
        self.parser.stdout = self.printer.Printer(text)
        try:
            return self.parser.parse_run_tests(lines), text.getvalue()
        finally:
            self.parser.stdout = saved

    def read(self, section, expected):
        """Judge the log of one module, which has to hold results of these suites."""
        test, text = self._parse(ktap(section.lines, expected))
        by_name = {suite.name: suite for suite in test.subtests}
        result = Result(section.module, [], [], skip_reasons(section.lines), text, test,
                        section.seconds)
        for name in expected:
            self._judge(result, name, by_name.get(name))
        result.problems += [f"suite {name} is not one of the module's"
                            for name in by_name if name and name not in expected]
        if not expected:
            result.problems.append("has no suite (or none that --suite names)")
        if section.status is None:
            result.problems.append("the module never came back from running its tests")
        elif section.status:
            result.problems.append(f"could not be loaded: {section.error}")
        if not self._good(test) and not result.problems:
            result.problems.append(f"the kernel's reader says {test.status.name}")
        return result

    def _good(self, test):
        return test.status in (self.parser.TestStatus.SUCCESS, self.parser.TestStatus.SKIPPED)

    def _judge(self, result, name, suite):
        if suite is None:
            result.suites.append((name, NO_RESULT, None))
            result.problems.append(f"suite {name} did not run")
            return
        result.suites.append((name, suite.status.name, suite.counts))
        if not suite.counts.total():
            result.problems.append(f"suite {name} has no test")
        elif not self._good(suite) or suite.counts.errors:
            bad, before = [], "the start"
            for path, test in _leaves(suite):
                if test.status.name in ("FAILURE", "TEST_CRASHED"):
                    # One that did not end never said its name.
                    bad.append((path if test.name else f"the test after {before}")
                               + _first_failure(test))
                before = path if test.name else before
            result.problems.append(f"suite {name}: {suite.status.name}"
                                   + (f": {', '.join(bad[:10])}" if bad else ""))

    def to_json(self, results, own):
        """Return the results as the kernel's own JSON."""
        whole = self.parser.Test()
        whole.subtests = [result.test for result in results]
        for result in results:
            result.test.name = result.module
        return self.json.get_json_result(whole, self._metadata(own))

    def _metadata(self, own):
        return self.json.Metadata(arch="x86_64", def_config=own.name, build_dir=own.release)


def _leaves(test, above=""):
    """Yield each test that has no others below it, with its names from the suite on."""
    for sub in test.subtests:
        path = f"{above}: {sub.name}" if above else sub.name
        if sub.subtests:
            yield from _leaves(sub, path)
        else:
            yield path, sub


def _first_failure(test):
    """Say where the first check of a test failed, as far as its log knows."""
    for number, line in enumerate(test.log):
        if " FAILED at " in line:
            words = " ".join(part.strip(" #") for part in test.log[number:number + 3])
            return " (" + re.sub(r"/\S+/(?=kunit/)", "", words).strip() + ")"
    return ""


def ktap(lines, expected):
    """Return the results in a log with one header, as one document.

    Kernels print a header for each module or none. What else was logged meanwhile
    goes with the test it belongs to.
    """
    kept, number = [], 0
    for line in lines:
        if re.match(r"KTAP version|1\.\.\d", line):
            continue
        match = re.match(r"((?:not )?ok )\d+( .*)", line)
        if match:
            # 6.1 goes on counting from one module to the next.
            number += 1
            line = f"{match[1]}{number}{match[2]}"
        kept.append(line)
    return ["KTAP version 1", f"1..{len(expected)}", *kept]


def skip_reasons(lines):
    """Return "test: reason" for each skipped test of a log."""
    found = []
    for line in lines:
        match = re.match(r"^ +ok \d+ (?:- )?(.*?) # SKIP ?(.*)", line)
        if match:
            found.append(f"{match[1]}: {match[2] or 'no reason given'}")
    return found
