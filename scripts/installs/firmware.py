# SPDX-License-Identifier: GPL-2.0-only
"""A machine with secure boot: OVMF, Debian's shim and GRUB, which start only what is signed.

OVMF comes with Microsoft's keys enrolled, as a machine that one buys. The boot loaders lie on a
disk of their own, the EFI system partition.
"""

import pathlib
import re
import shutil
import subprocess
import time

from rig.common import TOOL_PATH, RigError

OVMF = pathlib.Path("/usr/share/OVMF")
CODE, VARIABLES = OVMF / "OVMF_CODE_4M.secboot.fd", OVMF / "OVMF_VARS_4M.ms.fd"
# The packages of the guest's Debian that the boot loaders are in, and where they are put.
PACKAGES = ("shim-signed", "shim-helpers-amd64-signed", "grub-efi-amd64-signed")
LOADERS = {
    "usr/lib/shim/shimx64.efi.signed": "EFI/BOOT/BOOTX64.EFI",
    "usr/lib/shim/mmx64.efi.signed": "EFI/BOOT/mmx64.efi",
    "usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed": "EFI/BOOT/grubx64.efi",
}
SIZE = 300      # MiB
# What MokManager shows, and what a person answers who has been asked to enroll a key: the second
# entry of each menu.
SECOND = b"\x1b[B", b"\r"
LIMIT = 600     # seconds, for each
ESCAPES = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]")


def enroll(serial, password):
    """Answer MokManager on the serial line of a machine; it is restarted at the end."""
    for shown, keys in ((b"Enroll MOK", SECOND), (b"View key 0", SECOND),
                        (b"Enroll the key", SECOND),
                        (b"Password:", (*(bytes([byte]) for byte in password), b"\r")),
                        (b"Reboot", (b"\r",))):
        _expect(serial, shown)
        for key in keys:
            # What comes too fast it takes for one.
            time.sleep(0.5)
            serial.sendall(key)


def _expect(serial, shown):
    """Read what is shown until a text has come."""
    data, end = b"", time.monotonic() + LIMIT
    serial.settimeout(1)
    while shown not in ESCAPES.sub(b"", data):
        if time.monotonic() > end:
            raise RigError(f"MokManager does not show {shown.decode()!r}")
        try:
            more = serial.recv(4096)
        except TimeoutError:
            continue
        if not more:
            raise RigError(f"the machine ended before it showed {shown.decode()!r}")
        data += more


class Firmware:
    """The firmware of one machine: its variables, and the disk that it boots from."""

    def __init__(self, folder, debs):
        for path in (CODE, VARIABLES):
            if not path.exists():
                raise RigError(f"{path} is not here: run scripts/setup")
        self._esp, self._variables = folder / "esp", folder / "variables"
        self._tree = folder / "loaders"
        shutil.rmtree(self._tree, ignore_errors=True)
        for package in PACKAGES:
            found = sorted(debs.glob(f"{package}_*.deb"))
            if not found:
                raise RigError(f"{debs} has no {package}")
            subprocess.run(("dpkg", "-x", found[-1], self._tree), check=True)
        shutil.copy(VARIABLES, self._variables)

    def loads(self, kernel, ram, line):
        """Put a kernel, an initramfs and a command line onto the disk."""
        config = self._tree / "grub.cfg"
        config.write_text(f"linux /vmlinuz {line}\ninitrd /initrd\nboot\n", encoding="ascii")
        self._esp.unlink(missing_ok=True)
        commands = [("mformat", "-i", self._esp, "-C", "-F", "-T", str(SIZE << 11), "::"),
                    *(("mmd", "-i", self._esp, f"::/{name}")
                      for name in ("EFI", "EFI/BOOT", "EFI/debian"))]
        files = {kernel: "vmlinuz", ram: "initrd", config: "EFI/debian/grub.cfg",
                 **{self._tree / name: place for name, place in LOADERS.items()}}
        commands += [("mcopy", "-i", self._esp, path, f"::/{place}")
                     for path, place in files.items()]
        for command in commands:
            done = subprocess.run(command, check=False, text=True, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, env={"PATH": TOOL_PATH})
            if done.returncode:
                raise RigError(f"{command[0]} ended with {done.returncode}: {done.stdout.strip()}")

    @staticmethod
    def machine():
        """Return what the machine needs: only the firmware may write its variables.

        Two CPUs meet whenever one asks it for a variable; on a busy machine an emulated one then
        stood still for 20 seconds.
        """
        return {"options": ",smm=on", "cpus": 1}

    def args(self):
        """Return the arguments for QEMU."""
        return ["-global", "driver=cfi.pflash01,property=secure,value=on",
                "-drive", f"if=pflash,unit=0,format=raw,readonly=on,file={CODE}",
                "-drive", f"if=pflash,unit=1,format=raw,file={self._variables}",
                "-drive", f"file={self._esp},if=none,id=esp,format=raw",
                "-device", "virtio-blk-pci,drive=esp,bootindex=0"]
