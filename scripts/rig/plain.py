# SPDX-License-Identifier: GPL-2.0-only
"""A guest of this machine: the scratch files, the taps and the wiring of its ports."""

import os
import pathlib
import subprocess
import sys

from . import isolate, kernels, machine as hw, native, overlay, terminal
from .common import GUEST_DIR, RigError, TOOL_PATH, UsageError
from .guest import Guest
from .requests import HostRunner, Qmp, Requests

LOADED = "virtio_pci virtio_blk virtio_net virtio_balloon"


def write_all(stream, data):
    """Write bytes to one of the user's streams at once."""
    stream.buffer.write(data)
    stream.buffer.flush()


def wire(session, guest, host, live_console, prefix=""):
    """Create the ports of a guest; return the chardev backend of each."""
    names = {port: prefix + port for port in hw.ALL_PORTS}
    guest.qmp = qmp = Qmp(session, names["qmp"])
    guest.port_prefix = prefix
    Requests(session, guest, names["control"], qmp, host)

    def console(data):
        guest.console.extend(data)
        if live_console:
            write_all(sys.stderr, data)

    handlers = {
        "console": console,
        "control": lambda data: session.send(names["control"], guest.feed_control(data)),
        "stdout": lambda data: write_all(sys.stderr if prefix else sys.stdout, data),
        "stderr": lambda data: write_all(sys.stderr, data),
        "qmp": qmp.feed,
    }
    guest.note = session.log.note
    session.guests.append(guest)
    return {port: session.add_port(names[port], handlers[port]) for port in hw.ALL_PORTS}


def guest_files(options, mach):
    """Return the files and settings of the guest that runs the user's command."""
    files = overlay.GuestFiles(options.drivers == "ours")
    load = "" if options.no_load or options.drivers == "none" else LOADED
    if load and mach.model == "microvm":
        load = load.replace("virtio_pci", "virtio_mmio")
    rows, columns = terminal.window()
    files.config = {"RIG_LOAD": load, "RIG_NETS": " ".join(net.kind for net in mach.nets),
                    "RIG_SHELL": int(options.shell), "RIG_SHORT_LOG": 0,
                    "RIG_ROWS": rows, "RIG_COLS": columns}
    if options.script:
        text = options.script.read_bytes()
        if not text.startswith(b"#!"):
            text = b"#!/bin/sh\n" + text
        files.files["rig/command"] = (text, 0o755)
    elif options.run is not None:
        text = options.run.encode()
        files.files["rig/command"] = (b"#!/bin/sh\n" + text + b"\n", 0o755)
    else:
        text = " ".join(overlay.BY_NAME).encode()  # an interactive shell gets all
    if options.kexec:
        files.files["boot/vmlinuz"] = (options.kernel.image, 0o644)
        files.files["bin/kexec"] = (
            native.build(GUEST_DIR / "kexec.c", "rig/kexec", ["-static"]), 0o755)
    text = text.decode(errors="replace")
    for name in set(overlay.BUILT) & set(overlay.named(text)):
        files.files[f"bin/{name}"] = (
            native.build(GUEST_DIR / f"{name}.c", f"rig/{name}", ["-s"]), 0o755)
    files.parts = (["small"] if options.small
                   else overlay.wanted_parts(text))
    return files


def disk_files(mach, scratch):
    """Create the temporary disks; return the path of every disk that has one."""
    paths = []
    for index, disk in enumerate(mach.disks):
        path = disk.path
        if disk.kind == "raw":
            path = scratch / f"disk{index}"
            with open(path, "wb") as out:
                os.truncate(out.fileno(), disk.bytes)
        paths.append(path)
    return paths


def make_taps(nets):
    """Create the taps of this run in its private name space."""
    if not any(net.kind == "tap" for net in nets):
        return
    if not pathlib.Path("/dev/net/tun").exists():
        raise RigError("/dev/net/tun is missing: a tap cannot be created on this machine")
    script = "set -e\n" + "\n".join(hw.tap_commands(nets, bridge=False))
    done = subprocess.run(["sh", "-c", script], check=False, text=True, stderr=subprocess.PIPE,
                          env={"PATH": TOOL_PATH})
    if done.returncode:
        raise RigError(f"cannot create a tap: {done.stderr.strip()}")


def start(session, options, mach):
    """Start a guest directly on this machine."""
    scratch = isolate.scratch_dir()
    kernel = options.kernel
    guest = Guest("guest")
    initrd = overlay.build(kernel, guest_files(options, mach), scratch / "initrd", scratch / "mod")
    chardevs = wire(session, guest, HostRunner(session), options.shell or options.verbose)
    make_taps(mach.nets)
    args = (hw.base_args(mach, f"rig-{options.ident}") + hw.port_args(chardevs)
            + ["-kernel", str(kernels.to_boot(kernel, options.sleeps)), "-initrd", str(initrd),
               "-append", hw.kernel_args(mach, guest.nonce, options.append)]
            + hw.disk_args(mach, disk_files(mach, scratch)) + hw.net_args(mach, False)
            + hw.balloon_args(mach) + mach.extra)
    session.start(args)


def check(options, mach):
    """Refuse what a plain run cannot do, before anything is started."""
    if options.host == "kvm" and not os.access("/dev/kvm", os.R_OK | os.W_OK):
        raise UsageError("--host kvm: /dev/kvm is missing or may not be opened; "
                         "allowed here are tcg and nested")
    hw.check(mach, options.host)
