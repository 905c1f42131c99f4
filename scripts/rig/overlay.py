# SPDX-License-Identifier: GPL-2.0-only
"""Writes the part of the initramfs that is new at every run, and joins the parts."""

import pathlib
import re
import shutil
import subprocess

from . import image, native
from .common import GUEST_DIR, RigError, TESTS_DIR, say
from .cpio import Cpio

BUILT = ("clocktool", "disktool")       # of scripts/guest, when a guest is to have them
BY_NAME = (*image.ON_REQUEST, *BUILT)
DRIVERS = ("virtio_blk", "virtio_net", "virtio_balloon", "kvmclock")


def modinfo(path, field):
    """Return the values of one field of a module's .modinfo section."""
    raw = image.read_module(path)
    pattern = rb"\0" + field.encode() + rb"=([^\0]*)\0"
    return [value.decode(errors="replace") for value in re.findall(pattern, raw)]


def our_modules(kernel):
    """Return the modules built here for a kernel; none at all is an error."""
    found = kernel.our_modules()
    if not found:
        raise RigError(f"no module is built for {kernel.release}: "
                       f"run make modules KVER={kernel.release}", 2)
    for path in found:
        magic = " ".join(modinfo(path, "vermagic"))
        if not magic.startswith(kernel.release + " "):
            raise RigError(f"{path}: built for {magic.split(' ')[0] or 'an unknown kernel'}, "
                           f"run make modules KVER={kernel.release}", 2)
    names = {image.module_name(path) for path in found}
    missing = [name for name in DRIVERS if name not in names]
    if missing and not kernel.ours:
        say(f"note: not built for {kernel.release}: {', '.join(missing)}; "
            "where the kernel has its own, that one is loaded")
    return found


def _stage_modules(kernel, archive, ours, work):
    """Make a modules folder that depmod can index; return it and the files to add."""
    tree = image.module_tree(kernel, archive) if archive else kernel.modules
    stage = work / "lib" / "modules" / kernel.release
    stage.mkdir(parents=True)
    for item in tree.iterdir():
        if not archive and item.name not in image.MODULE_LISTS:
            continue
        if item.is_dir():
            shutil.copytree(item, stage / item.name, copy_function=_symlink)
        elif item.name.startswith("modules."):
            (stage / item.name).symlink_to(item)
    added = []
    needed = set()
    for path in ours:
        target = stage / "updates" / path.name
        target.parent.mkdir(exist_ok=True)
        shutil.copy(path, target)
        added.append(target)
        needed.update(name for line in modinfo(path, "depends") for name in line.split(",") if name)
    for item in image.module_closure(kernel, sorted(needed)):
        target = stage / image.plain_name(item)
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(image.read_module(kernel.modules / item))
            added.append(target)
    conf = work / "depmod.conf"
    conf.write_text("search updates built-in\n")
    done = subprocess.run([image.find_tool("depmod"), "-b", str(work), "-C", str(conf),
                           kernel.release], check=False, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        raise RigError(f"depmod failed for {kernel.release}: {done.stdout.strip()}")
    return stage, added


def _symlink(source, target):
    pathlib.Path(target).symlink_to(source)


def _quote(value):
    return "'" + str(value).replace("'", "'\\''") + "'"


def write(out, kernel, archive, guest, work):
    """Write the overlay of one guest to a binary file object.

    guest is a GuestFiles; work a scratch folder that must not exist yet.
    """
    work.mkdir()
    cpio = Cpio(out)
    ours = our_modules(kernel) if guest.ours else []
    stage, added = _stage_modules(kernel, archive, ours, work)
    top = f"lib/modules/{kernel.release}"
    for path in added:
        cpio.file(f"{top}/{path.relative_to(stage)}", path)
    for path in sorted(stage.glob("modules.*")):
        cpio.file(f"{top}/{path.name}", path)
    cpio.file("init", GUEST_DIR / "init", 0o755)
    cpio.file("bin/vmctl", native.build(GUEST_DIR / "vmctl.c", "rig/vmctl", ["-s"]), 0o755)
    if TESTS_DIR.is_dir():
        for path in sorted(TESTS_DIR.iterdir()):
            if path.is_file() and path.stat().st_size < 1 << 20:
                cpio.file(f"tests/{path.name}", path)
    cpio.file("tests/lib.sh", GUEST_DIR / "lib.sh")
    cpio.file("tests/gcov.sh", GUEST_DIR / "gcov.sh")
    cpio.data("rig/config", "".join(f"{key}={_quote(value)}\n"
                                    for key, value in guest.config.items()))
    for name, (content, mode) in guest.files.items():
        if isinstance(content, pathlib.Path):
            cpio.file(name, content, mode)
        else:
            cpio.data(name, content, mode)
    cpio.close()


class GuestFiles:
    """What one guest gets besides the cached parts."""

    def __init__(self, ours):
        self.ours = ours        # put our own modules into updates/
        self.config = {}        # shell variables for the guest's init
        self.files = {}         # name: (bytes, text or Path, mode)
        self.parts = ["base"]   # cached parts


def named(text):
    """Return those of the programs that a guest gets on request which a test names.

    What the test reads of /tests/ is a part of it.
    """
    for name in re.findall(r"^[.] /tests/(\S+)$", text, re.M):
        path = TESTS_DIR / name
        if path.is_file():
            text += path.read_text(encoding="utf-8")
    return [name for name in BY_NAME if re.search(rf"\b{name}\b", text)]


def wanted_parts(text):
    """Return the cached parts a command or script needs: fio's many libraries are
    left out of a guest that never calls it, which boots faster and has more memory."""
    return ["base"] + [name for name in named(text) if name in image.ON_REQUEST]


def build(kernel, guest, out_path, work):
    """Write the complete initramfs of a guest to out_path."""
    archives = {kind: image.part(kind, kernel) for kind in guest.parts}
    modules_of = archives.get("base")       # None: a guest without in-tree modules
    with open(out_path, "wb") as out:
        for archive in archives.values():
            with open(archive, "rb") as src:
                shutil.copyfileobj(src, out, 1 << 22)
        write(out, kernel, modules_of, guest, work)
    return out_path
