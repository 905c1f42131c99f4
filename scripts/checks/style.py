# SPDX-License-Identifier: GPL-2.0-only
"""What can be said of the sources without building them."""

import linecache
import os
import re
import shutil
import subprocess
import tempfile

from rig.common import TOP, cache_dir

from .case import LOG_DIR, Case, Failed, Skipped

SOURCE_PACKAGE = "linux-source-6.12"
KERNEL_TOOLS = ("checkpatch.pl", "spelling.txt", "const_structs.checkpatch", "kernel-doc")
LINE_LIMIT = 800

CHECKPATCH = ("--strict", "--no-tree", "--no-summary", "--terse", "--max-line-length=100")
# Without a kernel tree checkpatch cannot know the kernel's own CamelCase names.
IGNORE = {"": ("CAMELCASE",),
          # Aliases of kernel names, which are macros because the names are.
          "compat": ("MACRO_ARG_REUSE", "MACRO_ARG_PRECEDENCE", "MACRO_ARG_UNUSED"),
          # Programs, without the kernel's macros, that declare an interface of QEMU.
          "scripts": ("AVOID_EXTERNS", "ARRAY_SIZE", "VOLATILE"),
          # The first line of a probe is its provenance.
          "probes": ("SPDX_LICENSE_TAG",)}

VERSION_MACRO = re.compile(r"LINUX_VERSION_CODE|KERNEL_VERSION\b|RHEL_|UTS_UBUNTU|"
                           r"SLE_VERSION|KGD_HAVE_|KGD_EXPORTS_|kgd/config\.h")
FORBIDDEN = re.compile(r"\bBUG(_ON)?\(|while \((1|true)\)|for \(;;\)")
PLACE = re.compile(r"\S+:\d+: (ERROR|WARNING|CHECK): ")
PROVENANCE = re.compile(r"^(/\*|#) (v\d+\.\d+|all versions|never)\b.*:")


def files(*suffixes, under=""):
    """Return the tracked and new files with one of the suffixes, as paths."""
    listed = subprocess.run(("git", "ls-files", "-co", "--exclude-standard", under or "."),
                            cwd=TOP, check=True, stdout=subprocess.PIPE, text=True).stdout
    found = [TOP / name for name in sorted(set(listed.split("\n"))) if name.endswith(suffixes)]
    return [path for path in found if path.is_file()]


def scripts(interpreter):
    """Return the files without suffix, or with that of the language, that it runs."""
    found = []
    for path in files(""):
        with open(path, "rb") as stream:
            first = stream.readline(80)
        if first.startswith(b"#!") and re.search(rb"\b%s[\d.]*\s*$" % interpreter, first):
            found.append(path)
    return found


def kernel_tools():
    """Return the folder with checkpatch and kernel-doc out of the kernel source package."""
    done = subprocess.run(("dpkg-query", "-W", "-f", "${Version}", SOURCE_PACKAGE), check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    if done.returncode or not done.stdout:
        raise Skipped(f"{SOURCE_PACKAGE} is not installed (scripts/setup does)")
    folder = cache_dir() / f"kernel-tools-{done.stdout}"
    if folder.is_dir():
        return folder
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        subprocess.run(("tar", "-xJf", f"/usr/src/{SOURCE_PACKAGE}.tar.xz", "-C", scratch,
                        "--strip-components=2",
                        *(f"{SOURCE_PACKAGE}/scripts/{tool}" for tool in KERNEL_TOOLS)),
                       check=True)
        ready = shutil.copytree(scratch, f"{folder}.{os.getpid()}")
    os.rename(ready, folder)
    return folder


def _fail_on(found):
    if found:
        raise Failed(f"{len(found)} places, the first: {found[0]}")


def _grep(pattern, paths):
    found = []
    for path in paths:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if pattern.search(line):
                found.append(f"{path.relative_to(TOP)}:{number}: {line.strip()}")
    return found


def _has_include(line):
    """Is it the spacing inside of __has_include(), which checkpatch takes for an expression?"""
    name, number, _ = line.split(":", 2)
    return "__has_include" in linecache.getline(name, int(number))


def _checkpatch(run):
    tool = kernel_tools() / "checkpatch.pl"
    groups = {}
    for path in files(".c", ".h"):
        parts = path.relative_to(TOP).parts
        ignore = ",".join(kind for part in ("", *parts) for kind in IGNORE.get(part, ()))
        groups.setdefault(ignore, []).append(path)
    found = []
    for ignore, paths in groups.items():
        # It leaves a file in the folder that it is run in.
        status, output = run.call("perl", tool, *CHECKPATCH, f"--ignore={ignore}", "-f", *paths,
                                  cwd=LOG_DIR)
        places = [line for line in output.splitlines() if PLACE.match(line)]
        if status and not places:
            raise Failed(f"checkpatch ended with {status}")
        found += [line for line in places if not _has_include(line)]
    _fail_on(found)


def _kernel_doc(run):
    tool = kernel_tools() / "kernel-doc"
    _, output = run.call("perl", tool, "-none", "-Wall", *files(".c", ".h", under="drivers"))
    _fail_on([line for line in output.splitlines() if "warning:" in line or "error:" in line])


def _undocumented(_run):
    """Every function that another file can call has a kernel-doc comment."""
    declared = re.compile(r"^(?!static|extern|typedef|return|struct \w+ \{)"
                          r"[a-z_][\w \*]*?\b(\w+)\([^;{]*\)\n\{", re.M)
    found = []
    for path in files(".c", under="drivers"):
        text = path.read_text(encoding="utf-8")
        for match in declared.finditer(text):
            if not re.search(rf"/\*\*\n \* {match.group(1)}\(\)", text):
                found.append(f"{path.relative_to(TOP)}: {match.group(1)}()")
    _fail_on(found)


def _no_versions(_run):
    _fail_on(_grep(VERSION_MACRO, files(".c", ".h", under="drivers")))


def _no_bugs(_run):
    _fail_on(_grep(FORBIDDEN, files(".c", ".h", under="drivers")))


def _provenance(_run):
    found = []
    for path in files(".c", ".sym", under="compat/probes"):
        first = path.read_text(encoding="utf-8").split("\n", 1)[0]
        if not PROVENANCE.match(first):
            found.append(f"{path.relative_to(TOP)}: {first}")
    _fail_on(found)


def _unused_probes(_run):
    """A question whose answer nobody reads is dead weight in every build."""
    text = "".join(path.read_text(encoding="utf-8") for path in files(".h", under="compat"))
    found = []
    for path in files(".c", ".sym", under="compat/probes"):
        macro = ("KGD_HAVE_" if path.suffix == ".c" else "KGD_EXPORTS_") + path.stem.upper()
        if not path.stem.startswith("control_") and macro not in text:
            found.append(f"{path.relative_to(TOP)}: no header asks for {macro}")
    _fail_on(found)


def _sizes(_run):
    found = []
    for path in files(".c", ".h", ".py", ".sh") + scripts(b"python3") + scripts(b"sh"):
        lines = len(path.read_text(encoding="utf-8").splitlines())
        if lines > LINE_LIMIT:
            found.append(f"{path.relative_to(TOP)}: {lines} lines, the limit is {LINE_LIMIT}")
    _fail_on(found)


def _licences(_run):
    found = []
    for path in files(".c", ".h", ".py", ".sh", ".sym", "Kbuild", "Makefile", ".conf") \
            + scripts(b"python3") + scripts(b"sh"):
        if path.parent.name == "probes":
            continue
        head = path.read_text(encoding="utf-8").split("\n", 3)[:3]
        if not any("SPDX-License-Identifier: GPL-2.0-only" in line for line in head):
            found.append(str(path.relative_to(TOP)))
    _fail_on(found)


def _shellcheck(run):
    paths = set(scripts(b"sh")) | set(scripts(b"bash")) | set(files(".sh")) | {TOP / "dkms.conf"}
    run.must("shellcheck", *sorted(paths))


def _flake8(run):
    paths = set(scripts(b"python3")) | set(files(".py"))
    run.must("flake8", "--isolated", "--max-line-length=100", *sorted(paths))


def _readme(run):
    run.must(TOP / "scripts" / "readme", "--check")


def cases(_releases):
    """Return the static cases, which do not depend on a kernel."""
    return [
        Case("style/checkpatch", "checkpatch --strict of the kernel source package", _checkpatch,
             apart=True),
        Case("style/kernel-doc", "kernel-doc comments are well-formed", _kernel_doc),
        Case("style/documented", "functions seen by other files have kernel-doc", _undocumented),
        Case("style/no-version-macro", "drivers/ knows no kernel version", _no_versions),
        Case("style/no-bug-on", "drivers/ has no BUG_ON and no endless loop", _no_bugs),
        Case("style/probe-provenance", "each probe says what it asks and since when",
             _provenance),
        Case("style/probe-used", "each probe's answer is used", _unused_probes),
        Case("style/size", f"no file of more than {LINE_LIMIT} lines", _sizes),
        Case("style/licence", "each file names its licence", _licences),
        Case("style/shellcheck", "shellcheck finds nothing", _shellcheck),
        Case("style/flake8", "flake8 finds nothing", _flake8),
        Case("style/readme", "the tables of README.md are what was measured", _readme),
    ]
