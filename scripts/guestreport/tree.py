# SPDX-License-Identifier: GPL-2.0-only
"""Reads files of a running system, or of a copy of its files, and notes what it may not."""

import os
import pathlib
import stat

# The index of a kernel's modules is the longest file that is read: under 1 MiB.
LIMIT = 8 << 20


class Tree:
    """The files of one system, below a folder."""

    def __init__(self, root="/"):
        self.root = pathlib.Path(root)
        self.denied = []            # paths that exist and that we may not read

    def path(self, name):
        """Return where a file of the system, given without a leading slash, lies here."""
        return self.root / name

    def raw(self, name):
        """Return the first LIMIT bytes of a file; None if there is none or it cannot be read."""
        try:
            # Without buffering and waiting: an attribute may be a device's, which is slow or gone.
            handle = os.open(self.path(name), os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except PermissionError:
            self.denied.append(str(name))
            return None
        except OSError:
            return None
        try:
            data = b""
            while len(data) < LIMIT:
                piece = os.read(handle, LIMIT - len(data))
                if not piece:
                    break
                data += piece
            return data
        except OSError:
            return None
        finally:
            os.close(handle)

    def text(self, name):
        """Return a file as text without the last line's end; None if it cannot be read."""
        data = self.raw(name)
        if data is None:
            return None
        # The host wrote some of it: nothing in it may move the cursor of who reads the report.
        text = data.decode("utf-8", "replace").rstrip("\n\0")
        return "".join(c if c.isprintable() or c in "\n\t" else "\ufffd" for c in text)

    def number(self, name):
        """Return a file with one number, decimal or 0x...; None if it is not one."""
        try:
            return int(self.text(name) or "", 0)
        except ValueError:
            return None

    def mode(self, name):
        """Return the mode of a file or folder; 0 if there is none, or it cannot be seen."""
        try:
            return os.stat(self.path(name)).st_mode
        except OSError:
            return 0

    def exists(self, name):
        """Say whether there is such a file or folder."""
        return self.mode(name) != 0

    def names(self, name):
        """Return the sorted names in a folder; none if there is no such folder."""
        try:
            return sorted(os.listdir(self.path(name)))
        except PermissionError:
            self.denied.append(str(name))
            return []
        except OSError:
            return []

    def target(self, name):
        """Return the last part of what a link points to; None if it is no link."""
        try:
            return os.path.basename(os.readlink(self.path(name)))
        except OSError:
            return None

    def link(self, name):
        """Return the text of a link; None if it is no link."""
        try:
            return os.readlink(self.path(name))
        except OSError:
            return None

    def texts(self, folder, names=None):
        """Return {name: text} of the files in a folder that can be read."""
        found = {}
        for name in self.names(folder) if names is None else names:
            if not stat.S_ISREG(self.mode(f"{folder}/{name}")):
                continue
            text = self.text(f"{folder}/{name}")
            if text is not None:
                found[name] = text
        return found
