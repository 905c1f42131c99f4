# SPDX-License-Identifier: GPL-2.0-only
"""A guest inside a guest: real KVM without hardware virtualisation.

QEMU emulates AMD's SVM, so a stock kernel in the outer guest offers KVM, and QEMU
in it runs the inner guest that the user asked for. Every port of the inner QEMU is
a virtio-serial port of the outer guest, which is a socket here: the inner guest is
driven exactly like a plain one.
"""

import base64
import binascii
import copy
import shlex

from . import isolate, kernels, machine as hw, overlay, plain, spec
from .common import GUEST_DIR, UsageError
from .guest import Guest

MORE_MEM = 2 << 30      # what the outer guest gets beyond the inner one's memory
CPU = f"EPYC,+svm,+npt,{hw.NO_CX16}"
# What a kernel does against flaws of this CPU (retpolines, SRSO) makes each call and return
# one that the emulation cannot predict, in both guests.
FASTER = "mitigations=off"


class OuterRunner:
    """Runs shell commands in the outer guest, through a port of its own."""

    # scripts/guest/outer starts the next QEMU with it.
    migrate_uri = "exec:cat > /run/incoming.part && mv /run/incoming.part /run/incoming"

    def __init__(self, session):
        self.session = session
        self.waiting = {}
        self.count = 0
        self.buffer = bytearray()

    def run(self, command, done):
        """Start a command; done(status, stdout) is called when it ended."""
        self.count += 1
        self.waiting[str(self.count)] = done
        packed = base64.b64encode(command.encode()).decode()
        self.session.send("exec", f"{self.count} {packed}\n".encode())

    def feed(self, data):
        """Take bytes from the port."""
        self.buffer += data
        while b"\n" in self.buffer:
            line, _, rest = self.buffer.partition(b"\n")
            self.buffer = bytearray(rest)
            words = line.decode(errors="replace").split(" ")
            done = self.waiting.pop(words[0], None)
            if done is None or len(words) != 3:
                continue
            try:
                done(int(words[1]), base64.b64decode(words[2], validate=True))
            except (ValueError, binascii.Error):
                done(1, b"damaged answer of the outer guest\n")


def _inner_disks(mach):
    """Return (paths in the outer guest, commands that create them, files to attach)."""
    paths, commands, attached = [], [], []
    for index, disk in enumerate(mach.disks):
        path = None
        if disk.kind == "raw":
            path = f"/run/disk{index}"
            commands.append(f"truncate -s {disk.bytes} {path}")
        elif disk.kind == "file":
            path = f"/dev/vd{chr(ord('a') + len(attached))}"
            attached.append(disk)
        paths.append(path)
    return paths, commands, attached


def _inner(options, mach, guest, paths):
    """Return the QEMU arguments of the inner guest."""
    chardevs = {port: "serial,id={id},path=/run/port-" + port for port in hw.ALL_PORTS}
    return (hw.base_args(mach, "inner") + hw.port_args(chardevs)
            + ["-kernel", "/rig/kernel", "-initrd", "/rig/initrd",
               "-append", hw.kernel_args(mach, guest.nonce, f"{FASTER} {options.append}")]
            + hw.disk_args(mach, paths) + hw.net_args(mach, True)
            + hw.balloon_args(mach) + mach.extra)


def _outer_ports(session, chardevs, runner):
    """Arguments for the virtio-serial ports; chardevs are those of the inner guest."""
    args = ["-device", "virtio-serial-pci,id=serial"]
    backends = {**chardevs, "exec": session.add_port("exec", runner.feed)}
    for port, backend in backends.items():
        args += ["-chardev", backend.format(id=f"inner-{port}"),
                 "-device", f"virtserialport,chardev=inner-{port},name=inner-{port}"]
    return args


def _outer_files(options, args, setup, scratch, with_disks):
    """Return what the outer guest needs."""
    files = overlay.GuestFiles(ours=False)
    load = "virtio_pci virtio_console" + (" virtio_blk" if with_disks else "")
    files.config = {"RIG_LOAD": load, "RIG_NETS": "", "RIG_SHELL": 0, "RIG_SHORT_LOG": 0}
    files.parts = ["base", "qemu"]
    files.files = {
        "rig/command": (GUEST_DIR / "outer", 0o755),
        "rig/setup": ("set -e\n" + "\n".join(setup) + "\n", 0o644),
        "rig/qemu": ("exec qemu-system-x86_64 -L /usr/share/qemu -L /usr/share/seabios "
                     + " ".join(map(shlex.quote, args)) + ' "$@"\n', 0o644),
        "rig/kernel": (kernels.to_boot(options.kernel, options.sleeps), 0o644),
        "rig/initrd": (scratch / "inner-initrd", 0o644),
    }
    return files


def start(session, options, mach):
    """Start the outer guest, which starts the inner one."""
    scratch = isolate.scratch_dir()
    runner = OuterRunner(session)
    outer, inner = Guest("outer guest"), Guest("guest")
    outer.must_succeed = "QEMU in the outer guest"
    live = options.shell or options.verbose
    outer_ports = plain.wire(session, outer, plain.HostRunner(session), options.verbose, "outer-")
    inner_ports = plain.wire(session, inner, runner, live)
    inner_files = plain.guest_files(options, mach)
    # Every byte on a serial line costs a nested exit, some 0.3 ms.
    inner_files.config["RIG_SHORT_LOG"] = int(not options.keep_log)
    overlay.build(options.kernel, inner_files, scratch / "inner-initrd", scratch / "inner-mod")
    paths, setup, attached = _inner_disks(mach)
    inner_mach = copy.copy(mach)
    inner_mach.accel = "kvm"
    args = _inner(options, inner_mach, inner, paths)
    setup += hw.tap_commands(mach.nets, bridge=True)
    files = _outer_files(options, args, setup, scratch, bool(attached))
    initrd = overlay.build(options.outer_kernel, files, scratch / "initrd", scratch / "mod")
    outer_mach = hw.Machine(accel="tcg", model="q35", smp=options.outer_smp,
                            mem=options.outer_mem or mach.mem + MORE_MEM, disks=attached,
                            nets=[], balloon=None, extra=[], cpu_model=CPU)
    session.start(hw.base_args(outer_mach, f"rig-{options.ident}") + hw.port_args(outer_ports)
                  + _outer_ports(session, inner_ports, runner)
                  + ["-kernel", str(kernels.vmlinux(options.outer_kernel)),
                     "-initrd", str(initrd),
                     "-append", hw.kernel_args(outer_mach, outer.nonce,
                                               f"{FASTER} {options.outer_append}")]
                  + hw.disk_args(outer_mach, [disk.path for disk in attached])
                  + options.outer_qemu)


def check(options, mach):
    """Refuse what a nested run cannot do, before anything is started."""
    if mach.accel == "icount":
        raise UsageError("--icount: allowed only with --host tcg")
    hw.check(mach, options.host)
    for net in mach.nets:
        if net.kind == "user":
            raise UsageError("--net user: not allowed with --host nested; use tap")
    options.outer_kernel = kernels.resolve(options.outer_kernel, "--outer-kernel")
    options.outer_smp = spec.count(options.outer_smp, "--outer-smp", 1, 64)
    if options.outer_mem is not None:
        options.outer_mem = spec.size(options.outer_mem, "--outer-mem")
    try:
        options.outer_qemu = shlex.split(options.outer_qemu)
    except ValueError as err:
        raise UsageError(f"--outer-qemu {options.outer_qemu}: {err}; the words of a shell are "
                         "allowed") from err
