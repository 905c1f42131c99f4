# SPDX-License-Identifier: GPL-2.0-only
"""Counts the instructions a guest executes, with the TCG plugin in scripts/plugin."""

import bisect
import collections
import gzip
import base64
import os
import re
import shlex
import tempfile

from rig import kernels, native
from rig.common import TOP

from .common import (
    APPEND, BenchError, OUT_DIR, embed, guest_part, parse, run_guest, say)

SOURCES = TOP / "scripts" / "plugin"

# In a kernel with a built-in virtio core these symbols tell where its parts are.
BUILT_IN = (("virtio_ring", re.compile(r"^(virtqueue_|vring_)")),
            ("virtio_pci", re.compile(r"^(vp_|virtio_pci_)")))

# A string instruction counts once for every repetition, of which these make most.
COPIES = re.compile(r":(clear_page|copy_page|copy_user|rep_movs|rep_stos|_copy_(to|from)_iter"
                    r"|__?memcpy|memcpy|__?memset|memset|__clear_user)")

KICKS = ("vp_notify", "vp_notify_with_data")
SYMBOL = re.compile(r"@? ?([0-9a-f]{16}) (\w) (\S+)(?:\s+\[(\S+)\])?$")
IMAGE_END = 0xffffffffc0000000      # modules are above


def library():
    """Return the path of the built plugin."""
    return native.build(SOURCES / "icounts.c", f"{OUT_DIR.name}/libicounts.so",
                        ["-fPIC", "-shared", "-fvisibility=hidden"])


def mark():
    """Return the path of the program that sets the marks in the guest."""
    return native.build(SOURCES / "mark.S", f"{OUT_DIR.name}/mark",
                        ["-nostdlib", "-static", "-s", "-Wl,--build-id=none"])


def prelude():
    """Return the beginning of every script that runs in a guest."""
    return "#!/bin/sh\n" + guest_part("lib") + embed(mark(), "mark")


def _kernel_symbols(release):
    """Return the text of the kernel's own symbols; a guest is asked once."""
    image = kernels.resolve(release).image.stat()
    cache = OUT_DIR / f"symbols-{release}-{image.st_size:x}-{image.st_mtime_ns:x}.gz"
    if not cache.exists():
        say(f"asking {release} for its symbols (once)")
        script = "grep -i '^[0-9a-f]* t ' /proc/kallsyms | grep -v '\\[' | gzip -1 | base64\n"
        output = run_guest(release, "none", script, ["--host", "tcg", "--append", APPEND], 240)
        for old in OUT_DIR.glob(f"symbols-{release}-*.gz"):
            old.unlink(missing_ok=True)
        part = cache.with_suffix(f".{os.getpid()}.part")
        part.write_bytes(base64.b64decode(output))
        part.rename(cache)
    return gzip.decompress(cache.read_bytes()).decode()


class Symbols:
    """Finds the function and the module of an address."""

    def __init__(self, release, output):
        modules = [line for line in output.splitlines() if line.startswith("@ ")]
        image = _kernel_symbols(release).splitlines()
        found = [match for match in map(SYMBOL.match, image + modules) if match]
        found = {(int(match[1], 16), match[3], match[4] or "") for match in found}
        texts = {addr for addr, name, _ in found if name == "_text"}
        if len(texts) != 1:
            raise BenchError(f"{release}: the guest's symbols are not those kept in {OUT_DIR}")
        found = sorted(found)
        self.addrs = [addr for addr, _, _ in found]
        self.names = [name for _, name, _ in found]
        self.modules = [self._module(module, addr) for addr, _, module in found]
        self._name_built_in()

    @staticmethod
    def _module(module, addr):
        if module:
            return module
        return "kernel" if addr < IMAGE_END else "other"

    def _name_built_in(self):
        """Give the objects of a built-in virtio core the names of their modules.

        The functions of an object file lie side by side, static ones between the
        exported ones that have a prefix of their own.
        """
        for module, pattern in BUILT_IN:
            hits = [i for i, name in enumerate(self.names)
                    if pattern.match(name) and self.modules[i] == "kernel"
                    and not name.endswith((".cold", "_init", "_exit"))]
            if hits and self.addrs[hits[-1]] - self.addrs[hits[0]] < 1 << 16:
                for i in range(hits[0], hits[-1] + 1):
                    self.modules[i] = module

    def find(self, addr):
        """Return (module, function, offset in it)."""
        i = bisect.bisect_right(self.addrs, addr) - 1
        if i < 0:
            return "kernel", "?", 0
        return self.modules[i], self.names[i], addr - self.addrs[i]


class Window:
    """What was executed between two marks."""

    def __init__(self, user):
        self.modules = collections.Counter({"user": user})
        self.functions = collections.Counter()
        self.calls = collections.Counter()
        self.blocks = collections.Counter()

    def add(self, place, insns, executions):
        """Add one block."""
        module, function, offset = place
        self.modules[module] += insns * executions
        self.functions[f"{module}:{function}"] += insns * executions
        self.blocks[module, function, offset, insns] += executions
        if offset == 0:
            self.calls[function] += executions

    def minus(self, other):
        """Return the difference of two windows."""
        left = Window(0)
        for name in ("modules", "functions", "calls", "blocks"):
            counter = collections.Counter(getattr(self, name))
            counter.subtract(getattr(other, name))
            setattr(left, name, counter)
        return left

    def steady(self, ops):
        """Return {"module:function": instructions of one operation} of what is a part of each.

        Blocks that run less often than in every other operation are something else: ticks,
        interrupts, and, where the guest is a nested one, the kernel of its host.
        """
        part = collections.Counter()
        for (module, function, _, insns), executions in self.blocks.items():
            if executions >= ops / 2:
                part[f"{module}:{function}"] += insns * executions / ops
        return part

    def per(self, ops, irqs, driver):
        """Return the metrics of one operation, of which there were ops.

        driver is the name of the driver's module, such as "virtio_net".
        """
        parts = {name: self.modules[name] / ops
                 for name in (driver, "virtio_ring", "virtio_pci", "user")}
        kernel = sum(self.modules.values()) - self.modules["user"]
        copies = sum(total for name, total in self.functions.items() if COPIES.search(name)) / ops
        rest = kernel / ops - sum(parts.values()) + parts["user"] - copies
        return {"total": sum(self.modules.values()) / ops, "kernel": kernel / ops,
                "driver": parts[driver], "ring": parts["virtio_ring"],
                "pci": parts["virtio_pci"], "copies": copies, "rest": rest, "user": parts["user"],
                "kicks": sum(self.calls[name] for name in KICKS) / ops, "irqs": irqs / ops}

    def top(self, ops, driver, count=25):
        """Return the functions that cost most, per operation.

        First those of the driver and of the virtio core, then those of the rest.
        """
        ranked = [(name, round(total / ops, 2)) for name, total in self.functions.most_common()
                  if total > 0]
        virtio = (driver, "virtio_ring", "virtio_pci")
        mine = [item for item in ranked if item[0].split(":")[0] in virtio]
        others = [item for item in ranked if item[0].split(":")[0] not in virtio]
        return dict(mine[:count] + others[:count])


def _read_windows(path, symbols):
    """Return the windows in the file the plugin wrote, in order."""
    windows, current = [], None
    with open(path, encoding="ascii") as file:
        for line in file:
            words = line.split()
            if words[0] == "window":
                current = Window(int(words[3]))
            elif words[0] == "end":
                windows.append(current)
                current = None
            else:
                current.add(symbols.find(int(words[0], 16)), int(words[1]), int(words[2]))
    if current is not None:
        raise BenchError("the plugin's last window is incomplete: the disk is full?")
    return windows


def run(options, drivers, script, machine, timeout, append=APPEND):
    """Run a script between the prelude's helpers; return (output, {name: (window, irqs)}).

    If the guest is nested the plugin is that of the outer QEMU, which executes everything.
    """
    nested = "nested" in machine
    with tempfile.TemporaryDirectory(dir=OUT_DIR) as folder:
        path = os.path.join(folder, "counts")
        count = ["-plugin", f"{library()},out={path}"]
        if nested:
            machine, count = [*machine, f"--outer-qemu={shlex.join(count)}"], ()
        output = run_guest(options.release, drivers, prelude() + script + "symbols\n",
                           [*machine, "--append", append], timeout, count)
        found = parse(output)
        windows = _read_windows(path, Symbols(options.release, output))
    names = list(found.get("window", {}))
    if len(names) != len(windows):
        raise BenchError(f"the guest set {len(names)} windows, the plugin saw {len(windows)}")
    irqs = {name: int(found["irqs"][name][0]) for name in names}
    return found, {name: (window, irqs[name]) for name, window in zip(names, windows)}


def between(windows, name):
    """Return what NAME.long did more than NAME.short, which hides start and end."""
    (less, less_irqs), (more, more_irqs) = windows[f"{name}.short"], windows[f"{name}.long"]
    return more.minus(less), more_irqs - less_irqs
