# SPDX-License-Identifier: GPL-2.0-only
"""The command line of scripts/vm."""

import argparse
import contextlib
import dataclasses
import os
import pathlib
import signal
import sys

from . import isolate, kernels, machine as hw, nested, plain, probe, spec, terminal
from .common import EXIT_DIED, EXIT_USAGE, RigError, UsageError, say
from .log import Log
from .session import Session

DEFAULT_TIMEOUT = {"tcg": 120, "kvm": 120, "nested": 240}
HOSTS = ("auto", "kvm", "nested", "tcg")
BOOT_ATTEMPTS = 3
DRIVERS = ("ours", "intree", "none")


class _Parser(argparse.ArgumentParser):
    """Reports a bad command line in one line."""

    def error(self, message):
        say(f"{message} (scripts/vm --help lists what is allowed)")
        sys.exit(EXIT_USAGE)


def _choice(option, allowed):
    def check(text):
        if text not in allowed:
            raise UsageError(f"{option} {text}: allowed are {', '.join(allowed)}")
        return text
    return check


def _parser():
    parser = _Parser(prog="scripts/vm", allow_abbrev=False,
                     description="Boot a stock kernel in QEMU and run a command in it.",
                     epilog="Exit status: that of the command; 2 bad usage, 124 time-out, 125 the "
                     "kernel reported a problem, 126 the guest died. More: Documentation/rig.md")
    add = parser.add_argument
    add("--kernel", default="6.12", help="6.1, 6.12 or a full release (default 6.12)")
    add("--drivers", default="intree", type=_choice("--drivers", DRIVERS),
        help="ours (build/RELEASE/*.ko), intree (default) or none (load nothing)")
    add("--modules", metavar="DIR", type=pathlib.Path,
        help="with --drivers ours: take the modules from there, not from build/RELEASE")
    add("--small", action="store_true",
        help="a guest with little more than a shell, which boots faster")
    add("--host", default="auto", type=_choice("--host", HOSTS),
        help="auto (default: kvm if a guest really boots with it, else tcg), kvm, nested, tcg")
    add("--smp", default="1", help="number of CPUs (default 1)")
    add("--mem", default="512M", help="memory (default 512M)")
    add("--machine", default="q35", type=_choice("--machine", ("q35", "microvm")),
        help="q35 (virtio-pci, default) or microvm (virtio-mmio)")
    add("--icount", action="store_true", help="count instructions: 1 ns of guest time is one")
    add("--iommu", action="store_true",
        help="put every device behind an IOMMU; the kernel uses it with --append intel_iommu=on")
    add("--tb-size", metavar="MIB", help="memory for translated code, with --host tcg only")
    add("--one-thread", action="store_true",
        help="the CPUs take turns and never run stale code, with --host tcg only")
    add("--disk", action="append", default=[], metavar="SPEC",
        help="SIZE, null:SIZE or file:PATH, then ,key=value device properties")
    add("--net", action="append", default=[], metavar="SPEC",
        help="tap[,queues=N] or user, then ,key=value device properties")
    add("--balloon", nargs="?", const="", metavar="PROPS", help="add a balloon (id balloon0)")
    add("--append", default="", metavar="ARGS", help="more kernel arguments")
    add("--timeout", metavar="SEC", help="limit of the whole run (default 120, nested 240)")
    add("--no-load", action="store_true", help="load no driver before the command")
    add("--sleeps", action="store_true",
        help="the guest suspends to memory; its kernel starts more slowly")
    add("--kexec", action="store_true",
        help="give the guest its kernel, /boot/vmlinuz, and the means to start it: kexec KERNEL "
        "INITRD CMDLINE; with -p when this one crashes")
    add("--keep-log", action="store_true", help="keep the log even when all went well")
    add("--verbose", action="store_true", help="show the consoles as they are written")
    add("--outer-kernel", default="6.12", metavar="K", help="nested: kernel of the outer guest")
    add("--outer-smp", default="2", metavar="N", help="nested: CPUs of the outer guest")
    add("--outer-mem", metavar="SIZE", help="nested: memory (default 2G more than the inner)")
    add("--outer-append", default="", metavar="ARGS", help="nested: kernel arguments")
    add("--outer-qemu", default="", metavar="ARGS",
        help="nested: more arguments of QEMU, in one word; those after -- are the inner guest's")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--run", metavar="CMD", help="shell command to run in the guest")
    what.add_argument("--script", metavar="FILE", type=pathlib.Path, help="script to run")
    what.add_argument("--shell", action="store_true", help="interactive shell")
    return parser


def parse(argv):
    """Parse and check a command line; return (options, machine)."""
    extra = []
    if "--" in argv:
        cut = argv.index("--")
        argv, extra = argv[:cut], argv[cut + 1:]
    options = _parser().parse_args(argv)
    if options.script and not options.script.is_file():
        raise UsageError(f"--script {options.script}: no such file")
    options.kernel = kernels.resolve(options.kernel)
    if options.modules:
        if not options.modules.is_dir():
            raise UsageError(f"--modules {options.modules}: no such folder")
        options.kernel = dataclasses.replace(options.kernel, ours=options.modules.resolve())
    if options.timeout is not None:
        options.timeout = spec.count(options.timeout, "--timeout", 1, 86400)
    mach = hw.Machine(accel="icount" if options.icount else options.host, model=options.machine,
                      smp=spec.count(options.smp, "--smp", 1, 255),
                      mem=spec.size(options.mem, "--mem"),
                      disks=[spec.disk(text) for text in options.disk],
                      nets=[spec.net(text) for text in options.net],
                      balloon=options.balloon, extra=extra)
    mach.iommu = options.iommu
    mach.one_thread = options.one_thread
    if options.tb_size is not None:
        mach.tb_size = spec.count(options.tb_size, "--tb-size", 8, 4096)
    if options.host == "nested":
        nested.check(options, mach)
    else:
        plain.check(options, mach)
    if options.drivers == "ours" and not options.kernel.our_modules():
        raise UsageError(f"--drivers ours: no module is built for {options.kernel.release}: "
                         f"run make modules KVER={options.kernel.release}")
    if options.shell and not os.isatty(0):
        raise UsageError("--shell: standard input is not a terminal; use --run or --script")
    return options, mach


class _Signal(BaseException):
    """A signal that ends the run."""


def _on_signal(number, _frame):
    raise _Signal(number)


def _attempt(options, mach, log):
    """Start QEMU and serve it until it is gone; return the session."""
    session = Session(log, options.timeout)
    try:
        isolate.clear()
        (nested if options.host == "nested" else plain).start(session, options, mach)
        with terminal.raw(session, "stdout") if options.shell else contextlib.nullcontext():
            session.loop()
    finally:
        session.kill()
    return session


def _work(options, mach, log):
    """The run itself, inside the private name spaces."""
    for number in isolate.FORWARDED:
        signal.signal(number, _on_signal)
    # Not what a person typed, nor what was done to a disk that is theirs.
    repeatable = not options.shell and not any(disk.kind == "file" for disk in mach.disks)
    try:
        for left in reversed(range(BOOT_ATTEMPTS)):
            session = _attempt(options, mach, log)
            fault = session.emulator_fault(repeatable)
            if not left or not fault:
                break
            say(f"note: QEMU {fault}; starting again")
        return session.result()
    except _Signal as got:
        say(f"ended by {signal.Signals(got.args[0]).name}")
        return 128 + got.args[0]
    except KeyboardInterrupt:
        say("ended by the user")
        return 130
    except BrokenPipeError:
        return EXIT_DIED


def main(argv):
    """Run scripts/vm; return its exit status."""
    try:
        options, mach = parse(argv)
        options.ident = str(os.getpid())
        if options.host == "auto":
            options.host = "tcg" if options.icount else probe.best_host()
            if not options.icount:
                mach.accel = options.host
        options.timeout = options.timeout or DEFAULT_TIMEOUT[options.host]
        log = Log()

        def work():
            code = EXIT_DIED
            try:
                code = _work(options, mach, log)
            finally:
                if options.keep_log or code != 0:
                    log.save(options.ident)
            return code
        private = options.host == "nested" or not any(n.kind == "user" for n in mach.nets)
        return isolate.run(work, private)
    except RigError as err:
        say(str(err))
        return err.code
