# SPDX-License-Identifier: GPL-2.0-only
"""Debians of their own: entries of the cache, and disks made of them.

An entry, image-SUITE-VERSION, holds root.tar (the system, with a kernel, its headers and
compiler, and dkms), debs/ (packages that boot loaders are taken from, if there are any), newer/
(the packages of a newer kernel, if there is one to upgrade to) and "packages", which is written
last; an entry without one is not there.
"""

import os
import pathlib
import re
import shutil
import subprocess

from fetcher import apt
from rig.common import RigError, cache_dir, cache_lock

from . import firmware

# To be raised when what an entry holds changes.
FORMAT = {"bookworm": "4", "trixie": "1"}
HERE = pathlib.Path(__file__).resolve().parent
MIRROR = "http://deb.debian.org"
KERNEL = ("linux-image-amd64", "linux-headers-amd64")
# What the packages need; dkms would ask for "gcc", which comes with what nobody here wants.
BUILD = {"bookworm": ("dkms", "gcc-12", "openssl", "mokutil"), "trixie": ("dkms", "gcc-14")}
# Not put into the system: see firmware.py.
LOADERS = {"bookworm": firmware.PACKAGES, "trixie": ()}
# The kernel that an administrator upgrades to.
NEWER = {"bookworm": ("linux-image-6.12-amd64", "linux-headers-6.12-amd64"), "trixie": ()}
SYSTEM = ("systemd-sysv", "udev", "kmod", "dbus", "initramfs-tools", "busybox", "zstd", "iproute2",
          "ethtool", "e2fsprogs", "curl", "python3")
UNWANTED = ("doc", "man", "locale", "info")
DISK = 5 << 30      # bytes, sparse
LIMIT = 3 * 3600    # seconds, for some 370 MB

# What an administrator would have set, and what starts the agent. Times are for an emulator.
FILES = {
    "etc/fstab": "/dev/vda / ext4 errors=remount-ro 0 0\n",
    "etc/hostname": "guest\n",
    "etc/systemd/network/10-all.network": "[Match]\nType=ether\n\n[Network]\nDHCP=ipv4\n",
    "etc/systemd/system.conf.d/slow.conf":
        "[Manager]\nDefaultTimeoutStartSec=1800s\nDefaultTimeoutStopSec=600s\n"
        "DefaultDeviceTimeoutSec=1800s\n",
    # Some units have limits of their own.
    "etc/systemd/system/service.d/slow.conf": "[Service]\nTimeoutStartSec=1800s\n",
    "etc/systemd/system/agent.service":
        "[Unit]\nDescription=runs what the test sends\n\n"
        "[Service]\nExecStart=/usr/local/sbin/agent\nRestart=always\nRestartSec=1\n"
        "Environment=HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive\n"
        "TimeoutStopSec=20\n\n[Install]\nWantedBy=multi-user.target\n",
    # All that Debian puts in by itself takes an emulator minutes, each time.
    "etc/initramfs-tools/conf.d/guest": "MODULES=list\n",
    "etc/initramfs-tools/modules": "virtio_pci\nvirtio_blk\nvirtio_net\next4\n",
    "etc/apt/apt.conf.d/90-guest":
        'APT::Install-Recommends "false";\nAcquire::Languages "none";\n'
        'Acquire::http::Timeout "600";\n',
}
LINKS = {f"etc/systemd/system/multi-user.target.wants/{unit}": where + unit
         for unit, where in (("agent.service", "/etc/systemd/system/"),
                             ("systemd-networkd.service", "/lib/systemd/system/"))}
# Timers that would use the processor when they please.
MASKED = ("apt-daily.timer", "apt-daily-upgrade.timer", "e2scrub_all.timer", "fstrim.timer",
          "dpkg-db-backup.timer")


def _entries(suite):
    found = [path.parent for path in cache_dir().glob(f"image-{suite}-*-{FORMAT[suite]}/packages")]
    return sorted(found, key=lambda path: path.stat().st_mtime)


def _sources(suite):
    return [f"deb {MIRROR}/{archive} {name} main" for archive, name in
            (("debian", suite), ("debian", f"{suite}-updates"),
             ("debian-security", f"{suite}-security"))]


def _bootstrap(suite, work):
    """Make what an entry holds in a folder; return {package: version}."""
    (work / "debs").mkdir(parents=True)
    (work / "newer").mkdir()
    place = "/var/cache/apt/archives"
    clean = f'rm -f "$1"{place}/*.deb'
    loaders = [clean,
               f'chroot "$1" sh -c "cd {place} && apt-get download {" ".join(LOADERS[suite])}"',
               f'cp "$1"{place}/*.deb "{work}/debs/"']
    newer = [clean, f'chroot "$1" apt-get install -y --download-only {" ".join(NEWER[suite])}',
             f'cp "$1"{place}/*.deb "{work}/newer/"', clean]
    command = ["mmdebstrap", "--mode=root", "--variant=minbase",
               "--aptopt=APT::Install-Recommends \"false\"",
               *(f"--aptopt={line}" for line in apt.network_settings()),
               *(f"--aptopt={line}" for line in apt.patience()),
               *(f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in UNWANTED),
               f"--include={','.join((*SYSTEM, *BUILD[suite], *KERNEL))}",
               *(f"--customize-hook={line}" for line in loaders if LOADERS[suite]),
               *(f"--customize-hook={line}" for line in newer if NEWER[suite]),
               "--customize-hook=chroot \"$1\" dpkg-query -W -f "
               f"'${{Package}} ${{Version}}\\n' > \"{work}/listed\"",
               suite, str(work / "root.tar"), *_sources(suite)]
    with open(work / "log", "w", encoding="utf-8") as log:
        status = subprocess.run(command, check=False, stdin=subprocess.DEVNULL, stdout=log,
                                stderr=subprocess.STDOUT, timeout=LIMIT).returncode
    if status:
        said = (work / "log").read_text(encoding="utf-8", errors="replace")
        wrong = re.findall(r"^(?:E|Err): .*", said, re.M) or said.splitlines()[-1:] or ["nothing"]
        kind = apt.NoNetwork if apt.UNREACHABLE.search(said) and not apt.WRONG.search(said) \
            else RigError
        raise kind(f"mmdebstrap ended with {status}: {wrong[0][:300]}")
    return dict(line.split() for line in (work / "listed").read_text().splitlines())


def _make(suite, say):
    work = cache_dir() / f"image-{suite}.part"
    shutil.rmtree(work, ignore_errors=True)
    say(f"making a Debian of {suite}; this fetches up to 370 MB")
    try:
        listed = _bootstrap(suite, work)
        (work / "log").unlink()
        (work / "listed").rename(work / "packages")
        path = cache_dir() / f"image-{suite}-{listed[KERNEL[0]]}-{FORMAT[suite]}"
        # Those of an older format, too.
        for old in {*cache_dir().glob(f"image-{suite}-*/"), path}:
            shutil.rmtree(old, ignore_errors=True)
        work.rename(path)
        return path
    finally:
        shutil.rmtree(work, ignore_errors=True)


def find(suite, update, say):
    """Return the entry of a suite, made if there is none or, with update, anew."""
    with cache_lock(f"image-{suite}", lambda: say("another run is making the image")):
        have = _entries(suite)
        return have[-1] if have and not update else _make(suite, say)


def release(entry):
    """Return the release of its kernel."""
    text = (entry / "packages").read_text(encoding="ascii")
    return re.search(r"^linux-image-(\d\S*-amd64) ", text, re.M)[1]


def newer(entry):
    """Return (release, packages) of the kernel that its kernel can be upgraded to."""
    debs = sorted((entry / "newer").glob("*.deb"))
    for path in debs:
        found = re.match(r"linux-image-(\d+\.\d+\.\d\S*-amd64)_", path.name)
        if found:
            return found[1], debs
    raise RigError(f"{entry / 'newer'} has no kernel")


def unpack(entry, folder):
    """Unpack the system of an entry into a new folder."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    subprocess.run(("tar", "-xf", entry / "root.tar", "-C", folder, "--numeric-owner",
                    "--xattrs", "--exclude=./dev/*"), check=True)
    # What was left out of this system, and how this machine reaches its archive (a proxy): neither
    # is for what is put in later.
    for place in ("dpkg/dpkg.cfg.d", "apt/apt.conf.d"):
        for path in (folder / "etc" / place).glob("*mmdebstrap*"):
            path.unlink()


def disk(entry, path, scratch):
    """Make a disk out of an entry: one file system, with what makes a guest of it."""
    try:
        unpack(entry, scratch)
        for name, text in FILES.items():
            (scratch / name).parent.mkdir(parents=True, exist_ok=True)
            (scratch / name).write_text(text, encoding="ascii")
        (scratch / "etc" / "machine-id").write_text("", encoding="ascii")
        for name, target in LINKS.items():
            (scratch / name).parent.mkdir(parents=True, exist_ok=True)
            if not os.path.lexists(scratch / name):
                (scratch / name).symlink_to(target)
        for unit in MASKED:
            (scratch / "etc/systemd/system" / unit).symlink_to("/dev/null")
        shutil.copy(HERE / "guest" / "agent", scratch / "usr/local/sbin/agent")
        path.unlink(missing_ok=True)
        with open(path, "wb") as out:
            out.truncate(DISK)
        # Checksums and lazy tables are work that an emulator has to do.
        subprocess.run(("mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0,nodiscard",
                        "-O", "^metadata_csum", "-d", scratch, path), check=True,
                       stdout=subprocess.DEVNULL)
    except subprocess.CalledProcessError as err:
        raise RigError(f"{err.cmd[0]} ended with {err.returncode}: is the disk full?") from err
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
