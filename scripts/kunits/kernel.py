# SPDX-License-Identifier: GPL-2.0-only
"""Builds the kernels that the suites run on, once, and keeps them in the cache.

An entry of the cache, kernel-NAME-KEY, holds the kernel to boot in boot/, what
building modules against it needs in build/, an empty modules folder in
lib/modules/RELEASE and the kernel's own reader of KUnit results in parser/. The key
covers all that it was made from. It is complete or not there: the work is done
beside it and renamed at the end; a build that was interrupted goes on where it was.
"""

import ctypes
import hashlib
import os
import pathlib
import re
import shutil
import signal
import subprocess
import time

from rig import kernels
from rig.common import RigError, UsageError, cache_dir, cache_lock

from .common import CONFIG_DIR, say

SERIES = ("6.12", "6.1")
KINDS = ("fast", "debug", "coverage", "rt")
# PREEMPT_RT has no patch here: it is what the source has.
RT_SERIES = ("6.12",)
COMPILER = "gcc-12"
FORMAT = "1"        # to be raised when what an entry holds changes
PARSER = ("kunit_parser.py", "kunit_printer.py", "kunit_json.py")
TOOLS = ("flex", "bison", "bc", "make", "xz", "patch", COMPILER)

KEEP_TREES = ("scripts", "include", "arch/x86/include")
KEEP_FILES = ("Makefile", "Kbuild", ".config", "Module.symvers", "modules.builtin",
              "modules.builtin.modinfo", "System.map", "arch/x86/Makefile",
              "arch/x86/Makefile.postlink", "arch/x86/Makefile_32.cpu",
              "tools/objtool/objtool")


def _package_version(series):
    done = subprocess.run(("dpkg-query", "-W", "-f", "${db:Status-Status} ${Version}",
                           f"linux-source-{series}"), check=False, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    words = done.stdout.split()
    source = pathlib.Path(f"/usr/src/linux-source-{series}.tar.xz")
    if done.returncode or words[0] != "installed" or not source.exists():
        raise RigError(f"linux-source-{series} is not installed: run scripts/setup")
    return words[1], source


def _compiler_version():
    try:
        return subprocess.run((COMPILER, "--version"), check=True, text=True,
                              stdout=subprocess.PIPE).stdout.splitlines()[0]
    except (OSError, subprocess.CalledProcessError) as err:
        raise RigError(f"{COMPILER} does not run: run scripts/setup ({err})") from err


def fragments(kind):
    """Return the files that say how a kernel of this kind is configured."""
    return [CONFIG_DIR / "base.config", CONFIG_DIR / f"{kind}.config"]


def patches(series, kind):
    """Return the patches for the source of a series, for all kinds and then for this one."""
    found = [CONFIG_DIR / f"linux-{series}.patch", CONFIG_DIR / f"linux-{series}-{kind}.patch"]
    return [path for path in found if path.exists()]


def wanted_options(paths):
    """Return {option: value or "n"} of fragments; the last word on an option counts."""
    wanted = {}
    for path in paths:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            line = line.strip()
            unset = re.fullmatch(r"# (CONFIG_\w+) is not set", line)
            match = unset or re.fullmatch(r"(CONFIG_\w+)=(.+)", line)
            if match:
                wanted[match[1]] = "n" if unset else match[2]
            elif line and not line.startswith("#"):
                raise RigError(f"{path}:{number}: not a line of a configuration: {line}")
    return wanted


def _only_on(wanted, series):
    """Take out the options that series.conf limits to other series."""
    limits = {}
    for line in (CONFIG_DIR / "series.conf").read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            option, *names = line.split()
            limits[option] = names
    return {option: value for option, value in wanted.items()
            if series in limits.get(option, SERIES)}


def lost_options(wanted, config):
    """Return a line for each option that has not the value it was given."""
    have = wanted_options([config])
    return [f"{option} is {have.get(option, 'n')}, wanted {value}"
            for option, value in sorted(wanted.items()) if have.get(option, "n") != value]


class Own:
    """A kernel of our own: 6.12 or 6.1, and one of KINDS."""

    def __init__(self, series, kind):
        if series not in SERIES:
            raise UsageError(f"--kernel {series}: allowed are {', '.join(SERIES)}")
        if kind == "rt" and series not in RT_SERIES:
            raise UsageError(f"--rt --kernel {series}: allowed are {', '.join(RT_SERIES)}")
        self.series, self.kind = series, kind
        self.name = f"{series}-{kind}"
        self.version, self.source = _package_version(series)
        digest = hashlib.sha256()
        for part in (FORMAT, self.version, _compiler_version()):
            digest.update(part.encode() + b"\0")
        for path in (*fragments(kind), CONFIG_DIR / "Kconfig", CONFIG_DIR / "series.conf",
                     *patches(series, kind)):
            digest.update(path.read_bytes() + b"\0")
        self.path = cache_dir() / f"kernel-{self.name}-{digest.hexdigest()[:16]}"

    @property
    def release(self):
        """The release of the kernel, once it is built."""
        return (self.path / "release").read_text(encoding="ascii").strip()

    @property
    def build(self):
        """The folder to build modules against."""
        return self.path / "build"

    @property
    def parser(self):
        """The folder with the kernel's own reader of results."""
        return self.path / "parser"

    def rig(self):
        """Return the kernel as the rig knows it."""
        return kernels.resolve(self.release)

    def ready(self):
        """Say whether the kernel is in the cache."""
        return (self.path / "release").exists()

    def make(self):
        """Build the kernel unless it is in the cache."""
        if self.ready():
            return self
        with _locked(self.name):
            if not self.ready():
                _Build(self).run()
        return self


def _locked(name):
    return cache_lock(f"kernel-{name}",
                      lambda: say(f"another run is building {name}, waiting for it"))


def _die_with_parent():
    """Have the kernel end a command when we are gone, however that came about."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM, 0, 0, 0)     # PR_SET_PDEATHSIG


class _Build:
    """The build of one kernel in a folder of its own."""

    def __init__(self, own):
        self.own = own
        self.top = own.path.with_name(f"kernel-{own.name}.part")
        self.tree = self.top / "build"
        self.log = own.path.with_name(f"kernel-{own.name}.log")
        self.begin = time.monotonic()

    def run(self):
        """Do all of it; leave the finished entry or nothing."""
        lacking = [tool for tool in TOOLS if not shutil.which(tool)]
        if lacking:
            raise RigError(f"not installed: {', '.join(lacking)}: run scripts/setup")
        say(f"building the kernel {self.own.name} out of linux-source-{self.own.series} "
            f"{self.own.version}, once; log: {self.log}")
        if not self._resumed():
            shutil.rmtree(self.top, ignore_errors=True)
            self.tree.mkdir(parents=True)
            self.log.unlink(missing_ok=True)
            self._command("unpacking", "tar", "-xJf", self.own.source, "-C", self.tree,
                          "--strip-components=1")
            for patch in patches(self.own.series, self.own.kind):
                self._command("patching", "patch", "-d", self.tree, "-p1", "--batch",
                              "--forward", "-i", patch)
            self._configure()
            (self.top / "configured").write_text(self.own.path.name, encoding="ascii")
        self._compile()
        # Only now: before, the local part of the version is not known to make.
        release = self._output("kernelrelease")
        (self.top / "configured").unlink()
        if not release.endswith(f"-kgd-{self.own.kind}"):
            raise RigError(f"the kernel calls itself {release}, not ...-kgd-{self.own.kind}")
        self._collect(release)
        self._prune()
        (self.top / "release").write_text(release + "\n", encoding="ascii")
        for old in self.own.path.parent.glob(f"kernel-{self.own.name}-*"):
            shutil.rmtree(old)
        self.top.rename(self.own.path)
        say(f"{release} is built, which took {(time.monotonic() - self.begin) / 60:.1f} minutes")

    def _resumed(self):
        """Say whether an interrupted build of the very same kernel can go on."""
        try:
            same = (self.top / "configured").read_text(encoding="ascii") == self.own.path.name
        except OSError:
            return False
        if same:
            say("going on with a build that was interrupted")
        return same

    def _make(self, *args):
        return ["make", "-C", self.tree, f"CC={COMPILER}", f"HOSTCC={COMPILER}", "LOCALVERSION=",
                f"-j{os.cpu_count()}", "KBUILD_BUILD_TIMESTAMP=@0", "KBUILD_BUILD_USER=kgd",
                "KBUILD_BUILD_HOST=kgd", *args]

    def _output(self, target):
        done = subprocess.run([*self._make("-s", target)], check=True, text=True,
                              stdout=subprocess.PIPE)
        return done.stdout.strip()

    def _command(self, what, *command):
        """Run a command, its output in the log, with a sign of life on standard error."""
        say(f"{what} ...")
        with open(self.log, "a", encoding="utf-8") as log:
            print("$", *command, file=log, flush=True)
            child = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL,
                                     stdout=log, stderr=subprocess.STDOUT,
                                     preexec_fn=_die_with_parent)
            try:
                shown = time.monotonic()
                while child.poll() is None:
                    time.sleep(0.2)
                    if time.monotonic() - shown > 30:
                        shown = time.monotonic()
                        say(f"{what}: {self._progress()}{shown - self.begin:.0f} s")
            finally:
                if child.poll() is None:
                    child.terminate()
                    child.wait()
        if child.returncode:
            lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
            wrong = [line for line in lines if re.search(r"\berror\b|\*\*\*", line, re.I)]
            raise RigError(f"{what} failed ({(wrong or lines)[0].strip()}), log: {self.log}")

    def _progress(self):
        done = re.findall(rb"^\s+(?:CC|AR|LD)\b", self.log.read_bytes(), re.M)
        return f"{len(done)} objects, " if done else ""

    def _configure(self):
        with open(self.tree / "Kconfig", "a", encoding="utf-8") as out:
            out.write("\n" + (CONFIG_DIR / "Kconfig").read_text(encoding="utf-8"))
        self._command("configuring", *self._make("tinyconfig"))
        wanted = _only_on(wanted_options(fragments(self.own.kind)), self.own.series)
        merged = self.top / "wanted.config"
        merged.write_text("".join(
            f"# {option} is not set\n" if value == "n" else f"{option}={value}\n"
            for option, value in wanted.items()), encoding="utf-8")
        self._command("configuring", "sh", "-c", f"cd '{self.tree}' && "
                      f"sh scripts/kconfig/merge_config.sh -m .config '{merged}'")
        self._command("configuring", *self._make("olddefconfig"))
        lost = lost_options(wanted, self.tree / ".config")
        if lost:
            raise RigError(f"the kernel {self.own.name} does not take "
                           + f"{len(lost)} of the options in {CONFIG_DIR}: " + "; ".join(lost))

    def _compile(self):
        # The modules target makes Module.symvers complete, although there is no module.
        self._command("compiling", *self._make("vmlinux", "modules"))

    def _collect(self, release):
        boot = self.top / "boot"
        boot.mkdir()
        # The uncompressed kernel: QEMU boots it through PVH.
        self._command("stripping", "objcopy", "--strip-debug", self.tree / "vmlinux",
                      boot / f"vmlinuz-{release}")
        lib = self.top / "lib" / "modules" / release
        lib.mkdir(parents=True)
        for name in ("modules.builtin", "modules.builtin.modinfo", "modules.order"):
            if (self.tree / name).exists():
                shutil.copy(self.tree / name, lib / name)
        (lib / "modules.order").touch()
        (lib / "modules.dep").touch()
        (lib / "build").symlink_to("../../../build")
        parser = self.top / "parser"
        parser.mkdir()
        for name in PARSER:
            shutil.copy(self.tree / "tools" / "testing" / "kunit" / name, parser / name)

    def _prune(self):
        """Keep of the tree only what building modules needs."""
        slim = self.top / "slim"
        for name in KEEP_FILES:
            if (self.tree / name).exists():
                (slim / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(self.tree / name, slim / name)
        for name in KEEP_TREES:
            shutil.copytree(self.tree / name, slim / name, symlinks=True,
                            ignore=_ignore_objects)
        shutil.rmtree(self.tree)
        slim.rename(self.tree)


def _ignore_objects(_folder, names):
    return [name for name in names if name.endswith((".o", ".a", ".cmd", ".d"))]


def find(series, kind):
    """Return a kernel of our own, built if need be."""
    return Own(series, kind).make()
