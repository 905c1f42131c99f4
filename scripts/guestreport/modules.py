# SPDX-License-Identifier: GPL-2.0-only
"""The modules: what is loaded, what would be loaded, and whether these are the same."""

import gzip
import lzma
import re
import shutil
import subprocess
import zlib

OURS = ("virtio_blk", "virtio_net", "virtio_balloon", "kvmclock")
BELOW = ("virtio", "virtio_ring", "virtio_pci", "virtio_mmio")
PLACES = ("lib/modules", "usr/lib/modules")
SIZE_LIMIT = 64 << 20


def _plain(path):
    """Return the bytes of a module file, unpacked; None if that cannot be done here."""
    try:
        data = path.read_bytes()
        if data.startswith(b"\xfd7zXZ\0"):
            return lzma.LZMADecompressor().decompress(data, SIZE_LIMIT)
        if data.startswith(b"\x1f\x8b"):
            with gzip.open(path) as stream:
                return stream.read(SIZE_LIMIT)
        if data.startswith(b"\x28\xb5\x2f\xfd"):
            if not shutil.which("zstd"):
                return None
            return subprocess.run(("zstd", "-dcq", path), check=True, timeout=30,
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
        return data
    except (OSError, EOFError, lzma.LZMAError, zlib.error, subprocess.SubprocessError):
        return None


def _said(data, key):
    """Return one value of the .modinfo section, which is key=value strings that end in NUL."""
    match = re.search(rb"\0" + key + rb"=([^\0]{0,200})\0", data)
    return match.group(1).decode("utf-8", "replace") if match else None


def _folder(tree, release):
    for place in PLACES:
        if tree.exists(f"{place}/{release}/modules.dep"):
            return f"{place}/{release}"
    return None


def _files(tree, folder):
    """Return {module name: file below the folder} as modprobe goes by it."""
    found = {}
    for line in (tree.text(f"{folder}/modules.dep") or "").splitlines() if folder else ():
        path = line.partition(":")[0]
        found.setdefault(path.rpartition("/")[2].partition(".ko")[0].replace("-", "_"), path)
    return found


def _builtin(tree, folder):
    text = tree.text(f"{folder}/modules.builtin") if folder else None
    return {line.rpartition("/")[2].partition(".ko")[0].replace("-", "_")
            for line in (text or "").splitlines()}


def _on_disk(tree, folder, path):
    about = {"file": path if path.startswith("/") else f"/{folder}/{path}"}
    data = _plain(tree.path(about["file"].lstrip("/")))
    if data is None:
        about["problem"] = "cannot be read"
        return about
    about["version"] = _said(data, b"version")
    about["srcversion"] = _said(data, b"srcversion")
    about["signed"] = data.endswith(b"~Module signature appended~\n")
    return about


def _compare(loaded, disk):
    """Say whether what is loaded is what lies on disk: same, differs or unknown."""
    if "problem" in disk:
        return "unknown"
    # Modules without a MODULE_VERSION have no srcversion, as most of the kernel's own.
    if loaded["srcversion"] is None and disk["srcversion"] is None:
        return "unknown"
    return "same" if loaded["srcversion"] == disk["srcversion"] else "differs"


def one(tree, name, files, builtin, folder):
    """Return what is known of one module."""
    place = f"sys/module/{name}"
    about = {"state": "absent", "loaded": None, "disk": None, "compared": None}
    if name in files:
        about["disk"] = _on_disk(tree, folder, files[name])
        about["state"] = "not loaded"
    # What is built in has a folder too, if it has parameters, but no initstate.
    if tree.exists(f"{place}/initstate"):
        about["state"] = "loaded"
        about["loaded"] = {"version": tree.text(f"{place}/version"),
                           "srcversion": tree.text(f"{place}/srcversion"),
                           "taint": tree.text(f"{place}/taint") or "",
                           "users": tree.number(f"{place}/refcnt")}
        about["parameters"] = tree.texts(f"{place}/parameters")
        if about["disk"]:
            about["compared"] = _compare(about["loaded"], about["disk"])
    elif name in builtin or tree.exists(place):
        about["state"] = "built in"
        about["parameters"] = tree.texts(f"{place}/parameters")
    # The kernel's own have no version, and are not "out of tree" (O).
    if about["loaded"]:
        ours = about["loaded"]["version"] and "O" in about["loaded"]["taint"]
        about["origin"] = "package" if ours and name in OURS else "kernel"
    return about


def collect(tree, release):
    """Return what is known of our modules and those that they stand on."""
    folder = _folder(tree, release)
    files = _files(tree, folder)
    builtin = _builtin(tree, folder)
    return {name: one(tree, name, files, builtin, folder) for name in OURS + BELOW}


def packages(tree):
    """Return {version: {release: state}} of what dkms has of this package."""
    top = "var/lib/dkms/kvm-guest-drivers-linux"
    found = {}
    for version in tree.names(top):
        if version.startswith("kernel-") or version == "original_module":
            continue
        found[version] = {}
        for release in tree.names(f"{top}/{version}"):
            for arch in tree.names(f"{top}/{version}/{release}"):
                if not tree.exists(f"{top}/{version}/{release}/{arch}/module"):
                    continue
                active = tree.link(f"{top}/kernel-{release}-{arch}")
                found[version][release] = \
                    "installed" if active == f"{version}/{release}/{arch}" else "built"
    return found
