# SPDX-License-Identifier: GPL-2.0-only
"""Finds installed kernels and unpacks their images."""

import dataclasses
import os
import pathlib
import re
import subprocess

from .common import BUILD_DIR, RigError, UsageError, cache_dir

# The compressed kernels that Debian ships, by the magic number of the payload.
PACKERS = (
    (b"\xfd7zXZ\0", ("xz", "-dc")),
    (b"\x28\xb5\x2f\xfd", ("zstd", "-dc")),
    (b"\x02\x21\x4c\x18", ("lz4", "-dc")),
    (b"\x1f\x8b\x08", ("gzip", "-dc")),
)


@dataclasses.dataclass(frozen=True)
class Kernel:
    """One kernel: release, boot image and folder of its modules."""

    release: str
    image: pathlib.Path
    modules: pathlib.Path
    ours: pathlib.Path = None       # folder of our modules, if not the usual one

    def our_modules(self):
        """Return the modules built here for this kernel, sorted by name."""
        return sorted((self.ours or BUILD_DIR / self.release).glob("*.ko"))


def _installed_roots():
    """Yield the folders that may hold boot/ and lib/modules/."""
    yield pathlib.Path("/")
    yield from sorted((BUILD_DIR / "kernels").glob("*/"))


def _fetched_roots():
    """Yield the folders of the kernels that scripts/fetch brought."""
    for path in sorted(cache_dir().glob("debian-*/")):
        if (path / "release").exists():
            yield path


def _flavour_roots():
    """Yield the folders of the other flavours that scripts/fetch brought."""
    for path in sorted(cache_dir().glob("flavour-*/")):
        if (path / "release").exists():
            yield path


def _built_roots():
    """Yield the folders of the kernels that scripts/kunit built."""
    for path in sorted(cache_dir().glob("kernel-*/")):
        if (path / "release").exists():
            yield path


def _kernels(roots):
    """Return every kernel that has both an image and modules."""
    found = []
    for root in roots:
        for image in sorted((root / "boot").glob("vmlinuz-*")):
            release = image.name[len("vmlinuz-"):]
            for lib in ("lib/modules", "usr/lib/modules"):
                modules = root / lib / release
                if (modules / "modules.builtin").exists():
                    found.append(Kernel(release, image, modules))
                    break
    return found


def installed():
    """Return the kernels of the machine, and those that scripts/fetch brought."""
    return _kernels(_installed_roots()) + _kernels(_fetched_roots())


def _version_key(release):
    return [int(part) for part in re.findall(r"\d+", release)]


def resolve(name, option="--kernel"):
    """Turn "6.1", "6.12" or a full release into a Kernel.

    One that scripts/kunit built, or of another flavour, has to be named in full.
    """
    found = installed()
    named = _kernels(_built_roots()) + _kernels(_flavour_roots())
    series_of = re.compile(re.escape(name) + r"[.\-]")
    exact = [kernel for kernel in found + named if kernel.release == name]
    series = [kernel for kernel in found
              if re.match(r"\d+\.\d+$", name) and series_of.match(kernel.release)]
    if exact or series:
        return exact[0] if exact else max(series, key=lambda k: _version_key(k.release))
    have = ", ".join(kernel.release for kernel in found) or "none"
    raise UsageError(f"{option} {name}: no such kernel with modules here; installed: {have} "
                     "(scripts/setup installs 6.1 and 6.12, scripts/fetch brings others)")


def _unpack(image):
    """Return the ELF kernel inside a bzImage, or None."""
    data = image.read_bytes()
    for magic, command in PACKERS:
        offset = data.find(magic)
        while 0 <= offset < 1 << 17:
            # The size field that follows the payload makes some tools fail at the end.
            done = subprocess.run(command, input=data[offset:], check=False,
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            if done.stdout[:4] == b"\x7fELF" and len(done.stdout) > 1 << 22:
                return done.stdout
            offset = data.find(magic, offset + 1)
    return None


def to_boot(kernel, sleeps):
    """Return the path of what QEMU boots for a guest, which may be one that suspends to memory.

    QEMU puts an ELF kernel into the guest's memory at every reset, and a wake-up is one:
    the kernel would wake up with all its data as at the beginning.
    """
    return kernel.image if sleeps else vmlinux(kernel)


def vmlinux(kernel):
    """Return the path of the uncompressed kernel, which QEMU boots through PVH.

    That saves the decompressor, which is slow without hardware virtualisation.
    """
    with open(kernel.image, "rb") as image:
        if image.read(4) == b"\x7fELF":
            return kernel.image
    info = kernel.image.stat()
    path = cache_dir() / f"vmlinux-{kernel.release}-{info.st_size:x}-{info.st_mtime_ns:x}"
    if path.exists():
        return path
    elf = _unpack(kernel.image)
    if elf is None:
        raise RigError(f"{kernel.image}: no compressed kernel found inside")
    for old in path.parent.glob(f"vmlinux-{kernel.release}-*-*"):
        old.unlink(missing_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.write_bytes(elf)
    part.rename(path)
    return path
