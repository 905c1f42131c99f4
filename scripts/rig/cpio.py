# SPDX-License-Identifier: GPL-2.0-only
"""Writer for "newc" cpio archives, the format of an initramfs."""

import os
import shutil
import stat


class Cpio:
    """An archive being written to a binary file object.

    Parent folders are added by themselves; a name is written only once.
    """

    def __init__(self, out):
        self.out = out
        self.inode = 0
        self.names = set()

    def _header(self, name, mode, size, rdev=(0, 0)):
        self.inode += 1
        raw = name.encode() + b"\0"
        fields = (self.inode, mode, 0, 0, 1, 0, size, 0, 0, rdev[0], rdev[1], len(raw), 0)
        head = b"070701" + b"".join(b"%08x" % field for field in fields) + raw
        self.out.write(head)
        self._pad(len(head))

    def _pad(self, length):
        self.out.write(b"\0" * (-length % 4))

    def _fresh(self, name):
        """Claim a name and create its parents; False when it is there already."""
        name = name.strip("/")
        if name in self.names:
            return None
        parent = os.path.dirname(name)
        if parent:
            self.folder(parent)
        self.names.add(name)
        return name

    def folder(self, name):
        """Add a folder and its parents."""
        name = self._fresh(name)
        if name:
            self._header(name, stat.S_IFDIR | 0o755, 0)

    def data(self, name, content, mode=0o644):
        """Add a file with the given bytes or text."""
        name = self._fresh(name)
        if not name:
            return
        if isinstance(content, str):
            content = content.encode()
        self._header(name, stat.S_IFREG | mode, len(content))
        self.out.write(content)
        self._pad(len(content))

    def file(self, name, path, mode=None):
        """Add a copy of the file at path (symbolic links are followed)."""
        name = self._fresh(name)
        if not name:
            return
        with open(path, "rb") as src:
            info = os.fstat(src.fileno())
            perm = stat.S_IMODE(info.st_mode) if mode is None else mode
            self._header(name, stat.S_IFREG | perm, info.st_size)
            shutil.copyfileobj(src, self.out, 1 << 20)
            self._pad(info.st_size)

    def link(self, name, target):
        """Add a symbolic link."""
        name = self._fresh(name)
        if name:
            raw = target.encode()
            self._header(name, stat.S_IFLNK | 0o777, len(raw))
            self.out.write(raw)
            self._pad(len(raw))

    def node(self, name, major, minor):
        """Add a character device node."""
        name = self._fresh(name)
        if name:
            self._header(name, stat.S_IFCHR | 0o600, 0, (major, minor))

    def close(self):
        """Write the trailer; the file object stays open."""
        self._header("TRAILER!!!", 0, 0)
        self.out.write(b"\0" * (-self.out.tell() % 512))
