# SPDX-License-Identifier: GPL-2.0-only
"""The life of a guest that has the packages, step by step.

Each step leaves the guest as the next one wants it. The kernel and the initramfs that a boot
takes are those on the guest's disk at that time.
"""

import hashlib
import os
import re
import subprocess
import time

from rig.common import BUILD_DIR, TOP

from . import host, image
from .firmware import Firmware, enroll
from .machine import MEMORY, Guest, Trouble

FILE_SIZE = 4 << 20     # bytes
PASSWORD = "only-for-this"
BALLOON = 512           # MiB that the guest keeps
BALLOON_LIMIT = 1800    # seconds
DRIVERS = ("virtio_blk", "virtio_net", "virtio_balloon")


def _drivers(whose, **others):
    """Return the arguments of drivers.sh."""
    return [word for module in DRIVERS for word in (module, others.get(module, whose))]


def _report(origin, compared, **others):
    """Return the arguments of report.sh."""
    return [word for module in DRIVERS
            for word in (module, *others.get(module, (origin, compared)))]


class Life:
    """What the steps share."""

    def __init__(self, folder, entry, accel, tell):
        self.folder, self.accel, self.tell = folder, accel, tell
        self.served = folder / "served"
        self.disk = folder / "disk"
        self.entry = entry
        self.release = self.newer = self.sum = self.guest = None
        self.names, self.low, self.kernel = [], [], []

    def step(self, text, work, *args, **named):
        """Do one step, and print a line about it."""
        begin = time.monotonic()
        result = work(*args, **named)
        self.tell(f"ok {text} ({time.monotonic() - begin:.0f} s)")
        return result

    def prepare(self):
        """Make the packages, the host's repository, and the disk."""
        self.release = image.release(self.entry)
        self.newer, debs = image.newer(self.entry)
        self.served.mkdir()
        self.names = host.packages(self.served / "packages")
        series = re.match(r"\d+\.\d+", self.release)[0]
        self.low = host.lowered(self.served / "low", series, self.folder / "lowered")
        (self.served / "kernel").mkdir()
        for path in debs:
            (self.served / "kernel" / path.name).symlink_to(path)
        self.kernel = [path.name for path in debs]
        data = os.urandom(FILE_SIZE)
        (self.served / "file").write_bytes(data)
        self.sum = hashlib.sha256(data).hexdigest()
        (self.served / "modules").mkdir()
        for release in (self.release, self.newer):
            self._compile(release)
        image.disk(self.entry, self.disk, self.folder / "tree")
        host.serve(self.served)
        self.guest = Guest(self.folder, self.disk, self.accel)

    def _compile(self, release):
        """Have this machine compile the modules, as its make modules does."""
        done = subprocess.run(("make", "-C", TOP, "-j2", f"KVER={release}", "modules"),
                              check=False, text=True, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode:
            raise Trouble(f"make modules KVER={release}: {done.stdout.strip()[-200:]}")
        folder = self.folder / f"stripped-{release}"
        folder.mkdir()
        for path in (BUILD_DIR / release).glob("*.ko"):
            if path.stem in (*DRIVERS, "kvmclock"):
                subprocess.run(("strip", "-g", "-o", folder / path.name, path), check=True)
        subprocess.run(("tar", "-C", folder, "-cf",
                        self.served / "modules" / f"{release}.tar", "."), check=True)

    def boot(self, drivers, release=None, **options):
        """Boot, wait until the system is up, and look whose drivers it runs on."""
        self.guest.boot(release or self.release, **options)
        self.guest.run("ready.sh", self.sum)
        self.guest.run("drivers.sh", *drivers)

    def balloon(self):
        """Have the guest give memory away, and take it back."""
        for wanted in (BALLOON, MEMORY):
            self.guest.qmp("balloon", value=wanted << 20)
            end = time.monotonic() + BALLOON_LIMIT
            while self.guest.qmp("query-balloon")["actual"] != wanted << 20:
                if time.monotonic() > end:
                    raise Trouble(f"the balloon did not bring the guest to {wanted} MiB")
                time.sleep(0.5)

    def use(self):
        """Have every driver work, and ask kvm-guest-report."""
        self.balloon()
        self.guest.run("report.sh", *_report("package", "same"))


def _on_copy(life, work):
    """Go through a step on a copy of the disk, which is thrown away."""
    kept, copy = life.guest, life.folder / "copy"
    subprocess.run(("cp", "--sparse=always", life.disk, copy), check=True)
    life.guest = Guest(life.folder, copy, life.accel)
    life.guest.boots = kept.boots
    try:
        work(life)
    finally:
        life.guest.kill()
        kept.boots = life.guest.boots
        life.guest = kept
        copy.unlink()


def installed(life):
    """The packages are installed in the running guest, then used from the next boot on."""
    guest = life.guest
    life.step(f"{life.release} boots on its own drivers", life.boot, _drivers("kernel"))
    guest.run("standin.sh")
    life.step("the packages are installed; dkms, initramfs and dpkg are as they should be",
              guest.run, "install.sh", "packages", *life.names)
    life.step("kvm-guest-report tells what is loaded from what lies on disk",
              guest.run, "report.sh", *_report("kernel", "differs"))
    guest.off()
    life.step(f"{life.release} boots on the package's drivers: disk, network, balloon",
              life.boot, _drivers("ours"))
    life.step("they work, and are what lies on disk", life.use)
    guest.off()


def _secured(life):
    firmware = Firmware(life.folder, life.entry / "debs")
    before = f"/boot/initrd.img-{life.release}.before"
    life.step("secure boot starts what Debian has signed", life.boot,
              _drivers("kernel", virtio_balloon="none"), initrd=before, firmware=firmware)
    life.step("ours are refused, since nobody has enrolled the key; the initramfs is left alone",
              life.guest.run, "secure.sh")
    life.guest.run("enroll.sh", PASSWORD)
    life.guest.off()
    life.step("MokManager asks for the password, and enrolls the key", life.guest.answer, firmware,
              lambda serial: enroll(serial, PASSWORD.encode()))
    life.step("secure boot starts the package's drivers", life.boot, _drivers("ours"),
              firmware=firmware)
    life.step("the kernel is locked down, and they work", _at_work, life)
    life.guest.off()


def _at_work(life):
    life.guest.run("enrolled.sh")
    life.use()


def secured(life):
    """On a copy of the disk: a machine with secure boot."""
    _on_copy(life, _secured)


def _beyond(life):
    guest = life.guest
    life.boot(_drivers("ours"))
    life.step(f"a later version is for kernels up to that of {life.release} only: its modules are"
              " installed", guest.run, "upgrade.sh", life.release, "ours", "low", *life.low)
    life.step(f"the kernel is upgraded to {life.newer}, beyond that: dkms leaves it alone, and"
              " dpkg is content", guest.run, "upgrade.sh", life.newer, "kernel", "kernel",
              *life.kernel)
    guest.off()
    life.step(f"{life.newer} boots on its own drivers", life.boot, _drivers("kernel"), life.newer)
    guest.off()


def beyond(life):
    """On a copy of the disk: a kernel above the range."""
    _on_copy(life, _beyond)


def upgraded(life):
    """The kernel is upgraded, and the new one used from the next boot on."""
    guest = life.guest
    life.boot(_drivers("ours"))
    life.step(f"the kernel is upgraded to {life.newer}: dkms makes its modules", guest.run,
              "upgrade.sh", life.newer, "ours", "kernel", *life.kernel)
    guest.off()
    life.step(f"{life.newer} boots on the package's drivers: disk, network, balloon", life.boot,
              _drivers("ours"), life.newer)
    life.step("they work, and are what lies on disk", life.use)
    guest.off()


def removed(life):
    """An older initramfs, a driver left out; then all is removed."""
    guest = life.guest
    life.step("the initramfs from before, and modprobe.blacklist=, boot it all the same", life.boot,
              _drivers("ours", virtio_blk="kernel", virtio_net="kernel", virtio_balloon="none"),
              initrd=f"/boot/initrd.img-{life.release}.before",
              append="modprobe.blacklist=virtio_balloon")
    life.step("kvm-guest-report sees the older initramfs", guest.run, "report.sh",
              "virtio_blk", "kernel", "differs")
    life.step("the packages are removed", guest.run, "purge.sh", life.release,
              life.newer)
    guest.off()
    life.step(f"{life.release} boots on its own drivers again", life.boot, _drivers("kernel"))
    guest.off()


STEPS = (installed, secured, beyond, upgraded, removed)
