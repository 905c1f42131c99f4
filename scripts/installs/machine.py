# SPDX-License-Identifier: GPL-2.0-only
"""Boots the disk of a guest, as its boot loader would, and runs scripts in there."""

import json
import pathlib
import re
import shlex
import socket
import subprocess
import time

from rig.common import TOOL_PATH, RigError
from rig.machine import NO_CX16

GUEST = pathlib.Path(__file__).resolve().parent / "guest"
MEMORY = 1536       # MiB
BOOT_LIMIT = 3600   # seconds: a whole Debian, in an emulator, on a machine that others use too
END_LIMIT = 1800
END = re.compile(rb"\n@end (\d+)\n\Z")
HELLO = re.compile(rb"@hello (\S+)\n\Z")


class Trouble(RigError):
    """The guest did not do what it should."""


def connect(path, process, limit=60):
    """Connect to a socket that QEMU makes."""
    end = time.monotonic() + limit
    while True:
        link = socket.socket(socket.AF_UNIX)
        try:
            link.connect(str(path))
            return link
        except OSError as err:
            link.close()
            if process.poll() is not None:
                raise Trouble(f"QEMU ended with {process.returncode}, see qemu.log") from err
            if time.monotonic() > end:
                raise Trouble(f"QEMU did not make {path.name}") from err
            time.sleep(0.1)


class Guest:
    """One disk, and the machine that it is booted in, again and again."""

    def __init__(self, folder, disk, accel):
        self.folder, self.disk, self.accel = folder, disk, accel
        self.process = self.agent = None
        self.boots = 0
        self._qmp = None
        self._log = open(folder / "agent.log", "ab")

    def _dump(self, name, path):
        """Copy a file out of the disk of a guest that is off."""
        path.unlink(missing_ok=True)
        done = subprocess.run(("debugfs", "-R", f"dump {name} {path}", self.disk), check=False,
                              text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              env={"PATH": TOOL_PATH})
        if not path.exists() or not path.stat().st_size:
            raise Trouble(f"the disk has no {name}: {done.stdout.strip()}")

    def boot(self, release, initrd=None, append="", firmware=None):
        """Boot a kernel of the disk, with an initramfs of the disk; wait for the agent.

        QEMU starts it or, if there is one, a firmware (see firmware.py).
        """
        kernel, ram = self.folder / "vmlinuz", self.folder / "initrd"
        self._dump(f"/boot/vmlinuz-{release}", kernel)
        self._dump(initrd or f"/boot/initrd.img-{release}", ram)
        # What a kernel does against flaws of a processor costs an emulator most.
        line = f"root=/dev/vda ro console=ttyS0 systemd.show_status=1 mitigations=off {append}"
        if firmware:
            firmware.loads(kernel, ram, line)
            self.start(firmware.args(), **firmware.machine())
        else:
            self.start(["-kernel", str(kernel), "-initrd", str(ram), "-append", line])
        self.agent = connect(self.folder / "agent", self.process)
        hello = self._read(HELLO, BOOT_LIMIT, f"boot {self.boots} of {release}")
        if hello.decode() != release:
            raise Trouble(f"{hello.decode()} was booted, not {release}")

    def start(self, args, options="", cpus=2):
        """Start QEMU with the disk, on a machine with more options."""
        self.boots += 1
        console = self.folder / f"console-{self.boots}.log"
        for name in ("agent", "qmp", "serial"):
            (self.folder / name).unlink(missing_ok=True)
        accel = ["-accel", "kvm", "-cpu", "host"] if self.accel == "kvm" else \
            ["-accel", "tcg,thread=multi", "-cpu", f"max,{NO_CX16}"]
        self._qmp = None
        with open(self.folder / "qemu.log", "ab") as log:
            self.process = subprocess.Popen(
                ("qemu-system-x86_64", "-M", f"q35,sata=off,smbus=off,usb=off{options}", *accel,
                 "-smp", str(cpus), "-m", str(MEMORY),
                 "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
                 "-chardev", f"socket,id=serial,path={self.folder}/serial,server=on,wait=off,"
                 f"logfile={console}", "-serial", "chardev:serial", "-rtc", "base=utc",
                 "-chardev", f"socket,id=qmp,path={self.folder}/qmp,server=on,wait=off",
                 "-mon", "chardev=qmp,mode=control",
                 "-chardev", f"socket,id=agent,path={self.folder}/agent,server=on,wait=off",
                 "-device", "virtio-serial-pci",
                 "-device", "virtserialport,chardev=agent,name=agent",
                 "-drive", f"file={self.disk},if=none,id=disk,format=raw,cache=unsafe",
                 "-device", "virtio-blk-pci,drive=disk",
                 "-netdev", "user,id=net", "-device", "virtio-net-pci,netdev=net,romfile=",
                 "-device", "virtio-balloon-pci", "-device", "virtio-rng-pci", *args),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={"PATH": TOOL_PATH})

    def _read(self, wanted, limit, what):
        """Read from the agent until a pattern; return its first group."""
        data, end = b"", time.monotonic() + limit
        self.agent.settimeout(1)
        while True:
            try:
                more = self.agent.recv(65536)
            except TimeoutError:
                more = None
            if more == b"" or self.process.poll() is not None:
                raise Trouble(f"{what}: the guest ended, see console-{self.boots}.log")
            if more:
                data = (data + more)[-(1 << 20):]
                self._log.write(more)
                self._log.flush()
            match = wanted.search(data)
            if match:
                self.said = data[:match.start()].decode(errors="replace")
                return match[1]
            if time.monotonic() > end:
                raise Trouble(f"{what}: no answer in {limit} s, see console-{self.boots}.log")

    def run(self, name, *args, limit=BOOT_LIMIT):
        """Run a script of guest/, after lib.sh; fail as it does; return what it prints."""
        text = (GUEST / "lib.sh").read_text(encoding="utf-8") \
            + f"set -- {shlex.join(args)}\n" + (GUEST / name).read_text(encoding="utf-8")
        data = text.encode()
        self._log.write(f"\n== boot {self.boots}: {name} {shlex.join(args)}\n".encode())
        self.agent.sendall(f"{len(data)}\n".encode() + data)
        status = int(self._read(END, limit, name))
        if status:
            lines = [line for line in self.said.splitlines() if line.strip()]
            told = [line for line in lines if line.startswith("FAIL ")] or lines or ["nothing"]
            raise Trouble(f"{name}: {told[-1].removeprefix('FAIL ')}")
        return self.said

    def off(self):
        """Shut the guest down, and wait for the end of it."""
        data = b"systemctl poweroff\n"
        self.agent.sendall(f"{len(data)}\n".encode() + data)
        try:
            self.process.wait(END_LIMIT)
        except subprocess.TimeoutExpired:
            raise Trouble(f"boot {self.boots} did not shut down in {END_LIMIT} s") from None
        finally:
            self.kill()
        if self.process.returncode:
            raise Trouble(f"QEMU ended with {self.process.returncode}, see qemu.log")

    def answer(self, firmware, what):
        """Start the machine, which asks something before it boots; answer, and see it off."""
        self.start(firmware.args(), **firmware.machine())
        serial = connect(self.folder / "serial", self.process)
        try:
            what(serial)
            self.process.wait(END_LIMIT)
        except subprocess.TimeoutExpired:
            raise Trouble(f"boot {self.boots} did not end in {END_LIMIT} s") from None
        finally:
            serial.close()
            self.kill()

    def kill(self):
        """Leave nothing running."""
        if self.agent:
            self.agent.close()
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def qmp(self, command, **arguments):
        """Have QEMU do something; return its answer."""
        if not self._qmp:
            link = connect(self.folder / "qmp", self.process)
            link.settimeout(600)
            self._qmp = link.makefile("rw", encoding="utf-8")
            self._qmp.readline()
            self.qmp("qmp_capabilities")
        self._qmp.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self._qmp.flush()
        while True:
            line = self._qmp.readline()
            if not line:
                raise Trouble("QEMU has closed its monitor")
            answer = json.loads(line)
            if "error" in answer:
                raise Trouble(f"{command}: {answer['error']['desc']}")
            if "return" in answer:
                return answer["return"]
