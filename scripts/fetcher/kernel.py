# SPDX-License-Identifier: GPL-2.0-only
"""Makes an entry of the cache out of a kernel that this machine has not.

An entry, debian-SERIES-VERSION, is a root folder: boot/, lib/modules/RELEASE and the
headers, with the compiler they were made for and what else building modules needs. No
script of a package is run in it. scripts/inside runs a command in there. "release" is
written last; an entry without one is not there. Those of other flavours and processors
are called flavour-NAME-VERSION, since nobody who asks for a series means them.
"""

import os
import re
import shutil
import subprocess
import sys

from rig.common import RigError, UsageError, cache_dir, cache_lock

from .apt import Apt, NoNetwork

FORMAT = "1"        # to be raised when what an entry holds changes

_OLD = (("debian", "bullseye"), ("debian-security", "bullseye-security"))
# Where a series is, the first that can be reached counts.
MIRROR, ARCHIVE = "http://deb.debian.org", "http://archive.debian.org"
SOURCES = {
    "5.10": ((MIRROR, _OLD), (ARCHIVE, _OLD)),
    "7.2": ((MIRROR, (("debian", "unstable"),)),),
    "7.3": ((MIRROR, (("debian", "unstable"), ("debian", "experimental"))),),
}

# Name: series, how the release ends, architecture. What is not amd64 is only to build for.
FLAVOURS = {
    "6.1-rt": ("6.1", "rt-amd64", "amd64"),
    "6.1-cloud": ("6.1", "cloud-amd64", "amd64"),
    "6.1-arm64": ("6.1", "arm64", "arm64"),
}
_NOW = (("debian", "bookworm"), ("debian", "bookworm-updates"),
        ("debian-security", "bookworm-security"))
SOURCES.update({name: ((MIRROR, _NOW),) for name in FLAVOURS})
# What a compiler for a foreign architecture is called by; headers would ask for one that runs
# there.
CROSS = {"arm64": "aarch64-linux-gnu"}

# What the kernel's makefiles and ours call, besides what the headers depend on.
TOOLS = ("make", "sparse", "dash", "bash", "coreutils", "sed", "grep", "mawk", "findutils",
         "diffutils", "tar", "gzip", "kmod")
# The parts of an image; older releases have one package with all of it.
IMAGE = ("linux-image", "linux-binary", "linux-modules")
# Folders that are links in a merged /usr, before a package could make them anew.
MERGED = ("bin", "sbin", "lib", "lib32", "lib64")
# What the scripts of packages would have made.
LINKS = {"usr/bin/awk": "mawk", "usr/bin/sh": "dash"}
UNWANTED = ("usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/info",
            "usr/share/lintian")


def say(message):
    """Print one line on standard error."""
    print(f"fetch: {message}", file=sys.stderr, flush=True)


def _prefix(name):
    return f"flavour-{name}" if name in FLAVOURS else f"debian-{name}"


def _foreign(name):
    """Return the architecture of a flavour if it is not this machine's."""
    arch = FLAVOURS[name][2] if name in FLAVOURS else "amd64"
    return () if arch == "amd64" else (arch,)


def entries(series):
    """Return the entries of the cache for a series, the newest last."""
    found = [path.parent for path in cache_dir().glob(f"{_prefix(series)}-*/release")]
    return sorted(found, key=lambda path: path.stat().st_mtime)


def _locked(series):
    return cache_lock(_prefix(series),
                      lambda: say(f"another run is fetching {series}, waiting for it"))


def _apt(series, folder):
    """Return an apt that has read the lists of the series' suites."""
    first = None
    for host, suites in SOURCES[series]:
        shutil.rmtree(folder, ignore_errors=True)
        apt = Apt(folder, host, suites, _foreign(series))
        say(f"{series}: reading what {apt.names} of {host} have")
        try:
            apt.update()
            return apt
        except RigError as err:
            first = first or err
    raise first


def _release(name, apt):
    """Return the newest release of the series, of its flavour or of that without a name."""
    series, flavour, _ = FLAVOURS.get(name, (name, "amd64", None))
    wanted = re.compile(rf"linux-headers-({re.escape(series)}([.~+][\w.~+]*)?(-[\d.]+)?"
                        rf"-{flavour})$")
    found = [match[1] for match in map(wanted.match, apt.names_of(f"linux-headers-{series}"))
             if match]
    if not found:
        have = sorted({match[1] for match in (re.match(r"linux-headers-(\d+\.\d+)[.\-]", name)
                                              for name in apt.names_of("linux-headers-"))
                       if match})
        raise RigError(f"{apt.names} have no kernel {series}, only {', '.join(have) or 'none'}")
    return max(found, key=lambda release: [int(part) for part in re.findall(r"\d+", release)])


def _unpack(root, packages):
    """Unpack packages, as dpkg would but for the ownership of the files."""
    for name in MERGED:
        (root / "usr" / name).mkdir(parents=True)
        (root / name).symlink_to(f"usr/{name}")
    for package in packages:
        content = subprocess.Popen(("dpkg-deb", "--fsys-tarfile", package),
                                   stdout=subprocess.PIPE)
        done = subprocess.run(("tar", "-x", "-C", root, "--keep-directory-symlink",
                               "--no-same-owner", *(f"--exclude=./{name}" for name in UNWANTED)),
                              check=False, stdin=content.stdout)
        content.stdout.close()
        if content.wait() or done.returncode:
            raise RigError(f"{package.name} cannot be unpacked: is the disk full?")
    for link, target in LINKS.items():
        if not os.path.lexists(root / link):
            (root / link).symlink_to(target)


def _finish(root, release, foreign):
    """Put things where the rig and our makefiles look for them."""
    modules = root / "lib" / "modules" / release
    headers = root / "usr" / "src" / f"linux-headers-{release}"
    if not (headers / "Makefile").exists():
        raise RigError(f"the packages hold no headers of {release}")
    build = modules / "build"
    modules.mkdir(parents=True, exist_ok=True)
    build.unlink(missing_ok=True)
    # Relative: the same from inside and from outside. lib is a link to usr/lib.
    build.symlink_to(f"../../../src/{headers.name}")
    (root / "boot").mkdir(exist_ok=True)
    # The places that scripts/inside mounts something on.
    for name in ("proc", "dev", "tmp"):
        (root / name).mkdir(exist_ok=True)
    if foreign:
        return
    image = root / "boot" / f"vmlinuz-{release}"
    if not image.exists():
        if not (modules / "vmlinuz").exists():
            raise RigError(f"the packages hold no image of {release}")
        image.symlink_to(f"../usr/lib/modules/{release}/vmlinuz")
    done = subprocess.run(("depmod", "-b", root, release), check=False, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          env={**os.environ, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})
    if done.returncode:
        raise RigError(f"depmod failed: {done.stdout.strip()}")


def _fetch(name, release, apt):
    """Fetch what an entry is made of; return the files."""
    for arch in _foreign(name):
        # What runs here (kbuild's programs, the compiler), and the headers, which do not run.
        common = release.removesuffix(f"-{arch}") + "-common"
        apt.fetch((f"linux-headers-{common}", f"linux-kbuild-{FLAVOURS[name][0]}",
                   f"gcc-12-{CROSS[arch]}", *TOOLS), closure=True)
        return apt.fetch((f"linux-headers-{release}:{arch}",), closure=False)
    known = apt.names_of("linux-")
    image = [part for part in (f"{part}-{release}" for part in IMAGE) if part in known]
    apt.fetch((f"linux-headers-{release}", *TOOLS), closure=True)
    return apt.fetch(image, closure=False)


def _make(series, work):
    """Make the newest entry; return it."""
    apt = _apt(series, work / "apt")
    release = _release(series, apt)
    version = apt.version(f"linux-headers-{release}")
    path = cache_dir() / f"{_prefix(series)}-{version}-{FORMAT}"
    if (path / "release").exists():
        say(f"{series}: {version} is the newest, and here")
        return path
    say(f"{series}: fetching {release} ({version}), its compiler and tools")
    packages = _fetch(series, release, apt)
    say(f"{series}: unpacking {len(packages)} packages")
    root = work / "root"
    root.mkdir()
    _unpack(root, packages)
    _finish(root, release, bool(_foreign(series)))
    for arch in _foreign(series):
        (root / "arch").write_text(f"{arch} {CROSS[arch]}\n", encoding="ascii")
    (root / "packages").write_text("".join(f"{name.stem}\n" for name in packages),
                                   encoding="ascii")
    (root / "release").write_text(f"{release}\n", encoding="ascii")
    for old in entries(series):
        shutil.rmtree(old)
    shutil.rmtree(path, ignore_errors=True)
    root.rename(path)
    return path


def find(series, update=False):
    """Return the entry of a series, fetched if need be or, with update, if there is a newer."""
    if series not in SOURCES:
        raise UsageError(f"kernel {series}: allowed are {', '.join(SOURCES)}")
    have = entries(series)
    if have and not update:
        return have[-1]
    with _locked(series):
        have = entries(series)
        if have and not update:
            return have[-1]
        work = cache_dir() / f"{_prefix(series)}.part"
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir()
        try:
            return _make(series, work)
        except NoNetwork as err:
            raise NoNetwork(f"{series}: {err} (is the network up?)") from err
        except RigError as err:
            raise RigError(f"{series}: {err}") from err
        finally:
            shutil.rmtree(work, ignore_errors=True)
