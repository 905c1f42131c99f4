# SPDX-License-Identifier: GPL-2.0-only
"""Builds and caches the parts of the initramfs that rarely change.

Kinds of part: "base" (tools and in-tree modules of one kernel), one for each program of
ON_REQUEST with its libraries, "qemu" (what a guest needs to run a guest of its own), and
"small" (little more than a shell).
A part is kept in the cache with the list of the files it was made from, and made
again when one of them changed.
"""

import contextlib
import fcntl
import gzip
import hashlib
import json
import lzma
import os
import pathlib
import re
import shutil
import subprocess
import time

from .common import RigError, TOOL_PATH, cache_dir
from .cpio import Cpio

# Real tools: a busybox applet of the same name is left out.
TOOLS = """
    dash kmod iperf3 ethtool ip tc bridge ping mke2fs e2fsck tune2fs dumpe2fs sha256sum hwclock
    taskset stdbuf dd date stat sleep timeout chrt flock base64 dmesg nproc blkid losetup
    lsblk fallocate blkdiscard mount umount sort uniq seq stty setsid cat head tail cut tr
    gzip qemu-img
""".split()

# Programs that a guest gets only if its command or script names them.
ON_REQUEST = ("fio", "phc2sys")

# All that init and a script of simple commands need.
SMALL_TOOLS = "dash kmod dmesg stty base64 gzip ip".split()

TOOL_LINKS = {
    "sh": "dash", "modprobe": "kmod", "insmod": "kmod", "rmmod": "kmod", "lsmod": "kmod",
    "modinfo": "kmod", "depmod": "kmod", "mkfs.ext4": "mke2fs", "mkfs.ext2": "mke2fs",
    "fsck.ext4": "e2fsck",
}

# In-tree modules a guest may want; one that is built in or absent is passed over.
MODULES = """
    virtio virtio_ring virtio_pci virtio_mmio virtio_net virtio_blk virtio_balloon virtio_console
    virtio_rng failover net_failover ext4 crc32c_generic crc32c_intel crc16 null_blk brd loop
    pktgen dummy veth bridge tun tap macvtap vhost vhost_net kvm kvm_amd kvm_intel ccp irqbypass
    ptp_kvm rtc_cmos libcrc32c 8250 8021q sch_netem sch_ingress sch_fq sch_mqprio act_mirred
    cls_matchall msr cpuid configs nbd dm_mod scsi_mod sd_mod overlay
""".split()

# What a modules folder holds besides modules.
MODULE_LISTS = ("modules.builtin", "modules.builtin.modinfo", "modules.order")

QEMU_DATA = (
    "/usr/share/seabios/bios-256k.bin", "/usr/share/seabios/bios-microvm.bin",
    "/usr/share/qemu/pvh.bin", "/usr/share/qemu/linuxboot_dma.bin",
    "/usr/share/qemu/kvmvapic.bin",
)

# Loaded at run time by name, so that ldd does not list them.
EXTRA_LIBS = ("/lib/x86_64-linux-gnu/libgcc_s.so.1", "/usr/libexec/coreutils/libstdbuf.so")


def find_tool(name):
    """Return the path of a tool of this machine, or a clear error."""
    path = shutil.which(name, path=TOOL_PATH)
    if not path:
        raise RigError(f"the tool {name} is not installed: run scripts/setup")
    return path


def libraries(binary):
    """Return the shared libraries a binary needs, as absolute paths."""
    done = subprocess.run(["ldd", binary], check=False, text=True, env={"LC_ALL": "C"},
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return re.findall(r"(?:=>\s+|^\s+)(/\S+)\s+\(0x", done.stdout, re.M)


def read_module(path):
    """Return the uncompressed bytes of a kernel module file."""
    raw = pathlib.Path(path).read_bytes()
    suffix = pathlib.Path(path).suffix
    if suffix == ".xz":
        return lzma.decompress(raw)
    if suffix == ".gz":
        return gzip.decompress(raw)
    if suffix == ".zst":
        return subprocess.run(["zstd", "-dc"], input=raw, check=True,
                              stdout=subprocess.PIPE).stdout
    return raw


def module_name(path):
    """Return the name under which the kernel knows a module file."""
    return pathlib.Path(path).name.split(".ko")[0].replace("-", "_")


def plain_name(item):
    """Return the name of a module file without a suffix of compression."""
    return re.sub(r"[.](xz|gz|zst)$", "", item)


def module_closure(kernel, names):
    """Return the files, relative to the modules folder, of modules and their needs."""
    deps = {}
    for line in (kernel.modules / "modules.dep").read_text().splitlines():
        target, _, needs = line.partition(":")
        deps[module_name(target)] = (target, needs.split())
    chosen = {}
    for name in names:
        target, needs = deps.get(name.replace("-", "_"), (None, ()))
        for item in ([target] if target else []) + list(needs):
            chosen[item] = None
    return list(chosen)


class Part:
    """One cached archive: collects the inputs while it is being written."""

    def __init__(self, out):
        self.cpio = Cpio(out)
        self.inputs = {}

    def use(self, path):
        """Remember a file the archive depends on."""
        info = os.stat(path)
        self.inputs[str(path)] = [info.st_size, info.st_mtime_ns]

    def copy(self, name, path):
        """Add a file of this machine under a name."""
        self.use(path)
        self.cpio.file(name, path)

    def binary(self, path, name=None):
        """Add a program in /bin with the libraries it needs."""
        self.copy(f"bin/{name or os.path.basename(path)}", path)
        for lib in libraries(path):
            # /lib and /usr/lib are one folder in the guest as on Debian.
            self.copy(re.sub(r"^/usr/lib", "/lib", lib), lib)


def _write_root(part, tools, links):
    cpio = part.cpio
    for folder in ("bin", "lib", "lib64", "usr", "dev", "proc", "sys", "run", "tmp", "root",
                   "etc", "mnt", "tests", "rig", "var"):
        cpio.folder(folder)
    for name, target in (("sbin", "bin"), ("usr/bin", "../bin"), ("usr/sbin", "../bin"),
                         ("usr/lib", "../lib"), ("var/run", "../run"), ("var/tmp", "../tmp")):
        cpio.link(name, target)
    cpio.node("dev/console", 5, 1)
    cpio.node("dev/null", 1, 3)
    cpio.data("etc/passwd", "root:x:0:0:root:/root:/bin/sh\n")
    cpio.data("etc/group", "root:x:0:\n")
    cpio.data("etc/hosts", "127.0.0.1 localhost\n")
    cpio.link("etc/mtab", "/proc/mounts")
    for tool in tools:
        part.binary(find_tool(tool), tool)
    for name, target in links.items():
        cpio.link(f"bin/{name}", target)
    busybox = find_tool("busybox")
    part.binary(busybox, "busybox")
    for applet in subprocess.run([busybox, "--list"], check=True, text=True,
                                 stdout=subprocess.PIPE).stdout.split():
        cpio.link(f"bin/{applet}", "busybox")


def _write_base(part, kernel):
    _write_root(part, TOOLS, TOOL_LINKS)
    part.cpio.data("etc/mke2fs.conf", pathlib.Path("/etc/mke2fs.conf").read_bytes())
    for lib in EXTRA_LIBS:
        part.copy(re.sub(r"^/usr/lib/", "/lib/", lib), lib)
    _write_modules(part, kernel)


def _write_small(part, _kernel):
    _write_root(part, SMALL_TOOLS, {name: target for name, target in TOOL_LINKS.items()
                                    if target in SMALL_TOOLS})


def _write_modules(part, kernel):
    """Add the in-tree modules, uncompressed: the guest is slower at that than we are."""
    top = f"lib/modules/{kernel.release}"
    part.use(kernel.modules / "modules.dep")
    for item in module_closure(kernel, MODULES):
        part.use(kernel.modules / item)
        part.cpio.data(f"{top}/{plain_name(item)}", read_module(kernel.modules / item))


def _writer(name):
    def write(part, _kernel):
        part.binary(find_tool(name))
    return write


def _write_qemu(part, _kernel):
    part.binary(find_tool("qemu-system-x86_64"))
    for path in QEMU_DATA:
        part.copy(path, path)


WRITERS = {"base": _write_base, "small": _write_small, "qemu": _write_qemu,
           **{name: _writer(name) for name in ON_REQUEST}}


def _fresh(archive, manifest):
    """Say whether a cached archive still matches the files it was made from."""
    try:
        inputs = json.loads(manifest.read_text())
        for path, (size, mtime) in inputs.items():
            info = os.stat(path)
            if (info.st_size, info.st_mtime_ns) != (size, mtime):
                return False
        os.utime(archive)
        return True
    except (OSError, ValueError):
        return False


def _forget_old(folder):
    """Remove archives nobody used for a week."""
    for old in list(folder.glob("part-*")) + list(folder.glob("tree-*")):
        with contextlib.suppress(OSError):
            if time.time() - old.stat().st_mtime > 7 * 86400:
                shutil.rmtree(old) if old.is_dir() else old.unlink()


def module_tree(kernel, archive):
    """Return a folder with the modules of a base archive, for depmod to look at."""
    tree = archive.with_name(archive.name.replace("part-", "tree-", 1).replace(".cpio", ""))
    stamp = tree / "made-from"
    made_from = str(archive.with_suffix(".json").stat().st_mtime_ns)
    if stamp.exists() and stamp.read_text() == made_from:
        os.utime(tree)
        return tree
    with _locked():
        if stamp.exists() and stamp.read_text() == made_from:
            return tree
        temp = tree.with_name(f"{tree.name}.{os.getpid()}.part")
        temp.mkdir()
        for item in module_closure(kernel, MODULES):
            target = temp / plain_name(item)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(read_module(kernel.modules / item))
        for item in MODULE_LISTS:
            shutil.copy(kernel.modules / item, temp / item)
        (temp / "made-from").write_text(made_from)
        shutil.rmtree(tree, ignore_errors=True)
        temp.rename(tree)
    return tree


@contextlib.contextmanager
def _locked():
    with open(cache_dir() / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def part(kind, kernel):
    """Return the path of an up-to-date archive of this kind for this kernel."""
    here = pathlib.Path(__file__)
    source = here.read_bytes() + here.with_name("cpio.py").read_bytes()
    tag = kernel.release if kind == "base" else "any"
    ident = f"{kind}\n{tag}\n{kernel.modules if kind == 'base' else ''}\n"
    key = hashlib.sha256(ident.encode() + source).hexdigest()[:16]
    folder = cache_dir()
    archive = folder / f"part-{kind}-{tag}-{key}.cpio"
    manifest = archive.with_suffix(".json")
    if _fresh(archive, manifest):
        return archive
    with _locked():
        if _fresh(archive, manifest):
            return archive
        _forget_old(folder)
        temp = folder / f"{archive.name}.{os.getpid()}.part"
        try:
            with open(temp, "wb") as out:
                piece = Part(out)
                WRITERS[kind](piece, kernel)
                piece.cpio.close()
            manifest.unlink(missing_ok=True)
            temp.rename(archive)
            manifest.write_text(json.dumps(piece.inputs))
        finally:
            temp.unlink(missing_ok=True)
    return archive
